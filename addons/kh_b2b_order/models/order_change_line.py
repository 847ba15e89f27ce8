from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError

from ..utils import format_price, format_quantity

# What a line is about is said once, when it is created.
FIXED_FIELDS = {
    "change_id",
    "order_line_id",
    "quantity_old",
    "price_old",
    "price_new",
    "discount_old",
    "discount_new",
}


class OrderChangeLine(models.Model):
    """One product of a changed order: how much it was, and how much it should be."""

    _name = "kh.order.change.line"
    _description = "Order Change Line"
    _order = "id"

    # === FIELDS === #
    change_id = fields.Many2one(
        "kh.order.change", "Order Change", required=True, index=True, ondelete="cascade"
    )
    order_id = fields.Many2one(related="change_id.order_id")
    order_line_id = fields.Many2one("sale.order.line", "Order Line", ondelete="set null")
    product_id = fields.Many2one("product.product", "Product", required=True, ondelete="restrict")
    quantity_old = fields.Float("Quantity before", digits="Product Unit", readonly=True)
    quantity_new = fields.Float("Quantity after", digits="Product Unit")
    quantity_difference = fields.Float(
        "Change", digits="Product Unit", compute="_compute_quantity_difference"
    )
    # Of what staff edited on the order: per unit of the line; a price that was asked for has none.
    price_old = fields.Float("Price before", digits="Product Price", readonly=True)
    price_new = fields.Float("Price after", digits="Product Price", readonly=True)
    discount_old = fields.Float("Discount before (%)", digits="Discount", readonly=True)
    discount_new = fields.Float("Discount after (%)", digits="Discount", readonly=True)
    _new_not_negative = models.Constraint(
        "CHECK (quantity_new >= 0)", "A quantity cannot be negative."
    )

    # === COMPUTE METHODS === #
    @api.depends("quantity_old", "quantity_new")
    def _compute_quantity_difference(self):
        for line in self:
            line.quantity_difference = line.quantity_new - line.quantity_old

    # === CRUD METHODS === #
    @api.model_create_multi
    def create(self, vals_list):
        """The old quantity is what the order has, whatever the caller says."""
        self._ensure_not_negative(vals_list)
        if self.env["kh.order.change"]._is_record():
            return super().create(vals_list)
        for vals in vals_list:
            order_line = self.env["sale.order.line"].browse(vals.get("order_line_id") or [])
            vals["quantity_old"] = order_line.product_uom_qty
            if order_line:
                vals["product_id"] = order_line.product_id.id
        lines = super().create(vals_list)
        lines._ensure_draft()
        for line in lines:
            line._ensure_of_order()
        return lines

    def write(self, vals):
        is_other = FIXED_FIELDS & vals.keys() or ("product_id" in vals and self.order_line_id)
        if is_other and not self.env.su:
            raise AccessError(self.env._("Which line of the order this is cannot be changed."))
        self._ensure_draft()
        self._ensure_not_negative([vals])
        return super().write(vals)

    @api.ondelete(at_uninstall=False)
    def _unlink_except_sent(self):
        self._ensure_draft()

    def _ensure_draft(self):
        if any(line.change_id.state != "draft" for line in self):
            raise UserError(self.env._("This change was sent already and stays as it is."))

    def _ensure_of_order(self):
        self.ensure_one()
        if self.order_line_id and self.order_line_id.order_id != self.change_id.order_id:
            raise UserError(self.env._("This line belongs to another order."))

    @api.model
    def _ensure_not_negative(self, vals_list):
        if any((vals.get("quantity_new") or 0.0) < 0 for vals in vals_list):
            raise UserError(self.env._("A quantity cannot be negative."))

    # === BUSINESS METHODS === #
    def _get_product_name(self):
        """Return the product's name as the order's page shows it; runs as superuser."""
        self.ensure_one()
        if self.order_line_id:
            return self.order_line_id._kh_portal_name()
        return self.product_id.name

    def _is_changed(self):
        self.ensure_one()
        uom = self.order_line_id.product_uom_id or self.product_id.uom_id
        if uom.compare(self.quantity_old, self.quantity_new) != 0:
            return True
        return self.price_old != self.price_new or self.discount_old != self.discount_new

    def _word_terms(self):
        """Say how price and discount of a line changed, in the reader's language."""
        self.ensure_one()
        texts = []
        if self.price_old != self.price_new:
            digits = self.env["decimal.precision"].precision_get("Product Price")
            minimum = self.order_id.currency_id.decimal_places
            known = [(self.quantity_old, self.price_old), (self.quantity_new, self.price_new)]
            prices = [format_price(price, digits, minimum) for quantity, price in known if quantity]
            texts.append(self.env._("Price %s", " → ".join(prices)))
        if self.discount_old != self.discount_new:
            discounts = f"{self.discount_old:g}% → {self.discount_new:g}%"
            texts.append(self.env._("Discount %s", discounts))
        return " · ".join(texts)

    def _ensure_applicable(self):
        """Raise one sentence if the order's line cannot become what is asked for."""
        self.ensure_one()
        line = self.order_line_id
        if not line:
            if self.quantity_old:
                self._raise_stale()
            return
        uom = line.product_uom_id
        # sudo: the name of a product that may be hidden by now
        name = line.product_id.sudo().display_name
        if uom.compare(line.product_uom_qty, self.quantity_old) != 0:
            self._raise_stale()
        if not line._kh_is_changeable():
            raise UserError(self.env._("%s cannot be changed by itself.", name))
        gone = max(line.qty_delivered, line.qty_invoiced, 0.0)
        if uom.compare(self.quantity_new, gone) < 0:
            raise UserError(
                self.env._(
                    "%(quantity)s of %(product)s are shipped or invoiced already; less is not "
                    "possible.",
                    quantity=format_quantity(gone),
                    product=name,
                )
            )

    def _raise_stale(self):
        raise UserError(
            self.env._(
                "Order %s was changed meanwhile. Withdraw this change and ask again.",
                self.order_id.name,
            )
        )

    def _apply(self):
        """Make the order's lines what is asked for; their price is that of the order's date."""
        quantities, dropped = {}, self.env["sale.order.line"]
        for line in self.filtered("order_line_id"):
            order_line = line.order_line_id
            if not line.quantity_new and order_line.state in ("draft", "sent"):
                dropped |= order_line
            else:
                quantities[order_line] = line.quantity_new
        added = self.filtered(lambda line: not line.order_line_id)
        dropped.unlink()
        dropped._kh_set_quantities(quantities, is_price_kept=False)
        dropped.create([line._prepare_order_line_vals() for line in added])

    def _prepare_order_line_vals(self):
        return {
            "order_id": self.order_id.id,
            "product_id": self.product_id.id,
            "product_uom_qty": self.quantity_new,
        }
