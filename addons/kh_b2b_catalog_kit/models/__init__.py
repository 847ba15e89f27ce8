from . import mrp_bom, product_template, product_product, sale_order_line
