from odoo import api, fields, models

from ..engine import Reason

#: so many are listed; all are counted
LISTED = 2000


class PriceRuleCheck(models.TransientModel):
    """What the check of a pricelist found (价格规则检查)."""

    _name = "kh.price.rule.check"
    _description = "Check of Price Rules"

    # === FIELDS === #
    pricelist_id = fields.Many2one("product.pricelist", required=True, readonly=True)
    contract_id = fields.Many2one("kh.price.contract", readonly=True)
    dead_count = fields.Integer("Rules that can never win", readonly=True)
    unlisted_count = fields.Integer("Not listed", readonly=True)
    line_ids = fields.One2many("kh.price.rule.check.line", "check_id", "Rules", readonly=True)

    # === COMPUTE METHODS === #

    @api.depends("pricelist_id", "contract_id")
    def _compute_display_name(self):
        for check in self:
            check.display_name = (check.contract_id or check.pricelist_id).display_name

    # === BUSINESS METHODS === #

    @api.model
    def _create_for(self, pricelist, contract=None):
        """Check and keep the result for the current user, as far as he may read the rules."""
        dead = pricelist._kh_find_dead_rules(contract)
        items = self.env["product.pricelist.item"]
        readable = set(items._search([("id", "in", [one.id for one in dead])]))
        dead = [one for one in dead if one.id in readable]
        return self.create(
            {
                "pricelist_id": pricelist.id,
                "contract_id": contract.id if contract else False,
                "dead_count": len(dead),
                "unlisted_count": max(len(dead) - LISTED, 0),
                "line_ids": [
                    fields.Command.create(
                        {"item_id": one.id, "reason": one.reason.value, "winner_id": one.by_id}
                    )
                    for one in dead[:LISTED]
                ],
            }
        )

    # === ACTION METHODS === #

    def action_check_again(self):
        """Check once more, after rules were changed."""
        self.ensure_one()
        return self.pricelist_id._kh_open_rule_check(self.contract_id)


class PriceRuleCheckLine(models.TransientModel):
    """One rule that can never win."""

    _name = "kh.price.rule.check.line"
    _description = "Price Rule That Can Never Win"

    # === FIELDS === #
    check_id = fields.Many2one("kh.price.rule.check", required=True, index=True, ondelete="cascade")
    item_id = fields.Many2one("product.pricelist.item", "Rule", required=True, ondelete="cascade")
    winner_id = fields.Many2one("product.pricelist.item", "Beaten by", ondelete="set null")
    reason = fields.Selection(
        [
            (Reason.EXPIRED.value, "Its time is over"),
            (Reason.ARCHIVED.value, "Its product is archived"),
            (Reason.EMPTY.value, "No product is in its category"),
            (Reason.SHADOWED.value, "Another rule always stands before it"),
        ],
        required=True,
    )
    kh_partner_id = fields.Many2one(related="item_id.kh_partner_id")
    kh_grade_id = fields.Many2one(related="item_id.kh_grade_id")
    kh_contract_id = fields.Many2one(related="item_id.kh_contract_id")
    name = fields.Char("Applies to", related="item_id.name")
    price = fields.Char(related="item_id.price")
    min_quantity = fields.Float("Min. quantity", related="item_id.min_quantity")
    date_start = fields.Datetime(related="item_id.date_start")
    date_end = fields.Datetime(related="item_id.date_end")
    winner_price = fields.Char("Price of the other rule", related="winner_id.price")
    winner_date_start = fields.Datetime("In force since", related="winner_id.date_start")

    # === ACTION METHODS === #

    def action_open_rule(self):
        """Open the rule itself, to change or delete it."""
        self.ensure_one()
        return {
            "type": "ir.actions.act_window",
            "res_model": "product.pricelist.item",
            "res_id": self.item_id.id,
            "view_mode": "form",
            "target": "new",
        }
