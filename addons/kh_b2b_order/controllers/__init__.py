from . import express, portal, portal_offer, tickets
