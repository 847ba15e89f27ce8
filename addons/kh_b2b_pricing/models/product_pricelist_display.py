from odoo import fields, models
from odoo.http import request

from ..engine import DisplayPrice, Owner, RuleBook, source_of


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
        winners = self._kh_display_winners(products, partner, quantity)
        amounts = self._kh_display_amounts(products, partner, quantity, winners)
        shown = self._kh_display_converter(products, partner, website)
        tax_included = website.show_line_subtotals_tax_selection == "tax_included"
        currency = website.currency_id
        result = {}
        for product in products:
            market_rule, own_rule, steps = winners[product.id]
            market, own, ladder = amounts[product.id]
            viewer = bool(partner)
            result[product.id] = DisplayPrice(
                market=shown(product, market),
                own=shown(product, own) if viewer else None,
                source=source_of(own_rule) if viewer else None,
                rule_id=(own_rule or market_rule).id if (own_rule or market_rule) else False,
                ladder=tuple(
                    (step[0], shown(product, price))
                    for step, price in zip(steps, ladder, strict=True)
                ),
                currency=currency,
                tax_included=tax_included,
            )
        return result

    def _kh_display_winners(self, products, partner, quantity):
        """Choose market rule, own rule and further steps for each product.

        :return: ``{product id: (market rule, own rule, [(minimum, rule)])}``, rules of the
            engine; on a pricelist that is not B2B core's answer with no rule at all
        """
        # sudo: which engine answers is no secret
        if not self or not self.sudo().kh_is_b2b:
            return {product.id: (None, None, []) for product in products}
        self.env["product.pricelist.item"].flush_model()
        facts = self._kh_get_facts(products)
        owners = tuple(Owner) if partner else (Owner.MARKET,)
        templates = list({fact.template_id for fact in facts.values()})
        rules = self._kh_load_rules(owners, templates, partner, fields.Datetime.now())
        book = RuleBook(rules)
        return {
            product_id: (
                book.choose(fact, quantity, (Owner.MARKET,)),
                book.choose(fact, quantity, owners),
                book.steps(fact, quantity, owners),
            )
            for product_id, fact in facts.items()
        }

    def _kh_display_amounts(self, products, partner, quantity, winners):
        """Price the winners, before taxes, in the pricelist's currency.

        :return: ``{product id: (market, own, [price of each further step])}``
        """
        date = fields.Datetime.now()
        currency = self.currency_id or self.env.company.currency_id
        # sudo: level and market rules of the viewer; which of them win was decided above
        items = self.env["product.pricelist.item"].sudo()
        if not self or not self.sudo().kh_is_b2b:
            prices = self._get_products_price(products, quantity, currency=currency, date=date)
            return {key: (price, price, []) for key, price in prices.items()}

        rule_ids = {
            rule.id
            for market, own, steps in winners.values()
            for rule in (market, own, *(step for _minimum, step in steps))
            if rule and not rule.is_fixed
        }
        item_by_id = {item.id: item for item in items.browse(rule_ids)}

        def price(product, rule, at_quantity):
            if rule and rule.is_fixed:
                return rule.fixed_price
            item = item_by_id[rule.id] if rule else items.browse()
            return item._compute_price(
                product, at_quantity, product.uom_id, date, currency, kh_partner=partner
            )

        result = {}
        for product in products:
            market_rule, own_rule, steps = winners[product.id]
            market = price(product, market_rule, quantity)
            own = market if own_rule == market_rule else price(product, own_rule, quantity)
            result[product.id] = (
                market,
                own,
                [price(product, rule, minimum) for minimum, rule in steps],
            )
        return result

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
        seen = {}

        def shown(product, amount):
            template = product if product._name == "product.template" else product.product_tmpl_id
            own_taxes = taxes[template.id]
            key = (own_taxes, amount)
            if key not in seen:
                if source != currency:
                    amount = source._convert(amount, currency, self.env.company, today, round=False)
                if own_taxes:
                    amount = template._apply_taxes_to_price(
                        amount, currency, own_taxes, mapped[own_taxes], product, website=website
                    )
                seen[key] = amount
            return seen[key]

        return shown

    def _kh_display_fiscal_position(self, partner):
        if request and getattr(request, "is_frontend", False):
            return request.fiscal_position
        # sudo: the rule that maps the dealer's taxes
        return self.env["account.fiscal.position"].sudo()._get_fiscal_position(partner)
