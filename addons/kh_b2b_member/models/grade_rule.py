from odoo import api, fields, models


class GradeRule(models.Model):
    """What a dealer must do to have a level (会员升降级规则).

    The rules of a company are a list, the highest level first. A dealer has the first level
    whose rule is met; who meets none has the last one, the entry level. Levels without a rule
    are given by hand and never touched. How the figures are made: `grade_rule_figures.py`.
    """

    _name = "kh.grade.rule"
    _description = "Level Rule"
    _order = "company_id, sequence, id"
    _rec_name = "grade_id"
    _check_company_auto = True

    # === FIELDS === #
    sequence = fields.Integer(default=10, help="The highest level first.")
    active = fields.Boolean(default=True)
    company_id = fields.Many2one(
        "res.company", required=True, default=lambda self: self.env.company, index=True
    )
    currency_id = fields.Many2one(related="company_id.currency_id")
    grade_id = fields.Many2one(
        "res.partner.grade",
        string="Member Level",
        required=True,
        check_company=True,
        ondelete="cascade",
        index=True,
    )
    months = fields.Integer(
        string="Period (Months)", required=True, default=12, help="Counted back from the day."
    )
    basis = fields.Selection(
        [("invoice", "Posted invoices less credit notes"), ("order", "Confirmed orders")],
        string="Turnover of",
        required=True,
        default="invoice",
    )
    turnover_min = fields.Monetary(
        string="Turnover from",
        help="Without tax, in the currency of the company. 0: any.",
    )
    order_count_min = fields.Integer(
        string="Orders from", help="Confirmed orders in the period. 0: any."
    )
    is_demoted = fields.Boolean(
        string="Can Be Lost",
        default=True,
        help="A dealer who no longer meets the rule goes down, after the grace.",
    )
    grace_months = fields.Integer(
        string="Grace (Months)",
        default=3,
        help="The level stays for so long after it was granted, and after the rule was last "
        "met (looked at on the same day of each month).",
    )

    _grade_company = models.UniqueIndex(
        "(company_id, grade_id) WHERE active",
        "This level has a rule already.",
    )
    _positive = models.Constraint(
        "CHECK (months BETWEEN 1 AND 36 AND grace_months BETWEEN 0 AND 36 "
        "AND turnover_min >= 0 AND order_count_min >= 0)",
        "Periods are 1 to 36 months, the grace 0 to 36, amounts and counts not negative.",
    )

    # === ACTION METHODS === #
    @api.model
    def action_preview(self):
        """Show what the rules would change today; changes nothing."""
        return self.env["kh.grade.proposal"].action_refresh()
