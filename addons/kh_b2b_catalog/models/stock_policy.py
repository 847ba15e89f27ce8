from odoo import api, fields, models
from odoo.fields import Domain
from odoo.tools import ormcache

from ..engine.caches import clear_caches

DISPLAYS = [
    ("exact", "Number of pieces"),
    ("band", "Enough, few or none"),
    ("yes_no", "In stock or not"),
    ("none", "Nothing"),
]
AUDIENCES = [
    ("all", "Everybody"),
    ("visitor", "Visitors who are not logged in"),
    ("level", "Dealers of these levels"),
]


class StockPolicy(models.Model):
    """What readers of the shop are told about stock, by level (库存显示策略).

    Of the policies of a website and company the one for the reader's level wins, then the one
    for visitors, then the one for everybody; a policy of one website before one of all.
    """

    _name = "kh.stock.policy"
    _description = "Stock Display Policy"
    _order = "sequence, id"
    _check_company_auto = True

    # === FIELDS === #
    name = fields.Char(required=True, translate=True)
    sequence = fields.Integer(default=10)
    active = fields.Boolean(default=True)
    company_id = fields.Many2one(
        "res.company",
        default=lambda self: self.env.company,
        help="Empty: for all companies.",
    )
    website_id = fields.Many2one(
        "website", index="btree_not_null", ondelete="cascade", help="Empty: for all websites."
    )
    audience = fields.Selection(AUDIENCES, "For", required=True, default="all")
    grade_ids = fields.Many2many(
        "res.partner.grade", "kh_stock_policy_grade_rel", "policy_id", "grade_id", string="Levels"
    )
    display = fields.Selection(DISPLAYS, "Shows", required=True, default="band")
    few_quantity = fields.Float(
        "Few Left Below",
        default=10.0,
        digits="Product Unit",
        help="At or below this quantity the shop says that only a few are left.",
    )
    quantity_cap = fields.Float(
        "Up to",
        digits="Product Unit",
        help="Above this quantity only “200+” is shown. 0: always the full number.",
    )
    can_order_short = fields.Boolean(
        "May Order When Short",
        default=True,
        help="Products that are sold when out of stock may be ordered beyond the stock. "
        "Off: these readers order only what is there.",
    )
    has_promised_date = fields.Boolean(
        "Shows Promised Date",
        default=True,
        help="Out of stock and sold nevertheless: the date on which goods are expected.",
    )
    _few_not_negative = models.Constraint(
        "CHECK (few_quantity >= 0 AND quantity_cap >= 0)", "Quantities cannot be negative."
    )

    # === CRUD METHODS === #
    @api.model_create_multi
    def create(self, vals_list):
        result = super().create(vals_list)
        clear_caches(self.env)
        return result

    def write(self, vals):
        result = super().write(vals)
        clear_caches(self.env)
        return result

    def unlink(self):
        result = super().unlink()
        clear_caches(self.env)
        return result

    # === BUSINESS METHODS === #
    @api.model
    def _find_policy(self, partner, website):
        """Return what applies to one reader; empty where nothing was configured.

        :param partner: the reader; empty: a visitor
        :param website: the shop that shows the stock
        """
        # sudo: the reader's level and the policies decide, neither is shown
        partner_sudo = partner.sudo().commercial_partner_id
        policy_id = self._find_policy_id(
            website.id, website.sudo().company_id.id, partner_sudo.grade_id.id, bool(partner_sudo)
        )
        return self.sudo().browse(policy_id)

    @ormcache("website_id", "company_id", "grade_id", "is_member")
    def _find_policy_id(self, website_id, company_id, grade_id, is_member):
        domain = (
            Domain("company_id", "in", (company_id, False))
            & Domain("website_id", "in", (website_id, False))
            & self._audience_domain(grade_id, is_member)
        )
        # sudo: as in `_find_policy`
        policies = self.sudo().search(domain)
        rank = {"level": 0, "visitor": 1, "all": 2}
        policies = policies.sorted(
            lambda policy: (rank[policy.audience], not policy.website_id, not policy.company_id)
        )
        return policies[:1].id

    @api.model
    def _audience_domain(self, grade_id, is_member):
        domain = Domain("audience", "=", "all")
        if not is_member:
            return domain | Domain("audience", "=", "visitor")
        if grade_id:
            domain |= Domain("audience", "=", "level") & Domain("grade_ids", "in", [grade_id])
        return domain

    def _has_word_for(self, quantity):
        """Whether a quantity is told as a number under this policy."""
        return self.display == "exact" and quantity > 0
