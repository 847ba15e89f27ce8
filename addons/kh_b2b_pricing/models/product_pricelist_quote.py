from typing import Any, NamedTuple

from odoo import api, fields, models
from odoo.tools import SQL

from ..engine import LIST_PRICE, MARKET, OWNERS, Owner, RuleBook
from ..engine.trace import Asked, Kind, Price, RuleRow, contest, pack

DETAIL_COLUMNS = SQL(
    "i.id, i.compute_price, i.base, i.fixed_price::float8, i.percent_price::float8,"
    " i.price_discount::float8, i.price_markup::float8, i.price_round::float8,"
    " i.price_surcharge::float8, i.price_min_margin::float8, i.price_max_margin::float8,"
    " i.date_start, contract.name, contract.version, contract.date_start, contract.date_end,"
    " agreed.factor / own.factor"
)


class PriceAsk(NamedTuple):
    """One question to the price engine.

    :param product: product.product
    :param float quantity: in ``uom``
    :param uom: uom.uom of the quantity and of the price
    :param dict context: what `_get_product_price_context` of the product says of its extras
    """

    product: Any
    quantity: float
    uom: Any
    context: dict


class Quote(NamedTuple):
    """An answer: the winning rule (engine; ``None``: no rule) and the price per asked unit.

    ``before_discount`` is the price that a line shows above its discount, ``None`` where the
    discount is none of its own. ``parts`` are for :meth:`_kh_pack_quote`.
    """

    winner: Any
    price: float
    before_discount: float | None
    parts: tuple

    @property
    def shown_price(self):
        """The price before taxes that belongs on the line (core: `_get_display_price`)."""
        if self.before_discount is None:
            return self.price
        # a surcharge is part of the shown price, as in core
        return max(self.before_discount, self.price)


class BaseNote:
    """Carries the base of a ratio out of core's price methods (see `_compute_base_price`).

    ``amount`` is what it was; ``market`` carries the market price in, where that is the base
    and is known already.
    """

    def __init__(self, market=None):
        self.amount = None
        self.market = market


class ProductPricelist(models.Model):
    _inherit = "product.pricelist"

    # === BUSINESS METHODS - QUOTES WITH THEIR REASONS === #

    def _kh_quote(self, asks, partner, date, currency):
        """Price many questions of one dealer at one moment, and keep what decided them.

        The same truth as `_compute_price_rule`, for different quantities and units at once,
        in three queries: facts, rules, and what rules say beyond their price.

        :param list asks: :class:`PriceAsk`
        :param partner: res.partner, empty for market prices
        :param date: datetime (UTC) at which rules must be valid
        :param currency: res.currency of the prices, normally the pricelist's
        :return: list of :class:`Quote`, in the order of ``asks``
        """
        self.ensure_one()
        self.env["product.pricelist.item"].flush_model()
        products = self.env["product.product"].union(*(ask.product for ask in asks))
        facts = self._kh_get_facts(products)
        template_ids = list({fact.template_id for fact in facts.values()})
        book = RuleBook(self._kh_load_rules(OWNERS, template_ids, partner, date))
        met, questions, markets = [], [], {}
        texts = self._kh_quote_texts(facts, date, currency)
        for ask in asks:
            fact = facts[ask.product.id]
            quantity = self._kh_product_quantity(fact, ask.quantity, ask.uom)
            one = contest(book, fact, quantity)
            met.append(one)
            questions.append(self._kh_prepare_asked(ask, fact, quantity, texts))
            if one.winner is not None and one.winner.base == MARKET:
                markets[len(met) - 1] = book.choose(fact, quantity, (Owner.MARKET,))
        rows = self._kh_rule_rows(met)
        kwargs = {"date": date, "currency": currency, "kh_partner": partner}
        return [
            self._kh_quote_one(ask, asked, one, rows, kwargs, markets.get(place, ...))
            for place, (ask, asked, one) in enumerate(zip(asks, questions, met, strict=True))
        ]

    @api.model
    def _kh_quote_texts(self, facts, date, currency):
        """Read once what all traces of a batch name: units, moment, currency, digits."""
        uoms = self.env["uom.uom"].browse({fact.uom_id for fact in facts.values()})
        return {
            "uom": {uom.id: uom for uom in uoms},
            "date": fields.Datetime.to_string(fields.Datetime.to_datetime(date)),
            "currency": currency.name,
            "digits": self.env["decimal.precision"].precision_get("Product Price"),
        }

    @api.model
    def _kh_prepare_asked(self, ask, fact, quantity, texts):
        own_uom = texts["uom"][fact.uom_id]
        units = None
        if ask.uom.id != fact.uom_id:
            units = [own_uom.name, ask.uom.name, ask.uom.factor, own_uom.factor]
        return Asked(
            texts["date"], quantity, own_uom.name, texts["currency"], units, texts["digits"]
        )

    def _kh_quote_one(self, ask, asked, met, rows, kwargs, market=...):
        """Turn one contest into a :class:`Quote`; records only where a rule is not fixed.

        :param market: the winning market rule (``None``: the sales price) where the winner is
            a ratio of the market price
        """
        winner = met.winner
        if winner is not None and winner.is_fixed:
            price = self._kh_rule_price(winner, ask, asked, kwargs)
            return Quote(winner, price, None, (asked, met, rows, None))
        note = BaseNote()
        if market is not ... and self.currency_id == kwargs["currency"]:
            note.market = self._kh_rule_price(market, ask, asked, kwargs)
        price = self._kh_rule_price(winner, ask, asked, kwargs, note)
        # sudo: rules of the dealer the price is for, whoever enters the order
        item = self.env["product.pricelist.item"].sudo().browse(winner.id if winner else ())
        product = self._kh_priced_product(ask)
        before = None
        if item._show_discount():
            args = (product, ask.quantity, ask.uom)
            before = item._compute_price_before_discount(*args, **kwargs)
        base = self._kh_describe_base(item, product, note, kwargs)
        return Quote(winner, price, before, (asked, met, rows, base))

    def _kh_rule_price(self, rule, ask, asked, kwargs, note=None):
        """Price one question by ``rule`` of the engine (``None``: the sales price)."""
        if rule is not None and rule.is_fixed:
            if not asked.units:
                return rule.fixed_price
            if rule.uom_id:
                return ask.uom.browse(rule.uom_id)._compute_price(rule.uom_price, ask.uom)
            _own, _line, line_factor, own_factor = asked.units
            return rule.fixed_price and rule.fixed_price * line_factor / own_factor
        # sudo: see `_kh_quote_one`
        item = self.env["product.pricelist.item"].sudo().browse(rule.id if rule else ())
        args = (self._kh_priced_product(ask), ask.quantity, ask.uom)
        return item._compute_price(*args, kh_note=note, **kwargs)

    def _kh_priced_product(self, ask):
        product = ask.product.with_company(self.env.company)
        return product.with_context(**ask.context) if ask.context else product

    @api.model
    def _kh_describe_base(self, item, product, note, kwargs):
        """Return ``[amount, source, currency, rate]`` of a ratio's base, ``None`` if unknown."""
        if note.amount is None:
            return None
        currency, source = kwargs["currency"], item.base or "list_price"
        if source == "pricelist" and item.base_pricelist_id:
            origin, name = item.base_pricelist_id.currency_id, item.base_pricelist_id.name
        elif source == "standard_price":
            origin, name = product.cost_currency_id, ""
        else:
            origin, name = product.currency_id if source == "list_price" else None, ""
        base = [note.amount, source, name]
        if origin and origin != currency:
            company, date = self.env.company, kwargs["date"]
            rate = origin._get_conversion_rate(origin, currency, company, date)
            base += [origin.name, float(f"{rate:.10g}")]  # told, not calculated with
        while not base[-1]:
            base.pop()
        return base

    @api.model
    def _kh_pack_quote(self, quote, unit_price, taxes=None):
        """Make the trace of a quote that led to ``unit_price``.

        :param list taxes: ``[factor, taxes before, taxes after]`` where taxes changed it
        """
        asked, met, rows, base = quote.parts
        price = Price(quote.price, unit_price, base, quote.before_discount, taxes)
        return pack(asked, met, price, rows)

    # === BUSINESS METHODS - WHAT RULES SAY === #

    def _kh_rule_rows(self, met):
        """Describe all rules that met, in one query.

        Reads past record rules, as the engine does: the trace is the order line's, and who
        reads it is decided there.

        :return: ``{rule id: RuleRow}``
        """
        rules = {}
        for one in met:
            for rule in (one.winner, *one.losers, *one.steps):
                if rule is not None:
                    rules[rule.id] = rule
        if not rules:
            return {}
        self.env["kh.price.contract"].flush_model(["name", "version", "date_start", "date_end"])
        query = SQL(
            "SELECT %s, %s, category.complete_name, %s FROM product_pricelist_item i"
            " LEFT JOIN kh_price_contract contract ON contract.id = i.kh_contract_id"
            " LEFT JOIN res_partner_grade grade ON grade.id = i.kh_grade_id"
            " LEFT JOIN product_category category ON category.id = i.categ_id"
            " LEFT JOIN uom_uom agreed ON agreed.id = i.kh_uom_id"
            " LEFT JOIN product_template t ON agreed.id IS NOT NULL AND t.id = i.product_tmpl_id"
            " LEFT JOIN uom_uom own ON own.id = t.uom_id"
            " WHERE i.id = ANY(%s)",
            DETAIL_COLUMNS,
            self.env["res.partner.grade"]._field_to_sql("grade", "name"),
            self.env["uom.uom"]._field_to_sql("agreed", "name"),
            list(rules),
        )
        rows = {}
        for values in self.env.execute_query(query):
            rule = rules[values[0]]
            rows[rule.id] = self._kh_rule_row(rule, values)
        return rows

    @api.model
    def _kh_rule_row(self, rule, values):
        kind, base, price, percent, discount, markup, *amounts = values[1:11]
        start, number, version, first, last, pieces, level, category, unit = values[11:]
        if kind == "fixed":
            kind, value = Kind.FIXED, price or 0.0
        elif kind == "percentage":
            kind, value = Kind.PERCENT, percent or 0.0
        else:
            share = -(markup or 0.0) if base == "standard_price" else discount or 0.0
            kind = Kind.FORMULA
            # rounding, surcharge, lowest and highest margin
            value = [share, *(amount or 0.0 for amount in amounts)]
        contract = number and [number, version, *(str(day) if day else 0 for day in (first, last))]
        return RuleRow(
            rule.id,
            int(rule.owner),
            int(rule.scope),
            rule.target_id,
            rule.min_quantity,
            kind.value,
            value,
            str(start).removesuffix(" 00:00:00") if start else 0,
            contract or 0,
            level or 0,
            category or 0,
            base if kind == Kind.PERCENT and base != LIST_PRICE else 0,
            [unit, rule.uom_price, pieces] if rule.uom_id and kind == Kind.FIXED else 0,
        )


class ProductPricelistItem(models.Model):
    _inherit = "product.pricelist.item"

    # === BUSINESS METHODS - REASONS === #

    def _compute_base_price(self, product, quantity, uom, date, currency, **kwargs):
        """Extend `product`: tell the base of a ratio to whoever handed in a note for it."""
        # Not handed on: a base pricelist has bases of its own.
        note = kwargs.pop("kh_note", None)
        if note and self.base == MARKET and note.market is not None:
            price = note.market
        else:
            price = super()._compute_base_price(product, quantity, uom, date, currency, **kwargs)
        if note:
            note.amount = price
        return price
