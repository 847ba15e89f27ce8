from datetime import timedelta

from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.fields import Domain
from odoo.tools.sql import column_exists, create_column

from ..utils import format_time, run_apart, to_local, try_apart

BATCH = 50
CANCEL_CAUSES = [
    ("unpaid", "Not paid in time"),
    ("dealer", "Cancelled by the dealer"),
]
ARRIVED = ("authorized", "done")


class SaleOrder(models.Model):
    """Unpaid orders expire, or are cancelled by their dealer (待付款取消, M-54).

    While a dealer's order awaits its payment it has a deadline, if the company sets hours:
    one number for orders without a payment, another for those with an announced transfer.
    The deadline goes when the order is held, reviewed, paid or confirmed, and starts anew
    afterwards. Orders on account wait for the seller, not for money: they never expire.
    """

    _inherit = "sale.order"

    # === FIELDS === #
    kh_to_pay_date = fields.Datetime(
        "Awaiting Payment Since",
        compute="_compute_kh_payment_deadline",
        store=True,
        copy=False,
    )
    kh_payment_deadline = fields.Datetime(
        "Pay Until",
        compute="_compute_kh_payment_deadline",
        store=True,
        copy=False,
        index="btree_not_null",
        help="Without a payment until then, the order is cancelled.",
    )
    kh_is_payment_reminded = fields.Boolean(
        "Payment Reminder Sent",
        compute="_compute_kh_payment_deadline",
        store=True,
        copy=False,
    )
    kh_cancel_cause = fields.Selection(
        CANCEL_CAUSES, "Cause of Cancellation", copy=False, readonly=True
    )

    def _auto_init(self):
        # orders that are there keep no deadline, and a big table is not computed row by row
        columns = {
            "kh_to_pay_date": "timestamp",
            "kh_payment_deadline": "timestamp",
            "kh_is_payment_reminded": "boolean",
        }
        for name, kind in columns.items():
            if not column_exists(self.env.cr, "sale_order", name):
                create_column(self.env.cr, "sale_order", name, kind)
        return super()._auto_init()

    # === COMPUTE METHODS === #
    @api.depends(
        "kh_stage",
        "kh_placed_by_id",
        "website_id",
        "require_payment",
        "kh_offer_state",
        "transaction_ids.state",
        "kh_paid_moved",
    )
    def _compute_kh_payment_deadline(self):
        now = fields.Datetime.now()
        for order in self:
            former = order.kh_payment_deadline
            start = False
            if order._kh_may_expire():
                start = order.kh_to_pay_date or now
            hours = order._kh_get_unpaid_hours() if start else 0
            deadline = start + timedelta(hours=hours) if hours else False
            if deadline and deadline <= now and not (former and former <= now):
                # a shorter time applies from now on: nobody is late who was not before
                start, deadline = now, now + timedelta(hours=hours)
            order.kh_to_pay_date = start
            order.kh_payment_deadline = deadline
            # each deadline is reminded of
            order.kh_is_payment_reminded = order.kh_is_payment_reminded and deadline == former

    # === BUSINESS METHODS - POLICY === #
    def _kh_may_expire(self):
        """Answer whether time runs against this order: a dealer's, to be paid, nothing came."""
        self.ensure_one()
        if not self._kh_is_unpaid() or not self._kh_was_placed_by_dealer():
            return False
        # sudo: whether a transfer was announced
        return self.require_payment or bool(self.sudo()._kh_get_pending_transfers())

    def _kh_is_unpaid(self):
        """Answer whether this order awaits its payment, and nothing of it came yet."""
        self.ensure_one()
        if self.kh_stage != "to_pay" or self.state not in ("draft", "sent"):
            return False
        if self.kh_offer_state == "open":
            return False  # its dealer confirms or refuses it first
        return not self._kh_has_money_coming() and self.kh_paid_moved <= 0

    def _kh_has_money_coming(self):
        """Answer whether a payment arrived, or is with a provider that has yet to answer.

        An announced transfer is neither: only the dealer said so.
        """
        # sudo: whether money arrived decides, not who may read payments
        return any(
            tx.state in ARRIVED or (tx.state == "pending" and not tx._kh_is_pending_transfer())
            for tx in self.sudo().transaction_ids
        )

    def _kh_get_unpaid_hours(self):
        """Return the hours of this order until it expires, 0 for never (hook for levels)."""
        self.ensure_one()
        # sudo: the policy of the order's company, for dealers too
        company_sudo = self.company_id.sudo()
        if self.sudo()._kh_get_pending_transfers():
            return max(company_sudo.kh_unpaid_transfer_hours, 0)
        return max(company_sudo.kh_unpaid_hours, 0)

    # === BUSINESS METHODS - CANCEL === #
    def _kh_cancel_unpaid(self, cause):
        """Cancel these unpaid orders the normal way, with the cause; locks rows and payments.

        Announced transfers are cancelled along: nobody confirms them any more. A payment that
        was begun online stays as it is, so that its money is noticed should it come.

        :param str cause: key of `CANCEL_CAUSES`
        :raise UserError: an order is not awaiting payment, or money came for it
        Callers: the dealer's page (after its checks), the scheduled job.
        """
        self._kh_lock()
        # sudo: payments of these orders, to hold them while the order goes
        transactions_sudo = self.sudo().transaction_ids
        transactions_sudo.lock_for_update()
        for order in self:
            if not order._kh_can_be_cancelled() or order.kh_offer_state == "open":
                raise UserError(
                    self.env._(
                        "Order %(order)s is “%(stage)s” and cannot be cancelled here. Ask your "
                        "salesperson.",
                        order=order.name,
                        stage=order._kh_get_stage_label(),
                    )
                )
        if any(order._kh_has_money_coming() or order.kh_paid_moved > 0 for order in self):
            raise UserError(
                self.env._("A payment arrived for this order. Ask your salesperson to cancel it.")
            )
        # sudo: payments belong to accounting; the callers checked who may cancel
        self.sudo()._kh_get_pending_transfers()._set_canceled()
        self._action_cancel()
        self.kh_cancel_cause = cause
        for order in self:
            order.message_post(body=order._kh_get_cancel_sentence())

    def _kh_can_be_cancelled(self):
        """Answer whether the stage of this order lets it be cancelled; money is asked apart."""
        self.ensure_one()
        return self.kh_stage == "to_pay" and self.state in ("draft", "sent")

    def _kh_get_cancel_sentence(self):
        """Return why this order was cancelled, in the reader's language."""
        self.ensure_one()
        return dict(self._fields["kh_cancel_cause"]._description_selection(self.env)).get(
            self.kh_cancel_cause, ""
        )

    def _kh_prepare_reset_vals(self):
        return {
            **super()._kh_prepare_reset_vals(),
            "kh_cancel_cause": False,
            "kh_is_payment_reminded": False,
        }

    def _kh_whose_turn(self):
        """Extend: say why an order was cancelled, or until when it is to be paid."""
        sentence = super()._kh_whose_turn()
        if self.kh_stage == "cancel" and self.kh_cancel_cause == "unpaid":
            return self.env._("This order was cancelled because it was not paid in time.")
        if self.kh_stage == "cancel" and self.kh_cancel_cause == "dealer":
            return self.env._("You cancelled this order.")
        return sentence

    # === BUSINESS METHODS - PORTAL === #
    def _kh_get_deadline_text(self):
        """Write the deadline and what is left, ``11-25 14:05 · 3 days left``; "" without one."""
        self.ensure_one()
        if not self.kh_payment_deadline or self.kh_stage != "to_pay":
            return ""
        now = fields.Datetime.now()
        left = self.kh_payment_deadline - now
        zone = self._kh_zone()
        moment = format_time(to_local(self.kh_payment_deadline, zone), to_local(now, zone))
        hours = int(left.total_seconds() // 3600)
        if left.total_seconds() <= 0:
            rest = self.env._("overdue")
        elif hours >= 48:
            rest = self.env._("%s days left", hours // 24)
        elif hours >= 1:
            rest = self.env._("1 hour left") if hours == 1 else self.env._("%s hours left", hours)
        else:
            rest = self.env._("%s minutes left", int(left.total_seconds() // 60))
        return f"{moment} · {rest}"

    # === CRON METHODS === #
    @api.model
    def _cron_expire_unpaid(self):
        """Cancel unpaid orders whose time is over, batch by batch, then remind of others.

        An order that somebody works on right now is left for the next run. One that fails
        stops no other, and no reminder keeps an order from its end.
        """
        domain = Domain("kh_payment_deadline", "<=", fields.Datetime.now())
        domain &= Domain("kh_stage", "=", "to_pay")
        seen = self.browse()
        while orders := self.search(
            domain & Domain("id", "not in", seen.ids), limit=BATCH, order="kh_payment_deadline, id"
        ):
            seen |= orders
            orders._kh_expire_unpaid()
            remaining = self.search_count(domain & Domain("id", "not in", seen.ids))
            if not self.env["ir.cron"]._commit_progress(len(orders), remaining=remaining):
                break
        try_apart(self, lambda orders: orders._kh_remind_unpaid())

    def _kh_expire_unpaid(self):
        """Cancel those of these orders that are still due once their rows are ours.

        :return: the cancelled orders
        """
        free = self.try_lock_for_update()
        free.invalidate_recordset(["state", "kh_stage", "kh_payment_deadline", "kh_is_on_hold"])
        now = fields.Datetime.now()
        expired = self.browse()
        for order in free:
            # asked again: a payment or a hold may have come before the lock
            is_due = order.kh_payment_deadline and order.kh_payment_deadline <= now
            if not is_due or not order._kh_may_expire():
                continue
            if try_apart(order, lambda order: order._kh_cancel_unpaid("unpaid")):
                expired |= order
        return expired

    @api.model
    def _kh_remind_unpaid(self):
        """Queue one e-mail for each order whose deadline comes near, in its buyer's language."""
        now = fields.Datetime.now()
        # sudo: the policy of all companies, for the scheduled job
        companies_sudo = (
            self.env["res.company"].sudo().search([("kh_unpaid_reminder_hours", ">", 0)])
        )
        template_sudo = self.env.ref("kh_b2b_order.mail_template_order_unpaid_reminder").sudo()
        for company in companies_sudo:
            until = now + timedelta(hours=company.kh_unpaid_reminder_hours)
            orders = self.search(
                [
                    ("company_id", "=", company.id),
                    ("kh_stage", "=", "to_pay"),
                    ("kh_is_payment_reminded", "=", False),
                    ("kh_payment_deadline", ">", now),
                    ("kh_payment_deadline", "<=", until),
                ]
            ).try_lock_for_update()
            orders.kh_is_payment_reminded = True
            with_mail = orders.filtered("partner_id.email")
            with_mail.kh_pay_mail_date = now
            run_apart(with_mail, lambda orders: template_sudo.send_mail_batch(orders.ids))
