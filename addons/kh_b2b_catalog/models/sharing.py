import base64
import hashlib

from odoo import models

from ..engine.poster import PosterFacts, can_draw, draw_poster


class ProductTemplate(models.Model):
    _inherit = "product.template"

    # === BUSINESS METHODS - SHARING === #
    def _kh_can_share(self, website):
        """Answer whether whoever asks sees the product on this website, and so may share it."""
        self.ensure_one()
        if not self.has_access("read"):
            return False
        return bool(self.filtered_domain(website.sale_product_domain()))

    def _kh_share_path(self):
        """Path that leads to the product, also through the login."""
        self.ensure_one()
        return f"/shop/s/{self.id}"

    def _kh_share_url(self, website):
        """Address to pass on: the same for every dealer, it carries no price and no name."""
        return website.get_base_url().rstrip("/") + self._kh_share_path()

    def _kh_get_share_price(self, website):
        """Return the price a poster shows to everybody, ready to read (hook).

        :return: ``(text, note)``; empty texts: no price. Never the price of one dealer.
        """
        self.ensure_one()
        return "", ""

    def _kh_get_poster_facts(self, website):
        """Gather what the poster shows; the caller has checked `_kh_can_share`."""
        self.ensure_one()
        price, note = self._kh_get_share_price(website)
        # sudo: picture and attributes of a product the sharer sees
        product_sudo = self.sudo()
        variants_sudo = product_sudo.product_variant_ids
        picture = product_sudo.with_context(bin_size=False).image_1024
        return PosterFacts(
            url=self._kh_share_url(website),
            name=self.name,
            item_no=product_sudo.default_code or "",
            spec=self.env._("%s specifications", len(variants_sudo))
            if len(variants_sudo) > 1
            else "",
            price=price,
            price_note=note,
            hint=self.env._("Scan for details and your own price"),
            seller=website.sudo().company_id.name,
            picture=base64.b64decode(picture) if picture else b"",
        )

    def _kh_draw_poster(self, website):
        """Return the poster and its version, ``(PNG, etag)``; no PNG: no font can write it."""
        facts = self._kh_get_poster_facts(website)
        etag = hashlib.sha256(repr(facts).encode()).hexdigest()[:32]
        return (draw_poster(facts) if can_draw(facts) else b""), etag

    def _kh_poster_version(self):
        """Short text in the poster's address that changes with the product."""
        self.ensure_one()
        # sudo: when it was changed is no secret of a product one sees
        changed = self.sudo().write_date
        return f"{changed:%y%m%d%H%M%S}" if changed else "0"
