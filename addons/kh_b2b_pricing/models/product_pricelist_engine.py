from functools import cache

from odoo import api, fields, models
from odoo.exceptions import MissingError
from odoo.tools import float_round

from ..engine import LIST_PRICE, MARKET, Calculator, Owner, RuleBook


class ProductPricelist(models.Model):
    """The price engine: ids in, prices out (计价引擎).

    Two queries for any number of products (three in `_kh_get_facts` and `_kh_choose`): facts
    of the products with the rules of the dealer and of the companies above it, and, for what
    these leave open, rules of the level and of the market. `engine.rules` chooses the
    winners, `engine.amounts` prices them; records are built only for rules that neither can
    price (formulas, other pricelists). Pricelist, companies, units and exchange rates are
    read through the cache of the ORM.
    """

    _inherit = "product.pricelist"

    # === BUSINESS METHODS - PRICES === #

    def _compute_price_rule(self, products, quantity, *, date=False, compute_price=True, **kwargs):
        """Extend `product`: batch engine for B2B pricelists.

        :param kh_partner: (in kwargs) res.partner whose prices are asked, see
            `_kh_resolve_partner`
        """
        mine = self._kh_engine_products(products)
        if mine:
            kwargs["kh_partner"] = self._kh_resolve_partner(kwargs.get("kh_partner"))
            date = date or fields.Datetime.now()
        results = {}
        if not mine or len(mine) < len(products):
            results = super()._compute_price_rule(
                products - mine if mine else products,
                quantity,
                date=date,
                compute_price=compute_price,
                **kwargs,
            )
        if mine:
            kwargs = {"currency": None, "uom": None, **kwargs}
            price = self._kh_price_products if compute_price else self._kh_rule_products
            results |= price(mine, quantity, date=date, **kwargs)
        return results

    def _kh_engine_products(self, products):
        """Return those of ``products`` that the engine prices: saved ones, on B2B pricelists."""
        # sudo: whoever may ask for a price may know which engine answers
        if not self or not self.sudo().kh_is_b2b:
            return products.browse()
        if all(isinstance(product_id, int) for product_id in products._ids):
            return products
        return products.filtered(lambda product: isinstance(product.id, int))

    def _kh_get_prices(
        self, product_ids, quantities, partner, date=None, *, uom=None, currency=None
    ):
        """Price variants by their ids, for one dealer, in two queries at most.

        :param product_ids: ids of product.product
        :param quantities: quantity for all, or ``{product id: quantity}``; in ``uom``
        :param partner: res.partner whose prices these are, empty for market prices
        :param date: date or datetime (UTC) at which rules must be valid; none: now
        :param uom: unit of quantities and prices; none: each product's own
        :param currency: res.currency of the answers, none: the pricelist's. A fixed price is
            a number in the pricelist's currency and never converted, as in core
        :return: ``{product id: (price, rule id or False)}``, before taxes
        :raise MissingError: for ids that do not exist
        Reads past record rules: callers ask for one dealer's prices on behalf of him.
        """
        self.ensure_one()
        return self._kh_price_products(
            self.env["product.product"].browse(product_ids),
            quantities,
            date=date or fields.Datetime.now(),
            currency=currency,
            uom=uom,
            kh_partner=partner,
        )

    def _kh_price_products(self, products, quantities, *, date, currency, uom, **kwargs):
        """Choose and price; see `_kh_get_prices` (products may be templates, too)."""
        asked, facts, winners, markets = self._kh_ask(
            products, quantities, uom, kwargs["kh_partner"], date
        )
        results, left = {}, []
        for index, ((fact, _quantity), winner) in enumerate(zip(asked, winners, strict=True)):
            if winner is not None and winner.is_fixed and uom is None:
                results[fact.key] = (winner.fixed_price, winner.id)
            else:
                results[fact.key] = None  # keeps the order of the products
                left.append((index, fact, winner))
        if not left:
            return results
        calculator, open_winners = self._kh_calculator(products, facts, date, currency, uom), []
        for index, fact, winner in left:
            price = calculator and calculator.price(fact, winner, markets.get(index))
            if price is None:
                open_winners.append((fact.key, winner))
            results[fact.key] = (price, winner.id if winner else False)
        if open_winners:
            results.update(
                self._kh_price_by_records(
                    products, quantities, open_winners, date, currency, uom, **kwargs
                )
            )
        return results

    def _kh_rule_products(self, products, quantities, *, date, uom, kh_partner, **_kwargs):
        """Choose as `_kh_price_products`; the price is left at zero, as in core."""
        _asked, _facts, winners, _markets = self._kh_ask(
            products, quantities, uom, kh_partner, date
        )
        return {
            product_id: (0.0, winner.id if winner else False)
            for product_id, winner in zip(products._ids, winners, strict=True)
        }

    def _kh_ask(self, products, quantities, uom, partner, date):
        """Read facts and rules, convert the quantities and choose.

        :return: ``([(Facts, quantity in the product's unit)], {product id: Facts}, winners,
            markets)``, the last two as `_kh_choose_with_market`
        """
        partner = partner._origin
        loaded = self._kh_find_loaded(products, partner, date)
        shared = loaded and loaded.rules
        if loaded:
            facts, rules = {key: loaded.facts[key] for key in products._ids}, loaded.rules
        else:
            facts, rules = self._kh_load(products, partner, date)
        if len(facts) < len(products):
            raise MissingError(self.env._("Some of these products do not exist any more."))
        if isinstance(quantities, dict):
            asked = [(facts[key], quantities[key]) for key in products._ids]
        else:
            asked = [(facts[key], quantities) for key in products._ids]
        if uom:
            asked = [
                (fact, self._kh_product_quantity(fact, quantity, uom)) for fact, quantity in asked
            ]
        return asked, facts, *self._kh_choose_with_market(asked, partner, date, rules, shared)

    @api.model
    def _kh_product_quantity(self, fact, quantity, uom):
        """Convert ``quantity`` of ``uom`` (none: product unit) to the product's unit."""
        if not uom or uom.id == fact.uom_id:
            return quantity
        product_uom = self.env["uom.uom"].browse(fact.uom_id)
        return uom._compute_quantity(quantity, product_uom, raise_if_failure=False)

    def _kh_calculator(self, products, facts, date, currency, uom):
        """Build the calculator of one call; ``None`` where only records price rightly.

        That is so for extras of attributes that make no variants: they come by context.
        """
        context = products.env.context
        if context.get("no_variant_attributes_price_extra") or context.get(
            "current_attributes_price_extra"
        ):
            return None
        own_currency = self.currency_id or self.env.company.currency_id
        rate, shared_currency_id = self._kh_currency_lookups(products, date)
        per_unit = None
        if uom and any(fact.uom_id != uom.id for fact in facts.values()):
            uoms = self.env["uom.uom"]
            uom_by_id = {
                product_uom.id: product_uom
                for product_uom in uoms.browse({fact.uom_id for fact in facts.values()})
            }

            def per_unit(uom_id, amount):
                source = uom_by_id.get(uom_id) or uoms.browse(uom_id)
                return source._compute_price(amount, uom)

        def cost(fact):
            if products._name != "product.product":
                return None
            # sudo: as in core, whoever may ask for a price gets it, also where it follows costs
            product_sudo = products.browse(fact.key).with_prefetch(products._ids).sudo()
            return product_sudo.standard_price

        digits = self.env["decimal.precision"].precision_get("Product Price")
        return Calculator(
            currency_id=(currency or own_currency).id,
            own_currency_id=own_currency.id,
            shared_currency_id=shared_currency_id,
            rate=rate,
            uom_id=uom.id if uom else None,
            per_unit=per_unit,
            cost=cost,
            rounded=lambda amount: float_round(amount, precision_digits=digits),
        )

    def _kh_currency_lookups(self, products, date):
        """Return ``rate`` and ``shared_currency_id`` of :class:`Calculator`, asked once each."""
        currencies = self.env["res.currency"]

        def rate(from_id, to_id):
            return currencies._get_conversion_rate(
                currencies.browse(from_id), currencies.browse(to_id), self.env.company, date
            )

        def shared_currency_id(base):
            # sudo: the currency of a company is no secret
            company_sudo = products.env.company.sudo()
            if base == LIST_PRICE:
                # As `_get_main_company`, which asks the database each time
                main_id = self.env["ir.model.data"]._xmlid_to_res_id("base.main_company")
                company_sudo = company_sudo.browse(main_id) or company_sudo._get_main_company()
            return company_sudo.currency_id.id

        return cache(rate), cache(shared_currency_id)

    def _kh_price_by_records(
        self, products, quantities, open_winners, date, currency, uom, **kwargs
    ):
        """Price what needs its records, one by one as core does.

        :param open_winners: ``[(product id, Rule or None)]``
        :return: ``{product id: (price, rule id or False)}``
        """
        currency = currency or self.currency_id or self.env.company.currency_id
        items = self.env["product.pricelist.item"]
        item_by_id = {
            item.id: item
            for item in items.browse({winner.id for _key, winner in open_winners if winner})
        }
        by_id = {product.id: product for product in products}
        results = {}
        for product_id, winner in open_winners:
            product = by_id[product_id]
            item = item_by_id[winner.id] if winner else items
            quantity = quantities[product_id] if isinstance(quantities, dict) else quantities
            price = item._compute_price(
                product, quantity, uom or product.uom_id, date=date, currency=currency, **kwargs
            )
            results[product_id] = (price, item.id)
        return results

    # === BUSINESS METHODS - WINNERS === #

    def _kh_choose(self, asked, partner, date):
        """Choose the winner for each request, in two queries at most.

        :param list asked: ``[(Facts, quantity in the product's unit)]``; a product may
            occur several times with different quantities
        :param partner: res.partner, empty for market prices
        :param date: date or datetime (UTC) at which rules must be valid
        :return: list of :class:`Rule` or ``None``, in the order of ``asked``
        """
        return self._kh_choose_with_market(asked, partner, date)[0]

    def _kh_choose_with_market(self, asked, partner, date, rules=None, shared=None):
        """Choose as `_kh_choose`, and what nobody in particular pays where a winner asks.

        :param rules: the customer rules, where they were read already
        :param shared: the rules of level and market, likewise
        :return: ``(winners, {position in asked: market Rule or None})``; the second only
            for winners that are a ratio of the market price
        """
        self.ensure_one()
        partner = partner._origin
        winners, markets = [None] * len(asked), {}
        if partner:
            if rules is None:
                templates = list({fact.template_id for fact, _quantity in asked})
                rules = self._kh_load_rules((Owner.CUSTOMER,), templates, partner, date)
            winners = RuleBook(rules).choose_all(asked, (Owner.CUSTOMER,))
        undecided = [index for index, winner in enumerate(winners) if winner is None]
        ratios = {index for index, winner in enumerate(winners) if winner and winner.base == MARKET}
        if not undecided and not ratios:
            return winners, markets
        owners = (Owner.LEVEL, Owner.MARKET) if partner else (Owner.MARKET,)
        if shared is None:
            needed = {*undecided, *ratios}
            templates = list({asked[index][0].template_id for index in needed})
            shared = self._kh_load_rules(owners, templates, partner, date)
        book = RuleBook(shared)
        chosen = book.choose_all([asked[index] for index in undecided], owners)
        for index, winner in zip(undecided, chosen, strict=True):
            winners[index] = winner
            if winner and winner.base == MARKET:
                ratios.add(index)
        for index in ratios:
            markets[index] = book.choose(*asked[index], (Owner.MARKET,))
        return winners, markets
