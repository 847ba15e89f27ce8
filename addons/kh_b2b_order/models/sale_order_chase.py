from datetime import timedelta

from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError
from odoo.fields import Domain

from ..utils import format_money, to_local

CHASE_GROUPS = (
    "kh_b2b_member.group_b2b_order_clerk",
    "kh_b2b_member.group_b2b_salesperson",
    "kh_b2b_member.group_b2b_supervisor",
    "kh_b2b_member.group_b2b_finance",
)
CHASE_ACTIVITY = "kh_b2b_order.mail_activity_type_chase"


class SaleOrder(models.Model):
    """Staff chase payments: a list, a mark on the order, a task that ends by itself (M-106).

    What is chased is the payment of orders that await it, and overdue invoices of those that
    were confirmed on account. Chasing writes who and when on the order, reminds the dealer by
    e-mail, at most once a day, and leaves a task with the salesperson until the order (or its
    overdue invoice) is paid, or the order confirmed or cancelled.
    """

    _inherit = "sale.order"

    # === FIELDS === #
    kh_chased_date = fields.Datetime("Last Chased On", copy=False, readonly=True)
    kh_chased_by_id = fields.Many2one("res.users", "Last Chased By", copy=False, readonly=True)
    kh_chase_count = fields.Integer("Times Chased", copy=False, readonly=True)
    kh_amount_overdue = fields.Monetary(
        "Overdue Invoices",
        compute="_compute_kh_amount_overdue",
        search="_search_kh_amount_overdue",
        help="What is unpaid of this order's invoices after its due date, tax included. An "
        "invoice of several orders counts with each of them.",
    )
    kh_pay_mail_date = fields.Datetime("Last Reminded to Pay On", copy=False, readonly=True)

    # === COMPUTE METHODS === #
    def _compute_kh_amount_overdue(self):
        # sudo: a sum over the order's own invoices, for those who may not read them
        moves_sudo = self.sudo().order_line.invoice_lines.move_id
        lines_sudo = moves_sudo.env["account.move.line"]
        if moves_sudo:
            domain = self._kh_get_overdue_domain() & Domain("move_id", "in", moves_sudo.ids)
            lines_sudo = lines_sudo.search(domain)
        by_move = lines_sudo.grouped("move_id")
        for order in self:
            overdue = [by_move[move] for move in order.sudo().invoice_ids if move in by_move]
            order.kh_amount_overdue = sum(
                line.amount_residual_currency for lines in overdue for line in lines
            )

    def _search_kh_amount_overdue(self, operator, value):
        """Find orders with overdue invoices: ``("kh_amount_overdue", ">", 0)``."""
        if operator != ">" or value:
            return NotImplemented
        # sudo: which orders, whose own access decides
        invoice_lines = self.env["account.move.line"].sudo()._search(self._kh_get_overdue_domain())
        lines = (
            self.env["sale.order.line"]
            .sudo()
            ._search([("invoice_lines.move_id", "in", invoice_lines.subselect("move_id"))])
        )
        return Domain("id", "in", lines.subselect("order_id"))

    # === ACTION METHODS === #
    def action_kh_chase(self):
        """Chase the payment of these orders (催付); what need not be paid is left out.

        :return: an action that says what was done
        :raise AccessError: the user neither sells nor works at the order desk or in finance
        :raise UserError: none of these orders awaits its payment
        Locks the orders' rows.
        """
        self._kh_ensure_may_chase()
        self._kh_lock()
        orders = self.filtered(lambda order: order._kh_may_be_chased())
        if not orders:
            raise UserError(self.env._("There is no payment to chase: nothing is to be paid."))
        now = fields.Datetime.now()
        for count, some in orders.grouped("kh_chase_count").items():
            some.write(
                {
                    "kh_chased_date": now,
                    "kh_chased_by_id": self.env.uid,
                    "kh_chase_count": count + 1,
                }
            )
        reasons = orders._kh_remind_to_pay()
        for order in orders:
            order._kh_schedule_chase()
        orders._message_log_batch(
            bodies={
                order.id: order.env._(
                    "Payment chased: %s", reasons.get(order) or order._kh_word_mailed()
                )
                for order in orders
            }
        )
        return orders._kh_show_chased(reasons, self - orders)

    # === BUSINESS METHODS - CHASE === #
    def _kh_ensure_may_chase(self):
        self.check_access("write")
        if not self.env.su and not any(self.env.user.has_group(g) for g in CHASE_GROUPS):
            raise AccessError(self.env._("Only sales, the order desk and finance chase payments."))

    def _kh_may_be_chased(self):
        """Answer whether this order awaits a payment that its dealer owes now."""
        self.ensure_one()
        if self.kh_amount_overdue:
            return True
        if self.kh_stage != "to_pay" or self.kh_offer_state == "open":
            return False
        return self.currency_id.compare_amounts(self._kh_payment_status().due, 0.0) > 0

    @api.model
    def _kh_get_overdue_domain(self):
        """Return the instalments of customers' invoices that are unpaid after their due date."""
        return Domain(
            [
                ("move_id.move_type", "=", "out_invoice"),
                ("parent_state", "=", "posted"),
                ("display_type", "=", "payment_term"),
                ("date_maturity", "<", fields.Date.context_today(self)),
                ("amount_residual", ">", 0),
            ]
        )

    def _kh_remind_to_pay(self):
        """Queue an e-mail to the buyers of these orders, in their language, once a day at most.

        :return: why there was none, ``{order: sentence}``
        """
        reasons = {}
        zone, now = self._kh_zone(), fields.Datetime.now()
        for order in self:
            if not order.partner_id.email:
                reasons[order] = self.env._("the buyer has no e-mail address")
            elif order.kh_pay_mail_date and (
                to_local(order.kh_pay_mail_date, zone).date() == to_local(now, zone).date()
            ):
                reasons[order] = self.env._("the buyer got an e-mail today already")
        mailed = self - self.browse(order.id for order in reasons)
        overdue = mailed.filtered("kh_amount_overdue")
        dated = (mailed - overdue).filtered(
            lambda order: order.kh_payment_deadline and order.kh_payment_deadline > now
        )
        for name, orders in (
            ("mail_template_order_unpaid_reminder", dated),
            ("mail_template_order_overdue", overdue),
            ("mail_template_order_chase", mailed - overdue - dated),
        ):
            if orders:
                # sudo: the template, whoever chases
                self.env.ref(f"kh_b2b_order.{name}").sudo().send_mail_batch(orders.ids)
        mailed.kh_pay_mail_date = now
        return reasons

    def _kh_word_mailed(self):
        return self.env._("an e-mail went to %s", self.partner_id.email)

    def _kh_schedule_chase(self):
        """Leave one task with who looks after this order; a task that is open is put off."""
        self.ensure_one()
        tomorrow = fields.Date.context_today(self) + timedelta(days=1)
        # sudo: the task may be a colleague's
        order_sudo = self.sudo()
        if order_sudo.activity_search([CHASE_ACTIVITY], only_automated=False):
            order_sudo.activity_reschedule(
                [CHASE_ACTIVITY], date_deadline=tomorrow, only_automated=False
            )
            return
        user = self._kh_get_keeper() or self.env.user
        amount = self.kh_amount_overdue or self._kh_payment_status().due
        order_sudo.activity_schedule(
            CHASE_ACTIVITY,
            date_deadline=tomorrow,
            user_id=user.id,
            summary=self.env._("Ask for %s", format_money(amount, self.currency_id)),
        )

    def _kh_show_chased(self, reasons, others):
        """Say how many were chased, and of which no e-mail went out; then show the list anew."""
        _ = self.env._
        texts = [_("Chased: %s.", len(self))]
        texts += [
            _("%(order)s without an e-mail: %(reason)s.", order=order.name, reason=reason)
            for order, reason in reasons.items()
        ]
        if others:
            texts.append(_("Nothing to pay: %s.", ", ".join(others.mapped("name"))))
        return {
            "type": "ir.actions.client",
            "tag": "display_notification",
            "params": {
                "type": "warning" if reasons or others else "success",
                "message": " ".join(texts),
                "next": {"type": "ir.actions.client", "tag": "soft_reload"},
            },
        }

    def _kh_end_chase(self, feedback):
        """End the tasks of those of these orders that were chased."""
        chased = self.filtered("kh_chase_count")
        if chased:
            # sudo: the task may be a colleague's, or the payer's session ends it
            chased.sudo().activity_feedback(
                [CHASE_ACTIVITY], feedback=feedback, only_automated=False
            )

    # === HOOKS - ORDER === #
    def _action_confirm(self):
        result = super()._action_confirm()
        self._kh_end_chase(self.env._("The order is confirmed."))
        return result

    def _action_cancel(self):
        result = super()._action_cancel()
        self._kh_end_chase(self.env._("The order was cancelled."))
        return result


class PaymentTransaction(models.Model):
    _inherit = "payment.transaction"

    def _check_amount_and_confirm_order(self):
        """Extend: what is paid is not chased any more, though it may wait for a decision."""
        confirmed = super()._check_amount_and_confirm_order()
        chased = (self.sale_order_ids - confirmed).filtered("kh_chase_count")
        chased.filtered(lambda order: not order._kh_payment_status().due)._kh_end_chase(
            self.env._("The order is paid.")
        )
        return confirmed
