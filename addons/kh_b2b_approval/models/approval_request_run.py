from collections import defaultdict

from markupsafe import escape

from odoo import Command, api, fields, models
from odoo.tools import format_datetime

from .approval_request_decide import FINAL_STATES
from .approval_turn import NAMED_KINDS


class ApprovalRequest(models.Model):
    """How a request goes through the steps of its flow. Runs as superuser."""

    _inherit = "kh.approval.request"

    # === BUSINESS METHODS - STEPS === #
    @api.model
    def _find_stages(self, flow, documents):
        """Return which steps each document needs, `{document_id: [step recordset, ...]}`.

        Steps side by side are one element; those whose condition does not hold are left out.
        """
        steps = flow.step_ids
        # sudo: the condition decides, not what the author may read
        needed = {
            step: set(documents.sudo().filtered_domain(step._get_condition()).ids) for step in steps
        }
        stages = steps._get_stages()
        result = {}
        for document in documents:
            mine = [s.filtered(lambda s, d=document: d.id in needed[s]) for s in stages]
            result[document.id] = [stage for stage in mine if stage]
        return result

    def _get_open_tasks(self):
        return self.task_ids.filtered(lambda task: task.state == "open")

    def _open_next(self):
        """Open the next steps of these requests, which have no open ones.

        :return: the requests that have no step left
        Conditions of steps are asked when their turn comes; what is skipped is noted.
        """
        finished = self.browse()
        vals_list = []
        for request in self:
            stage, skipped = request._get_next_stage()
            vals_list += [request._prepare_task_vals(step, state="skipped") for step in skipped]
            vals_list += [request._prepare_task_vals(step) for step in stage]
            if stage:
                request.step_id = stage[:1]
            else:
                finished |= request
        tasks = self.env["kh.approval.task"].create(vals_list)
        tasks.request_id.invalidate_recordset(["task_ids"])
        self._update_deadlines()
        return finished

    def _get_next_stage(self):
        """Return the steps to open next, and the steps before them that are skipped."""
        self.ensure_one()
        document = self._get_document()
        seen = self.task_ids.step_id
        skipped = self.env["kh.approval.step"]
        for stage in self.flow_id.step_ids._get_stages():
            if stage & seen:
                continue
            stage_needed = stage.filtered(lambda s: document.filtered_domain(s._get_condition()))
            skipped |= stage - stage_needed
            if stage_needed:
                return stage_needed, skipped
        return self.env["kh.approval.step"], skipped

    def _prepare_task_vals(self, step, state="open"):
        self.ensure_one()
        now = fields.Datetime.now()
        vals = {"request_id": self.id, "step_id": step.id, "state": state}
        if state != "open":
            return {**vals, "date_start": now, "date_done": now}
        if step._is_document_dependent():
            users = step._get_document_approvers(self._get_document())
            vals["assigned_user_ids"] = [Command.set(users.ids)]
        return {**vals, **self.env["kh.approval.task"]._prepare_times(step, now)}

    def _refresh_assigned(self):
        """Look up again whom the documents name, so that a change counts at once."""
        for task in self._get_open_tasks():
            if not task.step_id._is_document_dependent():
                continue
            if not (document := task.request_id._get_document()):
                continue
            users = task.step_id._get_document_approvers(document)
            if users != task.assigned_user_ids:
                task.assigned_user_ids = [Command.set(users.ids)]

    def _update_deadlines(self):
        """Keep the earliest deadline of the open steps on the request."""
        for request in self:
            deadlines = request._get_open_tasks().filtered("date_deadline").mapped("date_deadline")
            deadline = min(deadlines, default=False)
            if request.date_deadline != deadline:
                request.date_deadline = deadline

    # === BUSINESS METHODS - MOVING ON === #
    def _move_on(self, decision, comment, turns):
        """Take each request to its next steps or to its end, and tell its document."""
        if target := FINAL_STATES.get(decision):
            done = self
            self._close_tasks(turns)
        else:
            target = "approved"
            done = self._pass_steps(turns) if decision == "approve" else self.browse()
        self._get_open_tasks().filtered(lambda t: t.request_id in done)._set_closed("cancel")
        if done:
            done.write({"state": target, "date_deadline": False})
        self._sync_turns()
        for request in done:
            request._tell_document(comment)

    def _close_tasks(self, turns):
        """Close the tasks at which a final decision was taken."""
        ids = {turn.task_id for request in self for turn in turns[request.id]}
        self.env["kh.approval.task"].browse(ids)._set_closed("done")

    def _pass_steps(self, turns):
        """Close the tasks that have all their approvals, and open what follows.

        :return: the requests that are approved
        """
        ids = {turn.task_id for request in self for turn in turns[request.id]}
        tasks = self.env["kh.approval.task"].browse(ids)
        self._find_complete(tasks)._set_closed("done")
        idle = self.filtered(lambda request: not request._get_open_tasks())
        finished = idle._open_next()
        (self - idle)._update_deadlines()
        for request in self - idle:
            request.step_id = request._get_open_tasks().step_id.sorted()[:1]
        return finished

    def _find_complete(self, tasks):
        """Return which of `tasks` have all the approvals they need."""
        waiting = {turn.task_id for turn in self._get_turns() if turn.kind in NAMED_KINDS}
        return tasks.filtered(lambda t: t._is_complete(t._get_approvals().user_id, t.id in waiting))

    # === BUSINESS METHODS - TELLING PEOPLE === #
    def _sync_turns(self):
        """Set the to-dos of whoever must act now, clear those of others, tell the new ones."""
        if not self:
            return
        turns = self._get_turns()
        deciders = defaultdict(set)
        for turn in turns:
            deciders[turn.request_id].add(turn.user_id)
        for model, requests in self.grouped("res_model").items():
            requests._sync_activities(model, deciders)
        by_task = defaultdict(set)
        for turn in turns:
            by_task[turn.task_id].add(turn.user_id)
        told = defaultdict(self.env["kh.approval.task"].browse)
        for task in self.env["kh.approval.task"].browse(by_task):
            if new := by_task[task.id] - set(task.notified_user_ids.ids):
                told[frozenset(new)] |= task
        new_users = defaultdict(set)
        for user_ids, tasks in told.items():
            tasks.notified_user_ids = [Command.link(user_id) for user_id in sorted(user_ids)]
            for request in tasks.request_id:
                new_users[request] |= user_ids
        for request in self.filtered(new_users.get):
            # sudo: people are told who may not be readable to the one who asked
            users = self.env["res.users"].sudo().browse(sorted(new_users[request]))
            request._notify_approvers(users)

    def _sync_activities(self, model, deciders):
        """Make and clear the to-dos of internal users at documents that have to-dos.

        :param dict deciders: ids of who must act, `{request_id: set of user ids}`
        """
        if model not in self.env or "activity_ids" not in self.env[model]._fields:
            return
        # sudo: to-dos of all approvers, not only one's own. No mail: `_notify_approvers` tells
        activity_model = self.env["mail.activity"].sudo()
        activity_model = activity_model.with_context(mail_activity_quick_update=True)
        activity_type = self.env.ref("kh_b2b_approval.mail_activity_type_approval")
        activities = activity_model.search(
            [
                ("res_model", "=", model),
                ("res_id", "in", self.mapped("res_id")),
                ("activity_type_id", "=", activity_type.id),
            ]
        )
        request_of = {request.res_id: request for request in self}
        stale = activities.filtered(lambda a: a.user_id.id not in deciders[request_of[a.res_id].id])
        have = {(a.res_id, a.user_id.id) for a in activities - stale}
        stale.unlink()
        # sudo: as above
        every = self.env["res.users"].sudo().browse(set().union(*deciders.values()))
        internal = set(every.filtered(lambda user: not user.share).ids)
        activity_model.create(
            [
                request._prepare_activity_vals(activity_type, user_id)
                for request in self
                for user_id in sorted(deciders[request.id] & internal)
                if (request.res_id, user_id) not in have
            ]
        )

    def _prepare_activity_vals(self, activity_type, user_id):
        self.ensure_one()
        vals = {
            "activity_type_id": activity_type.id,
            "res_model_id": self.flow_id.model_id.id,
            "res_id": self.res_id,
            "user_id": user_id,
            "summary": self.step_id.name,
            "note": escape(self.summary or ""),
        }
        if self.date_deadline:
            vals["date_deadline"] = fields.Date.to_date(self.date_deadline)
        return vals

    def _notify_approvers(self, users):
        """Tell `users` that this request waits for them (hook, for e-mail, links, ...).

        Called as superuser, once for each user whose turn begins, portal users included, when
        to-dos are set already. `self` is one request; its open tasks are `_get_open_tasks()`.
        """
        self.ensure_one()

    def _remind_approvers(self, users):
        """Remind `users` that the deadline of this request is near (hook as above)."""
        self.ensure_one()
        for (lang, zone), readers in users.grouped(lambda u: (u.lang, u.tz)).items():
            request = self.with_context(lang=lang, tz=zone or "UTC")
            request.env["mail.thread"].message_notify(
                model=self.res_model,
                res_id=self.res_id,
                subject=request.env._("Please decide soon: %(document)s", document=self.name),
                body=request.env._(
                    "%(document)s waits for your approval until %(deadline)s.",
                    document=self.name,
                    deadline=format_datetime(request.env, self.date_deadline, dt_format="short"),
                ),
                partner_ids=readers.partner_id.ids,
            )
