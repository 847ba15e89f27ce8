from odoo import fields, models

DECISIONS = [("release", "Release"), ("return", "Return")]


class OrderReason(models.Model):
    """A sentence that is used again and again when orders are decided (审单理由模板, M-50)."""

    _name = "kh.order.reason"
    _description = "Reason to Release or Return Orders"
    _order = "sequence, id"

    # === FIELDS === #
    name = fields.Char("Sentence", required=True, translate=True)
    decision = fields.Selection(DECISIONS, required=True, default="return")
    sequence = fields.Integer(default=10)
    active = fields.Boolean(default=True)
