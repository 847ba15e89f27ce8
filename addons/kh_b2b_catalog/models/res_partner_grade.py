from odoo import fields, models


class ResPartnerGrade(models.Model):
    _inherit = "res.partner.grade"

    # === FIELDS === #
    kh_assortment_ids = fields.Many2many(
        "kh.catalog.assortment",
        "kh_catalog_assortment_grade_rel",
        "grade_id",
        "assortment_id",
        string="Assortments",
        help="What all dealers of this level see beside products that are open to everybody.",
    )

    def write(self, vals):
        result = super().write(vals)
        if "kh_assortment_ids" in vals:
            self.env["product.template"]._kh_forget_saleable()
        return result
