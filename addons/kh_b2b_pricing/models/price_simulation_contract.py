from odoo import models


class PriceContract(models.Model):
    _inherit = "kh.price.contract"

    # === ACTION METHODS === #

    def action_what_if(self):
        """Open a new price scenario with these draft contracts."""
        self.check_access("read")
        simulations = self.env["kh.price.simulation"]
        simulations.check_access("create")
        drafts = self.filtered(lambda contract: contract.state in ("draft", "review"))
        names = ", ".join(drafts.mapped("name"))
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("What if…"),
            "res_model": simulations._name,
            "view_mode": "form",
            "context": {
                "default_name": self.env._("What if: %(contracts)s", contracts=names),
                "default_contract_ids": drafts.ids,
                "default_pricelist_id": drafts[:1].pricelist_id.id,
                "default_company_id": (drafts[:1].company_id or self.env.company).id,
            },
        }

    # === BUSINESS METHODS === #

    def _find_replaced(self):
        """Return the contracts in force whose place this one would take."""
        self.ensure_one()
        return self.with_context(active_test=False).search(
            [
                ("id", "!=", self.id),
                ("partner_id", "=", self.partner_id.id),
                ("pricelist_id", "=", self.pricelist_id.id),
                ("company_id", "=", self.company_id.id),
                ("state", "=", "active"),
            ]
        )
