from odoo import api, fields, models
from odoo.exceptions import UserError

KINDS = [("promote", "Up"), ("demote", "Down")]
KEY_LENGTH = 4


class GradeProposal(models.TransientModel):
    """One line of the preview of the level rules (等级调整预览)."""

    _name = "kh.grade.proposal"
    _description = "Level Proposal"
    _order = "kind desc, turnover desc, id"
    _rec_name = "partner_id"

    # === FIELDS === #
    partner_id = fields.Many2one(
        "res.partner", string="Dealer", required=True, readonly=True, ondelete="cascade"
    )
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
        """Change the levels of these dealers as proposed, where the rules still say so."""
        self.check_access("unlink")
        rules = self.env["kh.grade.rule"]
        fresh = {
            change[:KEY_LENGTH]: change
            for company in self.company_id
            for change in rules._get_changes(company)
        }
        keys = [proposal._get_key() for proposal in self]
        done = rules._apply_changes([fresh[key] for key in keys if key in fresh])
        self.unlink()
        return {
            "type": "ir.actions.client",
            "tag": "display_notification",
            "params": {
                "type": "success" if done == len(keys) else "warning",
                "message": self.env._(
                    "%(done)s levels changed; %(left)s no longer follow from the rules and were "
                    "left alone.",
                    done=done,
                    left=len(keys) - done,
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

    def _get_key(self):
        """Return who goes from which level to which: the first fields of a `Change`."""
        self.ensure_one()
        old, new = self.old_grade_id.id or 0, self.new_grade_id.id
        return (self.partner_id.id, self.company_id.id, old, new)
