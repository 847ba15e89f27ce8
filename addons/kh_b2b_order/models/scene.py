from odoo import api, fields, models
from odoo.fields import Domain

from odoo.addons.website.tools import text_from_html


class Scene(models.Model):
    """A set of products for one purpose, bought with one click (场景采购, M-62).

    Who looks at a scene sees of it only the products that he may buy; a scene of which nothing
    is left is not there for him.
    """

    _name = "kh.scene"
    _description = "Scene"
    _order = "sequence, name, id"
    _inherit = [
        "website.seo.metadata",
        "website.published.multi.mixin",
        "image.mixin",
        "mail.thread",
        "mail.activity.mixin",
    ]

    # === FIELDS === #
    name = fields.Char(required=True, translate=True, tracking=True)
    sequence = fields.Integer(default=10)
    active = fields.Boolean(default=True, tracking=True)
    industry = fields.Char(translate=True, help="Whom the scene is for, such as “Hospitals”.")
    purpose = fields.Text(translate=True, help="What the set is good for, in one or two sentences.")
    description = fields.Html(
        translate=True,
        sanitize_overridable=True,
        sanitize_attributes=False,
        sanitize_form=False,
        help="Shown on the page of the scene; edited on the website.",
    )
    # Who may not see a product must not learn of it by its line.
    line_ids = fields.One2many("kh.scene.line", "scene_id", "Products", groups="base.group_user")
    expert_id = fields.Many2one(
        "res.users",
        domain="[('share', '=', False)]",
        tracking=True,
        groups="base.group_user",
        help="Answers questions about the scene; gets them as activities.",
    )
    expert_qr = fields.Image(
        "WeChat QR Code",
        max_width=512,
        max_height=512,
        help="Picture that opens a chat with the expert in WeChat.",
    )

    is_shown = fields.Boolean(
        "Shown to the Reader",
        compute="_compute_is_shown",
        search="_search_is_shown",
        help="The reader may see at least one product of the scene; employees see all.",
    )

    # === COMPUTE METHODS === #
    @api.depends_context("uid")
    @api.depends("line_ids.product_id")
    def _compute_is_shown(self):
        shown = self.search([("id", "in", self.ids), ("is_shown", "=", True)])
        for scene in self:
            scene.is_shown = scene._origin in shown

    def _search_is_shown(self, operator, value):
        """Find scenes with a product the user may see; a record rule asks this for each query."""
        if operator != "in" or set(value) != {True}:
            return NotImplemented
        if self.env.user._is_internal():
            return Domain.TRUE
        # rules are evaluated as superuser: what is visible must be asked as the user
        products = self.with_user(self.env.uid).env["product.product"]._search([])
        # sudo: lines are hidden from dealers; only the scenes they belong to come out
        scenes = self.sudo()._search([("line_ids.product_id", "in", products)])
        return Domain("id", "in", scenes)

    def _compute_website_url(self):
        super()._compute_website_url()
        slug = self.env["ir.http"]._slug
        for scene in self.filtered("id"):
            scene.website_url = f"/scenes/{slug(scene)}"

    def _default_website_meta(self):
        """Extend `website`: search engines and shared links show purpose and picture."""
        meta = super()._default_website_meta()
        text = self.purpose or text_from_html(self.description or "", True)
        meta["default_opengraph"]["og:title"] = self.name
        meta["default_opengraph"]["og:description"] = text
        meta["default_meta_description"] = text
        if self.image_1920:
            image = self.env["website"].image_url(self, "image_1024")
            meta["default_opengraph"]["og:image"] = image
        return meta


class SceneLine(models.Model):
    """One product of a scene with the quantity proposed."""

    _name = "kh.scene.line"
    _description = "Scene Line"
    _order = "sequence, id"

    # === FIELDS === #
    scene_id = fields.Many2one("kh.scene", required=True, index=True, ondelete="cascade")
    sequence = fields.Integer(default=10)
    section = fields.Char(translate=True, help="Heading under which the page shows the product.")
    product_id = fields.Many2one(
        "product.product",
        required=True,
        index=True,
        ondelete="cascade",
        domain="[('sale_ok', '=', True)]",
    )
    quantity = fields.Float(
        digits="Product Unit", default=1.0, required=True, help="Proposed, in the product's unit."
    )
    uom_id = fields.Many2one(related="product_id.uom_id", string="Unit")
    is_optional = fields.Boolean("Optional", help="Starts with no quantity; the dealer may add it.")
    minimum = fields.Float(
        "At Least",
        digits="Product Unit",
        help="The set makes no sense with less; 0: no minimum. Optional products may be left out.",
    )

    _product_unique = models.Constraint(
        "UNIQUE (scene_id, product_id)", "The product is in this scene already."
    )
    _quantity_positive = models.Constraint(
        "CHECK (quantity > 0 AND minimum >= 0 AND minimum <= quantity)",
        "The quantity must be above zero and not below the minimum.",
    )
