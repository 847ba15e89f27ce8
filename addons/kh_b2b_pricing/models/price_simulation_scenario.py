from collections import defaultdict
from dataclasses import dataclass, field

from odoo import api, fields, models
from odoo.tools import SQL

from ..engine import Owner
from ..engine.replay import Draft, Period


@dataclass
class Scenario:
    """What a scenario adds to the present rules, and what it takes away.

    :param period: when present rules may be in force
    :param is_today: whether they count as of today instead of the day of each order
    :param customer: ``{(pricelist id, dealer id): {depth: [Rule]}}`` of draft contracts; depth
        0 are the dealer's own, 1 those of the company above, and so on
    :param shared: ``{pricelist id: [(level id or False, Rule)]}``
    :param removed: ids of present rules whose place is taken
    :param changes: lines that change whatever is paid, in their order
    :param items: ``{rule id: price rule in memory}`` of level prices
    :param timeless: ids of the scenario's rules, which hold for the whole period
    :param conditions: SQL for each part, which order lines it may touch
    """

    period: Period
    is_today: bool = False
    customer: dict = field(default_factory=dict)
    shared: dict = field(default_factory=lambda: defaultdict(list))
    removed: set = field(default_factory=set)
    changes: list = field(default_factory=list)
    items: dict = field(default_factory=dict)
    timeless: set = field(default_factory=set)
    conditions: list = field(default_factory=list)


class PriceSimulation(models.Model):
    """From drafts and assumptions to rules of the engine, in memory."""

    _inherit = "kh.price.simulation"

    # === BUSINESS METHODS - SCENARIO === #

    def _prepare_scenario(self, template_ids):
        """Return the :class:`Scenario`; its rules hold for the whole period.

        :param template_ids: products that were sold; others need no price
        """
        self.ensure_one()
        now = fields.Datetime.now()
        is_today = self.rules_at == "today"
        scenario = Scenario(Period(now, now) if is_today else self._get_period(), is_today)
        self.env["product.pricelist.item"].flush_model()
        for contract in self.contract_ids:
            self._add_contract(scenario, contract, template_ids)
        for line in self.line_ids:
            if line.kind == "change":
                scenario.changes.append(line)
            else:
                rule = line._prepare_rule(now)
                scenario.shared[self.pricelist_id.id].append((line.grade_id.id, rule))
                scenario.items[rule.id] = line._new_item()
                scenario.timeless.add(rule.id)
            scenario.conditions.append(self._sql_line_condition(line))
        scenario.removed.update(self._find_replaced_rules())
        return scenario

    def _find_replaced_rules(self):
        """Return the ids of the rules whose place lines take, and of their former prices."""
        rules = self.line_ids.item_id
        # sudo: former prices of rules the user has chosen
        formers_sudo = rules.sudo().search([("kh_successor_id", "in", rules.ids)])
        return {*rules.ids, *formers_sudo.ids}

    @api.model
    def _add_contract(self, scenario, contract, template_ids):
        """Let a draft stand in for the contract in force of its dealer, branches included."""
        pricelist, start = contract.pricelist_id, contract._term_utc()[0]
        rules = [
            # As when the contract comes into force: no line starts before its term.
            rule._replace(date_start=max(rule.date_start or start, start))
            for rule in pricelist._kh_load_rules(
                (Owner.CUSTOMER,), template_ids, contract.partner_id, Draft(contract.id)
            )
        ]
        scenario.timeless.update(rule.id for rule in rules)
        # sudo: what is replaced counts whether or not the user may read it
        replaced = contract.sudo()._find_replaced()
        scenario.removed.update(self._load_item_ids(replaced))
        dealers = {contract.partner_id.id: 0}
        if contract.with_branches or any(replaced.mapped("with_branches")):
            dealers.update(self._find_branches(contract.partner_id))
        scenario.conditions.append(
            SQL("o.pricelist_id = %s AND d.id IN %s", pricelist.id, tuple(dealers))
        )
        for dealer_id, depth in dealers.items():
            if depth and not contract.with_branches:
                continue
            by_depth = scenario.customer.setdefault((pricelist.id, dealer_id), {})
            by_depth.setdefault(depth, []).extend(rules)

    @api.model
    def _load_item_ids(self, contracts):
        rows = self.env.execute_query(
            SQL(
                "SELECT id FROM product_pricelist_item WHERE kh_contract_id = ANY(%s)",
                contracts.ids,
            )
        )
        return [item_id for (item_id,) in rows]

    @api.model
    def _find_branches(self, company):
        """Return ``{dealer id: steps up to company}`` of the companies below it."""
        self.env["res.partner"].flush_model(["parent_id", "commercial_partner_id"])
        rows = self.env.execute_query(
            SQL(
                """WITH RECURSIVE below AS (
                       SELECT id, 0 AS depth FROM res_partner WHERE id = %s
                        UNION ALL
                       SELECT c.id, b.depth + 1
                         FROM res_partner c JOIN below b ON c.parent_id = b.id
                   )
                   SELECT p.id, b.depth FROM below b JOIN res_partner p ON p.id = b.id
                    WHERE b.depth > 0 AND p.commercial_partner_id = p.id""",
                company.id,
            )
        )
        return dict(rows)

    def _sql_line_condition(self, line):
        """Return which order lines a level price or a change may touch."""
        conditions = [SQL("o.pricelist_id = %s", self.pricelist_id.id)]
        # Where a rule is replaced, whoever had it is touched, and so is what it priced.
        grades = [line.grade_id.id, line.item_id.kh_grade_id.id] if line.item_id else []
        grades = grades or [line.grade_id.id]
        if all(grades):
            conditions.append(SQL("d.grade_id IN %s", tuple(set(grades))))
        if line.partner_category_id:
            conditions.append(SQL("d.id IN %s", self._sql_tagged(line.partner_category_id)))
        if not line.item_id:
            conditions += self._sql_product_conditions(line)
        return SQL("(%s)", SQL(" AND ").join(conditions))

    @api.model
    def _sql_tagged(self, category):
        # sudo: which dealers carry the tag; data rights are part of the source
        dealers_sudo = self.env["res.partner"].sudo().with_context(active_test=False)
        return dealers_sudo._search([("category_id", "in", category.ids)]).subselect()

    @api.model
    def _sql_product_conditions(self, line):
        if line.product_tmpl_id:
            return [SQL("t.id = %s", line.product_tmpl_id.id)]
        if line.categ_id:
            # sudo: the tree of categories is everybody's
            categories = self.env["product.category"].sudo()
            below = categories._search([("id", "child_of", line.categ_id.id)])
            return [SQL("t.categ_id IN %s", below.subselect())]
        return []
