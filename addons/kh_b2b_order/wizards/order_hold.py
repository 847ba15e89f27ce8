from odoo import api, fields, models


class OrderHold(models.TransientModel):
    """Asks for the reason to put orders on hold."""

    _name = "kh.order.hold"
    _description = "Put Orders on Hold"

    order_ids = fields.Many2many("sale.order", required=True)
    reason = fields.Char(required=True, help="The dealer reads this too.")

    @api.model
    def default_get(self, fields_list):
        values = super().default_get(fields_list)
        if self.env.context.get("active_model") == "sale.order" and "order_ids" in fields_list:
            values["order_ids"] = [(6, 0, self.env.context.get("active_ids", []))]
        return values

    def action_hold(self):
        self.ensure_one()
        self.order_ids.action_kh_hold(self.reason)
        return {"type": "ir.actions.act_window_close"}
