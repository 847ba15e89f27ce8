from . import inquiry_refuse, order_bulk_confirm, order_hold, order_import
