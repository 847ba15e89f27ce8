from odoo import http
from odoo.http import request

from odoo.addons.portal.controllers.portal import CustomerPortal


class MemberPortal(CustomerPortal):
    @http.route("/my/b2b", type="http", auth="user", website=True, readonly=True)
    def my_b2b(self, **kwargs):
        """What a dealer's people see about their own company."""
        dealer = request.env.user.partner_id.commercial_partner_id
        if not dealer.kh_is_dealer:
            return request.redirect("/my")
        # sudo: level, areas and bank accounts of one's own company, read-only, by the page
        values = {"dealer": dealer.sudo(), "page_name": "b2b_company"}
        return request.render("kh_b2b_member.portal_my_b2b", values)
