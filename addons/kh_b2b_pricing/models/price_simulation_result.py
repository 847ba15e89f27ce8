from odoo import fields, models
from odoo.exceptions import UserError

from .price_simulation import COST_GROUPS


class PriceSimulationResult(models.Model):
    """What a scenario comes to for one dealer, or for one product. Written by the replay only."""

    _name = "kh.price.simulation.result"
    _description = "Result of a Price Scenario"
    _inherit = ["kh.data.scope.mixin"]
    _order = "amount_change, id"
    _rec_names_search = ["partner_id", "product_id"]
    _kh_scope_is_commercial = True

    # === FIELDS === #
    simulation_id = fields.Many2one(
        "kh.price.simulation", required=True, readonly=True, ondelete="cascade", index=True
    )
    company_id = fields.Many2one("res.company", readonly=True)
    currency_id = fields.Many2one(related="company_id.currency_id")
    kind = fields.Selection(
        [("dealer", "Dealer"), ("product", "Product")], required=True, readonly=True
    )
    partner_id = fields.Many2one(
        "res.partner", "Dealer", readonly=True, ondelete="cascade", index="btree_not_null"
    )
    grade_id = fields.Many2one("res.partner.grade", "Level", readonly=True, ondelete="set null")
    product_id = fields.Many2one(
        "product.product", "Product", readonly=True, ondelete="cascade", index="btree_not_null"
    )
    categ_id = fields.Many2one("product.category", "Category", readonly=True, ondelete="set null")
    line_count = fields.Integer("Order lines", readonly=True)
    touched_count = fields.Integer("Lines with another price", readonly=True)
    quantity = fields.Float(
        "Quantity", digits="Product Unit", readonly=True, help="In the product's unit."
    )
    amount_actual = fields.Monetary("As ordered", readonly=True)
    amount_present = fields.Monetary("At present prices", readonly=True)
    amount_scenario = fields.Monetary("In the scenario", readonly=True)
    amount_change = fields.Monetary("Difference", readonly=True)
    change_rate = fields.Float("Difference in percent", readonly=True, aggregator=None)
    outcome = fields.Selection(
        [("down", "Pays less"), ("same", "No change"), ("up", "Pays more")], readonly=True
    )
    amount_cost = fields.Monetary("Cost", readonly=True, groups=COST_GROUPS)
    margin_present = fields.Monetary("Margin at present prices", readonly=True, groups=COST_GROUPS)
    margin_scenario = fields.Monetary("Margin in the scenario", readonly=True, groups=COST_GROUPS)

    # === COMPUTE METHODS === #

    def _compute_display_name(self):
        for result in self:
            result.display_name = (result.partner_id or result.product_id).display_name

    # === ACTION METHODS === #

    def action_view_orders(self):
        """Open the orders behind the row which the user may see."""
        self.ensure_one()
        self.check_access("read")
        orders = self.env["sale.order"]
        if not orders.has_access("read"):
            raise UserError(
                self.env._("You may see what a scenario comes to, but not the orders themselves.")
            )
        period = self.simulation_id._get_period()
        domain = [
            ("state", "=", "sale"),
            ("company_id", "=", self.company_id.id),
            ("date_order", ">=", period.start),
            ("date_order", "<=", period.end),
        ]
        if self.partner_id:
            domain.append(("partner_id.commercial_partner_id", "=", self.partner_id.id))
        else:
            domain.append(("order_line.product_id", "=", self.product_id.id))
        return {
            "type": "ir.actions.act_window",
            "name": self.display_name,
            "res_model": "sale.order",
            "view_mode": "list,form",
            "domain": domain,
        }
