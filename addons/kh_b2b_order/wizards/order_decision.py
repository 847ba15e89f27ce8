from odoo import Command, api, fields, models
from odoo.exceptions import UserError

from ..models.order_reason import DECISIONS


class OrderDecision(models.TransientModel):
    """Releases or returns one order or many, and says which do not pass, and why (M-50)."""

    _name = "kh.order.decision"
    _description = "Release or Return Orders"

    decision = fields.Selection(DECISIONS, required=True, default="release")
    reason_id = fields.Many2one(
        "kh.order.reason",
        "Template",
        domain="[('decision', '=', decision)]",
        help="A sentence that is used again and again; it can be completed below.",
    )
    reason = fields.Char(
        compute="_compute_reason", store=True, readonly=False, help="Kept in the log."
    )
    line_ids = fields.One2many("kh.order.decision.line", "wizard_id", "Orders")
    count_todo = fields.Integer("To Pass", compute="_compute_counts")
    count_stuck = fields.Integer("Not to Pass", compute="_compute_counts")
    count_done = fields.Integer("Done", readonly=True)
    is_done = fields.Boolean(readonly=True)

    @api.model
    def default_get(self, fields_list):
        values = super().default_get(fields_list)
        if self.env.context.get("active_model") != "sale.order":
            return values
        decision = values.get("decision", "release")
        if "line_ids" in fields_list:
            orders = self.env["sale.order"].browse(self.env.context.get("active_ids", []))
            obstacles = orders._kh_find_obstacles(decision)
            values["line_ids"] = [
                Command.create({"order_id": order.id, "obstacle": obstacles.get(order)})
                for order in orders
            ]
        if "reason_id" in fields_list and decision == "release":
            values["reason_id"] = (
                self.env["kh.order.reason"].search([("decision", "=", decision)], limit=1).id
            )
        return values

    @api.depends("reason_id")
    def _compute_reason(self):
        for wizard in self:
            wizard.reason = wizard.reason_id.name or wizard.reason

    @api.depends("line_ids.obstacle")
    def _compute_counts(self):
        for wizard in self:
            wizard.count_stuck = len(wizard.line_ids.filtered("obstacle"))
            wizard.count_todo = len(wizard.line_ids) - wizard.count_stuck

    def action_apply(self):
        """Decide on what passes; close, or show the rest with its reasons."""
        self.ensure_one()
        if not self.reason:
            raise UserError(self.env._("Choose or write a reason."))
        result = self.line_ids.order_id._kh_decide(self.decision, self.reason)
        if not result.refused:
            return {"type": "ir.actions.act_window_close"}
        lines = {line.order_id: line for line in self.line_ids}
        for order, text in result.refused:
            lines[order].obstacle = text
        self.write(
            {
                "is_done": True,
                "count_done": len(result.confirmed),
                "line_ids": [Command.delete(lines[order].id) for order in result.confirmed],
            }
        )
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("Not Passed"),
            "res_model": self._name,
            "res_id": self.id,
            "view_mode": "form",
            "target": "new",
        }


class OrderDecisionLine(models.TransientModel):
    """One order to decide on, and what is in its way."""

    _name = "kh.order.decision.line"
    _description = "Order to Release or Return"

    wizard_id = fields.Many2one("kh.order.decision", required=True, ondelete="cascade")
    order_id = fields.Many2one("sale.order", required=True, ondelete="cascade")
    # as their reader: the client names the orders
    partner_id = fields.Many2one(related="order_id.partner_id", string="Dealer", related_sudo=False)
    currency_id = fields.Many2one(related="order_id.currency_id", related_sudo=False)
    amount_total = fields.Monetary(
        related="order_id.amount_total", string="Total (tax incl.)", related_sudo=False
    )
    reasons = fields.Text(
        related="order_id.kh_stop_reasons", string="Why It Waits", related_sudo=False
    )
    obstacle = fields.Text("Does Not Pass")
