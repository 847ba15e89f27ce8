import base64
import io
from collections import defaultdict
from datetime import MAXYEAR, datetime, time

import pytz
import xlsxwriter
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

from ..engine.sheet import COLUMNS, Problem, as_text, mark_duplicates, read_table

MAX_BYTES = 10 * 1024 * 1024
MAX_ROWS = 20_000


class PriceContractImport(models.TransientModel):
    """Import the lines of a price contract from Excel (导入价格合同明细).

    Nothing is written before the file was checked: ``action_check`` shows how many rows are
    good and what is wrong with the others; ``action_import`` takes the file only when it is
    clean, ``action_import_good`` leaves out what is wrong, and says how much.
    """

    _name = "kh.price.contract.import"
    _description = "Import Price Contract Lines"

    # === FIELDS === #
    contract_id = fields.Many2one("kh.price.contract", required=True, ondelete="cascade")
    state = fields.Selection(
        [("upload", "File"), ("checked", "Check"), ("done", "Done")],
        default="upload",
        required=True,
        readonly=True,
    )
    file = fields.Binary("Excel file", attachment=False)
    file_name = fields.Char("File name")
    mode = fields.Selection(
        [("add", "Add to the lines"), ("replace", "Replace all lines")],
        "Existing lines",
        default="add",
        required=True,
        help="“Replace all lines” deletes the contract's lines first.",
    )
    row_count = fields.Integer("Rows in the file", readonly=True)
    good_count = fields.Integer("Good rows", readonly=True)
    bad_count = fields.Integer("Rows to correct", readonly=True)
    summary = fields.Char(compute="_compute_summary")
    existing_count = fields.Integer(related="contract_id.item_count")
    error_ids = fields.One2many("kh.price.contract.import.error", "import_id", readonly=True)
    error_file = fields.Binary("Error file", readonly=True, attachment=False)
    error_file_name = fields.Char("Error file name", readonly=True)
    template_file = fields.Binary("Template", compute="_compute_template_file")
    template_file_name = fields.Char("Template name", compute="_compute_template_file")

    # === COMPUTE METHODS === #

    @api.depends_context("lang")
    @api.depends("contract_id")
    def _compute_template_file(self):
        content = base64.b64encode(self._write_sheet([], with_errors=False))
        for wizard in self:
            wizard.template_file = content
            wizard.template_file_name = self.env._("price-contract-lines") + ".xlsx"

    @api.depends("row_count", "good_count", "bad_count")
    @api.depends_context("lang")
    def _compute_summary(self):
        for wizard in self:
            counts = {
                "rows": wizard.row_count,
                "good": wizard.good_count,
                "bad": wizard.bad_count,
            }
            wizard.summary = (
                self.env._("%(rows)s row(s) = %(good)s good + %(bad)s to correct", **counts)
                if wizard.bad_count
                else self.env._("%(rows)s row(s), all good", **counts)
            )

    # === ACTION METHODS === #

    def action_check(self):
        """Read and check the file, write nothing but the findings."""
        self.ensure_one()
        self.contract_id._ensure_lines_editable()
        sheet = self._read_sheet()
        bad = sheet.bad
        self.error_ids.unlink()
        self.env["kh.price.contract.import.error"].create(
            [self._prepare_error_vals(row) for row in bad]
        )
        self.write(
            {
                "state": "checked",
                "row_count": len(sheet.rows),
                "good_count": len(sheet.good),
                "bad_count": len(bad),
                "error_file": base64.b64encode(self._write_sheet(bad)) if bad else False,
                "error_file_name": self.env._("rows-to-correct") + ".xlsx",
            }
        )
        return self._reopen()

    def action_import(self):
        """Import the whole file; refused while a row has to be corrected."""
        return self._import(only_good=False)

    def action_import_good(self):
        """Import the good rows and leave the others."""
        return self._import(only_good=True)

    def action_back(self):
        self.ensure_one()
        self.error_ids.unlink()
        self.write({"state": "upload", "error_file": False, "file": False})
        return self._reopen()

    def action_download_errors(self):
        return self._download("error_file", "error_file_name")

    def action_download_template(self):
        return self._download("template_file", "template_file_name")

    def _download(self, field_name, name_field):
        self.ensure_one()
        return {
            "type": "ir.actions.act_url",
            "url": f"/web/content/{self._name}/{self.id}/{field_name}"
            f"?download=true&filename_field={name_field}",
            "target": "download",
        }

    def _reopen(self):
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("Import price lines"),
            "res_model": self._name,
            "res_id": self.id,
            "view_mode": "form",
            "target": "new",
        }

    # === BUSINESS METHODS - READING === #

    def _read_sheet(self):
        """Parse the file and look its codes up.

        :return: :class:`engine.sheet.Sheet`
        :raise UserError: if it is no readable sheet with the columns we need
        """
        self.ensure_one()
        sheet = read_table(self._read_cells())
        if sheet.missing:
            labels = self._column_labels()
            raise UserError(
                self.env._(
                    "The first rows of the sheet have no column %(columns)s. Use the template, or"
                    " name the columns like it.",
                    columns=", ".join(labels[column] for column in sheet.missing),
                )
            )
        if not sheet.rows:
            raise UserError(self.env._("The sheet has a header but no rows."))
        self._match_products(sheet)
        self._match_units(sheet)
        self._check_against_contract(sheet)
        return sheet

    def _read_cells(self):
        if not self.file:
            raise UserError(self.env._("Choose an Excel file first."))
        content = base64.b64decode(self.file)
        if len(content) > MAX_BYTES:
            raise UserError(self.env._("The file is larger than 10 MB. Split it."))
        try:
            ensure_readable(content)
            workbook = CalamineWorkbook.from_filelike(io.BytesIO(content))
            table = workbook.get_sheet_by_index(0).to_python(skip_empty_area=False)
        except SheetTooLarge as error:
            raise UserError(
                self.env._("The sheet reaches too far to be read. Keep only the list in it.")
            ) from error
        except (SheetUnreadable, CalamineError, OSError, IndexError) as error:
            raise UserError(
                self.env._("This is not an Excel file that can be read (.xlsx, .xls, .ods).")
            ) from error
        if len(table) > MAX_ROWS:
            raise UserError(
                self.env._(
                    "The sheet has %(count)s rows, more than %(limit)s. Split it.",
                    count=len(table),
                    limit=MAX_ROWS,
                )
            )
        return table

    def _match_products(self, sheet):
        """Find the variants by item no., in one query."""
        codes = {row.code for row in sheet.rows if row.code}
        company = self.contract_id.company_id
        domain = Domain("default_code", "in", list(codes)) & Domain(
            "company_id", "in", [False, company.id]
        )
        found = defaultdict(list)
        for product in self.env["product.product"].search_fetch(domain, ["default_code"]):
            found[product.default_code].append(product.id)
        for row in sheet.rows:
            matches = found.get(row.code, [])
            if len(matches) == 1:
                row.product_id = matches[0]
            elif row.code:
                row.problems.append(Problem.AMBIGUOUS_CODE if matches else Problem.UNKNOWN_CODE)

    def _match_units(self, sheet):
        """Find the units by name; quantities and prices become those per product unit."""
        named = [row for row in sheet.rows if row.texts["unit"] and row.product_id]
        by_name = defaultdict(self.env["uom.uom"].browse)
        texts = {row.texts["unit"] for row in named}
        for uom in by_name[""].search(Domain.OR(Domain("name", "=ilike", t) for t in texts)):
            by_name[as_text(uom.name).casefold()] |= uom
        products = self.env["product.product"].browse(row.product_id for row in named)
        for row, product in zip(named, products, strict=True):
            self._match_unit(row, product, by_name[row.texts["unit"].casefold()])
        mark_duplicates(sheet.rows, is_converted=True)

    @api.model
    def _match_unit(self, row, product, uoms):
        """Take for one row the unit that is meant: the product's own, one of its packs, another."""
        own = product.uom_id
        fitting = uoms.filtered(lambda uom: uom._has_common_reference(own))
        uom = (fitting & own) or (fitting & product.uom_ids) or fitting
        if len(uom) != 1:
            problem = Problem.OTHER_UNIT if uoms else Problem.UNKNOWN_UNIT
            row.problems.append(Problem.AMBIGUOUS_UNIT if fitting else problem)
        elif uom != own:
            row.uom_id, row.uom_price = uom.id, row.price
            row.price = self.env["product.pricelist.item"]._kh_fixed_price(row.price, uom, own)
            row.min_quantity = uom._compute_quantity(row.min_quantity, own, round=False)
            if not row.price and row.uom_price:
                row.problems.append(Problem.NOT_POSITIVE)

    def _check_against_contract(self, sheet):
        """Compare terms and lines with what the contract already says."""
        contract = self.contract_id
        is_active = contract.state == "active"
        existing, current = set(), set()
        now = fields.Datetime.now()
        first_day = contract.date_start
        if is_active:
            first_day = max(first_day, contract._today())
        for item in contract.item_ids if self.mode == "add" else ():
            key = (item.product_id.id, item.min_quantity)
            existing.add((*key, self._local_day(item.date_start)))
            if is_active and not (item.date_end and item.date_end < now):
                current.add(key)
        for row in sheet.rows:
            key = (row.product_id, row.min_quantity)
            if row.product_id and (
                (*key, row.date_start) in existing or (not row.date_start and key in current)
            ):
                row.problems.append(Problem.EXISTS)
            starts_late = (
                contract.date_end and row.date_start and row.date_start > contract.date_end
            )
            ends_early = row.date_end and row.date_end < first_day
            if starts_late or ends_early:
                row.problems.append(Problem.OUTSIDE_TERM)

    def _local_day(self, moment):
        if not moment:
            return None
        return pytz.utc.localize(moment).astimezone(self.contract_id._timezone()).date()

    # === BUSINESS METHODS - WRITING === #

    def _import(self, only_good):
        self.ensure_one()
        contract = self.contract_id
        contract.check_access("write")
        contract._ensure_lines_editable()
        sheet = self._read_sheet()
        if sheet.bad and not only_good:
            raise UserError(
                self.env._(
                    "%(bad)s of %(all)s rows have to be corrected first; nothing was imported.",
                    bad=len(sheet.bad),
                    all=len(sheet.rows),
                )
            )
        if not sheet.good:
            raise UserError(self.env._("No row of the file can be imported."))
        if self.mode == "replace":
            contract.item_ids.unlink()
        self._create_lines(sheet.good)
        contract.message_post(
            body=self.env._(
                "%(good)s of %(all)s row(s) imported from %(file)s; %(bad)s left out.",
                good=len(sheet.good),
                all=len(sheet.rows),
                bad=len(sheet.bad),
                file=self.file_name or "Excel",
            )
        )
        self.write({"state": "done", "good_count": len(sheet.good), "bad_count": len(sheet.bad)})
        return {"type": "ir.actions.act_window_close"}

    def _create_lines(self, rows):
        """Create the first line with all checks of the model, the others like it at once.

        What tells them apart was checked row by row when the sheet was read; one statement, so
        that 5,000 rows take no longer than the database needs.
        """
        contract = self.contract_id
        items = self.env["product.pricelist.item"]
        first, *others = [self._prepare_item_vals(row) for row in rows]
        first = items.create([first])
        if not others:
            return
        columns = {
            "product_id": "int",
            "fixed_price": "float8",
            "kh_uom_id": "int",
            "kh_uom_price": "float8",
            "min_quantity": "float8",
            "date_start": "timestamp",
            "date_end": "timestamp",
        }
        source = SQL(
            "unnest(%s) AS v(%s) JOIN product_product p ON p.id = v.product_id",
            SQL(", ").join(
                SQL("%s::%s[]", [vals.get(name) or None for vals in others], SQL(kind))
                for name, kind in columns.items()
            ),
            SQL(", ").join(map(SQL.identifier, columns)),
        )
        values = {name: SQL.identifier("v", name) for name in columns}
        values["min_quantity"] = SQL("COALESCE(v.min_quantity, 0)")
        if contract.state == "active":
            values["date_start"] = SQL("GREATEST(v.date_start, %s)", fields.Datetime.now())
        items._kh_copy_rows(
            SQL("i.id = %s", first.id), source, **values, product_tmpl_id=SQL("p.product_tmpl_id")
        )
        if contract.state == "active":
            contract._sync_lines()

    def _prepare_item_vals(self, row):
        vals = {
            "kh_contract_id": self.contract_id.id,
            "applied_on": "0_product_variant",
            "product_id": row.product_id,
            "compute_price": "fixed",
            "fixed_price": row.price,
            "min_quantity": row.min_quantity,
            "date_start": self._moment(row.date_start, time.min),
            "date_end": self._moment(row.date_end, time(23, 59, 59)),
        }
        if row.uom_id:
            vals.update(kh_uom_id=row.uom_id, kh_uom_price=row.uom_price)
        return vals

    def _moment(self, day, clock):
        # The year 9999 means no end; a start in it is refused by the sheet.
        if not day or day.year == MAXYEAR:
            return False
        local = self.contract_id._timezone().localize(datetime.combine(day, clock))
        return local.astimezone(pytz.utc).replace(tzinfo=None)

    # === BUSINESS METHODS - FINDINGS === #

    def _prepare_error_vals(self, row):
        return {
            "import_id": self.id,
            "row_number": row.number,
            "code": row.texts["code"],
            "product_name": row.texts["name"],
            "unit_text": row.texts["unit"],
            "price_text": row.texts["price"],
            "quantity_text": row.texts["min_quantity"],
            "error": self._explain(row),
        }

    def _explain(self, row):
        """Say in words what is wrong with a row."""
        texts = self._problem_texts(row)
        return "; ".join(texts[problem] for problem in dict.fromkeys(row.problems))

    def _problem_texts(self, row):
        _ = self.env._
        return {
            Problem.NO_CODE: _("item no. is missing"),
            Problem.UNKNOWN_CODE: _("no product has item no. %(code)s", code=row.code),
            Problem.AMBIGUOUS_CODE: _("several products have item no. %(code)s", code=row.code),
            Problem.DUPLICATE: _("same item and quantity as row %(row)s", row=row.same_as),
            Problem.EXISTS: _("the contract has a line for this item and quantity already"),
            Problem.UNKNOWN_UNIT: _("there is no unit %(unit)s", unit=row.texts["unit"]),
            Problem.OTHER_UNIT: _(
                "unit %(unit)s does not convert to the product's unit", unit=row.texts["unit"]
            ),
            Problem.AMBIGUOUS_UNIT: _("several units are called %(unit)s", unit=row.texts["unit"]),
            Problem.NO_PRICE: _("price is missing"),
            Problem.BAD_PRICE: _("price is not a number"),
            Problem.NOT_POSITIVE: _("price must be above zero"),
            Problem.BAD_QUANTITY: _("min. quantity is not a number from zero on"),
            Problem.BAD_DATE: _("date cannot be read (write it like 2026-01-31)"),
            Problem.END_BEFORE_START: _("end is before start"),
            Problem.OUTSIDE_TERM: _("dates are outside the contract's term"),
        }

    def _column_labels(self):
        _ = self.env._
        return {
            "code": _("Item no."),
            "name": _("Product name"),
            "unit": _("Unit"),
            "min_quantity": _("Min. quantity"),
            "price": _("Price"),
            "date_start": _("Start date"),
            "date_end": _("End date"),
        }

    def _write_sheet(self, rows, with_errors=True):
        """Return an xlsx with the template's columns, the rows' own text and its errors."""
        labels = self._column_labels()
        buffer = io.BytesIO()
        with xlsxwriter.Workbook(buffer, {"in_memory": True, "strings_to_formulas": False}) as book:
            sheet = book.add_worksheet(self.env._("Price lines"))
            head = book.add_format({"bold": True, "bg_color": "#F1F3F5", "bottom": 1})
            text = book.add_format({"num_format": "@"})
            sheet.freeze_panes(1, 0)
            sheet.set_column(0, 0, 18, text)
            sheet.set_column(1, 1, 40)
            sheet.set_column(2, 6, 14)
            for position, column in enumerate(COLUMNS):
                sheet.write(0, position, labels[column], head)
            if with_errors:
                sheet.write(0, len(COLUMNS), self.env._("To correct"), head)
                sheet.set_column(len(COLUMNS), len(COLUMNS), 60)
            for line, row in enumerate(rows, start=1):
                for position, column in enumerate(COLUMNS):
                    sheet.write_string(line, position, row.texts[column])
                sheet.write_string(line, len(COLUMNS), self._explain(row))
        return buffer.getvalue()


class PriceContractImportError(models.TransientModel):
    """One row of the file that has to be corrected."""

    _name = "kh.price.contract.import.error"
    _description = "Row to Correct in a Price Import"
    _order = "row_number, id"

    # === FIELDS === #
    import_id = fields.Many2one("kh.price.contract.import", required=True, ondelete="cascade")
    row_number = fields.Integer("Row", readonly=True)
    code = fields.Char("Item no.", readonly=True)
    product_name = fields.Char("Product name", readonly=True)
    unit_text = fields.Char("Unit", readonly=True)
    quantity_text = fields.Char("Min. quantity", readonly=True)
    price_text = fields.Char("Price", readonly=True)
    error = fields.Char("To correct", readonly=True)
