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
    "data": [],
    "installable": True,
}
