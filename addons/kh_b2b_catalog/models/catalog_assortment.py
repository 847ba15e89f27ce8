from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.fields import Domain
from odoo.tools import SQL

from ..engine.saleable import AssortmentCondition

KEY_FIELDS = {"product_tmpl_ids", "active", "company_id"}
VIEWER_FIELDS = {"grade_ids", "partner_ids", "active", "company_id"}


class CatalogAssortment(models.Model):
    """A set of products that only the dealers it is assigned to see and buy (商品目录).

    A product in no active assortment is open to everybody; one in several is seen by the
    dealers of any of them.
    """

    _name = "kh.catalog.assortment"
    _description = "Assortment"
    _order = "sequence, name, id"
    _inherit = ["kh.zone.mixin"]
    _check_company_auto = True

    # === FIELDS === #
    name = fields.Char(required=True, translate=True, tracking=True)
    sequence = fields.Integer(default=10)
    active = fields.Boolean(default=True, tracking=True)
    company_id = fields.Many2one(
        "res.company",
        index=True,
        tracking=True,
        help="Empty: for all companies. Otherwise it restricts nothing in the other companies.",
    )
    product_tmpl_ids = fields.Many2many(
        "product.template",
        "kh_catalog_assortment_product_rel",
        "assortment_id",
        "product_tmpl_id",
        string="Products",
    )
    product_count = fields.Integer(compute="_compute_product_count", string="Number of Products")
    grade_ids = fields.Many2many(
        "res.partner.grade",
        "kh_catalog_assortment_grade_rel",
        "assortment_id",
        "grade_id",
        string="Levels",
        tracking=True,
        help="All dealers of these levels see the assortment.",
    )
    partner_ids = fields.Many2many(
        "res.partner",
        "kh_catalog_assortment_partner_rel",
        "assortment_id",
        "partner_id",
        string="Dealers",
        domain="[('kh_is_dealer', '=', True)]",
    )
    dealer_count = fields.Integer(compute="_compute_dealer_count", string="Number of Dealers")
    is_zone = fields.Boolean(
        "Own Zone in the Shop",
        tracking=True,
        help="The dealers find the assortment as a zone of its own in the shop.",
    )

    # === COMPUTE METHODS === #
    def _compute_product_count(self):
        """Count without loading the products; archived ones do not count."""
        rows = self.env.execute_query(
            SQL(
                """
                SELECT r.assortment_id, count(*)
                  FROM kh_catalog_assortment_product_rel r
                  JOIN product_template t ON t.id = r.product_tmpl_id AND t.active
                 WHERE r.assortment_id = ANY(%s) GROUP BY r.assortment_id
                """,
                self.ids,
            )
        )
        counts = dict(rows)
        for assortment in self:
            assortment.product_count = counts.get(assortment._origin.id, 0)

    @api.depends("partner_ids", "grade_ids")
    def _compute_dealer_count(self):
        """Dealers who see the assortment, by themselves or by their level."""
        for assortment in self:
            assortment.dealer_count = self.env["res.partner"].search_count(
                assortment._kh_dealer_domain()
            )

    # === CRUD METHODS === #
    @api.model_create_multi
    def create(self, vals_list):
        assortments = super().create(vals_list)
        self.env["product.template"]._kh_refresh_keys(assortments._kh_select_products())
        return assortments

    def write(self, vals):
        Product = self.env["product.template"]
        affected = set()
        if "active" in vals and not vals["active"] and "product_tmpl_ids" not in vals:
            self._kh_ensure_nothing_opens()
        if "product_tmpl_ids" in vals:
            affected = set(self._kh_get_product_ids())
        result = super().write(vals)
        if "product_tmpl_ids" in vals:
            Product._kh_refresh_keys(affected | set(self._kh_get_product_ids()))
        elif KEY_FIELDS & vals.keys():
            Product._kh_refresh_keys(self._kh_select_products())
        if VIEWER_FIELDS & vals.keys():
            Product._kh_forget_saleable()
        return result

    def unlink(self):
        ids = self._kh_get_product_ids()
        result = super().unlink()
        self.env["product.template"]._kh_refresh_keys(ids)
        self.env["product.template"]._kh_refresh_restrictions()
        return result

    @api.ondelete(at_uninstall=False)
    def _unlink_except_only_one(self):
        self._kh_ensure_nothing_opens()

    # === ACTION METHODS === #
    def action_open_products(self):
        self.ensure_one()
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("Products of %s", self.name),
            "res_model": "product.template",
            "view_mode": "list,kanban,form",
            "domain": [("kh_assortment_ids", "in", self.ids)],
            "context": {"kh_assortment_id": self.id},
        }

    def action_open_dealers(self):
        self.ensure_one()
        action = self.env["ir.actions.act_window"]._for_xml_id(
            "kh_b2b_member.res_partner_action_dealer"
        )
        return {**action, "domain": list(self._kh_dealer_domain())}

    def action_open_add_products(self):
        """Open the dialog that adds products in bulk."""
        action = self.env["ir.actions.act_window"]._for_xml_id(
            "kh_b2b_catalog.kh_catalog_assign_action"
        )
        return {**action, "context": {"default_add_assortment_ids": self.ids}}

    # === BUSINESS METHODS === #
    def _kh_zone_domain(self):
        return Domain.custom(to_sql=AssortmentCondition(self.id))

    def _kh_ensure_nothing_opens(self):
        """Refuse to let go of assortments without which products would be everybody's.

        :raise UserError: if no other assortment restricts a product in the same companies
        """
        self.flush_model(["active", "company_id", "product_tmpl_ids"])
        [[count]] = self.env.execute_query(
            SQL(
                """
                SELECT count(DISTINCT r.product_tmpl_id)
                  FROM kh_catalog_assortment_product_rel r
                  JOIN kh_catalog_assortment a ON a.id = r.assortment_id AND a.active
                 WHERE a.id = ANY(%(ids)s) AND NOT EXISTS (
                     SELECT FROM kh_catalog_assortment_product_rel s
                       JOIN kh_catalog_assortment o ON o.id = s.assortment_id AND o.active
                      WHERE s.product_tmpl_id = r.product_tmpl_id AND o.id <> ALL(%(ids)s)
                        AND (o.company_id IS NULL OR o.company_id = a.company_id))
                """,
                ids=self.ids,
            )
        )
        if count:
            raise UserError(
                self.env._(
                    "%(count)s products would be open to everybody: nothing else restricts who "
                    "sees them than “%(name)s”. Put them into another assortment, or take them "
                    "out of this one first.",
                    count=count,
                    name=", ".join(self.mapped("display_name")),
                )
            )

    def _kh_dealer_domain(self):
        return Domain("kh_is_dealer", "=", True) & (
            Domain("kh_assortment_ids", "in", self.ids)
            | Domain("grade_id", "in", self.grade_ids.ids)
        )

    def _kh_add_products(self, products):
        """Put many products into these assortments, by SQL.

        :param products: domain on `product.template`, searched as the current user
        :return: how many products were selected
        :rtype: int
        """
        selected = self._kh_select_for_bulk(products)
        self.env.cr.execute(
            SQL(
                """
                INSERT INTO kh_catalog_assortment_product_rel (assortment_id, product_tmpl_id)
                SELECT a, p FROM unnest(%s::int[]) AS a, unnest(%s::int[]) AS p
                ON CONFLICT DO NOTHING
                """,
                self.ids,
                selected,
            )
        )
        return self._kh_after_bulk(selected)

    def _kh_remove_products(self, products):
        """Take products out of these assortments, by SQL; as `_kh_add_products`."""
        selected = self._kh_select_for_bulk(products)
        self.env.cr.execute(
            SQL(
                """
                DELETE FROM kh_catalog_assortment_product_rel
                 WHERE assortment_id = ANY(%s) AND product_tmpl_id = ANY(%s)
                """,
                self.ids,
                selected,
            )
        )
        return self._kh_after_bulk(selected)

    def _kh_select_for_bulk(self, products):
        self.check_access("write")
        self.flush_model(["product_tmpl_ids"])
        query = self.env["product.template"]._search(Domain(products), order="id")
        return list(query)

    def _kh_after_bulk(self, product_ids):
        Product = self.env["product.template"]
        self.invalidate_recordset(["product_tmpl_ids", "product_count"], flush=False)
        Product.invalidate_model(["kh_assortment_ids"], flush=False)
        Product._kh_refresh_keys(product_ids)
        return len(product_ids)

    def _kh_select_products(self):
        return SQL(
            "SELECT product_tmpl_id FROM kh_catalog_assortment_product_rel"
            " WHERE assortment_id = ANY(%s)",
            self.ids,
        )

    def _kh_get_product_ids(self):
        return [row[0] for row in self.env.execute_query(self._kh_select_products())]
