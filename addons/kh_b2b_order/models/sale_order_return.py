from odoo import fields, models


class SaleOrder(models.Model):
    """Orders go back to their dealers, who are told and act (退回).

    A returned order stays on hold. Its dealer changes it, which sends it to the desk again, or
    cancels it; the desk may release it meanwhile. A new reason of the desk takes it back.
    """

    _inherit = "sale.order"

    # === FIELDS === #
    kh_is_returned = fields.Boolean(
        "Returned to Dealer",
        copy=False,
        readonly=True,
        help="The order is on hold and waits for its dealer's answer.",
    )

    # === ACTION METHODS === #
    def action_kh_return(self, reason=None):
        """Extend: the dealers are told by e-mail, and may change or cancel."""
        result = super().action_kh_return(reason)
        self.sudo().kh_is_returned = True  # sudo: a field of ours; the desk was checked above
        self._kh_mail_dealer("returned")
        return result

    def action_kh_release(self, reason=None):
        """Extend: the dealers who placed these orders are told that they go on.

        Who gets a confirmation of the order needs no second e-mail.
        """
        held = self.filtered(lambda order: order.kh_is_on_hold and order.kh_placed_date)
        confirmed = held.filtered(lambda order: order.state == "sale")
        result = super().action_kh_release(reason)
        just_confirmed = held.filtered(lambda order: order.state == "sale") - confirmed
        # another rule may have stopped one of them again
        going_on = (held - just_confirmed).filtered(lambda order: not order.kh_is_on_hold)
        going_on._kh_mail_dealer("released")
        return result

    # === BUSINESS METHODS - RETURN === #
    def _kh_mail_dealer(self, event):
        """Queue the e-mail that tells who bought what became of the order, in their language.

        :param str event: "returned" or "released"
        """
        orders = self.filtered("partner_id.email")
        if orders:
            # sudo: templates are rendered as superuser; the mail goes to the buyer only
            template_sudo = self.env.ref(f"kh_b2b_order.mail_template_order_{event}").sudo()
            template_sudo.send_mail_batch(orders.ids)

    def _kh_was_returned(self):
        """Answer whether this order is on hold because it was returned."""
        self.ensure_one()
        return self.kh_is_returned and self.kh_stage == "hold"

    def _kh_is_dealers_turn(self):
        """Answer whether this order was returned, and its dealer sent no change yet."""
        # sudo: whether there is a change decides, not who may read it
        return self._kh_was_returned() and not self.sudo().kh_change_ids.filtered(
            lambda change: change.state == "submitted"
        )

    def _kh_may_dealer_cancel(self):
        """Answer whether the dealer may cancel this order: nothing of it is paid or confirmed."""
        self.ensure_one()
        if not self._kh_can_be_cancelled() or self.kh_offer_state == "open":
            return False
        return not self._kh_has_money_coming() and self.kh_paid_moved <= 0

    def _kh_can_be_cancelled(self):
        """Extend: what was returned to the dealer is theirs to give up."""
        is_returned = self._kh_was_returned() and self.state in ("draft", "sent")
        return is_returned or super()._kh_can_be_cancelled()

    def _kh_send_in_again(self):
        """Give these returned orders, which their dealer changed, back to the desk.

        They stay on hold, without a reason of their own, until the desk decides anew.
        """
        # sudo: fields of ours; the dealer's change passed its checks
        self.sudo().write(
            {
                "kh_is_returned": False,
                "kh_hold_reason": False,
                "kh_hold_kind": False,
                "kh_hold_date": fields.Datetime.now(),
            }
        )
        for order in self:
            order.message_post(body=order.env._("Changed by the dealer and sent in again."))

    # === BUSINESS METHODS - PAGES === #
    def _kh_get_timeline(self):
        """Extend: the step where the order stopped says so, and since when."""
        nodes = super()._kh_get_timeline()
        if self.kh_stage != "hold":
            return nodes
        note = (
            self.env._("returned to you") if self._kh_is_dealers_turn() else self.env._("on hold")
        )
        since = self._kh_format_time(self.kh_hold_date)
        return [
            node._replace(note=note, when=since) if node.state == "now" else node for node in nodes
        ]

    def _kh_whose_turn(self):
        """Extend: a returned order is the dealer's turn."""
        if not self._kh_is_dealers_turn():
            return super()._kh_whose_turn()
        _ = self.env._
        ways = {
            (True, True): _("Change it and send it in again, or cancel it."),
            (True, False): _("Change it and send it in again, or answer us."),
            (False, True): _("Answer us, or cancel it."),
            (False, False): _("Please answer us."),
        }
        return _(
            "Your turn: we returned this order. %(reason)s %(ways)s",
            reason=self._kh_get_hold_reason(),
            ways=ways[self._kh_can_dealer_change(), self._kh_may_dealer_cancel()],
        )


class OrderChange(models.Model):
    _inherit = "kh.order.change"

    # === BUSINESS METHODS - RETURN === #
    def _is_answer(self):
        """Answer whether the dealer changes an order that was returned to them."""
        self.ensure_one()
        dealer = self.order_id.partner_id.commercial_partner_id
        is_asked_by_dealer = self.requested_by_id.commercial_partner_id == dealer
        return is_asked_by_dealer and self.order_id._kh_was_returned()

    def _needs_approval(self):
        """Extend: the desk decides on a returned order as a whole, so not on its change first."""
        if self._is_answer() and self.order_id.state != "sale":
            return False
        return super()._needs_approval()

    def _apply(self):
        """Extend: an order that its dealer changed as asked goes back to the desk."""
        answered = self.filtered(lambda change: change._is_answer()).order_id
        super()._apply()
        answered._kh_send_in_again()
