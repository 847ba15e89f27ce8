from odoo import api, models

from ..const import FONT_ASSET_KEY


class Website(models.Model):
    _inherit = "website"

    # === CRUD METHODS === #
    @api.model_create_multi
    def create(self, vals_list):
        websites = super().create(vals_list)
        websites.filtered("kh_is_b2b")._kh_sync_font_asset()
        return websites

    def write(self, vals):
        result = super().write(vals)
        if "kh_is_b2b" in vals:
            self._kh_sync_font_asset()
        return result

    # === BUSINESS METHODS - FONTS === #
    def _kh_sync_font_asset(self):
        """Keep foreign web fonts out of the style sheets of B2B shops, and only of these.

        Core's style sheet imports the website's fonts from a foreign host. Style sheets are
        compiled per website, so one asset row per B2B shop empties these addresses.
        """
        # sudo: assets are technical rows, whoever switches the shop need not own them.
        Asset = self.env["ir.asset"].sudo()
        assets = Asset.search([("key", "=", FONT_ASSET_KEY), ("website_id", "in", self.ids)])
        shops = self.filtered("kh_is_b2b")
        assets.filtered(lambda asset: asset.website_id not in shops).unlink()
        Asset.create(
            [shop._kh_prepare_font_asset_vals() for shop in shops - assets.exists().website_id]
        )

    def _kh_prepare_font_asset_vals(self):
        self.ensure_one()
        return {
            "name": "KH B2B: system fonts",
            "key": FONT_ASSET_KEY,
            "website_id": self.id,
            "bundle": "web._assets_secondary_variables",
            "directive": "after",
            "target": "website/static/src/scss/secondary_variables.scss",
            "path": "kh_b2b_portal/static/src/scss/system_fonts.scss",
        }

    # === BUSINESS METHODS - FRAME === #
    def _kh_cart_counts(self, order):
        """Count what the cart badge says: ``(kinds, pieces)``; empty without a cart."""
        lines = order._kh_cart_lines() if order else ()
        return len(lines), sum(line.product_uom_qty for line in lines)
