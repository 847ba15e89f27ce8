from odoo import api, fields, models


class OrderBulkConfirm(models.TransientModel):
    """Confirms many orders and reports which did not pass, and why."""

    _name = "kh.order.bulk.confirm"
    _description = "Confirm Orders"

    order_ids = fields.Many2many("sale.order", readonly=True)
    count_todo = fields.Integer("To Confirm", compute="_compute_counts")
    count_done = fields.Integer("Confirmed", readonly=True)
    line_ids = fields.One2many("kh.order.bulk.confirm.line", "wizard_id", "Not Confirmed")
    is_done = fields.Boolean(readonly=True)

    @api.model
    def default_get(self, fields_list):
        values = super().default_get(fields_list)
        if self.env.context.get("active_model") == "sale.order" and "order_ids" in fields_list:
            values["order_ids"] = [(6, 0, self.env.context.get("active_ids", []))]
        return values

    @api.depends("order_ids")
    def _compute_counts(self):
        for wizard in self:
            wizard.count_todo = len(wizard.order_ids)

    def action_confirm(self):
        """Confirm what may be confirmed, then show the rest with its reasons."""
        self.ensure_one()
        result = self.order_ids._kh_bulk_confirm()
        self.write(
            {
                "is_done": True,
                "count_done": len(result.confirmed),
                "line_ids": [
                    (0, 0, {"order_id": order.id, "reason": reason})
                    for order, reason in result.refused
                ],
            }
        )
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("Confirm Orders"),
            "res_model": self._name,
            "res_id": self.id,
            "view_mode": "form",
            "target": "new",
        }


class OrderBulkConfirmLine(models.TransientModel):
    """One order that was not confirmed."""

    _name = "kh.order.bulk.confirm.line"
    _description = "Order Not Confirmed"

    wizard_id = fields.Many2one("kh.order.bulk.confirm", required=True, ondelete="cascade")
    order_id = fields.Many2one("sale.order", readonly=True)
    partner_id = fields.Many2one(related="order_id.partner_id", string="Dealer")
    reason = fields.Text(readonly=True)
