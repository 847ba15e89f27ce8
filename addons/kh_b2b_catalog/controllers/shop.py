from odoo.http import request, route

from odoo.addons.website_sale.controllers.combo_configurator import (
    WebsiteSaleComboConfiguratorController,
)
from odoo.addons.website_sale.controllers.main import WebsiteSale


class CatalogueShop(WebsiteSale):
    """The shop, narrowed to one zone with ``?kh_zone=``."""

    def _shop_get_query_url_kwargs(self, *args, **kwargs):
        values = super()._shop_get_query_url_kwargs(*args, **kwargs)
        zone = request.params.get("kh_zone")
        return {**values, "kh_zone": zone} if zone else values


class CatalogueComboConfigurator(WebsiteSaleComboConfiguratorController):
    """Sets show what their viewer may buy."""

    @route()
    def sale_combo_configurator_get_data(self, *args, **kwargs):
        return self._kh_drop_hidden(super().sale_combo_configurator_get_data(*args, **kwargs))

    @route()
    def website_sale_combo_configurator_get_data(self, *args, **kwargs):
        """Extend `website_sale`: the shop's address goes past the method above."""
        data = super().website_sale_combo_configurator_get_data(*args, **kwargs)
        return self._kh_drop_hidden(data)

    @staticmethod
    def _kh_drop_hidden(data):
        ids = [item["id"] for combo in data["combos"] for item in combo["combo_items"]]
        # sudo: the field answers for the person, whoever reads it
        items_sudo = request.env["product.combo.item"].sudo().browse(ids)
        hidden = set(items_sudo.filtered(lambda item: not item.product_id.kh_is_visible)._ids)
        for combo in data["combos"]:
            combo["combo_items"] = [i for i in combo["combo_items"] if i["id"] not in hidden]
        return data
