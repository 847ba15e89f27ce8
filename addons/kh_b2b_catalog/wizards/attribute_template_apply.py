from odoo import Command, api, fields, models


class AttributeTemplateApply(models.TransientModel):
    """Preview of giving existing products the attributes of a template."""

    _name = "kh.attribute.template.apply"
    _description = "Apply Attribute Template"

    # === FIELDS === #
    template_id = fields.Many2one("kh.attribute.template", required=True)
    product_tmpl_ids = fields.Many2many("product.template", string="Products", required=True)
    line_ids = fields.One2many(
        "kh.attribute.template.apply.line",
        "wizard_id",
        "What Changes",
        compute="_compute_line_ids",
        store=True,
        readonly=True,
    )
    change_count = fields.Integer("Products That Change", compute="_compute_change_count")

    # === DEFAULT METHODS === #
    @api.model
    def default_get(self, fields_list):
        values = super().default_get(fields_list)
        if self.env.context.get("active_model") == "product.template":
            ids = self.env.context.get("active_ids") or []
            values["product_tmpl_ids"] = [Command.set(ids)]
        return values

    # === COMPUTE METHODS === #
    @api.depends("template_id", "product_tmpl_ids")
    def _compute_line_ids(self):
        for wizard in self:
            commands = [Command.clear()]
            if wizard.template_id:
                products = wizard.product_tmpl_ids._origin
                changes = products._kh_get_template_changes(wizard.template_id)
                commands += [
                    Command.create(wizard._prepare_line_vals(product, changes[product.id]))
                    for product in products
                ]
            wizard.line_ids = commands

    @api.depends("line_ids.added")
    def _compute_change_count(self):
        for wizard in self:
            wizard.change_count = len(wizard.line_ids.filtered("added"))

    # === ACTION METHODS === #
    def action_apply(self):
        self.ensure_one()
        changed = self.product_tmpl_ids._kh_apply_attribute_template(self.template_id)
        return {
            "type": "ir.actions.client",
            "tag": "display_notification",
            "params": {
                "type": "success",
                "message": self.env._("%s product(s) were changed.", len(changed)),
                "next": {"type": "ir.actions.act_window_close"},
            },
        }

    # === BUSINESS METHODS === #
    def _prepare_line_vals(self, product, changes):
        added = [
            f"{line.attribute_id.name}: {', '.join(values.mapped('name'))}"
            for _own, line, values in changes
        ]
        return {
            "product_tmpl_id": product.id,
            "added": " · ".join(added),
            "variants_now": product.product_variant_count,
            "variants_then": product._kh_count_variants_after(changes),
            "replaces_variants": any(
                not own and len(line.value_ids) > 1 and line.attribute_id.create_variant == "always"
                for own, line, _values in changes
            ),
        }


class AttributeTemplateApplyLine(models.TransientModel):
    _name = "kh.attribute.template.apply.line"
    _description = "Product That Would Change"

    wizard_id = fields.Many2one("kh.attribute.template.apply", required=True, ondelete="cascade")
    product_tmpl_id = fields.Many2one("product.template", "Product", readonly=True)
    added = fields.Char("Is Added", readonly=True)
    variants_now = fields.Integer("Variants Now", readonly=True)
    variants_then = fields.Integer("Variants Then", readonly=True)
    replaces_variants = fields.Boolean(
        "Variants Replaced",
        readonly=True,
        help="A new attribute with several values makes new variants in place of the old "
        "ones: item numbers and bar codes have to be given again.",
    )
