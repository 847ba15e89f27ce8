from odoo import api, models

from ..status import get_status


class KhStatus(models.AbstractModel):
    """Gives templates the status vocabulary (状态词汇)."""

    _name = "kh.status"
    _description = "Status Vocabulary"

    @api.model
    def _get_badge(self, kind, stage, audience=None):
        """Return the `Badge` of a stage; the audience defaults to the reader."""
        if not audience:
            audience = "staff" if self.env.user._is_internal() else "dealer"
        return get_status(kind, stage, audience)
