from odoo import Command, models
from odoo.exceptions import UserError, ValidationError

from .sale_order_split import OPEN_STATES

# What rounding may make of one line of one part, in the smallest unit of the currency.
LINE_TOLERANCE = 3


class SaleOrder(models.Model):
    """What was paid for a split or merged order, in the books and afterwards (M-53)."""

    _inherit = "sale.order"

    # === BUSINESS METHODS - SPLIT === #
    def _kh_get_packing_shares(self, moved):
        """Return what of the packing goes along with moved goods: what the rest does not need.

        :param dict moved: ``{line: quantity}``
        :rtype: dict[sale.order.line, float]
        """
        packing = self.order_line.filtered(
            lambda line: line.kh_is_auxiliary and any(goods in moved for goods in line._kh_packs())
        )
        if not packing:
            return {}
        # sudo: how much is packed with what, for whoever splits
        rows_sudo = self.order_line.product_id.product_tmpl_id.sudo().kh_auxiliary_ids
        needed = self._kh_get_needed_auxiliaries(rows_sudo.grouped("product_tmpl_id"), moved)
        shares = {}
        for line in packing:
            goods = line._kh_packs()
            is_rest = any(one.product_uom_qty > moved.get(one, 0.0) for one in goods)
            # a rule that is gone says nothing: then all stays while some of the goods do
            left, _lines = needed.get(line.product_id, (line.product_uom_qty if is_rest else 0, 0))
            gone = max(line.qty_delivered, line.qty_invoiced, left, 0.0)
            shares[line] = line.product_uom_id.round(line.product_uom_qty - gone)
        return {line: share for line, share in shares.items() if share > 0}

    def _kh_settle_rounding(self, difference, others=()):
        """Put what rounding took from, or added to, the parts on a line without tax.

        :param others: the orders that this one was split into, or took over
        :raise UserError: the difference is more than rounding can make
        """
        difference = self.currency_id.round(difference)
        if self.currency_id.is_zero(difference):
            return
        self._kh_ensure_is_rounding(difference, others or self.browse())
        line = self.order_line.filtered("kh_is_split_rounding")[:1]
        if line:
            line.price_unit = self.currency_id.round(line.price_unit + difference)
            if self.currency_id.is_zero(line.price_unit) and self.state in OPEN_STATES:
                line.unlink()
        else:
            # on the dealer's order, and on his invoice
            _ = self.with_context(lang=self._get_lang()).env._
            self.env["sale.order.line"].create(
                {
                    "order_id": self.id,
                    "product_id": self.company_id._kh_get_rounding_product().id,
                    "name": _("Rounding difference of split orders"),
                    "product_uom_qty": 1.0,
                    "price_unit": difference,
                    "technical_price_unit": 0.0,
                    "discount": 0.0,
                    "tax_ids": [Command.clear()],
                    "kh_is_split_rounding": True,
                    "sequence": 9999,
                }
            )

    def _kh_ensure_is_rounding(self, difference, others):
        """Raise if this cannot come from rounding: something else was changed along."""
        lines = (self | others).order_line
        carried = sum(others.order_line.filtered("kh_is_split_rounding").mapped("price_unit"))
        most = self.currency_id.rounding * LINE_TOLERANCE * (len(lines) + 1) + abs(carried)
        if self.currency_id.compare_amounts(abs(difference), most) > 0:
            raise UserError(
                self.env._(
                    "Order %(order)s: the total would change by %(amount)s, which is more than "
                    "rounding. Check prices and discounts of its lines first.",
                    order=self.name,
                    amount=self.currency_id.format(difference),
                )
            )

    # === BUSINESS METHODS - INVOICES === #
    def _prepare_invoice(self):
        """Extend `sale`: a shared payment is not linked as a whole to one part's invoice.

        Each part's invoice takes its share when it is posted, see `account.move`.
        """
        vals = super()._prepare_invoice()
        if self.kh_paid_moved:
            # sudo: which payments of the order are not over yet
            open_sudo = self.sudo().transaction_ids.filtered(
                lambda tx: tx.state in ("pending", "authorized")
            )
            vals["transaction_ids"] = [Command.set(open_sudo.ids)]
        return vals

    def _kh_get_shared_transactions(self):
        """Return the payments that arrived for any part of these orders, their own first."""
        # sudo: the parts share what was paid, whoever may read payments
        own_sudo, parts_sudo = self.sudo(), self.sudo()._kh_get_parts()
        transactions_sudo = own_sudo.transaction_ids | parts_sudo.transaction_ids.sorted("id")
        return transactions_sudo.filtered(lambda tx: tx.state == "done")

    # === BUSINESS METHODS - PAYMENTS THAT COME AFTERWARDS === #
    def _kh_get_merge_target(self):
        """Return the order that has the products of this one now: itself, or what it went into."""
        order = self
        while order.kh_merged_into_id:
            order = order.kh_merged_into_id
        return order

    def _kh_follow_payment(self, transaction):
        """Let a payment of this order count where its products are now; locks all parts.

        A payment that was begun before the order was split or merged is for the whole. What
        nothing is left for is told to who looks after the cancelled order. Runs as superuser.

        :param transaction: the payment, which is done and for this order alone
        """
        self.ensure_one()
        target = self._kh_get_merge_target()
        parts = target._kh_get_parts()
        if parts == self:
            if self.state == "cancel":
                self._kh_note_late_payment(transaction)
            return
        parts._kh_lock()
        # core computes it once a transaction, whatever becomes of the payments meanwhile
        parts.invalidate_recordset(["amount_paid"])
        if target != self:
            self._kh_move_paid(self, target, self.amount_paid)
        surplus, covered = target._kh_share_surplus(parts - target)
        if target.currency_id.compare_amounts(surplus, 0.0) > 0:
            ended = (target | parts).filtered(
                lambda part: part.state == "cancel" and not part.kh_merged_into_id
            )
            ended[:1]._kh_note_late_payment(transaction, surplus)
        ((target | covered) - self)._kh_confirm_parts_paid()

    def _kh_share_surplus(self, parts):
        """Let what was paid beyond the total of this order cover other parts in turn.

        :return: what is left, in order currency, and the parts that were covered
        """
        surplus = self.amount_paid - (self.amount_total if self.state != "cancel" else 0.0)
        covered = self.browse()
        for part in parts.sorted("id"):
            share = min(surplus, part._kh_payment_status().due)  # nothing, of a cancelled one
            if self.currency_id.compare_amounts(share, 0.0) > 0:
                self._kh_move_paid(self, part, share)
                surplus -= share
                covered |= part
        return surplus, covered

    def _kh_confirm_parts_paid(self):
        """Confirm those that are paid now; what stops one must not stop the payment."""
        for order in self:
            try:
                with self.env.cr.savepoint():
                    order._kh_confirm_if_paid()
            except (UserError, ValidationError) as error:
                order.message_post(body=str(error))


class SaleOrderLine(models.Model):
    _inherit = "sale.order.line"

    def _kh_packs(self):
        """Return the goods that this packing is for, as far as they are on the same order."""
        return self.kh_parent_line_ids & self.order_id.order_line


class PaymentTransaction(models.Model):
    _inherit = "payment.transaction"

    def _kh_get_open_payment_lines(self):
        """Return the journal items of these payments that pay for something, as far as open."""
        return self.payment_id.move_id.line_ids.filtered(
            lambda line: (
                line.account_type == "asset_receivable"
                and line.parent_state == "posted"
                and line.balance < 0
                and not line.reconciled
            )
        )
