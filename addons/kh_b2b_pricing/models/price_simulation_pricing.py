from typing import NamedTuple

from odoo.tools import float_round

from ..engine import MARKET
from ..engine.replay import choose

#: Bases that depend on the product alone.
PRODUCT_BASES = ("list_price", "standard_price")

#: Prices of ratios remembered at a time; all are asked again when there are more.
MAX_PRICES = 200_000
#: Taxes whose part of a price is the same at every price.
LINEAR_TAXES = ("percent", "division", "group")
#: An amount large enough that the part of taxes in it is exact to eight digits.
LARGE = 1_000_000.0


class Nature(NamedTuple):
    """What the price of a rule depends on.

    ``is_market_ratio``: on the market price; ``is_of_product``: on the product alone.
    """

    is_market_ratio: bool
    is_of_product: bool


class Pricing:
    """Prices and amounts of one replay: asks records once for each distinct case.

    :param simulation: the scenario, as superuser and in its company
    :param scenario: what `_prepare_scenario` gave
    :param dealer_ids: all dealers who bought in the period
    :param dict facts: ``{product id: Facts}`` of all products sold in it
    """

    def __init__(self, simulation, scenario, dealer_ids, facts):
        self.env = simulation.env
        self._company = simulation.company_id
        self._currency = simulation.company_id.currency_id
        self._scenario = scenario
        self._pricelist_id = simulation.pricelist_id.id
        products = self.env["product.product"].browse(facts)
        self.facts = facts
        self.template_ids = list({facts.template_id for facts in self.facts.values()})
        self._products = {product.id: product for product in products}
        dealers = self.env["res.partner"].browse(dealer_ids)
        self._dealers = {dealer.id: dealer for dealer in dealers}
        self._digits = self.env["decimal.precision"].precision_get("Product Price")
        items = self.env["product.pricelist.item"]
        self._has_market_prices = any(
            not level_id for rules in scenario.shared.values() for level_id, _rule in rules
        )
        self._has_shown_discounts = items._is_discount_feature_enabled()
        self._records, self._prices, self._untaxed, self._shelf = {}, {}, {}, (None, None)
        self._natures = {}

    # What a replay asks for

    def pricelist(self, pricelist_id):
        return self._record("product.pricelist", pricelist_id)

    def dealer(self, dealer_id):
        return self._dealers[dealer_id]

    def expect(self, rules):
        """Read the records of these rules together, once one of them is asked for its price."""
        item_ids = [rule.id for rule in rules if rule.id not in self._scenario.items]
        for item in self.env["product.pricelist.item"].browse(item_ids):
            self._records.setdefault(("product.pricelist.item", item.id), item)

    def shelf(self, key, make):
        """Return the rules of one pricelist and level; only one is kept at a time."""
        if self._shelf[0] != key:
            self._shelf = (key, make())
        return self._shelf[1]

    def moment(self, sold):
        """Return when present rules must be in force for a line."""
        return self._scenario.period.end if self._scenario.is_today else sold.moment

    def pieces(self, sold, facts):
        """Return the quantity in the product's unit, as the engine converts it."""
        quantity = sold.quantity or 1.0
        if sold.uom_id == facts.uom_id:
            return quantity
        uom = self._record("uom.uom", sold.uom_id)
        return self.env["product.pricelist"]._kh_product_quantity(facts, quantity, uom)

    def change_rate(self, pricelist, dealer, facts):
        """Return the fraction by which the first change that applies alters a price, or 0."""
        if pricelist.id != self._pricelist_id:
            return 0.0
        for line in self._scenario.changes:
            if line.grade_id and line.grade_id.id != dealer.grade_id.id:
                continue
            if line.partner_category_id and line.partner_category_id not in dealer.category_id:
                continue
            if line.product_tmpl_id and line.product_tmpl_id.id != facts.template_id:
                continue
            if line.categ_id and line.categ_id.id not in facts.category_ids:
                continue
            return line.change_rate
        return 0.0

    def rounded(self, price):
        return float_round(price, precision_digits=self._digits)

    # Prices

    def price(self, rule, sold, pieces, is_scenario):
        """Return the price of a line by ``rule``, per unit of the line, as the engine gives it.

        :param float pieces: quantity in the product's unit
        :param bool is_scenario: whose market price counts for a ratio of it
        """
        if rule and rule.is_fixed:
            return self._fixed_price(rule, sold)
        if self._is_market_ratio(rule):
            return self._market_ratio(rule, sold, pieces, is_scenario)
        key = self._price_key(rule, sold)
        price = self._prices.get(key)
        if price is None:
            if len(self._prices) > MAX_PRICES:
                self._prices.clear()
            price = self._prices[key] = self._ask_record(rule, sold)
        return price

    def _fixed_price(self, rule, sold):
        product_uom_id = self.facts[sold.product_id].uom_id
        if sold.uom_id == product_uom_id:
            return rule.fixed_price
        sold_uom = self._record("uom.uom", sold.uom_id)
        if rule.uom_id:
            return self._record("uom.uom", rule.uom_id)._compute_price(rule.uom_price, sold_uom)
        product_uom = self._record("uom.uom", product_uom_id)
        return product_uom._compute_price(rule.fixed_price, sold_uom)

    def _price_key(self, rule, sold):
        """Name the case: quantity and day count only where the price depends on them."""
        rule_id = rule.id if rule else 0
        key = (rule_id, sold.product_id, sold.uom_id, sold.currency_id)
        if rule and not self._nature(rule_id).is_of_product:
            return (*key, sold.quantity, self.moment(sold))
        if sold.currency_id != self._currency.id:
            return (*key, self.moment(sold).date())
        return key

    def _ask_record(self, rule, sold):
        items = self.env["product.pricelist.item"]
        item = self._item(rule.id) if rule else items
        return item._compute_price(
            self._products[sold.product_id],
            sold.quantity or 1.0,
            self._record("uom.uom", sold.uom_id),
            date=self.moment(sold),
            currency=self._record("res.currency", sold.currency_id),
            kh_partner=self.dealer(sold.dealer_id),
        )

    def _item(self, rule_id):
        return self._scenario.items.get(rule_id) or self._record("product.pricelist.item", rule_id)

    def _nature(self, rule_id):
        """Return what a price of this rule depends on; read once, asked for every line."""
        nature = self._natures.get(rule_id)
        if nature is None:
            item = self._item(rule_id)
            is_market = item.base == MARKET and item.compute_price == "percentage"
            nature = self._natures[rule_id] = Nature(is_market, item.base in PRODUCT_BASES)
        return nature

    def _is_market_ratio(self, rule):
        return bool(rule) and self._nature(rule.id).is_market_ratio

    def is_relative(self, rule):
        """Say whether the scenario may change the price although the rule stays."""
        return self._has_market_prices and bool(
            rule and not rule.is_fixed and self._is_market_ratio(rule)
        )

    def _market_ratio(self, rule, sold, pieces, is_scenario):
        """Take a ratio of the market price: the one the scenario makes, in the scenario."""
        item = self._item(rule.id)
        shelf = self._shelf[1]
        options = shelf.market_options(self.facts[sold.product_id])[int(is_scenario)]
        market_rule = choose(options, pieces, self.moment(sold))
        own = item.pricelist_id.currency_id
        in_own = sold._replace(currency_id=own.id)
        base = self.price(market_rule, in_own, pieces, is_scenario)
        if own.id != sold.currency_id:
            currency = self._record("res.currency", sold.currency_id)
            base = own._convert(base, currency, self._company, self.moment(sold), round=False)
        return self.rounded(base - base * (item.percent_price / 100))

    def is_shown(self, rule):
        """Say whether the discount on a line is that of ``rule``, not one given besides."""
        return bool(rule and self._has_shown_discounts and self._item(rule.id)._show_discount())

    # Amounts

    def amount(self, sold, price, discount):
        """Return what a line would have come to, untaxed, in company currency."""
        unit_price = price * (1 - discount / 100)
        currency = self._record("res.currency", sold.currency_id)
        if sold.tax_ids:
            untaxed = self._without_taxes(sold, unit_price, currency)
        else:
            untaxed = sold.quantity * unit_price
        untaxed = float_round(untaxed, precision_rounding=currency.rounding)
        return float_round(untaxed / sold.rate, precision_rounding=self._currency.rounding)

    def _without_taxes(self, sold, unit_price, currency):
        """Take the taxes that are part of the price out of it."""
        taxes = self.env["account.tax"].browse(sold.tax_ids)
        if sold.tax_ids not in self._untaxed:
            is_linear = set(taxes.flatten_taxes_hierarchy().mapped("amount_type")) <= {
                *LINEAR_TAXES
            }
            share = taxes.compute_all(LARGE, currency=currency)["total_excluded"] / LARGE
            self._untaxed[sold.tax_ids] = share if is_linear else None
        share = self._untaxed[sold.tax_ids]
        if share is not None:
            return sold.quantity * unit_price * share
        product = self._products[sold.product_id]
        answer = taxes.compute_all(unit_price, currency, sold.quantity, product=product)
        return answer["total_excluded"]

    def _record(self, model, record_id):
        """Return a record, the same one each time: its fields are read once."""
        key = (model, record_id)
        if key not in self._records:
            self._records[key] = self.env[model].browse(record_id)
        return self._records[key]
