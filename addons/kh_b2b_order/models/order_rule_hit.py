from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError

HIT_STATES = [("open", "To review"), ("released", "Released"), ("refused", "Refused")]


class OrderRuleHit(models.Model):
    """One order that one rule stopped, and what became of it (拦截记录, M-49).

    ========  ====================================================================
    from      to, by
    ========  ====================================================================
    open      released (`action_release`, or the order's release) ·
              refused (`action_refuse`, with a comment)
    released  –
    refused   released (the order is released after all)
    ========  ====================================================================
    """

    _name = "kh.order.rule.hit"
    _description = "Intercepted Order"
    _order = "id desc"

    # === FIELDS === #
    order_id = fields.Many2one(
        "sale.order", required=True, ondelete="cascade", index=True, readonly=True
    )
    rule_id = fields.Many2one(
        "kh.order.rule", required=True, ondelete="restrict", index=True, readonly=True
    )
    company_id = fields.Many2one(related="order_id.company_id", store=True, index=True)
    partner_id = fields.Many2one(related="order_id.partner_id", string="Dealer")
    currency_id = fields.Many2one(related="company_id.currency_id")
    facts = fields.Json(readonly=True)
    evidence = fields.Char(compute="_compute_evidence")
    fingerprint = fields.Char(readonly=True, help="The order's content when it was stopped.")
    state = fields.Selection(HIT_STATES, default="open", required=True, readonly=True, index=True)
    comment = fields.Char(help="The dealer reads it if the order is refused.")
    decided_by_id = fields.Many2one("res.users", "Decided By", readonly=True)
    decided_date = fields.Datetime("Decided On", readonly=True)
    is_false_alarm = fields.Boolean(
        "False Alarm", readonly=True, help="Released without any change to the order."
    )

    _open_uniq = models.UniqueIndex(
        "(order_id, rule_id) WHERE state = 'open'", "This rule stopped the order already."
    )

    # === COMPUTE METHODS === #
    @api.depends("facts", "rule_id.kind")
    @api.depends_context("lang")
    def _compute_evidence(self):
        for hit in self:
            hit.evidence = getattr(hit, f"_word_{hit.rule_id.kind}")(hit.facts or {})

    # === CRUD METHODS === #
    def write(self, vals):
        if not self.env.su and set(vals) - {"comment"}:
            raise AccessError(self.env._("Release or refuse the order instead."))
        return super().write(vals)

    # === ACTION METHODS === #
    def action_release(self):
        """Release the orders of these hits, from all their rules (放行)."""
        self.check_access("write")
        self.order_id.action_kh_release()
        return True

    def action_refuse(self):
        """Refuse these orders: they stay on hold, and the dealer reads the comment (退回).

        :raise UserError: a hit has no comment, or was decided already
        """
        self.check_access("write")
        self.order_id._kh_ensure_desk()
        self.order_id._kh_lock()
        self.invalidate_recordset(["state"])
        for hit in self:
            if hit.state != "open":
                raise UserError(
                    self.env._("Order %s was decided already.", hit.order_id.display_name)
                )
            if not hit.comment:
                raise UserError(
                    self.env._("Say why order %s is refused.", hit.order_id.display_name)
                )
            hit.order_id._kh_set_on_hold(hit.comment)
        self._set_decided("refused")
        return True

    # === BUSINESS METHODS === #
    def _set_decided(self, state):
        """Note the decision; callers checked the rights and hold the orders' locks."""
        hits_sudo = self.sudo()  # sudo: the log is written by decisions alone, see `write`
        hits_sudo.write(
            {
                "state": state,
                "decided_by_id": self.env.uid,
                "decided_date": fields.Datetime.now(),
            }
        )
        if state == "released":
            same = hits_sudo.filtered(
                lambda hit: hit.fingerprint == hit.order_id._kh_get_fingerprint()
            )
            same.is_false_alarm = True

    def _word_amount(self, facts):
        return self.env._(
            "Total %(amount)s, over %(limit)s",
            amount=self.currency_id.format(facts.get("amount", 0.0)),
            limit=self.currency_id.format(facts.get("limit", 0.0)),
        )

    def _word_discount(self, facts):
        return self.env._(
            "Discount %(discount)s %%, deeper than %(limit)s %%",
            discount=facts.get("discount", 0.0),
            limit=facts.get("limit", 0.0),
        )

    def _word_new_dealer(self, facts):
        return self.env._(
            "New dealer: %(count)s orders confirmed before", count=facts.get("count", 0)
        )

    def _word_quantity(self, facts):
        lines = facts.get("lines", [])
        # sudo: names of what this order holds, which the reader may see
        products_sudo = self.env["product.product"].sudo()
        texts = [
            self.env._(
                "%(product)s: %(quantity)s instead of %(mean)s",
                product=products_sudo.browse(line["product_id"]).exists().display_name or "",
                quantity=round(line["quantity"], 2),
                mean=round(line["mean"], 2),
            )
            for line in lines
        ]
        return "; ".join(texts)

    def _word_overdue(self, facts):
        return self.env._("Overdue: %s", self.currency_id.format(facts.get("amount", 0.0)))
