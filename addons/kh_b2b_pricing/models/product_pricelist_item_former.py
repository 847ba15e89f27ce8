from odoo import fields, models
from odoo.tools import SQL

from .price_contract_workflow import SECOND
from .product_pricelist_item_history import PRICE_FIELDS

# Whose price it is: a rule that changes hands leaves its price with the former owner.
OWNER_FIELDS = {"kh_grade_id", "kh_partner_id", "pricelist_id"}


class ProductPricelistItem(models.Model):
    """Prices without a contract, of dealers, levels and the market, leave their history, too.

    Unlike the lines of contracts these rules keep their first day, because among rules of one
    product the one that started last wins. The former price is a row of its own, for its time,
    which begins with `kh_price_since`; there it ranks as its rule did, having the same first day.
    """

    _inherit = "product.pricelist.item"

    # === FIELDS === #
    kh_price_since = fields.Datetime(
        "Price since",
        readonly=True,
        copy=False,
        help="When the rule got this price, which holds from then on; empty for its first one.",
    )
    kh_successor_id = fields.Many2one(
        "product.pricelist.item",
        "Present rule",
        readonly=True,
        copy=False,
        ondelete="set null",
        index="btree_not_null",
        help="The rule whose former price this is.",
    )

    # === CRUD METHODS === #

    def write(self, vals):
        """Extend: the former price of rules of a B2B pricelist stays as a row (M-45)."""
        names = vals.keys() & (PRICE_FIELDS | OWNER_FIELDS)
        changed = self.browse()
        if names:
            changed = self._kh_keeps_history().filtered(
                lambda item: item._kh_would_change(vals, names)
            )
        if not changed:
            return super().write(vals)
        self.check_access("write")
        now = fields.Datetime.now()
        changed._kh_keep_loose(now)
        result = super().write(vals)
        changed._kh_set_changed_by(self.env.user, since=now)
        return result

    def unlink(self):
        """Extend: so does the price of rules that are deleted."""
        kept = self._kh_keeps_history()
        if kept:
            self.check_access("unlink")
            kept._kh_keep_loose(fields.Datetime.now())
        return super().unlink()

    # === BUSINESS METHODS - HISTORY === #

    def _kh_keeps_history(self):
        """Return rules without contract whose price somebody may have paid (hook).

        In force, on a B2B pricelist, and not set in this very transaction. Extend by `super()`
        to take out rules whose history is kept elsewhere.
        """
        now = fields.Datetime.now()
        # when this transaction began, to the second as dates of rules are
        moment = min(now, self.env.cr.now().replace(microsecond=0))

        def is_known(item):
            start = max(filter(None, (item.date_start, item.kh_price_since)), default=None)
            return (
                not item.kh_contract_id
                and not item.kh_is_past
                # sudo: only which kind of pricelist this is
                and item.sudo().pricelist_id.kh_is_b2b
                and (not item.create_date or item.create_date < moment)
                and (not start or start < moment)
                and (not item.date_end or item.date_end >= now)
            )

        return self.filtered(is_known)

    def _kh_keep_loose(self, now):
        """Copy rules as former prices, which end the second before ``now``, in one statement."""
        self._kh_copy_rows(
            SQL("i.id = ANY(%s)", list(self._ids)),
            date_end=SQL("%s::timestamp", now - SECOND),
            kh_is_past=SQL("TRUE"),
            kh_successor_id=SQL("i.id"),
        )
