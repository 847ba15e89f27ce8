from odoo import models
from odoo.tools import float_compare


class SaleOrderLine(models.Model):
    # core's model, named because it also takes a mixin: its access rows are core's
    _name = "sale.order.line"
    _inherit = ["sale.order.line", "kh.approval.line.mixin"]

    # lines are frozen with an order that is under review
    _approval_parent_field = "order_id"

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
