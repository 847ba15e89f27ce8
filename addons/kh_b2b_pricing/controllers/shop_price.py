"""Core's shop page on a B2B website: the price range is one of the viewer's own prices."""

from odoo.http import request
from odoo.tools import float_round

from odoo.addons.website_sale.controllers.main import WebsiteSale

from ..models.product_own_price import as_bound


class KhShopPrice(WebsiteSale):
    def _get_additional_shop_values(self, values, **kwargs):
        """Extend `website_sale`: own prices in the range filter, instead of sales prices.

        Core took the ends of the range from sales prices and pulled what was asked for into
        it; the pager's links are made anew with what was asked for.
        """
        extra = super()._get_additional_shop_values(values, **kwargs)
        if not request.website.kh_is_b2b or "available_min_price" not in values:
            return extra
        asked = {name: as_bound(request.params.get(name)) for name in ("min_price", "max_price")}
        domain = self._get_shop_domain(
            values["search"], values["category"], values["attrib_values"]
        )
        low, high = request.env["product.template"]._kh_own_price_range(domain)
        extra.update(
            available_min_price=float_round(low, 2),
            available_max_price=float_round(high, 2),
            min_price=asked["min_price"] or low,
            max_price=asked["max_price"] or high,
        )
        if any(asked.values()):
            extra["pager"] = self._kh_price_pager(values, asked, kwargs)
        return extra

    def _kh_price_pager(self, values, asked, url_args):
        """Core's pager, whose links carry the range as it was asked for."""
        pager = values["pager"]
        url_args = {key: value for key, value in url_args.items() if key not in asked}
        url_args.update({name: bound for name, bound in asked.items() if bound})
        return request.website.pager(
            url=self._get_shop_path(values["category"]),
            total=values["search_count"],
            page=pager["page"]["num"],
            step=values["ppg"],
            scope=5,
            url_args=url_args,
        )
