from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError

from ..utils import format_money, format_quantity

STATES = [
    ("draft", "Draft"),
    ("submitted", "Submitted"),
    ("approved", "Approved"),
    ("applied", "Applied"),
    ("refused", "Refused"),
    ("withdrawn", "Withdrawn"),
]
# In the context of what only notes an edit; no client can send an object.
RECORD = object()
# Written by the workflow only.
GUARDED = {
    "state",
    "version",
    "amount_before",
    "amount_after",
    "amount_difference",
    "applied_date",
    "decided_by_id",
    "requested_by_id",
    "is_edit",
    # follow the order
    "partner_id",
    "company_id",
}
OPEN = ("draft", "submitted", "approved")
# state: token and icon of its badge on the dealer's page
BADGES = {
    "draft": ("idle", "fa-pencil-square-o"),
    "submitted": ("run", "fa-hourglass-half"),
    "approved": ("run", "fa-hourglass-half"),
    "applied": ("done", "fa-check-circle"),
    "refused": ("stop", "fa-times-circle"),
    "withdrawn": ("idle", "fa-ban"),
}


class OrderChange(models.Model):
    """A change of a placed order, asked for by its dealer or by staff (订单修改, M-107).

    ========= ========================= ==========================================
    from      to                        by
    ========= ========================= ==========================================
    draft     submitted                 `action_submit`: a person decides, see `_needs_approval`
    draft     applied                   `action_submit`: otherwise, at once
    submitted applied (through approved) `action_approve` of the order desk, or the flow
    submitted refused                   `action_refuse`, or the flow
    draft     withdrawn                 `action_withdraw`
    submitted withdrawn                 `action_withdraw`
    ========= ========================= ==========================================

    Applied, refused and withdrawn are final. An applied change is a version of its order.
    Unchanged lines keep their price; changed and new ones have the price of the order's date, as
    if they had been ordered so, and as the order's form gives them. Nothing goes below what was
    shipped or invoiced. What staff edit on the order itself is noted as an applied change, see
    `sale_order_version`.
    """

    _name = "kh.order.change"
    _description = "Order Change"
    _inherit = ["kh.guarded.mixin", "mail.thread", "mail.activity.mixin", "kh.approval.mixin"]
    _order = "id desc"
    _kh_guarded_fields = frozenset(GUARDED)
    _check_company_auto = True

    # === FIELDS === #
    order_id = fields.Many2one(
        "sale.order", "Order", required=True, index=True, ondelete="cascade", check_company=True
    )
    company_id = fields.Many2one(related="order_id.company_id", store=True)
    currency_id = fields.Many2one(related="order_id.currency_id")
    partner_id = fields.Many2one(related="order_id.partner_id", string="Dealer", store=True)
    user_id = fields.Many2one(related="order_id.user_id", string="Salesperson")
    state = fields.Selection(STATES, default="draft", readonly=True, copy=False, tracking=True)
    version = fields.Integer(
        readonly=True, copy=False, help="Number of the order's version once applied, from 2 on."
    )
    reason = fields.Char(help="Why the order is changed; both sides read it.")
    reply = fields.Char(copy=False, help="Why the change was refused; the dealer reads it.")
    is_edit = fields.Boolean(
        "Edited on the Order", readonly=True, copy=False, help="Staff edited the order's lines."
    )
    requested_by_id = fields.Many2one("res.partner", "Asked by", readonly=True, copy=False)
    decided_by_id = fields.Many2one("res.partner", "Decided by", readonly=True, copy=False)
    applied_date = fields.Datetime("Applied On", readonly=True, copy=False)
    partner_shipping_id = fields.Many2one("res.partner", "New Delivery Address")
    commitment_date = fields.Datetime("New Delivery Date")
    line_ids = fields.One2many("kh.order.change.line", "change_id", "Lines", copy=False)
    # Tax included, currency of the order.
    amount_before = fields.Monetary("Total before", readonly=True, copy=False)
    amount_after = fields.Monetary("Total after", readonly=True, copy=False)
    amount_difference = fields.Monetary(
        "Difference", compute="_compute_amount_difference", store=True
    )
    _one_open = models.UniqueIndex(
        "(order_id) WHERE state IN ('draft', 'submitted', 'approved')",
        "There is an open change of this order already. Withdraw or decide it first.",
    )
    _one_of_each_version = models.UniqueIndex(
        "(order_id, version) WHERE version > 0",
        "Somebody else changed this order at the same moment. Look at it, and try again.",
    )

    # === COMPUTE METHODS === #
    @api.depends("order_id", "version")
    def _compute_display_name(self):
        for change in self:
            change.display_name = self.env._("Change of %s", change.order_id.name or "")

    @api.depends("amount_before", "amount_after")
    def _compute_amount_difference(self):
        for change in self:
            change.amount_difference = change.amount_after - change.amount_before

    # === CRUD METHODS === #
    @api.model_create_multi
    def create(self, vals_list):
        if self._is_record():
            return super().create(vals_list)
        self._ensure_none_open([vals.get("order_id") for vals in vals_list])
        changes = super().create(vals_list)
        author = self.env["sale.order"]._kh_get_author()
        for change in changes:
            change.order_id.check_access("write")
            change._ensure_order_changeable()
            # sudo: written by the workflow only
            change.sudo().requested_by_id = author
        return changes

    def write(self, vals):
        if not self.env.su:
            if "order_id" in vals:
                raise AccessError(self._kh_get_guard_text())
            if any(change.state != "draft" for change in self) and vals.keys() & {
                "line_ids",
                "partner_shipping_id",
                "commitment_date",
            }:
                raise UserError(self.env._("This change was sent already and stays as it is."))
        return super().write(vals)

    @api.model
    def _is_record(self):
        """Answer whether the system notes what was done to orders already."""
        return self.env.su and self.env.context.get("kh_is_record") is RECORD

    def _ensure_none_open(self, order_ids):
        """Raise if one of these orders has an open change; the index holds it under races."""
        self.flush_model(["state"])
        # sudo: whether there is one, also where the caller may not read it
        domain = [("order_id", "in", order_ids), ("state", "in", OPEN)]
        if self.sudo().search_count(domain, limit=1):
            raise UserError(
                self.env._(
                    "There is an open change of this order already. Withdraw or decide it first."
                )
            )

    @api.model
    def _kh_get_guard_text(self):
        return self.env._("The state and the amounts of a change follow its workflow.")

    @api.ondelete(at_uninstall=False)
    def _unlink_except_sent(self):
        if any(change.state != "draft" for change in self):
            raise UserError(self.env._("A change that was sent is kept. Withdraw it instead."))

    # === ACTION METHODS === #
    def action_submit(self):
        """Send these changes: apply at once, or ask for a decision."""
        self.check_access("write")
        for change in self:
            change._ensure_state("draft")
            change.order_id._kh_lock()
            change._ensure_order_changeable()
            if not change._get_difference():
                raise UserError(self.env._("Nothing is changed. Enter what should be different."))
            change._ensure_applicable()
            change._refresh_amounts()
            change._ensure_within_buyer_limit()
            change._set_state("submitted")
            if change._needs_approval():
                change._ask_for_approval()
            else:
                change._apply()
        return True

    def action_approve(self):
        """Say yes for the seller, and apply; only where no approval flow decides."""
        self.order_id._kh_ensure_desk()
        for change in self:
            change._ensure_state("submitted")
            change._approval_ensure_not_frozen()
            change._apply()
        return True

    def action_refuse(self, reason=None):
        """Say no for the seller, with the reason that the dealer reads."""
        self.order_id._kh_ensure_desk()
        for change in self:
            change._ensure_state("submitted")
            change._approval_ensure_not_frozen()
            if not (reason or change.reply):
                raise UserError(self.env._("Write the reason of the refusal into “Reply”."))
            change._refuse(reason or change.reply)
        return True

    def action_withdraw(self):
        """Take a change back that was not decided yet."""
        self.check_access("write")
        for change in self:
            change._ensure_state("draft", "submitted")
        self._withdraw()
        return True

    # === BUSINESS METHODS - STATE === #
    def _withdraw(self):
        """Take these open changes back, with the approval that was asked for."""
        for change in self:
            if change._is_under_review():
                # the hook below moves the state
                change.action_approval_withdraw()
            else:
                change._set_state("withdrawn")

    def _withdraw_with_order(self):
        """Take these open changes back because their order ends, whoever ends it."""
        for change in self:
            # only who asked for an approval can take it back
            requester = change.sudo().kh_approval_request_id.requester_id or self.env.user
            # sudo: open changes end with the order, after the checks of the caller
            change.with_user(requester).sudo()._withdraw()

    def _set_state(self, state):
        # sudo: the state is written by the workflow only
        self.sudo().state = state
        if state not in OPEN:
            self._close_activities()

    def _ensure_state(self, *states):
        self.ensure_one()
        # whoever waited for the order's lock sees what the other one did
        self.invalidate_recordset(["state"])
        if self.state not in states:
            raise UserError(
                self.env._(
                    "%(change)s is “%(state)s”; this is not possible any more.",
                    change=self.display_name,
                    state=dict(self._fields["state"]._description_selection(self.env))[self.state],
                )
            )

    def _ensure_order_changeable(self):
        """Raise one sentence if the order cannot be changed now."""
        reason = self.order_id._kh_find_change_obstacle()
        if reason:
            raise UserError(reason)

    # === BUSINESS METHODS - DIFFERENCE === #
    def _get_difference(self):
        """Return the lines that differ; true as well if only the address or date does."""
        self.ensure_one()
        lines = self.line_ids.filtered(lambda line: line._is_changed())
        is_moved = self._prepare_order_vals()
        return lines or is_moved

    def _prepare_order_vals(self):
        """Return what changes on the order itself."""
        vals = {}
        order = self.order_id
        if self.partner_shipping_id and self.partner_shipping_id != order.partner_shipping_id:
            vals["partner_shipping_id"] = self.partner_shipping_id.id
        if self.commitment_date and self.commitment_date != order.commitment_date:
            vals["commitment_date"] = self.commitment_date
        return vals

    # === BUSINESS METHODS - DECISION === #
    def _ask_for_approval(self):
        """Start the approval flow that is meant for this change; without one the desk decides."""
        self.ensure_one()
        flow = self.env["kh.approval.flow"]._find_flows(self)[self]
        if flow:
            self.action_request_approval()
        else:
            self._tell_desk()

    def _tell_desk(self):
        """Give who looks after the order a to-do; without anybody it waits in the list."""
        user = self.order_id.user_id or self.order_id.team_id.user_id
        if user:
            _ = self.with_context(lang=user.lang).env._
            # sudo: the to-do is made for the seller, also when the dealer asks
            self.sudo().activity_schedule(
                "mail.mail_activity_data_todo",
                user_id=user.id,
                summary=_("Decide on a change of this order"),
                note=self.reason or "",
            )

    def _close_activities(self):
        # sudo: the to-do of somebody else is done by who decided
        self.sudo().activity_unlink(["mail.mail_activity_data_todo"])

    def _refuse(self, reason):
        # sudo: written by the workflow only
        self.sudo().write(
            {
                "reply": reason,
                "state": "refused",
                "decided_by_id": self.env["sale.order"]._kh_get_author().id,
            }
        )
        self._close_activities()
        self._note_on_order(self.env._("A change was refused: %s", reason))
        self._tell_requester()

    # === BUSINESS METHODS - APPLY === #
    def _ensure_applicable(self):
        """Raise one sentence if a line cannot become what is asked for."""
        for line in self.line_ids:
            line._ensure_of_order()
        for line in self.line_ids.filtered(lambda line: line._is_changed()):
            line._ensure_applicable()
        self._ensure_something_left()
        added = self.line_ids.filtered(lambda line: line.quantity_new > line.quantity_old)
        reasons = self.order_id._kh_find_not_allowed(added.product_id)
        for product in added.product_id:
            if product.id in reasons:
                # sudo: the name of a product that may be hidden by now
                name = product.sudo().display_name
                raise UserError(
                    self.env._("%(product)s: %(reason)s", product=name, reason=reasons[product.id])
                )
        address, dealer = self.partner_shipping_id, self.order_id.partner_id
        if address and address.commercial_partner_id != dealer.commercial_partner_id:
            raise UserError(self.env._("The new delivery address is not one of the dealer's."))

    def _ensure_something_left(self):
        order = self.order_id
        goods = order.order_line.filtered(lambda line: line._kh_is_goods())
        dropped = self.line_ids.filtered(lambda line: not line.quantity_new).order_line_id
        added = self.line_ids.filtered(lambda line: line.quantity_new and not line.order_line_id)
        if goods <= dropped and not added:
            raise UserError(
                self.env._("Nothing would be left on order %s. Have it cancelled.", order.name)
            )

    def _apply(self):
        """Change the order in one go, under its lock; a version of it from then on.

        :raise UserError: the order changed meanwhile, or its rules refuse the change
        """
        for change in self:
            order = change.order_id
            order._kh_lock_parts()
            change._ensure_order_changeable()
            change._ensure_applicable()
            change._ensure_within_buyer_limit()
            before = order.amount_total
            change._set_state("approved")
            change._apply_lines()
            change._ensure_as_shown()
            order._kh_ensure_invoiced_covered()
            change._apply_to_order()
            change.sudo().write(change._prepare_applied_vals(before))  # sudo: workflow fields
            change._close_activities()
            change._note_on_order(change._get_sentence())
            change._tell_requester()
            # sudo: what was paid may be all that is due now; the change was checked above
            order.sudo()._kh_confirm_if_paid()

    def _apply_lines(self):
        order = self.order_id
        lines = self.line_ids.filtered(lambda line: line._is_changed())
        # as the user even where the system calls: the limits of confirmed orders hold here
        noted = order.sudo(False)._kh_note_limits(lines.product_id)
        lines.sudo()._apply()  # sudo: the approved change, after the checks above
        order.sudo(False)._kh_ensure_within(noted)
        broken = order.sudo()._kh_find_broken_limits()
        if broken:
            raise UserError("\n".join(broken.values()))

    def _apply_to_order(self):
        """Give the order its new address and date; open shipments go to that address, too."""
        vals = self._prepare_order_vals()
        if not vals:
            return
        # sudo: the approved change, after the checks of the caller
        order_sudo = self.order_id.sudo()
        # core would ask to correct the shipments by hand
        order_sudo.with_context(mail_activity_automation_skip=True).write(vals)
        if "partner_shipping_id" in vals:
            shipments_sudo = order_sudo.picking_ids.filtered(
                lambda picking: (
                    picking.state not in ("done", "cancel")
                    and picking.picking_type_id.code != "incoming"
                )
            )
            shipments_sudo.partner_id = order_sudo.partner_shipping_id

    def _prepare_applied_vals(self, before):
        order = self.order_id
        return {
            "state": "applied",
            "version": order.kh_version + 1,
            "amount_before": before,
            "amount_after": order.amount_total,
            "applied_date": fields.Datetime.now(),
            "decided_by_id": self.env["sale.order"]._kh_get_author().id,
        }

    # === BUSINESS METHODS - NEWS === #
    def _get_sentence(self):
        """Say what the change did to the order's total, in the reader's language."""
        return self.env._(
            "Changed to version %(version)s: total %(before)s → %(after)s.",
            version=self.version,
            before=format_money(self.amount_before, self.currency_id),
            after=format_money(self.amount_after, self.currency_id),
        )

    def _note_on_order(self, body):
        self.order_id.sudo().message_post(body=body)  # sudo: a note on an order changed above

    def _tell_requester(self):
        """Queue the e-mail that tells who asked what became of it, in their language."""
        # sudo: templates are rendered as superuser; the mail goes to the requester only
        template_sudo = self.env.ref("kh_b2b_order.mail_template_order_change_decided").sudo()
        for change in self.filtered("requested_by_id.email"):
            template_sudo.send_mail(change.id)

    # === BUSINESS METHODS - PORTAL === #
    def _portal_rows(self):
        """Return the lines that differ, as the dealer's page shows them (strings)."""
        return [
            {
                "name": line._get_product_name(),
                "spec": line.order_line_id._kh_portal_spec() if line.order_line_id else "",
                "before": format_quantity(line.quantity_old),
                "after": format_quantity(line.quantity_new),
                "difference": ("+" if line.quantity_difference > 0 else "")
                + format_quantity(line.quantity_difference),
                "terms": line._word_terms(),
            }
            for line in self.line_ids
            if line._is_changed()
        ]

    def _portal_summary(self):
        """Return one change for the list on the order's page, and its own (strings)."""
        self.ensure_one()
        token, icon = BADGES[self.state]
        sign = "+" if self.amount_difference > 0 else ""
        return {
            "id": self.id,
            "when": self.order_id._kh_format_time(self.create_date),
            "state": dict(self._fields["state"]._description_selection(self.env))[self.state],
            "token": token,
            "icon": icon,
            "before": format_money(self.amount_before, self.currency_id),
            "after": format_money(self.amount_after, self.currency_id),
            "difference": sign + format_money(self.amount_difference, self.currency_id),
        }

    # === HOOKS - APPROVAL === #
    def _approval_get_summary(self):
        return self.env._(
            "%(order)s: %(before)s → %(after)s",
            order=self.order_id.name,
            before=format_money(self.amount_before, self.currency_id),
            after=format_money(self.amount_after, self.currency_id),
        )

    def _approval_granted(self):
        super()._approval_granted()
        self.filtered(lambda change: change.state == "submitted")._apply()

    def _approval_refused(self, reason):
        super()._approval_refused(reason)
        for change in self:
            change._refuse(reason or self.env._("The change was not approved."))

    def _approval_returned(self, reason):
        super()._approval_returned(reason)
        for change in self:
            change._refuse(reason or self.env._("The change was not approved."))

    def _approval_withdrawn(self):
        super()._approval_withdrawn()
        self._set_state("withdrawn")

    def _approval_writable_fields(self):
        return super()._approval_writable_fields() | {"reply"}
