from odoo import api, models
from odoo.http import request


class ProductProduct(models.Model):
    _inherit = "product.product"

    # === BUSINESS METHODS - SHOP === #

    def _kh_get_display_prices(self, partner=None, quantity=1.0, website=None):
        """Price products as one viewer sees them: the only source of prices for pages.

        :param partner: res.partner whose prices these are; ``None``: whoever asks (the
            dealer in front of the shop); an empty recordset: a visitor
        :param float quantity: in the product's unit
        :param website: website whose currency and tax display count
        :return: ``{product id: DisplayPrice}``, in a constant number of queries
        """
        website = website or self.env["website"].get_current_website()
        partner, pricelist = self._kh_display_viewer(partner, website)
        return pricelist._kh_get_display_prices(self, partner, quantity, website)

    @api.model
    def _kh_display_viewer(self, partner, website):
        """Return the commercial partner (empty: visitor) and the pricelist that applies."""
        # sudo: the viewer's own pricelist; what it says to others stays behind the engine
        pricelists = self.env["product.pricelist"].sudo()
        in_shop = request and getattr(request, "is_frontend", False)
        asked = partner is not None
        partner = pricelists._kh_resolve_partner(partner)
        # sudo: the viewer's own company and pricelist, whatever he may read of partners
        partner_sudo = partner.sudo().commercial_partner_id
        if in_shop and (not asked or partner_sudo == self._kh_request_dealer()):
            return partner_sudo.sudo(False), pricelists.browse(request.pricelist.id)
        payer_sudo = partner_sudo or website.sudo().user_id.partner_id
        pricelist = payer_sudo.with_company(website.company_id).property_product_pricelist
        return partner_sudo.sudo(False), pricelists.browse(pricelist.id)

    @api.model
    def _kh_request_dealer(self):
        partner = self.env["product.pricelist"]._kh_request_partner()
        # sudo: see `_kh_display_viewer`
        return partner.sudo().commercial_partner_id

    def _kh_get_market_prices(self, website):
        """Return ``{product id: market price}``, whoever asks, as the website shows it."""
        in_shop = request and getattr(request, "is_frontend", False)
        if in_shop:
            # sudo: the market price is everybody's, the pricelist behind it is not
            pricelist = self.env["product.pricelist"].sudo().browse(request.pricelist.id)
        else:
            pricelist = self._kh_display_viewer(self.env["res.partner"], website)[1]
        nobody = self.env["res.partner"]
        displays = pricelist._kh_get_display_prices(self, nobody, 1.0, website)
        return {product_id: display.market for product_id, display in displays.items()}

    def _to_markup_data(self, website):
        """Extend `website_sale`: structured data carry the market price, for everybody."""
        data = super()._to_markup_data(website)
        if website.kh_is_b2b and "offers" in data:
            markets = self.env.context.get("kh_market_prices") or {}
            if self.id not in markets:
                markets = self._kh_get_market_prices(website)
            data["offers"]["price"] = markets[self.id]
        return data
