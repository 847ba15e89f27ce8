from urllib.parse import urlencode

from werkzeug.exceptions import NotFound, TooManyRequests

from odoo import http
from odoo.http import request, route

from ..engine.poster import draw_qr_png

# How many pictures one user draws in an hour, and how often one address follows links.
PICTURES_PER_HOUR = 120
LINKS_PER_HOUR = 600
CACHE_SECONDS = 3600


class ProductSharing(http.Controller):
    """A product passed on: link, QR code and poster (分享)."""

    @route("/shop/s/<int:template_id>", type="http", auth="public", website=True, sitemap=False)
    def kh_shared_product(self, template_id, **_kwargs):
        """Lead to the product; through the login for whoever does not see it without."""
        self._ensure_rate("share_link", request.httprequest.remote_addr, LINKS_PER_HOUR)
        template = request.env["product.template"].browse(template_id)
        website = request.website
        can_see = template.exists() and template._kh_can_share(website)
        if can_see and website.has_ecommerce_access():
            return request.redirect(template.website_url)
        if request.env.user._is_public():
            # the same answer whether the product exists or not
            query = urlencode({"redirect": f"/shop/s/{template_id}"})
            return request.redirect(f"/web/login?{query}")
        raise NotFound

    @route(
        "/shop/kh/share/<int:template_id>/<string:name>.png",
        type="http",
        auth="user",
        website=True,
        sitemap=False,
    )
    def kh_share_picture(self, template_id, name, **_kwargs):
        """Draw the QR code or the poster of a product the user sees."""
        if name not in ("qr", "poster"):
            raise NotFound
        template = self._get_shared(template_id)
        self._ensure_rate("share_picture", request.env.user.id, PICTURES_PER_HOUR)
        if name == "qr":
            png, etag = draw_qr_png(template._kh_share_url(request.website)), None
        else:
            png, etag = template._kh_draw_poster(request.website)
        if not png:
            raise NotFound
        return self._make_png(png, etag, f"{template.default_code or template.id}-{name}.png")

    # === HELPERS === #
    @staticmethod
    def _get_shared(template_id):
        template = request.env["product.template"].browse(template_id)
        if not template.exists() or not template._kh_can_share(request.website):
            raise NotFound
        return template

    @staticmethod
    def _ensure_rate(action, key, limit):
        # sudo: the counter is nobody's to read
        counter_sudo = request.env["kh.rate.limit"].sudo()
        if not counter_sudo._hit(action, str(key), limit):
            raise TooManyRequests

    @staticmethod
    def _make_png(png, etag, filename):
        """Answer with a picture that the reader's own browser may keep for an hour."""
        headers = [
            ("Content-Type", "image/png"),
            ("Content-Disposition", http.content_disposition(filename, "inline")),
            ("X-Content-Type-Options", "nosniff"),
        ]
        response = request.make_response(png, headers)
        if etag:
            response.set_etag(etag)
        response.cache_control.private = True
        response.cache_control.max_age = CACHE_SECONDS
        response.make_conditional(request.httprequest.environ)
        return response
