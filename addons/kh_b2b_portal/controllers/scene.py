from werkzeug.exceptions import NotFound

from odoo.exceptions import UserError
from odoo.http import request, route

from odoo.addons.kh_b2b_order.utils import format_money, format_price, format_quantity

from .cart_json import ShopCartJson


class ShopScenes(ShopCartJson):
    """Scenes: sets of products for one purpose, bought with one click (M-62)."""

    # === PAGES === #
    def _kh_sitemap_scenes(env, rule, qs):  # noqa: N805 - core calls it as a plain function
        """Addresses of scenes for search engines: those in which a visitor finds something."""
        website = env["website"].get_current_website()
        if not website.kh_is_b2b or website.ecommerce_access == "logged_in":
            return
        for scene in env["kh.scene"]._kh_find_shown(website):
            if not qs or qs.lower() in scene.website_url:
                yield {"loc": scene.website_url}

    @route("/scenes", type="http", auth="public", website=True, readonly=True, sitemap=False)
    def kh_scenes(self, **_kwargs):
        """All scenes in which the viewer may buy something."""
        self._kh_ensure_open()
        shown = request.env["kh.scene"]._kh_find_shown(request.website)
        values = {
            "additional_title": request.env._("Scenes"),
            "kh_scenes": [(scene, len(lines)) for scene, lines in shown.items()],
        }
        return request.render("kh_b2b_portal.scenes", values)

    @route(
        "/scenes/<string:slug>",
        type="http",
        auth="public",
        website=True,
        sitemap=_kh_sitemap_scenes,
    )
    def kh_scene(self, slug, **_kwargs):
        """One scene as a set to adjust and buy."""
        scene = self._kh_find_scene(slug)
        website = request.website
        lines_sudo = self._kh_get_scene_lines(scene)
        rows = scene._kh_rows(website, lines_sudo, order=request.cart)
        scene_sudo = scene.sudo()  # sudo: name and phone of the expert, meant for the reader
        values = {
            "main_object": scene,
            "scene": scene,
            "additional_title": scene.name,
            "kh_rows": rows,
            "kh_totals": self._kh_scene_totals(scene, rows),
            "kh_expert_name": scene_sudo.expert_id.name,
            "kh_expert_phone": scene_sudo.expert_id.partner_id.phone,
            "kh_notice": request.session.pop("kh_scene_notice", ""),
            "kh_is_visitor": request.env.user._is_public(),
            "kh_currency": website.currency_id,
            "kh_tax_included": website.show_line_subtotals_tax_selection == "tax_included",
            "kh_price_digits": request.env["decimal.precision"].precision_get("Product Price"),
            "kh_price": format_price,
            "kh_qty": format_quantity,
            "kh_money": format_money,
        }
        return request.render("kh_b2b_portal.scene", values)

    @route(
        "/scenes/<string:slug>/ask",
        type="http",
        auth="user",
        website=True,
        methods=["POST"],
        sitemap=False,
    )
    def kh_scene_ask(self, slug, question="", key="", **_kwargs):
        """Send a question to the scene's expert; the same key twice asks once."""
        scene = self._kh_find_scene(slug)
        self._kh_get_scene_lines(scene)
        try:
            _claim, is_new = self._claim(key)
            if is_new:
                scene._kh_ask_expert(question)
            notice = request.env._("Your question was sent. The expert will contact you.")
        except UserError as error:
            notice = str(error)
        request.session["kh_scene_notice"] = notice
        return request.redirect(scene.website_url)

    # === WHAT THE PAGE ASKS === #
    @route("/shop/kh/scene/quote", type="jsonrpc", auth="public", website=True, methods=["POST"])
    def kh_scene_quote(self, scene_id, lines, **_kwargs):
        """What the set costs with the quantities given.

        :param list[dict] lines: ``[{"product_id": 5, "qty": 10}, …]``
        :return: totals and, by product, price and amount (strings, ready to show)
        """
        scene, rows, _lines = self._kh_read_set(scene_id, lines)
        digits = request.env["decimal.precision"].precision_get("Product Price")
        currency = request.website.currency_id
        return {
            "totals": self._kh_scene_totals(scene, rows),
            "rows": {
                str(row.product.product_id): {
                    "price": format_price(row.price, digits),
                    "amount": format_money(row.amount, currency),
                }
                for row in rows
            },
        }

    @route("/shop/kh/scene/add", type="jsonrpc", auth="user", website=True, methods=["POST"])
    def kh_scene_add(self, scene_id, lines, key, **_kwargs):
        """Put the set into the cart as `kh_cart_add` does; the same key twice adds once.

        :return: as there, and other rows whose discount came or went with it
        :raise UserError: if the set is not complete; nothing was added
        """
        scene, rows, wanted = self._kh_read_set(scene_id, lines)
        scene._kh_ensure_complete(rows)
        before = request.cart._kh_get_set_discounts()
        result = self.kh_cart_add(
            lines=[{"product_id": pid, "qty": qty} for pid, qty in wanted.items()], key=key
        )
        if not result.get("added"):
            return result
        request.cart._kh_set_scene(scene, {int(product_id) for product_id in result["added"]})
        answer = {**result, "totals": self._kh_totals(request.cart)}
        # goods that another set needs, too, count for one of them: its discount may go
        others = request.cart._kh_get_set_changes(before)
        return {**answer, "others": others} if others else answer

    # === HELPERS === #
    def _kh_read_set(self, scene_id, lines):
        """Read what a page sent; products that are not in the viewer's scene are ignored.

        :return: ``(scene, rows, {product id: quantity above zero})``
        """
        wanted = {}
        for product_id, quantity, _uom in self._parse_lines(lines):
            wanted[product_id] = wanted.get(product_id, 0.0) + quantity
        if isinstance(scene_id, bool) or not isinstance(scene_id, int):
            raise NotFound
        scene = request.env["kh.scene"].search([("id", "=", scene_id)])
        rows = scene._kh_rows(request.website, self._kh_get_scene_lines(scene), wanted)
        known = {row.product.product_id for row in rows}
        return scene, rows, {pid: qty for pid, qty in wanted.items() if pid in known}

    @staticmethod
    def _kh_find_scene(slug):
        """The scene of an address; empty if the reader may not know of it."""
        _name, scene_id = request.env["ir.http"]._unslug(slug)
        return request.env["kh.scene"].search([("id", "=", scene_id or 0)])

    def _kh_get_scene_lines(self, scene):
        """The lines (in sudo) that the viewer may see; a scene without any is not there."""
        self._kh_ensure_open()
        lines_sudo = scene._kh_shown_lines(request.website).get(scene)
        if not lines_sudo or not scene.can_access_from_current_website():
            raise NotFound
        return lines_sudo

    def _kh_ensure_open(self):
        self._ensure_shop()
        if not request.website.has_ecommerce_access():
            raise NotFound

    @staticmethod
    def _kh_scene_totals(scene, rows):
        """Totals of a set as the page shows them; visitors get no payable."""
        totals, currency = scene._kh_totals(rows), request.website.currency_id
        values = {"kinds": totals.kinds, "market": format_money(totals.market, currency)}
        if totals.payable is not None:
            values["discount"] = format_money(-totals.discount, currency)
            values["payable"] = format_money(totals.payable, currency)
        note = scene._kh_get_set_note(rows, totals)
        if note is not None:
            values["set_note"] = note
        return values
