from werkzeug.exceptions import NotFound

from odoo import http
from odoo.http import request, route


class ShopZone(http.Controller):
    """The company zone: an assortment under an address of its own (企业采购专区, M-61)."""

    @route("/shop/zone/<string:slug>", type="http", auth="public", website=True, sitemap=False)
    def kh_zone(self, slug, **_kwargs):
        """Open a zone in the catalogue; one the viewer may not enter is not there for him."""
        website = request.website
        if not website.kh_is_b2b or not website.has_ecommerce_access():
            raise NotFound
        _name, zone_id = request.env["ir.http"]._unslug(slug)
        zone = website._kh_find_zone(zone_id)
        if not zone:
            raise NotFound
        return request.redirect(f"/shop?kh_zone={zone.id}")
