import base64
import binascii
import csv
import io
from typing import Any, NamedTuple

from python_calamine import CalamineError, CalamineWorkbook

from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.fields import Domain
from odoo.tools import SQL

from odoo.addons.kh_b2b_member.engine.sheet_size import (
    SheetTooLarge,
    SheetUnreadable,
    ensure_readable,
)

from ..engine.quick_rows import COLUMNS, read_table, split_text
from .quick_order_parts import Buyer

MAX_ROWS = 5000
MAX_BYTES = 10 * 1024 * 1024


class QuickAdd(NamedTuple):
    """What became of the good rows: how many went in, and ``{row number: reason}`` of the rest.

    `is_stale`: nothing was added, because the total is not what the user saw.
    """

    order: Any
    kept: int
    refused: dict[int, str]
    is_stale: bool = False


class QuickOrder(models.Model):
    """The quick order that a dealer works on: his rows as pasted, and his corrections (快速下单).

    One draft for each user and website, so that it follows him from the office to the phone.
    The cells are kept as they came; what they mean is found anew whenever the draft is shown,
    at the prices, stock and listing of that moment. Rows that were ordered leave the draft in
    the transaction that orders them: a repeated request finds them gone.
    """

    _name = "kh.quick.order"
    _description = "Quick Order"
    _order = "id desc"

    # === FIELDS === #
    user_id = fields.Many2one("res.users", required=True, ondelete="cascade")
    website_id = fields.Many2one("website", required=True, ondelete="cascade", index=True)
    table = fields.Json(help="The cells as they came: a list of rows.")
    columns = fields.Json(help="What each column is taken for; empty: to be recognised.")
    edits = fields.Json(help="Corrections by row number: product, uom, quantity, skip.")
    done = fields.Json(help="Numbers of the rows that were ordered.")
    prices = fields.Json(help="Prices by row number when the row was first shown.")
    found = fields.Json(help="Products by row number, as found when the draft was last shown.")
    version = fields.Integer(
        default=0, help="Counts what gives rows other numbers; corrections name the one they saw."
    )
    _user_unique = models.UniqueIndex(
        "(user_id, website_id)", "There is a quick order for this user already."
    )

    # === BUSINESS METHODS - DRAFT === #
    @api.model
    def _get_own(self, website):
        """Return the current user's draft (sudo), locked; made on demand.

        Two requests at once queue here: the second sees what the first one left.
        """
        self.flush_model()
        rows = self.env.execute_query(
            SQL(
                """
                INSERT INTO kh_quick_order (user_id, website_id, create_uid, write_uid,
                                            create_date, write_date)
                VALUES (%(user)s, %(website)s, %(user)s, %(user)s, now() AT TIME ZONE 'UTC',
                        now() AT TIME ZONE 'UTC')
                ON CONFLICT (user_id, website_id)
                DO UPDATE SET write_date = EXCLUDED.write_date RETURNING id
                """,
                user=self.env.uid,
                website=website.id,
            )
        )
        # sudo: dealers have no access to the table; the draft was found by their own id
        draft_sudo = self.sudo().browse(rows[0][0])
        draft_sudo.invalidate_recordset()
        return draft_sudo

    @api.model
    def _read_input(self, text="", file=""):
        """Turn pasted text, or a file in base64 (xlsx, xls, ods, csv), into cells.

        :raise UserError: no readable sheet, or too much of it; nothing is cut
        """
        table = self._read_file(file) if file else self._split_text(text)
        if len(table) > MAX_ROWS + 10:
            raise UserError(
                self.env._(
                    "%(count)s rows at once are too many: %(limit)s are possible. "
                    "Nothing was taken over; split the list.",
                    count=len(table),
                    limit=MAX_ROWS,
                )
            )
        return [[self._as_json(cell) for cell in cells] for cells in table]

    @api.model
    def _read_file(self, file):
        try:
            content = base64.b64decode(file, validate=True)
        except (binascii.Error, ValueError, TypeError) as error:
            raise UserError(self.env._("The file arrived damaged. Choose it again.")) from error
        if len(content) > MAX_BYTES:
            raise UserError(self.env._("The file is larger than 10 MB. Split it."))
        try:
            ensure_readable(content)
            workbook = CalamineWorkbook.from_filelike(io.BytesIO(content))
            return workbook.get_sheet_by_index(0).to_python(skip_empty_area=False)
        except SheetTooLarge as error:
            raise UserError(
                self.env._("The sheet reaches too far to be read. Keep only the list in it.")
            ) from error
        except (SheetUnreadable, CalamineError, OSError, IndexError):
            return self._split_text(self._decode(content))

    @api.model
    def _decode(self, content):
        """Read a csv as Excel writes it here: UTF-8, or GB18030."""
        for encoding in ("utf-8-sig", "gb18030"):
            try:
                text = content.decode(encoding)
            except UnicodeDecodeError:
                continue
            if "\x00" not in text:
                return text
        raise self._make_unreadable_error()

    @api.model
    def _split_text(self, text):
        try:
            return split_text(text)
        except csv.Error as error:
            raise self._make_unreadable_error() from error

    @api.model
    def _make_unreadable_error(self):
        return UserError(self.env._("This is no sheet that can be read (.xlsx, .xls, .ods, .csv)."))

    @api.model
    def _as_json(self, cell):
        return cell if isinstance(cell, str | int | float) else str(cell or "")

    def _append(self, table):
        """Take over cells; rows that are still to be ordered stay before them."""
        self.ensure_one()
        left = self._get_rows()
        if not left:
            self._clear()
            self.table = table
            return
        old, new = self.edits or {}, read_table(table).rows
        if len(left) + len(new) > MAX_ROWS:
            raise UserError(
                self.env._("More than %s rows in one list. Order or clear the first.", MAX_ROWS)
            )
        cells = [[row.texts[name] for name in COLUMNS] for row in (*left, *new)]
        edits = {
            str(number): old[str(row.number)]
            for number, row in enumerate(left, start=2)
            if str(row.number) in old
        }
        self._clear()
        # the header keeps a first row that looks like one from being taken for it
        self.write({"table": [list(COLUMNS), *cells], "edits": edits})

    def _get_rows(self):
        """Return the rows that are still to be ordered, as `QuickRow`."""
        sheet = read_table(self.table or [], self.columns or None)
        done = set(self.done or [])
        return [row for row in sheet.rows if row.number not in done]

    def _set_columns(self, columns):
        """Take the user's word for what each column is.

        :raise UserError: an unknown name, or one used twice
        """
        named = [name for name in columns if name]
        if set(named) - set(COLUMNS) or len(set(named)) < len(named):
            raise UserError(self.env._("Each column can be used for one thing only."))
        self.write({"columns": columns, "prices": {}, "edits": {}, "version": self.version + 1})

    def _edit_rows(self, changes, buyer):
        """Keep corrections, ``{row number: {"product", "uom", "quantity", "learn", "skip"}}``.

        Chosen products are learnt for the dealer's own code, unless `learn` is False.

        :raise UserError: a product that the user does not see, or a row that is not there
        """
        self.ensure_one()
        rows = {row.number: row for row in self._get_rows()}
        edits, prices = dict(self.edits or {}), dict(self.prices or {})
        # the user, not the superuser: what he may not see he may not choose
        mine = self.sudo(False)
        wanted = {change["product"] for change in changes.values() if change.get("product")}
        wanted |= {
            edits[str(n)]["product"] for n in changes if edits.get(str(n), {}).get("product")
        }
        visible = set(
            mine.env["product.product"]
            .search(mine._product_domain(buyer) & Domain("id", "in", list(wanted)))
            .ids
            if wanted
            else ()
        )
        # sudo: units of products that the user was found to see
        goods_sudo = mine.env["product.product"].browse(visible).sudo()
        units = {product.id: (product.uom_id + product.uom_ids).ids for product in goods_sudo}
        learnt = []
        for number, change in changes.items():
            if number not in rows or (change.get("product") or 0) not in visible | {0}:
                raise UserError(self.env._("This row or product is not there any more. Reload."))
            edit = {**edits.get(str(number), {}), **change}
            if set(change) & {"product", "uom", "quantity"}:
                prices.pop(str(number), None)  # the user sees the new price at once
            is_taught = edit.pop("learn", True) and (change.get("product") or change.get("uom"))
            edits[str(number)] = edit
            if is_taught and edit.get("product"):
                uom = edit.get("uom")
                uom = uom if uom in units.get(edit["product"], ()) else None
                learnt.append((rows[number].own_code, edit["product"], uom))
        self.write({"edits": edits, "prices": prices})
        if learnt:
            mine.env["kh.dealer.product.code"]._learn(buyer.dealer, learnt)

    def _evaluate(self, buyer, numbers=None):
        """Match the draft's rows now: all, or the given ones with those of the same products.

        :rtype: list[Match]
        """
        self.ensure_one()
        edits = {int(number): edit for number, edit in (self.edits or {}).items()}
        rows = [row for row in self._get_rows() if not edits.get(row.number, {}).get("skip")]
        found = dict(self.found or {})
        if numbers is not None:
            # rows of one product are checked together: the others of these products, too
            products = {edits.get(number, {}).get("product") for number in numbers}
            products |= {found.get(str(number)) for number in numbers}
            products -= {None}
            rows = [
                row
                for row in rows
                if row.number in numbers or found.get(str(row.number)) in products
            ]
        matches = self.sudo(False)._match_rows(rows, buyer, edits)
        self._note_found(matches, {} if numbers is None else found)
        return matches

    def _note_found(self, matches, found):
        """Remember products and first prices of rows, for the next time."""
        prices = dict(self.prices or {})
        for match in matches:
            number = str(match.row.number)
            found.pop(number, None)
            if match.product:
                found[number] = match.product.id
                prices.setdefault(number, match.price)
        vals = {"found": found, "prices": prices}
        changed = {name: value for name, value in vals.items() if (self[name] or {}) != value}
        if changed:
            self.write(changed)

    def _clear(self):
        names = ("table", "columns", "edits", "done", "prices", "found")
        self.write({**dict.fromkeys(names, False), "version": self.version + 1})

    def _count_skipped(self):
        return sum(bool(edit.get("skip")) for edit in (self.edits or {}).values())

    def _add_good(self, buyer, expected=None):
        """Put the good rows into the order and take them out of the draft, together.

        :param float expected: the total the user saw; another one now: nothing is added
        :rtype: QuickAdd
        """
        self.ensure_one()
        matches = [match for match in self._evaluate(buyer) if match.state == "ok"]
        currency = self.sudo(False)._get_currency(buyer)
        total = sum(match.subtotal for match in matches)
        if expected is not None and currency.compare_amounts(total, expected):
            return QuickAdd(buyer.order, 0, {}, is_stale=True)
        rows = [(match.product.id, match.quantity, match.uom.id) for match in matches]
        result = buyer.order._kh_add_products(rows, source="quick")
        refused = {
            matches[index].row.number: str(reason) for index, reason in result.reasons.items()
        }
        numbers = {match.row.number for match in matches} - set(refused)
        self.done = sorted({*(self.done or []), *numbers})
        return QuickAdd(buyer.order, result.kept, refused)

    @api.model
    def _make_buyer(self, partner, *, order=None, website=None):
        order = self.env["sale.order"] if order is None else order
        website = self.env["website"] if website is None else website
        # sudo: the dealer's own company, and who sells
        company = order.company_id or website.sudo().company_id or self.env.company
        return Buyer(partner.sudo().commercial_partner_id.sudo(False), website, company, order)
