import io
import json
import re

import xlsxwriter
from werkzeug.exceptions import NotFound

from odoo import http
from odoo.fields import Domain
from odoo.http import content_disposition, request, route

from odoo.addons.kh_b2b_member.utils import parse_id
from odoo.addons.kh_b2b_order.engine.quick_rows import COLUMNS
from odoo.addons.kh_b2b_order.utils import parse_page

from ..exceptions import InvalidRequest
from ..utils import normalise
from .cart_json import ShopCartJson

SUGGESTIONS = 8
CODES_PER_PAGE = 100
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


class ShopQuickOrder(http.Controller):
    """Ordering from the dealer's own list (W4): paste or file, corrected beside each row."""

    # === PAGES === #
    @route("/shop/quick-order", type="http", auth="user", website=True, sitemap=False)
    def kh_quick_order(self, **_kwargs):
        ShopCartJson._ensure_shop()
        draft, buyer = self._open()
        values = {
            "additional_title": request.env._("Quick order"),
            "props": json.dumps({"start": draft._get_page(buyer), "store": request.env.uid}),
        }
        return request.render("kh_b2b_portal.quick_order", values)

    @route("/shop/quick-order/template", type="http", auth="user", website=True, sitemap=False)
    def kh_quick_template(self, **_kwargs):
        """The columns we read, as a sheet to fill in; any other sheet will do as well."""
        ShopCartJson._ensure_shop()
        return self._send_sheet([self._column_labels()], request.env._("quick-order"))

    @route("/shop/quick-order/problems", type="http", auth="user", website=True, sitemap=False)
    def kh_quick_problems(self, **_kwargs):
        """The rows to correct as a sheet, with the dealer's own text and what is wrong."""
        ShopCartJson._ensure_shop()
        draft, buyer = self._open()
        table = [[*self._column_labels(), request.env._("To correct")]]
        table += [
            [*(match.row.texts[name] for name in COLUMNS), str(match.reason)]
            for match in draft._evaluate(buyer)
            if match.state != "ok"
        ]
        return self._send_sheet(table, request.env._("rows-to-correct"))

    # === WHAT THE PAGE TELLS THE SERVER === #
    @route("/shop/kh/quick/check", type="jsonrpc", auth="user", website=True, methods=["POST"])
    def kh_quick_check(self, key, text="", file="", **_kwargs):
        """Take over pasted text or a file (base64); the same key twice takes it over once.

        :return: the whole draft, every row with its state
        """
        ShopCartJson._ensure_shop()
        if not isinstance(text, str) or not isinstance(file, str):
            raise InvalidRequest(request.env._("The page sent no text. Reload the page."))
        _claim, is_new = ShopCartJson._claim(key)
        draft, buyer = self._open()
        if is_new:
            table = draft.sudo(False)._read_input(text, file)
            if not any(any(str(cell).strip() for cell in cells) for cells in table):
                raise InvalidRequest(request.env._("Paste rows or choose a file first."))
            draft._append(table)
        return draft._get_page(buyer)

    @route("/shop/kh/quick/columns", type="jsonrpc", auth="user", website=True, methods=["POST"])
    def kh_quick_columns(self, columns, **_kwargs):
        """Take the user's word for what each column is."""
        ShopCartJson._ensure_shop()
        if not isinstance(columns, list) or not all(isinstance(name, str) for name in columns):
            raise InvalidRequest(request.env._("The page sent no columns. Reload the page."))
        draft, buyer = self._open()
        draft._set_columns(columns)
        return draft._get_page(buyer)

    @route("/shop/kh/quick/edit", type="jsonrpc", auth="user", website=True, methods=["POST"])
    def kh_quick_edit(self, changes, version, **_kwargs):
        """Correct rows; asked again, nothing changes.

        :param int version: of the list that the user saw; row numbers of another mean other rows

        :param dict changes: ``{"12": {"product": 5, "quantity": 24, "uom": 3, "learn": true}}``
        :return: the rows that are different now
        """
        ShopCartJson._ensure_shop()
        draft, buyer = self._open()
        parsed = self._parse_changes(changes)
        if version != draft.version:
            raise InvalidRequest(
                request.env._("The list was changed on another page. Reload to see it.")
            )
        draft._edit_rows(parsed, buyer)
        return draft._get_page(buyer, set(parsed))

    @route("/shop/kh/quick/add", type="jsonrpc", auth="user", website=True, methods=["POST"])
    def kh_quick_add(self, key, total, **_kwargs):
        """Put the good rows into the cart, if their total is what the user saw.

        :return: how many went in, the cart's totals and what is left to correct
        """
        ShopCartJson._ensure_shop()
        if isinstance(total, bool) or not isinstance(total, int | float):
            raise InvalidRequest(request.env._("The page sent no total. Reload the page."))
        claim, is_new = ShopCartJson._claim(key)
        draft, buyer = self._open()
        if not is_new:
            return {**(claim.result or {}), "page": draft._get_page(buyer)}
        cart_sudo = request.cart or request.website._create_cart()
        result = draft._add_good(buyer._replace(order=cart_sudo), total)
        answer = {
            "kept": result.kept,
            "stale": result.is_stale,
            "totals": ShopCartJson._kh_totals(cart_sudo),
        }
        claim.write({"order_id": cart_sudo.id, "result": answer})
        page = draft._get_page(buyer._replace(order=cart_sudo))
        for row in page["rows"]:
            if row["n"] in result.refused:
                row.update(st="fix", why=result.refused[row["n"]])
        return {**answer, "page": page}

    @route("/shop/kh/quick/clear", type="jsonrpc", auth="user", website=True, methods=["POST"])
    def kh_quick_clear(self, **_kwargs):
        """Empty the draft."""
        ShopCartJson._ensure_shop()
        draft, buyer = self._open()
        draft._clear()
        return draft._get_page(buyer)

    @route("/shop/kh/quick/search", type="jsonrpc", auth="user", website=True, readonly=True)
    def kh_quick_search(self, term, **_kwargs):
        """Find products for a row: name, item no., bar code or specification."""
        ShopCartJson._ensure_shop()
        words = normalise(str(term)[:80])
        if not words:
            return []
        products, _total = request.website._kh_catalogue_search(search=words, limit=SUGGESTIONS)
        return [request.env["kh.quick.order"]._get_offer(product) for product in products]

    # === LEARNT CODES === #
    @route(
        ["/my/codes", "/my/codes/page/<int:page>"],
        type="http",
        auth="user",
        website=True,
        sitemap=False,
    )
    def kh_codes(self, search="", page=1, **_kwargs):
        """The dealer's own codes, to look at and to delete."""
        ShopCartJson._ensure_shop()
        # sudo: which company the user belongs to
        dealer = request.env.user.partner_id.sudo().commercial_partner_id
        domain = Domain("partner_id", "=", dealer.id)
        search = normalise(search)
        if search:
            domain &= Domain("code", "ilike", search) | Domain("key", "ilike", search)
        Code = request.env["kh.dealer.product.code"]
        can_read = Code.has_access("read")
        total = Code.search_count(domain) if can_read else 0
        pager = request.website.pager(
            url="/my/codes",
            total=total,
            page=parse_page(page),
            step=CODES_PER_PAGE,
            url_args={"search": search} if search else None,
        )
        codes = (
            Code.search(domain, limit=CODES_PER_PAGE, offset=pager["offset"]) if can_read else Code
        )
        values = {
            "additional_title": request.env._("My item codes"),
            "codes": codes,
            "total": total,
            "pager": pager,
            # sudo: names of products that may be hidden by now; the dealer named them himself
            "products": {code.id: code.sudo().product_id for code in codes},
            "code_search": search,
        }
        return request.render("kh_b2b_portal.dealer_codes", values)

    @route("/my/codes/delete", type="http", auth="user", website=True, methods=["POST"])
    def kh_code_delete(self, code_id, **_kwargs):
        ShopCartJson._ensure_shop()
        if not parse_id(code_id):
            raise NotFound
        Code = request.env["kh.dealer.product.code"]
        # sudo: which company the user belongs to
        dealer = request.env.user.partner_id.sudo().commercial_partner_id
        domain = [("id", "=", parse_id(code_id)), ("partner_id", "=", dealer.id)]
        code = Code.search(domain) if Code.has_access("unlink") else Code
        if not code:
            raise NotFound
        code.unlink()
        return request.redirect("/my/codes")

    # === HELPERS === #
    @staticmethod
    def _open():
        """The user's draft, locked, and for whom it is."""
        Quick = request.env["kh.quick.order"]
        buyer = Quick._make_buyer(
            request.env.user.partner_id, order=request.cart, website=request.website
        )
        return Quick._get_own(request.website), buyer

    @staticmethod
    def _parse_changes(changes):
        if not isinstance(changes, dict) or not changes:
            raise InvalidRequest(request.env._("The page sent no change. Reload the page."))
        parsed = {}
        for number, change in changes.items():
            is_number = str(number).isdecimal() and len(str(number)) < 10
            if not is_number or not isinstance(change, dict):
                raise InvalidRequest(request.env._("The page sent no change. Reload the page."))
            mine = {}
            for name in ("product", "uom"):
                if isinstance(change.get(name), int) and not isinstance(change[name], bool):
                    mine[name] = change[name]
            for name in ("learn", "skip"):
                if isinstance(change.get(name), bool):
                    mine[name] = change[name]
            if change.get("quantity") is not None:
                mine["quantity"] = ShopCartJson._parse_quantity(change["quantity"])
            parsed[int(number)] = mine
        return parsed

    @staticmethod
    def _column_labels():
        labels = request.env["kh.quick.order"]._get_column_labels()
        return [labels[name] for name in COLUMNS]

    @staticmethod
    def _send_sheet(table, name):
        buffer = io.BytesIO()
        with xlsxwriter.Workbook(buffer, {"in_memory": True, "strings_to_formulas": False}) as book:
            sheet = book.add_worksheet()
            head = book.add_format({"bold": True, "bg_color": "#F1F3F5", "bottom": 1})
            sheet.freeze_panes(1, 0)
            sheet.set_column(0, len(table[0]) - 1, 18, book.add_format({"num_format": "@"}))
            for line, cells in enumerate(table):
                for position, cell in enumerate(cells):
                    sheet.write_string(line, position, cell, None if line else head)
        filename = re.sub(r"[^\w-]", "-", name) + ".xlsx"
        return request.make_response(
            buffer.getvalue(),
            [("Content-Type", XLSX), ("Content-Disposition", content_disposition(filename))],
        )
