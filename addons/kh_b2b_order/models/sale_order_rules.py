from hashlib import sha256

from odoo import fields, models


class SaleOrder(models.Model):
    _inherit = "sale.order"

    # === FIELDS === #
    kh_rule_hit_ids = fields.One2many(
        "kh.order.rule.hit",
        "order_id",
        "Intercepted By",
        copy=False,
        readonly=True,
        groups="kh_b2b_member.group_b2b_order_clerk,kh_b2b_member.group_b2b_supervisor",
    )

    # === ACTION METHODS === #
    def action_confirm(self):
        """Extend `sale`: an order that a rule stops is put on hold instead, by any way."""
        self.check_access("write")
        held = self._kh_intercept()
        if held == self and held:
            return True
        return super(SaleOrder, self - held).action_confirm()

    def action_kh_release(self):
        """Extend: what rules stopped is released, and logged, with the order."""
        self._kh_ensure_desk()
        self._kh_lock()
        # sudo: the log of rules; the right to release was checked above
        hits_sudo = self.sudo().kh_rule_hit_ids
        hits_sudo.invalidate_recordset(["state"])
        todo = hits_sudo.filtered(lambda hit: hit.state != "released")
        todo.with_user(self.env.user)._set_decided("released")
        return super().action_kh_release()

    # === BUSINESS METHODS - INTERCEPTION === #
    def _kh_note_placed(self):
        """Extend: what a dealer sends is judged at once, not only when it is confirmed."""
        fresh = self.filtered(lambda order: not order.kh_placed_date)
        super()._kh_note_placed()
        fresh.filtered(
            lambda order: order.state == "sent" and order._kh_was_placed_by_dealer()
        )._kh_intercept()

    def _kh_intercept(self):
        """Put on hold those of these orders that a rule catches; return them.

        Orders that wait for a person already, or are confirmed, are left alone. What was
        released with the same content is not caught again by the same rule.
        """
        # sudo: rules and history are not for those who order; only a hold comes of it
        orders_sudo = self.sudo()
        rules_sudo = (
            self.env["kh.order.rule"]
            .sudo()
            .search_fetch([("company_id", "in", orders_sudo.company_id.ids)], ["kind"])
        )
        if not rules_sudo:
            return self.browse()
        orders_sudo = orders_sudo.filtered(
            lambda order: order.state in ("draft", "sent") and not order._kh_is_blocked()
        )
        found = rules_sudo._find_hits(orders_sudo)
        if not found:
            return self.browse()
        caught = orders_sudo.browse({order_id for order_id, _rule_id in found})
        fresh = caught._kh_drop_released(found)
        # an order that was cancelled while on hold and taken up again has open ones already
        known_sudo = caught.kh_rule_hit_ids.filtered(
            lambda hit: hit.state == "open" and (hit.order_id.id, hit.rule_id.id) in found
        )
        known = {(hit.order_id.id, hit.rule_id.id) for hit in known_sudo}
        fresh = [vals for vals in fresh if (vals["order_id"], vals["rule_id"]) not in known]
        hits_sudo = known_sudo | self.env["kh.order.rule.hit"].sudo().create(fresh)
        held = self.browse()
        for order, hits in hits_sudo.grouped("order_id").items():
            # the dealer reads the reason too: it names no rule and no figure
            order._kh_set_on_hold(order.env._("The order is being checked by our staff."))
            order.message_post(
                body=order.env._("Stopped by: %s", ", ".join(hits.rule_id.mapped("name"))),
                subtype_xmlid="mail.mt_note",
            )
            held |= self.browse(order.id)
        return held

    def _kh_drop_released(self, found):
        """Return the values of new hits, without what was released with this content."""
        prints = {order.id: order._kh_get_fingerprint() for order in self}
        released = {
            (hit.order_id.id, hit.rule_id.id)
            for hit in self.kh_rule_hit_ids
            if hit.state == "released" and hit.fingerprint == prints[hit.order_id.id]
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

    def _kh_get_fingerprint(self):
        """Return a digest of what a decision on this order rests on."""
        self.ensure_one()
        lines = sorted(
            (
                line.product_id.id,
                line.product_uom_id.id,
                line.product_uom_qty,
                line.price_unit,
                line.discount,
            )
            for line in self.order_line
            if line.product_id
        )
        content = (self.partner_id.id, self.partner_shipping_id.id, lines)
        return sha256(repr(content).encode()).hexdigest()

    def _kh_try_confirm(self):
        """Extend: an order that was put on hold was not confirmed; say so."""
        reason = super()._kh_try_confirm()
        if not reason and self.kh_is_on_hold:
            return self.kh_hold_reason
        return reason
