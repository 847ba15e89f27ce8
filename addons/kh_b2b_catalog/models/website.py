from odoo import models
from odoo.fields import Domain
from odoo.http import request

from ..engine.saleable import AssortmentCondition


class Website(models.Model):
    _inherit = "website"

    # === BUSINESS METHODS - CATALOGUE === #
    def _product_domain(self):
        """Extend `website_sale`: what the person in the shop may see and buy.

        Lists, search and carts ask it, also in sudo, where rules do not bind. Nothing is added
        while nothing is restricted.
        """
        domain = super()._product_domain()
        if self._kh_is_catalogue_restricted():
            return Domain(domain) & Domain("kh_is_visible", "=", True)
        return domain

    def _kh_is_catalogue_restricted(self):
        Product = self.env["product.template"]
        if self.env.user._is_internal():
            return False
        return any(Product._kh_get_restrictions()) or not Product._kh_kind_domain().is_true()

    def _get_basic_feed_product_domain(self):
        """Extend `website_sale`: feeds for the world hold what visitors see, whoever asks."""
        domain = super()._get_basic_feed_product_domain()
        Product = self.env["product.template"]
        visible = Product._kh_saleable_domain(website=self)
        if visible.is_true():
            return domain
        return Domain(domain) & Domain("product_tmpl_id", "any", visible)

    # === BUSINESS METHODS - ZONES === #
    def sale_product_domain(self):
        """Extend `website_sale`: ``/shop?kh_zone=3`` shows one zone, to those who may enter it."""
        domain = super().sale_product_domain()
        asked = request and request.is_frontend and request.params.get("kh_zone")
        if not asked:
            return domain
        zone_sudo = self.get_current_website()._kh_find_zone(asked)
        if not zone_sudo:
            return Domain.FALSE
        return Domain(domain) & Domain.custom(to_sql=AssortmentCondition(zone_sudo.id))

    def _kh_find_zones(self):
        """Return the zones the person in the shop may enter, in sudo (企业采购专区)."""
        viewer = self.env["product.template"]._kh_get_viewer()
        if viewer:
            # sudo: dealers may not read assortments; only names of their own zones are shown
            zones_sudo = viewer.partner.sudo().kh_visible_assortment_ids
        else:
            # sudo: employees look at the shop, whatever they may do with assortments
            zones_sudo = self.env["kh.catalog.assortment"].sudo().search([("is_zone", "=", True)])
        company = self.company_id or self.env.company
        return zones_sudo.filtered(
            lambda zone: zone.is_zone and (not zone.company_id or zone.company_id == company)
        ).sorted(lambda zone: (zone.sequence, zone.id))

    def _kh_find_zone(self, zone_id):
        """Return the zone with this id, as sent by a browser, if it may be entered."""
        text = str(zone_id or "")
        wanted = int(text) if text.isdecimal() and len(text) < 10 else 0
        return self._kh_find_zones().filtered(lambda zone: zone.id == wanted)
