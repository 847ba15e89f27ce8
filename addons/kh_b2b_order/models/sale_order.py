from odoo import api, fields, models
from odoo.exceptions import AccessError
from odoo.tools import float_compare

from ..engine.stage import STAGES, OrderFacts, decide_stage

SOURCES = [
    ("shop", "Shop"),
    ("quick", "Quick order"),
    ("import", "Import"),
    ("sales", "Salesperson"),
    ("api", "API"),
    ("erp", "ERP"),
    ("phone", "Phone"),
    ("backend", "Back office"),
]
# Somebody said that the order came in this way: how its lines are entered changes nothing.
TOLD_SOURCES = ("sales", "api", "erp", "phone")
# Who did what, and what stops an order: written by methods, after their checks.
GUARDED = (
    "kh_placed_date",
    "kh_placed_by_id",
    "kh_confirmed_date",
    "kh_confirmed_by_id",
    "kh_received_date",
    "kh_received_by_id",
    "kh_is_on_hold",
    "kh_hold_reason",
    "kh_hold_kind",
    "kh_is_returned",
    "kh_hold_date",
    "kh_released_date",
    "kh_released_by_id",
    "kh_parent_id",
    "kh_merged_into_id",
)
# Holds that no person gave a reason for: why is said in the language of whoever reads it.
HOLD_KINDS = [
    ("limits", "Order limits"),
    ("refused", "Approval refused"),
]
STAGE_DEPENDS = (
    "state",
    "kh_is_on_hold",
    "kh_confirmed_date",
    "kh_received_date",
    "kh_approval_request_id.state",
    "transaction_ids.state",
    "picking_ids.state",
    "picking_ids.date_done",
    "picking_ids.picking_type_id",
    "order_line.product_id",
    "order_line.product_uom_qty",
    "order_line.qty_delivered",
)


class SaleOrder(models.Model):
    """An order with one stage for staff and dealer (订货单).

    The stage is derived; `engine.stage` has the table of stages and transitions.
    """

    # core's model, named because it also takes mixins: its access rows are core's
    _name = "sale.order"
    _inherit = ["sale.order", "kh.approval.mixin", "kh.guarded.mixin"]

    _kh_guarded_fields = frozenset(GUARDED)

    # === FIELDS === #
    kh_stage = fields.Selection(
        STAGES,
        "Stage",
        compute="_compute_kh_stage",
        store=True,
        index=True,
        help="Where the order stands, for staff and dealer alike. Derived from state, "
        "review, payments, shipments and receipt; it cannot be set by hand.",
    )
    kh_source = fields.Selection(
        SOURCES,
        "Order Source",
        default=lambda self: self.env.context.get("kh_source"),
        copy=False,
        index=True,
        help="The way this order came in.",
    )
    # Who and when, for the timeline.
    kh_placed_date = fields.Datetime("Placed On", copy=False, readonly=True)
    kh_placed_by_id = fields.Many2one("res.partner", "Placed By", copy=False, readonly=True)
    kh_confirmed_date = fields.Datetime("Confirmed On", copy=False, readonly=True)
    kh_confirmed_by_id = fields.Many2one("res.partner", "Confirmed By", copy=False, readonly=True)
    kh_received_date = fields.Datetime("Received On", copy=False, readonly=True)
    kh_received_by_id = fields.Many2one("res.partner", "Received By", copy=False, readonly=True)
    # Stopped on purpose.
    kh_is_on_hold = fields.Boolean("On Hold", copy=False, readonly=True, index="btree_not_null")
    kh_hold_reason = fields.Char("Reason of Hold", copy=False, readonly=True)
    kh_hold_kind = fields.Selection(HOLD_KINDS, "Held For", copy=False, readonly=True)
    # A dealer's orders by stage, counted without reading the orders.
    _kh_portal_idx = models.Index("(partner_id, kh_stage) INCLUDE (company_id, kh_placed_date)")

    # === COMPUTE METHODS === #
    @api.depends(*STAGE_DEPENDS)
    def _compute_kh_stage(self):
        for order in self:
            order.kh_stage = decide_stage(order._kh_get_stage_facts())

    # === CRUD METHODS === #
    @api.model_create_multi
    def create(self, vals_list):
        for vals in vals_list:
            vals.pop("kh_stage", None)
            if not vals.get("kh_source"):
                default = self.env.context.get("kh_source")
                vals["kh_source"] = default or ("shop" if vals.get("website_id") else "backend")
        orders = super().create(vals_list)
        orders.filtered(lambda order: order.state != "draft")._kh_note_placed()
        return orders

    def write(self, vals):
        if "kh_stage" in vals:
            raise AccessError(self.env._("The stage of an order is derived, it cannot be set."))
        placed = self.browse()
        if vals.get("state") in ("sent", "sale"):
            placed = self.filtered(lambda order: not order.kh_placed_date)
        result = super().write(vals)
        placed._kh_note_placed()
        return result

    @api.model
    def _kh_get_guard_text(self):
        return self.env._("Holding, releasing and confirming an order is done by its buttons.")

    # === BUSINESS METHODS - STAGE === #
    def _kh_get_stage_facts(self):
        """Collect what decides the stage of one order; reads only prefetched fields.

        :rtype: OrderFacts
        """
        self.ensure_one()
        lines = self._kh_get_stage_lines()
        pickings = self.picking_ids.filtered(lambda p: p.picking_type_id.code != "incoming")
        shipped = pickings.filtered(lambda p: p.state == "done")
        last_shipped = max((p.date_done for p in shipped if p.date_done), default=False)
        received = self.kh_received_date
        return OrderFacts(
            state=self.state,
            is_under_review=self.kh_approval_request_id.state == "pending",
            is_on_hold=self.kh_is_on_hold,
            was_confirmed=bool(self.kh_confirmed_date),
            has_pending_payment="pending" in self.transaction_ids.mapped("state"),
            has_goods=any(line.product_id.type == "consu" for line in lines),
            has_shipments=bool(pickings),
            has_open_shipments=any(p.state not in ("done", "cancel") for p in pickings),
            qty_ordered=sum(lines.mapped("product_uom_qty")),
            qty_delivered=sum(lines.mapped("qty_delivered")),
            is_all_delivered=all(line._kh_is_delivered() for line in lines),
            is_received=bool(received) and (not last_shipped or received >= last_shipped),
        )

    def _kh_get_stage_lines(self):
        """Return the lines that have to be handed over: goods, else services."""
        lines = self.order_line.filtered(
            lambda line: (
                line.product_id
                and not line.display_type
                and not line.is_downpayment
                and not line.is_delivery
            )
        )
        return lines.filtered(lambda line: line.product_id.type == "consu") or lines

    def _kh_note_placed(self):
        """Keep who sent these orders, and when; the first time counts."""
        for order in self.filtered(lambda order: not order.kh_placed_date):
            order.sudo().write(order._kh_prepare_placed_vals())  # sudo: fields of ours only

    def _kh_prepare_placed_vals(self):
        self.ensure_one()
        author = self._kh_get_author() or self.partner_id
        return {"kh_placed_date": fields.Datetime.now(), "kh_placed_by_id": author.id}

    @api.model
    def _kh_get_author(self):
        """Return the person behind the request; empty for the system and for visitors."""
        user = self.env.user
        if user._is_public() or user == self.env.ref("base.user_root"):
            return self.env["res.partner"]
        return user.partner_id

    @api.model
    def _kh_is_same_quantity(self, first, second):
        digits = self.env["decimal.precision"].precision_get("Product Unit")
        return float_compare(first, second, precision_digits=digits) == 0
