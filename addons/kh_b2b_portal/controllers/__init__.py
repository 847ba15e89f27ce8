from . import cart, cart_json, checkout, home, shop
