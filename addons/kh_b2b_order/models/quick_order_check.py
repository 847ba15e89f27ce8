from collections import defaultdict

from odoo import api, fields, models
from odoo.fields import Domain

from odoo.addons.kh_b2b_catalog.engine.order_limits import check_quantity


class QuickOrder(models.Model):
    _inherit = "kh.quick.order"

    # === BUSINESS METHODS - CHECKING === #
    @api.model
    def _check_matches(self, matches, buyer):
        """Say for rows with a product whether they may be ordered, and at which price.

        What the rows ask of one product counts together, with what the order holds already: in
        one order a minimum or multiple is met by their sum. Price, limits, stock and
        saleability are asked once for all.
        """
        if not matches:
            return
        products = self.env["product.product"].union(*(match.product for match in matches))
        # sudo: facts of products that the user was found to see
        products_sudo = products.sudo()
        blocked = self._find_blocked(products_sudo, buyer)
        totals, lines = self._sum_matches(matches, buyer)
        self._check_limits(matches, products_sudo, totals, buyer)
        substitutes = self._find_substitutes(products_sudo.browse(blocked), buyer)
        for match in matches:
            if match.product.id in blocked:
                match.state, match.reason = "fix", blocked[match.product.id]
                match.proposals = [("product", p) for p in substitutes[match.product.id]]
        self._set_prices(matches, products_sudo, lines, buyer)
        if buyer.website:
            words = products._kh_get_stock_display(buyer.dealer, buyer.website)
            for match in matches:
                match.stock = words[match.product.id]

    def _find_blocked(self, products_sudo, buyer):
        """Return why products may not be ordered at all, ``{product id: reason}``."""
        _ = self.env._
        reasons = products_sudo._kh_explain_unsaleable(
            buyer.dealer, fields.Datetime.now(), website=buyer.website, company=buyer.company
        )
        custom = products_sudo.product_template_attribute_value_ids.filtered("is_custom")
        for product in products_sudo:
            template = product.product_tmpl_id
            if not product.active or not template.sale_ok:
                reasons[product.id] = _("Not for sale any more.")
            elif template.type == "combo":
                reasons[product.id] = _("Choose the contents of this set first.")
            elif custom and product.product_template_attribute_value_ids & custom:
                reasons[product.id] = _("Choose the options on the product's page.")
        return reasons

    def _find_substitutes(self, products_sudo, buyer):
        """Return what could be ordered instead, ``{product id: [product]}``."""
        result = defaultdict(list)
        templates_sudo = products_sudo.product_tmpl_id.alternative_product_ids
        if not templates_sudo:
            return result
        found = self.env["product.product"].search(
            self._product_domain(buyer) & Domain("product_tmpl_id", "in", templates_sudo.ids)
        )
        # sudo: as in `_check_matches`
        refused = self._find_blocked(found.sudo(), buyer)
        for product_sudo in products_sudo:
            instead = product_sudo.product_tmpl_id.alternative_product_ids
            result[product_sudo.id] = [
                product
                for product in found
                if product.id not in refused and product.sudo().product_tmpl_id in instead
            ][:3]
        return result

    def _sum_matches(self, matches, buyer):
        """Sum the rows that could go in, by product and by the line they would be.

        :return: ``({product id: quantity in the product's unit},
            {(product id, uom id): the same})``, with what the order holds
        """
        totals, lines = defaultdict(float), defaultdict(float)
        for line in buyer.order.order_line:
            if line._kh_is_limited():
                quantity = line._kh_quantity_in_product_unit()
                totals[line.product_id.id] += quantity
                if line._kh_can_merge():
                    lines[line.product_id.id, line.product_uom_id.id] += quantity
        for match in matches:
            if match.state == "ok":
                quantity = self._in_product_unit(match)
                totals[match.product.id] += quantity
                lines[match.product.id, match.uom.id] += quantity
        return totals, lines

    @api.model
    def _in_product_unit(self, match):
        if match.uom == match.own_uom:
            return match.quantity
        return match.uom._compute_quantity(match.quantity, match.own_uom, round=False)

    def _check_limits(self, matches, products_sudo, totals, buyer):
        """Check minimum, multiple, maximum and stock; propose the nearest that fits."""
        limits = self._get_limits(products_sudo, buyer)
        Order = self.env["sale.order"]
        issues = {
            product_id: check_quantity(totals[product_id], mine)
            for product_id, mine in limits.items()
            if not mine.is_free and totals.get(product_id)
        }
        for match in matches:
            issue = issues.get(match.product.id)
            if not issue or match.state != "ok":
                continue
            mine = limits[match.product.id]
            match.state, match.reason = "fix", Order._kh_word_issue(issue, mine)
            suggested = Order._kh_get_suggested(issue, mine)
            if suggested is None:
                continue
            rest = suggested - totals[match.product.id] + self._in_product_unit(match)
            offered = match.own_uom._compute_quantity(rest, match.uom, round=False)
            if offered > 0 and abs(offered - match.uom.round(offered)) < 1e-6:
                match.proposals = [("quantity", match.uom.round(offered))]

    def _get_limits(self, products_sudo, buyer):
        """Return the limits of the products, core's own on stock among them.

        :rtype: dict[int, OrderLimits]
        """
        limits = products_sudo._kh_get_order_limits(
            buyer.dealer, buyer.website, company=buyer.company
        )
        if not buyer.website:
            return limits  # staff decide about stock
        short = products_sudo.filtered(
            lambda product: (
                product.is_storable
                and not product.allow_out_of_stock_order
                and limits[product.id].stock_cap is None
            )
        )
        if buyer.website._kh_has_stock_policy(buyer.dealer) or not short:
            return limits
        # sudo: the stock that core's cart tells as well
        free = short._kh_free_quantities(buyer.website.sudo())
        for product in short:
            cap = max(free.get(product.id, 0.0), 0.0)
            limits[product.id] = limits[product.id]._replace(stock_cap=cap)
        return limits

    # === BUSINESS METHODS - PRICES === #
    def _set_prices(self, matches, products_sudo, lines, buyer):
        """Price the rows as the lines they become: at the summed quantity of product and unit."""
        prices = self._get_line_prices(matches, products_sudo, lines, buyer)
        shown = self._get_price_shower(products_sudo, buyer)
        currency = self._get_currency(buyer)
        for match in matches:
            match.price = shown(match.product, prices[match.product.id, match.uom.id])
            match.subtotal = currency.round(match.price * match.quantity)

    @api.model
    def _get_currency(self, buyer):
        return buyer.order.currency_id or buyer.website.currency_id or buyer.company.currency_id

    def _get_line_prices(self, matches, products_sudo, lines, buyer):
        """Return ``{(product id, uom id): price for that unit}``, before taxes.

        One call of the engine for all rows in their product's unit, and one for each other unit.
        """
        asked = defaultdict(dict)
        for match in matches:
            key = (match.product.id, match.uom.id)
            quantity = lines.get(key) or 0.0
            uom = match.uom if match.uom != match.own_uom else match.uom.browse()
            if uom:
                quantity = match.own_uom._compute_quantity(quantity, uom, round=False)
            asked[uom][key] = quantity or 1.0
        prices = {}
        for uom, quantities in asked.items():
            by_product = {product_id: number for (product_id, _uom), number in quantities.items()}
            products = products_sudo.browse(by_product)
            found = self._ask_prices(products, by_product, uom, buyer)
            prices |= {key: found[key[0]] for key in quantities}
        return prices

    def _ask_prices(self, products, quantities, uom, buyer):
        """Price products, per ``uom`` (empty: the unit of each), at quantities in that unit."""
        partner, pricelist = self._get_pricelist(products, buyer)
        currency = buyer.order.currency_id or pricelist.currency_id or buyer.company.currency_id
        options = {"currency": currency, "uom": uom or None}
        # sudo: which engine answers is no secret
        if pricelist.sudo().kh_is_b2b:
            found = pricelist._kh_get_prices(products.ids, quantities, partner, **options)
            return {product_id: price for product_id, (price, _rule) in found.items()}
        if not self._has_steps(pricelist):
            return pricelist._get_products_price(products, 1.0, **options)
        prices = {}
        by_quantity = defaultdict(list)
        for product_id, quantity in quantities.items():
            by_quantity[quantity].append(product_id)
        for quantity, product_ids in by_quantity.items():  # core prices one quantity at a time
            prices |= pricelist._get_products_price(
                products.browse(product_ids), quantity, **options
            )
        return prices

    @api.model
    def _has_steps(self, pricelist):
        """Answer whether a pricelist of core, or one it rests on, asks for the quantity."""
        return bool(
            pricelist
            and pricelist.item_ids.browse().search_count(
                Domain("pricelist_id", "=", pricelist.id)
                & (Domain("min_quantity", ">", 0) | Domain("base", "=", "pricelist")),
                limit=1,
            )
        )

    def _get_pricelist(self, products, buyer):
        """Return whose prices count, and the pricelist (sudo: only answers leave it)."""
        if buyer.website:
            return products._kh_display_viewer(buyer.dealer, buyer.website)
        return buyer.dealer, buyer.order.pricelist_id.sudo()

    def _get_price_shower(self, products_sudo, buyer):
        """Return ``f(product, price)``: the price as this buyer's pages show it."""
        if not buyer.website:
            return lambda product, price: price
        partner, pricelist = self._get_pricelist(products_sudo, buyer)
        plain = self._get_plain_products(products_sudo, buyer)
        currency = buyer.website.currency_id
        taxed = products_sudo.filtered(lambda product: product.id not in plain)
        show = taxed and pricelist._kh_display_converter(taxed, partner, buyer.website)
        by_id = {product.id: product for product in taxed}
        return lambda product, price: (
            currency.round(price) if product.id in plain else show(by_id[product.id], price)
        )

    def _get_plain_products(self, products_sudo, buyer):
        """Return ids of products whose price is shown as it is: no tax to add or take off.

        Those whose taxes are all in the price, or none, as the website shows prices; core's
        calculation would return the same number for each of thousands of prices.
        """
        pricelist = self._get_pricelist(products_sudo, buyer)[1]
        if pricelist.currency_id and pricelist.currency_id != buyer.website.currency_id:
            return set()
        # sudo: how prices are shown is no secret; taxes are not the viewer's to read
        is_included = buyer.website.show_line_subtotals_tax_selection == "tax_included"
        position = pricelist._kh_display_fiscal_position(buyer.dealer)
        company = self.env.company
        answers = {}
        plain = set()
        for product in products_sudo:
            taxes = product.product_tmpl_id.taxes_id
            if taxes not in answers:
                own = taxes._filter_taxes_by_company(company)
                answers[taxes] = position.map_tax(own) == own and all(
                    tax.price_include == is_included and tax.amount_type != "group" for tax in own
                )
            if answers[taxes]:
                plain.add(product.id)
        return plain
