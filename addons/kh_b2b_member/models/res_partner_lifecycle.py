from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.fields import Domain
from odoo.tools import SQL

from ..engine.life_cycle import LIFE_STAGES, LifeFacts, decide_life_stage

DERIVED_FIELDS = {
    "kh_life_stage",
    "kh_first_order_date",
    "kh_last_order_date",
    "kh_lost_on",
    "kh_care_planned_date",
}
# What moves a company to another stage when it is written.
FACT_FIELDS = {"kh_is_dealer", "kh_is_lead", "kh_lost_on"}
OPEN_APPLICATION_STATES = ("submitted", "review", "rejected")
CARE_BATCH = 500


class ResPartner(models.Model):
    """The life cycle of a dealer, from lead to lost, and who cares for it next.

    The stage follows from facts (`engine.life_cycle`) and is stored, to be searched and
    grouped; it is brought up to date when a fact changes, and every night for what only time
    changes. Orders of every company count; the days of dormancy are those of the dealer's
    company, else of its salesperson's.
    """

    _inherit = "res.partner"

    # === FIELDS === #
    kh_life_stage = fields.Selection(
        LIFE_STAGES,
        string="Life Cycle Stage",
        copy=False,
        readonly=True,
        index="btree_not_null",
        group_expand=True,
        groups="base.group_user",
        help="Derived from applications and orders; only lead and lost are said by hand.",
    )
    kh_is_lead = fields.Boolean(
        string="Lead",
        copy=False,
        groups="base.group_user",
        help="We want to win this company as a dealer.",
    )
    kh_referrer_id = fields.Many2one(
        "res.partner",
        string="Referred By",
        copy=False,
        tracking=True,
        index="btree_not_null",
        groups="base.group_user",
        help="Who recommended us to this dealer.",
    )
    kh_referred_count = fields.Integer(
        string="Referred Dealers", compute="_compute_kh_referred_count", groups="base.group_user"
    )
    kh_first_order_date = fields.Date(
        string="First Order", copy=False, readonly=True, groups="base.group_user"
    )
    kh_last_order_date = fields.Date(
        string="Last Order", copy=False, readonly=True, groups="base.group_user"
    )
    kh_lost_reason = fields.Char(
        string="Reason of the Loss", copy=False, tracking=True, groups="base.group_user"
    )
    kh_lost_on = fields.Datetime(
        string="Lost On", copy=False, readonly=True, groups="base.group_user"
    )
    # care (关怀)
    kh_next_care_date = fields.Date(
        string="Next Care",
        compute="_compute_kh_next_care_date",
        groups="base.group_user",
        help="When the next planned care activity is due, whoever it is for.",
    )
    kh_care_planned_date = fields.Date(
        string="Care Planned On", copy=False, readonly=True, groups="base.group_user"
    )

    # === COMPUTE METHODS === #
    def _compute_kh_referred_count(self):
        counts = dict(
            self._read_group(
                Domain("kh_referrer_id", "in", self.ids), ["kh_referrer_id"], ["__count"]
            )
        )
        for partner in self:
            partner.kh_referred_count = counts.get(partner._origin, 0)

    @api.depends("activity_ids.date_deadline", "activity_ids.activity_type_id")
    def _compute_kh_next_care_date(self):
        # sudo: only the date, of activities of colleagues too
        groups = (
            self.env["mail.activity"]
            .sudo()
            ._read_group(
                [
                    ("res_model", "=", self._name),
                    ("res_id", "in", self.ids),
                    ("activity_type_id", "=", self._kh_get_care_type().id),
                ],
                ["res_id"],
                ["date_deadline:min"],
            )
        )
        dates = dict(groups)
        for partner in self:
            partner.kh_next_care_date = dates.get(partner._origin.id, False)

    # === CONSTRAINTS === #
    @api.constrains("kh_referrer_id")
    def _check_referrer(self):
        for partner in self:
            referrer = partner.kh_referrer_id.commercial_partner_id
            if referrer and referrer == partner.commercial_partner_id:
                raise ValidationError(
                    self.env._("%s cannot have recommended itself.", partner.display_name)
                )

    # === CRUD METHODS === #
    @api.model_create_multi
    def create(self, vals_list):
        if not self.env.su:
            names = {name for vals in vals_list for name in DERIVED_FIELDS if vals.get(name)}
            if names or any(self.env.context.get(f"default_{n}") for n in DERIVED_FIELDS):
                self._deny_derived()
        partners = super().create(vals_list)
        if any(FACT_FIELDS & vals.keys() for vals in vals_list):
            partners._kh_refresh_life_cycle()
        return partners

    def write(self, vals):
        if DERIVED_FIELDS & vals.keys() and not self.env.su:
            self._deny_derived()
        result = super().write(vals)
        if FACT_FIELDS & vals.keys():
            self._kh_refresh_life_cycle()
        return result

    def _deny_derived(self):
        raise AccessError(
            self.env._("The stage in the life cycle follows from orders; it is not set by hand.")
        )

    # === ACTION METHODS === #
    def action_kh_mark_lost(self):
        """Give these companies up; the reason has to be entered first."""
        self._kh_ensure_may_move()
        for partner in self:
            if not partner.kh_lost_reason:
                raise UserError(
                    self.env._("Enter the reason why %s is lost first.", partner.display_name)
                )
        # sudo: derived fields are not writable by hand; the right was checked above
        self.sudo().write({"kh_lost_on": fields.Datetime.now()})
        return True

    def action_kh_win_back(self):
        """Take the loss back: the stage follows from the facts again."""
        self._kh_ensure_may_move()
        # sudo: as above
        self.sudo().write({"kh_lost_on": False, "kh_lost_reason": False})
        return True

    def action_kh_plan_care(self):
        """Open the dialog that plans the next care activity."""
        self.ensure_one()
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("Plan the Next Care"),
            "res_model": "mail.activity",
            "view_mode": "form",
            "views": [(False, "form")],
            "target": "new",
            "context": {
                "default_res_id": self.id,
                "default_res_model": self._name,
                "default_activity_type_id": self._kh_get_care_type().id,
                "default_user_id": self.user_id.id or self.env.uid,
            },
        }

    def _kh_ensure_may_move(self):
        self.check_access("write")
        if not self.env.su and not self.env.user.has_group("kh_b2b_member.group_b2b_salesperson"):
            raise AccessError(self.env._("Only salespeople and their heads give up a dealer."))

    # === BUSINESS METHODS - STAGE === #
    @api.model
    def _kh_get_care_type(self):
        return self.env.ref("kh_b2b_member.mail_activity_type_care").sudo()

    def _kh_refresh_life_cycle(self):
        """Bring stage and order dates of these companies up to date; nothing else is written.

        Three statements, whatever their number. Rows that stay as they are are not written, so
        that confirming orders of one dealer in parallel meets only at the first of a day.
        """
        companies = self.commercial_partner_id
        if not companies.ids:
            return
        self.env["res.partner"].flush_model(
            ["commercial_partner_id", "company_id", "tz", "user_id", *FACT_FIELDS, *DERIVED_FIELDS]
        )
        self.env["sale.order"].flush_model(["partner_id", "state", "date_order", "company_id"])
        self.env["kh.member.application"].flush_model(["partner_id", "state"])
        changed = []
        for row in self.env.execute_query(self._kh_get_life_facts_sql(companies.ids)):
            partner_id, today, stage, first, last, first_date, *facts = row
            new_stage = decide_life_stage(LifeFacts(*facts), today) or None
            last_date = facts[6]
            if (stage, first, last) != (new_stage, first_date, last_date):
                changed.append((partner_id, new_stage, first_date, last_date))
        self._kh_write_life_cycle(changed)

    def _kh_get_life_facts_sql(self, ids):
        """Return the statement that reads what decides the stage, one row a company.

        Days are those of the zone of the dealer's company, whoever asks.
        """
        zone = SQL("COALESCE(place.tz, 'UTC')")
        return SQL(
            """
            WITH orders AS (
                SELECT buyer.commercial_partner_id AS id,
                       MIN(o.date_order) AS first, MAX(o.date_order) AS last, COUNT(*) AS number
                  FROM sale_order o
                  JOIN res_partner buyer ON buyer.id = o.partner_id
                 WHERE o.state = 'sale' AND buyer.commercial_partner_id = ANY(%(ids)s)
              GROUP BY buyer.commercial_partner_id
            )
            SELECT p.id, (%(now)s::timestamp AT TIME ZONE 'UTC' AT TIME ZONE %(zone)s)::date,
                   p.kh_life_stage, p.kh_first_order_date, p.kh_last_order_date,
                   (orders.first AT TIME ZONE 'UTC' AT TIME ZONE %(zone)s)::date,
                   COALESCE(p.kh_is_dealer, FALSE), COALESCE(p.kh_is_lead, FALSE),
                   EXISTS (SELECT 1 FROM kh_member_application a
                            WHERE a.partner_id = p.id AND a.state = ANY(%(states)s)),
                   p.kh_lost_on, COALESCE(orders.number, 0), orders.last,
                   (orders.last AT TIME ZONE 'UTC' AT TIME ZONE %(zone)s)::date,
                   COALESCE(c.kh_dormant_days, 0)
              FROM res_partner p
         LEFT JOIN orders ON orders.id = p.id
         LEFT JOIN res_users salesperson ON salesperson.id = p.user_id
         LEFT JOIN res_company c ON c.id = COALESCE(
                       p.company_id, salesperson.company_id, %(company)s)
         LEFT JOIN res_partner place ON place.id = c.partner_id
             WHERE p.id = ANY(%(ids)s)
            """,
            ids=list(ids),
            now=fields.Datetime.now(),
            zone=zone,
            states=list(OPEN_APPLICATION_STATES),
            company=self.env.company.id,
        )

    def _kh_write_life_cycle(self, rows):
        """Write `(id, stage, first day, last day)` in one statement."""
        if not rows:
            return
        ids, stages, firsts, lasts = (list(column) for column in zip(*rows, strict=True))
        self.env.execute_query(
            SQL(
                """
                UPDATE res_partner SET kh_life_stage = v.stage,
                       kh_first_order_date = v.first, kh_last_order_date = v.last
                  FROM UNNEST(%s::int[], %s::text[], %s::date[], %s::date[])
                       AS v(id, stage, first, last)
                 WHERE res_partner.id = v.id
             RETURNING res_partner.id
                """,
                ids,
                stages,
                firsts,
                lasts,
            )
        )
        self.env["res.partner"].invalidate_model(
            ["kh_life_stage", "kh_first_order_date", "kh_last_order_date"]
        )

    # === CRON === #
    @api.model
    def _cron_life_cycle(self):
        """Bring all stages up to date and plan the care of who became dormant."""
        companies = self.with_context(active_test=False).search(
            Domain("kh_is_dealer", "=", True)
            | Domain("kh_life_stage", "!=", False)
            | Domain("kh_application_ids.state", "in", OPEN_APPLICATION_STATES)
        )
        companies._kh_refresh_life_cycle()
        todo = self._kh_find_to_care()
        while todo:
            batch, todo = todo[:CARE_BATCH], todo[CARE_BATCH:]
            batch._kh_plan_care()
            if not self.env["ir.cron"]._commit_progress(len(batch), remaining=len(todo)):
                break

    @api.model
    def _kh_find_to_care(self):
        """Return the dormant dealers whose salesperson has to be reminded now.

        Not while a care activity is open, and not again before the days of dormancy are over.
        """
        dormant = self.search(
            [("kh_life_stage", "=", "dormant"), ("user_id.active", "=", True)], order="id"
        )

        def is_due(dealer):
            company = dealer._kh_get_life_company()
            if not company.kh_plan_care or dealer.kh_next_care_date:
                return False
            planned = dealer.kh_care_planned_date
            days = planned and (dealer._kh_get_life_today() - planned).days
            return not planned or days >= company.kh_dormant_days

        return dormant.filtered(is_due)

    def _kh_get_life_company(self):
        self.ensure_one()
        return self.company_id or self.user_id.company_id or self.env.company

    def _kh_get_life_today(self):
        """Return the day it is at this dealer's company."""
        return self.env["kh.grade.rule"]._get_today(self._kh_get_life_company())

    def _kh_plan_care(self):
        """Plan a care activity for the salesperson of each of these dealers, due today."""
        care_type = self._kh_get_care_type()
        model_id = self.env["ir.model"]._get_id(self._name)
        vals_list = []
        for dealer in self:
            env = self.with_context(lang=dealer.user_id.lang).env
            vals_list.append(
                {
                    "activity_type_id": care_type.id,
                    "res_model_id": model_id,
                    "res_id": dealer.id,
                    "user_id": dealer.user_id.id,
                    "date_deadline": dealer._kh_get_life_today(),
                    "summary": env._(
                        "No order since %(date)s", date=dealer.kh_last_order_date or ""
                    ),
                }
            )
        # sudo: to-dos are made for salespeople; they have rights on their dealers
        self.env["mail.activity"].sudo().create(vals_list)
        for today, dealers in self.grouped(lambda d: d._kh_get_life_today()).items():
            # sudo: a derived field
            dealers.sudo().write({"kh_care_planned_date": today})
