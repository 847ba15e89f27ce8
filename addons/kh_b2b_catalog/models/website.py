from odoo import models
from odoo.fields import Domain
from odoo.http import request


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
        """Extend `website_sale`: ``/shop?kh_zone=3`` shows one zone, to those who may enter it.

        With ``kh_whole_shop`` in the context the address does not matter.
        """
        domain = super().sale_product_domain()
        asked = request and request.is_frontend and request.params.get("kh_zone")
        if not asked or self.env.context.get("kh_whole_shop"):
            return domain
        return Domain(domain) & self.get_current_website()._kh_get_zone_domain(asked)

    def _kh_get_zone_domain(self, key):
        """Return the domain of the products of a zone, by its key as sent by a browser (hook).

        :return: FALSE for a zone that may not be entered
        :rtype: Domain
        """
        zone_sudo = self._kh_find_zone(key)
        return zone_sudo._kh_zone_domain() if zone_sudo else Domain.FALSE

    def _kh_find_zones(self):
        """Return the zones the person in the shop may enter now, in sudo (企业采购专区)."""
        viewer = self.env["product.template"]._kh_get_viewer()
        if viewer:
            # sudo: dealers may not read assortments; only names of their own zones are shown
            zones_sudo = viewer.partner.sudo().kh_visible_assortment_ids
        else:
            # sudo: employees look at the shop, whatever they may do with assortments
            zones_sudo = self.env["kh.catalog.assortment"].sudo().search([("is_zone", "=", True)])
        company = self.company_id or self.env.company
        return zones_sudo.filtered(
            lambda zone: (
                zone.is_zone
                and zone._kh_is_zone_open()
                and (not zone.company_id or zone.company_id == company)
            )
        ).sorted(lambda zone: (zone.sequence, zone.id))

    def _kh_find_zone(self, key):
        """Return the zone with this key, as sent by a browser, if it may be entered (hook)."""
        text = str(key or "")
        return self._kh_find_zones().filtered(lambda zone: zone._kh_zone_key() == text)
