"""What a winning rule comes to: plain arithmetic over facts, step by step as in Odoo.

Fixed prices and ratios of the sales price, of the cost and of the market price are
answered here; everything else (formulas, other pricelists) is left to the rule's record.
"""

LIST_PRICE = "list_price"
COST = "standard_price"
#: what the same pricelist gives to nobody in particular: its market rules, or the sales price
MARKET = "kh_market"


class Calculator:
    """Prices the winners of one call: one currency, one date, one unit.

    :param int currency_id: currency of the answers
    :param int own_currency_id: currency of the pricelist
    :param shared_currency_id: ``f(base) -> currency id`` of sales price and cost of products
        that belong to no company
    :param rate: ``f(from currency id, to currency id) -> factor``
    :param int uom_id: unit asked for, ``None``: each product's own
    :param per_unit: ``f(unit id, amount per that unit) -> amount per unit asked for``, or
        ``None`` where all prices are per unit of the product
    :param cost: ``f(Facts) -> cost per product unit`` where the facts do not tell it, or
        ``None`` where only the record can
    :param rounded: ``f(amount) -> amount`` in the precision of prices
    """

    def __init__(
        self,
        *,
        currency_id,
        own_currency_id,
        shared_currency_id,
        rate,
        uom_id,
        per_unit,
        cost,
        rounded,
    ):
        self._currency_id = currency_id
        self._own_currency_id = own_currency_id
        self._shared_currency_id = shared_currency_id
        self._rate = rate
        self._uom_id = uom_id
        self._per_unit = per_unit
        self._cost = cost
        self._rounded = rounded

    def price(self, facts, rule, market_rule=None):
        """Price ``facts`` by ``rule`` (``None``: no rule wins, the sales price).

        A fixed price is a number in the pricelist's currency and is not converted,
        whatever currency was asked for, as in Odoo. Where it was agreed per another unit than
        the product's, it is that price which is converted, so that no cent is lost.

        :param market_rule: winner for nobody in particular at the same quantity; read for
            ratios of the market price only
        :return: price per unit asked for, or ``None`` where only the record can tell
        """
        return self._price_in(self._currency_id, facts, rule, market_rule)

    def _price_in(self, currency_id, facts, rule, market_rule):
        if rule is None:
            return self._sales_price(currency_id, facts)
        if rule.is_fixed:
            return self._fixed_price(facts, rule)
        base = self._base(currency_id, facts, rule.base, market_rule)
        if base is None:
            return None
        return self._rounded(base - base * (rule.percent / 100))

    def _fixed_price(self, facts, rule):
        if self._per_unit and rule.uom_id and self._uom_id != facts.uom_id:
            return self._per_unit(rule.uom_id, rule.uom_price)
        return self._convert_unit(facts, rule.fixed_price)

    def _sales_price(self, currency_id, facts):
        amount = self._convert_unit(facts, facts.list_price)
        source_id = facts.currency_id or self._shared_currency_id(LIST_PRICE)
        return self._exchange(amount, source_id, currency_id)

    def _base(self, currency_id, facts, base, market_rule):
        if base == LIST_PRICE:
            return self._sales_price(currency_id, facts)
        if base == COST:
            cost = self._cost(facts) if facts.cost is None else facts.cost
            if cost is None:
                return None
            amount = self._convert_unit(facts, cost)
            source_id = facts.currency_id or self._shared_currency_id(COST)
            return self._exchange(amount, source_id, currency_id)
        if base == MARKET:
            amount = self._price_in(self._own_currency_id, facts, market_rule, None)
            if amount is not None:
                return self._exchange(amount, self._own_currency_id, currency_id)
        return None

    def _convert_unit(self, facts, amount):
        return self._per_unit(facts.uom_id, amount) if self._per_unit else amount

    def _exchange(self, amount, from_id, to_id):
        if from_id == to_id or not amount:
            return amount
        return amount * self._rate(from_id, to_id)
