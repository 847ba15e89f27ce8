from contextlib import closing

from odoo import models
from odoo.exceptions import UserError

from ..utils import format_money


class OrderChange(models.Model):
    """What a change makes of the total of its order, and whether a person decides about it."""

    _inherit = "kh.order.change"

    # === BUSINESS METHODS - AMOUNTS === #
    def _refresh_amounts(self):
        """Store the total before the change, and what it would be afterwards."""
        for change in self:
            before, after = change.order_id.amount_total, change._get_amount_after()
            # sudo: amounts are written by the workflow only
            change.sudo().write({"amount_before": before, "amount_after": after})

    def _get_amount_after(self):
        """Return what the order would cost, taxes included, at the prices of its date.

        The lines are changed and changed back: discounts of sets, packing and what other
        add-ons do are there on real lines only. Stock is left alone.
        """
        self.ensure_one()
        # sudo: prices and taxes of an order that the caller may read; nothing of it stays
        change_sudo = self.sudo().with_context(
            skip_procurement=True, sale_no_log_for_new_lines=True, tracking_disable=True
        )
        with closing(self.env.cr.savepoint()):
            change_sudo.line_ids.filtered(lambda line: line._is_changed())._apply()
            return change_sudo.order_id.amount_total

    def _ensure_as_shown(self):
        """Raise if the order now costs more than whoever sent or decided the change saw."""
        total = self.order_id.amount_total
        if self.currency_id.compare_amounts(total, self.amount_after) > 0:
            raise UserError(
                self.env._(
                    "Order %(order)s would now cost %(total)s, more than the %(shown)s that were "
                    "shown. Withdraw this change and ask again.",
                    order=self.order_id.name,
                    total=format_money(total, self.currency_id),
                    shown=format_money(self.amount_after, self.currency_id),
                )
            )

    def _ensure_within_buyer_limit(self):
        """Raise if a confirmed order becomes more than its buyer may order alone.

        An order that is not confirmed is sent to the buyer's colleagues instead.
        """
        self.ensure_one()
        is_dearer = self.currency_id.compare_amounts(self.amount_difference, 0.0) > 0
        if not is_dearer or self.order_id.state != "sale":
            return
        self.order_id._kh_lock_limited_buyers(states=("sale",))
        # sudo: limits are for internal users only; the sentence names the one that counts
        order_sudo = self.order_id.sudo()
        month_totals = order_sudo._kh_get_month_totals(states=("sale",))
        need = order_sudo._kh_get_need_for(self.amount_after, month_totals.get(order_sudo, 0.0))
        if need.key:
            raise UserError(
                self.env._(
                    "%(reason)s Place a new order for what is added.",
                    reason=self.order_id._kh_write_need(need),
                )
            )

    # === BUSINESS METHODS - DECISION === #
    def _needs_approval(self):
        """Answer whether a person decides (hook).

        That is where money rises, a confirmed order is touched, or something was agreed for
        the quantities as they were: money off, or a price by hand.
        """
        self.ensure_one()
        is_dearer = self.currency_id.compare_amounts(self.amount_difference, 0.0) > 0
        return is_dearer or self.order_id.state == "sale" or self._touches_agreed_prices()

    def _touches_agreed_prices(self):
        lines = self.line_ids.filtered(lambda line: line._is_changed())
        if not lines:
            return False
        # sudo: how prices came about, which dealers may not read
        order_lines_sudo = self.order_id.order_line.sudo()
        changed_sudo = lines.order_line_id.sudo()
        scenes_sudo = order_lines_sudo.filtered("kh_scene_discount").kh_scene_id
        return (
            any(line._kh_is_deduction() for line in order_lines_sudo)
            or any(line._kh_has_agreed_price() for line in changed_sudo)
            or bool(changed_sudo.kh_scene_id & scenes_sudo)
        )
