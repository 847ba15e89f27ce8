from odoo import models

from ..utils import format_money, format_quantity
from .order_rule import COST_KINDS

# More lines than these make a reason that nobody reads.
MAX_LINES = 5


class OrderRuleHit(models.Model):
    """What a hit says to its reader, by kind; `facts` as `_find_hits` returns them."""

    _inherit = "kh.order.rule.hit"

    # === BUSINESS METHODS - WORDS === #
    def _get_named_products(self):
        """Return the names of all goods that these hits name, `{product id: name}`."""
        # sudo: of what their orders hold, which the reader may see
        lines = [line for hit in self.sudo() for line in (hit.facts or {}).get("lines", [])]
        ids = {line["product_id"] for line in lines}
        products_sudo = self.env["product.product"].sudo().browse(ids).exists()
        return {product.id: product.display_name for product in products_sudo}

    def _word_evidence(self, names):
        """Return why the order was stopped, in the reader's language and within their rights.

        :param dict names: see `_get_named_products`
        """
        self.ensure_one()
        # sudo: whoever sees the order may know what kind of rule stopped it
        hit_sudo = self.sudo()
        kind, facts = hit_sudo.rule_id.kind, hit_sudo.facts or {}
        if kind in COST_KINDS and not self.env["kh.order.rule"]._may_see_cost():
            return self.env._("For those who may see costs")
        return getattr(self, f"_word_{kind}")(facts, names)

    def _word_money(self, amount):
        return format_money(amount, self.currency_id)

    def _word_rate(self, rate):
        return format_quantity(round(rate or 0.0, 2))

    def _word_lines(self, lines, word):
        """Say each of these lines, `word(line)`, and how many more there are."""
        texts = [word(line) for line in lines[:MAX_LINES]]
        if len(lines) > MAX_LINES:
            texts.append(self.env._("and %s more", len(lines) - MAX_LINES))
        return "\n".join(texts)

    def _word_amount(self, facts, names):
        return self.env._(
            "Total %(amount)s, over %(limit)s",
            amount=self._word_money(facts.get("amount")),
            limit=self._word_money(facts.get("limit")),
        )

    def _word_discount(self, facts, names):
        return self.env._(
            "Discount %(discount)s %%, deeper than %(limit)s %%",
            discount=self._word_rate(facts.get("discount")),
            limit=self._word_rate(facts.get("limit")),
        )

    def _word_margin(self, facts, names):
        return self.env._(
            "Margin %(margin)s %%, under %(limit)s %%",
            margin=self._word_rate(facts.get("margin")),
            limit=self._word_rate(facts.get("limit")),
        )

    def _word_floor(self, facts, names):
        return self._word_lines(
            facts.get("lines", []),
            lambda line: self.env._(
                "%(product)s: %(price)s, under %(floor)s",
                product=names.get(line["product_id"], ""),
                price=self._word_money(line["price"]),
                floor=self._word_money(line["floor"]),
            ),
        )

    def _word_new_dealer(self, facts, names):
        return self.env._(
            "New dealer: %(count)s order(s) confirmed before", count=facts.get("count", 0)
        )

    def _word_quantity(self, facts, names):
        return self._word_lines(
            facts.get("lines", []),
            lambda line: self.env._(
                "%(product)s: %(quantity)s instead of %(mean)s",
                product=names.get(line["product_id"], ""),
                quantity=self._word_rate(line["quantity"]),
                mean=self._word_rate(line["mean"]),
            ),
        )

    def _word_address(self, facts, names):
        return self.env._(
            "To %(address)s; the last order went to %(last)s",
            address=facts.get("address") or "",
            last=facts.get("last") or "",
        )

    def _word_overdue(self, facts, names):
        return self.env._("Overdue: %s", self._word_money(facts.get("amount")))

    def _word_duplicate(self, facts, names):
        return self.env._(
            "Like %(order)s: %(same)s of %(total)s products equal",
            order=facts.get("order") or "",
            same=facts.get("same", 0),
            total=facts.get("total", 0),
        )

    def _word_same_address(self, facts, names):
        return self.env._(
            "%(count)s order(s) to %(address)s: %(orders)s",
            count=facts.get("count", 0),
            address=facts.get("address") or "",
            orders=", ".join(facts.get("orders", [])),
        )

    def _word_domain(self, facts, names):
        # sudo: see `_word_evidence`
        return self.sudo().rule_id.name
