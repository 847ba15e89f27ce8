from werkzeug.exceptions import NotFound

from odoo import Command
from odoo.exceptions import UserError, ValidationError
from odoo.http import Controller, request, route

from odoo.addons.kh_b2b_member.utils import parse_id
from odoo.addons.kh_b2b_order.utils import (
    format_amount,
    format_money,
    format_price,
    format_quantity,
    parse_page,
)

from ..const import MAX_LINES_PER_ADD
from ..utils import normalise, parse_quantity
from .cart_json import ShopCartJson
from .purchase_lists import PurchaseLists
from .shop import ShopCatalogue

NOTICE_SESSION_KEY = "kh_inquiry_notice"
TYPED_SESSION_KEY = "kh_inquiry_typed"
NOTE_LIMIT = 1000
VALUE_LIMIT = 40  # characters of a quantity or price that is kept
INQUIRIES_PER_PAGE = 50
# Prices are shown while they are given: before, they are the seller's draft.
PRICED_STATES = ("quoted", "accepted", "expired")


class Inquiries(Controller):
    """The dealer asks for prices and answers the quote (M-101)."""

    # === ROUTES - READ === #
    @route(
        ["/my/inquiries", "/my/inquiries/page/<int:page>"],
        type="http",
        auth="user",
        website=True,
        sitemap=False,
    )
    def kh_inquiries(self, page=1, **_kwargs):
        """What the dealer's company asked for."""
        self._ensure_dealer()
        Inquiry = request.env["kh.price.inquiry"]
        pager = request.website.pager(
            url="/my/inquiries",
            total=Inquiry.search_count([]),
            page=parse_page(page),
            step=INQUIRIES_PER_PAGE,
        )
        inquiries = Inquiry.search([], limit=INQUIRIES_PER_PAGE, offset=pager["offset"])
        return request.render(
            "kh_b2b_portal.inquiries",
            {
                **ShopCatalogue._kh_page_values(),
                # sudo: the number of lines, also while their prices are not given
                "inquiries": inquiries.sudo(),
                "states": self._state_labels(),
                "pager": pager,
                "additional_title": request.env._("Price inquiries"),
            },
        )

    @route("/my/inquiries/new", type="http", auth="user", website=True, sitemap=False)
    def kh_inquiry_new(self, source="", product_id="", list_id="", **post):
        """Fill in, or send (POST), an inquiry of the cart, a list or one product.

        What was typed into an inquiry that could not be sent stands there again.
        """
        self._ensure_dealer()
        if request.httprequest.method == "POST":
            return PurchaseLists._kh_once(post.get("key"), lambda: self._send(post))
        typed = request.session.get(TYPED_SESSION_KEY, {}) if source == "typed" else {}
        if typed:
            rows = self._find_typed_rows(typed)
        else:
            rows = [
                (key, format_quantity(quantity).replace(",", ""), "")
                for key, quantity in self._find_rows(source, product_id, list_id)
            ]
        products = request.env["product.product"].browse(row[0] for row in rows)
        # sudo: names of products that the user was found to see
        by_id = {product.id: product for product in products.sudo()}
        prices = products.sudo()._kh_get_display_prices(website=request.website) if rows else {}
        return request.render(
            "kh_b2b_portal.inquiry_new",
            {
                **ShopCatalogue._kh_page_values(),
                "rows": [(by_id[key], quantity, target) for key, quantity, target in rows],
                "note": typed.get("note", ""),
                "prices": prices,
                "notice": request.session.pop(NOTICE_SESSION_KEY, ""),
                "additional_title": request.env._("Ask for a price"),
            },
        )

    @route(
        "/my/inquiries/<int:inquiry_id>",
        type="http",
        auth="user",
        website=True,
        sitemap=False,
        methods=["GET"],
    )
    def kh_inquiry(self, inquiry_id, **_kwargs):
        """One inquiry, with its prices once they are given."""
        inquiry_sudo = self._find(inquiry_id)
        return request.render(
            "kh_b2b_portal.inquiry",
            {
                **ShopCatalogue._kh_page_values(),
                **self._prepare_rows(inquiry_sudo),
                "inquiry": inquiry_sudo,
                "states": self._state_labels(),
                "notice": request.session.pop(NOTICE_SESSION_KEY, ""),
                "additional_title": inquiry_sudo.name,
            },
        )

    # === ROUTES - CHANGE === #
    @route(
        "/my/inquiries/<int:inquiry_id>/answer",
        type="http",
        auth="user",
        website=True,
        sitemap=False,
        methods=["POST"],
    )
    def kh_inquiry_answer(self, inquiry_id, what="", reason="", **_kwargs):
        """Accept the quote, refuse it with a reason, or give the inquiry up."""
        inquiry_sudo = self._find(inquiry_id)
        url = f"/my/inquiries/{inquiry_id}"
        try:
            with request.env.cr.savepoint():
                if what == "accept":
                    url = f"/my/orders/{inquiry_sudo._kh_accept().id}"
                elif what == "refuse":
                    inquiry_sudo._kh_refuse(reason)
                elif what == "cancel":
                    inquiry_sudo._set_cancelled()
        except (UserError, ValidationError) as error:
            request.session[NOTICE_SESSION_KEY] = str(error)
        return request.redirect(url)

    # === HELPERS === #
    @staticmethod
    def _ensure_dealer():
        """The shop is one of ours, and the user is a dealer's person who may order."""
        ShopCartJson._ensure_shop()
        user = request.env.user
        # sudo: the user's own company and role
        partner_sudo = user.sudo().partner_id
        is_dealer = user.has_group("kh_b2b_member.group_b2b_dealer")
        if not is_dealer or partner_sudo.kh_dealer_role == "finance":
            raise NotFound

    def _find(self, inquiry_id):
        """Return an inquiry of the user's company as superuser, in the user's name."""
        self._ensure_dealer()
        inquiry = request.env["kh.price.inquiry"].search([("id", "=", inquiry_id)])
        if not inquiry:
            raise NotFound
        # sudo: dealers only read inquiries; the methods below are the dealer's steps
        return inquiry.sudo()

    @staticmethod
    def _state_labels():
        Inquiry = request.env["kh.price.inquiry"]
        return dict(Inquiry._fields["state"]._description_selection(request.env))

    @staticmethod
    def _find_rows(source, product_id, list_id):
        """Return what the page asks prices of, ``[(product id, quantity)]``; visible goods only."""
        rows = {}
        if source == "cart" and request.cart:
            rows = request.cart._kh_cart_quantities()
        elif parse_id(product_id):
            rows = {parse_id(product_id): 1.0}
        elif parse_id(list_id):
            found = request.env["kh.purchase.list"].search([("id", "=", parse_id(list_id))])
            for line in found.line_ids:
                # sudo: the unit of a product that may be hidden by now
                own_uom = line.sudo().product_id.uom_id
                quantity = line.product_uom_id._compute_quantity(line.quantity, own_uom)
                rows[line.product_id.id] = rows.get(line.product_id.id, 0.0) + quantity
        seen = set(ShopCartJson._kh_allowed_product_ids(list(rows)))
        return [(key, quantity) for key, quantity in rows.items() if key in seen]

    @staticmethod
    def _keep_typed(post):
        """Return what a page said, to show it again: ``{field of the form: text}``."""
        typed = {
            name: str(value)[:VALUE_LIMIT]
            for name, value in post.items()
            if name.startswith(("qty_", "target_"))
        }
        return {**typed, "note": (post.get("note") or "")[:NOTE_LIMIT]}

    @staticmethod
    def _find_typed_rows(typed):
        """Return kept rows as ``[(product id, quantity, target)]``; visible goods only."""
        ids = Inquiries._read_ids(typed)
        seen = set(ShopCartJson._kh_allowed_product_ids(ids))
        return [
            (key, typed[f"qty_{key}"], typed.get(f"target_{key}", "")) for key in ids if key in seen
        ]

    @staticmethod
    def _read_ids(post):
        """Return the products of a page's rows; names that no page of ours has are left out."""
        ids = [parse_id(name.removeprefix("qty_")) for name in post if name.startswith("qty_")]
        return [key for key in ids if key and f"qty_{key}" in post]

    def _send(self, post):
        """Make and send the inquiry of a page; return where to go."""
        lines, errors = self._parse(post)
        if errors or not lines:
            texts = errors or [request.env._("Fill in a quantity first.")]
            request.session[NOTICE_SESSION_KEY] = " ".join(texts)
            request.session[TYPED_SESSION_KEY] = self._keep_typed(post)
            return "/my/inquiries/new?source=typed"
        request.session.pop(TYPED_SESSION_KEY, None)
        # sudo: dealers only read inquiries; everything below is the server's, or checked above
        inquiry_sudo = (
            request.env["kh.price.inquiry"]
            .sudo()
            .create(
                {
                    "partner_id": request.env.user.partner_id.id,
                    "company_id": request.website.company_id.id,
                    "website_id": request.website.id,
                    "note": (post.get("note") or "").strip()[:NOTE_LIMIT],
                    "line_ids": [Command.create(vals) for vals in lines],
                }
            )
        )
        inquiry_sudo._set_sent()
        return f"/my/inquiries/{inquiry_sudo.id}"

    @staticmethod
    def _parse(post):
        """Read the page's rows: ``(values of lines, errors)``."""
        lines, errors = [], []
        ids = Inquiries._read_ids(post)
        if len(ids) > MAX_LINES_PER_ADD:
            text = request.env._("Ask for at most %s products at once.", MAX_LINES_PER_ADD)
            return [], [text]
        seen = set(ShopCartJson._kh_allowed_product_ids(ids))
        for product_id in ids:
            if product_id not in seen:
                continue
            values = {}
            for name in ("qty", "target"):
                text = normalise(post.get(f"{name}_{product_id}")) or "0"
                try:
                    values[name] = parse_quantity(text)
                except ValueError:
                    errors.append(request.env._("“%(value)s” is not a number.", value=text[:40]))
            if values.get("qty"):
                lines.append(
                    {
                        "product_id": product_id,
                        "quantity": values["qty"],
                        "target_price": values.get("target", 0.0),
                    }
                )
        return lines, errors

    @staticmethod
    def _prepare_rows(inquiry_sudo):
        """Return the rows of one inquiry as strings, prices as the website shows them."""
        website = request.website
        is_priced = inquiry_sudo.state in PRICED_STATES
        lines = inquiry_sudo.line_ids
        products = lines.product_id
        dealer = inquiry_sudo.dealer_id
        shown = inquiry_sudo.pricelist_id._kh_display_converter(products, dealer, website)
        currency = website.currency_id
        digits = request.env["decimal.precision"].precision_get("Product Price")
        least = currency.decimal_places
        rows, total = [], 0.0
        for line in lines:
            is_given = is_priced and line.is_quoted
            price = shown(line.product_id, line.quoted_price) if is_given else 0.0
            amount = currency.round(price * line.quantity)
            total += amount
            rows.append(
                {
                    "name": line.product_id.name,
                    "spec": line.product_id._kh_spec(),
                    "code": line.product_id.default_code or "",
                    "quantity": format_quantity(line.quantity),
                    "uom": line.product_uom_id.name,
                    "target": format_price(line.target_price, digits, least)
                    if line.target_price
                    else "",
                    "today": format_price(shown(line.product_id, line.price_today), digits, least)
                    if line.price_today
                    else "",
                    "price": format_price(price, digits, least) if is_given else "",
                    "until": line.valid_until if is_given else "",
                    "subtotal": format_amount(amount, least) if is_given else "",
                }
            )
        return {"rows": rows, "is_priced": is_priced, "total": format_money(total, currency)}
