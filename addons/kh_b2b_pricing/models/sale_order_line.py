from collections import defaultdict

from odoo import api, fields, models

from .product_pricelist_quote import PriceAsk

# Where core decides what a line's price is. An add-on that extends one of them decides for
# lines of its own, so wherever there is one, every line goes core's way.
PRICE_HOOKS = (
    "_reset_price_unit",
    "_get_display_price",
    "_get_display_price_ignore_combo",
    "_get_pricelist_price",
    "_get_pricelist_price_before_discount",
    "_get_product_price_context",
)
PRICE_MODULES = ("odoo.addons.sale.", "odoo.addons.kh_b2b_pricing.")


class SaleOrderLine(models.Model):
    _inherit = "sale.order.line"

    # === COMPUTE METHODS === #

    @api.depends("product_id", "product_uom_id", "product_uom_qty")
    def _compute_pricelist_item_id(self):
        """Extend `sale`: choose the rules of all B2B lines in a constant number of queries."""
        mine = self.filtered(lambda line: line._kh_is_on_b2b_pricelist())
        super(SaleOrderLine, self - mine)._compute_pricelist_item_id()
        for (pricelist, partner, _company, date), lines in mine._kh_price_batches().items():
            self._kh_choose_items(pricelist, partner, date, lines)

    def _kh_is_on_b2b_pricelist(self):
        """Whether the price engine has an answer for this line."""
        return (
            self.product_id
            and not self.display_type
            and self.order_id.pricelist_id.kh_is_b2b
            and isinstance(self.product_id._origin.id, int)
        )

    def _kh_price_batches(self):
        """Group lines by what their prices have in common.

        :return: ``{(pricelist in its company, dealer, company, date): [line]}``
        """
        batches, keys = defaultdict(list), {}
        for line in self:
            order = line.order_id
            if order not in keys:
                company = order.company_id or self.env.company
                pricelist = order.pricelist_id.with_company(company)
                dealer = order.partner_id.commercial_partner_id._origin
                # once for each order: that of a cart is now, which passes from line to line
                date = line._get_order_date() or fields.Datetime.now()
                keys[order] = (pricelist, dealer, company, date)
            batches[keys[order]].append(line)
        return batches

    @api.model
    def _kh_choose_items(self, pricelist, partner, date, lines):
        """Set the winning rule on ``lines`` of one pricelist, dealer, company and date."""
        products = self.env["product.product"].union(*(line.product_id._origin for line in lines))
        facts = pricelist._kh_get_facts(products)
        asked = []
        for line in lines:
            fact = facts[line.product_id._origin.id]
            asked.append(
                (
                    fact,
                    pricelist._kh_product_quantity(
                        fact, line.product_uom_qty or 1.0, line.product_uom_id._origin
                    ),
                )
            )
        winners = pricelist._kh_choose(asked, partner, date)
        for line, winner in zip(lines, winners, strict=True):
            line.pricelist_item_id = winner.id if winner else False

    def _compute_price_unit(self):
        """Extend `sale`: price the B2B lines of a batch together, and note why (M-42, M-44).

        Core's path costs 1 ms a line. It is kept for whatever a rule alone does not decide,
        and for all lines where another add-on has a say in prices (see `PRICE_HOOKS`).
        """
        batch = self.browse()
        if self._kh_has_standard_price_hooks():
            batch = self.filtered(lambda line: line._kh_is_rule_priced())
        super(SaleOrderLine, self - batch)._compute_price_unit()
        due = batch.filtered(lambda line: line._kh_is_price_due())
        due._kh_set_prices(due._kh_quote_lines())

    @api.model
    def _kh_has_standard_price_hooks(self):
        """Whether no other add-on extends the methods that find a line's price."""
        return all(
            not (name in vars(klass) and klass.__module__.startswith("odoo.addons."))
            or f"{klass.__module__}.".startswith(PRICE_MODULES)
            for klass in type(self).mro()
            for name in PRICE_HOOKS
        )

    def _kh_is_rule_priced(self):
        """Whether a price rule alone decides the price: neither sets nor fees nor deposits."""
        return bool(
            self._kh_is_on_b2b_pricelist()
            and self.product_uom_id
            and not self.combo_item_id
            and self.product_id.type != "combo"
            and not self.is_downpayment
            and not self.is_delivery
            and not self._is_global_discount()
        )

    def _kh_is_price_due(self):
        """Whether core would set the price now: not over one by hand, nor an invoiced one."""
        before, now = self.technical_price_unit, self.price_unit
        if before != now and not self.env.context.get("force_price_recomputation"):
            currency = self.currency_id or self.company_id.currency_id
            if (currency or self.env.company.currency_id).compare_amounts(before, now):
                return False
        # what has never been saved was never invoiced
        if self._origin and self.qty_invoiced > 0:
            return False
        return not (self.is_expense and self.product_id.expense_policy == "cost")

    def _kh_quote_lines(self):
        """Ask the engine for all lines, in a constant number of queries.

        :return: ``{line: (unit price, winning rule or None, trace)}``
        """
        quotes = {}
        for key, lines in self._kh_price_batches().items():
            pricelist, dealer, company, date = key
            asks = [line._kh_prepare_price_ask() for line in lines]
            currency = lines[0].currency_id or pricelist.currency_id or company.currency_id
            answers = pricelist._kh_quote(asks, dealer, date, currency)
            mapped_taxes = {}
            for line, ask, answer in zip(lines, asks, answers, strict=True):
                price, taxes = line._kh_map_taxes(ask.product, answer.shown_price, mapped_taxes)
                trace = pricelist._kh_pack_quote(answer, price, taxes)
                quotes[line] = (price, answer.winner, trace)
        return quotes

    def _kh_prepare_price_ask(self):
        context = {}
        if extras := self.product_no_variant_attribute_value_ids:
            context = self.product_id._get_product_price_context(extras)
        return PriceAsk(
            self.product_id._origin,
            self.product_uom_qty or 1.0,
            self.product_uom_id._origin,
            context,
        )

    def _kh_map_taxes(self, product, price, known):
        """Adapt a price whose taxes a fiscal position replaces, as core does.

        :param dict known: mapped taxes of the batch, ``{(position, taxes): taxes}``
        :return: ``(price, [factor, taxes before, taxes after] or None)``
        """
        position = self.order_id.fiscal_position_id
        if not position or not price:
            return price, None
        product = product.with_company(self.company_id)
        before = product.taxes_id._filter_taxes_by_company(self.company_id)
        if (position, before) not in known:
            known[position, before] = position.map_tax(before)
        after = known[position, before]
        if not before or before == after:
            return price, None
        adapted = product._get_tax_included_unit_price_from_price(
            price, product_taxes=before, product_taxes_after_fp=after
        )
        if adapted == price:
            return price, None
        names = [", ".join(taxes.mapped("name")) for taxes in (before, after)]
        return adapted, [adapted / price, *names]

    def _kh_set_prices(self, quotes):
        """Put prices and their traces on lines.

        :param dict quotes: see `_kh_quote_lines`
        """
        trace_field = self._fields["kh_price_trace"]
        saved = self.filtered(lambda line: line.id)
        for line in saved.with_context(sale_write_from_compute=True):
            # Core's own way: other add-ons may watch what is written on saved lines.
            price = quotes[line][0]
            line.write({"price_unit": price, "technical_price_unit": price})
        self.env.add_to_compute(trace_field, saved)
        technical, rule = self._fields["technical_price_unit"], self._fields["pricelist_item_id"]
        new = self - saved
        # Nothing depends on these three: no need to look for what does, line by line.
        with self.env.protecting([technical, rule, trace_field], new):
            for line in new:
                price, winner, trace = quotes[line]
                technical.write(line, price)
                rule.write(line, winner.id if winner else False)
                trace_field.write(line, trace)
                line.price_unit = price

    def _compute_analytic_distribution(self):
        """Extend `sale`: no search for each line where no distribution model exists."""
        # sudo: whether any exists, in whatever company
        models_sudo = self.env["account.analytic.distribution.model"].sudo()
        lines = self
        if not models_sudo.search_count([], limit=1):
            lines = self.with_context(kh_no_distribution_models=True)
        super(SaleOrderLine, lines)._compute_analytic_distribution()

    # === BUSINESS METHODS - PRICES === #

    def _get_pricelist_kwargs(self):
        return {**super()._get_pricelist_kwargs(), **self.order_id._kh_price_kwargs()}

    def _get_product_catalog_lines_data(self, **kwargs):
        return super()._get_product_catalog_lines_data(
            **{**self.order_id[:1]._kh_price_kwargs(), **kwargs}
        )
