from odoo import Command, api, fields, models
from odoo.exceptions import ValidationError


class AttributeTemplate(models.Model):
    """Which attributes the products of a category have, with usual values (属性模板)."""

    _name = "kh.attribute.template"
    _description = "Attribute Template"
    _order = "sequence, name, id"
    _check_company_auto = True

    # === FIELDS === #
    name = fields.Char(required=True, translate=True)
    sequence = fields.Integer(default=10)
    active = fields.Boolean(default=True)
    company_id = fields.Many2one("res.company", help="Empty: for all companies.")
    line_ids = fields.One2many("kh.attribute.template.line", "template_id", "Attributes", copy=True)
    category_ids = fields.One2many(
        "product.category", "kh_attribute_template_id", "Product Categories"
    )
    variant_count = fields.Integer("Variants", compute="_compute_variant_count")

    # === COMPUTE METHODS === #
    @api.depends("line_ids.value_ids", "line_ids.attribute_id.create_variant")
    def _compute_variant_count(self):
        for template in self:
            count = 1
            for line in template.line_ids:
                if line.attribute_id.create_variant != "no_variant":
                    count *= len(line.value_ids) or 1
            template.variant_count = count

    # === ACTION METHODS === #
    def action_kh_apply(self):
        """Open the preview of giving these attributes to existing products."""
        self.ensure_one()
        action = self.env["ir.actions.act_window"]._for_xml_id(
            "kh_b2b_catalog.kh_attribute_template_apply_action"
        )
        return {**action, "context": {"default_template_id": self.id}}

    # === BUSINESS METHODS === #
    def _prepare_attribute_lines(self):
        """Return the commands that give a new product the template's specification grid."""
        self.ensure_one()
        return [
            Command.create(line._prepare_attribute_line_vals())
            for line in self.line_ids
            if line.value_ids
        ]

    @api.model
    def _find_templates(self, categories, company):
        """Return the template of each category, its own or that of the nearest one above.

        :param company: of the products; empty: shared ones, which take shared templates only
        :rtype: dict[int, kh.attribute.template]
        """
        found = {}
        # sudo: a category above may belong to what the user does not manage
        for category in categories.sudo():
            ids = [int(part) for part in (category.parent_path or "").split("/")[:-1]]
            template = self.browse()
            for node in category.browse(reversed(ids)):
                here = node.kh_attribute_template_id
                if here.active and here.company_id in (here.company_id.browse(), company.sudo()):
                    template = here
                    break
            found[category.id] = template.sudo(False)
        return found


class AttributeTemplateLine(models.Model):
    """One attribute of a template with the values that products usually have."""

    _name = "kh.attribute.template.line"
    _description = "Attribute of a Template"
    _order = "sequence, id"

    # === FIELDS === #
    template_id = fields.Many2one(
        "kh.attribute.template", required=True, index=True, ondelete="cascade"
    )
    company_id = fields.Many2one(related="template_id.company_id", store=True)
    sequence = fields.Integer(default=10)
    attribute_id = fields.Many2one("product.attribute", required=True, ondelete="cascade")
    value_ids = fields.Many2many(
        "product.attribute.value",
        "kh_attribute_template_line_value_rel",
        "line_id",
        "value_id",
        string="Usual Values",
        domain="[('attribute_id', '=', attribute_id)]",
        required=True,
    )
    _one_attribute = models.Constraint(
        "UNIQUE (template_id, attribute_id)", "Each attribute is in a template once."
    )

    # === CONSTRAINTS === #
    @api.constrains("value_ids", "attribute_id")
    def _check_values(self):
        for line in self:
            if not line.value_ids:
                raise ValidationError(
                    self.env._("Choose the usual values of “%s”.", line.attribute_id.name)
                )
            if line.value_ids.attribute_id != line.attribute_id:
                raise ValidationError(
                    self.env._("Not all values belong to “%s”.", line.attribute_id.name)
                )

    # === ONCHANGE METHODS === #
    @api.onchange("attribute_id")
    def _onchange_attribute_id(self):
        self.value_ids = self.attribute_id.value_ids

    # === BUSINESS METHODS === #
    def _prepare_attribute_line_vals(self):
        self.ensure_one()
        return {
            "sequence": self.sequence,
            "attribute_id": self.attribute_id.id,
            "value_ids": [Command.set(self.value_ids.ids)],
        }
