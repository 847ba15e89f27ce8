from collections import defaultdict

from odoo import api, fields, models
from odoo.fields import Domain

SHORT_STATES = ("confirmed", "partially_available")


class SaleOrder(models.Model):
    _inherit = "sale.order"

    # === BUSINESS METHODS - SHORTAGE === #
    def action_confirm(self):
        """Extend `sale`: keep what was ordered beyond the stock, and the date promised for it."""
        waiting = self.filtered(lambda order: order.state in ("draft", "sent"))
        shortages = waiting._kh_get_shortages()
        result = super().action_confirm()
        for line, vals in shortages.items():
            if line.order_id.state == "sale":
                line.write(vals)  # in sudo, as the lines are: whoever confirms may be a dealer
        return result

    def _kh_promises_dates(self):
        """Whether short quantities of this order get a promised date: dealers' orders do."""
        self.ensure_one()
        return bool(self.website_id or self.partner_id.commercial_partner_id.kh_is_dealer)

    def _kh_get_shortages(self):
        """Return ``{line: values}`` of the lines that ask for more than is free.

        Lines and orders that take from one warehouse are served one after the other. Queries
        grow with the warehouses only.
        """
        shortages = {}
        # sudo: whoever confirms need not read stock, receipts and vendors
        orders = self.sudo().filtered(lambda order: order._kh_promises_dates())
        for group in orders.grouped(lambda order: (order.company_id, order.warehouse_id)).values():
            lines = group.order_line.filtered(
                lambda line: line.product_id and line.product_uom_qty > 0 and not line.display_type
            )
            products = lines.product_id._kh_filter_stocked(group.company_id)
            if not products:
                continue
            free = defaultdict(float, products._kh_free_quantities(group[:1]))
            short = defaultdict(float)
            for line in lines:
                product = line.product_id
                if product not in products:
                    continue
                wanted = line._kh_quantity_in_product_unit()
                lacking = min(wanted - max(free[product.id], 0.0), wanted)
                free[product.id] -= wanted
                if product.uom_id.compare(lacking, 0.0) > 0:
                    shortages[line] = {"kh_short_quantity": lacking}
                    short[product.id] += lacking
            missing = products.browse(short)
            dates = missing._kh_get_promised_dates(short, group[:1])
            for line in lines:
                if line not in shortages:
                    continue
                shortages[line]["kh_promised_date"] = dates.get(line.product_id.id, False)
        return shortages


class SaleOrderLine(models.Model):
    _inherit = "sale.order.line"

    # === FIELDS === #
    kh_short_quantity = fields.Float(
        "Short at Confirmation",
        digits="Product Unit",
        copy=False,
        readonly=True,
        groups="base.group_user",  # what was short tells how much was there
        help="Ordered beyond the free stock, in the product's unit.",
    )
    kh_promised_date = fields.Date(
        "Promised Date",
        copy=False,
        groups="base.group_user",
        help="On which the missing quantity was promised to the dealer.",
    )
    kh_short_now = fields.Float(
        "Still Short",
        digits="Product Unit",
        compute="_compute_kh_short_now",
        search="_search_kh_short_now",
        groups="base.group_user",
        help="Not reserved yet for the open shipments, in the product's unit.",
    )

    # === COMPUTE METHODS === #
    @api.depends("move_ids.state", "move_ids.quantity", "move_ids.product_uom_qty")
    def _compute_kh_short_now(self):
        for line in self:
            # sudo: order clerks see the shortage, not the warehouse's moves
            moves = line.sudo().move_ids.filtered(lambda move: move.state in SHORT_STATES)
            line.kh_short_now = sum(
                move.product_uom._compute_quantity(
                    max(move.product_uom_qty - move.quantity, 0.0),
                    move.product_id.uom_id,
                    round=False,
                )
                for move in moves
            )

    def _search_kh_short_now(self, operator, value):
        if operator != ">" or value:
            return NotImplemented
        self._check_field_access(self._fields["kh_short_now"], "read")  # a search tells it too
        # sudo: as in the compute
        moves = self.env["stock.move"].sudo()
        domain = Domain("state", "in", SHORT_STATES) & Domain("sale_line_id", "!=", False)
        groups = moves._read_group(
            domain & Domain("product_id.is_storable", "=", True), ["sale_line_id"]
        )
        return Domain("id", "in", [line.id for (line,) in groups])
