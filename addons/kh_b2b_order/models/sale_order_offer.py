from datetime import timedelta
from hashlib import sha256
from uuid import uuid4

from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError

from ..utils import format_quantity
from .sale_order import TOLD_SOURCES

OFFER_STATES = [
    ("open", "Awaiting the dealer"),
    ("confirmed", "Confirmed by the dealer"),
    ("refused", "Refused by the dealer"),
    ("withdrawn", "Withdrawn"),
]
OFFER_DAYS = 7
REASON_LIMIT = 500
# Moved by the actions below only.
OFFER_FIELDS = {"kh_offer_state", "kh_offer_until", "kh_offer_reason", "kh_offer_partner_id"}


class SaleOrder(models.Model):
    """An order that a salesperson built for the dealer to confirm (代客下单, M-98).

    =========== ============ ===================================== ======================
    from        to           by                                    method
    =========== ============ ===================================== ======================
    none,       open         whoever may write the order           `action_kh_offer`
    withdrawn
    open        withdrawn    whoever may write the order           `action_kh_offer_withdraw`
    open        confirmed    the dealer's page, or a confirmation  `_kh_accept_offer`
                             of the order by any other way
    open        refused      the dealer's page; cancels the order  `_kh_refuse_offer`
    refused     none         "Set to Quotation"                    `action_draft`
    =========== ============ ===================================== ======================

    The dealer's page is the order's own, opened by login or by the order's access token. The
    link of an offer ends with it: after its last day, and when it is withdrawn.
    """

    _inherit = "sale.order"

    # === FIELDS === #
    kh_offer_state = fields.Selection(
        OFFER_STATES, "Offer to the Dealer", readonly=True, copy=False, tracking=True
    )
    kh_offer_until = fields.Datetime("Offer Valid Until", readonly=True, copy=False)
    kh_offer_reason = fields.Char("Reason of the Refusal", readonly=True, copy=False)
    kh_offer_partner_id = fields.Many2one(
        "res.partner", "Answered By", readonly=True, copy=False, check_company=False
    )
    kh_offer_url = fields.Char("Link for the Dealer", compute="_compute_kh_offer_url")

    # === COMPUTE METHODS === #
    @api.depends("kh_offer_state", "access_token")
    def _compute_kh_offer_url(self):
        for order in self:
            is_open = order.kh_offer_state == "open" and order.access_token
            order.kh_offer_url = order._kh_get_offer_url() if is_open else False

    # === CRUD METHODS === #
    @api.model_create_multi
    def create(self, vals_list):
        if not self.env.su and any(OFFER_FIELDS & vals.keys() for vals in vals_list):
            self._kh_deny_offer()
        return super().create(vals_list)

    def write(self, vals):
        if OFFER_FIELDS & vals.keys() and not self.env.su:
            self._kh_deny_offer()
        return super().write(vals)

    def _kh_deny_offer(self):
        raise AccessError(self.env._("An offer is sent, withdrawn and answered by its buttons."))

    # === ACTION METHODS === #
    def action_kh_offer(self):
        """Send these orders to their dealers, to be confirmed by link (发给客户确认).

        :raise UserError: the order is confirmed, empty, under review or already with the dealer
        """
        self.check_access("write")
        self._kh_lock()
        for order in self:
            order._kh_ensure_can_offer()
        until = fields.Datetime.now() + timedelta(days=OFFER_DAYS)
        self.filtered(lambda order: order.state == "draft").action_quotation_sent()
        for order in self:
            # sudo: fields of ours, after the checks above; a new link each time
            order.sudo().write({**order._kh_prepare_offer_vals(until)})
            order._kh_mail_offer()
        return True

    def action_kh_offer_withdraw(self):
        """Take back what the dealer has not answered yet; its link ends at once."""
        self.check_access("write")
        self._kh_lock()
        for order in self:
            order._kh_ensure_open_offer()
        self.action_draft()
        for order in self:
            # sudo: fields of ours; the old link must not open the order any more
            order.sudo().write({"kh_offer_state": "withdrawn", "access_token": str(uuid4())})
        return True

    def action_draft(self):
        """Extend: what was refused, and is taken up again, is no offer any more."""
        result = super().action_draft()
        offered = self.filtered("kh_offer_state")
        if offered:
            # sudo: fields of ours; whoever may reset the order
            offered.sudo().write({"kh_offer_state": False, "kh_offer_reason": False})
        return result

    def _action_confirm(self):
        """Extend: an offer that is confirmed by any way is confirmed."""
        self.filtered(lambda order: order.kh_offer_state == "open")._kh_close_offer()
        return super()._action_confirm()

    # === BUSINESS METHODS - SENDING === #
    def _kh_ensure_can_offer(self):
        self.ensure_one()
        _ = self.env._
        self._approval_ensure_not_frozen()
        if self.state not in ("draft", "sent"):
            raise UserError(_("Order %s is not open any more.", self.name))
        if self.kh_offer_state == "open" and not self._kh_is_offer_expired():
            raise UserError(_("Order %s is with the dealer already.", self.name))
        if not self._kh_get_stage_lines():
            raise UserError(_("Order %s has no products to confirm yet.", self.name))
        if self.kh_is_on_hold:
            raise UserError(_("Order %s is on hold. Release it first.", self.name))

    def _kh_prepare_offer_vals(self, until):
        return {
            "kh_offer_state": "open",
            "kh_offer_until": until,
            "kh_offer_reason": False,
            "kh_offer_partner_id": False,
            "kh_source": self.kh_source if self.kh_source in TOLD_SOURCES else "sales",
            "access_token": str(uuid4()),
            # the button on the page confirms; a drawn signature is not asked for
            "require_signature": False,
        }

    def _kh_mail_offer(self):
        """Queue the e-mail with the link, in the customer's language."""
        if self.partner_id.email:
            # sudo: templates are rendered as superuser; the mail goes to the buyer only
            template_sudo = self.env.ref("kh_b2b_order.mail_template_order_offer").sudo()
            template_sudo.send_mail(self.id)

    def _kh_get_offer_url(self):
        self.ensure_one()
        return f"{self.get_base_url()}{self.get_portal_url()}"

    # === BUSINESS METHODS - LINK === #
    def _kh_is_offer_expired(self):
        self.ensure_one()
        until = self.kh_offer_until
        return bool(until) and until < fields.Datetime.now()

    def _kh_is_link_over(self):
        """Whether the link alone opens this order no more; orders without an offer: never."""
        self.ensure_one()
        if self.kh_offer_state in ("open", "refused"):
            return self._kh_is_offer_expired()
        return self.kh_offer_state == "withdrawn"

    def _kh_ensure_open_offer(self):
        """Raise unless the dealer may answer now; the caller holds the order's lock."""
        self.ensure_one()
        if self.kh_offer_state != "open" or self.state not in ("draft", "sent"):
            raise UserError(self.env._("Order %s does not wait for your answer.", self.name))
        self._approval_ensure_not_frozen()

    def _kh_ensure_valid_offer(self):
        self._kh_ensure_open_offer()
        if self._kh_is_offer_expired():
            raise UserError(
                self.env._(
                    "The offer %s has expired. Ask your salesperson for a new one.", self.name
                )
            )

    def _kh_get_offer_digest(self):
        """Return a short text that changes with what the dealer is shown of this offer."""
        facts = [
            (line.id, line.product_uom_qty, line.price_unit, line.discount)
            for line in self.order_line
        ]
        return sha256(repr((facts, self.amount_total)).encode()).hexdigest()[:16]

    # === BUSINESS METHODS - THE DEALER'S ANSWER === #
    def _kh_change_offer(self, quantities, digest):
        """Change the quantities of an open offer within the rules; 0 leaves a line out.

        Runs as superuser for a page that checked who asks. Locks the order.

        :param dict quantities: ``{line id: quantity}``; lines of other orders are ignored
        :param str digest: of what the dealer saw
        :raise UserError: it has changed meanwhile, is over, or breaks a limit; nothing is saved
        """
        self.ensure_one()
        self._kh_lock()
        self._kh_ensure_valid_offer()
        self._kh_ensure_seen(digest)
        changes = []
        for line in self._kh_get_stage_lines():
            wanted = quantities.get(line.id)
            if wanted is None or self._kh_is_same_quantity(line.product_uom_qty, wanted):
                continue
            changes.append(
                f"{line.product_id.display_name}: "
                f"{format_quantity(line.product_uom_qty)} → {format_quantity(wanted)}"
            )
            line.product_uom_qty = wanted
        if not changes:
            return
        if not any(line.product_uom_qty > 0 for line in self._kh_get_stage_lines()):
            raise UserError(self.env._("Nothing would be left. Refuse the order instead."))
        self._kh_ensure_offer_limits()
        self.message_post(
            body=self.env._("Changed by the dealer: %s", "; ".join(changes)),
            author_id=(self._kh_get_author() or self.partner_id).id,
        )

    def _kh_ensure_offer_limits(self):
        issues = {} if self.kh_is_limit_waived else self._kh_find_limit_issues()
        if issues:
            raise UserError("\n".join(issues.values()))

    def _kh_ensure_seen(self, digest):
        if digest != self._kh_get_offer_digest():
            raise UserError(
                self.env._("The order was changed since you opened it. Check it once more.")
            )

    def _kh_accept_offer(self, digest):
        """The dealer confirms the order; then it goes the normal way.

        Approval of the dealer's own people, payment, or confirmation at once: whatever comes
        next for this order. Runs as superuser for a page that checked who asks; the user of
        the environment is the person. Locks the order; a second call is refused.

        :param str digest: of what the dealer saw
        :raise UserError: changed meanwhile, over, or against the rules; nothing is done
        """
        self.ensure_one()
        self._kh_lock()
        self._kh_ensure_valid_offer()
        self._kh_ensure_seen(digest)
        self._kh_ensure_offer_limits()
        self._kh_ensure_saleable()
        person = self._kh_get_author() or self.partner_id
        self._kh_take_buyer(person)
        self._kh_ensure_buyer()
        self._kh_close_offer()
        self.write({"kh_placed_date": fields.Datetime.now(), "kh_placed_by_id": person.id})
        self.message_post(
            body=self.env._("Order confirmed by %s", person.name), author_id=person.id
        )
        self._kh_send_on()

    def _kh_send_on(self):
        """Send an order that the dealer has just placed on its way, whatever comes next.

        The approval of the dealer's own people, payment, or confirmation at once.
        """
        self.ensure_one()
        if self.kh_needs_dealer_approval:
            self._kh_send_for_approval()
        elif not self._has_to_be_paid():
            self._validate_order()

    def _kh_take_buyer(self, person):
        """Make the person who confirms the buyer of an order made for the company as such.

        Else the limits of persons would not count. Addresses and terms stay as they are.
        """
        dealer = self.partner_id.commercial_partner_id
        if self.partner_id != dealer or person == dealer:
            return
        if person.commercial_partner_id != dealer:
            return
        names = ("partner_invoice_id", "partner_shipping_id", "pricelist_id")
        names += ("fiscal_position_id", "payment_term_id", "user_id", "team_id")
        self.write({"partner_id": person.id, **{name: self[name].id for name in names}})

    def _kh_close_offer(self):
        person = self._kh_get_author()
        # sudo: fields of ours; the answer is the dealer's, or staff's who confirm for him
        self.sudo().write({"kh_offer_state": "confirmed", "kh_offer_partner_id": person.id})

    def _kh_refuse_offer(self, reason):
        """The dealer says no, and why; the order is cancelled. Runs as superuser, locks.

        :raise UserError: without a reason, or when there is nothing to answer
        """
        self.ensure_one()
        reason = (reason or "").strip()[:REASON_LIMIT]
        if not reason:
            raise UserError(self.env._("Say why you refuse, so that we can do better."))
        self._kh_lock()
        self._kh_ensure_open_offer()
        person = self._kh_get_author() or self.partner_id
        self.write(
            {
                "kh_offer_state": "refused",
                "kh_offer_reason": reason,
                "kh_offer_partner_id": person.id,
            }
        )
        self._action_cancel()
        self.message_post(body=self.env._("Refused: %s", reason), author_id=person.id)

    # === BUSINESS METHODS - WHAT COMES NEXT === #
    def _kh_awaits_dealer(self):
        self.ensure_one()
        return self.kh_offer_state == "open" and self.state in ("draft", "sent")

    def _has_to_be_paid(self):
        """Extend: nobody pays what the dealer has not confirmed yet."""
        return super()._has_to_be_paid() and not self._kh_awaits_dealer()

    def _kh_get_payment_ways(self, due):
        if self._kh_awaits_dealer():
            return (), self.env._("Confirm the order first.")
        return super()._kh_get_payment_ways(due)

    def _kh_next_step(self, audience="dealer"):
        step = super()._kh_next_step(audience)
        if not self._kh_awaits_dealer() or self.kh_stage != "to_pay":
            return step
        label = self.env._("Confirm Order") if audience == "dealer" else self.env._("With Dealer")
        return step._replace(who="dealer", key="confirm", label=label)

    def _kh_whose_turn(self):
        if not self._kh_awaits_dealer():
            return super()._kh_whose_turn()
        if self._kh_is_offer_expired():
            return self.env._("This offer has expired. Ask your salesperson for a new one.")
        return self.env._(
            "Your turn: check and confirm this order until %s.",
            self._kh_format_time(self.kh_offer_until),
        )
