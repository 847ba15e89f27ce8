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
            person_sudo = self.env.user.sudo().partner_id.with_company(self.company_id)
            dealer_sudo = person_sudo.commercial_partner_id
            # both in one query: the page goes on to ask for the person's taxes
            both = (dealer_sudo.id, person_sudo.id)
            pricelist_sudo = dealer_sudo.with_prefetch(both).property_product_pricelist
            if pricelist_sudo.kh_is_b2b and pricelist_sudo._is_available_on_website(self):
                return pricelist_sudo
        return super()._get_and_cache_current_pricelist()

    def _kh_price_bound_rate(self):
        """Undo what core's shop does to the ends of a price range.

        :return: factor from the currency in which `_search_get_detail` gets them to the
            website's
        """
        if not self.is_view_active("website_sale.filter_products_price"):
            return 1.0
        # sudo: the currency of the website's company
        company_sudo = self.sudo().company_id
        return self.env["res.currency"]._get_conversion_rate(
            company_sudo.currency_id, self.currency_id, company_sudo, fields.Date.today()
        )
