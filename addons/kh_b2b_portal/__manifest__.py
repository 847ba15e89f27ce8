{
    "name": "KH B2B Portal",
    "summary": "The dealer's shop: catalogue table, cart, one-page checkout and home",
    "version": "19.0.1.0.0",
    "author": "KH B2B",
    "license": "LGPL-3",
    "category": "Sales/B2B",
    "depends": ["kh_b2b_order", "website_sale_stock"],
    "data": [
        "security/ir.model.access.csv",
        "views/layout_templates.xml",
        "views/shop_templates.xml",
        "views/shop_row_templates.xml",
        "views/product_templates.xml",
        "views/cart_templates.xml",
        "views/checkout_templates.xml",
        "views/home_templates.xml",
        "views/res_config_settings_views.xml",
    ],
    "assets": {
        "web.assets_frontend": [
            "kh_b2b_portal/static/src/scss/frame.scss",
            "kh_b2b_portal/static/src/scss/catalogue.scss",
            "kh_b2b_portal/static/src/scss/cart.scss",
            "kh_b2b_portal/static/src/scss/home.scss",
            "kh_b2b_portal/static/src/interactions/**/*",
        ],
        "web.assets_tests": [
            "kh_b2b_portal/static/tests/tours/**/*",
        ],
    },
    "post_init_hook": "post_init_hook",
    "uninstall_hook": "uninstall_hook",
}
