from werkzeug.exceptions import NotFound

from odoo import http
from odoo.http import request, route

from odoo.addons.kh_b2b_order.utils import format_quantity

from ..const import MAX_LINES_PER_ADD
from ..exceptions import InvalidRequest, LineNotFound, TooManyLines
from ..utils import parse_quantity


class ShopCartJson(http.Controller):
    """What the catalogue and the cart tell the server; every answer is a few hundred bytes."""

    @route("/shop/kh/cart/add", type="jsonrpc", auth="user", website=True, methods=["POST"])
    def kh_cart_add(self, lines, key, **_kwargs):
        """Add many products to the cart at once; the same key twice adds once.

        :param list[dict] lines: ``[{"product_id": 5, "qty": 10}, …]``
        :param str key: made by the page for this very click
        :return: what was added and refused, and the new state of the cart
        :raise TooManyLines, InvalidRequest: nothing was added
        """
        self._ensure_shop()
        rows = self._parse_lines(lines)
        claim, is_new = self._claim(key)
        if not is_new:
            return claim.result or {}
        order_sudo = request.cart or request.website._create_cart()
        result = self._kh_add_rows(order_sudo, rows)
        claim.write({"order_id": order_sudo.id, "result": result})
        return result

    @route("/shop/kh/cart/settle", type="jsonrpc", auth="user", website=True, methods=["POST"])
    def kh_cart_settle(self, key, **_kwargs):
        """Say what became of an "add to cart" whose answer got lost.

        :return: its answer; if it did not arrive, an empty one with ``is_dropped``, and it will
            do nothing any more
        """
        self._ensure_shop()
        claim, is_new = self._claim(key)
        if is_new:
            totals = self._kh_totals(request.cart)
            claim.result = {"added": {}, "refused": [], "totals": totals, "is_dropped": True}
        return claim.result or {}

    @route("/shop/kh/cart/update", type="jsonrpc", auth="user", website=True, methods=["POST"])
    def kh_cart_update(self, line_id, quantity, key=None, **_kwargs):
        """Change one line of the user's own cart; 0 removes it.

        :param str key: made by the page for this change; the same key twice changes once, and
            a repeat that comes late does not undo what was done since
        :return: the row and the totals, and other rows whose discount came or went with it
        :raise LineNotFound: the line is not in this user's cart
        """
        self._ensure_shop()
        quantity = self._parse_quantity(quantity)
        if key is None:
            return self._kh_update_line(line_id, quantity)
        claim, is_new = self._claim(key)
        if not is_new:
            return claim.result or {}
        result = self._kh_update_line(line_id, quantity)
        claim.write({"order_id": request.cart.id, "result": result})
        return result

    # === HELPERS === #
    def _kh_update_line(self, line_id, quantity):
        order_sudo = request.cart
        line_sudo = order_sudo._kh_cart_lines().filtered(lambda line: line.id == line_id)
        if not line_sudo:
            raise LineNotFound(
                request.env._("This line is no longer in your cart. Reload the page to see it.")
            )
        product_id = line_sudo.product_id.id
        suggested = quantity and order_sudo._kh_suggest_for_line(line_sudo, quantity)
        before = order_sudo._kh_get_set_discounts()
        order_sudo._cart_update_line_quantity(line_sudo.id, quantity)
        line_sudo = line_sudo.exists()
        row = {"line_id": line_id, "product_id": product_id, "quantity": 0}
        if line_sudo:
            row = line_sudo._kh_cart_values()
            if row["warning"] and suggested:
                row["suggested"] = suggested
            line_sudo.shop_warning = False
        answer = {"row": row, "totals": self._kh_totals(order_sudo)}
        others = [
            other
            for other in order_sudo._kh_get_set_changes(before)
            if other["line_id"] != line_id or not row.get("warning")  # what was cut comes first
        ]
        return {**answer, "others": others} if others else answer

    @staticmethod
    def _ensure_shop():
        if not request.website.kh_is_b2b:
            raise NotFound

    @staticmethod
    def _claim(key):
        # sudo: dealers have no access to the table of requests; the key is taken as themselves
        requests_sudo = request.env["kh.shop.request"].sudo()
        if not requests_sudo._is_key(key):
            raise InvalidRequest(request.env._("The request carries no key. Reload the page."))
        return requests_sudo._claim(key)

    @staticmethod
    def _parse_quantity(value):
        try:
            return parse_quantity(value)
        except (TypeError, ValueError) as error:
            raise InvalidRequest(
                request.env._("“%(value)s” is not a quantity.", value=str(value)[:40])
            ) from error

    def _parse_lines(self, lines):
        if not isinstance(lines, list) or not lines:
            raise InvalidRequest(request.env._("Fill in a quantity first."))
        if len(lines) > MAX_LINES_PER_ADD:
            raise TooManyLines(
                request.env._(
                    "%(count)s lines at once are too many: the shop takes %(limit)s. "
                    "Nothing was added; send them in parts.",
                    count=len(lines),
                    limit=MAX_LINES_PER_ADD,
                )
            )
        rows = []
        for line in lines:
            product_id = line.get("product_id") if isinstance(line, dict) else None
            if isinstance(product_id, bool) or not isinstance(product_id, int):
                raise InvalidRequest(request.env._("A line names no product. Reload the page."))
            quantity = self._parse_quantity(line.get("qty"))
            if quantity:
                rows.append((product_id, quantity, None))
        return rows

    def _kh_add_rows(self, order_sudo, rows):
        """Add what this user may buy here; the rest is refused with a reason, never dropped."""
        allowed = set(self._kh_allowed_product_ids([product_id for product_id, *_rest in rows]))
        refused = [
            (product_id, request.env._("Not for sale in this shop."))
            for product_id, *_rest in rows
            if product_id not in allowed
        ]
        result = order_sudo._kh_add_products(
            [row for row in rows if row[0] in allowed], source="shop"
        )
        refused += result.refused
        refused_ids = {product_id for product_id, _reason in refused}
        requested = {product_id for product_id, *_rest in rows}
        lines = {line.product_id.id: line.id for line in order_sudo._kh_cart_lines()}
        quantities = order_sudo._kh_cart_quantities()
        return {
            "added": {
                str(product_id): {
                    "line_id": lines[product_id],
                    "in_cart": format_quantity(quantities[product_id]),
                }
                for product_id in requested - refused_ids
                if product_id in lines
            },
            "refused": [
                {"product_id": product_id, "reason": str(reason)} for product_id, reason in refused
            ],
            "totals": self._kh_totals(order_sudo),
        }

    @staticmethod
    def _kh_allowed_product_ids(product_ids):
        """Products the user sees on this website: published, for sale, his to read."""
        domain = [("id", "in", product_ids), *request.website.sale_product_domain()]
        return request.env["product.product"].search(domain).ids

    @staticmethod
    def _kh_totals(order_sudo):
        totals = order_sudo._kh_cart_totals()
        # Core's own badge reads the session; what the system packs in is not counted.
        _kinds, pieces = request.website._kh_cart_counts(order_sudo)
        request.session["website_sale_cart_quantity"] = int(pieces)
        return {**totals, "ready": bool(totals["kinds"]) and order_sudo._is_cart_ready()}
