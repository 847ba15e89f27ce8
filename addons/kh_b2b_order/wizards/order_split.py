from collections import defaultdict

from odoo import Command, api, fields, models
from odoo.exceptions import UserError

from ..engine.order_split import propose_elsewhere, propose_missing
from ..models.sale_order_split import SplitPart

MODES = [
    ("hand", "By Hand"),
    ("availability", "By Availability"),
    ("warehouse", "By Warehouse"),
    ("date", "By Delivery Date"),
    ("invoice", "By Invoice Party"),
]
# In what the new orders may differ, by the way of splitting; the dialog shows just these.
MODE_FIELDS = {
    "hand": ("warehouse_id", "partner_invoice_id", "commitment_date"),
    "availability": ("commitment_date",),
    "warehouse": ("warehouse_id",),
    "date": ("commitment_date",),
    "invoice": ("partner_invoice_id",),
}


class OrderSplit(models.TransientModel):
    """Asks which quantities of an order go to which new order (订单拆分, M-53)."""

    _name = "kh.order.split"
    _description = "Split Order"

    # === FIELDS === #
    order_id = fields.Many2one("sale.order", required=True, readonly=True)
    company_id = fields.Many2one(related="order_id.company_id", related_sudo=False)
    dealer_id = fields.Many2one(
        related="order_id.partner_id.commercial_partner_id", string="Dealer", related_sudo=False
    )
    mode = fields.Selection(MODES, "Split", required=True, default="hand")
    warehouse_id = fields.Many2one(
        "stock.warehouse", "Other Warehouse", help="The new order is shipped from here."
    )
    partner_invoice_id = fields.Many2one(
        "res.partner", "Other Invoice Party", help="The new order is invoiced to this address."
    )
    commitment_date = fields.Datetime(
        "Other Delivery Date", help="When the new order is to be delivered."
    )
    line_ids = fields.One2many(
        "kh.order.split.line",
        "split_id",
        "Lines",
        compute="_compute_line_ids",
        compute_sudo=False,
        store=True,
        readonly=False,
    )

    # === COMPUTE METHODS === #
    @api.depends("order_id", "mode", "warehouse_id")
    def _compute_line_ids(self):
        for split in self:
            lines = split._get_movable_lines()
            proposed = split._get_proposal(lines)
            split.line_ids = [Command.clear()] + [
                Command.create({"line_id": line.id, "quantity": proposed.get(line, 0.0)})
                for line in lines
            ]

    # === ACTION METHODS === #
    def action_split(self):
        self.ensure_one()
        self._ensure_complete()
        parts = defaultdict(dict)
        for line in self.line_ids:
            if line.quantity:
                quantities = parts[line.part]
                quantities[line.line_id] = quantities.get(line.line_id, 0.0) + line.quantity
        vals = self._prepare_part_vals()
        self.order_id._kh_split([SplitPart(parts[number], vals) for number in sorted(parts)])
        return self.order_id.action_kh_open_parts()

    # === BUSINESS METHODS === #
    def _ensure_complete(self):
        missing = {
            "warehouse": not self.warehouse_id,
            "date": not self.commitment_date,
            "invoice": not self.partner_invoice_id,
        }
        if missing.get(self.mode):
            raise UserError(
                self.env._("Say which warehouse, date or invoice party the new order has.")
            )

    def _prepare_part_vals(self):
        """Return the values in which the new orders differ."""
        return {
            name: self[name].id if name.endswith("_id") else self[name]
            for name in MODE_FIELDS[self.mode]
            if self[name]
        }

    def _get_movable_lines(self):
        return self.order_id.order_line.filtered(lambda line: line._kh_get_movable_quantity())

    def _get_proposal(self, lines):
        """Return which quantities the chosen way of splitting suggests, in the line's unit.

        :rtype: dict[sale.order.line, float]
        """
        if self.mode == "date":
            first = min(lines.mapped("customer_lead"), default=0.0)
            late = lines.filtered(lambda line: line.customer_lead > first)
            return {line: line._kh_get_movable_quantity() for line in late}
        if self.mode not in ("availability", "warehouse"):
            return {}
        rows = [(line, line.product_id, self._get_base_quantity(line)) for line in lines]
        missing = propose_missing(rows, self._get_free(lines, self.order_id.warehouse_id))
        if self.mode == "warehouse":
            other = self._get_free(lines, self.warehouse_id) if self.warehouse_id else {}
            missing = propose_elsewhere(missing, rows, other)
        return {
            line: line.product_id.uom_id._compute_quantity(quantity, line.product_uom_id)
            for line, quantity in missing.items()
        }

    @staticmethod
    def _get_base_quantity(line):
        """Return what may move, in the product's unit."""
        return line.product_uom_id._compute_quantity(
            line._kh_get_movable_quantity(), line.product_id.uom_id
        )

    def _get_free(self, lines, warehouse):
        """Return ``{product: quantity}`` of a warehouse that this order may use.

        What the order itself has reserved there is free for it.
        """
        products = lines.product_id.filtered("is_storable")
        free = {
            product: product.free_qty
            for product in products.with_context(warehouse_id=warehouse.id)
        }
        free = {self.env["product.product"].browse(p.id): qty for p, qty in free.items()}
        if self.order_id.state == "sale" and warehouse == self.order_id.warehouse_id:
            for move in self.order_id.picking_ids.move_ids:
                # each step reserves what lies before it: nothing is counted twice
                is_held = move.location_id.usage == "internal"
                if is_held and move.product_id in free and move.state not in ("done", "cancel"):
                    free[move.product_id] += move.product_uom._compute_quantity(
                        move.quantity, move.product_id.uom_id
                    )
        return free


class OrderSplitLine(models.TransientModel):
    """One line of the order to split, and how much of it goes."""

    _name = "kh.order.split.line"
    _description = "Split Order Line"

    split_id = fields.Many2one("kh.order.split", required=True, ondelete="cascade")
    line_id = fields.Many2one("sale.order.line", "Order Line", required=True, readonly=True)
    product_id = fields.Many2one(related="line_id.product_id", string="Product", related_sudo=False)
    product_uom_id = fields.Many2one(related="line_id.product_uom_id", related_sudo=False)
    movable_quantity = fields.Float(
        "May Go",
        compute="_compute_movable_quantity",
        digits="Product Unit",
        help="Neither shipped nor invoiced yet.",
    )
    quantity = fields.Float("To New Order", digits="Product Unit")
    part = fields.Integer(
        "New Order",
        default=1,
        help="Lines with the same number go to the same new order.",
    )

    @api.depends("line_id")
    def _compute_movable_quantity(self):
        for line in self:
            line.movable_quantity = line.line_id._kh_get_movable_quantity() if line.line_id else 0.0
