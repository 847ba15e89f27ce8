from markupsafe import Markup

from odoo import api, fields, models
from odoo.tools import format_datetime


class MemberApplication(models.Model):
    """What reviewers see: the history of all decisions, and what the mail to them shows."""

    _inherit = "kh.member.application"

    # === FIELDS === #
    review_history_html = fields.Html(
        string="Review History", compute="_compute_review_history_html", sanitize=False
    )

    # === COMPUTE METHODS === #
    @api.depends("kh_approval_request_id", "kh_approval_request_id.decision_ids")
    @api.depends_context("lang", "tz")
    def _compute_review_history_html(self):
        """Show every decision, also those of earlier requests of a corrected application."""
        # sudo: whoever may read the application may read what was said about it
        decisions_sudo = (
            self.env["kh.approval.decision"]
            .sudo()
            .search(
                [
                    ("request_id.res_model", "=", self._name),
                    ("request_id.res_id", "in", self.ids),
                ],
                order="id",
            )
        )
        by_id = decisions_sudo.grouped(lambda decision: decision.request_id.res_id)
        for application in self:
            rows = by_id.get(application._origin.id, decisions_sudo.browse())
            application.review_history_html = application._render_history(rows) if rows else False

    def _render_history(self, decisions):
        words = dict(decisions._fields["decision"]._description_selection(self.env))
        lines = Markup("").join(
            Markup(
                "<tr><td class='text-nowrap'>%s</td><td>%s</td><td>%s</td>"
                "<td class='fw-bold'>%s</td><td>%s</td></tr>"
            )
            % (
                format_datetime(self.env, decision.date, dt_format="yyyy-MM-dd HH:mm"),
                decision.step_id.name or "",
                decision.who or decision.user_id.name,
                words[decision.decision],
                decision.comment or "",
            )
            for decision in decisions
        )
        return Markup("<table class='table table-sm kh-history'><tbody>%s</tbody></table>") % lines

    # === HOOKS - APPROVAL === #
    def _approval_summary(self):
        """Extend `kh_b2b_approval`: who applies, and what they would be granted."""
        rows = super()._approval_summary()
        labels = self._get_field_labels()
        shown = (
            ("member_type", self._get_type_label()),
            ("vat", self.vat),
            ("manager_name", " ".join(filter(None, (self.manager_name, self.manager_phone)))),
            ("grade_id", self.grade_id.name),
            ("sales_area_ids", ", ".join(self.sales_area_ids.mapped("display_name"))),
            ("salesperson_id", self.salesperson_id.name),
            (
                "credit_granted_amount",
                self.credit_granted_amount and self.currency_id.format(self.credit_granted_amount),
            ),
        )
        return rows + [(labels[name], value) for name, value in shown if value]

    def _get_type_label(self):
        types = dict(self._fields["member_type"]._description_selection(self.env))
        return types[self.member_type]


class ApprovalRequest(models.Model):
    _inherit = "kh.approval.request"

    def _decide(self, decision, comment=None, *, delegate_to=None):
        """Extend `kh_b2b_approval`: who approves the first step has taken up the review."""
        result = super()._decide(decision, comment, delegate_to=delegate_to)
        if decision == "approve":
            # sudo: the door has checked who decides; states are written by the workflow only
            going_on = self.sudo().filtered(
                lambda request: (
                    request.res_model == "kh.member.application" and request.state == "pending"
                )
            )
            applications = self.env["kh.member.application"].sudo()
            applications = applications.browse(going_on.mapped("res_id"))
            applications = applications.filtered(lambda a: a.state == "submitted")
            applications._update_state("review", reviewer_id=self.env.uid)
        return result
