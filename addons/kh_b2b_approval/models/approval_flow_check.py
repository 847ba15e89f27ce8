from markupsafe import Markup, escape

from odoo import api, fields, models
from odoo.exceptions import ValidationError
from odoo.fields import Domain

from ..engine.flow_check import (
    CERTAIN,
    ERROR,
    WARNING,
    StepFacts,
    check_steps,
    merge_companies,
)

ICONS = {"error": "fa-times-circle", "warning": "fa-exclamation-triangle", "info": "fa-info-circle"}
# Above this many people nobody asks each of them whether they may read the documents.
ACCESS_CHECK_LIMIT = 200


class ApprovalFlow(models.Model):
    """The flow check: proves that every step has somebody who can act (流程体检)."""

    _inherit = "kh.approval.flow"

    # === FIELDS === #
    check_level = fields.Selection(
        [("ok", "No dead end"), ("warning", "May wait"), ("error", "Dead end")],
        string="Check",
        compute="_compute_check",
        help="Whether every step has somebody who can act, also while one person is away.",
    )
    check_message = fields.Html(compute="_compute_check", sanitize=False)

    # === COMPUTE METHODS === #
    @api.depends("step_ids", "company_id", "model_id", "active", "version")
    @api.depends_context("lang")
    def _compute_check(self):
        for flow in self:
            saved = flow._origin
            if not saved.model_name or not saved.step_ids or saved.successor_id:
                flow.check_level = flow.check_message = False
                continue
            findings = saved._find_dead_ends()
            levels = {finding.level for _company, finding in findings}
            flow.check_level = (
                "error" if ERROR in levels else "warning" if WARNING in levels else "ok"
            )
            flow.check_message = saved._render_findings(findings)

    # === CONSTRAINTS === #
    @api.constrains("step_ids", "active", "company_id", "model_id")
    def _check_steps(self):
        """Refuse a flow with a step that is a certain dead end, and name the step.

        Not while modules are installed: a ready flow is bound to a role that gets its people
        afterwards (until then approval managers decide).
        """
        if self._is_installing():
            return
        for flow in self.filtered("active"):
            if not flow.step_ids:
                raise ValidationError(
                    self.env._("The flow %(flow)s needs at least one step.", flow=flow.name)
                )
            errors = [
                (company, finding)
                for company, finding in flow._find_dead_ends()
                if finding.level == ERROR and finding.code in CERTAIN
            ]
            if errors:
                raise ValidationError("\n".join(flow._describe_findings(errors)))

    # === BUSINESS METHODS === #
    @api.model
    def _is_installing(self):
        """Answer whether a module's data are being loaded; no caller can claim that."""
        return self.env.su and bool(self.env.context.get("install_mode"))

    def _find_dead_ends(self):
        """Return the weak places of this flow.

        :rtype: list[tuple[res.company recordset, Finding]], errors first; the company is empty
            where it makes no difference
        """
        self.ensure_one()
        # sudo: who is in a role or group of which company is not readable for everybody
        flow_sudo = self.sudo()
        companies = flow_sudo.company_id or flow_sudo.env["res.company"].search(Domain.TRUE)
        people = flow_sudo._get_people_by_step()
        managers = {c: frozenset(flow_sudo._get_managers(c).ids) for c in companies}
        findings = {
            company: check_steps(
                [flow_sudo._get_facts(step, people[step], company) for step in self.step_ids],
                managers[company],
            )
            for company in companies
        }
        found = {}
        lonely = {company for company in companies if not managers[company]}
        for company, company_findings in merge_companies(findings, lonely).items():
            for finding in company_findings:
                found.setdefault(finding, self.env["res.company"])
                found[finding] |= company
        no_company = self.env["res.company"]
        pairs = [
            (no_company if len(where) == len(companies) else where, finding)
            for finding, where in found.items()
        ]
        order = (ERROR, WARNING, "info")
        return sorted(pairs, key=lambda pair: order.index(pair[1].level))

    def _get_managers(self, company):
        """Return the approval managers of `company`, who decide where nobody else can."""
        return self.env["kh.approval.request"]._get_managers(company)

    def _get_people_by_step(self):
        """Return who may decide each step and may read the flow's documents."""
        self.ensure_one()
        people = {step: step._get_approvers() for step in self.step_ids}
        # sudo: as the caller, to ask each of them what they may read
        every = self.env["res.users"].sudo().union(*people.values())
        if len(every) > ACCESS_CHECK_LIMIT:
            return people
        model = self.env[self.model_name]
        able = every.filtered(lambda user: model.with_user(user).has_access("read"))
        return {step: users & able for step, users in people.items()}

    def _get_facts(self, step, users, company):
        """Return what the check must know of `step` in `company`."""

        def here(people):
            return people.filtered(lambda u: company in u.company_ids)

        users = here(users)
        escalates_to = None
        if step.time_limit:
            targets = here(step._get_escalation_users()) or self._get_managers(company)
            escalates_to = frozenset(targets.ids)
        return StepFacts(
            name=step.name,
            people=frozenset(users.ids),
            mode=step.mode,
            minimum=step.minimum,
            covered=frozenset(self._find_covered(users, company).ids),
            is_open=step._is_document_dependent(),
            escalates_to=escalates_to,
            is_conditional=not step._get_condition().is_true(),
        )

    @api.model
    def _find_covered(self, users, company):
        """Return who of `users` has a substitute who could act, now or until further notice."""
        now = fields.Datetime.now()
        current = Domain("moment_from", "<=", now) & Domain("moment_to", ">", now)
        lasting = Domain("moment_to", "=", False)
        here = Domain("user_id", "in", users.ids) & Domain("active", "=", True)
        # sudo: the substitutes of others
        substitutes = self.env["kh.approval.substitute"].sudo().search(here & (current | lasting))
        return substitutes.filtered(
            lambda s: s.substitute_id.active and company in s.substitute_id.company_ids
        ).user_id

    # === BUSINESS METHODS - WORDS === #
    def _describe_findings(self, findings):
        """Return one sentence for each finding, naming step and person."""
        self.ensure_one()
        texts = []
        users = self.env["res.users"].sudo()  # sudo: names of approvers
        for company, finding in findings:
            text = self._get_finding_texts()[finding.code] % {
                "step": finding.step,
                "person": users.browse(finding.person).name if finding.person else "",
                "flow": self.name,
            }
            if company:
                text = f"{text} ({', '.join(company.mapped('name'))})"
            texts.append(text)
        return texts

    def _get_finding_texts(self):
        _ = self.env._
        return {
            "nobody": _(
                "Nobody can act on the step “%(step)s” of the flow %(flow)s: give it a role, a "
                "group or users with at least one active person who may read the documents."
            ),
            "too_few": _("The step “%(step)s” needs more people than may decide it."),
            "open_nobody": _(
                "The step “%(step)s” is a dead end where the document names nobody: there is no "
                "approval manager to step in."
            ),
            "open_managers": _(
                "Step “%(step)s”: where the document names nobody, approval managers decide."
            ),
            "open_away": _(
                "Step “%(step)s” waits while the person the document names is away and has no "
                "substitute: set a time limit."
            ),
            "own_nobody": _(
                "The step “%(step)s” is a dead end when %(person)s asks for the approval: "
                "nobody else may decide, and there is no other approval manager."
            ),
            "own_managers": _("Step “%(step)s”: when %(person)s asks, approval managers decide."),
            "pair_nobody": _(
                "The step “%(step)s” is a dead end when one of its two people asks for the "
                "approval of what the other one wrote: there is no other approval manager."
            ),
            "nobody_here": _(
                "Nobody can act on the step “%(step)s” here, and there is no approval manager."
            ),
            "away": _(
                "Step “%(step)s” waits while %(person)s is away: name a substitute, a second "
                "approver, or a time limit after which it goes to somebody else."
            ),
            "all_conditional": _(
                "Every step has a condition: documents that meet none of them need nobody's "
                "agreement."
            ),
        }

    def _render_findings(self, findings):
        """Return the findings as a list in HTML."""
        self.ensure_one()
        if not findings:
            return False
        rows = [
            Markup('<li><i class="fa %s" aria-hidden="true"></i> %s</li>')
            % (ICONS[finding.level], escape(text))
            for (_company, finding), text in zip(
                findings, self._describe_findings(findings), strict=True
            )
        ]
        return Markup('<ul class="list-unstyled mb-0">%s</ul>') % Markup("").join(rows)
