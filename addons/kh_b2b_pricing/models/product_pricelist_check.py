from odoo import fields, models
from odoo.exceptions import AccessError
from odoo.tools import SQL

from ..engine import Candidate, find_dead_rules

BATCH = 10_000
# Rules alone with their target and fit for use cannot be dead: of a million plain rules the
# database returns none.
CANDIDATES = """
WITH category AS MATERIALIZED (
    SELECT c.id, EXISTS (
               SELECT FROM product_category below
                 JOIN product_template t ON t.categ_id = below.id
                WHERE t.active AND below.parent_path LIKE c.parent_path || '%%'
           ) AS is_used
      FROM product_category c
), rule AS (
    SELECT i.kh_partner_id AS partner_id, i.kh_grade_id AS grade_id,
           i.product_tmpl_id AS template_id, i.categ_id AS category_id, i.id,
           ascii(i.applied_on) - 48 AS scope, i.product_id,
           COALESCE(i.min_quantity, 0)::float8 AS minimum,
           %(start)s AS date_start, %(end)s AS date_end,
           i.kh_with_branches IS TRUE AS with_branches,
           COALESCE(i.company_id, 0) AS company_id
      FROM product_pricelist_item i
     WHERE i.pricelist_id = %(pricelist)s AND %(in_force)s
), counted AS (
    SELECT rule.*,
           count(*) OVER (PARTITION BY partner_id, grade_id, template_id, category_id,
                                       scope, product_id, minimum) AS twins,
           count(*) FILTER (WHERE scope = 0) OVER family AS of_variants,
           count(*) FILTER (WHERE scope = 1) OVER family AS of_templates
      FROM rule
    WINDOW family AS (PARTITION BY partner_id, grade_id, template_id, category_id)
), judged AS (
    SELECT r.*,
           CASE r.scope WHEN 0 THEN p.active AND t.active WHEN 1 THEN t.active
                        ELSE TRUE END AS is_alive,
           c.is_used IS FALSE AS is_empty
      FROM counted r
 LEFT JOIN product_product p ON p.id = r.product_id
 LEFT JOIN product_template t ON t.id = r.template_id
 LEFT JOIN category c ON c.id = r.category_id
)
SELECT partner_id, grade_id, template_id, category_id, id, scope,
       CASE scope WHEN 0 THEN product_id WHEN 1 THEN template_id
                  WHEN 2 THEN category_id ELSE 0 END,
       minimum, date_start, date_end, with_branches, company_id,
       CASE WHEN scope = 1 AND of_variants > 0 THEN (
           SELECT array_agg(v.id ORDER BY v.id) FROM product_product v
            WHERE v.product_tmpl_id = template_id AND v.active AND NOT EXISTS (
                SELECT FROM product_template_attribute_line line
                  JOIN product_attribute attribute ON attribute.id = line.attribute_id
                 WHERE line.product_tmpl_id = template_id AND line.active
                   AND attribute.create_variant = 'dynamic')) END,
       NOT is_alive, is_empty
  FROM judged
 WHERE twins > 1 OR (of_variants > 0 AND of_templates > 0) OR NOT is_alive OR is_empty
       OR date_end < %(now)s
 ORDER BY partner_id, grade_id, template_id, category_id
"""


class ProductPricelist(models.Model):
    """Rules that can never win (永不生效的价格规则)."""

    _inherit = "product.pricelist"

    # === ACTION METHODS === #

    def action_check_kh_rules(self):
        """Open the list of rules that can never win, each with the reason."""
        self.ensure_one()
        return self._kh_open_rule_check()

    # === BUSINESS METHODS === #

    def _kh_open_rule_check(self, contract=None):
        """Check the rules of the pricelist, or the lines of one contract, and show the result.

        :raise AccessError: for users who are not responsible for prices
        """
        self.check_access("read")
        if not self.env.user.has_group("kh_b2b_pricing.group_b2b_price_manager"):
            raise AccessError(self.env._("Only a price manager may check all price rules."))
        check = self.env["kh.price.rule.check"]._create_for(self, contract)
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("Rules that can never win"),
            "res_model": "kh.price.rule.check",
            "res_id": check.id,
            "view_mode": "form",
            "target": "current",
        }

    def _kh_find_dead_rules(self, contract=None):
        """Find rules that can never win from now on, in n log n.

        :param contract: kh.price.contract; only its lines are reported, as if it were in
            force for its term
        :return: list of :class:`DeadRule`; rules of other contracts that are not in force
            neither count nor are reported
        Reads past record rules: callers show what their user may read.
        """
        self.ensure_one()
        self.env.flush_all()
        wanted = set()
        if contract:
            # sudo: see below
            lines = self.env["product.pricelist.item"].sudo()
            wanted = set(lines._search([("kh_contract_id", "=", contract.id)]))
        self.env.cr.execute(self._kh_sql_check(contract))
        dead = find_dead_rules(self._kh_fetch_candidates(), fields.Datetime.now())
        return [one for one in dead if not contract or one.id in wanted]

    def _kh_fetch_candidates(self):
        """Yield the rows of the running query as :class:`Candidate`."""
        while rows := self.env.cr.fetchmany(BATCH):
            for partner, grade, template, category, rule_id, *values in rows:
                candidate = Candidate(rule_id, (partner, grade, template, category), *values)
                yield candidate._replace(variant_ids=tuple(candidate.variant_ids or ()))

    def _kh_sql_check(self, contract):
        """Select rules that may be dead, those of one family together."""
        # A contract that has ended is history, and so are former prices; they are no faults.
        in_force = SQL(
            """i.kh_is_pending IS NOT TRUE AND i.kh_is_past IS NOT TRUE
               AND (i.kh_contract_id IS NULL OR i.kh_contract_id IN (
                   SELECT id FROM kh_price_contract WHERE state = 'active'))"""
        )
        start, end = SQL("i.date_start"), SQL("i.date_end")
        if contract:
            first, last = contract._term_utc()
            mine = SQL("i.kh_contract_id = %s", contract.id)
            # The contract that it replaces will be over.
            in_force = SQL(
                "(%s OR %s AND i.kh_contract_id IS DISTINCT FROM %s)",
                mine,
                in_force,
                contract.supersedes_id.id or 0,
            )
            start = SQL("CASE WHEN %s THEN GREATEST(%s, %s) ELSE %s END", mine, start, first, start)
            end = SQL("CASE WHEN %s THEN LEAST(%s, %s) ELSE %s END", mine, end, last, end)
        return SQL(
            CANDIDATES,
            pricelist=self.id,
            in_force=in_force,
            start=start,
            end=end,
            now=fields.Datetime.now(),
        )


class PriceContract(models.Model):
    _inherit = "kh.price.contract"

    def action_check_kh_rules(self):
        """Open the list of lines of this contract that can never win, each with the reason."""
        self.ensure_one()
        self.check_access("read")
        return self.pricelist_id._kh_open_rule_check(self)
