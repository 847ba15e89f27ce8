from typing import NamedTuple

import pytz

from odoo import api, fields, models
from odoo.tools import SQL

from ..engine import grade_rules

BATCH = 200


class Change(NamedTuple):
    """One dealer whose level the rules would change, with the evidence."""

    partner_id: int
    company_id: int
    old_grade_id: int
    new_grade_id: int
    kind: str
    rule_id: int
    turnover: float
    orders: int


class GradeRule(models.Model):
    """The figures behind the level rules: all dealers of a company in two queries.

    Turnover is what was invoiced (posted, credit notes subtracted, by invoice date) or
    ordered (confirmed, by order date), without tax, in the currency of the company, of the
    dealer and all its addresses. Orders are confirmed ones. The period ends on the day asked
    for. A dealer who is not of one company follows the rules of the company that admitted it,
    else of the first company that has rules, so that no two companies pull at one level.
    """

    _inherit = "kh.grade.rule"

    # === BUSINESS METHODS === #
    @api.model
    def _get_changes(self, company, day=None):
        """Return the changes of levels that the rules of `company` ask for.

        :param day: the last day that counts, as a date; default: today at the company
        :rtype: list[Change]
        """
        # sudo: rules, documents and the log are read for whoever may run the preview
        rules = self.sudo().search([("company_id", "=", company.id)])
        if not rules:
            return []
        day = day or self._get_today(company)
        figures = rules._get_figures(company, day)
        changes = []
        for partner_id, grade_id, granted_on in rules._get_dealers(company):
            change = rules._get_change(
                partner_id, grade_id or 0, granted_on, figures.get(partner_id, {}), day
            )
            if change:
                changes.append(change)
        return changes

    def _get_change(self, partner_id, grade_id, granted_on, figures, day):
        """Return the `Change` of one dealer under the rules `self`, or None."""
        figures = {rule.id: figures.get(rule.id) or rule._get_no_figures() for rule in self}
        engine_rules = [grade_rules.Rule(r.id, r.grade_id.id, r.is_demoted) for r in self]
        present = self.filtered(lambda r: r.grade_id.id == grade_id)
        limit = fields.Date.subtract(day, months=present.grace_months) if present else day
        is_in_grace = bool(granted_on) and granted_on.date() > limit
        proposal = grade_rules.propose(engine_rules, figures, grade_id, is_in_grace)
        if not proposal:
            return None
        evidence = figures[proposal.rule_id]
        return Change(
            partner_id, self.company_id.id, grade_id, proposal.grade_id, proposal.kind,
            proposal.rule_id, evidence.turnover, evidence.orders,
        )  # fmt: skip

    def _get_no_figures(self):
        is_met = not self.turnover_min and not self.order_count_min
        return grade_rules.Figures(is_met, is_met, 0.0, 0)

    @api.model
    def _get_timezone(self, company):
        return company.partner_id.tz or "UTC"

    @api.model
    def _get_today(self, company):
        zone = pytz.timezone(self._get_timezone(company))
        return pytz.utc.localize(fields.Datetime.now()).astimezone(zone).date()

    # === BUSINESS METHODS - SQL === #
    def _get_dealers(self, company):
        """Return `(partner id, level id, when the level was last granted)` of all dealers."""
        self.env["res.partner"].flush_model(
            ["active", "company_id", "grade_id", "kh_grade_locked", "kh_is_dealer"]
        )
        self.env["kh.member.grant"].flush_model(["partner_id", "what", "date"])
        self.env["kh.member.application"].flush_model(["partner_id", "state", "company_id"])
        self.flush_model(["company_id", "active"])
        return self.env.execute_query(
            SQL(
                """
                SELECT p.id, p.grade_id, granted.date
                  FROM res_partner p
             LEFT JOIN (SELECT partner_id, MAX(date) AS date
                          FROM kh_member_grant
                         WHERE what = 'grade_id'
                      GROUP BY partner_id) granted ON granted.partner_id = p.id
             LEFT JOIN (SELECT DISTINCT ON (partner_id) partner_id, company_id
                          FROM kh_member_application
                         WHERE state = 'approved' AND partner_id IS NOT NULL
                      ORDER BY partner_id, id DESC) admitted ON admitted.partner_id = p.id
                 WHERE p.kh_is_dealer AND p.active AND p.kh_grade_locked IS NOT TRUE
                   AND COALESCE(p.company_id, admitted.company_id,
                                (SELECT MIN(company_id) FROM kh_grade_rule WHERE active)
                               ) = %s
              ORDER BY p.id
                """,
                company.id,
            )
        )

    def _get_figures(self, company, day):
        """Return what the dealers did, `{partner id: {rule id: Figures}}`.

        The time is cut into months that end on the day of `day`; a period is a row of them.
        """
        self._flush_figures()
        length = max(rule.months + rule.grace_months for rule in self)
        bounds = [
            fields.Date.add(fields.Date.subtract(day, months=length - i), days=1)
            for i in range(length + 1)
        ]
        rows = self.env.execute_query(
            SQL(
                """
                WITH %(documents)s,
                bucket AS (
                    SELECT dealer, width_bucket(day, %(bounds)s::date[]) AS month,
                           SUM(invoiced) AS invoiced, SUM(ordered) AS ordered, SUM(orders) AS orders
                      FROM document
                  GROUP BY 1, 2
                ),
                period (rule_id, point, first, last, is_order, turnover_min, order_count_min)
                    AS (VALUES %(periods)s),
                sums AS (
                    SELECT b.dealer, p.rule_id, p.point, p.turnover_min, p.order_count_min,
                           SUM(CASE WHEN p.is_order THEN b.ordered ELSE b.invoiced END) AS turnover,
                           SUM(b.orders) AS orders
                      FROM bucket b
                      JOIN period p ON b.month BETWEEN p.first AND p.last
                  GROUP BY 1, 2, 3, 4, 5
                ),
                judged AS (
                    SELECT *, (turnover_min = 0 OR turnover >= turnover_min)
                          AND (order_count_min = 0 OR orders >= order_count_min) AS is_met
                      FROM sums
                )
                SELECT dealer, rule_id,
                       COALESCE(BOOL_OR(is_met) FILTER (WHERE point = 0), FALSE),
                       BOOL_OR(is_met),
                       COALESCE(MAX(turnover) FILTER (WHERE point = 0), 0)::float8,
                       COALESCE(MAX(orders) FILTER (WHERE point = 0), 0)::int
                  FROM judged
              GROUP BY dealer, rule_id
                """,
                documents=self._get_documents_sql(company, bounds),
                bounds=bounds,
                periods=SQL(", ").join(self._get_periods_sql(length)),
            )
        )
        figures = {}
        for dealer, rule_id, *values in rows:
            figures.setdefault(dealer, {})[rule_id] = grade_rules.Figures(*values)
        return figures

    def _flush_figures(self):
        self.env["account.move"].flush_model(
            ["amount_untaxed_signed", "commercial_partner_id", "company_id", "invoice_date",
             "move_type", "state"]
        )  # fmt: skip
        self.env["sale.order"].flush_model(
            ["amount_untaxed", "company_id", "currency_rate", "date_order", "partner_id", "state"]
        )
        self.env["res.partner"].flush_model(["commercial_partner_id", "kh_is_dealer"])

    def _get_periods_sql(self, length):
        """Return one row for each rule and date looked at: today and the months of grace."""
        return [
            SQL(
                "(%s, %s, %s, %s, %s, %s::numeric, %s)",
                rule.id,
                point,
                length + 1 - point - rule.months,
                length - point,
                rule.basis == "order",
                rule.turnover_min,
                rule.order_count_min,
            )
            for rule in self
            for point in range(rule.grace_months + 1)
        ]

    def _get_documents_sql(self, company, bounds):
        """Return the documents of all dealers between the outer bounds, as a WITH query."""
        return SQL(
            """
            document AS (
                SELECT m.commercial_partner_id AS dealer, m.invoice_date AS day,
                       m.amount_untaxed_signed AS invoiced, 0::numeric AS ordered, 0 AS orders
                  FROM account_move m
                  JOIN res_partner d ON d.id = m.commercial_partner_id AND d.kh_is_dealer
                 WHERE m.company_id = %(company)s AND m.state = 'posted'
                   AND m.move_type IN ('out_invoice', 'out_refund')
                   AND m.invoice_date >= %(first)s AND m.invoice_date < %(end)s
             UNION ALL
                SELECT d.id, local.day, 0,
                       o.amount_untaxed / COALESCE(NULLIF(o.currency_rate, 0), 1)::numeric, 1
                  FROM sale_order o
                  JOIN res_partner p ON p.id = o.partner_id
                  JOIN res_partner d ON d.id = p.commercial_partner_id AND d.kh_is_dealer
            CROSS JOIN LATERAL (
                       SELECT (o.date_order AT TIME ZONE 'UTC' AT TIME ZONE %(zone)s)::date AS day
                       ) local
                 WHERE o.company_id = %(company)s AND o.state = 'sale'
                   AND local.day >= %(first)s AND local.day < %(end)s
            )
            """,
            company=company.id,
            zone=self._get_timezone(company),
            first=bounds[0],
            end=bounds[-1],
        )

    # === BUSINESS METHODS - APPLY === #
    @api.model
    def _apply_changes(self, changes):
        """Give the dealers their new levels; those changed meanwhile are left alone.

        One write for each company and level, logged with the evidence.

        :param list changes: `Change` tuples
        :return: how many levels were changed
        :rtype: int
        """
        # sudo: the rules decide; whoever applies them need not have rights on customers
        partners_sudo = self.env["res.partner"].sudo()
        partners_sudo = partners_sudo.browse([c.partner_id for c in changes]).exists()
        present = {partner.id: partner.grade_id.id or 0 for partner in partners_sudo}
        groups = {}
        for change in changes:
            if present.get(change.partner_id) == change.old_grade_id:
                key = (change.company_id, change.new_grade_id)
                groups.setdefault(key, {})[change.partner_id] = change
        evidence = self._get_evidence([c for group in groups.values() for c in group.values()])
        for (company_id, grade_id), group in groups.items():
            dealers = partners_sudo.browse(group)._kh_with_grant_source("rule", evidence)
            dealers.with_company(company_id).write({"grade_id": grade_id})
        return sum(len(group) for group in groups.values())

    @api.model
    def _get_evidence(self, changes):
        """Return why each dealer's level changes, as text by partner id."""
        # sudo: see _get_changes
        rules = self.sudo().browse({change.rule_id for change in changes})
        by_id = {rule.id: rule for rule in rules}
        texts = {}
        for change in changes:
            rule = by_id[change.rule_id]
            texts[change.partner_id] = self.env._(
                "%(months)s months: turnover %(turnover)s (%(grade)s from %(minimum)s), "
                "%(orders)s order(s) (from %(count)s)",
                months=rule.months,
                turnover=rule.currency_id.format(change.turnover),
                grade=rule.grade_id.name,
                minimum=rule.currency_id.format(rule.turnover_min),
                orders=change.orders,
                count=rule.order_count_min,
            )
        return texts

    # === CRON === #
    @api.model
    def _cron_apply_grade_rules(self):
        """Apply the rules of all companies (scheduled action, off until switched on)."""
        groups = self._read_group([], ["company_id"])
        todo = [change for (company,) in groups for change in self._get_changes(company)]
        for start in range(0, len(todo), BATCH):
            batch = todo[start : start + BATCH]
            self._apply_changes(batch)
            left = len(todo) - start - len(batch)
            if not self.env["ir.cron"]._commit_progress(len(batch), remaining=left):
                break
