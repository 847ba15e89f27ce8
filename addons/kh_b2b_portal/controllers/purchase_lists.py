import json

from werkzeug.exceptions import NotFound

from odoo.exceptions import AccessError, UserError
from odoo.http import Controller, content_disposition, request, route

from odoo.addons.kh_b2b_member.utils import parse_id
from odoo.addons.kh_b2b_order.models.purchase_list import HISTORY_LIMIT, SHARES
from odoo.addons.kh_b2b_order.utils import (
    format_amount,
    format_money,
    format_price,
    format_quantity,
    parse_page,
)

from ..exceptions import InvalidRequest
from ..utils import normalise, parse_quantity
from .cart_json import ShopCartJson
from .shop import ShopCatalogue

ROWS_PER_LIST_PAGE = 100
# Rows of the catalogue that a list takes at once; the page says what is left out.
MAX_ROWS_PER_LIST = 5000
NAME_LIMIT = 80
NOTICE_SESSION_KEY = "kh_list_notice"


class PurchaseLists(Controller):
    """The dealer's purchase lists (M-63); every change is a plain form and is never lost."""

    # === ROUTES - READ === #
    @route("/my/lists", type="http", auth="user", website=True, sitemap=False, readonly=True)
    def kh_lists(self, **_kwargs):
        """Own lists and those that colleagues share."""
        ShopCartJson._ensure_shop()
        Lists = request.env["kh.purchase.list"]
        if not Lists.has_access("create"):
            return request.render("kh_b2b_portal.lists_no_right", self._kh_page())
        return request.render(
            "kh_b2b_portal.lists",
            {
                **self._kh_page(),
                "lists": Lists.search([("is_parked", "=", False)]),
                "additional_title": request.env._("Purchase lists"),
            },
        )

    @route(
        ["/my/lists/<int:list_id>", "/my/lists/<int:list_id>/page/<int:page>"],
        type="http",
        auth="user",
        website=True,
        sitemap=False,
        methods=["GET"],
    )
    def kh_list(self, list_id, page=1, **_kwargs):
        """One list with today's price, stock word and quantities."""
        purchase_list = self._kh_find(list_id)
        page = parse_page(page)
        lines = purchase_list.line_ids
        step = ROWS_PER_LIST_PAGE
        pager = request.website.pager(
            url=f"/my/lists/{list_id}", total=len(lines), page=page, step=step
        )
        shown = lines[pager["offset"] : pager["offset"] + step]
        return request.render(
            "kh_b2b_portal.purchase_list",
            {
                **self._kh_page(),
                "additional_title": purchase_list.name,
                "plist": purchase_list,
                "can_write": purchase_list.has_access("write"),
                "can_create": purchase_list.has_access("create"),
                "is_owner": purchase_list.owner_id == request.env.user,
                "shares": self._kh_shares(),
                "pager": pager,
                **self._kh_prepare_rows(shown),
            },
        )

    @route(
        "/my/lists/<int:list_id>/print",
        type="http",
        auth="user",
        website=True,
        sitemap=False,
        readonly=True,
    )
    def kh_list_print(self, list_id, **_kwargs):
        """The list on paper, with bar codes."""
        purchase_list = self._kh_find(list_id)
        # sudo: reports are rendered as superuser; the list itself was found with one's rights
        content, _type = (
            request.env["ir.actions.report"]
            .sudo()
            ._render_qweb_pdf("kh_b2b_order.action_report_purchase_list", purchase_list.ids)
        )
        name = f"{purchase_list.name}.pdf".replace("/", "_")
        return request.make_response(
            content,
            headers=[
                ("Content-Type", "application/pdf"),
                ("Content-Length", len(content)),
                ("Content-Disposition", content_disposition(name)),
            ],
        )

    # === ROUTES - CHANGE === #
    @route("/my/lists/new", type="http", auth="user", website=True, sitemap=False, methods=["POST"])
    def kh_list_new(self, name="", source="", key="", **_kwargs):
        """Make a list: empty, from the cart, or of what was bought lately."""
        ShopCartJson._ensure_shop()
        return self._kh_once(key, lambda: self._kh_make(normalise(name)[:NAME_LIMIT], source))

    @route("/my/lists/add", type="http", auth="user", website=True, sitemap=False, methods=["POST"])
    def kh_list_add(self, rows="", list_id="", name="", key="", **_kwargs):
        """Put rows of the catalogue on a list; without one the page asks which."""
        ShopCartJson._ensure_shop()
        parsed, left_out = self._kh_parse_rows(rows)
        Lists = request.env["kh.purchase.list"]
        if not Lists.has_access("create"):
            return request.redirect("/my/lists")
        if not parsed:
            return self._kh_notice("/my/lists", left_out)
        if not list_id:
            lists = Lists.search([("is_parked", "=", False)])._filtered_access("write")
            values = {**self._kh_page(), "lists": lists, "rows": json.dumps(parsed)}
            values.update(
                notice={"texts": left_out},
                count=len(parsed),
                additional_title=request.env._("Add to a purchase list"),
            )
            return request.render("kh_b2b_portal.list_choose", values)

        def add():
            if list_id == "new":
                title = normalise(name)[:NAME_LIMIT] or request.env._("New list")
                purchase_list = Lists.create({"name": title})
            else:
                purchase_list = self._kh_find(parse_id(list_id))
            purchase_list._kh_add_rows([(row[0], row[1], None) for row in parsed])
            return f"/my/lists/{purchase_list.id}"

        return self._kh_once(key, add)

    @route(
        "/my/lists/<int:list_id>/save",
        type="http",
        auth="user",
        website=True,
        sitemap=False,
        methods=["POST"],
    )
    def kh_list_save(self, list_id, then="", page="", next_page="", **post):
        """Save the quantities of a page; a row that a colleague changed meanwhile stays his."""
        purchase_list = self._kh_find(list_id)
        here = self._kh_url(list_id, page)
        changes, errors = self._kh_parse_changes(post)
        removed = parse_id(post.get("remove"))
        if removed in changes:
            seen, _wanted = changes[removed]
            changes[removed] = (seen, 0.0)
            self._kh_remember_removed(purchase_list, removed)
        try:
            # going to another page sends the form, too: what was not touched is no change
            changes = {key: pair for key, pair in changes.items() if pair[0] != pair[1]}
            conflicts = purchase_list._kh_set_quantities(changes) if changes else []
        except AccessError:
            return self._kh_notice(here, [request.env._("Only to read.")])
        notices = errors + [
            request.env._(
                "%(product)s: a colleague changed the quantity to %(theirs)s meanwhile; "
                "your %(mine)s was not saved.",
                product=conflict.name,
                theirs=format_quantity(conflict.theirs),
                mine=format_quantity(conflict.mine),
            )
            for conflict in conflicts
        ]
        if notices:
            return self._kh_notice(here, notices)
        if then == "order":
            return request.redirect(f"/my/lists/{list_id}/order")
        return request.redirect(self._kh_url(list_id, next_page or page))

    @route(
        "/my/lists/<int:list_id>/change",
        type="http",
        auth="user",
        website=True,
        sitemap=False,
        methods=["POST"],
    )
    def kh_list_change(self, list_id, what="", key="", **post):
        """Rename and share, duplicate, delete, take back a deletion or a removed row."""
        handler = {
            "rename": self._kh_rename,
            "duplicate": self._kh_duplicate,
            "delete": self._kh_delete,
            "restore": self._kh_restore,
            "put_back": self._kh_put_back,
        }.get(what)
        if handler is None:
            raise NotFound
        purchase_list = self._kh_find(list_id, with_deleted=what == "restore")
        try:
            return self._kh_once(key, lambda: handler(purchase_list, post))
        except (AccessError, UserError) as error:
            return self._kh_notice(f"/my/lists/{list_id}", [str(error)])

    # === HELPERS - CHANGE === #
    @staticmethod
    def _kh_once(key, change):
        """Do a change once for each key; return a redirect to where the first time led."""
        if not request.env["kh.shop.request"]._is_key(key):
            return request.redirect("/my/lists")
        claim, is_new = ShopCartJson._claim(key)
        if not is_new:
            return request.redirect((claim.result or {}).get("redirect") or "/my/lists")
        url = change()
        claim.write({"result": {"redirect": url}})
        return request.redirect(url)

    @staticmethod
    def _kh_make(name, source):
        Lists = request.env["kh.purchase.list"]
        if not Lists.has_access("create"):
            return "/my/lists"
        rows = []
        if source == "cart":
            rows = request.cart._kh_get_reorder_rows() if request.cart else []
            name = name or request.env._("From the cart")
        elif source == "history":
            rows = PurchaseLists._kh_find_history()
            name = name or request.env._("Bought in the last 90 days")
        purchase_list = Lists.create({"name": name or request.env._("New list")})
        purchase_list._kh_add_rows(rows)
        return f"/my/lists/{purchase_list.id}"

    @staticmethod
    def _kh_find_history():
        """The goods bought most often lately; what does not fit is said."""
        partner, company = request.env.user.partner_id, request.website.company_id
        rows = request.env["kh.purchase.list"]._kh_find_history(partner, company, limit=None)
        if len(rows) > HISTORY_LIMIT:
            text = request.env._(
                "These are the %(kept)s products that you buy most often; %(more)s more were "
                "bought. Find them in the catalog under “Bought before”.",
                kept=HISTORY_LIMIT,
                more=len(rows) - HISTORY_LIMIT,
            )
            PurchaseLists._kh_remember([text])
        return rows[:HISTORY_LIMIT]

    @staticmethod
    def _kh_rename(purchase_list, post):
        vals = {}
        if name := normalise(post.get("name"))[:NAME_LIMIT]:
            vals["name"] = name
        share = post.get("share")
        if share in dict(SHARES) and share != purchase_list.share:
            vals["share"] = share
        version = str(post.get("version") or "")
        if vals and version.isdecimal() and len(version) < 10:
            purchase_list._kh_rename(vals, int(version))
        return f"/my/lists/{purchase_list.id}"

    @staticmethod
    def _kh_duplicate(purchase_list, _post):
        request.env["kh.purchase.list"].check_access("create")  # staff only reads those of dealers
        # sudo: goods that are hidden by now are copied too; the list was found with one's rights
        copy = purchase_list.sudo().copy({"owner_id": request.env.uid})
        return f"/my/lists/{copy.id}"

    @staticmethod
    def _kh_delete(purchase_list, _post):
        purchase_list.active = False
        request.session[NOTICE_SESSION_KEY] = {
            "deleted": [purchase_list.id, purchase_list.name],
        }
        return "/shop/cart" if purchase_list.is_parked else "/my/lists"

    @staticmethod
    def _kh_restore(purchase_list, _post):
        purchase_list.active = True
        return "/shop/cart" if purchase_list.is_parked else f"/my/lists/{purchase_list.id}"

    @staticmethod
    def _kh_put_back(purchase_list, post):
        try:
            row = [int(post.get(name) or 0) for name in ("product_id", "uom_id")]
            quantity = parse_quantity(post.get("quantity"))
        except (TypeError, ValueError):
            return f"/my/lists/{purchase_list.id}"
        # as the user: what he does not see he does not put on a list by its id
        if row[0] not in ShopCartJson._kh_allowed_product_ids([row[0]]):
            raise UserError(request.env._("This product is not for sale any more."))
        product_sudo = request.env["product.product"].browse(row[0]).sudo()  # sudo: its units
        if row[1] not in (product_sudo.uom_id + product_sudo.uom_ids).ids:
            row[1] = None
        if quantity:
            purchase_list._kh_add_rows([(row[0], quantity, row[1])])
        return f"/my/lists/{purchase_list.id}"

    @staticmethod
    def _kh_remember_removed(purchase_list, line_id):
        line = purchase_list.line_ids.filtered(lambda line: line.id == line_id)
        if line:
            request.session[NOTICE_SESSION_KEY] = {
                "removed": {
                    # sudo: the name of a product that may be hidden by now
                    "name": line.sudo().product_id.display_name,
                    "product_id": line.product_id.id,
                    "uom_id": line.product_uom_id.id,
                    "quantity": line.quantity,
                }
            }

    @staticmethod
    def _kh_remember(texts):
        if texts:
            notice = request.session.get(NOTICE_SESSION_KEY) or {}
            request.session[NOTICE_SESSION_KEY] = {**notice, "texts": texts}

    @staticmethod
    def _kh_notice(url, texts):
        PurchaseLists._kh_remember(texts)
        return request.redirect(url)

    @staticmethod
    def _kh_url(list_id, page):
        page = parse_page(page)
        return f"/my/lists/{list_id}/page/{page}" if page > 1 else f"/my/lists/{list_id}"

    @staticmethod
    def _kh_parse_changes(post):
        """Read the quantities of a page: ``({line id: (seen, wanted)}, errors)``."""
        changes, errors = {}, []
        for name, value in post.items():
            line_id = name.removeprefix("qty_")
            if line_id == name or not parse_id(line_id):
                continue
            try:
                seen = ShopCartJson._parse_quantity(post.get(f"was_{line_id}"))
                changes[parse_id(line_id)] = (seen, ShopCartJson._parse_quantity(value or "0"))
            except InvalidRequest as error:
                errors.append(str(error))
        return changes, errors

    @staticmethod
    def _kh_parse_rows(text):
        """Read ``[[product id, quantity], …]`` as a page sends it; nonsense is left out.

        :return: ``(rows, sentences about what is left out)``
        """
        try:
            rows = json.loads(text or "[]")
        except ValueError:
            rows = None
        rows = rows if isinstance(rows, list) else []
        parsed = []
        for row in rows[:MAX_ROWS_PER_LIST]:
            try:
                product_id, quantity = int(row[0]), parse_quantity(row[1])
            except (TypeError, ValueError, LookupError, OverflowError):
                continue
            if quantity > 0:
                parsed.append([product_id, quantity])
        # as the user: what he does not see in the shop he does not put on a list by its id
        seen = set(ShopCartJson._kh_allowed_product_ids([row[0] for row in parsed]))
        kept = [row for row in parsed if row[0] in seen]
        texts = []
        if gone := len(parsed) - len(kept):
            texts.append(request.env._("%s products are not for sale any more: left out.", gone))
        if (more := len(rows) - MAX_ROWS_PER_LIST) > 0:
            text = request.env._(
                "A list takes %(limit)s products at once: the last %(more)s are left out.",
                limit=MAX_ROWS_PER_LIST,
                more=more,
            )
            texts.append(text)
        return kept, texts

    # === HELPERS - PAGE === #
    @staticmethod
    def _kh_find(list_id, with_deleted=False):
        ShopCartJson._ensure_shop()
        Lists = request.env["kh.purchase.list"].with_context(active_test=not with_deleted)
        if not Lists.has_access("read"):
            raise NotFound
        purchase_list = Lists.search([("id", "=", list_id)])
        if not purchase_list:
            raise NotFound
        return purchase_list.with_context(active_test=True)

    @staticmethod
    def _kh_shares():
        Lists = request.env["kh.purchase.list"]
        return Lists._fields["share"]._description_selection(request.env)

    @staticmethod
    def _kh_page():
        return {
            **ShopCatalogue._kh_page_values(),
            "notice": request.session.pop(NOTICE_SESSION_KEY, {}),
        }

    @staticmethod
    def _kh_prepare_rows(lines):
        """Return the rows of one page as they would be ordered today (strings), and the sum."""
        website = request.website
        target_sudo = request.cart or request.env["sale.order"].sudo()._kh_new_target(
            request.env.user.partner_id, website
        )
        compared = {
            (row.product.id, row.uom.id): row
            for row in target_sudo._kh_compare_rows(lines._kh_get_asked_rows())
        }
        products = lines.product_id
        words = products._kh_get_stock_words()
        limits = products._kh_get_order_limits(website=website)
        digits = target_sudo._kh_get_price_digits()
        least = target_sudo.currency_id.decimal_places
        rows, total = [], 0.0
        for line in lines:
            row = compared[line.product_id.id, line.product_uom_id.id]
            amount = website.currency_id.round(row.price * line.quantity)
            total += 0.0 if row.reason else amount
            rows.append(
                {
                    "id": line.id,
                    "name": row.product.name or "",
                    "url": "" if row.reason else row.product._kh_shop_url(),
                    "spec": row.product._kh_spec(),
                    "code": row.product.default_code or "",
                    "stock": words[line.product_id.id],
                    "limits": limits[line.product_id.id],
                    "price": "" if row.reason else format_price(row.price, digits, least),
                    "quantity": format_quantity(line.quantity).replace(",", ""),
                    "uom": line.product_uom_id.name,
                    "subtotal": "" if row.reason else format_amount(amount, least),
                    "note": line.note or "",
                    "problem": row.reason or row.note,
                }
            )
        return {"rows": rows, "total": format_money(total, website.currency_id)}
