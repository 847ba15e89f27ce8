from . import (
    cart,
    cart_json,
    checkout,
    checkout_approval,
    home,
    inquiries,
    order_again,
    purchase_lists,
    shop,
)
from . import cart, cart_json, checkout, checkout_approval, home, quick_order, shop
from . import cart, cart_json, checkout, checkout_approval, home, messages, scene, shop, zone
