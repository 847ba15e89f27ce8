from hashlib import sha256

from odoo import api, fields, models
from odoo.exceptions import UserError

from .order_rule import SHARED_KINDS

# Prices and quantities that differ by less are the same.
DIGITS = 6


class SaleOrder(models.Model):
    _inherit = "sale.order"
    # finds the orders that went to one address
    _kh_ship_to_idx = models.Index("(kh_ship_to, kh_placed_date) WHERE kh_ship_to IS NOT NULL")

    # === FIELDS === #
    kh_rule_hit_ids = fields.One2many(
        "kh.order.rule.hit",
        "order_id",
        "Intercepted By",
        copy=False,
        readonly=True,
        groups="kh_b2b_member.group_b2b_order_clerk,kh_b2b_member.group_b2b_supervisor",
    )
    kh_ship_to = fields.Char(
        "Shipped To",
        compute="_compute_kh_ship_to",
        store=True,
        help="The delivery address as it was when the order was placed, or confirmed: an "
        "address that is written over later does not change it.",
    )
    kh_hold_text = fields.Char(
        "Why on Hold",
        compute="_compute_kh_hold_text",
        help="Why the order is on hold, in the reader's language where no person wrote it.",
    )
    # when and by whom it was stopped last, and let go
    kh_hold_date = fields.Datetime("On Hold Since", copy=False, readonly=True)
    kh_released_date = fields.Datetime("Released On", copy=False, readonly=True)
    kh_released_by_id = fields.Many2one("res.users", "Released By", copy=False, readonly=True)

    # === COMPUTE METHODS === #
    @api.depends("partner_shipping_id")
    def _compute_kh_ship_to(self):
        """Not of the address's parts: the order keeps what was agreed, see `_kh_note_ship_to`."""
        for order in self:
            order.kh_ship_to = order._kh_get_ship_to()

    @api.depends(
        "kh_is_on_hold",
        "kh_hold_reason",
        "kh_hold_kind",
        "kh_limit_warning",
        "kh_rule_hit_ids.state",
    )
    @api.depends_context("lang")
    def _compute_kh_hold_text(self):
        for order in self:
            order.kh_hold_text = order.kh_is_on_hold and order._kh_get_hold_reason()

    # === ACTION METHODS === #
    def action_confirm(self):
        """Extend `sale`: an order that a rule stops is put on hold instead, by any way."""
        self.check_access("write")
        held = self._kh_intercept()
        held._kh_leave_cart()
        if held == self and held:
            return True
        return super(SaleOrder, self - held).action_confirm()

    def action_kh_release(self, reason=None):
        """Extend: what rules stopped is released, and logged, with the order.

        What was refused stays so in the log; it says that the order was released after all.

        :param str reason: kept in the log, not shown to the dealer
        """
        held = self._kh_release_hits(reason)
        held._kh_note_released()
        result = super().action_kh_release()
        if reason:
            for order in held:
                order.message_post(
                    body=order.env._("Released because: %s", reason), subtype_xmlid="mail.mt_note"
                )
        return result

    def action_kh_return(self, reason=None):
        """Return orders on hold to their dealers, who read the reason (退回).

        They stay on hold until they are released or cancelled; what rules stopped is refused.

        :raise UserError: no reason, or an order is not on hold any more
        """
        self._kh_ensure_desk()
        if not reason:
            raise UserError(self.env._("Say why the order is returned."))
        self._kh_lock()
        self.invalidate_recordset(["kh_is_on_hold"])
        for order in self:
            if not order.kh_is_on_hold:
                raise UserError(self.env._("Order %s is not on hold any more.", order.display_name))
        # sudo: the log of rules; the right to decide was checked above
        self.sudo().kh_rule_hit_ids.with_user(self.env.user)._set_decided("refused", reason)
        self._kh_set_on_hold(reason)
        return True

    def _action_confirm(self):
        self._kh_note_ship_to()
        return super()._action_confirm()

    # === BUSINESS METHODS - INTERCEPTION === #
    def _kh_note_placed(self):
        """Extend: what a dealer sends is judged at once, not only when it is confirmed."""
        fresh = self.filtered(lambda order: not order.kh_placed_date)
        super()._kh_note_placed()
        fresh._kh_note_ship_to()
        fresh.filtered(
            lambda order: order.state == "sent" and order._kh_was_placed_by_dealer()
        )._kh_intercept()

    def _kh_intercept(self, states=("draft", "sent")):
        """Put on hold those of these orders that a rule catches; return them.

        Orders that wait for a person already are left alone. What was released is not caught
        again by the same rule, unless it changed materially. Locks the orders, and the dealers
        or addresses that rules compare orders of.

        :param states: the states of Odoo in which an order is judged
        """
        # sudo: rules and history are not for those who order; only a hold comes of it
        orders_sudo = self.sudo()
        rules_sudo = orders_sudo._kh_find_rules()
        if not rules_sudo:
            return self.browse()
        orders_sudo._kh_lock_for_rules(rules_sudo)
        orders_sudo = orders_sudo.filtered(
            lambda order: order.state in states and not order._kh_is_blocked()
        )
        found = rules_sudo._find_hits(orders_sudo)
        if not found:
            return self.browse()
        caught = orders_sudo.browse({order_id for order_id, _rule_id in found})
        held_sudo = caught._kh_stop(found)
        return self.browse(held_sudo.ids)

    def _kh_find_rules(self):
        """Return the rules of the companies of these orders."""
        domain = [("company_id", "in", self.company_id.ids)]
        return self.env["kh.order.rule"].search_fetch(domain, ["kind", "domain"])

    def _kh_lock_for_rules(self, rules):
        """Let confirmations wait for each other: of one order, and of one dealer's orders.

        The dealer is locked before the order, as everywhere. Two dealers who order to one
        address at the very same moment do not wait: neither is then counted for the other.
        """
        if SHARED_KINDS.intersection(rules.mapped("kind")):
            self.partner_id.commercial_partner_id._kh_lock_dealers()
        self._kh_lock()
        self.invalidate_recordset(["kh_is_on_hold"])

    def _kh_stop(self, found):
        """Log what was found and put these orders on hold; return those that are.

        :param dict found: see `_find_hits`
        """
        fresh = self._kh_prepare_hits(found)
        # an order that was cancelled while on hold and taken up again has open ones already
        known_sudo = self.kh_rule_hit_ids.filtered(
            lambda hit: hit.state == "open" and (hit.order_id.id, hit.rule_id.id) in found
        )
        known = {(hit.order_id.id, hit.rule_id.id) for hit in known_sudo}
        fresh = [vals for vals in fresh if (vals["order_id"], vals["rule_id"]) not in known]
        hits_sudo = known_sudo | self.env["kh.order.rule.hit"].sudo().create(fresh)
        for order, hits in hits_sudo.grouped("order_id").items():
            order._kh_set_on_hold(order._kh_get_check_reason())
            order.message_post(
                body=order.env._("Stopped by: %s", ", ".join(hits.rule_id.mapped("name"))),
                subtype_xmlid="mail.mt_note",
            )
        return hits_sudo.order_id

    def _kh_get_check_reason(self):
        """Return what a dealer is told of a stop by rules: no rule and no figure."""
        return self.env._("The order is being checked by our staff.")

    def _kh_get_hold_reason(self):
        """Extend: what rules stopped is told in the reader's language, whoever confirmed it."""
        # sudo: a dealer does not read hits, only that there is one
        if any(hit_sudo.state == "open" for hit_sudo in self.sudo().kh_rule_hit_ids):
            return self._kh_get_check_reason()
        # what a dealer sent in again has no reason of its own
        return super()._kh_get_hold_reason() or self._kh_get_check_reason()

    def _kh_prepare_hits(self, found):
        """Return the values of new hits, without what was let go with this content."""
        prints = {order.id: order._kh_get_fingerprint() for order in self}
        released = {
            (hit.order_id.id, hit.rule_id.id)
            for hit in self.kh_rule_hit_ids
            if hit.decided_fingerprint == prints[hit.order_id.id]
        }
        return [
            {
                "order_id": order_id,
                "rule_id": rule_id,
                "facts": facts,
                "fingerprint": prints[order_id],
            }
            for (order_id, rule_id), facts in found.items()
            if (order_id, rule_id) not in released
        ]

    def _kh_release_hits(self, reason=None):
        """Note the release on what rules stopped; return the orders that are on hold now."""
        self._kh_ensure_desk()
        self._kh_lock()
        self.invalidate_recordset(["kh_is_on_hold"])
        # sudo: the log of rules; the right to release was checked above
        hits_sudo = self.sudo().kh_rule_hit_ids
        hits_sudo.invalidate_recordset(["state"])
        hits = hits_sudo.with_user(self.env.user)
        refused = hits.sudo().filtered(lambda hit: hit.state == "refused")
        hits._set_decided("released", reason)
        refused.with_user(self.env.user)._set_overruled()
        return self.filtered("kh_is_on_hold")

    def _kh_get_fingerprint(self):
        """Return a digest of what a decision on this order rests on: who, where to, what, price.

        Lines are summed by product and price of the product's unit: to split a line, to write
        it in another unit or to add freight is no material change.
        """
        self.ensure_one()
        order_sudo = self.sudo()  # sudo: a digest, whoever confirms
        sums = {}
        for line in order_sudo.order_line:
            if not line.product_id or line.is_delivery or line.display_type:
                continue
            factor = line.product_uom_id.factor / (line.product_id.uom_id.factor or 1.0)
            price = line.price_unit * (1 - (line.discount or 0.0) / 100) / (factor or 1.0)
            key = (line.product_id.id, round(price, DIGITS))
            sums[key] = sums.get(key, 0.0) + line.product_uom_qty * factor
        lines = sorted((*key, round(quantity, DIGITS)) for key, quantity in sums.items())
        content = (
            order_sudo.partner_id.commercial_partner_id.id,
            order_sudo._kh_get_ship_to(),
            lines,
        )
        return sha256(repr(content).encode()).hexdigest()

    def _kh_get_ship_to(self):
        """Return today's delivery address as one text, or False.

        Written as in `_get_pair_query` of the rules, which compares with it.
        """
        self.ensure_one()
        address_sudo = self.sudo().partner_shipping_id  # sudo: the order's own address
        parts = (
            address_sudo.state_id.name,
            address_sudo.city,
            address_sudo.street,
            address_sudo.street2,
        )
        return " ".join(part for part in parts if part) or False

    def _kh_note_ship_to(self):
        """Keep where these orders go as of now; written only where it differs."""
        for order in self:
            ship_to = order._kh_get_ship_to()
            if order.kh_ship_to != ship_to:
                order.sudo().kh_ship_to = ship_to  # sudo: a field of ours, for the rules

    def _kh_try_confirm(self):
        """Extend: an order that was put on hold was not confirmed; say so."""
        reason = super()._kh_try_confirm()
        if not reason and self.kh_is_on_hold:
            return self._kh_get_hold_reason()
        return reason

    def _kh_set_on_hold(self, reason, kind=False):
        """Extend: note since when the order waits; a second reason does not begin anew."""
        fresh = self.filtered(lambda order: not order.kh_is_on_hold and order.state != "cancel")
        # sudo: fields of ours, as in what this extends
        fresh.sudo().write({"kh_hold_date": fields.Datetime.now(), "kh_released_date": False})
        return super()._kh_set_on_hold(reason, kind)

    def _kh_note_released(self):
        """Keep who let these orders go, and when; the callers checked who may."""
        # sudo: fields of ours
        self.sudo().write(
            {"kh_released_date": fields.Datetime.now(), "kh_released_by_id": self.env.uid}
        )

    # === HOOKS - APPROVAL === #
    def _approval_granted(self):
        """Extend: an approved order has passed the review, too."""
        self._kh_note_released()
        super()._approval_granted()

    def _approval_writable_fields(self):
        return super()._approval_writable_fields() | {
            "kh_hold_date",
            "kh_released_by_id",
            "kh_released_date",
            "kh_ship_to",
        }
