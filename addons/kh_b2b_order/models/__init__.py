from . import (
    ir_qweb_field_monetary,
    payment_transaction,
    purchase_list,
    sale_order,
    sale_order_add,
    sale_order_line,
    sale_order_payment,
    sale_order_portal,
    sale_order_timeline,
    sale_order_workflow,
    scene,
    website,
)

# isort: split
# these extend the workflow, so they come after it
from . import sale_order_approval, sale_order_approval_pages
from . import sale_order_limits, sale_order_limits_change, sale_order_limits_shortage
from . import sale_order_saleable
from . import sale_order_compare, sale_order_offer
from . import price_inquiry, price_inquiry_order
from . import dealer_product_code, quick_order

# isort: split
# these extend the quick order
from . import quick_order_check, quick_order_match
