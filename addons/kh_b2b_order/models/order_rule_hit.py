from odoo import api, fields, models
from odoo.exceptions import AccessError

HIT_STATES = [("open", "To review"), ("released", "Released"), ("refused", "Refused")]
OUTCOMES = [
    ("open", "To review"),
    ("false_alarm", "Released unchanged"),
    ("changed", "Released after a change"),
    ("refused", "Refused"),
]


class OrderRuleHit(models.Model):
    """One order that one rule stopped, and what became of it (拦截记录, M-49).

    ========  ====================================================================
    from      to, by
    ========  ====================================================================
    open      released (the order's `action_kh_release`) ·
              refused (the order's `action_kh_return`, with a reason)
    released  –
    refused   – (if the order is released after all, `is_overruled` says so)
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
    kind = fields.Selection(related="rule_id.kind", store=True)
    company_id = fields.Many2one(related="order_id.company_id", store=True, index=True)
    partner_id = fields.Many2one(related="order_id.partner_id", string="Dealer")
    currency_id = fields.Many2one(related="company_id.currency_id")
    # nobody reads them as they are: those of some kinds tell costs
    facts = fields.Json(readonly=True, groups=fields.NO_ACCESS)
    evidence = fields.Text(compute="_compute_evidence")
    fingerprint = fields.Char(
        readonly=True, groups=fields.NO_ACCESS, help="The order's content when it was stopped."
    )
    decided_fingerprint = fields.Char(
        readonly=True, groups=fields.NO_ACCESS, help="The order's content when it was let go."
    )
    state = fields.Selection(HIT_STATES, default="open", required=True, readonly=True, index=True)
    outcome = fields.Selection(OUTCOMES, compute="_compute_outcome", store=True)
    comment = fields.Char("Reason", readonly=True, help="The dealer reads it if it is returned.")
    decided_by_id = fields.Many2one("res.users", "Decided By", readonly=True)
    decided_date = fields.Datetime("Decided On", readonly=True)
    is_false_alarm = fields.Boolean(
        "False Alarm", readonly=True, help="Released without any change to the order."
    )
    is_overruled = fields.Boolean("Released After All", readonly=True)

    _open_uniq = models.UniqueIndex(
        "(order_id, rule_id) WHERE state = 'open'", "This rule stopped the order already."
    )

    # === COMPUTE METHODS === #
    @api.depends("facts", "rule_id.kind")
    @api.depends_context("lang", "uid")
    def _compute_evidence(self):
        names = self._get_named_products()
        for hit in self:
            hit.evidence = hit._word_evidence(names)

    @api.depends("state", "is_false_alarm")
    def _compute_outcome(self):
        for hit in self:
            outcome = "false_alarm" if hit.is_false_alarm else "changed"
            hit.outcome = outcome if hit.state == "released" else hit.state

    # === CRUD METHODS === #
    def write(self, vals):
        if not self.env.su:
            raise AccessError(self.env._("Release or return the order instead."))
        return super().write(vals)

    # === ACTION METHODS === #
    def action_open_order(self):
        """Open the order, to look closer."""
        self.ensure_one()
        self.check_access("read")
        return self.order_id._get_records_action(name=self.order_id.display_name)

    # === BUSINESS METHODS === #
    def _set_decided(self, state, comment=False):
        """Note the decision on hits that are open; a decision is never written over.

        Callers checked the rights and hold the orders' locks.
        """
        # sudo: the log is written by decisions alone, see `write`
        todo_sudo = self.sudo().filtered(lambda hit: hit.state == "open")
        vals = {
            "state": state,
            "comment": comment,
            "decided_by_id": self.env.uid,
            "decided_date": fields.Datetime.now(),
        }
        if state != "released":
            todo_sudo.write(vals)
            return
        prints = {order: order._kh_get_fingerprint() for order in todo_sudo.order_id}
        for order, hits_sudo in todo_sudo.grouped("order_id").items():
            hits_sudo.write({**vals, "decided_fingerprint": prints[order]})
        todo_sudo.filtered(
            lambda hit: hit.fingerprint == hit.decided_fingerprint
        ).is_false_alarm = True

    def _set_overruled(self):
        """Note that an order was released although these hits had been refused."""
        # sudo: see `_set_decided`
        refused_sudo = self.sudo().filtered(lambda hit: hit.state == "refused")
        for order, hits_sudo in refused_sudo.grouped("order_id").items():
            hits_sudo.write(
                {"is_overruled": True, "decided_fingerprint": order._kh_get_fingerprint()}
            )
