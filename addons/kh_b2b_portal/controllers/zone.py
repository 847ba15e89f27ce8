from werkzeug.exceptions import NotFound

from odoo import http
from odoo.http import request, route


class ShopZone(http.Controller):
    """Zones of the shop under addresses of their own: a company's (企业采购专区, M-61) and
    promotions (促销专区, M-05). A zone the viewer may not enter now is not there for him.
    """

    @route("/shop/zone/<string:slug>", type="http", auth="public", website=True, sitemap=False)
    def kh_zone(self, slug, **_kwargs):
        """Open an assortment's zone in the catalogue."""
        _name, zone_id = request.env["ir.http"]._unslug(slug)
        return self._kh_open(zone_id)

    @route("/shop/promotion/<string:slug>", type="http", auth="public", website=True, sitemap=False)
    def kh_promotion(self, slug, **_kwargs):
        """Open a promotion in the catalogue."""
        _name, promotion_id = request.env["ir.http"]._unslug(slug)
        return self._kh_open(f"p{promotion_id}")

    @route(
        "/shop/zone-banner/<string:key>",
        type="http",
        auth="public",
        website=True,
        sitemap=False,
        readonly=True,
    )
    def kh_zone_banner(self, key, **_kwargs):
        """The picture above a zone, for those who may enter it."""
        zone_sudo = self._kh_find(key)
        if not zone_sudo.banner_image:
            raise NotFound
        # in sudo: dealers may not read zones; whether this one is theirs was asked above
        stream = request.env["ir.binary"]._get_image_stream_from(zone_sudo, "banner_image")
        return stream.get_response(max_age=http.STATIC_CACHE)

    # === HELPERS === #
    def _kh_open(self, key):
        return request.redirect(f"/shop?kh_zone={self._kh_find(key)._kh_zone_key()}")

    @staticmethod
    def _kh_find(key):
        website = request.website
        if not website.kh_is_b2b or not website.has_ecommerce_access():
            raise NotFound
        zone_sudo = website._kh_find_zone(key)
        if not zone_sudo:
            raise NotFound
        return zone_sudo
