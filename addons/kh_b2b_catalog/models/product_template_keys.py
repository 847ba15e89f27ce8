from odoo import api, models
from odoo.tools import SQL
from odoo.tools.sql import table_columns

from ..engine.saleable import OPEN, PAIR, Restrictions

# From so many products on the planner is told of the change.
BULK = 1000
# Where a transaction keeps what it knows of the restrictions; core empties it with the rest.
RESTRICTIONS = "kh_b2b_catalog.restrictions"
VISIBLE_MODELS = (
    "product.template",
    "product.product",
    "product.image",
    "product.template.attribute.line",
    "product.template.attribute.value",
    "product.template.attribute.exclusion",
    "product.pricelist.item",
)


class ProductTemplate(models.Model):
    _inherit = "product.template"

    def init(self):
        """Make the table of keys: one narrow row for each product that anything restricts.

        Not columns of `product_template`: each of its rows is in more than twenty indexes, so
        that 70,000 changed products would take half a minute. Only the statement below writes
        it; a product without a row is open to everybody.
        """
        super().init()
        self.env.cr.execute(
            SQL(
                """
                CREATE TABLE IF NOT EXISTS kh_product_key (
                    product_tmpl_id int PRIMARY KEY
                        REFERENCES product_template ON DELETE CASCADE,
                    kh_assortment_keys int[] NOT NULL,
                    kh_area_keys bigint[] NOT NULL,
                    kh_deny_area_keys int[] NOT NULL,
                    kh_is_timed boolean NOT NULL
                )
                """
            )
        )
        columns = table_columns(self.env.cr, "kh_product_key")
        if columns["kh_area_keys"]["udt_name"] == "_int4":  # made by an earlier version
            self.env.cr.execute(
                SQL("ALTER TABLE kh_product_key ALTER COLUMN kh_area_keys TYPE bigint[]")
            )
            self.env.cr.execute(self._kh_get_refresh_sql(None))

    # === BUSINESS METHODS - KEYS === #
    @api.model
    def _kh_refresh_keys(self, ids=None):
        """Bring the keys up to date, in one statement that touches changed rows only.

        :param ids: ids of products, an `SQL` that selects them, or ``None`` for all
        Callers: every write that changes assortments, areas, categories or listings; bulk
        loads by SQL, which then call it once for all.
        """
        is_bulk = ids is None or isinstance(ids, SQL)
        if not is_bulk:
            ids = list(ids)
            if not ids:
                return
            is_bulk = len(ids) > BULK
            ids = SQL("SELECT unnest(%s)", ids)
        self.flush_model(["categ_id"])
        self.env["product.category"].flush_model(["parent_id", "parent_path"])
        self.env["kh.catalog.assortment"].flush_model(["active", "company_id"])
        self.env["kh.sales.area"].flush_model(["company_id"])
        self.env["kh.product.listing"].flush_model()
        self.env.cr.execute(self._kh_get_refresh_sql(ids))
        if is_bulk:
            self.env.cr.execute(SQL("ANALYZE kh_product_key"))
        self._kh_refresh_restrictions()

    @api.model
    def _kh_get_refresh_sql(self, ids):
        def within(column):
            is_asked = SQL("%s IN (SELECT id FROM asked)", SQL(column))
            return is_asked if ids is not None else SQL("TRUE")

        return SQL(
            """
            WITH asked(id) AS MATERIALIZED (%(asked)s), %(sources)s, %(mixed)s, fresh AS (
                SELECT t.id,
                       %(assortment_keys)s AS kh_assortment_keys,
                       COALESCE(own.keys::bigint[] || own_mixed.keys, category_mixed.keys,
                                category_include.keys::bigint[], %(nothing)s::bigint[])
                           AS kh_area_keys,
                       COALESCE(deny.keys, '{}') || COALESCE(category_deny.keys, '{}')
                           AS kh_deny_area_keys,
                       listing.id IS NOT NULL AS kh_is_timed
                  FROM product_template t
                  LEFT JOIN assortment ON assortment.id = t.id
                  LEFT JOIN own ON own.id = t.id
                  LEFT JOIN own_mixed ON own_mixed.id = t.id
                  LEFT JOIN category_include ON category_include.id = t.categ_id
                  LEFT JOIN category_mixed ON category_mixed.id = t.categ_id
                  LEFT JOIN deny ON deny.id = t.id
                  LEFT JOIN category_deny ON category_deny.id = t.categ_id
                  LEFT JOIN listing ON listing.id = t.id
                 WHERE %(within_product)s
                   AND COALESCE(assortment.id, own.id, category_include.id, deny.id,
                                category_deny.id, listing.id) IS NOT NULL
            ), opened AS (
                DELETE FROM kh_product_key k
                 WHERE %(within_key)s
                   AND NOT EXISTS (SELECT FROM fresh WHERE fresh.id = k.product_tmpl_id)
            )
            INSERT INTO kh_product_key AS k (product_tmpl_id, kh_assortment_keys, kh_area_keys,
                                             kh_deny_area_keys, kh_is_timed)
            SELECT * FROM fresh
            ON CONFLICT (product_tmpl_id) DO UPDATE
               SET kh_assortment_keys = EXCLUDED.kh_assortment_keys,
                   kh_area_keys = EXCLUDED.kh_area_keys,
                   kh_deny_area_keys = EXCLUDED.kh_deny_area_keys,
                   kh_is_timed = EXCLUDED.kh_is_timed
             WHERE (k.kh_assortment_keys, k.kh_area_keys, k.kh_deny_area_keys, k.kh_is_timed)
                   IS DISTINCT FROM (EXCLUDED.kh_assortment_keys, EXCLUDED.kh_area_keys,
                                     EXCLUDED.kh_deny_area_keys, EXCLUDED.kh_is_timed)
            """,
            asked=ids if ids is not None else SQL("SELECT 0"),
            sources=self._kh_get_sources_sql(within("r.product_tmpl_id")),
            mixed=self._kh_get_mixed_sql(),
            within_product=within("t.id"),
            within_key=within("k.product_tmpl_id"),
            assortment_keys=self._kh_get_keys_sql("assortment"),
            nothing=[OPEN],
        )

    @api.model
    def _kh_get_sources_sql(self, within):
        """What restricts products: assortments, areas of theirs and of categories, listings."""
        return SQL(
            """
            assortment AS (
                SELECT r.product_tmpl_id AS id, array_agg(a.id ORDER BY a.id) AS keys,
                       CASE WHEN bool_and(a.company_id IS NOT NULL)
                            THEN array_agg(a.company_id) END AS companies
                  FROM kh_catalog_assortment_product_rel r
                  JOIN kh_catalog_assortment a ON a.id = r.assortment_id AND a.active
                 WHERE %(within)s
                 GROUP BY r.product_tmpl_id
            ), own AS (
                SELECT r.product_tmpl_id AS id, array_agg(a.id ORDER BY a.id) AS keys,
                       CASE WHEN bool_and(a.company_id IS NOT NULL)
                            THEN array_agg(a.company_id) END AS companies
                  FROM kh_product_area_include_rel r
                  JOIN kh_sales_area a ON a.id = r.area_id
                 WHERE %(within)s
                 GROUP BY r.product_tmpl_id
            ), category_own AS (
                SELECT r.category_id AS id, array_agg(a.id ORDER BY a.id) AS keys,
                       CASE WHEN bool_and(a.company_id IS NOT NULL)
                            THEN array_agg(a.company_id) END AS companies
                  FROM kh_category_area_include_rel r
                  JOIN kh_sales_area a ON a.id = r.area_id
                 GROUP BY r.category_id
            ), category_include AS (
                SELECT DISTINCT ON (c.id) c.id, o.keys, o.companies
                  FROM category_own o
                  JOIN product_category p ON p.id = o.id
                  JOIN product_category c ON c.parent_path LIKE p.parent_path || '%%'
                 ORDER BY c.id, length(p.parent_path) DESC
            ), deny AS (
                SELECT r.product_tmpl_id AS id, array_agg(r.area_id ORDER BY r.area_id) AS keys
                  FROM kh_product_area_exclude_rel r
                 WHERE %(within)s
                 GROUP BY r.product_tmpl_id
            ), category_deny AS (
                SELECT c.id, array_agg(DISTINCT r.area_id ORDER BY r.area_id) AS keys
                  FROM kh_category_area_exclude_rel r
                  JOIN product_category p ON p.id = r.category_id
                  JOIN product_category c ON c.parent_path LIKE p.parent_path || '%%'
                 GROUP BY c.id
            ), listing AS (
                SELECT DISTINCT r.product_tmpl_id AS id FROM kh_product_listing r WHERE %(within)s
            )
            """,
            within=within,
        )

    @api.model
    def _kh_get_mixed_sql(self):
        """Keys where the nearest areas are those of some companies only.

        For each other company the nearest source further up counts: areas of the company by
        their ids, areas for all companies as pairs with the company (`PAIR`), and if there is
        none, the mark that the product is open in that company.
        """
        return SQL(
            """
            category_company AS MATERIALIZED (
                SELECT DISTINCT ON (c.id, s.company_id) c.id, s.company_id, s.keys
                  FROM (SELECT r.category_id, x.id AS company_id,
                               array_agg(CASE WHEN a.company_id IS NULL
                                              THEN x.id * %(pair)s::bigint + a.id
                                              ELSE a.id END) AS keys
                          FROM kh_category_area_include_rel r
                          JOIN kh_sales_area a ON a.id = r.area_id
                          JOIN res_company x ON x.id = COALESCE(a.company_id, x.id)
                         WHERE EXISTS (SELECT FROM kh_sales_area WHERE company_id IS NOT NULL)
                         GROUP BY r.category_id, x.id) s
                  JOIN product_category p ON p.id = s.category_id
                  JOIN product_category c ON c.parent_path LIKE p.parent_path || '%%'
                 ORDER BY c.id, s.company_id, length(p.parent_path) DESC
            ), own_mixed AS (
                SELECT o.id, array_agg(key ORDER BY key) AS keys
                  FROM own o
                  JOIN product_template t ON t.id = o.id
                  JOIN res_company x ON x.id <> ALL(o.companies)
                  LEFT JOIN category_company s ON s.id = t.categ_id AND s.company_id = x.id
                 CROSS JOIN unnest(COALESCE(s.keys, ARRAY[-x.id]::bigint[])) AS key
                 GROUP BY o.id
            ), category_mixed AS (
                SELECT i.id, array_agg(key ORDER BY key) AS keys
                  FROM category_include i
                  JOIN res_company x ON i.companies IS NOT NULL
                  LEFT JOIN category_company s ON s.id = i.id AND s.company_id = x.id
                 CROSS JOIN unnest(COALESCE(s.keys, ARRAY[-x.id]::bigint[])) AS key
                 GROUP BY i.id
            )
            """,
            pair=PAIR,
        )

    @api.model
    def _kh_get_keys_sql(self, name):
        """Keys of one source: its ids, and the companies in which none of them counts."""
        return SQL(
            """
            CASE WHEN %(keys)s IS NULL THEN %(nothing)s::int[]
                 WHEN %(companies)s IS NULL THEN %(keys)s
                 ELSE %(keys)s || ARRAY(SELECT -c.id FROM res_company c
                                         WHERE c.id <> ALL(%(companies)s) ORDER BY c.id)
            END
            """,
            keys=SQL.identifier(name, "keys"),
            companies=SQL.identifier(name, "companies"),
            nothing=[OPEN],
        )

    # === BUSINESS METHODS - NEUTRALITY === #
    @api.model
    def _kh_get_restrictions(self):
        """Say which kinds of restriction exist; the domain leaves the others out.

        Known to this transaction only, never to the server: a cache of the server that is
        filled again before the change is committed would open everything to everybody.

        :rtype: Restrictions
        """
        cache = self.env.cr.cache
        if RESTRICTIONS not in cache:
            cache[RESTRICTIONS] = self._kh_read_restrictions()
        return cache[RESTRICTIONS]

    @api.model
    def _kh_read_restrictions(self):
        [row] = self.env.execute_query(
            SQL(
                """
                SELECT EXISTS (SELECT FROM kh_catalog_assortment WHERE active),
                       EXISTS (SELECT FROM kh_product_area_include_rel)
                       OR EXISTS (SELECT FROM kh_category_area_include_rel),
                       EXISTS (SELECT FROM kh_product_area_exclude_rel)
                       OR EXISTS (SELECT FROM kh_category_area_exclude_rel),
                       EXISTS (SELECT FROM kh_product_listing),
                       EXISTS (SELECT FROM kh_sales_area WHERE company_id IS NOT NULL)
                """
            )
        )
        *restrictions, has_owned_areas = row
        if not has_owned_areas:
            self.env["kh.sales.area"]._kh_note_no_companies()
        return Restrictions(*restrictions)

    @api.model
    def _kh_refresh_restrictions(self):
        """Forget what was answered before in this transaction."""
        self.env.cr.cache.pop(RESTRICTIONS, None)
        self._kh_forget_saleable()

    @api.model
    def _kh_forget_saleable(self):
        """Forget what this transaction already knows about who may buy what."""
        for name in VISIBLE_MODELS:
            self.env[name].invalidate_model(["kh_is_visible"], flush=False)
        self.env["sale.order.line"].invalidate_model(["kh_unsaleable_reason"], flush=False)
        self.env["product.public.category"].invalidate_model(
            ["has_published_products"], flush=False
        )

    # === CRON === #
    @api.model
    def _cron_refresh_catalogue(self):
        """Heal keys of products that were created while areas of their category changed."""
        if any(self._kh_get_restrictions()):
            self._kh_refresh_keys()
