from . import order_change, portal, portal_offer
