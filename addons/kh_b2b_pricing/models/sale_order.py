from odoo import api, fields, models


class SaleOrder(models.Model):
    _inherit = "sale.order"

    # === FIELDS === #
    kh_is_b2b_priced = fields.Boolean(
        related="pricelist_id.kh_is_b2b", string="Priced by a B2B Pricelist"
    )

    # === ONCHANGE METHODS === #

    @api.onchange("partner_id")
    def _onchange_partner_id_kh_prices(self):
        """Offer new prices: another dealer pays others on the same B2B pricelist."""
        dealer = self.partner_id.commercial_partner_id._origin
        if (
            self.order_line
            and self.pricelist_id.kh_is_b2b
            and dealer != self._origin.partner_id.commercial_partner_id
        ):
            self.show_update_pricelist = True

    # === BUSINESS METHODS - PRICES === #

    def _kh_price_kwargs(self):
        """Name the dealer to the price engine; empty where the pricelist is not B2B."""
        if self.pricelist_id.kh_is_b2b:
            return {"kh_partner": self.partner_id.commercial_partner_id}
        return {}

    def _update_address(self, partner_id, fnames=None):
        """Extend `website_sale`: a cart that changes dealers changes prices.

        Core does so only where the pricelist changes; dealers share theirs.
        """
        pricelist, dealer = self.pricelist_id, self.partner_id.commercial_partner_id
        result = super()._update_address(partner_id, fnames)
        if (
            self.pricelist_id == pricelist
            and pricelist.kh_is_b2b
            and self.partner_id.commercial_partner_id != dealer
        ):
            self._recompute_prices()
        return result

    def _get_product_catalog_order_data(self, products, **kwargs):
        return super()._get_product_catalog_order_data(
            products, **{**self._kh_price_kwargs(), **kwargs}
        )

    def _update_order_line_info(self, product_id, quantity, **kwargs):
        return super()._update_order_line_info(
            product_id, quantity, **{**kwargs, **self._kh_price_kwargs()}
        )
