from . import order_change, portal, portal_offer
from . import express, portal, portal_offer, tickets
