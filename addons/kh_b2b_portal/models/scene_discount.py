from odoo import Command, models

from odoo.addons.kh_b2b_order.utils import format_money

ENOUGH = 1e9  # more than any set asks for


class Scene(models.Model):
    _inherit = "kh.scene"

    # === BUSINESS METHODS - DISCOUNT === #
    def _kh_get_set_rates(self, website, quantities):
        """Say which products of the set are discounted for the viewer, and by how much (M-62).

        The order decides in the same way, see `sale.order._kh_refresh_scene_discounts`.

        :param dict quantities: `{product id: quantity in the product's unit}` of the page
        :return: `{product id: percent}`; empty unless the set is whole
        """
        self.ensure_one()
        rate = self._kh_get_discount()
        if not rate or not self._kh_is_complete(quantities):
            return {}
        kept = self._kh_find_own_priced(website, quantities)
        return {product_id: rate for product_id in quantities if product_id not in kept}

    def _kh_find_own_priced(self, website, quantities):
        """Return the ids of products that stay at the price of the dealer's own.

        So do those whose price rule shows a discount of its own: a line has one only.
        """
        Product = self.env["product.product"]
        partner, pricelist_sudo = Product._kh_display_viewer(None, website)
        if not partner or not pricelist_sudo.kh_is_b2b:
            return set()
        pricelist_sudo = pricelist_sudo.with_company(website.company_id)
        asked = {product_id: quantity or 1.0 for product_id, quantity in quantities.items()}
        rule_of = {
            product_id: rule_id
            for product_id, (_price, rule_id) in pricelist_sudo._kh_get_prices(
                list(asked), asked, partner
            ).items()
        }
        # sudo: the viewer's own rules; only whether they are his alone is asked
        items_sudo = (
            self.env["product.pricelist.item"].sudo().browse(filter(None, rule_of.values()))
        )
        own = {
            item.id
            for item in items_sudo
            if (item.kh_partner_id and not self.is_discount_on_contract)
            or (item._show_discount() and item.percent_price > 0)
        }
        return {product_id for product_id, rule_id in rule_of.items() if rule_id in own}

    def _kh_get_whole_payable(self, rows):
        """Return what the set costs after its discount, taxed as the website shows prices.

        An order that is never stored says so: how a discount is taxed and rounded is its matter.
        A line with a discount of its price rule keeps that and gets none beside it, see
        `sale.order._kh_refresh_scene_discounts`.

        :param rows: rows of `_kh_rows` with a quantity
        """
        website = self.env["website"].get_current_website()
        # sudo: as for every cart, with the prices and taxes of whoever asks
        order_sudo = self.env["sale.order"].sudo().with_company(website.company_id)
        order_sudo = order_sudo.new(
            {
                **website._prepare_sale_order_values(self.env.user.partner_id.sudo()),
                "order_line": [
                    Command.create(
                        {
                            "product_id": row.product.product_id,
                            "product_uom_qty": row.quantity,
                        }
                    )
                    for row in rows
                ],
            }
        )
        for line, row in zip(order_sudo.order_line, rows, strict=True):
            if row.rate and not line.discount:
                line.discount = row.rate
        if website.show_line_subtotals_tax_selection == "tax_included":
            return order_sudo.amount_total
        return order_sudo.amount_untaxed

    def _kh_get_set_note(self, rows, totals):
        """Say what the whole set earns, or what it takes to earn it.

        :param rows: what `_kh_rows` returned
        :param totals: what `_kh_totals` returned
        :return: None for a scene without a discount, or one the viewer cannot buy whole
        """
        rate = self._kh_get_discount()
        reachable = {row.product.product_id: ENOUGH for row in rows if row.product.can_add}
        if not rate or not self._kh_is_complete(reachable):
            return None
        values = {"rate": f"{rate:g}"}
        if not self._kh_is_complete({row.product.product_id: row.quantity for row in rows}):
            return self.env._("%(rate)s%% off once you take the whole set", **values)
        if totals.payable is None:
            return self.env._("%(rate)s%% off the whole set", **values)
        if not totals.set_discount:
            return self.env._("Your own prices hold; the set's discount is not for them")
        saved = format_money(totals.set_discount, rows[0].product.price.currency)
        return self.env._(
            "Of this for the whole set (%(rate)s%%): %(saved)s", saved=saved, **values
        )
