from markupsafe import escape

from odoo import fields, models
from odoo.exceptions import AccessError, UserError
from odoo.tools import SQL
from odoo.tools.misc import clean_context

FINAL_STATES = {"refuse": "refused", "return": "returned", "withdraw": "withdrawn"}
REASON_NEEDED = {"refuse", "return"}


class ApprovalRequest(models.Model):
    _inherit = "kh.approval.request"

    # === ACTION METHODS === #
    def action_approve(self):
        """Approve these requests (also in bulk); refused for all if one may not be decided."""
        self._decide("approve")
        return True

    def action_refuse(self, reason=None):
        """Refuse these requests; asks for the reason when there is none."""
        if not reason:
            return self._open_reason_wizard("refuse")
        self._decide("refuse", reason)
        return True

    def action_return(self, reason=None):
        """Return these requests for correction; asks for the reason when there is none."""
        if not reason:
            return self._open_reason_wizard("return")
        self._decide("return", reason)
        return True

    def action_withdraw(self):
        """Take back one's own requests."""
        self._decide("withdraw")
        return True

    def _open_reason_wizard(self, decision):
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("Refuse") if decision == "refuse" else self.env._("Return"),
            "res_model": "kh.approval.reason",
            "view_mode": "form",
            "target": "new",
            "context": {"default_request_ids": self.ids, "default_decision": decision},
        }

    # === BUSINESS METHODS - THE DOOR === #
    def _decide(self, decision, comment=None, *, delegate_to=None):
        """Book one decision of the current user on each request. The only way in.

        :param str decision: "approve", "refuse", "return", "withdraw" or "delegate"
        :param str comment: required to refuse or return
        :param delegate_to: the user who gets the turn, with "delegate"
        :raise UserError: a request is no longer pending, or the reason is missing
        :raise AccessError: the user may not decide (or see) a document
        Locks the requests (waits for whoever decides at the moment) and always writes the
        locked rows, so that the second of two deciders is retried and sees the first.
        """
        comment = (comment or "").strip() or False
        if decision in REASON_NEEDED and not comment:
            raise UserError(self.env._("Please give a reason; the applicant will read it."))
        # sudo: nobody has rights to write requests and decisions; this method is the check.
        # Without the caller's defaults, which would reach all that the hooks create.
        requests_sudo = self.with_env(self.env(su=True, context=clean_context(self.env.context)))
        requests_sudo._lock()
        for request_sudo in requests_sudo:
            request_sudo._ensure_may_decide(decision)
        requests_sudo._add_decisions(decision, comment)
        requests_sudo._move_on(decision, comment)

    def _lock(self):
        """Wait for and lock the rows of `self`, in one order everywhere."""
        self.flush_recordset()
        self.env.execute_query(
            SQL(
                "SELECT id FROM kh_approval_request WHERE id IN %s ORDER BY id FOR UPDATE",
                tuple(self.ids) or (0,),
            )
        )
        self.invalidate_recordset()

    def _ensure_may_decide(self, decision):
        """Raise unless the current user may take this decision on this request now."""
        self.ensure_one()
        if self.state != "pending":
            last = self.decision_ids[-1:]
            raise UserError(
                self.env._(
                    "%(document)s is no longer to be approved: %(user)s has decided already.",
                    document=self.name,
                    user=last.user_id.name or self.requester_id.name,
                )
            )
        user = self.env.user
        if decision == "withdraw":
            if user != self.requester_id and not self._is_manager(user):
                raise AccessError(
                    self.env._(
                        "Only %(user)s, who asked for it, can withdraw the approval of "
                        "%(document)s.",
                        user=self.requester_id.name,
                        document=self.name,
                    )
                )
            return
        if user == self.requester_id:
            raise AccessError(
                self.env._(
                    "You asked for the approval of %(document)s, so somebody else must decide.",
                    document=self.name,
                )
            )
        if user not in self._get_deciders():
            raise AccessError(
                self.env._(
                    "The step %(step)s of %(document)s is not yours to decide, or you have "
                    "decided it already.",
                    step=self.step_id.name,
                    document=self.name,
                )
            )
        document = self._get_document()
        document.with_user(user).check_access("read")
        document._approval_ensure_can_decide(decision)

    def _is_manager(self, user):
        return user.has_group("kh_b2b_approval.group_approval_manager")

    def _get_approvers(self):
        """Return everybody whose voice counts at the present step, never the requester.

        Where that is nobody, approval managers step in (of the request's company).
        """
        self.ensure_one()
        document = self._get_document()
        approvers = self.step_id._get_approvers(document) - self.requester_id
        return approvers or self._get_managers()

    def _get_managers(self):
        """Return the approval managers of the request's company, never the requester."""
        group = self.env.ref("kh_b2b_approval.group_approval_manager")
        # sudo: who is in a group is not readable for everybody who asks
        managers = group.sudo().all_user_ids.filtered(
            lambda u: (
                u.active
                and not u.share
                and (not self.company_id or self.company_id in u.company_ids)
            )
        )
        return managers - self.requester_id

    def _get_waiting(self):
        """Return the approvers who have not spoken at this step."""
        self.ensure_one()
        return self._get_approvers() - self._get_step_decisions().user_id

    def _get_deciders(self):
        """Return who may decide now: approvers who have not spoken at this step.

        Where all who are left have spoken (a missing voice left the company), nobody would
        ever complete the step: approval managers who have not spoken do.
        """
        self.ensure_one()
        spoken = self._get_step_decisions().user_id
        return self._get_waiting() or self._get_managers() - spoken

    def _get_current_approvers(self):
        """Return who may act now on each request.

        :rtype: dict[int, res.users recordset], by request id; empty where it is decided
        """
        none = self.env["res.users"].sudo()  # sudo: names of approvers, for whoever asks
        return {
            request.id: request._get_deciders() if request.state == "pending" else none
            for request in self.sudo()
        }

    def _notify_approvers(self, users):
        """Tell `users` that this request waits for them (hook, for e-mail, links, ...).

        Called once for each user whose turn begins, as superuser, also for portal users;
        internal users have got their to-do already. `self` is one request.
        """
        self.ensure_one()

    def _get_step_decisions(self):
        return self.decision_ids.filtered(lambda d: d.step_id == self.step_id)

    def _add_decisions(self, decision, comment):
        self.env["kh.approval.decision"].create(
            [
                {
                    "request_id": request.id,
                    "step_id": request.step_id.id,
                    "user_id": self.env.uid,
                    "decision": decision,
                    "comment": comment,
                }
                for request in self
            ]
        )
        now = fields.Datetime.now()
        for request in self:
            request.write({"decision_count": request.decision_count + 1, "date_decided": now})

    def _move_on(self, decision, comment):
        """Take each request to its next step or to its end, and tell its document."""
        for request in self:
            target = FINAL_STATES.get(decision)
            if not target:
                if not request._is_step_complete():
                    request._notify_waiting()
                    continue
                if next_step := request.step_id._get_next():
                    request.step_id = next_step
                    request._notify_waiting()
                    continue
                target = "approved"
            request.state = target
            request._notify_waiting()
            request._tell_document(comment)

    def _is_step_complete(self):
        """Whether the present step has all the approvals it needs."""
        self.ensure_one()
        if self.step_id.mode == "any":
            return True
        return not self._get_waiting()

    # === BUSINESS METHODS - DOCUMENT === #
    def _get_document(self):
        """Return the document under review, as superuser."""
        self.ensure_one()
        # sudo: the hooks apply what was approved; the approver may only have to read it
        return self.env[self.res_model].sudo().browse(self.res_id)

    def _tell_document(self, comment):
        self.ensure_one()
        document = self._get_document()
        if self.state == "approved":
            document._approval_granted()
        elif self.state == "refused":
            document._approval_refused(comment)
        elif self.state == "returned":
            document._approval_returned(comment)
        else:
            document._approval_withdrawn()

    def _notify_waiting(self):
        """Set the to-do of whoever must act now, and clear those of everybody else.

        The activity mail of Odoo is the e-mail to the approvers.
        """
        self.ensure_one()
        document = self._get_document()
        if "activity_ids" not in document._fields:
            return
        # sudo: to-dos of all approvers of this document, not only one's own
        activity_type = self.env.ref("kh_b2b_approval.mail_activity_type_approval")
        activities = (
            self.env["mail.activity"]
            .sudo()
            .search(
                [
                    ("res_model", "=", self.res_model),
                    ("res_id", "=", self.res_id),
                    ("activity_type_id", "=", activity_type.id),
                ]
            )
        )
        deciders = self._get_deciders() if self.state == "pending" else self.env["res.users"]
        stale = activities.filtered(lambda a: a.user_id not in deciders)
        missing = deciders - activities.user_id
        stale.unlink()
        # sudo: to-dos are made for others, by whoever moved the request on
        self.env["mail.activity"].sudo().create(
            [
                {
                    "activity_type_id": activity_type.id,
                    "res_model_id": self.sudo().flow_id.model_id.id,
                    "res_id": self.res_id,
                    "user_id": user.id,
                    "summary": self.step_id.name,
                    "note": escape(self.summary or ""),
                }
                for user in missing
            ]
        )
        if missing:
            self._notify_approvers(missing)
