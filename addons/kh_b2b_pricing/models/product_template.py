from urllib.parse import urlencode

from markupsafe import Markup

from odoo import api, models
from odoo.fields import Domain
from odoo.http import request


class ProductTemplate(models.Model):
    _inherit = "product.template"

    # === BUSINESS METHODS - NEUTRALITY === #

    def _domain_pricelist_rule_ids(self):
        domain = Domain(super()._domain_pricelist_rule_ids())
        return list(domain & self.env["product.pricelist"]._kh_shared_items_domain())

    # === BUSINESS METHODS - SHOP === #

    def _kh_get_display_prices(self, partner=None, quantity=1.0, website=None):
        """See `product.product._kh_get_display_prices`."""
        website = website or self.env["website"].get_current_website()
        partner, pricelist = self.env["product.product"]._kh_display_viewer(partner, website)
        return pricelist._kh_get_display_prices(self, partner, quantity, website)

    def _kh_preload_prices(self, website):
        """Return the product so that prices of its variants are read once for whoever looks.

        For its page, which asks for them half a dozen times; see
        `product.pricelist._kh_preload`.
        """
        partner, pricelist = self.env["product.product"]._kh_display_viewer(None, website)
        variants = self.product_variant_ids
        # the page reads them anyway; read before, they need no query of the engine's own
        variants.mapped("combination_indices")
        return self.with_env(pricelist._kh_preload(variants, partner).env)

    @api.model
    def _kh_source_label(self, source):
        """Name the kind of price for its reader; empty for visitors."""
        labels = {
            "contract": self.env._("Contract price"),
            "level": self.env._("Member price"),
            "market": self.env._("Market price"),
        }
        return labels.get(source, "")

    def _get_sales_prices(self, website):
        """Extend `website_sale`: say on B2B websites what kind of price a card shows."""
        prices = super()._get_sales_prices(website)
        if self and website.kh_is_b2b:
            for template_id, display in self._kh_get_display_prices(website=website).items():
                prices[template_id].update(
                    kh_source=display.source,
                    kh_source_label=self._kh_source_label(display.source),
                    kh_market_price=display.market,
                )
        return prices

    def _get_additionnal_combination_info(self, product_or_template, quantity, uom, date, website):
        """Extend `website_sale`: market price and kind of price, for page and JSON."""
        info = super()._get_additionnal_combination_info(
            product_or_template, quantity, uom, date, website
        )
        if not website.kh_is_b2b:
            return info
        in_product_unit = uom._compute_quantity(
            quantity, product_or_template.uom_id, raise_if_failure=False
        )
        display = product_or_template._kh_get_display_prices(
            quantity=in_product_unit, website=website
        )[product_or_template.id]
        market = display.market
        if uom != product_or_template.uom_id:
            viewer = self.env["product.product"]._kh_display_viewer(None, website)
            market = viewer[1]._kh_get_market_price_per(
                uom, product_or_template, viewer[0], quantity, website
            )
        info.update(
            kh_is_b2b=True,
            kh_source=display.source,
            kh_source_label=self._kh_source_label(display.source),
            kh_market_price=market,
            kh_tax_included=display.tax_included,
        )
        return info

    def _apply_taxes_to_price(
        self, price, currency, product_taxes, taxes, product_or_template, website=None
    ):
        """Extend `website_sale`: a B2B shop only rounds a price that is shown as it stands."""
        website = website or self.env["website"].get_current_website()
        if website.kh_is_b2b and self.env["product.pricelist"]._kh_is_shown_plain(
            product_taxes, taxes, website
        ):
            return currency.round(price)
        return super()._apply_taxes_to_price(
            price, currency, product_taxes, taxes, product_or_template, website=website
        )

    def _search_render_results_prices(self, mapping, combination_info):
        """Extend `website_sale`: tell visitors in suggestions that there is more to see."""
        price, list_price = super()._search_render_results_prices(mapping, combination_info)
        if price and combination_info.get("kh_is_b2b") and not combination_info["kh_source"]:
            price += Markup(' <small class="kh_login_hint">%s</small>') % self.env._(
                "Log in for your price"
            )
        return price, list_price

    def _get_google_analytics_data(self, product, combination_info):
        """Extend `website_sale`: a dealer's price goes to nobody outside."""
        data = super()._get_google_analytics_data(product, combination_info)
        if combination_info.get("kh_is_b2b"):
            data["price"] = combination_info["kh_market_price"]
        return data

    def _to_markup_data(self, website):
        """Extend `website_sale`: structured data carry the market price, for everybody."""
        if not website.kh_is_b2b or "kh_market_prices" in self.env.context:
            return super()._to_markup_data(website)
        markets = self.product_variant_ids._kh_get_market_prices(website)
        template = self.with_context(kh_market_prices=markets)
        return super(ProductTemplate, template)._to_markup_data(website)

    @api.model
    def _kh_login_url(self):
        """Where "Log in for your price" leads: to the login, and back to this page."""
        path = request.httprequest.full_path.rstrip("?") if request else "/shop"
        return f"/web/login?{urlencode({'redirect': path})}"
