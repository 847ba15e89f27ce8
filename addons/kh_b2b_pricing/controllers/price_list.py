"""Price lists for download: a dealer's own, and the annex of a contract for staff."""

from werkzeug.exceptions import NotFound
from werkzeug.wsgi import wrap_file

from odoo import http
from odoo.exceptions import UserError
from odoo.http import content_disposition, request

from odoo.addons.portal.controllers.portal import CustomerPortal


def stream_document(document):
    """Answer with a finished document, block by block; its file vanishes afterwards."""
    response = request.make_response(
        wrap_file(request.httprequest.environ, document.file),
        [
            ("Content-Type", document.content_type),
            ("Content-Disposition", content_disposition(document.name)),
            ("Content-Length", str(document.size)),
            ("Cache-Control", "private, no-store"),
            ("X-Content-Type-Options", "nosniff"),
        ],
    )
    response.direct_passthrough = True
    response.call_on_close(document.file.close)
    return response


class PriceListPortal(CustomerPortal):
    """My price list (我的价格表): every person of a dealer, in whatever role, its own prices."""

    # === ROUTES === #
    @http.route(
        "/my/prices", type="http", auth="user", website=True, methods=["GET"], sitemap=False
    )
    def my_prices(self, **_kwargs):
        if not self._get_price_dealer():
            return request.redirect("/my")
        return request.render("kh_b2b_pricing.portal_my_prices", self._prepare_price_page())

    @http.route(
        "/my/prices/download/<any(xlsx,pdf):kind>",
        type="http",
        auth="user",
        website=True,
        methods=["GET"],
        sitemap=False,
    )
    def my_prices_download(self, kind, category="", only_contract="", **_kwargs):
        """Download the price list of one's own company, and of no other."""
        if not self._get_price_dealer():
            return request.redirect("/my")
        try:
            document = request.env["kh.price.list"]._make_own(
                kind,
                request.website,
                only_contract=only_contract == "1",
                category=self._find_price_category(category),
            )
        except UserError as error:
            values = {**self._prepare_price_page(), "error": error.args[0]}
            response = request.render("kh_b2b_pricing.portal_my_prices", values)
            response.status_code = 429
            return response
        return stream_document(document)

    # === HELPERS === #
    def _get_price_dealer(self):
        """The dealer whose person is logged in, in sudo; empty for everybody else.

        Every role of a dealer sees its prices in the shop, so every role may download them.
        """
        # sudo: whether the user's own company is a dealer
        company_sudo = request.env.user.sudo().partner_id.commercial_partner_id
        is_open = request.website.kh_is_b2b and request.website.has_ecommerce_access()
        return company_sudo if is_open and company_sudo.kh_is_dealer else company_sudo.browse()

    def _prepare_price_page(self):
        return {
            "page_name": "kh_price_list",
            "error": "",
            "categories": [
                (category.id, category.display_name)
                for category in request.env["product.public.category"].search(
                    request.website.website_domain()
                )
            ],
        }

    def _find_price_category(self, text):
        """The category asked for, if the user may see it.

        :raise NotFound: for a category that does not exist or is not shown to the user
        """
        categories = request.env["product.public.category"]
        if not text:
            return categories
        found = categories
        if text.isdecimal() and len(text) < 10:
            domain = [("id", "=", int(text)), *request.website.website_domain()]
            found = categories.search(domain)
        if not found:
            raise NotFound
        return found


class PriceAnnex(http.Controller):
    @http.route(
        "/kh/price_contract/<int:contract_id>/annex/<any(xlsx,pdf):kind>",
        type="http",
        auth="user",
        methods=["GET"],
    )
    def price_annex(self, contract_id, kind, **_kwargs):
        """Print the price annex of a contract, for staff who may read it.

        A contract that is missing, or not the user's to read, does not exist here.
        """
        contract = request.env["kh.price.contract"].browse(contract_id).exists()
        if not contract or not contract.has_access("read"):
            raise NotFound
        return stream_document(request.env["kh.price.list"]._make_annex(kind, contract))
