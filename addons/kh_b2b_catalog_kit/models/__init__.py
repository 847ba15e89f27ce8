from . import product_template, product_product, sale_order_line
