from odoo import api, fields, models
from odoo.http import request

from ..engine import MARKET, DisplayPrice, Owner, RuleBook, source_of

# Taxes whose sum with the price before them is the price that contains them.
PLAIN_TYPES = ("percent", "division", "fixed")


class ProductPricelist(models.Model):
    _inherit = "product.pricelist"

    def _kh_get_display_prices(self, products, partner, quantity=1.0, website=None):
        """Price ``products`` as one viewer sees them, in a constant number of queries.

        :param products: product.product or product.template
        :param partner: res.partner whose prices these are; empty for visitors
        :param float quantity: in the product's unit
        :param website: website whose currency and tax display count
        :return: ``{product id: DisplayPrice}``
        """
        website = website or self.env["website"].get_current_website()
        if not products:
            return {}
        amounts = self._kh_display_amounts(products, partner, quantity)
        shown = self._kh_display_converter(products, partner, website)
        tax_included = website.show_line_subtotals_tax_selection == "tax_included"
        currency = website.currency_id
        result = {}
        for product in products:
            market, own, own_rule, ladder = amounts[product.id]
            viewer = bool(partner)
            result[product.id] = DisplayPrice(
                market=shown(product, market),
                own=shown(product, own) if viewer else None,
                source=source_of(own_rule) if viewer else None,
                rule_id=own_rule.id if own_rule else False,
                ladder=tuple((minimum, shown(product, price)) for minimum, price in ladder),
                currency=currency,
                tax_included=tax_included,
            )
        return result

    def _kh_get_market_price_per(self, uom, product, partner, quantity, website):
        """Return the market price of one product per ``uom``, as its viewer's website shows it.

        Asked of the engine: a price agreed per carton is no multiple of the price per piece.

        :param float quantity: in ``uom``
        """
        nobody = self.env["res.partner"]
        currency = self.currency_id or self.env.company.currency_id
        amount = self._get_product_price(
            product, quantity, currency=currency, uom=uom, kh_partner=nobody
        )
        return self._kh_display_converter(product, partner, website)(product, amount)

    def _kh_display_amounts(self, products, partner, quantity):
        """Price ``products`` for nobody and for ``partner``, before taxes.

        :return: ``{product id: (market price, own price, own rule, [(minimum, price)])}`` in
            the pricelist's currency, per unit of the product; without a partner own is
            market; rules are those of the engine, none on a pricelist that is not B2B
        """
        # sudo: which engine answers is no secret
        if not self or not self.sudo().kh_is_b2b:
            currency = self.currency_id or self.env.company.currency_id
            prices = self._get_products_price(products, quantity, currency=currency)
            return {key: (price, price, None, []) for key, price in prices.items()}

        date = fields.Datetime.now()
        owners = tuple(Owner) if partner else (Owner.MARKET,)
        loaded = self._kh_find_loaded(products, partner, date)
        if loaded:
            facts, rules = {key: loaded.facts[key] for key in products._ids}, loaded.rules
        else:
            facts = self._kh_get_facts(products)
            templates = list({fact.template_id for fact in facts.values()})
            rules = self._kh_load_rules(owners, templates, partner, date)
        book = RuleBook(rules)
        price = self._kh_display_pricer(products, facts, rules, book, partner)
        result = {}
        for product_id, fact in facts.items():
            market_rule = book.choose(fact, quantity, (Owner.MARKET,))
            own_rule = book.choose(fact, quantity, owners)
            market = price(fact, market_rule, quantity)
            own = market if own_rule == market_rule else price(fact, own_rule, quantity)
            steps = book.steps(fact, quantity, owners)
            ladder = [(minimum, price(fact, rule, minimum)) for minimum, rule in steps]
            result[product_id] = (market, own, own_rule, ladder)
        return result

    def _kh_display_pricer(self, products, facts, rules, book, partner):
        """Return ``f(Facts, Rule or None, quantity) -> price`` in the pricelist's currency.

        :param rules: all rules of ``book``; the records of those that only a record can
            price share one prefetch
        """
        date = fields.Datetime.now()
        calculator = self._kh_calculator(products, facts, date, None, None)
        currency = self.currency_id or self.env.company.currency_id
        # sudo: level and market rules of the viewer; which of them win was decided before
        items_sudo = self.env["product.pricelist.item"].sudo()
        special = {rule.id for rule in rules if not rule.is_fixed and not rule.base}
        item_by_id = {item.id: item for item in items_sudo.browse(special)}
        product_by_id = {product.id: product for product in products}

        def price(fact, rule, quantity):
            market = None
            if rule and rule.base == MARKET:
                market = book.choose(fact, quantity, (Owner.MARKET,))
            amount = calculator.price(fact, rule, market) if calculator else None
            if amount is None:
                product = product_by_id[fact.key]
                item = item_by_id.get(rule.id) or items_sudo.browse(rule.id) if rule else items_sudo
                amount = item._compute_price(
                    product, quantity, product.uom_id, date, currency, kh_partner=partner
                )
            return amount

        return price

    def _kh_display_converter(self, products, partner, website):
        """Return ``f(product, amount)``: website currency, taxes as the website shows them."""
        source = self.currency_id or self.env.company.currency_id
        currency = website.currency_id
        today = fields.Date.context_today(self)
        position = self._kh_display_fiscal_position(partner)
        templates = products if products._name == "product.template" else products.product_tmpl_id
        # sudo: as in the shop, taxes are not the viewer's to read
        taxes = {
            template.id: template.taxes_id._filter_taxes_by_company(self.env.company)
            for template in templates.sudo()
        }
        mapped = {own: position.map_tax(own) for own in set(taxes.values()) if own}
        plain = {own for own in mapped if self._kh_is_shown_plain(own, mapped[own], website)}
        seen = {}

        def shown(product, amount):
            template = product if product._name == "product.template" else product.product_tmpl_id
            own_taxes = taxes[template.id]
            key = (own_taxes, amount)
            if key not in seen:
                if source != currency:
                    amount = source._convert(amount, currency, self.env.company, today, round=False)
                if own_taxes in plain:
                    amount = currency.round(amount)
                elif own_taxes:
                    amount = template._apply_taxes_to_price(
                        amount, currency, own_taxes, mapped[own_taxes], product, website=website
                    )
                seen[key] = amount
            return seen[key]

        return shown

    @api.model
    def _kh_is_shown_plain(self, own_taxes, taxes, website):
        """Tell whether the website shows a price as it stands: only rounded, no tax to reckon.

        That is so where prices contain their taxes and are shown with them, or the other way
        round; core would compute each price's taxes and leave them out again.
        """
        is_included = website.show_line_subtotals_tax_selection != "tax_excluded"
        return own_taxes == taxes and all(
            tax.amount_type in PLAIN_TYPES and tax.price_include == is_included
            for tax in taxes.flatten_taxes_hierarchy()
        )

    def _kh_display_fiscal_position(self, partner):
        if request and getattr(request, "is_frontend", False):
            return request.fiscal_position
        # sudo: the rule that maps the dealer's taxes
        return self.env["account.fiscal.position"].sudo()._get_fiscal_position(partner)
