from odoo import api, fields, models
from odoo.fields import Domain

from ..engine.express import split_numbers
from ..utils import format_quantity
from .sale_order_limits_shortage import SHORT_STATES


class SaleOrder(models.Model):
    """What staff look up of an order: courier, parcels, shipped, short (订单查询, M-105).

    Each field asks once for all orders at hand, whatever they hold.
    """

    _inherit = "sale.order"

    # === FIELDS === #
    kh_parcel_text = fields.Char(
        "Courier and Tracking No.",
        compute="_compute_kh_parcel_text",
        compute_sudo=True,
        groups="base.group_user",
        help="Of the shipments that left, the latest first.",
    )
    kh_shipped_text = fields.Char(
        "Shipped",
        compute="_compute_kh_shipped_text",
        compute_sudo=True,
        groups="base.group_user",
        help="Pieces that were shipped, of those ordered.",
    )
    kh_short_now = fields.Float(
        "Short",
        digits="Product Unit",
        compute="_compute_kh_short_now",
        search="_search_kh_short_now",
        compute_sudo=True,
        groups="base.group_user",
        help="Pieces that are not reserved yet for the open shipments.",
    )

    # === COMPUTE METHODS === #
    @api.depends("picking_ids.state", "picking_ids.carrier_id", "picking_ids.carrier_tracking_ref")
    def _compute_kh_parcel_text(self):
        pickings = self.env["stock.picking"].search_fetch(
            Domain("sale_id", "in", self.ids)
            & Domain("picking_type_id.code", "=", "outgoing")
            & Domain("state", "=", "done"),
            ["sale_id", "carrier_id", "carrier_tracking_ref"],
            order="date_done desc, id desc",
        )
        grouped = pickings.grouped("sale_id")
        for order in self:
            texts = [picking._kh_get_parcel_text() for picking in grouped.get(order._origin, ())]
            order.kh_parcel_text = ", ".join(dict.fromkeys(filter(None, texts)))

    @api.depends("state", "order_line.product_uom_qty", "order_line.qty_delivered")
    def _compute_kh_shipped_text(self):
        groups = self.env["sale.order.line"]._read_group(
            Domain("order_id", "in", self.ids)
            & Domain("product_id.type", "=", "consu")
            & Domain("is_delivery", "=", False)
            & Domain("is_downpayment", "=", False)
            & Domain("kh_is_split_rounding", "=", False),
            ["order_id"],
            ["qty_delivered:sum", "product_uom_qty:sum"],
        )
        sums = {order.id: values for order, *values in groups}
        for order in self:
            shipped, ordered = sums.get(order._origin.id, (0.0, 0.0))
            order.kh_shipped_text = (
                f"{format_quantity(shipped)} / {format_quantity(ordered)}"
                if order.state == "sale" and ordered
                else False
            )

    @api.depends("order_line.move_ids.state", "order_line.move_ids.quantity")
    def _compute_kh_short_now(self):
        groups = self.env["stock.move"]._read_group(
            self._kh_short_moves_domain() & Domain("sale_line_id.order_id", "in", self.ids),
            ["sale_line_id"],
            ["product_uom_qty:sum", "quantity:sum"],
        )
        short = dict.fromkeys(self._origin.ids, 0.0)
        for line, wanted, reserved in groups:
            short[line.order_id.id] += max(wanted - reserved, 0.0)
        for order in self:
            order.kh_short_now = short.get(order._origin.id, 0.0)

    def _search_kh_short_now(self, operator, value):
        if operator != ">" or value:
            return NotImplemented
        # sudo: which orders wait for goods, whoever may read the warehouse's moves
        moves = self.env["stock.move"].sudo()._search(self._kh_short_moves_domain())
        lines = self.env["sale.order.line"].sudo()._search(Domain("move_ids", "in", moves))
        return Domain("order_line", "in", lines)

    @api.model
    def _kh_short_moves_domain(self):
        return (
            Domain("state", "in", SHORT_STATES)
            & Domain("sale_line_id", "!=", False)
            & Domain("product_id.is_storable", "=", True)
        )


class StockPicking(models.Model):
    _inherit = "stock.picking"

    def _kh_get_parcel_text(self):
        """Write courier and numbers of this shipment, empty without either."""
        self.ensure_one()
        text = self.carrier_tracking_ref or ""
        numbers = split_numbers(text) or [text]
        return " ".join(filter(None, (self.carrier_id.name, *numbers)))
