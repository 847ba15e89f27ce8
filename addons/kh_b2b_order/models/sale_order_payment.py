from typing import NamedTuple

from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError
from odoo.fields import Domain
from odoo.tools import SQL

TRANSFER_GROUPS = (
    "kh_b2b_member.group_b2b_finance",
    "kh_b2b_member.group_b2b_order_clerk",
)


class PaymentStatus(NamedTuple):
    """How an order may be paid, and what is missing (order currency).

    `ways` names what may be used now ("transfer", "online", "account"); `pending` was
    announced by the dealer and not yet confirmed by the seller; `reason` says why the order
    cannot be paid now, in the reader's language.
    """

    total: float
    paid: float
    pending: float
    due: float
    ways: tuple[str, ...]
    is_payable: bool
    reason: str


class SaleOrder(models.Model):
    _inherit = "sale.order"

    # === FIELDS === #
    kh_has_pending_transfer = fields.Boolean(
        "Transfer Announced",
        compute="_compute_kh_has_pending_transfer",
        search="_search_kh_has_pending_transfer",
        compute_sudo=True,
        help="The dealer announced a bank transfer that nobody confirmed yet.",
    )

    # === COMPUTE METHODS === #
    @api.depends("transaction_ids.state", "transaction_ids.provider_id")
    def _compute_kh_has_pending_transfer(self):
        for order in self:
            order.kh_has_pending_transfer = bool(order._kh_get_pending_transfers())

    def _search_kh_has_pending_transfer(self, operator, value):
        if operator != "in":
            return NotImplemented
        # sudo: whoever sees an order may know that its transfer was announced
        transactions = (
            self.env["payment.transaction"]
            .sudo()
            ._search([("state", "=", "pending"), ("provider_id.custom_mode", "=", "wire_transfer")])
        )
        domain = Domain("transaction_ids", "in", transactions)
        # sudo: only which orders these are; the caller's own rules still apply
        orders = Domain("id", "in", self.sudo()._search(domain))
        return orders if True in value else ~orders

    # === ACTION METHODS === #
    def action_kh_confirm_transfer(self):
        """Confirm that the announced bank transfers of these orders arrived (确认到账).

        Sets the pending wire transfers done, posts their payments and confirms the orders.
        Locks the orders' rows, waiting for others; a second call changes nothing.

        :raise AccessError: the user is neither in finance nor at the order desk
        :raise UserError: no transfer was announced, or the amounts differ
        """
        self._kh_ensure_transfer_rights()
        self._kh_lock()
        for order in self:
            # sudo: transactions and payments belong to accounting; the group was checked above
            order.sudo()._kh_confirm_transfer()
        return True

    # === BUSINESS METHODS - PAYMENT === #
    def _kh_payment_status(self):
        """Answer how this order may be paid and what is missing: the one place that knows.

        Funds and credit extend it; screens ask it and never compute.

        :rtype: PaymentStatus
        """
        self.ensure_one()
        # sudo: sums over transactions, which dealers may not read
        transactions_sudo = self.sudo().transaction_ids
        received = sum(tx.amount for tx in transactions_sudo if tx.state in ("authorized", "done"))
        received += self.kh_paid_moved  # on another part of a split order, or from here to it
        # money received is booked on invoices too, but not all that is booked came this way
        paid = max(received, self._kh_get_invoiced_paid())
        pending = sum(tx.amount for tx in transactions_sudo if tx.state == "pending")
        currency = self.currency_id or self.company_id.currency_id
        due = max(currency.round(self.amount_total - paid), 0.0)
        ways, reason = self._kh_get_payment_ways(due)
        return PaymentStatus(
            total=self.amount_total,
            paid=paid,
            pending=pending,
            due=due if self.state != "cancel" else 0.0,
            ways=ways,
            is_payable=bool(ways),
            reason=reason,
        )

    def _kh_get_invoiced_paid(self):
        """Return what was paid on posted invoices, for orders on account."""
        # sudo: a sum over the order's own invoices
        invoices_sudo = self.sudo().invoice_ids.filtered(lambda move: move.state == "posted")
        return sum(
            move.direction_sign * -1 * (move.amount_total - move.amount_residual)
            for move in invoices_sudo
        )

    def _kh_get_payment_ways(self, due):
        """Return the ways to pay that are open now, and why there is none.

        :param float due: what is missing, in order currency
        :rtype: tuple[tuple[str, ...], str]
        """
        self.ensure_one()
        currency = self.currency_id or self.company_id.currency_id
        if self.kh_stage in ("cancel", "closed"):
            return (), self.env._("The order is closed.")
        if self._kh_is_blocked():
            return (), self.env._("The order waits for our decision first.")
        if currency.is_zero(due):
            return (), self.env._("The order is paid.")
        if self.kh_stage == "draft":
            return (), self.env._("Submit the order first.")
        # sudo: dealers may not read transactions; only whether one waits is said
        if self.sudo().transaction_ids.filtered(lambda tx: tx._kh_is_pending_transfer()):
            return ("transfer",), ""
        return ("online",) if self._has_to_be_paid() else ("account",), ""

    def _kh_get_pending_transfers(self):
        """Return the announced transfers that wait for the seller's confirmation."""
        return self.transaction_ids.filtered(lambda tx: tx._kh_is_pending_transfer())

    def _kh_confirm_transfer(self):
        """Book the announced transfers of one order; the caller holds its lock."""
        self.ensure_one()
        pending_sudo = self._kh_get_pending_transfers()
        if not pending_sudo:
            if self.transaction_ids.filtered(lambda tx: tx._kh_is_confirmed_transfer()):
                return
            raise UserError(self.env._("No bank transfer was announced for order %s.", self.name))
        self._kh_ensure_transfer_amount(pending_sudo)
        pending_sudo._kh_confirm_transfer()
        self.message_post(
            body=self.env._(
                "Bank transfer of %(amount)s confirmed.",
                amount=self.currency_id.format(sum(pending_sudo.mapped("amount"))),
            ),
            author_id=self.env.user.partner_id.id,
        )

    def _kh_ensure_transfer_amount(self, pending_sudo):
        """Raise if the announced transfers are not exactly what is missing."""
        if self.state == "cancel":
            raise UserError(
                self.env._("Order %s is cancelled: send the money back instead.", self.name)
            )
        amounts = pending_sudo.mapped("amount")
        if any(self.currency_id.compare_amounts(amount, 0.0) <= 0 for amount in amounts):
            raise UserError(
                self.env._(
                    "Order %s: a transfer was announced without an amount. Cancel it, and ask "
                    "the dealer to announce what was sent.",
                    self.name,
                )
            )
        announced = sum(amounts)
        missing = self.amount_total - self.amount_paid
        if self.currency_id.compare_amounts(announced, missing):
            raise UserError(
                self.env._(
                    "Order %(order)s: the announced transfer of %(announced)s differs from the "
                    "%(missing)s that are missing. Ask the dealer, or correct the order.",
                    order=self.name,
                    announced=self.currency_id.format(announced),
                    missing=self.currency_id.format(missing),
                )
            )

    def _is_confirmation_amount_reached(self):
        """Extend `sale`: money confirms a dealer's order when it is all there.

        Core asks for nothing if no payment is required, so that any amount would confirm.
        """
        self.ensure_one()
        if self._kh_is_b2b_order() and not self.require_payment:
            return self.currency_id.compare_amounts(self.amount_paid, self.amount_total) >= 0
        return super()._is_confirmation_amount_reached()

    def _kh_ensure_transfer_rights(self):
        self.check_access("write")
        if not self.env.su and not any(self.env.user.has_group(g) for g in TRANSFER_GROUPS):
            raise AccessError(
                self.env._("Only finance and the order desk may confirm bank transfers.")
            )

    def _kh_lock(self):
        """Lock the rows of these orders, waiting for whoever holds them.

        The rows are written: only then whoever waited is repeated with what he missed.
        """
        if self.ids:
            self.env.execute_query(
                SQL(
                    """
                    UPDATE sale_order SET write_date = write_date WHERE id IN (
                        SELECT id FROM sale_order WHERE id IN %s ORDER BY id FOR UPDATE
                    ) RETURNING id
                    """,
                    tuple(self.ids),
                )
            )
            self.invalidate_recordset(["state"])
            # sudo: only to read the transactions anew
            self.sudo().transaction_ids.invalidate_recordset(["state"])
