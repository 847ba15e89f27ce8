from odoo import Command, api, fields, models


class ProductCategory(models.Model):
    _inherit = "product.category"

    kh_attribute_template_id = fields.Many2one(
        "kh.attribute.template",
        "Attribute Template",
        index="btree_not_null",
        ondelete="set null",
        help="New products of this category, and of those below that name none, get its "
        "attributes.",
    )


class ProductTemplate(models.Model):
    _inherit = "product.template"

    # === FIELDS === #
    kh_attribute_template_id = fields.Many2one(
        "kh.attribute.template",
        "Attribute Template",
        index="btree_not_null",
        ondelete="set null",
        copy=False,
        check_company=True,
        groups="base.group_user",
        help="Where this product's attributes come from.",
    )

    # === ONCHANGE METHODS === #
    @api.onchange("categ_id", "company_id")
    def _onchange_categ_id_kh_attributes(self):
        """Offer a new product the template of its category."""
        if not self._origin and self.categ_id:
            found = self.env["kh.attribute.template"]._find_templates(
                self.categ_id._origin, self.company_id._origin
            )
            template = found.get(self.categ_id._origin.id)
            if template and template != self.kh_attribute_template_id:
                self.kh_attribute_template_id = template
                self._onchange_kh_attribute_template_id()
            elif self._kh_has_foreign_template():
                self.kh_attribute_template_id = False

    @api.onchange("kh_attribute_template_id")
    def _onchange_kh_attribute_template_id(self):
        """Fill the grid of a new product; an existing one is changed by the preview only.

        Who does not see the grid gets it when the product is created.
        """
        sees_grid = self.env.user.has_group("product.group_product_variant")
        if sees_grid and not self._origin and self.kh_attribute_template_id:
            self.attribute_line_ids = [
                Command.clear(),
                *self.kh_attribute_template_id._prepare_attribute_lines(),
            ]

    # === CRUD METHODS === #
    @api.model_create_multi
    def create(self, vals_list):
        # a product created as one variant has no grid to fill
        if "create_product_product" not in self.env.context:
            self._kh_add_template_attributes(vals_list)
        return super().create(vals_list)

    # === BUSINESS METHODS === #
    @api.model
    def _kh_add_template_attributes(self, vals_list):
        """Give the values of new products the attributes of their template, in one batch.

        Values that name attributes themselves stay as they are.
        """
        open_vals = [vals for vals in vals_list if self._kh_is_without_grid(vals)]
        Template = self.env["kh.attribute.template"]
        # sudo: whoever creates products fills them as the product manager has laid down
        if not open_vals or not Template.sudo().search_count([], limit=1):
            return
        by_category = self._kh_find_template_by_category(
            [vals for vals in open_vals if "kh_attribute_template_id" not in vals]
        )
        for vals in open_vals:
            if "kh_attribute_template_id" in vals:
                template = Template.browse(vals["kh_attribute_template_id"] or [])
            else:
                template = by_category(vals)
            if template:
                vals["kh_attribute_template_id"] = template.id
                # sudo: as above
                vals["attribute_line_ids"] = template.sudo()._prepare_attribute_lines()

    @api.model
    def _kh_is_without_grid(self, vals):
        """Whether the values say nothing of attributes; a copy or a file may well name none.

        The form of who does not see the grid sends an empty one beside the chosen template.
        """
        if "attribute_line_ids" not in vals:
            return True
        sees_grid = self.env.user.has_group("product.group_product_variant")
        is_chosen = bool(vals.get("kh_attribute_template_id")) and not sees_grid
        return is_chosen and not vals["attribute_line_ids"]

    def _kh_has_foreign_template(self):
        company = self.kh_attribute_template_id.company_id
        return bool(company) and company != self.company_id

    @api.model
    def _kh_find_template_by_category(self, vals_list):
        """Return a function that gives the template for the values of one of these products."""
        Template, Category = self.env["kh.attribute.template"], self.env["product.category"]
        defaults = self.default_get(["categ_id", "company_id"])

        def get_place(vals):
            return tuple(
                vals.get(name, defaults.get(name)) or None for name in ("company_id", "categ_id")
            )

        places = {get_place(vals) for vals in vals_list}
        found = {}
        for company_id in {company_id for company_id, _categ_id in places}:
            categories = Category.browse({c for x, c in places if x == company_id and c})
            company = self.env["res.company"].browse(company_id)
            found[company_id] = Template._find_templates(categories, company)

        def get_template(vals):
            company_id, categ_id = get_place(vals)
            return found[company_id].get(categ_id, Template)

        return get_template

    def _kh_get_template_changes(self, template):
        """Say what applying a template would add to each product, without changing anything.

        :return: ``{product id: [(attribute line or empty, template line, new values)]}``
        """
        changes = {}
        for product in self:
            lines = {line.attribute_id: line for line in product.attribute_line_ids}
            missing = []
            for line in template.line_ids:
                own = lines.get(line.attribute_id, product.attribute_line_ids.browse())
                values = line.value_ids - own.value_ids
                if values:
                    missing.append((own, line, values))
            changes[product.id] = missing
        return changes

    def _kh_count_variants_after(self, changes):
        """Return how many variants the product would have with the changes of the preview."""
        self.ensure_one()
        counts = {
            line.attribute_id: len(line.value_ids)
            for line in self.attribute_line_ids
            if line.attribute_id.create_variant == "always"
        }
        for _own, line, values in changes:
            if line.attribute_id.create_variant == "always":
                counts[line.attribute_id] = counts.get(line.attribute_id, 0) + len(values)
        total = 1
        for count in counts.values():
            total *= count
        return total

    def _kh_apply_attribute_template(self, template):
        """Add the template's attributes and values that are missing; nothing is taken away.

        :return: the products that were changed
        """
        self.check_access("write")
        changes = self._kh_get_template_changes(template)
        changed = self.filtered(lambda product: changes[product.id])
        for product in changed:
            commands = [
                Command.update(own.id, {"value_ids": [Command.link(value.id) for value in values]})
                if own
                else Command.create(line._prepare_attribute_line_vals())
                for own, line, values in changes[product.id]
            ]
            product.write({"attribute_line_ids": commands})
        self.write({"kh_attribute_template_id": template.id})
        return changed
