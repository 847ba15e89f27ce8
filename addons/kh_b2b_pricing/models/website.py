from odoo import fields, models


class Website(models.Model):
    _inherit = "website"

    kh_is_b2b = fields.Boolean(
        "B2B ordering shop",
        help="Visitors see market prices and “Log in for your price”, dealers their own.",
    )

    def _get_and_cache_current_pricelist(self):
        """Extend `website_sale`: a dealer's B2B pricelist wins over the session's memory.

        The session keeps a pricelist for up to an hour; a dealer admitted meanwhile would
        go on seeing market prices.
        """
        if self.kh_is_b2b and not self.env.user._is_public():
            # sudo: a portal user's own pricelist
            partner_sudo = self.env.user.sudo().partner_id.commercial_partner_id
            pricelist_sudo = partner_sudo.with_company(self.company_id).property_product_pricelist
            if pricelist_sudo.kh_is_b2b and pricelist_sudo._is_available_on_website(self):
                return pricelist_sudo
        return super()._get_and_cache_current_pricelist()
