from odoo import fields, models
from odoo.exceptions import AccessError, UserError
from odoo.tools.misc import clean_context

# Which states lead to which: everything else is refused.
TRANSITIONS = {
    "submitted": ("draft", "rejected"),
    "review": ("submitted",),
    "approved": ("submitted", "review"),
    "rejected": ("submitted", "review"),
    "draft": ("submitted", "review", "withdrawn"),
    "withdrawn": ("draft", "submitted", "review", "rejected"),
}


class MemberApplication(models.Model):
    """States of an application and who moves them.

    =====================  ======================================  ===========
    from                   by                                      to
    =====================  ======================================  ===========
    draft, rejected        `action_submit` (applicant, clerk)      submitted
    submitted              `action_start_review` (clerk), or the   review
                           first of several steps is approved
    submitted, review      `action_approve` (approval engine)      approved
    submitted, review      `action_reject` with reason             rejected
    submitted, review      `action_return` with reason             draft
    draft, submitted,      `action_withdraw` (applicant, clerk)    withdrawn
    review, rejected
    withdrawn              `action_reopen`                         draft
    =====================  ======================================  ===========
    """

    _inherit = "kh.member.application"

    # === ACTION METHODS === #
    def action_submit(self):
        """Send for review; starts the approval flow."""
        self.check_access("write")
        for application in self:
            application._ensure_can_submit()
        self._update_state("submitted", submitted_date=fields.Datetime.now(), decision_reason=False)
        self.action_request_approval()
        self._send_mail("kh_b2b_member.mail_template_application_submitted")
        return True

    def action_start_review(self):
        """Take these applications for review, so that colleagues see who is at it."""
        self.check_access("write")
        self._ensure_clerk()
        self._update_state("review", reviewer_id=self.env.uid)
        return True

    def action_approve(self):
        """Approve: the decision goes through the approval engine, which admits the dealer."""
        for application in self:
            application._ensure_in_review()
            application._ensure_admission_complete()
        pending = self.filtered(lambda a: a._is_under_review())
        if pending:
            pending._approval_decide("approve")
        if without_flow := self - pending:
            without_flow._ensure_clerk()
            without_flow._set_approved()
        return True

    def action_reject(self, reason=None):
        """Refuse for good, with the reason; the applicant may correct and apply again."""
        return self._decide_with_reason("refuse", reason)

    def action_return(self, reason=None):
        """Return to the applicant for correction, with the reason."""
        return self._decide_with_reason("return", reason)

    def action_withdraw(self):
        """Take the application back (applicant, or a clerk in their name)."""
        self.check_access("write")
        for application in self:
            application._ensure_transition("withdrawn")
        pending = self.filtered(lambda a: a._is_under_review())
        for request_sudo in pending.sudo().kh_approval_request_id:
            # in the name of who asked: clerks withdraw for applicants who call them
            request_sudo.with_user(request_sudo.requester_id)._decide("withdraw")
        (self - pending)._set_withdrawn()
        return True

    def action_reopen(self):
        """Continue a withdrawn application as a draft."""
        self.check_access("write")
        for application in self:
            if application.state != "withdrawn":
                application._raise_forbidden("draft")
        self._update_state("draft")
        return True

    def action_preview(self):
        """Open the page the applicant sees."""
        self.ensure_one()
        return {"type": "ir.actions.act_url", "target": "new", "url": self.get_portal_url()}

    def _decide_with_reason(self, decision, reason):
        for application in self:
            application._ensure_in_review()
        pending = self.filtered(lambda a: a._is_under_review())
        if pending and not reason:
            return pending._approval_decide_or_ask(decision, reason)
        if pending:
            pending._approval_decide(decision, reason)
        for application in self - pending:
            application._ensure_clerk()
            text = reason or application.decision_reason
            if not text:
                raise UserError(self.env._("Please give a reason; the applicant will read it."))
            if decision == "refuse":
                application._set_rejected(text)
            else:
                application._set_returned(text)
        return True

    # === BUSINESS METHODS - STATES === #
    def _update_state(self, target, **vals):
        """Move to `target`, the only writer of `state`; already there is left alone.

        :raise UserError: if one of `self` may not go there
        """
        todo = self.filtered(lambda a: a.state != target)
        for application in todo:
            application._ensure_transition(target)
        # sudo: the state is not writable by anybody; the action has checked the right
        todo.sudo().write({"state": target, **vals})
        return todo

    def _ensure_transition(self, target):
        self.ensure_one()
        if self.state != target and self.state not in TRANSITIONS[target]:
            self._raise_forbidden(target)

    def _raise_forbidden(self, target):
        states = dict(self._fields["state"]._description_selection(self.env))
        raise UserError(
            self.env._(
                "%(application)s is “%(state)s” and cannot become “%(target)s”.",
                application=self.display_name,
                state=states[self.state],
                target=states[target],
            )
        )

    def _ensure_can_submit(self):
        self.ensure_one()
        if self.state not in TRANSITIONS["submitted"]:
            self._raise_forbidden("submitted")
        if problems := self._get_problems():
            labels = self._get_field_labels()
            lines = [f"{labels[name]}: {text}" for name, text in problems.items()]
            raise UserError(
                self.env._("Please correct first: %(problems)s", problems="; ".join(lines))
            )

    def _ensure_in_review(self):
        self.ensure_one()
        if self.state not in ("submitted", "review"):
            self._raise_forbidden("approved")

    def _ensure_clerk(self):
        if not self.env.user.has_group("kh_b2b_member.group_b2b_admission_clerk"):
            raise AccessError(self.env._("Only admission clerks may review applications."))

    def _ensure_admission_complete(self):
        """Raise if something that must be granted is still open."""
        for application in self:
            if missing := application._check_admission_complete():
                raise UserError(
                    self.env._(
                        "Before %(application)s can be approved, please fill in: %(fields)s",
                        application=application.display_name,
                        fields=", ".join(missing),
                    )
                )

    def _set_approved(self):
        self._ensure_admission_complete()
        done = self._update_state(
            "approved", decided_date=fields.Datetime.now(), decision_reason=False
        )
        # sudo: the reviewer need not have rights on customers, bank accounts and users
        for company, applications in done.sudo().grouped("company_id").items():
            applications.with_company(company)._admit()

    def _set_rejected(self, reason):
        self._update_state("rejected", decided_date=fields.Datetime.now(), decision_reason=reason)
        self._send_mail("kh_b2b_member.mail_template_application_rejected")

    def _set_returned(self, reason):
        self._update_state("draft", decided_date=fields.Datetime.now(), decision_reason=reason)
        self._send_mail("kh_b2b_member.mail_template_application_returned")

    def _set_withdrawn(self):
        self._update_state("withdrawn", decided_date=fields.Datetime.now())

    # === HOOKS - APPROVAL === #
    def _approval_writable_fields(self):
        return super()._approval_writable_fields() | self._get_grant_fields() | {
            "decided_date", "decision_reason", "partner_user_id", "reviewer_id", "state",
        }  # fmt: skip

    def _approval_ensure_writable(self, vals):
        """Extend: what is granted is filled in by whose turn it is, and then stands."""
        super()._approval_ensure_writable(vals)
        if not self.env.su and vals.keys() & self._get_grant_fields():
            for application in self._approval_frozen():
                application._ensure_may_grant()

    def _ensure_may_grant(self):
        """Raise unless the user decides this application now and nobody has approved it yet."""
        self.ensure_one()
        # sudo: who has approved is no secret to who writes
        decisions_sudo = self.sudo().kh_approval_request_id.decision_ids
        if approved := decisions_sudo.filtered(lambda d: d.decision == "approve")[:1]:
            raise UserError(
                self.env._(
                    "%(user)s has approved %(application)s with what it grants. Return it for "
                    "correction first, then change the grant.",
                    user=approved.user_id.name,
                    application=self.display_name,
                )
            )
        if not self.kh_can_decide:
            raise AccessError(
                self.env._(
                    "Only whoever decides %(application)s now may change what it grants.",
                    application=self.display_name,
                )
            )

    def _approval_get_summary(self):
        self.ensure_one()
        types = dict(self._fields["member_type"]._description_selection(self.env))
        parts = (types[self.member_type], self.state_id.name, self.city, self.manager_name)
        return " · ".join(part for part in parts if part)

    def _approval_ensure_can_decide(self, decision):
        super()._approval_ensure_can_decide(decision)
        if decision == "approve":
            self._ensure_admission_complete()

    def _approval_granted(self):
        """Admit whom the engine approved; without a flow a clerk decides (`action_approve`)."""
        super()._approval_granted()
        self.filtered(lambda a: a.kh_approval_request_id.state == "approved")._set_approved()

    def _approval_refused(self, reason):
        super()._approval_refused(reason)
        self._set_rejected(reason)

    def _approval_returned(self, reason):
        super()._approval_returned(reason)
        self._set_returned(reason)

    def _approval_withdrawn(self):
        super()._approval_withdrawn()
        self._set_withdrawn()

    # === BUSINESS METHODS - MAIL === #
    def _send_mail(self, template_xmlid):
        """Queue an e-mail to each applicant, in their language."""
        # sudo: templates and outgoing mail are not the reviewer's or the applicant's to write
        applications_sudo = self.with_env(
            self.env(su=True, context=clean_context(self.env.context))
        )
        template_sudo = applications_sudo.env.ref(template_xmlid)
        for application_sudo in applications_sudo.filtered("manager_email"):
            application_sudo._portal_ensure_token()
            template_sudo.send_mail(
                application_sudo.id, email_values=application_sudo._prepare_email_values()
            )
        if self:
            # sudo: nobody has rights on crons; this one only sends what is queued
            self.env.ref("mail.ir_cron_mail_scheduler_action").sudo()._trigger()

    def _prepare_email_values(self):
        """Return what an e-mail to the applicant has that its template cannot say.

        The applicant is no contact yet, so default recipients would be nobody. The mails hold
        links that act for the applicant: without a document nobody reads them in the chatter.
        """
        self.ensure_one()
        return {"email_to": self.manager_email, "model": False, "res_id": False}
