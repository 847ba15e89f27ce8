from collections import defaultdict

from ..engine import Owner, RuleBook
from ..engine.replay import Option


class Shelf:
    """Level and market rules of one pricelist and level, for all products of a replay."""

    def __init__(self, pricelist, dealer, template_ids, scenario):
        owners = (Owner.LEVEL, Owner.MARKET)
        rules, terms = pricelist._kh_load_options(owners, template_ids, dealer, scenario.period)
        grade_id = dealer.grade_id.id
        added = [
            rule
            for level_id, rule in scenario.shared.get(pricelist.id, ())
            if level_id in (False, grade_id)
        ]
        kept = [rule for rule in rules if rule.id not in scenario.removed]
        self._terms, self._timeless = terms, scenario.timeless
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
            as_options(book.candidates(facts, owners), self._terms, self._timeless)
            for book in self._books
        )


class DealerRules:
    """The rules of one dealer, and what draft contracts make of them."""

    def __init__(self, pricelist, dealer, template_ids, scenario):
        self.pricelist, self.dealer = pricelist, dealer
        rules, self._terms = pricelist._kh_load_options(
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
        return as_options(rules, self._terms, self._timeless)


def as_books(rules, drafts):
    """Return the rules of one dealer, a book for each distance of their owner, nearest first.

    Own prices stand before those of the company above; inside one distance drafts are ranked
    among the others.
    """
    layers = defaultdict(list)
    for rule in rules:
        depth = rule.depth
        layers[depth].append(rule._replace(depth=0) if depth else rule)
    for depth, added in drafts.items():
        layers[depth] += added
    return [RuleBook(layers[depth]) for depth in sorted(layers)]


def as_options(rules, terms, timeless):
    """Return rules with the time they are in force; those of a scenario always are."""
    return [
        Option(rule, None, None)
        if rule.id in timeless
        else Option(rule, *terms.get(rule.id, (rule.date_start, None)))
        for rule in rules
    ]
