from odoo import api, fields, models
from odoo.exceptions import ValidationError
from odoo.fields import Domain
from odoo.tools import float_round, ormcache

from ..engine.caches import clear_caches

KINDS = [("normal", "Normal"), ("auxiliary", "Packaging Auxiliary")]


class ProductAuxiliary(models.Model):
    """What is packed with a product, and how much of it per so many units (包装辅材).

    A started pack counts: with 1 box per 10 units, 11 units take 2 boxes.
    """

    _name = "kh.product.auxiliary"
    _description = "Packaging Auxiliary of a Product"
    _order = "product_tmpl_id, sequence, id"
    _check_company_auto = True

    # === FIELDS === #
    product_tmpl_id = fields.Many2one(
        "product.template", "Product", required=True, index=True, ondelete="cascade"
    )
    company_id = fields.Many2one(related="product_tmpl_id.company_id", store=True, index=True)
    sequence = fields.Integer(default=10)
    auxiliary_id = fields.Many2one(
        "product.product",
        "Auxiliary",
        required=True,
        index=True,
        ondelete="restrict",
        check_company=True,
        domain="[('kh_kind', '=', 'auxiliary')]",
    )
    quantity = fields.Float(default=1.0, required=True, digits="Product Unit")
    per_quantity = fields.Float(
        "Per", default=1.0, required=True, digits="Product Unit", help="Units of the product."
    )
    _positive = models.Constraint(
        "CHECK (quantity > 0 AND per_quantity > 0)", "Quantities must be above zero."
    )
    _one_row = models.Constraint(
        "UNIQUE (product_tmpl_id, auxiliary_id)", "Each auxiliary is named once for a product."
    )

    # === CONSTRAINTS === #
    @api.constrains("auxiliary_id", "product_tmpl_id")
    def _check_kinds(self):
        for row in self:
            if row.auxiliary_id.kh_kind != "auxiliary":
                raise ValidationError(
                    self.env._("%s is not a packaging auxiliary.", row.auxiliary_id.display_name)
                )
            if row.product_tmpl_id.kh_kind == "auxiliary":
                raise ValidationError(
                    self.env._(
                        "%s is an auxiliary itself, it cannot have others.",
                        row.product_tmpl_id.display_name,
                    )
                )

    # === CRUD METHODS === #
    @api.model_create_multi
    def create(self, vals_list):
        result = super().create(vals_list)
        clear_caches(self.env)
        return result

    def unlink(self):
        result = super().unlink()
        clear_caches(self.env)
        return result

    # === BUSINESS METHODS === #
    @api.model
    @ormcache()
    def _has_any(self):
        """Whether any product has auxiliaries: orders ask before they look for them."""
        # sudo: of whatever company
        return bool(self.sudo().search_count([], limit=1))

    def _get_quantity(self, quantity):
        """Return how much of the auxiliary goes with a quantity of the product.

        :param float quantity: of the product, in its unit
        :return: in the auxiliary's unit
        """
        self.ensure_one()
        packs = float_round(quantity / self.per_quantity, precision_digits=0, rounding_method="UP")
        return packs * self.quantity


class ProductTemplate(models.Model):
    _inherit = "product.template"

    # === FIELDS === #
    kh_kind = fields.Selection(
        KINDS,
        "Kind",
        default="normal",
        index=True,
        help="A packaging auxiliary is not listed or sold alone: the system adds it to orders "
        "of the products that name it.",
    )
    kh_auxiliary_ids = fields.One2many(
        "kh.product.auxiliary",
        "product_tmpl_id",
        "Packaging Auxiliaries",
        groups="base.group_user",
        copy=True,
    )

    # === CONSTRAINTS === #
    @api.constrains("kh_kind")
    def _check_kh_kind(self):
        Auxiliary = self.env["kh.product.auxiliary"].sudo()  # sudo: of whatever company
        normal = self.filtered(lambda product: product.kh_kind != "auxiliary")
        if normal and Auxiliary._has_any():
            used = Auxiliary.search([("auxiliary_id.product_tmpl_id", "in", normal.ids)], limit=1)
            if used:
                raise ValidationError(
                    self.env._(
                        "%(auxiliary)s is packed with %(product)s and must stay an auxiliary.",
                        auxiliary=used.auxiliary_id.display_name,
                        product=used.product_tmpl_id.display_name,
                    )
                )
        having = (self - normal).filtered("kh_auxiliary_ids")
        if having:
            raise ValidationError(
                self.env._("%s has auxiliaries and cannot be one itself.", having[:1].display_name)
            )

    # === CRUD METHODS === #
    @api.model_create_multi
    def create(self, vals_list):
        auxiliaries = [vals for vals in vals_list if vals.get("kh_kind") == "auxiliary"]
        for vals in auxiliaries:
            vals.setdefault("list_price", 0.0)
        products = super().create(vals_list)
        if auxiliaries:
            clear_caches(self.env)
        return products

    def write(self, vals):
        result = super().write(vals)
        if "kh_kind" in vals:
            clear_caches(self.env)
        return result

    # === BUSINESS METHODS - KIND === #
    @api.model
    @ormcache()
    def _kh_has_auxiliaries(self):
        """Whether there is any auxiliary: until then no query asks for the kind."""
        # sudo: of whatever company
        products_sudo = self.sudo().with_context(active_test=False)
        return bool(products_sudo.search_count([("kh_kind", "=", "auxiliary")], limit=1))

    @api.model
    def _kh_kind_domain(self):
        """Extend: auxiliaries are not listed or sold alone."""
        domain = super()._kh_kind_domain()
        if not self._kh_has_auxiliaries():
            return domain
        return domain & Domain("kh_kind", "!=", "auxiliary")
