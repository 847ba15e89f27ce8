from odoo import api, models
from odoo.http import request

NO_BREAK_SPACE = "\N{NO-BREAK SPACE}"
ZERO_WIDTH = "\N{ZERO WIDTH NO-BREAK SPACE}"


class IrQwebFieldMonetary(models.AbstractModel):
    """Amounts without a space after the sign, on B2B websites only."""

    _inherit = "ir.qweb.field.monetary"

    @api.model
    def value_to_html(self, value, options):
        """Extend `base`: a column copied from our pages is a column of numbers."""
        html = super().value_to_html(value, options)
        website = getattr(request, "website", None) if request else None
        if website and website.kh_is_b2b:
            html = html.replace(NO_BREAK_SPACE, "").replace(ZERO_WIDTH, "")
        return html
