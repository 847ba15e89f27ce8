from . import cart, cart_json, checkout, checkout_approval, home, shop, suggest
