{
    "name": "KH B2B Catalogue: Bundles",
    "version": "19.0.1.1.0",
    "author": "KH B2B",
    "license": "LGPL-3",
    "category": "Sales/B2B",
    "summary": "Bundles on kits: kind, stock from the parts, price of each part",
    "depends": ["kh_b2b_catalog", "sale_mrp"],
    "data": ["views/product_template_views.xml"],
    "pre_init_hook": "pre_init_hook",
    "post_init_hook": "post_init_hook",
    "installable": True,
    "auto_install": True,
}
