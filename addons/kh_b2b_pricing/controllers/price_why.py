"""The price X-ray of shop and portal: why a price is what it is, for its reader only."""

from urllib.parse import urlencode, urlsplit

from werkzeug.exceptions import BadRequest, NotFound

from odoo.exceptions import AccessError, MissingError
from odoo.fields import Domain
from odoo.http import request, route

from odoo.addons.portal.controllers.portal import CustomerPortal

MAX_PRODUCTS = 50


class KhPriceWhy(CustomerPortal):
    @route(
        "/shop/kh/price_why",
        type="jsonrpc",
        auth="public",
        website=True,
        readonly=True,
        methods=["POST"],
    )
    def kh_price_why(self, product_ids, quantity=1.0):
        """Explain the prices of products as the visitor sees them.

        :param list product_ids: variants, at most ``MAX_PRODUCTS``
        :param float quantity: in the product's unit
        :return: ``{product id: {"html": …, …}}``, see `product.product._kh_explain_own`;
            products that the visitor may not see are absent, as if they did not exist
        """
        ids = self._kh_read_ids(product_ids)
        try:
            quantity = max(float(quantity), 0.0) or 1.0
        except (TypeError, ValueError):
            raise BadRequest(request.env._("The quantity must be a number.")) from None
        products = self._kh_find_shown_products(ids)
        explanations = products._kh_explain_own(request.website, quantity)
        return {key: self._kh_render_why(data) for key, data in explanations.items()}

    @route(
        "/my/kh/price_why",
        type="jsonrpc",
        auth="public",
        website=True,
        readonly=True,
        methods=["POST"],
    )
    def kh_line_price_why(self, line_id, access_token=None):
        """Explain the price of one line of the visitor's cart or order.

        :param str access_token: of the order, for readers of a link
        :return: ``{"html": …, …}``, see `sale.order.line._kh_explain_own`
        :raise NotFound: where the order is not the visitor's
        """
        ids = self._kh_read_ids([line_id])
        # sudo: found first, judged by its order below
        line_sudo = request.env["sale.order.line"].sudo().browse(ids).exists()
        if not line_sudo:
            raise NotFound
        if line_sudo.order_id.id != (request.cart.id or 0):
            try:
                self._document_check_access("sale.order", line_sudo.order_id.id, access_token)
            except (AccessError, MissingError):
                raise NotFound from None
        return self._kh_render_why(line_sudo._kh_explain_own())

    @staticmethod
    def _kh_read_ids(values):
        """Check ids that came from a client."""
        if not isinstance(values, list) or not 0 < len(values) <= MAX_PRODUCTS:
            raise BadRequest(request.env._("Ask for 1 to %s prices at once.", MAX_PRODUCTS))
        if not all(isinstance(value, int) and 0 < value < 2**31 for value in values):
            raise BadRequest(request.env._("Prices are asked for by numeric ids."))
        return values

    @staticmethod
    def _kh_find_shown_products(ids):
        """Return those of the products which the shop shows to the visitor.

        Record rules and the shop's own domain decide, whichever add-ons extend them.
        """
        products = request.env["product.product"].search([("id", "in", ids)])
        shown = Domain(request.website.sale_product_domain()) & Domain(
            "id", "in", products.product_tmpl_id.ids
        )
        templates = request.env["product.template"].search(shown)
        return products.filtered(lambda product: product.product_tmpl_id in templates)

    @staticmethod
    def _kh_render_why(data):
        # back to the page on which the price stands; only its path counts
        page = urlsplit(request.httprequest.referrer or "").path.lstrip("/") or "shop"
        login_url = f"/web/login?{urlencode({'redirect': f'/{page}'})}"
        html = request.env["ir.qweb"]._render(
            "kh_b2b_pricing.price_why", {"why": data, "login_url": login_url}
        )
        return {**data, "html": str(html)}
