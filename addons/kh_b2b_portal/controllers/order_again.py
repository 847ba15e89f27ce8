from werkzeug.exceptions import NotFound

from odoo.exceptions import UserError
from odoo.fields import Domain
from odoo.http import Controller, request, route

from odoo.addons.kh_b2b_order.utils import (
    format_amount,
    format_money,
    format_price,
    format_quantity,
)
from odoo.addons.website_sale.controllers.reorder import CustomerPortal

from ..exceptions import InvalidRequest
from .cart_json import ShopCartJson
from .cart_park import CartPark
from .shop import ShopCatalogue

# Rows without a change that are shown; the page says how many more there are.
SAME_ROWS = 100
MODES = ("add", "replace", "list", "swap")


def find_own_order(order_id):
    """Return the sent order of the user's company with this id, or an empty recordset."""
    Order = request.env["sale.order"]
    if not Order.has_access("read"):
        return Order
    domain = Order._kh_portal_domain(request.env.user.partner_id)
    return Order.search(domain & Domain("id", "=", order_id), limit=1)


class OrderAgain(Controller):
    """Order the same again (M-65): what changed is shown before anything is sent."""

    @route("/my/orders/<int:order_id>/again", type="http", auth="user", website=True, sitemap=False)
    def kh_order_again(self, order_id, **post):
        """Show, or take over (POST), the goods of an own order at today's terms."""
        ShopCartJson._ensure_shop()
        order = find_own_order(order_id)
        if not order:
            raise NotFound
        asked = order._kh_get_asked_rows(with_tax=self._kh_is_taxed())
        return self._kh_answer(asked, order.name, f"/my/orders/{order_id}/again", post)

    @route("/my/lists/<int:list_id>/order", type="http", auth="user", website=True, sitemap=False)
    def kh_list_order(self, list_id, **post):
        """Show, or take over (POST), the goods of a purchase list at today's terms."""
        ShopCartJson._ensure_shop()
        Lists = request.env["kh.purchase.list"].with_context(active_test=False)
        purchase_list = Lists.search([("id", "=", list_id)]).with_context(active_test=True)
        if not purchase_list.active:
            if not purchase_list.is_parked:
                raise NotFound
            return request.redirect(self._kh_find_taken_up(post.get("key")))
        asked = purchase_list._kh_get_asked_rows(self._kh_find_target().currency_id)
        url = f"/my/lists/{list_id}/order"
        return self._kh_answer(asked, purchase_list.name, url, post, purchase_list)

    # === HELPERS === #
    @staticmethod
    def _kh_is_taxed():
        return request.website.show_line_subtotals_tax_selection == "tax_included"

    @staticmethod
    def _kh_find_target():
        """The cart, or what it would be: asked for prices, nothing is written."""
        # sudo: carts are no dealer's to read before they are sent
        return request.cart or request.env["sale.order"].sudo()._kh_new_target(
            request.env.user.partner_id, request.website
        )

    @staticmethod
    def _kh_find_taken_up(key):
        """Where to go from a parked draft that is not there any more: to what it became."""
        requests = request.env["kh.shop.request"]
        if request.httprequest.method == "POST" and requests._is_key(key):
            claim, is_new = ShopCartJson._claim(key)
            if not is_new:
                return (claim.result or {}).get("redirect") or "/shop/cart"
        request.session["kh_cart_notices"] = [
            request.env._("This parked draft was taken up or deleted meanwhile.")
        ]
        return "/shop/cart"

    def _kh_answer(self, asked, name, url, post, purchase_list=None):
        if request.httprequest.method == "POST":
            return request.redirect(self._kh_take_over(asked, name, url, post, purchase_list))
        target_sudo = self._kh_find_target()
        rows = target_sudo._kh_compare_rows(asked)
        values = self._kh_prepare_values(target_sudo, rows)
        values.update(
            name=name,
            url=url,
            key=request.env["kh.shop.request"]._new_key(),
            is_changed=bool(post.get("changed")),
            parked=purchase_list if purchase_list and purchase_list.is_parked else None,
            additional_title=name,
        )
        return request.render("kh_b2b_portal.order_again", values)

    def _kh_prepare_values(self, target_sudo, rows):
        shown = [self._kh_show_row(target_sudo, row) for row in rows]
        changed = [row for row in shown if row["changes"]]
        same = [row for row in shown if not row["changes"]]
        kept = [row for row in rows if not row.reason]
        currency = request.website.currency_id
        cart_kinds, _pieces = request.website._kh_cart_counts(request.cart)
        return {
            "changed_rows": changed,
            "same_rows": same[:SAME_ROWS],
            "counts": {
                "all": len(rows),
                "kept": len(kept),
                "gone": len(rows) - len(kept),
                "same": len(same),
                "changed": len(changed) - (len(rows) - len(kept)),
            },
            "total": format_money(
                sum(currency.round(row.price * row.quantity) for row in kept), currency
            ),
            "digest": target_sudo._kh_digest_rows(rows),
            "cart_kinds": cart_kinds,
            **ShopCatalogue._kh_page_values(),
        }

    @staticmethod
    def _kh_show_row(target_sudo, row):
        """Return one row as the page shows it (strings)."""
        digits = target_sudo._kh_get_price_digits()
        least = target_sudo.currency_id.decimal_places
        is_kept = not row.reason
        return {
            "name": row.product.name or "",
            "spec": row.product._kh_spec() if row.product else "",
            "code": row.product.default_code or "",
            "before": format_price(row.price_before, digits, least)
            if "price" in row.changes
            else "",
            "price": format_price(row.price, digits, least) if is_kept else "",
            "asked": format_quantity(row.asked) if "quantity" in row.changes else "",
            "quantity": format_quantity(row.quantity),
            "uom": row.uom.name,
            "subtotal": format_amount(row.price * row.quantity, least) if is_kept else "",
            "changes": row.changes,
            "is_dearer": bool(row.price_before is not None and row.price > row.price_before),
            "notes": target_sudo._kh_word_parts(row, with_price=False),
        }

    def _kh_take_over(self, asked, name, url, post, purchase_list=None):
        """Do what the page asked for, once for each key; return the address to go to."""
        mode = post.get("mode")
        if mode not in MODES:
            return url
        try:
            claim, is_new = ShopCartJson._claim(post.get("key"))
        except InvalidRequest:
            return url
        if not is_new:
            return (claim.result or {}).get("redirect") or "/shop/cart"
        if mode == "list":
            target = self._kh_keep_as_list(asked, name)
        else:
            target = self._kh_fill_cart(asked, url, post.get("digest"), mode, purchase_list)
        claim.write({"result": {"redirect": target}})
        return target

    @staticmethod
    def _kh_keep_as_list(asked, name):
        Lists = request.env["kh.purchase.list"]
        if not Lists.has_access("create"):
            return "/my/lists"
        purchase_list = Lists.create({"name": name})
        purchase_list._kh_add_rows([(row.product_id, row.quantity, row.uom_id) for row in asked])
        return f"/my/lists/{purchase_list.id}"

    @staticmethod
    def _kh_fill_cart(asked, url, digest, mode, purchase_list):
        """Put the rows into the cart unless something changed since they were shown.

        A parked draft is used up by that, where the user may change it.
        """
        cart_sudo = request.cart or request.website._create_cart()
        cart_sudo._kh_lock()
        rows = cart_sudo._kh_compare_rows(asked)
        if cart_sudo._kh_digest_rows(rows) != digest:
            return f"{url}?changed=1"
        kept = [row.order_row for row in rows if not row.reason]
        notices = []
        if mode == "replace":
            cart_sudo._approval_ensure_not_frozen()
            cart_sudo.order_line.unlink()
        elif mode == "swap":
            try:
                notices = CartPark._kh_park_cart("", "private")
            except UserError as error:  # nothing was written: the goods join what is there
                notices = [str(error)]
        refused = [(row.product.name, row.reason) for row in rows if row.reason]
        if kept:
            names = {row.product.id: row.product.name for row in rows}
            result = cart_sudo._kh_add_products(kept, source="shop")
            refused += [(names[product_id], reason) for product_id, reason in result.refused]
            if purchase_list and purchase_list.has_access("write"):
                purchase_list._kh_take_up([product_id for product_id, _reason in result.refused])
        notices += [f"{what} · {reason}" for what, reason in refused]
        request.session["kh_cart_notices"] = notices
        _kinds, pieces = request.website._kh_cart_counts(cart_sudo)
        request.session["website_sale_cart_quantity"] = int(pieces)
        return "/shop/cart"


class ShopReorder(CustomerPortal):
    """Core's "order again" adds line by line; B2B shops do it in one batch."""

    @route()
    def my_orders_reorder(self, order_id, access_token=None, key=None):
        """Extend: the same key twice adds once; our own pages do not ask for this."""
        if not request.website.kh_is_b2b:
            return super().my_orders_reorder(order_id, access_token=access_token)
        order = find_own_order(order_id)
        if request.env.user._is_public() or not order:
            raise NotFound
        claim, is_new = ShopCartJson._claim(key)
        if not is_new:
            return claim.result or {}
        cart_sudo = request.cart or request.website._create_cart()
        rows = cart_sudo._kh_compare_rows(order._kh_get_asked_rows())
        kept = [row.order_row for row in rows if not row.reason]
        names = {row.product.id: row.product.name for row in rows}
        refused = [(row.product.name, row.reason) for row in rows if row.reason]
        if kept:
            result = cart_sudo._kh_add_products(kept, source="shop")
            refused += [(names[product_id], reason) for product_id, reason in result.refused]
        if refused:
            cart_sudo.shop_warning = "\n".join(f"{what} · {reason}" for what, reason in refused)
        answer = {"tracking_info": [], "cart_quantity": cart_sudo.cart_quantity}
        claim.write({"order_id": cart_sudo.id, "result": answer})
        return answer
