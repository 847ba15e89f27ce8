import base64
import csv
import io
from itertools import islice

import openpyxl

from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError

from ..engine.sheet_size import SheetTooLarge, SheetUnreadable, ensure_readable

MAX_ROWS = 50000
MAX_COLUMNS = 200
# What a sheet may span: dealers have some dozens of columns.
MAX_CELLS = 2_500_000
MAX_BYTES = 30 * 1024 * 1024
ENCODINGS = ("utf-8-sig", "gb18030")


class SyncImport(models.TransientModel):
    """Take dealers from a file of the ERP: the same mapping, the same engine (文件导入)."""

    _name = "kh.sync.import"
    _description = "Import Dealers of an ERP"

    source_id = fields.Many2one(
        "kh.sync.source",
        required=True,
        default=lambda self: self._default_source(),
        ondelete="cascade",
    )
    data = fields.Binary(string="File", attachment=False)
    filename = fields.Char()

    # === DEFAULT METHODS === #
    @api.model
    def _default_source(self):
        if self.env.context.get("active_model") == "kh.sync.source":
            return self.env.context.get("active_id")
        return self.env["kh.sync.source"].search([("way", "=", "file")], limit=1)

    # === ACTION METHODS === #
    def action_import(self):
        """Apply the file and open its run, with the rows that need a look."""
        self.ensure_one()
        self._ensure_can_import()
        rows = self._read_rows()
        # sudo: runs and dealers are written by the engine
        source_sudo = self.source_id.sudo()
        source_sudo._lock()
        run_sudo = source_sudo.env["kh.sync.run"]._start(source_sudo, "file")
        run_sudo._store_payload(rows)
        run_sudo._apply(rows)
        run_sudo._finish()
        return {
            "type": "ir.actions.act_window",
            "res_model": "kh.sync.run",
            "res_id": run_sudo.id,
            "view_mode": "form",
        }

    def action_download_template(self):
        """Return an empty workbook with the headers the mapping reads."""
        self.ensure_one()
        self._ensure_can_import()
        book = openpyxl.Workbook()
        sheet = book.active
        sheet.append(self._get_headers())
        for cell in sheet[1]:
            cell.number_format = "@"
            sheet.column_dimensions[cell.column_letter].width = 18
        stream = io.BytesIO()
        book.save(stream)
        name = self.env._("Dealers of %(name)s", name=self.source_id.name)
        self.write({"data": base64.b64encode(stream.getvalue()), "filename": f"{name}.xlsx"})
        return {
            "type": "ir.actions.act_url",
            "url": f"/web/content/{self._name}/{self.id}/data/{name}.xlsx?download=true",
            "target": "new",
        }

    # === BUSINESS METHODS === #
    def _ensure_can_import(self):
        if not self.env.user.has_group("kh_b2b_member.group_b2b_administrator"):
            raise AccessError(self.env._("Only B2B administrators import dealers."))
        self.source_id.check_access("read")

    def _get_headers(self):
        """Return the headers of the mapping; without one, the labels of our fields."""
        lines = self.source_id.mapping_ids.filtered(lambda line: line.transform != "constant")
        return lines.mapped("path") or list(self._get_labels())

    def _get_labels(self):
        """Return `{label: target}`."""
        return {label: name for name, label in self.env["kh.sync.mapping"]._selection_target()}

    def _read_rows(self):
        """Return the rows of the file as dictionaries by header."""
        content = base64.b64decode(self.data or b"")
        if not content:
            raise UserError(self.env._("Choose a file."))
        if len(content) > MAX_BYTES:
            raise UserError(self.env._("The file is larger than 30 MB. Split it."))
        is_book = content[:2] == b"PK"
        lines = self._read_book(content) if is_book else self._read_csv(content)
        header = [str(cell or "").strip() for cell in next(lines, [])]
        if any(header[MAX_COLUMNS:]):
            raise UserError(self.env._("The file has more than 200 columns. Leave some out."))
        if not any(header):
            raise UserError(self.env._("The first line of the file must name the columns."))
        if not self.source_id.mapping_ids:
            labels = self._get_labels()
            header = [labels.get(name, name) for name in header]
        doubles = {name for name in header if name and header.count(name) > 1}
        if doubles:
            names = ", ".join(sorted(doubles))
            raise UserError(self.env._("Two columns have the same name: %(names)s.", names=names))
        filled = (line for line in lines if any(cell not in (None, "") for cell in line))
        rows = [
            {name: self._read_cell(cell) for name, cell in zip(header, line, strict=False) if name}
            for line in islice(filled, MAX_ROWS + 1)
        ]
        if len(rows) > MAX_ROWS:
            raise UserError(self.env._("The file has more than 50,000 rows. Split it."))
        return rows

    def _read_cell(self, cell):
        if isinstance(cell, float) and cell.is_integer():
            return str(int(cell))
        return cell if isinstance(cell, (str, bool, int, float, type(None))) else str(cell)

    def _read_book(self, content):
        try:
            ensure_readable(content, MAX_CELLS)
        except SheetTooLarge as error:
            raise UserError(
                self.env._("The sheet reaches too far to be read. Keep only the list in it.")
            ) from error
        except SheetUnreadable as error:
            raise UserError(self.env._("The file is no Excel workbook (.xlsx).")) from error
        try:
            book = openpyxl.load_workbook(io.BytesIO(content), read_only=True, data_only=True)
        except Exception as error:
            # a broken workbook raises whatever its broken part raises
            raise UserError(self.env._("The file is no Excel workbook (.xlsx).")) from error
        # what the sheet says of its own size is not believed
        sheet = book.worksheets[0]
        sheet.reset_dimensions()
        return iter(sheet.iter_rows(values_only=True, max_col=MAX_COLUMNS + 1))

    def _read_csv(self, content):
        for encoding in ENCODINGS:
            try:
                text = content.decode(encoding)
                break
            except UnicodeDecodeError:
                continue
        else:
            raise UserError(self.env._("The text of the file is neither UTF-8 nor GB18030."))
        first = text.split("\n", 1)[0]
        delimiter = max(",;\t", key=first.count)
        return csv.reader(io.StringIO(text), delimiter=delimiter)
