from odoo import fields
from odoo.http import request, route

from odoo.addons.kh_b2b_order.utils import (
    format_money,
    format_price,
    format_quantity,
    format_time,
)
from odoo.addons.portal.controllers.portal import CustomerPortal

from .cart_park import CartPark

RECENT_ORDERS = 5


class DealerHome(CustomerPortal):
    """The dealer's first page: what to do now, and the way to the next order (W1)."""

    @route()
    def home(self, **kw):
        response = super().home(**kw)
        if request.website.kh_is_b2b and getattr(response, "qcontext", None) is not None:
            response.qcontext.update(self._kh_prepare_home_values())
        return response

    def _kh_prepare_home_values(self):
        website = request.website
        partner = request.env.user.partner_id
        Order = request.env["sale.order"]
        domain = Order._kh_home_domain(partner, website)
        can_read = Order.has_access("read")  # staff without sales rights has a page too
        # sudo: the dealer's own company, and the business card of its salesperson
        company_sudo = partner.sudo().commercial_partner_id
        return {
            "kh_home": True,
            "my_details": False,
            "no_breadcrumbs": True,
            "kh_partner": company_sudo,
            "kh_is_dealer": company_sudo.kh_is_dealer,
            "kh_stages": Order._kh_home_stages(partner, website) if can_read else [],
            "kh_orders": Order.search(domain, order="date_order desc, id desc", limit=RECENT_ORDERS)
            if can_read
            else Order,
            "kh_salesperson": company_sudo.user_id,
            "kh_parked_count": len(CartPark._kh_list_parked()),
            "kh_cart_totals": request.cart._kh_cart_totals(),
            "kh_currency": website.currency_id,
            "kh_money": format_money,
            "kh_profile_complete": bool(company_sudo.vat and company_sudo.street),
            "kh_tasks": Order._kh_home_tasks(partner, website) if can_read else [],
            "kh_tiles": Order._kh_home_tiles(partner, website) if can_read else [],
            "kh_time": lambda moment: format_time(moment, fields.Date.context_today(Order)),
            "kh_zones": website._kh_list_zones() if website.has_ecommerce_access() else [],
            "kh_has_scenes": bool(request.env["kh.scene"].search_count([], limit=1)),
            **self._kh_prepare_frequent_values(Order, can_read),
        }

    def _kh_prepare_frequent_values(self, Order, can_read):
        """Rows of what the dealer orders often, to fill in quantities and add at once."""
        website = request.website
        rows = []
        if can_read and website.has_ecommerce_access():
            products = Order._kh_home_frequent(request.env.user.partner_id, website)
            rows = website._kh_catalogue_rows(products, request.cart) if products else []
        return {
            "kh_frequent": [row._replace(variant_count=0) for row in rows],
            "kh_is_visitor": False,
            "kh_tax_included": website.show_line_subtotals_tax_selection == "tax_included",
            "kh_price_digits": request.env["decimal.precision"].precision_get("Product Price"),
            "kh_price": format_price,
            "kh_qty": format_quantity,
        }
