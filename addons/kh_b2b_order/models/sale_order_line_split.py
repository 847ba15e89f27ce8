from odoo import Command, api, fields, models
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
        # packing goes along with what is packed
        if self._kh_is_order_level() or self.combo_item_id or self.linked_line_id:
            return 0.0
        if self.kh_is_auxiliary:
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

    def _kh_link_packing(self):
        """Link packing among these new lines to the goods that it came along with."""
        for line in self.filtered("kh_is_auxiliary"):
            goods = line.kh_split_line_id.kh_parent_line_ids
            parents = self.filtered(lambda new, goods=goods: new.kh_split_line_id in goods)
            # what was put back on a line that was there
            parents |= goods.kh_split_line_id & line.order_id.order_line
            line.kh_parent_line_ids = parents

    @api.model
    def _kh_take_off(self, moved):
        """Take quantities (or, of order discounts, amounts) off lines: ``{line: quantity}``.

        Confirmed lines cannot be deleted: with nothing left they stay with quantity 0.
        """
        left, emptied = {}, self.browse()
        for line, quantity in moved.items():
            if line._is_global_discount():
                line.price_unit -= quantity
                continue
            rest = line.product_uom_id.round(line.product_uom_qty - quantity)
            if not rest and line.order_id.state in OPEN_STATES:
                emptied |= line
            else:
                left[line] = rest
        emptied.with_context(kh_keep_set=True).unlink()
        self._kh_set_quantities(left)

    @api.model
    def _kh_set_quantities(self, quantities, is_price_kept=True):
        """Set the quantities of lines, ``{line: quantity}``, and let stock follow them once.

        :param bool is_price_kept: the price stays what was agreed; else the rules give it anew
        Callers checked who may do this, and the quantities; they note it on the order.
        """
        # sudo: checked by the callers
        lines_sudo = self.browse([line.id for line in quantities]).sudo()
        lines_sudo = lines_sudo.with_context(kh_take_off=True, kh_keep_set=is_price_kept)
        previous = {
            line.id: line.product_uom_qty
            for line in lines_sudo
            if line.state == "sale" and not line.is_expense
        }
        for line_sudo, quantity in zip(lines_sudo, quantities.values(), strict=True):
            vals = {"product_uom_qty": quantity}
            if is_price_kept:
                names = ("price_unit", "technical_price_unit", "discount")
                vals |= {name: line_sudo[name] for name in names}
            line_sudo.with_context(skip_procurement=True).write(vals)
        confirmed_sudo = lines_sudo.browse(previous)
        confirmed_sudo._action_launch_stock_rule(previous_product_uom_qty=previous)

    def _update_line_quantity(self, values):
        """Extend: no message a line where the caller notes the whole at once."""
        if self.env.su and self.env.context.get("kh_take_off"):
            return
        super()._update_line_quantity(values)

    def _kh_find_source(self, order):
        """Return the line of `order` that this one was split from, if it is still alike."""
        source = self.kh_split_line_id
        is_alike = (
            source.order_id == order
            and source.product_id == self.product_id
            and source.product_uom_id == self.product_uom_id
            and source.tax_ids == self.tax_ids
            and not source.display_type
        )
        if not is_alike:
            return source.browse()
        is_same_price = self._is_global_discount() or not (
            float_compare(source.price_unit, self.price_unit, precision_digits=6)
            or float_compare(source.discount, self.discount, precision_digits=6)
        )
        return source if is_same_price else source.browse()

    def _kh_put_back(self, order):
        """Add these lines to those they were split from.

        :return: the lines whose former line is not there, or not alike
        """
        joined, rest = {}, self.browse()
        for line in self:
            source = line._kh_find_source(order)
            if not source:
                rest |= line
            elif line._is_global_discount():
                source.price_unit += line.price_unit
            else:
                former = joined.get(source, source.product_uom_qty)
                joined[source] = former + line.product_uom_qty
        self._kh_set_quantities(joined)
        return rest
