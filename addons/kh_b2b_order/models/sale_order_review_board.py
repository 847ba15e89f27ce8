from datetime import timedelta

from babel.dates import format_timedelta

from odoo import api, fields, models
from odoo.exceptions import UserError, ValidationError
from odoo.tools.misc import get_lang

from ..utils import format_time, to_local
from .sale_order_workflow import BulkResult


class SaleOrder(models.Model):
    """What the review board shows, and its decisions (审单台, M-50)."""

    _inherit = "sale.order"

    # === FIELDS === #
    kh_stop_reasons = fields.Text(
        "Why It Waits",
        compute="_compute_kh_stop_reasons",
        groups="kh_b2b_member.group_b2b_user",
        help="What rules found, within the reader's rights, or the reason given by a person.",
    )
    kh_waiting_time = fields.Char(
        "Waiting", compute="_compute_kh_waiting_time", groups="kh_b2b_member.group_b2b_user"
    )

    # === COMPUTE METHODS === #
    @api.depends(
        "kh_stage", "kh_hold_reason", "kh_hold_kind", "kh_limit_warning", "kh_rule_hit_ids.state"
    )
    @api.depends_context("lang", "uid")
    def _compute_kh_stop_reasons(self):
        # sudo: salespeople see why their order waits; each evidence minds its reader's rights
        orders_sudo = self.sudo()
        for order, order_sudo in zip(self, orders_sudo, strict=True):
            texts = []
            if order.kh_is_on_hold:
                # a list, not `filtered`: its records would be worded order by order
                hits_sudo = [hit for hit in order_sudo.kh_rule_hit_ids if hit.state != "released"]
                texts = [order._kh_word_hit(hit_sudo) for hit_sudo in hits_sudo]
                is_returned = any(hit.state == "refused" for hit in hits_sudo)
                if is_returned or not hits_sudo:
                    answer = order.env._("Changed by the dealer and sent in again.")
                    texts.insert(0, order.kh_hold_reason or order._kh_word_hold_kind() or answer)
            elif order.kh_stage == "review":
                texts = [order_sudo.kh_approval_request_id.flow_id.name or ""]
            order.kh_stop_reasons = "\n".join(text for text in texts if text)

    @api.depends("kh_stage", "kh_hold_date", "kh_placed_date")
    @api.depends_context("lang")
    def _compute_kh_waiting_time(self):
        now, locale = fields.Datetime.now(), get_lang(self.env).code
        for order in self:
            since = order._kh_get_waiting_since()
            order.kh_waiting_time = since and format_timedelta(
                max(now - since, timedelta(minutes=1)), granularity="minute", locale=locale
            )

    # === ACTION METHODS === #
    def action_kh_open_release(self):
        """Open the dialog that releases these orders."""
        return self._kh_open_decision("release")

    def action_kh_open_return(self):
        """Open the dialog that returns these orders to their dealers."""
        return self._kh_open_decision("return")

    # === BUSINESS METHODS - BOARD === #
    @api.model
    def _kh_word_hit(self, hit_sudo):
        """Return the rule's name and its evidence, once where they say the same."""
        name, evidence = hit_sudo.rule_id.name, hit_sudo.evidence
        if not evidence or evidence == name:
            return name
        return self.env._("%(rule)s: %(evidence)s", rule=name, evidence=evidence)

    def _kh_get_waiting_since(self):
        """Return since when an order waits for a person, or False."""
        self.ensure_one()
        if self.kh_stage == "hold":
            return self.kh_hold_date or self.write_date
        if self.kh_stage == "review":
            # sudo: the date alone
            return self.sudo().kh_approval_request_id.create_date
        return self.kh_stage == "to_pay" and self.kh_placed_date

    def _kh_open_decision(self, decision):
        self._kh_ensure_desk()
        return {
            **self.env["ir.actions.act_window"]._for_xml_id(
                "kh_b2b_order.kh_order_decision_action"
            ),
            "name": dict(
                self.env["kh.order.decision"]._fields["decision"]._description_selection(self.env)
            )[decision],
            "context": {
                "active_model": "sale.order",
                "active_ids": self.ids,
                "default_decision": decision,
            },
        }

    def _kh_find_obstacles(self, decision):
        """Say of which orders a decision does not pass, and why, `{order: text}`.

        :param str decision: "release" or "return"
        """
        found = {}
        for order in self:
            if not order.kh_is_on_hold:
                found[order] = order._kh_word_decided()
            elif decision == "return":
                continue
            elif order.kh_needs_dealer_approval:
                found[order] = self.env._("Waits for the approval of the buyer's company.")
            elif order.kh_limit_warning and not order.kh_is_limit_waived:
                found[order] = self.env._("Order limits: %s", order.kh_limit_warning)
        return found

    def _kh_word_decided(self):
        """Say who let this order go, and when; or where it stands."""
        self.ensure_one()
        if not self.kh_released_date:
            return self.env._("Not on hold: its stage is “%s”.", self._kh_get_stage_label())
        zone = self.env.user.tz
        return self.env._(
            "Released by %(user)s, %(time)s",
            user=self.sudo().kh_released_by_id.name,  # sudo: a colleague's name
            time=format_time(
                to_local(self.kh_released_date, zone), to_local(fields.Datetime.now(), zone)
            ),
        )

    def _kh_decide(self, decision, reason):
        """Release or return each of these orders by itself; one that fails stops no other.

        :rtype: BulkResult
        """
        self._kh_ensure_desk()
        self._kh_lock()
        self.invalidate_recordset(["kh_is_on_hold", "kh_released_date"])
        obstacles = self._kh_find_obstacles(decision)
        done = self.browse()
        for order in self - self.browse(order.id for order in obstacles):
            try:
                with self.env.cr.savepoint():
                    if decision == "release":
                        order.action_kh_release(reason)
                    else:
                        order.action_kh_return(reason)
            except (UserError, ValidationError) as error:
                obstacles[order] = str(error)
            else:
                done |= order
        return BulkResult(confirmed=done, refused=list(obstacles.items()))
