from . import portal, portal_offer
