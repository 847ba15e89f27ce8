from typing import Any, NamedTuple

from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.fields import Domain
from odoo.tools import SQL

from ..engine.dealer_approval import BuyerFacts, decide_dealer_approval
from ..utils import format_money

OPEN_STATES = ("draft", "sent")
# Written by the approval only: else staff could say yes for the dealer.
ANSWER_FIELDS = {"kh_dealer_approved_amount", "kh_dealer_reply"}


class ApprovalNeed(NamedTuple):
    """Why an order needs the approval of a colleague of the buyer; empty `key` if not.

    `limit` and `amount` are in `currency`, that of the limits.
    """

    key: str
    limit: float
    amount: float
    currency: Any


class SaleOrder(models.Model):
    """The approval inside the dealer's company, before the order is paid (经销商内部审批).

    A buyer's order above the limit cannot be paid or confirmed by any way. It is sent to the
    colleagues with the approver's right (`_kh_send_for_approval`): the order leaves the cart,
    is frozen and waits. Granted, it awaits payment; refused or returned, it is a cart again.
    """

    _inherit = "sale.order"

    # === FIELDS === #
    kh_needs_dealer_approval = fields.Boolean(
        "Needs the Dealer's Approval",
        compute="_compute_kh_needs_dealer_approval",
        search="_search_kh_needs_dealer_approval",
        compute_sudo=True,
        help="The order is above what its buyer may order alone, and no colleague agreed yet.",
    )
    kh_dealer_approved_amount = fields.Monetary(
        "Approved by the Dealer",
        copy=False,
        readonly=True,
        help="What the buyer's colleagues agreed to, tax included; more needs a new approval.",
    )
    kh_dealer_reply = fields.Char(
        "Reply of the Approver",
        copy=False,
        readonly=True,
        help="Why the order came back to the buyer's cart.",
    )

    # === COMPUTE METHODS === #
    @api.depends(
        "state",
        "amount_total",
        "currency_id",
        "date_order",
        "kh_dealer_approved_amount",
        "partner_id.kh_dealer_role",
        "partner_id.kh_order_limit",
        "partner_id.kh_month_limit",
        "partner_id.commercial_partner_id.kh_buyers_need_approval",
    )
    def _compute_kh_needs_dealer_approval(self):
        needs = self._kh_get_approval_needs()
        for order in self:
            order.kh_needs_dealer_approval = bool(needs[order].key)

    def _search_kh_needs_dealer_approval(self, operator, value):
        if operator != "in":
            return NotImplemented
        buyers = Domain("partner_id.kh_order_limit", ">", 0)
        buyers |= Domain("partner_id.kh_month_limit", ">", 0)
        buyers |= Domain("partner_id.commercial_partner_id.kh_buyers_need_approval", "=", True)
        # sudo: limits are for internal users only; the caller's own rules still apply
        orders_sudo = self.sudo().search(Domain("state", "in", OPEN_STATES) & buyers)
        domain = Domain("id", "in", orders_sudo.filtered("kh_needs_dealer_approval").ids)
        return domain if True in value else ~domain

    # === CRUD METHODS === #
    @api.model_create_multi
    def create(self, vals_list):
        if not self.env.su and any(ANSWER_FIELDS & vals.keys() for vals in vals_list):
            self._kh_deny_answer()
        orders = super().create(vals_list)
        if not self.env.su and any(self.env.context.get(f"default_{n}") for n in ANSWER_FIELDS):
            self._kh_deny_answer()
        return orders

    def write(self, vals):
        if ANSWER_FIELDS & vals.keys() and not self.env.su:
            self._kh_deny_answer()
        return super().write(vals)

    def _kh_deny_answer(self):
        raise AccessError(self.env._("Only the buyer's colleagues approve it, as themselves."))

    # === ACTION METHODS === #
    def action_kh_ask_dealer(self):
        """Ask the buyer's colleagues to approve these orders (for staff)."""
        self.check_access("write")
        for order in self:
            order._kh_send_for_approval()
        return True

    def action_confirm(self):
        self._kh_lock_limited_buyers()
        return super().action_confirm()

    # === BUSINESS METHODS - NEED === #
    def _kh_get_approval_needs(self):
        """Say for each of these orders why it needs a colleague's approval, if it does.

        Costs no query for orders of people without limits.

        :rtype: dict[sale.order, ApprovalNeed]
        """
        # sudo: limits are for internal users only
        orders_sudo = self.sudo()
        month_totals = orders_sudo._kh_get_month_totals()
        return {
            order: order_sudo._kh_get_approval_need(month_totals.get(order_sudo, 0.0))
            for order, order_sudo in zip(self, orders_sudo, strict=True)
        }

    def _kh_get_approval_need(self, month_total=0.0):
        """Return the need of one order; runs as superuser.

        :param float month_total: the buyer's other orders of the month, currency of the limits
        """
        self.ensure_one()
        if self.state not in OPEN_STATES:
            currency = self.partner_id.kh_limit_currency_id or self.currency_id
            return ApprovalNeed("", 0.0, 0.0, currency)
        return self._kh_get_need_for(self.amount_total, month_total)

    def _kh_get_need_for(self, amount, month_total):
        """Return the need that this order would have with another total, whatever its state.

        :param float amount: total, tax included, in the order's currency
        :param float month_total: see `_kh_get_approval_need`
        """
        self.ensure_one()
        buyer = self.partner_id
        currency = buyer.kh_limit_currency_id or self.currency_id
        if not self._kh_is_buyer_limited():
            return ApprovalNeed("", 0.0, 0.0, currency)
        facts = BuyerFacts(
            role=self._kh_get_buyer_role(),
            amount=self._kh_in_currency(amount, currency),
            order_limit=buyer.kh_order_limit,
            month_limit=buyer.kh_month_limit,
            month_total=month_total,
            is_every_order=buyer.commercial_partner_id.kh_buyers_need_approval,
            approved_amount=self._kh_in_currency(self.kh_dealer_approved_amount, currency),
        )
        key = decide_dealer_approval(facts)
        limits = {"order": facts.order_limit, "month": facts.month_limit}
        amount = facts.amount + (month_total if key == "month" else 0.0)
        return ApprovalNeed(key, limits.get(key, 0.0), amount, currency)

    def _kh_is_buyer_limited(self):
        """Answer whether anything limits the buyer of this order; runs as superuser."""
        buyer = self.partner_id
        return bool(
            buyer.kh_order_limit
            or buyer.kh_month_limit
            or buyer.commercial_partner_id.kh_buyers_need_approval
        )

    def _kh_get_buyer_role(self):
        """Return the role of who buys; a person without one is a buyer, the company none."""
        buyer = self.partner_id
        is_person = buyer != buyer.commercial_partner_id
        return buyer.kh_dealer_role or ("buyer" if is_person else "")

    def _kh_get_month_totals(self, states=OPEN_STATES):
        """Return what the buyers of these orders sent this month beside them.

        Only for buyers with a limit per month, in the currency of their limits; one query.

        :param states: of the orders for which it is asked
        :rtype: dict[sale.order, float]
        """
        limited = self.filtered(lambda o: o.state in states and o.partner_id.kh_month_limit)
        if not limited:
            return {}
        today = fields.Date.context_today(self)
        start = self._kh_from_local(today.replace(day=1))
        groups = self._read_group(
            [
                ("partner_id", "in", limited.partner_id.ids),
                ("state", "in", ("sent", "sale")),
                ("kh_placed_date", ">=", start),
            ],
            ["partner_id", "currency_id"],
            ["amount_total:sum"],
        )
        totals = dict.fromkeys(limited.partner_id, 0.0)
        for buyer, currency, amount in groups:
            target = buyer.kh_limit_currency_id or currency
            totals[buyer] += currency._convert(amount, target, self[:1].company_id, today)
        result = {}
        for order in limited:
            is_counted = (
                order.state in ("sent", "sale") and (order.kh_placed_date or start) >= start
            )
            currency = order.partner_id.kh_limit_currency_id or order.currency_id
            own = order._kh_in_currency(order._origin.amount_total, currency) if is_counted else 0.0
            result[order] = max(totals[order.partner_id] - own, 0.0)
        return result

    def _kh_in_currency(self, amount, currency):
        """Convert an amount of this order into `currency`, at today's rate."""
        if not amount or not self.currency_id or currency == self.currency_id:
            return amount
        company = self.company_id or self.env.company
        return self.currency_id._convert(amount, currency, company, fields.Date.today())

    def _kh_get_dealer_approvers(self):
        """Return the colleagues who may approve this order, as superuser; never the buyer."""
        self.ensure_one()
        return self._approval_dealer_users()

    def _kh_get_approval_sentence(self):
        """Say in one sentence, to the reader, why this order needs approval; "" if it does not."""
        self.ensure_one()
        return self._kh_write_need(self._kh_get_approval_needs()[self])

    def _kh_write_need(self, need):
        if not need.key:
            return ""
        # sudo: the name of who buys
        values = {
            "buyer": self.sudo().partner_id.name,
            "amount": format_money(need.amount, need.currency),
            "limit": format_money(need.limit, need.currency),
        }
        _ = self.env._
        if need.key == "every":
            return _("In this company every order of a buyer is approved by a colleague.")
        if need.key == "order":
            return _(
                "%(amount)s is above the limit of %(buyer)s: %(limit)s for one order.", **values
            )
        return _(
            "With this order %(buyer)s reaches %(amount)s this month; the limit is %(limit)s.",
            **values,
        )

    # === BUSINESS METHODS - GATES === #
    def _kh_is_blocked(self):
        """Extend: an order that a colleague has to approve is neither paid nor confirmed."""
        return super()._kh_is_blocked() or self.kh_needs_dealer_approval

    def _confirmation_error_message(self):
        """Extend: say which approval is missing."""
        if self.kh_needs_dealer_approval and not self.kh_is_on_hold:
            return self.env._(
                "Order %(order)s waits for the approval of the buyer's company. %(reason)s",
                order=self.name,
                reason=self._kh_get_approval_sentence(),
            )
        return super()._confirmation_error_message()

    def _check_cart_is_ready_to_be_paid(self):
        """Extend `website_sale`: no payment by who may not order, or not that much."""
        self._kh_ensure_buyer()
        self._kh_lock_limited_buyers()
        if self.kh_needs_dealer_approval:
            raise ValidationError(
                self.env._(
                    "%(reason)s Reload the page and send the order for approval.",
                    reason=self._kh_get_approval_sentence(),
                )
            )
        return super()._check_cart_is_ready_to_be_paid()

    def _kh_check_cart_to_approve(self):
        """Check all that a payment needs, except the approval that is asked for now."""
        self._kh_ensure_buyer()
        super()._check_cart_is_ready_to_be_paid()

    def _kh_get_payment_ways(self, due):
        """Extend: while colleagues decide it is not the seller who is waited for."""
        if self.kh_needs_dealer_approval and not self.kh_is_on_hold:
            return (), self.env._("The order waits for the approval of your colleagues first.")
        return super()._kh_get_payment_ways(due)

    def _kh_may_buy(self):
        """Answer whether the buyer's role lets them send orders; people without one may."""
        self.ensure_one()
        # sudo: the role is for internal users only
        return self.sudo().partner_id.kh_dealer_role != "finance"

    def _kh_ensure_buyer(self):
        for order in self:
            if not order._kh_may_buy():
                raise ValidationError(
                    self.env._(
                        "Your role in the company is Finance, which does not send orders. Ask "
                        "your administrator for another one."
                    )
                )

    def _kh_lock_limited_buyers(self, states=OPEN_STATES):
        """Let orders of one buyer with a limit per month wait for each other.

        The buyer's row is written, so that who waited is repeated and sees the other order.
        """
        # sudo: limits are for internal users only
        limited = self.sudo().filtered(lambda o: o.state in states and o.partner_id.kh_month_limit)
        buyers = limited.partner_id
        if buyers:
            buyers.flush_recordset(["write_date"])
            self.env.execute_query(
                SQL(
                    """
                    UPDATE res_partner SET write_date = write_date WHERE id IN (
                        SELECT id FROM res_partner WHERE id IN %s ORDER BY id FOR UPDATE
                    ) RETURNING id
                    """,
                    tuple(buyers.ids),
                )
            )

    # === BUSINESS METHODS - SENDING === #
    def _kh_send_for_approval(self):
        """Send one order to the buyer's colleagues; it leaves the cart and is frozen.

        Callers: the checkout (as superuser, for the buyer), staff by their button.

        :raise UserError: it needs no approval, is on its way already, or no flow is set up
        """
        self.ensure_one()
        self._kh_lock()
        self._approval_ensure_not_frozen()
        if not self.kh_needs_dealer_approval:
            raise UserError(self.env._("Order %s needs no approval. Reload the page.", self.name))
        # sudo: fields of ours, after the checks above
        self.sudo().kh_dealer_reply = False
        if self.state == "draft":
            self.action_quotation_sent()
        self.action_request_approval()
        if not self._is_under_review():
            raise UserError(
                self.env._("Nobody is set up to approve order %s. Ask your salesperson.", self.name)
            )

    def _kh_is_with_dealer(self):
        """Answer whether the buyer's colleagues decide about this order, or decided it.

        A flow may have steps of the seller beside theirs: while it runs, the open steps say
        it, then who approved, or who refused or returned it. Who takes it back takes the cart
        back.
        """
        self.ensure_one()
        # sudo: whoever sees the order may know who is asked
        request_sudo = self.sudo().kh_approval_request_id
        decisions = request_sudo.decision_ids.sorted("id")
        if request_sudo.state == "pending":
            steps = request_sudo.task_ids.filtered(lambda t: t.state == "open").step_id
        elif request_sudo.state == "approved":
            steps = decisions.filtered(lambda d: d.decision == "approve").step_id
        elif request_sudo.state == "withdrawn":
            steps = request_sudo.flow_id.step_ids
        else:
            final = decisions.filtered(lambda d: d.decision in ("refuse", "return"))
            steps = final[-1:].step_id
        return any(steps.mapped("is_dealer_step"))

    def _kh_give_cart_back(self, reason):
        """Make these orders carts again, with what the colleague said; runs as superuser."""
        for order in self:
            vals = {"kh_dealer_reply": reason or False, "kh_dealer_approved_amount": 0.0}
            if order.website_id and order.state == "sent":
                # it was not placed after all
                vals |= {"state": "draft", "kh_placed_date": False, "kh_placed_by_id": False}
            order.write(vals)

    def _kh_tell_buyer(self, event):
        """Queue the e-mail that tells the buyer what became of it, in their language.

        :param str event: "approved" or "returned"
        """
        # sudo: templates are rendered as superuser; the mail goes to the buyer only
        template_sudo = self.env.ref(f"kh_b2b_order.mail_template_order_{event}_by_dealer").sudo()
        for order in self.filtered("partner_id.email"):
            template_sudo.send_mail(order.id)

    # === HOOKS - APPROVAL === #
    def _approval_dealer_users(self):
        """Extend: nobody approves what they bought themselves, whoever asked for it."""
        # sudo: who buys has a user, which is not readable for all
        return super()._approval_dealer_users() - self.sudo().partner_id.user_ids

    def _approval_granted(self):
        dealer = self.filtered(lambda order: order._kh_is_with_dealer())
        for order in dealer:
            order.write(order._kh_prepare_approved_vals())
        super()._approval_granted()
        dealer._kh_tell_buyer("approved")

    def _kh_prepare_approved_vals(self):
        """Return what a colleague's yes writes: the amount, and that it is paid on its page."""
        vals = {"kh_dealer_approved_amount": self.amount_total}
        if self.website_id:
            vals |= {"require_payment": True, "prepayment_percent": 1.0}
        return vals

    def _approval_refused(self, reason):
        """Extend: what colleagues refuse is a cart again; it is not the seller's hold."""
        dealer = self.filtered(lambda order: order._kh_is_with_dealer())
        super(SaleOrder, self - dealer)._approval_refused(reason)
        dealer._kh_give_cart_back(reason)
        dealer._kh_tell_buyer("returned")

    def _approval_returned(self, reason):
        super()._approval_returned(reason)
        dealer = self.filtered(lambda order: order._kh_is_with_dealer())
        dealer._kh_give_cart_back(reason)
        dealer._kh_tell_buyer("returned")

    def _approval_withdrawn(self):
        super()._approval_withdrawn()
        self.filtered(lambda order: order._kh_is_with_dealer())._kh_give_cart_back(False)
