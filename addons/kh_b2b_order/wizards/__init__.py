from . import order_bulk_confirm, order_hold, order_import
