from collections import defaultdict

from odoo import fields, models
from odoo.exceptions import AccessError, UserError
from odoo.tools import SQL

FINAL_STATES = {"refuse": "refused", "return": "returned", "withdraw": "withdrawn"}
REASON_NEEDED = {"refuse", "return"}
# In whose name first, where somebody has several voices and one is enough.
KIND_ORDER = ("own", "delegate", "substitute", "escalated", "manager")
# What a caller may say about how the engine runs; bulk loads may leave the chatter empty.
CONTEXT_KEYS = ("lang", "tz", "allowed_company_ids", "tracking_disable")


def keep_context(env):
    """Return what of the context of `env` reaches the engine: nothing that steers it."""
    return {key: env.context[key] for key in CONTEXT_KEYS if key in env.context}


class ApprovalRequest(models.Model):
    _inherit = "kh.approval.request"

    # === ACTION METHODS === #
    def action_approve(self):
        """Approve these requests (also in bulk); refused for all if one may not be decided."""
        self.check_access("read")
        self._decide("approve")
        return True

    def action_refuse(self, reason=None):
        """Refuse these requests; asks for the reason when there is none."""
        self.check_access("read")
        if not reason:
            return self._open_reason_wizard("refuse")
        self._decide("refuse", reason)
        return True

    def action_return(self, reason=None):
        """Return these requests for correction; asks for the reason when there is none."""
        self.check_access("read")
        if not reason:
            return self._open_reason_wizard("return")
        self._decide("return", reason)
        return True

    def action_delegate(self, user_id=None, comment=None):
        """Pass one's turn on these requests to a colleague; asks to whom when not said."""
        self.check_access("read")
        if not user_id:
            return self._open_reason_wizard("delegate")
        self._decide("delegate", comment, delegate_to=self.env["res.users"].browse(user_id))
        return True

    def action_withdraw(self):
        """Take back one's own requests."""
        self.check_access("read")
        self._decide("withdraw")
        return True

    def _open_reason_wizard(self, decision):
        titles = {
            "refuse": self.env._("Refuse"),
            "return": self.env._("Return"),
            "delegate": self.env._("Delegate"),
        }
        return {
            "type": "ir.actions.act_window",
            "name": titles[decision],
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
        :param delegate_to: the user who gets the turn, with "delegate" and only then
        :raise UserError: a request is no longer pending, the reason is missing, or the turn
            cannot be passed to that user
        :raise AccessError: the user may not decide (or see) a document
        Locks the requests (waits for whoever decides at the moment) and always writes the
        locked rows, so that the second of two deciders is retried and sees the first.
        """
        comment = (comment or "").strip() or False
        if decision in REASON_NEEDED and not comment:
            raise UserError(self.env._("Please give a reason; the applicant will read it."))
        if (decision == "delegate") != bool(delegate_to):
            raise UserError(self.env._("Please choose who shall decide instead of you."))
        # sudo: nobody has rights to write requests and decisions; this method is the check.
        # Without the caller's context, which would reach all that the hooks do.
        requests_sudo = self.with_env(self.env(su=True, context=keep_context(self.env)))
        requests_sudo = requests_sudo.browse(self.ids)  # read together, wherever they come from
        requests_sudo._lock()
        requests_sudo._ensure_pending()
        requests_sudo._refresh_assigned()
        turns = requests_sudo._get_turns_by_request(self.env.user)
        for request_sudo in requests_sudo:
            request_sudo._ensure_may_decide(decision, turns[request_sudo.id], delegate_to)
        requests_sudo._add_decisions(decision, comment, turns, delegate_to)
        requests_sudo._move_on(decision, comment, turns)

    def _lock(self):
        """Wait for and lock the rows of `self`, in one order everywhere.

        Writes them as they are: whoever waits for them is retried and sees what was done.
        """
        self.flush_recordset()
        self.env.execute_query(
            SQL(
                """
                  WITH locked AS (SELECT id FROM kh_approval_request WHERE id IN %s
                                   ORDER BY id FOR UPDATE)
                UPDATE kh_approval_request r SET state = r.state
                  FROM locked WHERE r.id = locked.id
             RETURNING r.id
                """,
                tuple(self.ids) or (0,),
            )
        )
        self.invalidate_recordset()
        self.task_ids.invalidate_recordset()

    def _get_turns_by_request(self, user):
        turns = defaultdict(list)
        for turn in self._get_turns(user):
            turns[turn.request_id].append(turn)
        return turns

    # === BUSINESS METHODS - CHECKS === #
    def _ensure_pending(self):
        for request in self.filtered(lambda r: r.state != "pending"):
            last = request.decision_ids[-1:]
            raise UserError(
                self.env._(
                    "%(document)s is no longer to be approved: %(user)s has decided already.",
                    document=request.name,
                    user=last.user_id.name or request.requester_id.name,
                )
            )

    def _ensure_may_decide(self, decision, turns, delegate_to=None):
        """Raise unless the current user may take this decision on this request now.

        :param list turns: the user's turns at this request
        """
        self.ensure_one()
        if decision == "withdraw":
            self._ensure_may_withdraw()
            return
        if not turns:
            self._raise_not_yours()
        document = self._get_document()
        document.with_user(self.env.user).check_access("read")
        if decision == "delegate":
            self._ensure_can_delegate(turns, delegate_to)
        document._approval_ensure_can_decide(decision)

    def _ensure_may_withdraw(self):
        self.ensure_one()
        if self.env.user != self.requester_id:
            raise AccessError(
                self.env._(
                    "Only %(user)s, who asked for it, can withdraw the approval of %(document)s.",
                    user=self.requester_id.name,
                    document=self.name,
                )
            )

    def _raise_not_yours(self):
        self.ensure_one()
        user = self.env.user
        if user == self.requester_id:
            raise AccessError(
                self.env._(
                    "You asked for the approval of %(document)s, so somebody else must decide.",
                    document=self.name,
                )
            )
        if user == self.author_id:
            raise AccessError(
                self.env._(
                    "You wrote %(document)s, so somebody else must decide.", document=self.name
                )
            )
        raise AccessError(
            self.env._(
                "The step %(step)s of %(document)s is not yours to decide, or you have "
                "decided it already.",
                step=", ".join(self._get_open_tasks().step_id.mapped("name")),
                document=self.name,
            )
        )

    def _ensure_can_delegate(self, turns, delegate_to):
        """Raise unless the current user may pass these turns to `delegate_to`."""
        self.ensure_one()
        if not self._get_delegable(turns):
            raise UserError(
                self.env._(
                    "You decide %(document)s in the name of somebody else, so it cannot be "
                    "passed on.",
                    document=self.name,
                )
            )
        if not self._is_known(delegate_to):
            raise UserError(
                self.env._(
                    "Choose an active colleague who may see %(document)s.", document=self.name
                )
            )
        # sudo: companies and groups of the other user are not readable for everybody
        self._ensure_can_take(delegate_to.sudo(), turns)

    def _ensure_can_take(self, target_sudo, turns):
        """Raise unless `target_sudo`, whom the current user may know of, can get these turns."""
        self.ensure_one()
        names = {"user": target_sudo.name, "document": self.name}
        if target_sudo in self.requester_id | self.author_id:
            raise UserError(
                self.env._(
                    "%(user)s asked for the approval of %(document)s or wrote it, and cannot "
                    "decide it.",
                    **names,
                )
            )
        if target_sudo in self._get_deciders():
            raise UserError(self.env._("%(user)s decides %(document)s already.", **names))
        if self._has_counted(target_sudo, turns):
            raise UserError(
                self.env._(
                    "%(user)s has approved this step of %(document)s already and counts once.",
                    **names,
                )
            )
        if not self._is_fit_for(target_sudo):
            raise UserError(
                self.env._(
                    "%(user)s cannot decide %(document)s: choose an active colleague who may "
                    "see it.",
                    **names,
                )
            )

    def _get_delegable(self, turns):
        """Return the turns that are the user's to pass on: not those of absent colleagues."""
        return [turn for turn in turns if turn.kind in ("own", "delegate")]

    def _is_known(self, user):
        """Answer whether the current user may know of `user`: else their name is not said."""
        self.ensure_one()
        me = self.env.user
        user_sudo = user.exists().sudo()  # sudo: companies are not readable for everybody
        if not user_sudo or user_sudo.share != me.share:
            return False
        if self.company_id and self.company_id not in user_sudo.company_ids:
            return False
        if me.share:
            return user_sudo.commercial_partner_id == me.commercial_partner_id
        return user.with_user(me).has_access("read")

    def _has_counted(self, user, turns):
        """Answer whether `user` has approved at one of these turns where a number decides."""
        tasks = self.env["kh.approval.task"].browse({turn.task_id for turn in turns})
        counted = tasks.filtered(lambda task: task.step_id.mode == "count")
        return any(user in task._get_approvals().user_id for task in counted)

    def _is_fit_for(self, user):
        """Answer whether `user` may get the turn of the current user by delegation."""
        self.ensure_one()
        me = self.env.user
        if not user.active or user == me or user.share != me.share or user._is_superuser():
            return False
        if me.share and user.commercial_partner_id != me.commercial_partner_id:
            return False
        if self.company_id and self.company_id not in user.company_ids:
            return False
        return self._get_document().with_user(user).has_access("read")

    # === BUSINESS METHODS - BOOKS === #
    def _add_decisions(self, decision, comment, turns, delegate_to=None):
        vals_list = []
        for request in self:
            for turn in request._choose_voices(decision, turns[request.id]):
                own = turn is None or turn.voice_id == self.env.uid
                task = self.env["kh.approval.task"].browse(turn.task_id if turn else [])
                vals_list.append(
                    {
                        "request_id": request.id,
                        "task_id": task.id,
                        "step_id": task.step_id.id or request.step_id.id,
                        "user_id": self.env.uid,
                        "on_behalf_of_id": False if own else turn.voice_id,
                        "delegate_to_id": delegate_to.id if delegate_to else False,
                        "decision": decision,
                        "comment": comment,
                    }
                )
        self.env["kh.approval.decision"].create(vals_list)
        now = fields.Datetime.now()
        for count, requests in self.grouped("decision_count").items():
            requests.write({"decision_count": count + 1, "date_decided": now})

    def _choose_voices(self, decision, turns):
        """Return for which of the user's turns a decision is booked.

        At every task of theirs; where all must approve, for every voice they hold, else for
        one. To refuse or return is said once. Withdrawing needs no turn.
        """
        if decision == "withdraw":
            return [None]
        turns = sorted(turns, key=lambda t: (KIND_ORDER.index(t.kind), t.task_id, t.voice_id))
        if decision in FINAL_STATES:
            return turns[:1]
        if decision == "delegate":
            return self._get_delegable(turns)
        by_task = defaultdict(list)
        for turn in turns:
            by_task[turn.task_id].append(turn)
        tasks = self.env["kh.approval.task"].browse(by_task)
        chosen = []
        for task in tasks:
            voices = {turn.voice_id: turn for turn in reversed(by_task[task.id])}
            held = list(voices.values())
            chosen += held if task.step_id.mode == "all" else by_task[task.id][:1]
        return chosen

    # === BUSINESS METHODS - DOCUMENT === #
    def _get_document(self):
        """Return the document under review, as superuser; empty if its model is gone."""
        self.ensure_one()
        if self.res_model not in self.env:
            # sudo: as below; no rows, all hooks
            return self.env["kh.approval.mixin"].sudo()
        # requests that are handled together read their documents together
        peers = self.browse(self._prefetch_ids).filtered("id")
        ids = [peer.res_id for peer in peers if peer.res_model == self.res_model]
        # sudo: the hooks apply what was approved; the approver may only have to read it
        return self.env[self.res_model].sudo().browse(self.res_id).with_prefetch(ids)

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
