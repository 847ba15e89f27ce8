from odoo import api, fields, models
from odoo.exceptions import UserError

# What a parked draft may be shared as when it is parked; its page offers the rest.
PARK_SHARES = ("private", "edit")


class PurchaseList(models.Model):
    """A cart that is put aside is a list that is used up when it is taken up again (挂单, W5).

    So nothing waits as an order: no reminder of an abandoned cart, no expiry, no stage. The
    rights, the sharing and the comparison with today are those of lists (M-63, M-65).
    """

    _inherit = "kh.purchase.list"

    # === FIELDS === #
    is_parked = fields.Boolean("Parked Draft", readonly=True, copy=False)
    currency_id = fields.Many2one("res.currency", readonly=True, copy=False)

    # === BUSINESS METHODS === #
    @api.model
    def _kh_park(self, cart_sudo, name, share="private", with_tax=True):
        """Move the goods of the user's cart to a parked draft; a constant number of queries.

        What a list cannot keep (sets, products with options of their own) stays in the cart.
        Locks the cart.

        :param cart_sudo: the cart of the user, who owns the draft
        :param str share: one of `PARK_SHARES`
        :param bool with_tax: as prices are shown in the shop
        :return: the draft
        :raise UserError: there is nothing to park, or the cart is under approval
        """
        self.check_access("create")
        cart_sudo._kh_lock()
        cart_sudo._approval_ensure_not_frozen()
        goods = cart_sudo.order_line.filtered("product_uom_qty").filtered(
            lambda line: line._kh_can_merge() and not line.linked_line_ids
        )
        if not goods:
            raise UserError(self.env._("There is nothing in the cart that can be parked."))
        rows = goods._kh_sum_rows("price_reduce_taxinc" if with_tax else "price_reduce_taxexcl")
        parked = self.create(
            {
                "name": name,
                "share": share if share in PARK_SHARES else PARK_SHARES[0],
                "is_parked": True,
                "currency_id": cart_sudo.currency_id.id,
            }
        )
        # sudo: goods of one's own cart may be hidden by now
        parked.line_ids.sudo().create([{"list_id": parked.id, **row} for row in rows])
        cart_sudo._kh_take_out(goods)
        return parked

    def _kh_take_up(self, left_ids=()):
        """Use a parked draft up: its goods went into a cart; lists are left alone.

        Locks the draft: of two who take it up at once the second is repeated and finds none.

        :param left_ids: products that the cart refused: they stay parked
        :raise AccessError: the user may only read the draft
        """
        parked = self.filtered("is_parked")
        parked._kh_lock()
        # sudo: colleagues who may change a draft take it up; deleting is otherwise its owner's
        parked_sudo = parked.sudo()
        left_sudo = parked_sudo.line_ids.filtered(lambda line: line.product_id.id in set(left_ids))
        (parked_sudo - left_sudo.list_id).active = False
        (left_sudo.list_id.line_ids - left_sudo).unlink()

    def _kh_get_asked_rows(self, currency=None):
        """Extend: of a parked draft it is known what the goods cost then.

        :param currency: of what they cost now; prices in another one are not compared
        """
        rows = super()._kh_get_asked_rows()
        if not self.is_parked or self.currency_id != currency:
            return rows
        return [
            row._replace(price=line.price) if line.price else row
            for row, line in zip(rows, self.line_ids, strict=True)
        ]


class PurchaseListLine(models.Model):
    _inherit = "kh.purchase.list.line"

    # === FIELDS === #
    price = fields.Float(
        "Price When Parked",
        digits="Product Price",
        readonly=True,
        copy=False,
        help="Per unit, in the currency of the parked draft, as the shop showed it; 0: unknown.",
    )


class SaleOrderLine(models.Model):
    _inherit = "sale.order.line"

    # === BUSINESS METHODS - PARK === #
    def _kh_sum_rows(self, price_field):
        """Return values of purchase list lines, goods of one unit summed.

        :param str price_field: the price per unit that is noted
        :rtype: list[dict]
        """
        rows = {}
        for line in self:
            vals = {
                "product_id": line.product_id.id,
                "product_uom_id": line.product_uom_id.id,
                "price": line[price_field],
                "quantity": 0.0,
                "sequence": len(rows),
            }
            row = rows.setdefault((line.product_id.id, line.product_uom_id.id), vals)
            row["quantity"] += line.product_uom_qty
        return list(rows.values())


class SaleOrder(models.Model):
    _inherit = "sale.order"

    # === BUSINESS METHODS - PARK === #
    def _kh_take_out(self, lines):
        """Take lines out of a cart, and what came with them where nothing else is left."""
        self.ensure_one()
        goods = self.order_line.filtered(
            lambda line: line.product_id and not line.kh_is_auxiliary and not line.is_delivery
        )
        if goods <= lines:
            self.order_line.unlink()
            return
        lines.unlink()
        self._verify_cart_after_update()
