from datetime import timedelta

from odoo import api, fields, models
from odoo.fields import Domain
from odoo.tools.sql import column_exists, create_column

from ..utils import run_apart
from .order_ticket import OPEN_STATES

BATCH = 200
# A parcel in one of these states, or given up, keeps its order open: somebody looks after it.
TROUBLED = ("problem", "refused", "returning")


class SaleOrder(models.Model):
    _inherit = "sale.order"

    # === FIELDS === #
    kh_to_receive_date = fields.Datetime(
        "Awaiting Receipt Since",
        compute="_compute_kh_to_receive_date",
        store=True,
        copy=False,
        help="When everything was handed over; goods count from their shipments.",
    )

    def _auto_init(self):
        # a big table is not computed row by row; see the migration
        if not column_exists(self.env.cr, "sale_order", "kh_to_receive_date"):
            create_column(self.env.cr, "sale_order", "kh_to_receive_date", "timestamp")
        return super()._auto_init()

    # === COMPUTE METHODS === #
    @api.depends("kh_stage")
    def _compute_kh_to_receive_date(self):
        now = fields.Datetime.now()
        for order in self:
            is_waiting = order.kh_stage == "to_receive"
            order.kh_to_receive_date = is_waiting and (order.kh_to_receive_date or now)

    # === BUSINESS METHODS - RECEIPT === #
    def _kh_get_receipt_deadlines(self):
        """Return when these orders count as received without the dealer's word (M-109).

        The company's days after the last shipment left; where its parcels are followed, after
        the last one was signed for; where nothing is shipped (services), after the last was
        handed over. No deadline while a followed parcel is under way or in
        trouble or a complaint is open, and none where the setting is off. Runs as superuser,
        in a constant number of queries.

        :return: moments in UTC, `{order id: datetime}`; orders without a deadline are absent
        :rtype: dict[int, datetime]
        """
        deadlines = {}
        for order in self:  # not filtered: what is read is read for all orders at hand
            days = order.company_id.kh_receipt_days if order.kh_stage == "to_receive" else 0
            is_on = days > 0 and not order._kh_has_open_complaint()
            begin = order._kh_get_receipt_begin() if is_on else None
            if begin:
                deadlines[order.id] = begin + timedelta(days=days)
        return deadlines

    def _kh_has_open_complaint(self):
        """Answer whether the dealer objects to this order."""
        self.ensure_one()
        return any(
            ticket.kind == "complaint" and ticket.state in OPEN_STATES
            for ticket in self.kh_ticket_ids
        )

    def _kh_get_receipt_begin(self):
        """Return from when the days count, or ``None``."""
        self.ensure_one()
        moments = []
        outgoing = self._kh_get_outgoing()
        if not outgoing:
            return self.kh_to_receive_date or None
        for picking in outgoing:
            followed = picking.kh_tracking_ids.filtered(lambda one: one.state != "stopped")
            if any(one.courier_state in TROUBLED or one.reason == "given_up" for one in followed):
                return None
            if any(one.state in ("pending", "active") for one in followed):
                return None
            signed = [one.signed_date for one in followed if one.signed_date]
            moments += signed or ([picking.date_done] if picking.date_done else [])
        return max(moments, default=None)

    # === CRON === #
    @api.model
    def _cron_confirm_receipt(self):
        """Confirm the receipt of orders whose time is over, in batches.

        A dealer who confirms at the same moment is first: his order is skipped. One that fails
        stops no other.
        """
        companies = self.env["res.company"].search([("kh_receipt_days", ">", 0)])
        domain = Domain.OR(self._kh_receipt_domain(company) for company in companies)
        due = self.search(domain, order="id") if companies else self
        progress = self.env["ir.cron"]
        progress._commit_progress(remaining=len(due))
        for start in range(0, len(due), BATCH):
            orders = due[start : start + BATCH]
            run_apart(orders, lambda orders: orders._kh_confirm_overdue_receipt())
            if not progress._commit_progress(len(orders)):
                break

    @api.model
    def _kh_receipt_domain(self, company):
        """Return the orders of a company whose shipments all left long enough ago."""
        limit = fields.Datetime.subtract(fields.Datetime.now(), days=company.kh_receipt_days)
        late = Domain("picking_type_id.code", "=", "outgoing") & Domain("date_done", ">", limit)
        return (
            Domain("company_id", "=", company.id)
            & Domain("kh_stage", "=", "to_receive")
            & ~Domain("picking_ids", "any", late)
        )

    def _kh_confirm_overdue_receipt(self):
        """Confirm those of these orders whose deadline has passed; locks their rows."""
        free = self.try_lock_for_update()
        free.invalidate_recordset()
        now = fields.Datetime.now()
        deadlines = free._kh_get_receipt_deadlines()
        over = free.filtered(lambda order: deadlines.get(order.id, now) < now)
        # sudo: fields of ours; the deadline decides, not who runs the job
        over.sudo().write({"kh_received_date": now, "kh_received_by_id": False})
        over._message_log_batch(
            bodies={
                order.id: order.env._("The receipt was confirmed automatically: nobody objected.")
                for order in over
            }
        )
        return over
