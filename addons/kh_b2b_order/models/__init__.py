from . import (
    ir_qweb_field_monetary,
    payment_transaction,
    sale_order,
    sale_order_add,
    sale_order_line,
    sale_order_payment,
    sale_order_portal,
    sale_order_timeline,
    sale_order_workflow,
)

# isort: split
# these extend the workflow, so they come after it
from . import sale_order_approval, sale_order_approval_pages
from . import sale_order_limits, sale_order_limits_change, sale_order_limits_shortage
from . import sale_order_saleable
from . import order_rule, order_rule_hit, sale_order_rules
