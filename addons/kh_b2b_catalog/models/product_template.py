from odoo import api, fields, models
from odoo.fields import Domain

from ..engine.saleable import OPEN, PAIR, SaleableCondition, Viewer

# What is written on a product and changes its keys.
KEY_FIELDS = {
    "categ_id", "kh_area_include_ids", "kh_area_exclude_ids", "kh_assortment_ids",
}  # fmt: skip


class ProductTemplate(models.Model):
    _inherit = "product.template"

    # === FIELDS === #
    kh_assortment_ids = fields.Many2many(
        "kh.catalog.assortment",
        "kh_catalog_assortment_product_rel",
        "product_tmpl_id",
        "assortment_id",
        string="Assortments",
        groups="base.group_user",
        help="Only dealers to whom one of these is assigned see the product. Empty: all do.",
    )
    kh_area_include_ids = fields.Many2many(
        "kh.sales.area",
        "kh_product_area_include_rel",
        "product_tmpl_id",
        "area_id",
        string="Sold Only In",
        ondelete="restrict",
        groups="base.group_user",
        help="Dealers of these areas, and of the areas in them, may buy the product. "
        "Empty: as for the category.",
    )
    kh_area_exclude_ids = fields.Many2many(
        "kh.sales.area",
        "kh_product_area_exclude_rel",
        "product_tmpl_id",
        "area_id",
        string="Not Sold In",
        ondelete="restrict",
        groups="base.group_user",
        help="Dealers of these areas, and of the areas in them, may not buy the product, "
        "nor where its category is not sold.",
    )
    kh_listing_ids = fields.One2many(
        "kh.product.listing",
        "product_tmpl_id",
        string="Listing Times",
        copy=True,
        groups="base.group_user",
        help="Empty: listed at all times.",
    )
    kh_is_visible = fields.Boolean(
        string="Visible to Me",
        compute="_compute_kh_is_visible",
        search="_search_kh_is_visible",
        compute_sudo=True,
        help="Whether the person at the screen may see and buy the product now; employees may.",
    )

    # === COMPUTE METHODS === #
    @api.depends_context("uid", "website_id", "allowed_company_ids")
    def _compute_kh_is_visible(self):
        """Answer for the user, also in sudo: the ORM checks record rules in sudo."""
        visible = set(self._origin._kh_filter_domain(self._kh_user_domain())._ids)
        for product in self:
            product.kh_is_visible = not product._origin or product._origin.id in visible

    @api.model
    def _search_kh_is_visible(self, operator, value):
        return self._kh_user_domain() if operator == "in" else NotImplemented

    # === CRUD METHODS === #
    @api.model_create_multi
    def create(self, vals_list):
        products = super().create(vals_list)
        if any(self._kh_get_restrictions()) or any(KEY_FIELDS & vals.keys() for vals in vals_list):
            self._kh_refresh_keys(products.ids)
        return products

    def write(self, vals):
        result = super().write(vals)
        if KEY_FIELDS & vals.keys() and (
            any(self._kh_get_restrictions()) or vals.keys() & (KEY_FIELDS - {"categ_id"})
        ):
            self._kh_refresh_keys(self.ids)
        return result

    # === BUSINESS METHODS - MAY THIS DEALER BUY THIS PRODUCT NOW === #
    @api.model
    def _kh_saleable_domain(self, partner=None, date=None, *, website=None, company=None):
        """Return which products a dealer may see and buy: the one truth, for every door.

        Listed now, saleable in the dealer's area, in an assortment of the dealer, of a kind
        that is sold. While nothing of this is configured the domain is TRUE.

        :param partner: res.partner of the dealer or one of its people; empty: a visitor
        :param datetime date: the moment, in UTC; now by default, to the minute
        :param website: the channel; empty: none (listing times for all channels count)
        :param company: the seller; by default the website's, else the current one
        :rtype: Domain
        """
        return self._kh_viewer_domain(self._kh_make_viewer(partner, website, company), date)

    def _kh_filter_saleable(self, partner, date=None, *, website=None, company=None):
        """Keep those of these products that the dealer may buy; one query, any number.

        Parameters as `_kh_saleable_domain`. Rules do not bind it: it is the rule.
        """
        return self._kh_filter_domain(
            self._kh_saleable_domain(partner, date, website=website, company=company)
        )

    # === BUSINESS METHODS - PARTS === #
    @api.model
    def _kh_get_viewer(self):
        """Return who is at the screen, or ``None`` for employees, who see everything."""
        user = self.env.user
        if user._is_internal():
            return None
        # sudo: the person's own company and the shop's; nothing of it is shown
        partner_sudo = user.sudo().partner_id.commercial_partner_id
        if user._is_public():
            partner_sudo = partner_sudo.browse()
        website_sudo = self.env["website"].get_current_website().sudo()
        return Viewer(partner_sudo, website_sudo, website_sudo.company_id or self.env.company)

    @api.model
    def _kh_make_viewer(self, partner=None, website=None, company=None):
        website = self.env["website"] if website is None else website
        partner = self.env["res.partner"] if partner is None else partner
        # sudo: only the company of the channel
        company = company or website.sudo().company_id or self.env.company
        return Viewer(partner, website, company)

    @api.model
    def _kh_user_domain(self):
        """Return what the person at the screen may see and buy now."""
        viewer = self._kh_get_viewer()
        return self._kh_viewer_domain(viewer) if viewer else Domain.TRUE

    @api.model
    def _kh_viewer_domain(self, viewer, date=None):
        condition = self._kh_get_condition(viewer, date)
        domain = self._kh_kind_domain()
        if condition.is_open():
            return domain
        return Domain.custom(to_sql=condition) & domain

    @api.model
    def _kh_kind_domain(self):
        """Return which kinds of products are sold at all (hook); TRUE in this model."""
        return Domain.TRUE

    @api.model
    def _kh_get_condition(self, viewer, date=None):
        restrictions = self._kh_get_restrictions()
        # sudo: assortments and areas of the dealer; only their ids go into the query
        partner_sudo = viewer.partner.sudo()
        marks = (OPEN, -viewer.company.id)
        area_keys = ()
        if restrictions.area or restrictions.deny_area:
            area_keys = partner_sudo._kh_get_area_keys(viewer.company)
        pairs = (viewer.company.id * PAIR + key for key in area_keys)
        return SaleableCondition(
            assortment_keys=(*marks, *partner_sudo._kh_get_assortment_keys(viewer.company))
            if restrictions.assortment
            else None,
            area_keys=(*marks, *area_keys, *pairs) if restrictions.area else None,
            deny_area_keys=area_keys if restrictions.deny_area and area_keys else None,
            moment=self._kh_to_minute(date) if restrictions.listing else None,
            website_id=viewer.website.id or None,
        )

    @api.model
    def _kh_to_minute(self, date):
        moment = fields.Datetime.to_datetime(date) or fields.Datetime.now()
        return moment.replace(second=0, microsecond=0, tzinfo=None)

    def _kh_filter_domain(self, domain):
        domain = domain.optimize(self)
        if domain.is_true():
            return self
        # sudo: the domain itself says what may be seen
        products_sudo = self.sudo().with_context(active_test=False)
        found = set(products_sudo._search(Domain("id", "in", self.ids) & domain, order="id"))
        return self.filtered(lambda product: product.id in found)

    # === BUSINESS METHODS - DOORS === #
    def _can_return_content(self, field_name=None, access_token=None):
        """Extend `website`: published is not enough, the rule decides for hidden products."""
        if field_name in self._fields and not self.kh_is_visible:
            return False
        return super()._can_return_content(field_name, access_token)
