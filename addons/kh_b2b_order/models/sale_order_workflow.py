from typing import Any, NamedTuple

from odoo import fields, models
from odoo.exceptions import AccessError, UserError, ValidationError

# Groups whose members may release orders and confirm receipts.
DESK_GROUPS = (
    "kh_b2b_member.group_b2b_order_clerk",
    "kh_b2b_member.group_b2b_supervisor",
)


# Stages that the desk may stop an order in; a second hold gives another reason.
STOPPABLE = ("review", "to_pay", "to_ship", "hold")


class NextStep(NamedTuple):
    """Whose turn it is, and what he or she does.

    `who` is "dealer", "staff" or "" (nobody); `key` names the step; `label` is a verb with
    its object, in the reader's language.
    """

    who: str
    key: str
    label: str


class BulkResult(NamedTuple):
    """Orders that were confirmed, and ``(order, reason)`` for each that was not."""

    confirmed: Any
    refused: list[tuple[Any, str]]


class SaleOrder(models.Model):
    _inherit = "sale.order"

    # === ACTION METHODS === #
    def action_draft(self):
        """Extend `sale`: an order that is taken up again begins anew.

        Only a cancelled one leaves its hold behind; another one is released by the desk.
        """
        closed = self.filtered(lambda order: order.state == "cancel")
        before = self.filtered(lambda order: order.state != "draft")
        result = super().action_draft()
        reset = before.filtered(lambda order: order.state == "draft")
        # sudo: fields of ours; the user could reset these orders
        (reset & closed).sudo().write(self._kh_prepare_unhold_vals())
        reset.sudo().write(self._kh_prepare_reset_vals())  # sudo: as above
        return result

    def action_confirm_receipt(self):
        """Say that the goods of these orders arrived (确认收货).

        Staff may say it for the dealer; the portal page calls it for him. Calling it again
        changes nothing.

        :raise UserError: something is still to be shipped, or nothing ever was
        """
        self.check_access("write")
        todo = self.filtered(lambda order: order.kh_stage != "done")
        for order in todo:
            if order.kh_stage != "to_receive":
                raise UserError(
                    self.env._(
                        "Order %(order)s is not awaiting receipt: its stage is “%(stage)s”.",
                        order=order.name,
                        stage=order._kh_get_stage_label(),
                    )
                )
        # sudo: fields of ours, after the checks above
        todo.sudo().write(
            {
                "kh_received_date": fields.Datetime.now(),
                "kh_received_by_id": self._kh_get_author().id,
            }
        )
        return True

    def action_kh_hold(self, reason=None):
        """Stop these orders, with a reason that the dealer reads too (截停).

        :raise UserError: no reason, or nothing of an order is still to be stopped
        """
        self._kh_ensure_desk()
        if not reason:
            raise UserError(self.env._("Say why the order is put on hold."))
        self.check_access("write")
        for order in self:
            if order.kh_stage not in STOPPABLE:
                raise UserError(
                    self.env._(
                        "Order %(order)s is “%(stage)s” and cannot be put on hold.",
                        order=order.name,
                        stage=order._kh_get_stage_label(),
                    )
                )
        self._kh_set_on_hold(reason)
        return True

    def action_kh_release(self):
        """Let orders on hold go on; an order that is paid meanwhile is confirmed (放行)."""
        self._kh_ensure_desk()
        held = self.filtered("kh_is_on_hold")
        held.check_access("write")
        held.sudo().write(self._kh_prepare_unhold_vals())  # sudo: desk and rights were checked
        for order in held:
            order.message_post(body=order.env._("Released from hold."))
        held._kh_confirm_if_paid()
        return True

    def action_kh_open_bulk_confirm(self):
        """Open the dialog that confirms these orders."""
        action = self.env["ir.actions.act_window"]._for_xml_id(
            "kh_b2b_order.kh_order_bulk_confirm_action"
        )
        return {**action, "context": {"active_model": "sale.order", "active_ids": self.ids}}

    def action_kh_ship(self):
        """Open the next shipment of this order, to be packed and validated."""
        self.ensure_one()
        self.check_access("read")
        pickings = self.picking_ids.filtered(
            lambda picking: (
                picking.state not in ("done", "cancel")
                and picking.picking_type_id.code != "incoming"
            )
        )
        if not pickings:
            raise UserError(self.env._("Order %s has nothing to ship.", self.name))
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("Ship %s", self.name),
            "res_model": "stock.picking",
            "view_mode": "form" if len(pickings) == 1 else "list,form",
            "res_id": pickings.id if len(pickings) == 1 else False,
            "domain": [("id", "in", pickings.ids)],
        }

    def _action_confirm(self):
        self._kh_note_placed()
        # sudo: fields of ours; whoever confirms passed the checks of `action_confirm`
        self.sudo().write(self._kh_prepare_confirmed_vals())
        return super()._action_confirm()

    # === BUSINESS METHODS - STATE === #
    def _kh_prepare_confirmed_vals(self):
        """Return who confirms these orders, and when."""
        return {
            "kh_confirmed_date": fields.Datetime.now(),
            "kh_confirmed_by_id": self._kh_get_author().id,
        }

    def _kh_prepare_reset_vals(self):
        """Return what an order forgets when it is taken up again."""
        names = ("confirmed_date", "confirmed_by_id", "received_date", "received_by_id")
        return dict.fromkeys((f"kh_{name}" for name in names), False)

    def _kh_prepare_unhold_vals(self):
        """Return what goes with a hold."""
        return {
            "kh_is_on_hold": False,
            "kh_hold_reason": False,
            "kh_hold_kind": False,
            "kh_is_returned": False,
        }

    def _confirmation_error_message(self):
        """Extend `sale`: an order on hold or under review is not confirmed, by any way."""
        if self._kh_is_blocked():
            return self.env._(
                "Order %(order)s is “%(stage)s” and cannot be confirmed.",
                order=self.name,
                stage=self._kh_get_stage_label(),
            )
        return super()._confirmation_error_message()

    def _kh_is_blocked(self):
        """Answer whether this order has to wait for a person's decision."""
        self.ensure_one()
        return self.kh_is_on_hold or self._is_under_review()

    def _has_to_be_paid(self):
        return super()._has_to_be_paid() and not self._kh_is_blocked()

    def _kh_get_hold_reason(self):
        """Return why this order is on hold, in words for its dealer."""
        self.ensure_one()
        return self.kh_hold_reason or self._kh_word_hold_kind() or ""

    def _kh_word_hold_kind(self):
        """Say in the reader's language why an order waits that no person put on hold (hook)."""
        self.ensure_one()
        return self.kh_hold_kind == "refused" and self.env._("The approval was refused.")

    def _kh_set_on_hold(self, reason, kind=False):
        """Put these orders on hold. Callers: clerk, refusal, limits, interception rules.

        :param str reason: of a person, or what the chatter says where there is a `kind`
        :param str kind: one of `HOLD_KINDS`, for what is said anew to each reader
        """
        orders = self.filtered(lambda order: order.state != "cancel")
        # sudo: fields of ours; the callers checked who may, or what a rule found
        orders.sudo().write(
            {
                "kh_is_on_hold": True,
                "kh_hold_reason": not kind and reason,
                "kh_hold_kind": kind,
                "kh_is_returned": False,
            }
        )
        for order in orders:
            order.message_post(body=order.env._("Put on hold: %(reason)s", reason=reason))

    def _kh_leave_cart(self):
        """Let those of these stopped orders that are still carts of the shop be placed orders.

        Core would take a draft for its buyer's abandoned cart, and price it anew.
        """
        carts = self.filtered(lambda order: order.website_id and order.state == "draft")
        if carts:
            carts.action_quotation_sent()

    def _kh_confirm_if_paid(self):
        """Confirm those orders whose money arrived while they had to wait; locks their rows."""
        self._kh_lock()
        # core computes it once a transaction, whatever becomes of the payments meanwhile
        self.invalidate_recordset(["amount_paid"])
        waiting = self.filtered(
            lambda order: (
                order.state in ("draft", "sent")
                and order.amount_paid
                and not order._kh_is_blocked()
                and order._is_confirmation_amount_reached()
            )
        )
        if waiting:
            waiting.with_context(send_email=True).action_confirm()

    def _kh_ensure_desk(self):
        self.check_access("write")
        if not self.env.su and not any(self.env.user.has_group(g) for g in DESK_GROUPS):
            raise AccessError(self.env._("Only the order desk may hold and release orders."))

    def _kh_bulk_confirm(self):
        """Confirm each of these orders by itself; one that is refused stops no other.

        :rtype: BulkResult
        """
        self.check_access("write")
        reasons = {order: order._kh_try_confirm() for order in self}
        return BulkResult(
            confirmed=self.filtered(lambda order: not reasons[order]),
            refused=[(order, reason) for order, reason in reasons.items() if reason],
        )

    def _kh_try_confirm(self):
        """Confirm one order in a savepoint; return why it was refused, or an empty string."""
        self.ensure_one()
        try:
            with self.env.cr.savepoint():
                self.action_confirm()
        except (UserError, ValidationError) as error:
            return str(error)
        return ""

    # === BUSINESS METHODS - STAGE === #
    def _kh_get_stage_label(self):
        """Return the stage's name in the reader's language."""
        self.ensure_one()
        return dict(self._fields["kh_stage"]._description_selection(self.env)).get(
            self.kh_stage, ""
        )

    def _kh_next_step(self, audience="dealer"):
        """Return whose turn it is and what is to be done, for one reader.

        :param str audience: "dealer" or "staff"
        :rtype: NextStep
        """
        self.ensure_one()
        _ = self.env._
        is_dealer = audience == "dealer"
        steps = {
            "draft": NextStep("dealer", "submit", _("Submit Order")),
            "review": NextStep("staff", "review", _("Review Order")),
            "hold": NextStep("staff", "release", _("Decide on Hold")),
            "to_pay": NextStep(
                "dealer", "pay", _("Pay Order") if is_dealer else _("Confirm Transfer")
            ),
            "to_ship": NextStep("staff", "ship", _("Ship Goods")),
            "to_receive": NextStep("dealer", "receive", _("Confirm Receipt")),
            "done": NextStep("", "reorder", _("Order Again") if is_dealer else ""),
            "cancel": NextStep("", "reorder", _("Order Again") if is_dealer else ""),
            "closed": NextStep("", "reorder", _("Order Again") if is_dealer else ""),
        }
        if self._kh_is_dealers_turn():
            return NextStep("dealer", "answer", _("Answer Return"))
        return steps[self.kh_stage or "draft"]

    # === HOOKS - APPROVAL === #
    def _approval_granted(self):
        super()._approval_granted()
        self._kh_confirm_if_paid()

    def _approval_refused(self, reason):
        super()._approval_refused(reason)
        if reason:
            self._kh_set_on_hold(reason)
        else:
            self._kh_set_on_hold(self.env._("The approval was refused."), "refused")

    def _approval_writable_fields(self):
        return super()._approval_writable_fields() | {
            "access_token",
            "kh_is_on_hold",
            "kh_hold_reason",
            "kh_hold_kind",
            "kh_is_returned",
            "kh_placed_date",
            "kh_placed_by_id",
            "shop_warning",
            "transaction_ids",
        }
