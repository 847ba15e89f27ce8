from collections import Counter
from typing import Any, NamedTuple

from odoo import fields, models
from odoo.fields import Domain
from odoo.http import request
from odoo.tools import SQL, ormcache

from ..const import DEFAULT_SORT, MAX_ARRAY_PRODUCTS, MAX_VARIANT_ROWS, SORTS
from ..utils import normalise
from .website_filters import NO_FILTERS


class CatalogueRow(NamedTuple):
    """One line of the catalogue: what a dealer must know to fill in a quantity."""

    product_id: int
    name: str
    url: str
    item_no: str
    spec: str
    image_url: str  # empty: no picture
    stock: Any  # StockDisplay
    limits: Any  # OrderLimits
    price: Any  # DisplayPrice
    uom: str
    cart_quantity: float
    can_add: bool  # False: must be configured on its own page
    variant_count: int  # 0: this very variant; else the row stands for so many


class CategoryNode(NamedTuple):
    """A category with the number of products the viewer finds in it and below."""

    id: int
    name: str
    url: str
    count: int
    children: tuple


class Website(models.Model):
    _inherit = "website"

    # === BUSINESS METHODS - CATALOGUE === #
    def _kh_catalogue_search(
        self,
        *,
        search="",
        category=None,
        sort="",
        prices=(0.0, 0.0),
        filters=NO_FILTERS,
        offset=0,
        limit=None,
    ):
        """Find the variants of one catalogue page, as the current user may see them.

        :param prices: lowest and highest own price, before taxes, 0 for an open end
        :param ShopFilters filters: what else the page is narrowed to
        :return: ``(products, total)``
        """
        self.ensure_one()
        Product = self.env["product.product"]
        domain = self._kh_catalogue_domain(search, category, prices)
        if not self.env.su:  # else no rule asks
            domain = self._kh_without_visibility(domain)
        if any(filters):
            domain &= self._kh_filter_domain(filters)
        order = SORTS.get(sort) or SORTS[DEFAULT_SORT]
        asked = {"offset": offset, "limit": limit, "order": order}
        if category or search or any(prices) or any(filters):
            return self._kh_search_in_one_pass(domain, **asked)
        # the whole catalogue: the page comes from an index, only the count looks at everything
        return Product.search_fetch(domain, **asked), Product.search_count(domain)

    @staticmethod
    def _kh_without_visibility(domain):
        """Leave to the rule on products what it asks anyway of whoever searches them.

        The shop's domain asks it too, for searches in sudo; asked twice, a page of a large
        category takes a sixth longer in the database.
        """
        return domain.map_conditions(
            lambda condition: Domain.TRUE if condition.field_expr == "kh_is_visible" else condition
        )

    def _kh_search_in_one_pass(self, domain, **asked):
        """Find one page of variants and count all, looking at what matches only once.

        :return: ``(products, total)``
        """
        Product = self.env["product.product"]
        query = Product._search(domain, **asked)
        rows = self.env.execute_query(
            query.select(SQL.identifier(query.table, "id"), SQL("COUNT(*) OVER ()"))
        )
        products = Product.browse(row[0] for row in rows)
        # sudo: the search was bound by the viewer's rules; they are not asked for each row again
        products.sudo().fetch(["combination_indices", "default_code", "product_tmpl_id"])
        if not rows and asked["offset"]:  # a page beyond the end
            return products, Product.search_count(domain)
        return products, rows[0][1] if rows else 0

    def _kh_catalogue_domain(self, search="", category=None, prices=(0.0, 0.0)):
        """Variants for sale on this website; every word of the search must be found."""
        domains = [Domain(self.sale_product_domain())]
        domains += [self._kh_search_domain(word) for word in normalise(search).split()]
        if category:
            domains.append(self._kh_category_domain(category))
        collapsed = self._kh_collapsed_variants()
        if collapsed and not search and not self._kh_is_promotion_shown():
            domains.append(
                Domain("product_tmpl_id", "not in", list(collapsed))
                | Domain("id", "in", [first for first, _count in collapsed.values()])
            )
        if any(prices):
            domains.append(self.env["product.product"]._kh_own_price_domain(*prices))
        return Domain.AND(domains)

    def _kh_is_promotion_shown(self):
        """Whether the page shows a promotion: its variants stand for themselves."""
        asked = request and request.is_frontend and request.params.get("kh_zone")
        return self._kh_is_promotion_key(asked)

    def _kh_list_zones(self):
        """Return the zones the viewer may enter now, promotions first: ``[(key, name)]``."""
        zones_sudo = (*self._kh_find_promotions(), *self._kh_find_zones())
        return [(zone_sudo._kh_zone_key(), zone_sudo.name) for zone_sudo in zones_sudo]

    def _kh_category_domain(self, category):
        """Variants in a category and those below it.

        Of a few thousand products the list goes into the query as an array, so that it starts
        with them; left to itself PostgreSQL reads all variants of the catalogue.
        """
        category.env["product.public.category"].flush_model(["parent_path"])
        # sudo: who opens a category page was let in by core's rule on categories already
        path = category.sudo().parent_path
        templates = SQL(
            """SELECT filled.product_template_id
                 FROM product_public_category_product_template_rel filled
                 JOIN product_public_category below
                   ON below.id = filled.product_public_category_id
                WHERE below.parent_path LIKE %s""",
            f"{path}%",
        )
        self.env["product.template"].flush_model(["public_categ_ids"])
        [[count]] = self.env.execute_query(
            SQL("SELECT COUNT(*) FROM (%s LIMIT %s) AS few", templates, MAX_ARRAY_PRODUCTS + 1)
        )
        if count > MAX_ARRAY_PRODUCTS:
            # sudo: as above; the rule would ask for the products of each of them
            below_sudo = category.sudo().search([("id", "child_of", category.id)])
            return Domain("public_categ_ids", "in", below_sudo.ids)

        def to_sql(_model, alias, query):
            # of the product, whose table the shop's other conditions have joined anyway
            product = query.left_join(
                alias, "product_tmpl_id", "product_template", "id", "product_tmpl_id"
            )
            return SQL("%s = ANY(ARRAY(%s))", SQL.identifier(product, "id"), templates)

        return Domain.custom(to_sql=to_sql)

    def _kh_search_domain(self, word):
        """Where one word of a search is looked for: name, item no., bar code, specification.

        Chinese words are found by their pinyin initials, too.
        """
        return self.env["product.product"]._kh_search_key_domain(word)

    def _kh_collapsed_variants(self):
        """Products with too many variants: ``{template: (first variant, count)}``."""
        self.env["product.product"].flush_model(["active", "product_tmpl_id"])
        return self._kh_find_collapsed(fields.Datetime.now().replace(second=0))

    @ormcache("minute")
    def _kh_find_collapsed(self, minute):
        """As above; one answer for everybody, which holds for a minute."""
        rows = self.env.execute_query(
            SQL(
                """
                SELECT product_tmpl_id, MIN(id), COUNT(*) FROM product_product
                WHERE active GROUP BY product_tmpl_id HAVING COUNT(*) > %s
                """,
                MAX_VARIANT_ROWS,
            )
        )
        return {template: (first, count) for template, first, count in rows}

    def _kh_catalogue_rows(self, products, order=None):
        """Gather the facts of the given variants in a constant number of queries.

        :param order: the user's cart, for "in the cart: 20"
        :rtype: list[CatalogueRow]
        """
        self.ensure_one()
        # sudo: prices, units, attributes and pictures of products the user was found to see; the
        # price engine still answers for the user, and rules are not asked for each row again
        products_sudo = products.sudo()
        prices = products_sudo._kh_get_display_prices(website=self)
        words = products._kh_get_stock_words()
        limits = products._kh_get_order_limits(website=self)
        collapsed = {} if self._kh_is_promotion_shown() else self._kh_collapsed_variants()
        in_cart = order._kh_cart_quantities() if order else {}
        pictures = products_sudo._kh_picture_urls()
        urls = self._kh_localise([product._kh_shop_url() for product in products_sudo])
        return [
            CatalogueRow(
                product_id=product.id,
                name=product.name,
                url=url,
                item_no=product.default_code or "",
                spec=product._kh_spec(),
                image_url=pictures.get(product.id, ""),
                stock=words[product.id],
                limits=limits[product.id],
                price=prices[product.id],
                uom=product.uom_id.name,
                cart_quantity=in_cart.get(product.id, 0.0),
                can_add=product._kh_is_directly_orderable(),
                variant_count=self._kh_row_variant_count(product, collapsed),
            )
            for product, url in zip(products_sudo, urls, strict=True)
        ]

    def _kh_localise(self, urls):
        """Put the language of the page into addresses of one kind, as the template engine would.

        Asked once for all, instead of once for each link of the page. The links say
        ``data-no-post-process``, so that the engine leaves them alone.

        :param list urls: addresses that one route serves
        """
        if not urls or not request or not getattr(request, "website", None):
            return urls
        IrHttp = self.env["ir.http"]
        if IrHttp._rewrite_len(request.website_routing):  # each address may lead elsewhere
            return [IrHttp._url_for(url) for url in urls]
        prefix = IrHttp._url_for(urls[0]).removesuffix(urls[0])
        return [prefix + url for url in urls]

    def _kh_row_variant_count(self, product, collapsed):
        """How many variants a row stands for; 0 for a row that is one variant."""
        first, count = collapsed.get(product.product_tmpl_id.id, (None, 0))
        return count if first == product.id else 0

    # === BUSINESS METHODS - CATEGORIES === #
    def _kh_category_tree(self):
        """Categories in which the current user finds products, as a tree with exact counts.

        The counts are those of the running minute; listing times count by the minute too.

        :rtype: tuple[CategoryNode]
        """
        self.ensure_one()
        Template = self.env["product.template"]
        Template.flush_model()
        query = Template._search(Domain(self.sale_product_domain())).select()
        minute = fields.Datetime.now().replace(second=0)
        return self._kh_build_category_tree(query, minute, self.env.lang)

    @ormcache("self.id", "query.code", "repr(query.params)", "minute", "lang")
    def _kh_build_category_tree(self, query, minute, lang):
        """As above, once for whoever sees the same; names and addresses in one language.

        A change of a category empties the cache.

        :param SQL query: finds the products of a viewer
        """
        # sudo: core's rule on empty categories asks product by product; ours are counted here
        categories = self.env["product.public.category"].sudo()
        categories = categories.search_fetch(
            self.website_domain(), ["name", "parent_id", "parent_path"]
        )
        above = {
            category.id: {int(key) for key in category.parent_path.split("/") if key}
            for category in categories
        }
        counts = Counter()
        for category_ids, count in self._kh_count_by_categories(query, minute):
            for category_id in set().union(*(above.get(key, ()) for key in category_ids)):
                counts[category_id] += count
        shown = categories.filtered(lambda c: counts[c.id])
        children = shown.grouped("parent_id")
        slug = self.env["ir.http"]._slug
        paths = self._kh_localise([f"/shop/category/{slug(category)}" for category in shown])
        urls = dict(zip(shown.ids, paths, strict=True))

        def build(parent):
            return tuple(
                CategoryNode(
                    category.id,
                    category.name,
                    urls[category.id],
                    counts[category.id],
                    build(category),
                )
                for category in children.get(parent, ())
            )

        return build(categories.browse())

    @ormcache("query.code", "repr(query.params)", "minute")
    def _kh_count_by_categories(self, query, minute):
        """Count the products that share the same categories, once for whoever sees the same.

        :param SQL query: finds the products of a viewer
        :param minute: until when the answer holds
        :return: rows of ``(category ids, number of products)``
        """
        return self.env.execute_query(
            SQL(
                """
                SELECT category_ids, COUNT(*)
                  FROM (SELECT array_agg(product_public_category_id) AS category_ids
                          FROM (SELECT product_template_id, product_public_category_id
                                  FROM product_public_category_product_template_rel
                                 WHERE product_template_id IN (%s)
                                 ORDER BY 1, 2) AS one
                         GROUP BY product_template_id) AS sets
                 GROUP BY category_ids
                """,
                query,
            )
        )
