{
    "name": "KH B2B Catalogue",
    "version": "19.0.1.0.0",
    "author": "KH B2B",
    "license": "LGPL-3",
    "category": "Sales/B2B",
    "summary": "Who sees and buys which product: assortments, sales areas, timed listing",
    "depends": ["kh_b2b_member", "website_sale_stock"],
    "data": [
        "security/ir.model.access.csv",
        "security/ir_rules.xml",
        "views/catalog_menus.xml",
    ],
    "uninstall_hook": "uninstall_hook",
    "installable": True,
}
