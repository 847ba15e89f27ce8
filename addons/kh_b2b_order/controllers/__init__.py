from . import express, order_change, portal, portal_offer, portal_shipment, tickets
