from typing import NamedTuple

from odoo import models
from odoo.fields import Domain
from odoo.tools import escape_psql

from ..utils import normalise

MAX_SUGGESTIONS = 8


class Suggestion(NamedTuple):
    """A variant proposed while a search is being typed."""

    product_id: int
    name: str
    item_no: str
    spec: str


class Website(models.Model):
    _inherit = "website"

    # === BUSINESS METHODS - SUGGESTIONS === #
    def _kh_suggest(self, text):
        """Propose variants for a search that is being typed, as the current user may see them.

        Those whose item no. begins with the text come first. A constant number of queries.

        :param str text: what was typed so far
        :rtype: list[Suggestion]
        """
        self.ensure_one()
        search = normalise(text)
        if len(search) < 2:
            return []
        Product = self.env["product.product"]
        domain = self._kh_catalogue_domain(search)
        order = "default_code asc, id asc"
        starts = Domain("default_code", "=ilike", f"{escape_psql(search)}%")
        products = Product.search(domain & starts, order=order, limit=MAX_SUGGESTIONS)
        missing = MAX_SUGGESTIONS - len(products)
        if missing:
            products += Product.search(
                domain & Domain("id", "not in", products.ids), order=order, limit=missing
            )
        # sudo: names and values of products that the user was found to see, read at once
        products_sudo = products.sudo()
        return [
            Suggestion(product.id, product.name, product.default_code or "", product._kh_spec())
            for product in products_sudo
        ]
