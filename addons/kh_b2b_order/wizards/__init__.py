from . import inquiry_refuse, order_bulk_confirm, order_decision, order_discount
from . import order_hold, order_import, order_split
