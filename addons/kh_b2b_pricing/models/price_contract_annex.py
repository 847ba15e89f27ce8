from odoo import models


class PriceContract(models.Model):
    _inherit = "kh.price.contract"

    # === ACTION METHODS === #

    def action_print_annex_pdf(self):
        """Download the price annex as PDF, with a block for signatures."""
        return self._action_print_annex("pdf")

    def action_print_annex_xlsx(self):
        """Download the price annex as an Excel file."""
        return self._action_print_annex("xlsx")

    def _action_print_annex(self, kind):
        self.ensure_one()
        self.check_access("read")
        return {
            "type": "ir.actions.act_url",
            "url": f"/kh/price_contract/{self.id}/annex/{kind}",
            "target": "download",
        }
