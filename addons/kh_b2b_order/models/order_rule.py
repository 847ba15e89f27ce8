from ast import literal_eval

from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.fields import Domain
from odoo.tools import SQL

from odoo.addons.kh_b2b_pricing.models.price_figures import COST_GROUPS

from .sale_order import SOURCES

KINDS = [
    ("amount", "Amount over"),
    ("discount", "Discount deeper than"),
    ("margin", "Margin under"),
    ("floor", "Price below floor"),
    ("new_dealer", "New dealer"),
    ("quantity", "Unusual quantity"),
    ("address", "New or changed delivery address"),
    ("overdue", "Overdue invoices"),
    ("duplicate", "Probably a duplicate"),
    ("same_address", "Several orders to one address"),
    ("domain", "Own condition"),
]
# What these kinds find out lies behind the right to see costs.
COST_KINDS = ("margin", "floor")
# These compare with orders that others may be placing at the same moment.
SHARED_KINDS = {"duplicate", "same_address"}
# What the queries of the kinds read of a rule.
LIMITS = (
    "amount", "discount", "margin", "floor_base", "floor_share", "first_orders", "factor", "days",
    "quantity", "hours", "share", "order_count",
)  # fmt: skip


class OrderRule(models.Model):
    """What stops an order for a person's look (拦截规则, M-49).

    One SQL statement answers for all orders and all rules. A new kind adds an entry to `kind`
    and a method `_get_<kind>_query`, see `order_rule_content.py`.
    """

    _name = "kh.order.rule"
    _description = "Order Interception Rule"
    _order = "sequence, id"

    # === FIELDS === #
    name = fields.Char(required=True, translate=True)
    active = fields.Boolean(default=True)
    sequence = fields.Integer(default=10)
    company_id = fields.Many2one(
        "res.company", required=True, default=lambda self: self.env.company, index=True
    )
    currency_id = fields.Many2one(related="company_id.currency_id")
    kind = fields.Selection(KINDS, required=True, default="amount")
    # whom it is for
    source = fields.Selection(
        SOURCES, "Only Order Source", help="Leave empty for orders of every source."
    )
    grade_ids = fields.Many2many(
        "res.partner.grade",
        "kh_order_rule_grade_rel",
        "rule_id",
        "grade_id",
        "Only Dealer Levels",
        help="Leave empty for dealers of every level.",
    )
    sales_area_ids = fields.Many2many(
        "kh.sales.area",
        "kh_order_rule_sales_area_rel",
        "rule_id",
        "area_id",
        "Only Sales Areas",
        help="Leave empty for dealers of every area; areas below these are included.",
    )
    # limits
    amount = fields.Monetary(default=0.0, help="Tax included, in the company's currency.")
    discount = fields.Float(
        "Discount (%)", default=0.0, help="The deepest discount of a line, in percent."
    )
    margin = fields.Float(
        "Margin (%)",
        default=10.0,
        groups=COST_GROUPS,
        help="What is left of the price without tax after the cost, in percent of the price;"
        " lines whose product has no cost are left out.",
    )
    floor_base = fields.Selection(
        [("cost", "Cost"), ("rules", "Price of the price rules")], default="cost", required=True
    )
    floor_share = fields.Float(
        "Share of It (%)",
        default=100.0,
        groups=COST_GROUPS,
        help="A price without tax below this share stops the order.",
    )
    first_orders = fields.Integer(
        default=3, help="A dealer is new as long as fewer orders than this were confirmed."
    )
    factor = fields.Float(
        "Times the Mean", default=5.0, help="How many times the mean of the dealer's orders."
    )
    days = fields.Integer(
        default=90, help="Days of history to compare with, or days an invoice may be overdue."
    )
    quantity = fields.Float(
        "Minimum Quantity",
        default=0.0,
        digits="Product Unit",
        help="In the product's unit; less is usual.",
    )
    hours = fields.Integer(default=1, help="Orders placed within so many hours are compared.")
    share = fields.Float(
        "Equal Lines (%)",
        default=80.0,
        help="Share of the order's products that the other order has in the same quantity.",
    )
    order_count = fields.Integer(
        "Number of Orders", default=3, help="So many orders, this one included, are too many."
    )
    domain = fields.Char("Condition", default="[]")
    model_name = fields.Char(compute="_compute_model_name")
    # what became of it
    hit_ids = fields.One2many("kh.order.rule.hit", "rule_id", "Hits", readonly=True)
    hit_count = fields.Integer("Times Stopped", compute="_compute_counts")
    false_alarm_count = fields.Integer("Released Unchanged", compute="_compute_counts")
    changed_count = fields.Integer("Released After a Change", compute="_compute_counts")
    refused_count = fields.Integer("Refused", compute="_compute_counts")
    false_alarm_rate = fields.Float(
        "False Alarms",
        compute="_compute_counts",
        help="Share of the decided ones that were released without any change.",
    )

    _limits_not_negative = models.Constraint(
        "CHECK (amount >= 0 AND discount >= 0 AND first_orders >= 0 AND days >= 0"
        " AND factor >= 0 AND quantity >= 0 AND hours >= 0 AND share >= 0"
        " AND floor_share >= 0 AND order_count >= 0)",
        "The limits of a rule cannot be negative.",
    )

    # === COMPUTE METHODS === #
    def _compute_model_name(self):
        self.model_name = "sale.order"

    @api.depends("hit_ids.outcome")
    def _compute_counts(self):
        counts = {
            (rule.id, outcome): count
            for rule, outcome, count in self.env["kh.order.rule.hit"]._read_group(
                [("rule_id", "in", self.ids)], ["rule_id", "outcome"], ["__count"]
            )
        }
        for rule in self:
            false_alarm, changed, refused, waiting = (
                counts.get((rule._origin.id, outcome), 0)
                for outcome in ("false_alarm", "changed", "refused", "open")
            )
            decided = false_alarm + changed + refused
            rule.hit_count = decided + waiting
            rule.false_alarm_count = false_alarm
            rule.changed_count = changed
            rule.refused_count = refused
            rule.false_alarm_rate = false_alarm / decided if decided else 0.0

    # === CONSTRAINTS === #
    @api.constrains("domain", "kind")
    def _check_domain(self):
        """The condition is read and tried as its author: what they may not read stays shut."""
        orders = self.env["sale.order"]
        for rule in self.filtered(lambda rule: rule.kind == "domain"):
            try:
                condition = rule._get_condition()
                condition.validate(orders)
            except (ValueError, SyntaxError, TypeError) as error:
                raise ValidationError(
                    self.env._(
                        "The condition of the rule %(rule)s cannot be read: %(error)s",
                        rule=rule.name,
                        error=error,
                    )
                ) from error
            if condition.is_true():
                raise ValidationError(
                    self.env._(
                        "The condition of the rule %s is empty: it would stop every order.",
                        rule.name,
                    )
                )
            orders.search(condition, limit=1)

    # === CRUD METHODS === #
    @api.model_create_multi
    def create(self, vals_list):
        rules = super().create(vals_list)
        rules._ensure_may_see_cost()
        return rules

    def write(self, vals):
        self._ensure_may_see_cost()
        # sudo: whether there are any decides, not who may read them
        if any(rule.kind != vals.get("kind", rule.kind) and rule.sudo().hit_ids for rule in self):
            raise UserError(
                self.env._(
                    "A rule that has stopped orders keeps its kind; archive it, make another."
                )
            )
        result = super().write(vals)
        self._ensure_may_see_cost()
        return result

    # === ACTION METHODS === #
    def action_open_hits(self):
        """Open what this rule stopped."""
        self.ensure_one()
        self.check_access("read")
        return {
            **self.env["ir.actions.act_window"]._for_xml_id(
                "kh_b2b_order.kh_order_rule_hit_action"
            ),
            "domain": [("rule_id", "=", self.id)],
            "context": {},
        }

    # === BUSINESS METHODS - RIGHTS === #
    @api.model
    def _may_see_cost(self):
        """Answer whether the user may learn what goods cost.

        Asked of the user, not of the environment: texts for the reader are built with `sudo`.
        """
        return any(self.env.user.has_group(group) for group in COST_GROUPS.split(","))

    def _ensure_may_see_cost(self):
        """Whoever sets a limit on margins learns costs by trying."""
        kinds = set(self.mapped("kind"))
        if not self.env.su and kinds.intersection(COST_KINDS) and not self._may_see_cost():
            raise AccessError(
                self.env._("Only who may see costs sets rules on margins and lowest prices.")
            )

    # === BUSINESS METHODS - EVALUATION === #
    def _find_hits(self, orders):
        """Return what these rules catch, `{(order_id, rule_id): facts}`, by one query.

        `facts` is a JSON dict whose keys depend on the kind; amounts are in the currency of
        the company, quantities in the product's unit, rates in percent. Callers use `sudo`:
        rules look at what those who order may not see.
        """
        if not self or not orders:
            return {}
        self.env.flush_all()
        parts = [
            SQL("SELECT * FROM (%s) found", query)
            for kind, rules in self.grouped("kind").items()
            for query in rules._get_queries(kind, orders)
        ]
        query = SQL(
            "WITH pair AS MATERIALIZED (%s), rest AS MATERIALIZED (%s) %s",
            self._get_pair_query(orders),
            self._get_rest_query(orders),
            SQL(" UNION ALL ").join(parts),
        )
        return {
            (order_id, rule_id): facts for order_id, rule_id, facts in self.env.execute_query(query)
        }

    def _get_queries(self, kind, orders):
        """Return the queries of the rules of one kind: one, but one each of own conditions."""
        if kind == "domain":
            return [rule._get_domain_query(orders) for rule in self]
        pairs = SQL("(SELECT * FROM pair WHERE kind = %s)", kind)
        if kind == "floor":
            is_asked = "rules" in self.mapped("floor_base")
            prices = orders.order_line._kh_get_rule_prices() if is_asked else {}
            return [self._get_floor_query(pairs, prices)]
        return [getattr(self, f"_get_{kind}_query")(pairs)]

    def _get_pair_query(self, orders):
        """Return the SQL of the orders with the rules that are for them.

        Columns: the ids; the dealer; `rate`, currency of the order per currency of the company;
        `rounding` of the order's currency, in that of the company; `placed` on, or empty;
        `now`; `address`, where it goes today; the limits of the rule.
        """
        return SQL(
            """
            SELECT o.id AS order_id, r.id AS rule_id, r.kind, o.company_id,
                   c.id AS dealer_id, o.amount_total, o.kh_placed_date AS placed,
                   COALESCE(NULLIF(o.currency_rate, 0), 1) AS rate,
                   y.rounding / COALESCE(NULLIF(o.currency_rate, 0), 1) AS rounding,
                   %(now)s::timestamp AS now,
                   NULLIF(concat_ws(' ', z.name, NULLIF(s.city, ''), NULLIF(s.street, ''),
                                    NULLIF(s.street2, '')), '') AS address,
                   %(limits)s
              FROM sale_order o
              JOIN kh_order_rule r ON r.company_id = o.company_id
              JOIN res_partner d ON d.id = o.partner_id
              JOIN res_partner c ON c.id = d.commercial_partner_id
              JOIN res_currency y ON y.id = o.currency_id
         LEFT JOIN res_partner s ON s.id = o.partner_shipping_id
         LEFT JOIN res_country_state z ON z.id = s.state_id
             WHERE r.id IN %(rules)s
               AND o.id IN %(orders)s
               AND (r.source IS NULL OR r.source = o.kh_source)
               AND (NOT EXISTS (SELECT FROM kh_order_rule_grade_rel g WHERE g.rule_id = r.id)
                    OR EXISTS (SELECT FROM kh_order_rule_grade_rel g
                                WHERE g.rule_id = r.id AND g.grade_id = c.grade_id))
               AND (NOT EXISTS (SELECT FROM kh_order_rule_sales_area_rel a
                                 WHERE a.rule_id = r.id)
                    OR EXISTS (SELECT FROM kh_order_rule_sales_area_rel a
                                 JOIN kh_sales_area top ON top.id = a.area_id
                                 JOIN kh_sales_area_res_partner_rel m ON m.partner_id = c.id
                                 JOIN kh_sales_area own ON own.id = m.area_id
                                WHERE a.rule_id = r.id
                                  AND starts_with(own.parent_path, top.parent_path)))
            """,
            now=fields.Datetime.now(),
            limits=SQL(", ").join(SQL("r.%s", SQL.identifier(name)) for name in LIMITS),
            rules=tuple(self.ids),
            orders=tuple(orders.ids),
        )

    def _get_condition(self):
        return Domain(literal_eval(self.domain or "[]"))

    def _get_domain_query(self, orders):
        found = orders._search(self._get_condition() & Domain("id", "in", orders.ids))
        return SQL(
            """
            SELECT order_id, rule_id, '{}'::jsonb
              FROM pair
             WHERE rule_id = %s AND order_id IN %s
            """,
            self.id,
            found.subselect(),
        )
