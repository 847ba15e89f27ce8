from . import order_change, portal
