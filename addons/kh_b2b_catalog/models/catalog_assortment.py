from odoo import fields, models


class CatalogAssortment(models.Model):
    """A set of products that only the dealers it is assigned to see and buy (商品目录)."""

    _name = "kh.catalog.assortment"
    _description = "Assortment"
    _order = "sequence, name, id"
    _inherit = ["mail.thread"]
    _check_company_auto = True

    # === FIELDS === #
    name = fields.Char(required=True, translate=True, tracking=True)
    sequence = fields.Integer(default=10)
    active = fields.Boolean(default=True, tracking=True)
    company_id = fields.Many2one(
        "res.company", index=True, tracking=True, help="Empty: for all companies."
    )
