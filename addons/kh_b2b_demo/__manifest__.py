{
    "name": "KH B2B Demo Company",
    "version": "19.0.1.0.0",
    "author": "KH B2B",
    "license": "LGPL-3",
    "category": "Sales/B2B",
    "summary": "A brand company in China with products, dealers, price contracts and orders",
    "depends": ["kh_b2b_portal", "sale_management", "l10n_cn"],
    "post_init_hook": "post_init_hook",
    "installable": True,
}
