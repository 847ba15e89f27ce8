from . import (
    ir_http,
    product_product,
    product_sharing,
    res_config_settings,
    res_partner,
    sale_order,
    sale_order_home,
    sale_order_line,
    shop_request,
    website,
    website_catalogue,
    website_stock,
)
