from collections import defaultdict

from odoo import models
from odoo.tools import SQL

from ..engine import Draft, Option, Owner, Period, RuleBook


class ProductPricelist(models.Model):
    _inherit = "product.pricelist"

    # === BUSINESS METHODS - REPLAY === #

    def _kh_sql_valid(self, date):
        """Extend for a :class:`Period`: rules in force at some moment of it; for a
        :class:`Draft`: the rules of one contract, whether in force or not.
        """
        if isinstance(date, Draft):
            return SQL("kh_contract_id = %s", date.contract_id)
        if not isinstance(date, Period):
            return super()._kh_sql_valid(date)
        company = SQL()
        # sudo: only whether the pricelist is shared; then rules of other companies don't count
        if not self.sudo().company_id:
            company = SQL("AND (company_id IS NULL OR company_id = %s)", self.env.company.id)
        return SQL(
            "pricelist_id = %s AND kh_is_pending IS NOT TRUE"
            " AND (date_start IS NULL OR date_start <= %s)"
            " AND (date_end IS NULL OR date_end >= %s) %s",
            self.id,
            date.end,
            date.start,
            company,
        )

    def _kh_load_options(self, owners, template_ids, partner, period):
        """Fetch the rules of a period, and when those that end do so.

        :return: ``([Rule], {rule id: last moment})``
        """
        rules = self._kh_load_rules(owners, template_ids, partner, period)
        ends = self.env.execute_query(
            SQL(
                "SELECT id, date_end FROM product_pricelist_item"
                " WHERE id = ANY(%s) AND date_end IS NOT NULL",
                [rule.id for rule in rules],
            )
        )
        return rules, dict(ends)


class Shelf:
    """Level and market rules of one pricelist and level, for all products of a replay."""

    def __init__(self, pricelist, dealer, template_ids, scenario):
        owners = (Owner.LEVEL, Owner.MARKET)
        rules, ends = pricelist._kh_load_options(owners, template_ids, dealer, scenario.period)
        grade_id = dealer.grade_id.id
        added = [
            rule
            for level_id, rule in scenario.shared.get(pricelist.id, ())
            if level_id in (False, grade_id)
        ]
        kept = [rule for rule in rules if rule.id not in scenario.removed]
        self._ends, self._timeless = ends, scenario.timeless
        self._books = (RuleBook(rules), RuleBook(kept + added))
        self._options, self._markets = {}, {}

    def options(self, facts):
        """Return :class:`Option` of a product under present rules and in the scenario."""
        found = self._options.get(facts.key)
        if found is None:
            owners = (Owner.LEVEL, Owner.MARKET)
            found = self._options[facts.key] = self._ask(facts, owners)
        return found

    def market_options(self, facts):
        """Return the same for nobody in particular."""
        found = self._markets.get(facts.key)
        if found is None:
            found = self._markets[facts.key] = self._ask(facts, (Owner.MARKET,))
        return found

    def _ask(self, facts, owners):
        return tuple(
            as_options(book.candidates(facts, owners), self._ends, self._timeless)
            for book in self._books
        )


class DealerRules:
    """The rules of one dealer, and what draft contracts make of them."""

    def __init__(self, pricelist, dealer, template_ids, scenario):
        self.pricelist, self.dealer = pricelist, dealer
        rules, self._ends = pricelist._kh_load_options(
            (Owner.CUSTOMER,), template_ids, dealer, scenario.period
        )
        self._timeless = scenario.timeless
        drafts = scenario.customer.get((pricelist.id, dealer.id), {})
        kept = [rule for rule in rules if rule.id not in scenario.removed]
        self.is_touched = bool(drafts) or len(kept) != len(rules)
        self._present = as_books(rules, {})
        self._scenario = as_books(kept, drafts)
        everything = [*rules, *(rule for added in drafts.values() for rule in added)]
        self.ratios = [rule for rule in everything if not rule.is_fixed]

    def options(self, facts):
        """Return :class:`Option` of a product under present rules and in the scenario."""
        present = self._ask(self._present, facts)
        return present, self._ask(self._scenario, facts) if self.is_touched else present

    def _ask(self, books, facts):
        rules = [rule for book in books for rule in book.candidates(facts, (Owner.CUSTOMER,))]
        return as_options(rules, self._ends, self._timeless)


def as_books(rules, drafts):
    """Return the rules of one dealer, a book for each distance of their owner, nearest first.

    Own prices stand before those of the company above; inside one distance drafts are ranked
    among the others.
    """
    layers = defaultdict(list)
    for rule in rules:
        depth = getattr(rule, "depth", 0)
        layers[depth].append(rule._replace(depth=0) if depth else rule)
    for depth, added in drafts.items():
        layers[depth] += added
    return [RuleBook(layers[depth]) for depth in sorted(layers)]


def as_options(rules, ends, timeless):
    """Return rules with the time they are in force; those of a scenario always are."""
    return [
        Option(rule, None, None)
        if rule.id in timeless
        else Option(rule, rule.date_start, ends.get(rule.id))
        for rule in rules
    ]
