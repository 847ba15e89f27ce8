"""Sorting and filtering products by the price of whoever looks (M-40, M-44)."""

import re

from odoo import api, fields, models
from odoo.fields import Domain
from odoo.tools import SQL

COMPARISONS = {"<": SQL("<"), "<=": SQL("<="), ">": SQL(">"), ">=": SQL(">=")}
# Core's name of the price in an order, not as part of another name.
LIST_PRICE = re.compile(r"\blist_price\b")


def as_bound(value):
    """Read one end of a price range as a page sends it; nonsense counts as not given.

    :rtype: float, 0.0 for an open end
    """
    try:
        number = float(value or 0.0)
    except (TypeError, ValueError):
        return 0.0
    return number if 0 < number < float("inf") else 0.0


class OwnPriceMixin(models.AbstractModel):
    """What products and variants share; ``_kh_sql_own_price`` tells their prices."""

    _name = "kh.own.price.mixin"
    _description = "Sorting and Filtering by Own Price"

    # === FIELDS === #
    kh_own_price = fields.Float(
        "My price",
        compute="_compute_kh_own_price",
        search="_search_kh_own_price",
        min_display_digits="Product Price",
        help="What the current user pays for one, before taxes; of a product with variants the"
        " lowest. Visitors and staff: the market price.",
    )

    # === COMPUTE METHODS === #

    @api.depends_context("uid", "company", "kh_partner_id")
    def _compute_kh_own_price(self):
        prices = self._kh_get_own_prices()
        for record in self:
            record.kh_own_price = prices.get(record.id, 0.0)

    @api.model
    def _search_kh_own_price(self, operator, value):
        """Search method of ``kh_own_price``: by the current user's price and nobody else's."""
        if operator in COMPARISONS:
            condition = SQL("price %s %s::float8", COMPARISONS[operator], float(value))
        elif operator == "in":
            condition = SQL("price = ANY(%s::float8[])", [float(price) for price in value])
        else:
            return NotImplemented
        return self._kh_priced_domain(condition)

    # === BUSINESS METHODS - OWN PRICE === #

    def _kh_get_own_prices(self):
        """Return ``{id: price}`` at the current user's price; of nothing by itself."""
        return {}

    @api.model
    def _kh_sql_own_price(self):
        """Select ``id, price`` of all records, at the current user's price; by itself of none."""
        return SQL("SELECT NULL::int AS id, NULL::float8 AS price WHERE FALSE")

    @api.model
    def _kh_own_price_domain(self, minimum=0.0, maximum=0.0):
        """Products whose own price lies between two amounts, both included; 0: open end.

        One sub-select for both ends. Amounts are in the pricelist's currency.
        """
        digits = self.env["decimal.precision"].precision_get("Product Price")
        conditions = []
        if minimum:
            conditions.append(SQL("price >= %s::float8", round(minimum, digits)))
        if maximum:
            conditions.append(SQL("price <= %s::float8", round(maximum, digits)))
        if not conditions:
            return Domain.TRUE
        return self._kh_priced_domain(SQL(" AND ").join(conditions))

    @api.model
    def _kh_priced_domain(self, condition):
        priced = SQL("SELECT id FROM (%s) AS priced WHERE %s", self._kh_sql_own_price(), condition)

        # IS TRUE keeps it a set that is made once: as a join, how few of its rows the planner
        # expects would decide that prices are compared row by row.
        def to_sql(_model, alias, _query):
            return SQL("(%s IN (%s)) IS TRUE", SQL.identifier(alias, "id"), priced)

        return Domain.custom(to_sql=to_sql)

    @api.model
    def _kh_own_price_range(self, domain):
        """Return lowest and highest own price of the products of ``domain``, 0 for none."""
        query = self._search(domain)
        found = SQL(
            "SELECT COALESCE(MIN(priced.price), 0), COALESCE(MAX(priced.price), 0)"
            " FROM (%s) AS priced WHERE priced.id IN %s",
            self._kh_sql_own_price(),
            query.subselect(),
        )
        [bounds] = self.env.execute_query(found)
        return bounds

    def _order_field_to_sql(self, alias, field_name, direction, nulls, query):
        """Extend `base`: join the prices once, as a whole, and sort by them."""
        if field_name != "kh_own_price":
            return super()._order_field_to_sql(alias, field_name, direction, nulls, query)
        own = query.make_alias(alias, "kh_own_price")
        if own not in query._joins:
            query.add_join(
                "LEFT JOIN",
                own,
                SQL("(%s)", self._kh_sql_own_price()),
                SQL("%s = %s", SQL.identifier(own, "id"), SQL.identifier(alias, "id")),
            )
        return SQL("%s %s %s", SQL.identifier(own, "price"), direction, nulls)


class ProductTemplate(models.Model):
    _name = "product.template"
    _inherit = ["product.template", "kh.own.price.mixin"]

    # === BUSINESS METHODS - OWN PRICE === #

    def _kh_get_own_prices(self):
        variants = self.product_variant_ids
        partner, pricelist = variants._kh_price_viewer()
        prices = pricelist._kh_get_own_prices(variants, partner)
        bare = self.filtered(lambda template: not template.product_variant_ids)
        lowest = pricelist._kh_get_own_prices(bare, partner)
        for template in self - bare:
            lowest[template.id] = min(prices[key] for key in template.product_variant_ids.ids)
        return lowest

    @api.model
    def _kh_sql_own_price(self):
        """Select ``id, price`` of all products, by the lowest price of its active variants."""
        partner, pricelist = self.env["product.product"]._kh_price_viewer()
        return SQL(
            "SELECT tmpl_id AS id, MIN(price) AS price FROM (%s) AS own"
            " WHERE active IS NOT FALSE GROUP BY tmpl_id",
            pricelist._kh_sql_own_prices(partner),
        )

    @api.model
    def _search_get_detail(self, website, order, options):
        """Extend `website_sale`: on B2B websites a price is the viewer's own price.

        Orders by price and the price range count for it. Bounds come in the company's
        currency (core converts them) and are compared in the website's.
        """
        if not website.kh_is_b2b:
            return super()._search_get_detail(website, order, options)
        bounds = [as_bound(options.get(name)) for name in ("min_price", "max_price")]
        options = {**options, "min_price": 0.0, "max_price": 0.0}
        detail = super()._search_get_detail(website, order, options)
        detail["order"] = LIST_PRICE.sub("kh_own_price", detail.get("order") or order or "")
        if any(bounds):
            rate = website._kh_price_bound_rate()
            minimum, maximum = (bound * rate for bound in bounds)
            detail["base_domain"].append(self._kh_own_price_domain(minimum, maximum))
        return detail


class ProductProduct(models.Model):
    _name = "product.product"
    _inherit = ["product.product", "kh.own.price.mixin"]

    # === BUSINESS METHODS - OWN PRICE === #

    @api.model
    def _kh_price_viewer(self, website=None):
        """Return for whom the shop sorts, and by which pricelist (of the website in use).

        A portal user is always the own company, a visitor nobody, whatever a request's
        context says; staff are whom they order for.
        """
        user, partner = self.env.user, None
        if user._is_public():
            partner = self.env["res.partner"]
        elif not user._is_internal() and not user._is_superuser():
            partner = user.partner_id
        website = website or self.env["website"].get_current_website()
        return self._kh_display_viewer(partner, website)

    def _kh_get_own_prices(self):
        partner, pricelist = self._kh_price_viewer()
        return pricelist._kh_get_own_prices(self, partner)

    @api.model
    def _kh_sql_own_price(self):
        """Select ``id, price`` of all variants."""
        partner, pricelist = self._kh_price_viewer()
        return SQL(
            "SELECT id, price FROM (%s) AS own WHERE id IS NOT NULL",
            pricelist._kh_sql_own_prices(partner),
        )
