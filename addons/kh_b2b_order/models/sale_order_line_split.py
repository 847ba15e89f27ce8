from odoo import Command, fields, models
from odoo.tools import float_compare

OPEN_STATES = ("draft", "sent")


class SaleOrderLine(models.Model):
    _inherit = "sale.order.line"

    # === FIELDS === #
    kh_split_line_id = fields.Many2one(
        "sale.order.line",
        "Line Split From",
        copy=False,
        readonly=True,
        index="btree_not_null",
        ondelete="set null",
    )
    # copied: copies of the order leave these lines out by it
    kh_is_split_rounding = fields.Boolean("Rounding Difference", readonly=True)

    # === BUSINESS METHODS - SPLIT === #
    def _kh_is_held_to_catalogue(self):
        return super()._kh_is_held_to_catalogue() and not self.kh_is_split_rounding

    def _kh_is_order_level(self):
        """Answer whether this line belongs to the order as a whole, not to some goods."""
        self.ensure_one()
        return bool(
            self.display_type
            or self.is_downpayment
            or self.is_delivery
            or self.kh_is_split_rounding
            or self._is_global_discount()
        )

    def _kh_is_shared_discount(self):
        """Answer whether this line is an order discount of which parts take their share."""
        return bool(
            self._is_global_discount() and not self.qty_invoiced and self.product_uom_qty == 1.0
        )

    def _kh_get_movable_quantity(self):
        """Return what may go to another order, in the line's unit: not shipped, not invoiced.

        Products sold together (combos, options) stay together, so they stay here.
        """
        self.ensure_one()
        if self._kh_is_order_level() or self.combo_item_id or self.linked_line_id:
            return 0.0
        if not self.product_id or self.linked_line_ids or self.price_unit < 0:
            return 0.0
        gone = max(self.qty_delivered, self.qty_invoiced, 0.0)
        return max(self.product_uom_qty - gone, 0.0)

    def _kh_get_value(self, quantity):
        """Return the price of a quantity before rounding, as the price is meant (tax or not)."""
        return self.price_unit * quantity * (1 - (self.discount or 0.0) / 100)

    def _kh_prepare_part_vals(self, order, quantity):
        """Return this line for another order: its own price, the given quantity.

        :param float quantity: in the line's unit; the price of an order discount
        """
        is_shared = self._is_global_discount() and order.kh_parent_id == self.order_id
        price = quantity if is_shared else self.price_unit
        return {
            **self.copy_data()[0],
            "order_id": order.id,
            "product_uom_qty": 1.0 if is_shared else quantity,
            "product_uom_id": self.product_uom_id.id,
            "price_unit": price,
            "technical_price_unit": self.technical_price_unit,
            "discount": self.discount,
            "tax_ids": [Command.set(self.tax_ids.ids)],
            "kh_split_line_id": self.id,
        }

    def _kh_take_off(self, quantity):
        """Take a quantity (or, of an order discount, an amount) off this line.

        Confirmed lines cannot be deleted: with nothing left they stay with quantity 0.
        """
        self.ensure_one()
        if self._is_global_discount():
            self.price_unit -= quantity
            return
        left = self.product_uom_id.round(self.product_uom_qty - quantity)
        if not left and self.order_id.state in OPEN_STATES:
            self.unlink()
        else:
            self._kh_set_quantity(left)

    def _kh_set_quantity(self, quantity):
        """Change the quantity and nothing else: the price stays what was agreed."""
        self.with_context(kh_take_off=True).write(
            {
                "product_uom_qty": quantity,
                "price_unit": self.price_unit,
                "technical_price_unit": self.technical_price_unit,
                "discount": self.discount,
            }
        )

    def _kh_put_back(self, order):
        """Add this line to the line it was split from, if that is there and alike."""
        source = self.kh_split_line_id
        is_alike = (
            source.order_id == order
            and source.product_id == self.product_id
            and source.product_uom_id == self.product_uom_id
            and source.tax_ids == self.tax_ids
            and not source.display_type
        )
        if not is_alike:
            return False
        if self._is_global_discount():
            source.price_unit += self.price_unit
            return True
        if float_compare(source.price_unit, self.price_unit, precision_digits=6) or float_compare(
            source.discount, self.discount, precision_digits=6
        ):
            return False
        source._kh_set_quantity(source.product_uom_qty + self.product_uom_qty)
        return True
