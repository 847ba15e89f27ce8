from . import (
    guarded_mixin,
    ir_qweb_field_monetary,
    payment_transaction,
    purchase_list,
    purchase_list_park,
    sale_order,
    sale_order_add,
    sale_order_line,
    sale_order_payment,
    sale_order_portal,
    sale_order_timeline,
    sale_order_workflow,
    scene,
    shop_request,
    website,
)

# isort: split
# these extend the workflow, so they come after it
from . import sale_order_approval, sale_order_approval_pages
from . import sale_order_limits, sale_order_limits_change, sale_order_limits_shortage
from . import sale_order_saleable
from . import res_company, res_config_settings
from . import sale_order_split, sale_order_line_split, sale_order_merge
from . import account_move, sale_order_split_money
from . import sale_order_expiry, payment_transaction_late
from . import order_change, order_change_line, order_change_money, sale_order_change
from . import stock_move
from . import order_rule, order_rule_content, order_rule_history
from . import order_rule_hit, order_rule_hit_words, order_reason
from . import sale_order_rules, sale_order_review_board
from . import sale_order_compare, sale_order_offer, sale_order_return, sale_order_version
from . import price_inquiry, price_inquiry_order
from . import dealer_product_code, quick_order
from . import express_tracking, express_message, stock_picking
from . import sale_order_receipt, sale_order_parcels, sale_order_mail, sale_order_amounts
from . import sale_order_query, sale_order_chase, sale_report
from . import order_ticket, order_ticket_portal

# isort: split
# these extend the quick order
from . import quick_order_check, quick_order_match

# isort: split
# these extend the promotion, the scene and orders
from . import promotion, promotion_line, promotion_propose, website_promotion
from . import scene_discount
