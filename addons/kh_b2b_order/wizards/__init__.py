from . import inquiry_refuse, order_bulk_confirm, order_hold, order_import, order_split
from . import inquiry_refuse, order_bulk_confirm, order_decision, order_hold, order_import
