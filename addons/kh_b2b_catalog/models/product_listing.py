from odoo import api, fields, models
from odoo.exceptions import ValidationError


class ProductListing(models.Model):
    """A time during which a product is listed, in one channel or in all (定时上下架)."""

    _name = "kh.product.listing"
    _description = "Listing Time"
    _order = "date_from, id"

    # === FIELDS === #
    product_tmpl_id = fields.Many2one(
        "product.template", string="Product", required=True, ondelete="cascade", index=True
    )
    website_id = fields.Many2one(
        "website",
        string="Channel",
        ondelete="cascade",
        help="Empty: all channels that have no listing times of their own.",
    )
    date_from = fields.Datetime(string="Listed From", help="Empty: from the beginning.")
    date_to = fields.Datetime(string="Listed Until", help="Empty: without end.")
    is_current = fields.Boolean(compute="_compute_is_current", string="Now")
    company_id = fields.Many2one(related="product_tmpl_id.company_id")

    _dates_in_order = models.Constraint(
        "CHECK (date_from IS NULL OR date_to IS NULL OR date_from < date_to)",
        "A product must be listed before it is taken off the list.",
    )

    # === COMPUTE METHODS === #
    @api.depends("date_from", "date_to")
    def _compute_is_current(self):
        now = fields.Datetime.now()
        for listing in self:
            begun = not listing.date_from or listing.date_from <= now
            listing.is_current = begun and (not listing.date_to or listing.date_to > now)

    # === CONSTRAINTS === #
    @api.constrains("date_from", "date_to")
    def _check_any_date(self):
        if any(not listing.date_from and not listing.date_to for listing in self):
            raise ValidationError(
                self.env._("Give the day and time from which, or until which, it is listed.")
            )

    # === CRUD METHODS === #
    @api.model_create_multi
    def create(self, vals_list):
        listings = super().create(vals_list)
        listings.product_tmpl_id._kh_refresh_keys(listings.product_tmpl_id.ids)
        return listings

    def write(self, vals):
        products = self.product_tmpl_id
        result = super().write(vals)
        products |= self.product_tmpl_id
        products._kh_refresh_keys(products.ids)
        return result

    def unlink(self):
        products = self.product_tmpl_id
        result = super().unlink()
        products._kh_refresh_keys(products.ids)
        return result
