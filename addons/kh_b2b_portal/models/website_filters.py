from datetime import timedelta
from typing import NamedTuple

from odoo import fields, models
from odoo.fields import Domain
from odoo.tools import SQL, groupby, ormcache

from odoo.addons.kh_b2b_member.utils import parse_id

# What counts as bought lately, and as bought often: days, orders in these days.
BOUGHT_DAYS = 365
BOUGHT = {"recent": 1, "often": 3}
# Values of one attribute that the page offers, the most frequent; more are found by searching.
MAX_VALUES = 40
# Values that one address may choose: each attribute among them is counted on its own.
MAX_CHOSEN = 20


class ShopFilters(NamedTuple):
    """What the reader narrows the catalogue to, beside search, category and price."""

    in_stock: bool = False
    bought: str = ""  # a key of BOUGHT
    values: tuple = ()  # ids of attribute values

    def without(self, value_ids):
        return self._replace(values=tuple(v for v in self.values if v not in value_ids))


NO_FILTERS = ShopFilters()


class ChosenValue(NamedTuple):
    """A value the reader chose, and what the address says without it."""

    attribute: str
    name: str
    values: str


class FacetValue(NamedTuple):
    id: int
    name: str
    count: int
    is_chosen: bool
    values: str  # what the address says after a click


class Facet(NamedTuple):
    id: int
    name: str
    values: tuple


class Website(models.Model):
    _inherit = "website"

    # === BUSINESS METHODS - FILTERS === #
    def _kh_read_filters(self, post):
        """Read the filters of an address; what is nonsense or not offered is left out."""
        bought = post.get("bought")
        ids = map(parse_id, (post.get("values") or "").split(","))
        ids = [value_id for value_id in ids if value_id][:MAX_CHOSEN]
        attribute_values = self.env["product.attribute.value"].search(
            Domain("id", "in", ids) & Domain("attribute_id.visibility", "=", "visible")
        )
        return ShopFilters(
            in_stock=post.get("stock") == "1" and self._kh_offers_stock_filter(),
            bought=bought if bought in BOUGHT and self._kh_offers_bought_filter() else "",
            values=tuple(sorted(attribute_values.ids)),
        )

    def _kh_filter_domain(self, filters):
        """Variants that pass the filters, as the current user may know.

        :param ShopFilters filters:
        """
        domains = []
        if filters.in_stock:
            domains.append(self._kh_in_stock_domain())
        if filters.bought:
            domains.append(self._kh_bought_domain(BOUGHT[filters.bought]))
        chosen = self.env["product.attribute.value"].browse(filters.values)
        domains += [
            self._kh_value_domain(attribute, values)
            for attribute, values in chosen.grouped("attribute_id").items()
        ]
        return Domain.AND(domains)

    def _kh_value_domain(self, attribute, values):
        """Variants with one of these values of one attribute."""
        if attribute.create_variant == "no_variant":
            return Domain("product_tmpl_id.attribute_line_ids.value_ids", "in", values.ids)
        return Domain(
            "product_template_attribute_value_ids.product_attribute_value_id", "in", values.ids
        )

    # === BUSINESS METHODS - STOCK === #
    def _kh_offers_stock_filter(self):
        """Whether the reader may be told at all what is in stock: a filter tells it, too."""
        viewer = self.env["product.product"]._kh_stock_viewer()
        return self._kh_get_stock_rules(viewer).display != "none"

    def _kh_in_stock_domain(self):
        """What the page calls in stock or few left: free stock, or stock is not counted."""
        # sudo: the website's warehouse is not the reader's to read
        website_sudo = self.sudo()
        # sudo: nor are warehouses and stock; nothing but the ids of products comes out
        return self.env["product.product"].sudo()._kh_in_stock_domain(website_sudo)

    # === BUSINESS METHODS - PURCHASES === #
    def _kh_offers_bought_filter(self):
        """Whether the reader has purchases to look at; staff see those of the shop's orders."""
        user = self.env.user
        return not user._is_public() and self.env["sale.order.line"].has_access("read")

    def _kh_bought_domain(self, orders):
        """What the reader's company ordered in so many confirmed orders of the last year.

        The reader's own rules on orders apply. One SQL statement, which starts with the orders.

        :param int orders: at least
        """
        dealer = self.env.user.partner_id.commercial_partner_id
        # sudo: which company runs the shop; the reader's own orders are searched as the reader
        company = self.sudo().company_id
        since = fields.Datetime.now() - timedelta(days=BOUGHT_DAYS)
        found = self.env["sale.order"]._search(
            Domain("partner_id", "child_of", dealer.id)
            & Domain("state", "=", "sale")
            & Domain("company_id", "=", company.id)
            & Domain("date_order", ">=", since.replace(hour=0, minute=0, second=0, microsecond=0))
        )
        self.env["sale.order.line"].flush_model(["order_id", "product_id"])
        bought = SQL(
            "(SELECT product_id FROM sale_order_line WHERE order_id IN %s"
            " GROUP BY product_id HAVING COUNT(DISTINCT order_id) >= %s)",
            found.subselect(),
            orders,
        )
        return Domain("id", "in", bought)

    # === BUSINESS METHODS - FACETS === #
    def _kh_chosen_values(self, filters):
        """The chosen values of attributes, each with the way to give it up.

        :rtype: list[ChosenValue]
        """
        chosen = self.env["product.attribute.value"].browse(filters.values)
        return [
            ChosenValue(
                value.attribute_id.name,
                value.name,
                ",".join(map(str, filters.without([value.id]).values)),
            )
            for value in chosen
        ]

    def _kh_facets(self, domain, filters, *, is_kept):
        """Values of attributes among what is found, counted; both in the order of the back office.

        Counts are over what the reader finds, so nothing hidden is counted. Values of an
        attribute with a choice are counted as if that choice were not made: how many rows
        another value would show. One query, one more for each attribute with a choice.

        :param domain: what is found without the filters
        :param ShopFilters filters: those in force
        :param bool is_kept: whether the counts may be kept for the running minute
        :rtype: list[Facet]
        """
        chosen = self.env["product.attribute.value"].browse(filters.values)
        counts = self._kh_count_values(domain, filters, is_kept)
        for attribute, values in chosen.grouped("attribute_id").items():
            counts = [row for row in counts if row[0] != attribute.id]
            loose = self._kh_count_values(domain, filters.without(values.ids), is_kept)
            counts += [row for row in loose if row[0] == attribute.id]
        attribute_values = self.env["product.attribute.value"].browse(row[1] for row in counts)
        names = {value.id: value.name for value in attribute_values}
        place = {value.id: (value.sequence, value.id) for value in attribute_values}
        attributes = attribute_values.attribute_id.sorted(lambda a: (a.sequence, a.id))
        by_attribute = dict(groupby(counts, lambda row: row[0]))
        facets = []
        for attribute in attributes:
            rows = sorted(by_attribute[attribute.id], key=lambda r: -r[2])
            if len(rows) > 1 or chosen.attribute_id & attribute:
                values = tuple(
                    self._kh_make_facet_value(row, names, filters)
                    for row in sorted(rows[:MAX_VALUES], key=lambda r: place[r[1]])
                )
                facets.append(Facet(attribute.id, attribute.name, values))
        return facets

    def _kh_make_facet_value(self, row, names, filters):
        _attribute, value_id, count = row
        is_chosen = value_id in filters.values
        ids = set(filters.values) ^ {value_id}
        return FacetValue(
            value_id, names[value_id], count, is_chosen, ",".join(map(str, sorted(ids)))
        )

    def _kh_count_values(self, domain, filters, is_kept):
        """Count variants by attribute value: ``[(attribute id, value id, count)]``."""
        Product = self.env["product.product"]
        Product.flush_model()
        query = Product._search(domain & self._kh_filter_domain(filters))
        query = query.select(
            SQL.identifier(query.table, "id"), SQL.identifier(query.table, "product_tmpl_id")
        )
        if not is_kept:
            return self._kh_run_value_count(query)
        return self._kh_keep_value_count(query, fields.Datetime.now().replace(second=0))

    @ormcache("query.code", "repr(query.params)", "minute")
    def _kh_keep_value_count(self, query, minute):
        """As below, once for whoever finds the same; the answer holds for a minute."""
        return self._kh_run_value_count(query)

    def _kh_run_value_count(self, query):
        return self.env.execute_query(
            SQL(
                """
                WITH found (id, template_id) AS MATERIALIZED (%s)
                SELECT value.attribute_id, value.id, COUNT(*)
                  FROM (SELECT found.id, own.product_attribute_value_id AS value_id
                          FROM found
                          JOIN product_variant_combination rel ON rel.product_product_id = found.id
                          JOIN product_template_attribute_value own
                            ON own.id = rel.product_template_attribute_value_id
                         UNION
                        SELECT found.id, own.product_attribute_value_id
                          FROM found
                          JOIN product_template_attribute_value own
                            ON own.product_tmpl_id = found.template_id AND own.ptav_active
                          JOIN product_attribute attribute
                            ON attribute.id = own.attribute_id
                           AND attribute.create_variant = 'no_variant') AS pairs
                  JOIN product_attribute_value value ON value.id = pairs.value_id
                  JOIN product_attribute attribute ON attribute.id = value.attribute_id
                 WHERE attribute.visibility = 'visible'
                 GROUP BY value.attribute_id, value.id
                """,
                query,
            )
        )
