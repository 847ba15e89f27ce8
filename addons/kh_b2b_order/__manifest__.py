{
    "name": "KH B2B Order",
    "version": "19.0.1.0.0",
    "author": "KH B2B",
    "license": "LGPL-3",
    "category": "Sales/B2B",
    "summary": "One lifecycle for every order: stages, bank transfers, dealer's order pages",
    "depends": [
        "kh_b2b_pricing",
        "sale_stock",
        "stock_delivery",
        "website_sale_stock",
        "payment_custom",
        "account_payment",
    ],
    "data": [
        "security/res_groups.xml",
        "security/ir.model.access.csv",
        "wizards/order_wizard_views.xml",
        "views/sale_order_views.xml",
        "views/portal_list_templates.xml",
        "views/portal_order_templates.xml",
        "report/report_templates.xml",
    ],
    "assets": {
        "web.assets_frontend": [
            "kh_b2b_order/static/src/scss/portal_orders.scss",
            "kh_b2b_order/static/src/scss/portal_orders_phone.scss",
            "kh_b2b_order/static/src/interactions/**/*",
        ],
    },
    "uninstall_hook": "uninstall_hook",
    "installable": True,
}
