from odoo import api, fields, models
from odoo.exceptions import UserError

from ..engine.quick_rows import read_table


class OrderImport(models.TransientModel):
    """Put the rows of a dealer's list into an order (导入订单明细).

    The same matching as the dealer's quick order. Nothing is written before the rows were
    shown: ``action_check`` says what is good and what is wrong beside each row,
    ``action_add`` takes the good rows and leaves the others in the wizard.
    """

    _name = "kh.order.import"
    _description = "Import Order Lines"

    # === FIELDS === #
    order_id = fields.Many2one("sale.order", "Order", required=True, ondelete="cascade")
    text = fields.Text("Pasted Rows", help="Pasted from Excel, or typed: code × quantity.")
    file = fields.Binary("Sheet", attachment=False, help="xlsx, xls, ods or csv")
    file_name = fields.Char("File Name")
    line_ids = fields.One2many("kh.order.import.line", "import_id", "Rows found")
    added_count = fields.Integer("Rows added", readonly=True)
    row_count = fields.Integer("Rows", compute="_compute_counts")
    good_count = fields.Integer("Good rows", compute="_compute_counts")
    bad_count = fields.Integer("Rows to correct", compute="_compute_counts")

    # === COMPUTE METHODS === #
    @api.depends("line_ids.state")
    def _compute_counts(self):
        for wizard in self:
            states = wizard.line_ids.mapped("state")
            wizard.row_count = len(states)
            wizard.good_count = states.count("ok")
            wizard.bad_count = len(states) - states.count("ok")

    # === ACTION METHODS === #
    def action_check(self):
        """Read the rows and say what they mean; the order is not touched.

        :raise UserError: nothing was given, or it cannot be read
        """
        self.ensure_one()
        self._ensure_order_open()
        if self.line_ids:
            self._check_lines()
            return self._reopen()
        table = self.env["kh.quick.order"]._read_input(self.text, self.file)
        rows = read_table(table).rows
        if not rows:
            raise UserError(self.env._("Paste rows or choose a sheet first."))
        self._create_lines(self._match(rows, {}))
        return self._reopen()

    def action_add(self):
        """Add the good rows in one batch, remember the codes, keep the rows to correct."""
        self.ensure_one()
        self._ensure_order_open()
        self._check_lines()
        good = self.line_ids.filtered(lambda line: line.state == "ok")
        if not good:
            raise UserError(self.env._("No row can be added yet. Correct one first."))
        result = self.order_id._kh_add_products(
            [(line.product_id.id, line.quantity, line.uom_id.id) for line in good],
            source="import",
        )
        for index, reason in result.reasons.items():
            good[index].write({"state": "fix", "reason": str(reason)})
        self._learn(good)
        (good - self.env["kh.order.import.line"].union(*(good[i] for i in result.reasons))).unlink()
        self.added_count += result.kept
        return self._reopen() if self.line_ids else {"type": "ir.actions.act_window_close"}

    def action_restart(self):
        self.ensure_one()
        self.line_ids.unlink()
        return self._reopen()

    def _reopen(self):
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("Import Lines"),
            "res_model": self._name,
            "res_id": self.id,
            "view_mode": "form",
            "target": "new",
        }

    # === BUSINESS METHODS === #
    def _ensure_order_open(self):
        self.order_id.check_access("write")
        if self.order_id.state not in ("draft", "sent"):
            raise UserError(
                self.env._("%s is confirmed; rows go into quotations only.", self.order_id.name)
            )

    def _match(self, rows, edits):
        Quick = self.env["kh.quick.order"]
        order = self.order_id
        buyer = Quick._make_buyer(order.partner_id, order=order, website=order.website_id)
        return Quick._match_rows(rows, buyer, edits)

    def _create_lines(self, matches):
        self.env["kh.order.import.line"].create(
            [
                {
                    "import_id": self.id,
                    "number": match.row.number,
                    "texts": match.row.texts,
                    "text": " · ".join(filter(None, match.row.texts.values())),
                    "found_product_id": match.product.id if match.product else False,
                    **self._prepare_match_vals(match),
                }
                for match in matches
            ]
        )

    @api.model
    def _prepare_match_vals(self, match):
        offers = [
            f"{value:g}" if kind == "quantity" else value.display_name
            for kind, value in match.proposals
        ]
        return {
            "product_id": match.product.id if match.product else False,
            "quantity": match.quantity,
            "uom_id": match.uom.id if match.uom else False,
            "price": match.price,
            "state": "ok" if match.state == "ok" else "fix",
            "reason": match.reason,
            "proposal": ", ".join(offers),
        }

    def _check_lines(self):
        """Check the rows again as they stand, corrections included, in one pass."""
        table = [["code", "name", "model", "quantity", "unit", "note"]]
        names = table[0]
        lines = self.line_ids
        table += [[line.texts.get(name, "") for name in names] for line in lines]
        rows = {row.number: row for row in read_table(table, names).rows}
        edits = {}
        for number, line in enumerate(lines, start=2):
            if line.product_id:
                edits[number] = {
                    "product": line.product_id.id,
                    "quantity": line.quantity,
                    "uom": line.uom_id.id,
                }
        matches = self._match(list(rows.values()), edits)
        for match in matches:
            line = lines[match.row.number - 2]
            vals = self._prepare_match_vals(match)
            line.write({key: val for key, val in vals.items() if line[key] != val})

    def _learn(self, lines):
        taught = lines.filtered(
            lambda line: line.is_to_learn and line.product_id != line.found_product_id
        )
        Code = self.env["kh.dealer.product.code"]
        if taught and Code.has_access("create"):
            Code._learn(
                self.order_id.partner_id,
                [(line._get_own_code(), line.product_id.id, None) for line in taught],
            )


class OrderImportLine(models.TransientModel):
    """One row of the list, with what it was taken for."""

    _name = "kh.order.import.line"
    _description = "Row of an Order Import"
    _order = "number, id"

    # === FIELDS === #
    import_id = fields.Many2one("kh.order.import", required=True, ondelete="cascade", index=True)
    number = fields.Integer("Row", readonly=True)
    texts = fields.Json(readonly=True)
    text = fields.Char("As written", readonly=True)
    found_product_id = fields.Many2one("product.product", readonly=True)
    product_id = fields.Many2one("product.product", "Product")
    quantity = fields.Float("Quantity", digits="Product Unit")
    uom_id = fields.Many2one("uom.uom", "Unit")
    price = fields.Float("Unit Price", digits="Product Price", readonly=True)
    state = fields.Selection(
        [("ok", "Good"), ("fix", "To correct")], default="fix", required=True, readonly=True
    )
    reason = fields.Char("To correct", readonly=True)
    proposal = fields.Char("Proposal", readonly=True)
    is_to_learn = fields.Boolean("Remember", default=True)

    def _get_own_code(self):
        self.ensure_one()
        texts = self.texts or {}
        return next((texts[name] for name in ("code", "model", "name") if texts.get(name)), "")
