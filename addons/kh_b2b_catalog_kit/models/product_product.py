import math
from collections import defaultdict

from odoo import api, models
from odoo.fields import Domain

MAX_LEVELS = 20


class ProductProduct(models.Model):
    _inherit = "product.product"

    # === BUSINESS METHODS - STOCK === #
    def _kh_filter_stocked(self, company=None):
        """Extend: bundles with a storable part count the stock of their parts."""
        stocked = super()._kh_filter_stocked(company)
        kits = self._kh_filter_kits(company)
        if not kits:
            return stocked
        parts = kits._kh_get_kit_parts(company)
        counted = {kit.id for kit in kits if any(part.is_storable for part in parts.get(kit, ()))}
        return self.filtered(
            lambda product: product.id in counted if product in kits else product in stocked
        )

    def _kh_get_stock_sources(self, company=None):
        """Extend: bundles take their stock from their parts."""
        parts = self._kh_filter_kits(company)._kh_get_kit_parts(company)
        return (
            super()
            ._kh_get_stock_sources(company)
            .union(*(part for need in parts.values() for part in need))
        )

    def _kh_free_quantities(self, channel):
        """Extend: as many bundles as the scarcest part allows, whole ones.

        The same number of queries for any number of bundles of one depth.
        """
        kits = self._kh_filter_kits(channel.company_id)
        if not kits:
            return super()._kh_free_quantities(channel)
        parts = kits._kh_get_kit_parts(channel.company_id)
        components = self.browse().union(*(part for need in parts.values() for part in need))
        components = components.filtered("is_storable")
        asked = (self - kits) | components
        free = super(ProductProduct, asked)._kh_free_quantities(channel)
        result = {key: quantity for key, quantity in free.items() if key in (self - kits)._ids}
        for kit in kits:
            counts = [
                free.get(part.id, 0.0) / quantity
                for part, quantity in parts.get(kit, {}).items()
                if part.is_storable and quantity > 0
            ]
            result[kit.id] = float(math.floor(min(counts) + 1e-6)) if counts else 0.0
        return result

    @api.model
    def _kh_in_stock_domain(self, channel):
        """Extend: of bundles count the parts; one without a counted part is always there."""
        domain = super()._kh_in_stock_domain(channel)
        company = channel.company_id
        kits = self.search([("kh_kind", "=", "bundle")])._kh_filter_kits(company)
        if not kits:
            return domain
        counted = kits._kh_filter_stocked(company)
        free = counted._kh_free_quantities(channel)
        there = kits.filtered(lambda kit: kit not in counted or free.get(kit.id, 0.0) > 0)
        return (domain & Domain("id", "not in", kits.ids)) | Domain("id", "in", there.ids)

    def _kh_filter_kits(self, company=None):
        """Return the products of which a company has a kit."""
        asked = self.with_company(company or self.env.company)
        return self.browse(asked.filtered("is_kits")._ids)

    def _kh_get_kit_parts(self, company=None):
        """Return what one piece of each bundle is made of, kits within kits unfolded.

        :return: ``{bundle: {part: quantity in the part's unit}}``
        """
        company = company or self.env.company
        # sudo: dealers may not read bills of materials
        Bom = self.env["mrp.bom"].sudo()
        parts = {product: {product: 1.0} for product in self.sudo()}  # sudo: as above
        boms = {}
        for _level in range(MAX_LEVELS):
            found = self.sudo().browse().union(*(part for need in parts.values() for part in need))
            new = found.filtered(lambda product: product not in boms)
            if new:
                kits = Bom._bom_find(new, company_id=company.id, bom_type="phantom")
                boms.update((product, kits[product]) for product in new)
            if not any(boms[product] for product in found):
                break
            parts = {product: self._kh_unfold(need, boms) for product, need in parts.items()}
        return {product: need for product, need in parts.items() if boms.get(product)}

    @staticmethod
    def _kh_unfold(need, boms):
        """Put the lines of its kit in the place of each part that is a kit itself."""
        result = defaultdict(float)
        for part, quantity in need.items():
            bom = boms[part]
            if not bom:
                result[part] += quantity
                continue
            made = bom.product_uom_id._compute_quantity(bom.product_qty, part.uom_id, round=False)
            for line in bom.bom_line_ids:
                if not line._skip_bom_line(part):
                    used = line.product_uom_id._compute_quantity(
                        line.product_qty, line.product_id.uom_id, round=False
                    )
                    result[line.product_id] += quantity * used / made
        return dict(result)
