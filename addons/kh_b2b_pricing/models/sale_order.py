from odoo import models


class SaleOrder(models.Model):
    _inherit = "sale.order"

    # === BUSINESS METHODS - PRICES === #

    def _kh_price_kwargs(self):
        """Name the dealer to the price engine; empty where the pricelist is not B2B."""
        if self.pricelist_id.kh_is_b2b:
            return {"kh_partner": self.partner_id.commercial_partner_id}
        return {}

    def _get_product_catalog_order_data(self, products, **kwargs):
        return super()._get_product_catalog_order_data(
            products, **{**self._kh_price_kwargs(), **kwargs}
        )

    def _update_order_line_info(self, product_id, quantity, **kwargs):
        return super()._update_order_line_info(
            product_id, quantity, **{**kwargs, **self._kh_price_kwargs()}
        )
