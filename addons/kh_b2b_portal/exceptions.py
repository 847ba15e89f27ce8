"""Errors of the shop's JSON routes; the class name tells the page what happened."""

from odoo.exceptions import UserError


class TooManyLines(UserError):
    """More lines at once than the shop accepts; nothing was added."""


class InvalidRequest(UserError):
    """The page sent something it cannot have sent; nothing was changed."""


class LineNotFound(UserError):
    """The line is not (any more) in the cart of this user."""


class CheckoutRefused(UserError):
    """The order cannot be sent as it stands; nothing was taken."""
