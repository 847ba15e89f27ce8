from odoo import api, models
from odoo.tools import float_compare


class SaleOrderLine(models.Model):
    _inherit = "sale.order.line"

    # === CRUD METHODS === #
    @api.model_create_multi
    def create(self, vals_list):
        order_ids = {vals["order_id"] for vals in vals_list if vals.get("order_id")}
        self.env["sale.order"].browse(order_ids)._approval_ensure_not_frozen()
        return super().create(vals_list)

    def write(self, vals):
        self.order_id._approval_ensure_not_frozen()
        return super().write(vals)

    @api.ondelete(at_uninstall=False)
    def _unlink_except_under_review(self):
        self.order_id._approval_ensure_not_frozen()

    # === BUSINESS METHODS === #
    def _kh_is_delivered(self):
        """Answer whether at least the ordered quantity was delivered."""
        self.ensure_one()
        # the cheaper path: no precision is needed where nothing came yet
        if not self.qty_delivered:
            return not self.product_uom_qty
        digits = self.env["decimal.precision"].precision_get("Product Unit")
        return float_compare(self.qty_delivered, self.product_uom_qty, precision_digits=digits) >= 0

    def _kh_can_merge(self):
        """Answer whether more of the same product may go on this line."""
        self.ensure_one()
        return bool(
            self.product_id
            and not self.display_type
            and not self.linked_line_id
            and not self.combo_item_id
            and not self.is_delivery
            and not self.is_downpayment
            and not self.product_custom_attribute_value_ids
            and not self.product_no_variant_attribute_value_ids
        )
