{
    "name": "KH B2B Approval",
    "version": "19.0.1.0.0",
    "author": "KH B2B",
    "license": "LGPL-3",
    "category": "Sales/B2B",
    "summary": "Approval flows as data, for any document, and the shared status vocabulary",
    "depends": ["mail", "portal", "base_user_role"],
    "data": [
        "security/res_groups.xml",
        "security/ir.model.access.csv",
        "security/ir_rules.xml",
        "data/mail_activity_type_data.xml",
        "wizards/approval_reason_views.xml",
        "views/approval_flow_views.xml",
        "views/approval_request_views.xml",
        "views/status_templates.xml",
        "views/approval_menus.xml",
    ],
    "assets": {
        "web.assets_frontend": ["kh_b2b_approval/static/src/scss/status.scss"],
        "web.assets_backend": [
            "kh_b2b_approval/static/src/scss/status.scss",
            "kh_b2b_approval/static/src/fields/**/*",
        ],
    },
    "uninstall_hook": "uninstall_hook",
    "installable": True,
}
