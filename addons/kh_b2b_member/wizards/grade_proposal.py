from odoo import api, fields, models
from odoo.exceptions import UserError

from ..models.grade_rule_figures import Change

KINDS = [("promote", "Up"), ("demote", "Down")]


class GradeProposal(models.TransientModel):
    """One line of the preview of the level rules (等级调整预览)."""

    _name = "kh.grade.proposal"
    _description = "Level Proposal"
    _order = "kind desc, turnover desc, id"
    _rec_name = "partner_id"

    # === FIELDS === #
    partner_id = fields.Many2one("res.partner", string="Dealer", required=True, readonly=True)
    company_id = fields.Many2one("res.company", required=True, readonly=True)
    currency_id = fields.Many2one(related="company_id.currency_id")
    old_grade_id = fields.Many2one("res.partner.grade", string="Present Level", readonly=True)
    new_grade_id = fields.Many2one("res.partner.grade", string="Proposed Level", readonly=True)
    kind = fields.Selection(KINDS, string="Direction", required=True, readonly=True)
    rule_id = fields.Many2one("kh.grade.rule", required=True, readonly=True, ondelete="cascade")
    turnover = fields.Monetary(readonly=True)
    order_count = fields.Integer(string="Orders", readonly=True)
    evidence = fields.Char(readonly=True)

    # === ACTION METHODS === #
    @api.model
    def action_refresh(self):
        """Look at the rules anew and show what they would change; changes nothing else."""
        self.check_access("unlink")
        rules = self.env["kh.grade.rule"]
        if not rules.search_count([], limit=1):
            raise UserError(self.env._("There is no level rule yet. Create one first."))
        self.search([("create_uid", "=", self.env.uid)]).unlink()
        changes = [
            change for company in self.env.companies for change in rules._get_changes(company)
        ]
        evidence = rules._get_evidence(changes)
        # sudo: nobody may write proposals by hand, or the rules would not have made them
        self.sudo().create([self._prepare_vals(c, evidence[c.partner_id]) for c in changes])
        return self.env["ir.actions.act_window"]._for_xml_id(
            "kh_b2b_member.kh_grade_proposal_action"
        )

    def action_apply(self):
        """Change the levels of these dealers as proposed."""
        self.check_access("unlink")
        changes = [proposal._get_change() for proposal in self]
        done = self.env["kh.grade.rule"]._apply_changes(changes)
        self.unlink()
        return {
            "type": "ir.actions.client",
            "tag": "display_notification",
            "params": {
                "type": "success" if done == len(changes) else "warning",
                "message": self.env._(
                    "%(done)s levels changed; %(left)s were changed meanwhile and left alone.",
                    done=done,
                    left=len(changes) - done,
                ),
                "next": {"type": "ir.actions.client", "tag": "soft_reload"},
            },
        }

    # === BUSINESS METHODS === #
    @api.model
    def _prepare_vals(self, change, evidence):
        return {
            "partner_id": change.partner_id,
            "company_id": change.company_id,
            "old_grade_id": change.old_grade_id,
            "new_grade_id": change.new_grade_id,
            "kind": change.kind,
            "rule_id": change.rule_id,
            "turnover": change.turnover,
            "order_count": change.orders,
            "evidence": evidence,
        }

    def _get_change(self):
        self.ensure_one()
        return Change(
            self.partner_id.id, self.company_id.id, self.old_grade_id.id or 0,
            self.new_grade_id.id, self.kind, self.rule_id.id, self.turnover, self.order_count,
        )  # fmt: skip
