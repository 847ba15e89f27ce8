from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.fields import Domain
from odoo.tools import SQL

from ..engine.promotion import PromotionCondition

STATES = [("draft", "Draft"), ("running", "Running"), ("closed", "Ended")]
PRICE_FIELDS = {"pricelist_id", "discount", "grade_ids", "company_id"}


class Promotion(models.Model):
    """A zone of the shop that sells off what lies too long (促销专区, M-05, M-61).

    A rule proposes products; staff accept or drop them. Only accepted products are shown, and
    each viewer finds those that he may buy. With a discount, accepted products get dated
    price rules in the B2B pricelist while the promotion runs.

    | from    | action           | to      |                                   |
    |---------|------------------|---------|-----------------------------------|
    | draft   | `action_start`   | running | shown in its term, prices written |
    | running | `action_close`   | closed  | gone from the shop, prices gone   |
    | closed  | `action_reopen`  | draft   |                                   |

    What is in the target state already stays there; every other move is refused.
    """

    _name = "kh.promotion"
    _description = "Promotion Zone"
    _order = "sequence, name, id"
    _inherit = ["kh.zone.mixin"]
    _check_company_auto = True

    # === FIELDS === #
    name = fields.Char(required=True, translate=True, tracking=True)
    sequence = fields.Integer(default=10)
    active = fields.Boolean(default=True)
    company_id = fields.Many2one(
        "res.company", required=True, default=lambda self: self.env.company, index=True
    )
    website_id = fields.Many2one("website", help="Empty: on all websites of the company.")
    state = fields.Selection(
        STATES, default="draft", required=True, readonly=True, copy=False, tracking=True
    )

    # the rule
    idle_days = fields.Integer(
        "Days Without Movement",
        default=90,
        required=True,
        help="Propose products that nobody ordered, bought or delivered for so many days.",
    )
    minimum_stock = fields.Float(
        "Stock Above",
        digits="Product Unit",
        help="Propose products with more free stock than this, in the product's unit.",
    )
    category_ids = fields.Many2many(
        "product.category", string="Product Categories", help="With those below; empty: all."
    )
    tag_ids = fields.Many2many(
        "product.tag", string="Product Tags", help="Such as a brand; empty: all."
    )
    max_products = fields.Integer(
        "Products at Most", default=50, required=True, help="Proposed and accepted together."
    )
    is_automatic = fields.Boolean(
        "Publish Automatically",
        tracking=True,
        help="New proposals are accepted at once; otherwise nothing is shown that nobody saw.",
    )
    date_proposed = fields.Datetime("Last Looked", readonly=True, copy=False)

    # the price
    pricelist_id = fields.Many2one(
        "product.pricelist",
        "B2B Pricelist",
        check_company=True,
        domain="[('kh_is_b2b', '=', True)]",
        help="Gets the promotion's prices while it runs.",
    )
    discount = fields.Float(
        "Discount (%)",
        digits="Discount",
        tracking=True,
        help="Off the market price; 0: no price of its own. Prices of contracts stay as they are.",
    )
    grade_ids = fields.Many2many(
        "res.partner.grade",
        string="Also for Levels",
        help="Levels with prices of their own keep them, but for those given here: they get the "
        "promotion's price wherever it is lower.",
    )
    line_ids = fields.One2many("kh.promotion.line", "promotion_id", "Products", copy=False)
    proposed_count = fields.Integer("To Review", compute="_compute_counts")
    accepted_count = fields.Integer("Accepted", compute="_compute_counts")

    _figures_sound = models.Constraint(
        "CHECK (idle_days > 0 AND minimum_stock >= 0 AND max_products BETWEEN 1 AND 1000)",
        "Days must be above zero, the stock not below zero, products between 1 and 1,000.",
    )
    _discount_sound = models.Constraint(
        "CHECK (discount >= 0 AND discount < 100)",
        "The discount must be at least 0 and below 100 percent.",
    )

    # === COMPUTE METHODS === #
    @api.depends("line_ids.state")
    def _compute_counts(self):
        rows = self.env["kh.promotion.line"]._read_group(
            [("promotion_id", "in", self.ids)], ["promotion_id", "state"], ["__count"]
        )
        counts = {(promotion, state): count for promotion, state, count in rows}
        for promotion in self:
            promotion.proposed_count = counts.get((promotion._origin, "proposed"), 0)
            promotion.accepted_count = counts.get((promotion._origin, "accepted"), 0)

    # === CRUD METHODS === #
    def write(self, vals):
        running = self.filtered(lambda promotion: promotion.state == "running")
        if running and PRICE_FIELDS & vals.keys():
            raise UserError(
                self.env._(
                    "“%s” is running. Close it first: its prices are in force.",
                    running[0].display_name,
                )
            )
        if running and not vals.get("active", True):
            raise UserError(self.env._("“%s” is running. Close it first.", running[0].display_name))
        result = super().write(vals)
        if "pricelist_id" in vals:
            self._kh_refresh_market_prices()
        if running and vals.keys() & {"zone_from", "zone_to"}:
            running.line_ids._kh_renew_prices()
        return result

    def unlink(self):
        self.line_ids.unlink()  # with their prices, which a cascade would leave behind
        return super().unlink()

    @api.ondelete(at_uninstall=False)
    def _unlink_except_running(self):
        if running := self.filtered(lambda promotion: promotion.state == "running"):
            raise UserError(self.env._("“%s” is running. Close it first.", running[0].display_name))

    # === ACTION METHODS === #
    def action_start(self):
        """Show the accepted products in the shop and put the prices in force."""
        self.check_access("write")
        for promotion in self:
            if promotion.state == "draft" and promotion.discount and not promotion.pricelist_id:
                raise UserError(
                    self.env._(
                        "“%s”: a discount needs the B2B pricelist that gets the prices.",
                        promotion.display_name,
                    )
                )
        self._update_state(("draft",), "running").line_ids._kh_renew_prices()

    def action_close(self):
        """Take the zone out of the shop, and the prices out of force."""
        self.check_access("write")
        self._update_state(("running",), "closed").line_ids._kh_renew_prices()

    def action_reopen(self):
        """Prepare a closed promotion anew."""
        self.check_access("write")
        self._update_state(("closed",), "draft")

    def action_propose(self):
        """Look for slow-moving products now.

        :raise LockError: if somebody else, or the scheduled action, is at it
        """
        self.check_access("write")
        self.lock_for_update()
        self._kh_propose()

    def action_accept_all(self):
        """Accept everything that is proposed."""
        self.check_access("write")
        self.line_ids.filtered(lambda line: line.state == "proposed").action_accept()

    # === BUSINESS METHODS === #
    def _update_state(self, allowed, target):
        """Move to a state and return what was moved; what is there already is left alone.

        :raise UserError: for a promotion in any other state; nothing is moved then
        """
        self._kh_lock()
        refused = self.filtered(lambda p: p.state not in (*allowed, target))
        if refused:
            labels = dict(self._fields["state"]._description_selection(self.env))
            raise UserError(
                self.env._(
                    "“%(name)s” is %(state)s; this step is not possible now.",
                    name=refused[0].display_name,
                    state=labels[refused[0].state],
                )
            )
        moved = self.filtered(lambda promotion: promotion.state != target)
        moved.write({"state": target})
        return moved

    def _kh_lock(self):
        """Let steps of these promotions, of their products and prices wait for each other.

        The rows are written: only then whoever waited is repeated with what he missed.
        """
        if self.ids:
            self.env.execute_query(
                SQL(
                    """
                    UPDATE kh_promotion SET write_date = write_date WHERE id IN (
                        SELECT id FROM kh_promotion WHERE id IN %s ORDER BY id FOR UPDATE
                    ) RETURNING id
                    """,
                    tuple(self.ids),
                )
            )
            self.invalidate_recordset(["state"])

    # === BUSINESS METHODS - ZONES === #
    def _kh_zone_key(self):
        return f"p{self.id}"

    def _kh_zone_domain(self):
        return Domain.custom(to_sql=PromotionCondition(self.id))

    @api.model
    def _kh_open_domain(self, website):
        """Domain of the promotions that run on a website now, whoever looks."""
        now = fields.Datetime.now()
        company = website.company_id or self.env.company
        return (
            Domain("state", "=", "running")
            & Domain("company_id", "=", company.id)
            & Domain("website_id", "in", [False, website.id])
            & (Domain("zone_from", "=", False) | Domain("zone_from", "<=", now))
            & (Domain("zone_to", "=", False) | Domain("zone_to", ">", now))
        )
