from . import cart, cart_json, checkout, checkout_approval, home, messages, scene, shop, zone
