from typing import Any, NamedTuple

from odoo import api, fields, models
from odoo.tools.sql import column_exists, create_column

from ..utils import format_money, format_quantity

NODE_ICONS = {
    "done": "fa-check-circle",
    "now": "fa-dot-circle-o",
    "todo": "fa-circle-o",
    "stopped": "fa-times-circle-o",
}


class TimelineNode(NamedTuple):
    """One step in an order's life: done, now, todo, or stopped; who and when as strings."""

    key: str
    label: str
    state: str
    when: str
    who: str
    note: str

    @property
    def icon(self):
        return NODE_ICONS[self.state]


class Shipment(NamedTuple):
    """One parcel of an order, ready to show."""

    picking: Any
    number: int
    is_shipped: bool
    carrier: str
    tracking: str
    url: str
    when: str
    kinds: int
    pieces: str
    parcels: Any = ()


class OrderDocument(NamedTuple):
    """One paper of an order that may be downloaded."""

    key: str
    label: str
    icon: str


class SaleOrder(models.Model):
    _inherit = "sale.order"

    # === FIELDS === #
    kh_ended_date = fields.Datetime(
        "Ended On",
        compute="_compute_kh_ended",
        store=True,
        copy=False,
        help="When the order was cancelled, or came to nothing after it was confirmed.",
    )
    kh_ended_by_id = fields.Many2one(
        "res.partner",
        "Ended By",
        compute="_compute_kh_ended",
        store=True,
        copy=False,
        help="Who did what ended the order; empty where the system did.",
    )

    def _auto_init(self):
        # of orders that ended before nobody knows it, and a big table is not computed
        for name, kind in (("kh_ended_date", "timestamp"), ("kh_ended_by_id", "int4")):
            if not column_exists(self.env.cr, "sale_order", name):
                create_column(self.env.cr, "sale_order", name, kind)
        return super()._auto_init()

    # === COMPUTE METHODS === #
    @api.depends("kh_stage")
    def _compute_kh_ended(self):
        now, author = fields.Datetime.now(), self._kh_get_author()
        for order in self:
            has_ended = order.kh_stage in ("cancel", "closed")
            if has_ended and order.kh_ended_date:
                continue
            order.kh_ended_date = has_ended and now
            order.kh_ended_by_id = has_ended and author

    # === BUSINESS METHODS - TIMELINE === #
    def _action_cancel(self):
        result = super()._action_cancel()
        self.mapped("kh_ended_by_id")  # computed now, by whoever cancels
        return result

    def _kh_get_timeline(self):
        """Return the order's life as its pages show it, oldest first; runs as superuser.

        :rtype: list[TimelineNode]
        """
        self.ensure_one()
        nodes = [
            self._kh_node_placed(),
            self._kh_node_reviewed(),
            self._kh_node_paid(),
            self._kh_node_shipped(),
            self._kh_node_received(),
        ]
        if self.kh_stage in ("cancel", "closed"):
            nodes = [node for node in nodes if node.state == "done"]
            return [*nodes, self._kh_node_ended()]
        nodes.append(self._kh_node_done())
        current = self._kh_current_node()
        return [
            node._replace(state="now") if node.key == current and node.state == "todo" else node
            for node in nodes
        ]

    def _kh_current_node(self):
        return {
            "draft": "placed",
            "review": "reviewed",
            "hold": "reviewed" if not self.kh_confirmed_date else "shipped",
            "to_pay": "paid",
            "to_ship": "shipped",
            "to_receive": "received",
        }.get(self.kh_stage)

    def _kh_node(self, key, label, date, who="", note="", is_done=None):
        is_done = bool(date) if is_done is None else is_done
        return TimelineNode(
            key, label, "done" if is_done else "todo", self._kh_format_time(date), who or "", note
        )

    def _kh_node_placed(self):
        date = self.kh_placed_date or (self.kh_stage != "draft" and self.date_order)
        return self._kh_node("placed", self.env._("Placed"), date, self.kh_placed_by_id.name)

    def _kh_node_ended(self):
        node = self._kh_node(
            self.kh_stage, self._kh_get_stage_label(), self.kh_ended_date, self.kh_ended_by_id.name
        )
        return node._replace(state="stopped")

    def _kh_node_reviewed(self):
        """Return the review: who released the order, where it was stopped; else who confirmed."""
        label = self.env._("Reviewed")
        if self.kh_released_date and not self._kh_is_blocked():
            who = self.kh_released_by_id.name
            return self._kh_node("reviewed", label, self.kh_released_date, who)
        date = self.kh_confirmed_date or (self.state == "sale" and self.date_order)
        return self._kh_node("reviewed", label, date, self.kh_confirmed_by_id.name)

    def _kh_node_paid(self):
        status = self._kh_payment_status()
        done = self.transaction_ids.filtered(lambda tx: tx.state in ("authorized", "done"))
        date = max((tx.last_state_change for tx in done if tx.last_state_change), default=False)
        is_paid = bool(status.paid) and not status.due
        note = ""
        if status.paid and status.due:
            note = self.env._("%s missing", format_money(status.due, self.currency_id))
        elif not is_paid and self.state == "sale":
            note = self.env._("On account")
        who = ", ".join(dict.fromkeys(done.provider_id.mapped("name")))
        return self._kh_node(
            "paid", self.env._("Paid"), date if is_paid else False, who, note, is_done=is_paid
        )

    def _kh_node_shipped(self):
        shipments = self._kh_get_outgoing()
        shipped = shipments.filtered(lambda picking: picking.state == "done")
        dates = [picking.date_done for picking in shipped if picking.date_done]
        is_done = self.kh_stage in ("to_receive", "done")
        note = f"{len(shipped)}/{len(shipments)}" if shipments else ""
        return self._kh_node(
            "shipped", self.env._("Shipped"), max(dates, default=False), "", note, is_done=is_done
        )

    def _kh_node_received(self):
        return self._kh_node(
            "received",
            self.env._("Received"),
            self.kh_stage == "done" and self.kh_received_date,
            self.kh_received_by_id.name,
        )

    def _kh_node_done(self):
        date = self.kh_stage == "done" and self.kh_received_date
        return self._kh_node("done", self.env._("Done"), date)

    def _kh_whose_turn(self):
        """Say in one sentence, to the dealer, whose turn it is and what happens next."""
        self.ensure_one()
        _ = self.env._
        status = self._kh_payment_status()
        sentences = {
            "draft": _("This order was not submitted yet."),
            "review": _("We are reviewing your order."),
            "hold": _(
                "The order is on hold: %(reason)s We will decide and tell you.",
                reason=self._kh_get_hold_reason(),
            ),
            "to_pay": _(
                "Your turn: please pay %(amount)s.",
                amount=format_money(status.due, self.currency_id),
            ),
            "to_ship": _("We are preparing your goods."),
            "to_receive": _("Your turn: confirm the receipt when everything has arrived."),
            "done": _("This order is complete."),
            "cancel": _("This order was cancelled."),
            "closed": _("This order is closed; nothing more will be shipped."),
        }
        if self.kh_stage == "to_pay" and self._kh_get_pending_transfers():
            return _(
                "Your turn: transfer %(amount)s. We confirm it when the money has arrived.",
                amount=format_money(status.pending, self.currency_id),
            )
        if self.kh_stage == "to_ship" and (date := self._kh_promised_date()):
            return _("We are preparing your goods; planned shipment: %(date)s.", date=date)
        return sentences.get(self.kh_stage, "")

    def _kh_promised_date(self):
        """Return the promised date of the next shipment as a string, or an empty one."""
        open_pickings = self._kh_get_outgoing().filtered(lambda picking: picking.state != "done")
        dates = [picking.scheduled_date for picking in open_pickings if picking.scheduled_date]
        return self._kh_format_date(self.commitment_date or min(dates, default=False))

    # === BUSINESS METHODS - SHIPMENTS === #
    def _kh_get_outgoing(self):
        """Return the shipments to the customer that were not cancelled, oldest first."""
        pickings = self.picking_ids.filtered(
            lambda picking: picking.picking_type_id.code == "outgoing" and picking.state != "cancel"
        )
        pickings = pickings.sorted(lambda picking: (picking.state != "done", picking.id))
        # with those of the other orders at hand: a list of orders reads them all at once
        return pickings.with_prefetch(self.picking_ids._prefetch_ids)

    def _kh_get_shipments(self):
        """Return the parcels of this order; runs as superuser.

        :rtype: list[Shipment]
        """
        self.ensure_one()
        shipments = []
        for number, picking in enumerate(self._kh_get_outgoing(), start=1):
            is_shipped = picking.state == "done"
            moves = picking.move_ids.filtered(lambda move: move.state != "cancel")
            name = "quantity" if is_shipped else "product_uom_qty"
            date = picking.date_done if is_shipped else picking.scheduled_date
            shipments.append(
                Shipment(
                    picking=picking,
                    number=number,
                    is_shipped=is_shipped,
                    carrier=picking.carrier_id.name or "",
                    tracking=picking.carrier_tracking_ref or "",
                    url=picking.carrier_tracking_url or "" if is_shipped else "",
                    when=self._kh_format_time(date) if is_shipped else self._kh_format_date(date),
                    kinds=len(moves.product_id),
                    pieces=format_quantity(sum(moves.mapped(name))),
                )
            )
        return shipments

    # === BUSINESS METHODS - DOCUMENTS === #
    def _kh_get_documents(self):
        """Return the papers of this order that its customer may download.

        :rtype: list[OrderDocument]
        """
        self.ensure_one()
        documents = [OrderDocument("order", self.env._("Order (PDF)"), "fa-file-text-o")]
        documents += [
            OrderDocument(
                f"delivery-{picking.id}",
                self.env._("Delivery slip %s", picking.name),
                "fa-truck",
            )
            for picking in self._kh_get_outgoing()
        ]
        documents += [
            OrderDocument(
                f"invoice-{move.id}", self.env._("Invoice %s", move.name), "fa-file-pdf-o"
            )
            for move in self._kh_get_posted_invoices()
        ]
        return documents

    def _kh_get_posted_invoices(self):
        return self.invoice_ids.filtered(
            lambda move: move.state == "posted" and move.move_type in ("out_invoice", "out_refund")
        )

    def _kh_render_document(self, key):
        """Render one paper of this order as PDF, in the customer's language.

        :param str key: one of `_kh_get_documents()`
        :return: ``(content, file name)``, or ``None`` if the order has no such paper
        """
        self.ensure_one()
        if key not in {document.key for document in self._kh_get_documents()}:
            return None
        kind, _dash, number = key.partition("-")
        report, record = {
            "order": lambda: ("sale.action_report_saleorder", self),
            "delivery": lambda: (
                "stock.action_report_delivery",
                self.picking_ids.browse(int(number)),
            ),
            "invoice": lambda: ("account.account_invoices", self.invoice_ids.browse(int(number))),
        }[kind]()
        language = self.partner_id.lang or self.env.lang
        content, _type = (
            self.env["ir.actions.report"]
            .with_company(self.company_id)
            .with_context(lang=language)
            ._render_qweb_pdf(report, record.ids)
        )
        return content, f"{(record.name or self.name).replace('/', '_')}.pdf"

    # === BUSINESS METHODS - ORDER AGAIN === #
    def _kh_get_reorder_rows(self):
        """Return this order's goods as rows for `_kh_add_products`."""
        self.ensure_one()
        return [
            (line.product_id.id, line.product_uom_qty, line.product_uom_id.id)
            for line in self._kh_get_stage_lines()
            if line.product_uom_qty > 0
        ]
