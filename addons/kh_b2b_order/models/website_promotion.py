from odoo import models
from odoo.fields import Domain


class Website(models.Model):
    _inherit = "website"

    # === BUSINESS METHODS - PROMOTIONS === #
    def _kh_find_promotions(self):
        """Return the promotion zones in which the viewer finds something now, in sudo (M-05)."""
        # sudo: dealers may not read promotions; only names and banners of these are shown
        promotions_sudo = self.env["kh.promotion"].sudo()
        promotions_sudo = promotions_sudo.search(promotions_sudo._kh_open_domain(self))
        if not promotions_sudo:
            return promotions_sudo
        rows = promotions_sudo.line_ids.browse()._read_group(
            [("promotion_id", "in", promotions_sudo.ids), ("state", "=", "accepted")],
            ["promotion_id"],
            ["product_id:array_agg"],
        )
        products = {promotion.id: set(product_ids) for promotion, product_ids in rows}
        asked = list(set().union(*products.values()))
        whole = self.with_context(kh_whole_shop=True).sale_product_domain()
        visible = set(self.env["product.product"].search([("id", "in", asked), *whole]).ids)
        return promotions_sudo.filtered(lambda p: products.get(p.id, set()) & visible)

    def _kh_find_zone(self, key):
        """Extend `kh_b2b_catalog`: keys of promotions begin with a ``p``."""
        if not self._kh_is_promotion_key(key):
            return super()._kh_find_zone(key)
        return self._kh_find_promotions().filtered(lambda p: p._kh_zone_key() == key)

    def _kh_get_zone_domain(self, key):
        """Extend `kh_b2b_catalog`: each viewer finds what he may buy, so nobody is kept out."""
        if not self._kh_is_promotion_key(key):
            return super()._kh_get_zone_domain(key)
        number = key.removeprefix("p")
        wanted = int(number) if number.isdecimal() and len(number) < 10 else 0
        # sudo: as above; only products come out, of those that the viewer may see
        promotions_sudo = self.env["kh.promotion"].sudo()
        found_sudo = promotions_sudo.search(
            promotions_sudo._kh_open_domain(self) & Domain("id", "=", wanted)
        )
        return found_sudo._kh_zone_domain() if found_sudo else Domain.FALSE

    @staticmethod
    def _kh_is_promotion_key(key):
        return isinstance(key, str) and key.startswith("p")
