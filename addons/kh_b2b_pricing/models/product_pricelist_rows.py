from datetime import datetime, timedelta
from typing import NamedTuple

from odoo import api, fields, models
from odoo.tools import SQL

from ..engine import Facts, Owner, Rule

# What the queries below read; whatever of it waits in the cache is written first.
RULE_FIELDS = (
    "applied_on",
    "base",
    "categ_id",
    "company_id",
    "compute_price",
    "date_end",
    "date_start",
    "fixed_price",
    "kh_grade_id",
    "kh_is_pending",
    "kh_partner_id",
    "kh_price_since",
    "kh_uom_id",
    "kh_uom_price",
    "kh_with_branches",
    "min_quantity",
    "percent_price",
    "pricelist_id",
    "product_id",
    "product_tmpl_id",
)
PARTNER_FIELDS = ("commercial_partner_id", "grade_id", "parent_id")
TEMPLATE_FIELDS = ("categ_id", "company_id", "list_price", "uom_id")
VARIANT_FIELDS = ("active", "combination_indices", "product_tmpl_id", "standard_price")

# So long after it was read, what a page has read still is how things are.
NOW = timedelta(minutes=1)

#: where `Rule` tells that its price is fixed
IS_FIXED = Rule._fields.index("is_fixed")
# In the order of `Rule`, after owner and before depth; units come last.
RULE_COLUMNS = SQL(
    """ascii(applied_on) - 48,
       COALESCE(CASE ascii(applied_on) WHEN 48 THEN product_id WHEN 49 THEN product_tmpl_id
                                       WHEN 50 THEN categ_id END, 0),
       COALESCE(min_quantity, 0)::float8, date_start, compute_price = 'fixed',
       COALESCE(fixed_price, 0)::float8, COALESCE(percent_price, 0)::float8,
       CASE WHEN compute_price = 'percentage' AND base <> 'pricelist' THEN base::text END"""
)


def as_array(ids):
    """Return ids as one literal, which is read faster than a constructor of so many constants."""
    return SQL("%s::int[]", "{%s}" % ",".join(map(str, ids)))


class _Paths(dict):
    """From ``parent_path`` to the ids of a category and its parents, own category first."""

    def __missing__(self, path):
        ids = tuple(int(part) for part in reversed((path or "").split("/")) if part)
        self[path] = ids
        return ids


class Dealer(NamedTuple):
    """Whose rules count, as SQL: ids of the dealer's company and of those above it.

    ``ids`` is an array, nearest first; ``alone`` tells that there is only one of them.
    ``ctes``: where neither is known yet, the tables of a WITH clause that find them.
    """

    ids: SQL
    grade_id: SQL
    alone: bool
    ctes: SQL | None = None


class Loaded(NamedTuple):
    """What the engine has read for one page: all that prices of these products need.

    ``facts`` by id of records of ``model``; ``rules`` of all owners, valid at ``moment``.
    """

    moment: datetime
    pricelist_id: int
    dealer_id: int
    model: str
    facts: dict
    rules: list


class ProductPricelist(models.Model):
    """What the price engine reads: facts of products, and the rules that may apply to them.

    Each query is written so that its planning stays short: ids come by ``unnest`` or as a
    sub-select, because the planner would weigh each id of a constant array.
    """

    _inherit = "product.pricelist"

    # === BUSINESS METHODS - READING === #

    @api.model
    def _kh_get_facts(self, products):
        """Read what the engine must know of products or templates, in one query.

        :return: ``{id: Facts}``
        """
        facts = self._kh_cached_facts(products)
        if facts is not None:
            return facts
        self._kh_flush_products()
        return self._kh_facts_from_rows(self.env.execute_query(self._kh_sql_facts(products)))

    def _kh_load_rules(self, owners, template_ids, partner, date):
        """Fetch the candidate rules of ``owners`` for ``template_ids``, in one query.

        Reads past record rules: the caller asks for one dealer's price, on behalf of him.

        :return: list of :class:`Rule`
        """
        self._kh_flush_rules()
        dealer = self._kh_sql_dealer(partner) if partner else None
        templates = SQL("(SELECT %s)::int[]", as_array(template_ids))
        rules = self._kh_sql_rules(owners, templates, dealer, date)
        if not rules:
            return []
        if dealer and dealer.ctes:
            rules = SQL("WITH RECURSIVE %s %s", dealer.ctes, rules)
        return list(map(Rule._make, self.env.execute_query(rules)))

    def _kh_load(self, products, partner, date):
        """Read the facts of ``products`` and the customer rules of ``partner``, in one query.

        :return: ``({product id: Facts}, [Rule])``; without a partner no rules
        """
        if not partner:
            return self._kh_get_facts(products), []
        facts = self._kh_cached_facts(products)
        if facts is not None:
            templates = list({fact.template_id for fact in facts.values()})
            return facts, self._kh_load_rules((Owner.CUSTOMER,), templates, partner, date)
        self._kh_flush_products()
        self._kh_flush_rules()
        dealer = self._kh_sql_dealer(partner)
        templates = SQL("ARRAY(SELECT DISTINCT template_id FROM fact)")
        rows = self.env.execute_query(
            SQL(
                "WITH RECURSIVE %s fact AS MATERIALIZED (%s) SELECT * FROM fact UNION ALL %s",
                SQL("%s,", dealer.ctes) if dealer.ctes else SQL(),
                self._kh_sql_facts(products),
                self._kh_sql_rules((Owner.CUSTOMER,), templates, dealer, date),
            )
        )
        # Only rules know whether they are fixed.
        rules = [Rule._make(row) for row in rows if row[IS_FIXED] is not None]
        if rules:
            rows = [row for row in rows if row[IS_FIXED] is None]
        return self._kh_facts_from_rows(rows), rules

    def _kh_preload(self, products, partner):
        """Read at once what a page asks for again and again.

        :param partner: res.partner whose prices the page shows, empty for visitors
        :return: ``products`` that remember: their prices for this partner, of now, cost no
            query. Only for requests that do not write prices in between.
        """
        # sudo: which engine answers, and whose rules count, is no secret to who asks
        if not products or not self.sudo().kh_is_b2b:
            return products
        dealer, moment = partner.sudo().commercial_partner_id, fields.Datetime.now()
        facts = self._kh_get_facts(products)
        templates = list({fact.template_id for fact in facts.values()})
        owners = tuple(Owner) if dealer else (Owner.MARKET,)
        rules = self._kh_load_rules(owners, templates, dealer, moment)
        loaded = Loaded(moment, self.id, dealer.id, products._name, facts, rules)
        return products.with_context(kh_loaded=loaded)

    def _kh_find_loaded(self, products, partner, date):
        """Return what `_kh_preload` has read for these products, partner and time, else None."""
        loaded = products.env.context.get("kh_loaded")
        # a context sent by a client is never of that type
        if (
            isinstance(loaded, Loaded)
            and (loaded.pricelist_id, loaded.model) == (self.id, products._name)
            and isinstance(date, datetime)
            and loaded.moment <= date < loaded.moment + NOW
            and all(product_id in loaded.facts for product_id in products._ids)
            # sudo: see `_kh_preload`
            and partner.sudo().commercial_partner_id.id in (loaded.dealer_id, False)
        ):
            return loaded
        return None

    @api.model
    def _kh_cached_facts(self, products):
        """Tell the facts of variants that the ORM has read already, from its cache.

        :return: as `_kh_get_facts`; ``None`` where something is not in the cache, or where a
            variant has attributes, whose extras the query sums
        """
        if products._name != "product.product":
            return None
        env = products.env
        stored = [products._fields[name] for name in ("product_tmpl_id", "combination_indices")]
        templates = env["product.template"]
        stored += [templates._fields[name] for name in TEMPLATE_FIELDS]
        if not env.fields_to_compute().isdisjoint(stored):
            return None
        caches = [field._get_cache(env) for field in stored]
        template_of, combinations, categories, companies, list_prices, uoms = caches
        costs = products._fields["standard_price"]._get_cache(env)
        rows = []
        try:
            for key in products._ids:
                if combinations[key]:
                    return None
                template = template_of[key]
                rows.append(
                    (
                        key,
                        key,
                        template,
                        uoms[template],
                        list_prices[template] or 0.0,
                        costs.get(key),
                        categories[template],
                        companies[template],
                    )
                )
        except KeyError:
            return None
        # sudo: where a category stands in the tree, and nothing else
        tree_sudo = env["product.category"].sudo().browse({row[6] for row in rows} - {None})
        path_by_id = {category.id: category.parent_path for category in tree_sudo}
        currencies = self._kh_currencies_of({row[7] for row in rows} - {None})
        paths = _Paths()
        return {
            row[0]: Facts(
                *row[:4], paths[path_by_id.get(row[6])], row[4], row[5], currencies.get(row[7])
            )
            for row in rows
        }

    @api.model
    def _kh_currencies_of(self, company_ids):
        """Return ``{company id: currency id}``."""
        # sudo: only the currency in which a product's own company counts
        companies_sudo = self.env["res.company"].sudo().browse(company_ids)
        return {company.id: company.currency_id.id for company in companies_sudo}

    @api.model
    def _kh_flush_products(self):
        self.env["product.template"].flush_model(TEMPLATE_FIELDS)
        self.env["product.product"].flush_model(VARIANT_FIELDS)
        self.env["product.template.attribute.value"].flush_model(["price_extra"])
        self.env["product.category"].flush_model(["parent_path"])

    @api.model
    def _kh_flush_rules(self):
        self.env["product.pricelist.item"].flush_model(RULE_FIELDS)
        self.env["res.partner"].flush_model(PARTNER_FIELDS)

    @api.model
    def _kh_facts_from_rows(self, rows):
        paths = _Paths()
        currencies = self._kh_currencies_of({row[10] for row in rows} - {None})
        make, currency_of = Facts._make, currencies.get
        return {
            key: make((key, variant, template, uom, paths[path], price, cost, currency_of(company)))
            for key, variant, template, uom, price, _, _, cost, _, path, company, _, _ in rows
        }

    # === BUSINESS METHODS - SQL === #

    @api.model
    def _kh_sql_facts(self, products):
        """Select the facts, in columns that can stand above those of rules in one answer."""
        if products._name == "product.template":
            return SQL(
                """SELECT t.id,
                          COALESCE((SELECT CASE WHEN count(*) = 1 THEN min(p.id) END
                                      FROM product_product p
                                     WHERE p.product_tmpl_id = t.id AND p.active), 0),
                          t.id AS template_id, t.uom_id, COALESCE(t.list_price, 0)::float8,
                          NULL::timestamp, NULL::boolean, NULL::float8, NULL::float8,
                          c.parent_path::text, t.company_id, NULL::int, NULL::float8
                     FROM unnest(%s) AS asked(id)
                     JOIN product_template t ON t.id = asked.id
                LEFT JOIN product_category c ON c.id = t.categ_id""",
                as_array(products._ids),
            )
        # combination_indices tells whether there can be extras at all.
        return SQL(
            """SELECT p.id, p.id, t.id AS template_id, t.uom_id,
                      COALESCE(t.list_price, 0)::float8
                      + CASE WHEN p.combination_indices <> '' THEN (
                            SELECT COALESCE(sum(v.price_extra), 0)::float8
                              FROM product_variant_combination pv
                              JOIN product_template_attribute_value v
                                ON v.id = pv.product_template_attribute_value_id
                             WHERE pv.product_product_id = p.id) ELSE 0 END,
                      NULL::timestamp, NULL::boolean,
                      COALESCE((p.standard_price->>%s)::float8, %s),
                      NULL::float8, c.parent_path::text, t.company_id, NULL::int, NULL::float8
                 FROM unnest(%s) AS asked(id)
                 JOIN product_product p ON p.id = asked.id
                 JOIN product_template t ON t.id = p.product_tmpl_id
            LEFT JOIN product_category c ON c.id = t.categ_id""",
            str(products.env.company.id),
            products._fields["standard_price"].get_company_dependent_fallback(products) or 0.0,
            as_array(products._ids),
        )

    def _kh_sql_rules(self, owners, templates, dealer, date):
        """Select the rules of ``owners``, in the columns of :class:`Rule`.

        Two branches for each source, never an OR: each is one index scan.

        :param SQL templates: array of the ids of product templates
        :param dealer: :class:`Dealer` or ``None``
        :return: SQL, ``None`` when no owner is left
        """
        sources = []
        if Owner.CUSTOMER in owners and dealer:
            sources.append(self._kh_sql_customer(dealer))
        if Owner.MARKET in owners:
            sources.append(self._kh_sql_shared(dealer if Owner.LEVEL in owners else None))
        if not sources:
            return None
        valid = self._kh_sql_valid(date)
        return SQL(" UNION ALL ").join(
            SQL(
                """SELECT id, %s, %s, %s, kh_uom_id, kh_uom_price FROM product_pricelist_item
                    WHERE %s AND product_tmpl_id %s AND %s""",
                owner,
                RULE_COLUMNS,
                depth,
                condition,
                target,
                valid,
            )
            for owner, depth, condition in sources
            for target in (SQL("= ANY(%s)", templates), SQL("IS NULL"))
        )

    @api.model
    def _kh_sql_dealer(self, partner):
        """Say whose rules count for ``partner``: ids from the cache, else a query for them.

        Nearly every caller has just read the dealer; then the planner knows whom it is about.
        """
        company = partner.browse(partner._cache.get("commercial_partner_id") or [])
        ids, office = [], company
        while office and "parent_id" in office._cache:
            ids.append(office.id)
            office = office.browse(office._cache["parent_id"] or [])
        if ids and not office and "grade_id" in company._cache:
            grade = SQL("%s", company._cache["grade_id"])
            return Dealer(SQL("%s", ids), grade, alone=len(ids) == 1)
        return Dealer(
            SQL("(SELECT ids FROM dealer)"),
            SQL("(SELECT grade_id FROM dealer)"),
            alone=False,
            ctes=SQL(
                """office AS (
                        SELECT company.id, company.parent_id, company.grade_id, 0 AS depth
                          FROM res_partner contact
                          JOIN res_partner company ON company.id = contact.commercial_partner_id
                         WHERE contact.id = %s
                     UNION ALL
                        SELECT above.id, above.parent_id, NULL, office.depth + 1
                          FROM office JOIN res_partner above ON above.id = office.parent_id
                   ), dealer AS MATERIALIZED (
                        SELECT array_agg(id ORDER BY depth) AS ids, max(grade_id) AS grade_id
                          FROM office)""",
                partner.id,
            ),
        )

    @api.model
    def _kh_sql_customer(self, dealer):
        """Customer rules: the dealer's own, and those of companies above it for branches.

        :return: ``(owner, depth, condition)``, SQL
        """
        owner = SQL("%s", int(Owner.CUSTOMER))
        if dealer.alone:
            return owner, SQL("0"), SQL("kh_partner_id = (%s)[1]", dealer.ids)
        return (
            owner,
            SQL("array_position(%s::int[], kh_partner_id) - 1", dealer.ids),
            SQL(
                "kh_partner_id = ANY(%(ids)s::int[])"
                " AND (kh_with_branches OR kh_partner_id = (%(ids)s::int[])[1])",
                ids=dealer.ids,
            ),
        )

    @api.model
    def _kh_sql_shared(self, dealer):
        """Rules of the market and, for a dealer, of its level; as `_kh_sql_customer`."""
        if not dealer:
            market = SQL("kh_partner_id IS NULL AND kh_grade_id IS NULL")
            return SQL("%s", int(Owner.MARKET)), SQL("0"), market
        owner = SQL(
            "CASE WHEN kh_grade_id IS NULL THEN %s ELSE %s END",
            int(Owner.MARKET),
            int(Owner.LEVEL),
        )
        condition = SQL(
            "kh_partner_id IS NULL AND (kh_grade_id IS NULL OR kh_grade_id = %s)", dealer.grade_id
        )
        return owner, SQL("0"), condition

    def _kh_sql_valid(self, date):
        moment = fields.Datetime.to_datetime(date)
        company = SQL()
        # sudo: only whether the pricelist is shared; then rules of other companies don't count
        if not self.sudo().company_id:
            company = SQL("AND (company_id IS NULL OR company_id = %s)", self.env.company.id)
        return SQL(
            "pricelist_id = %(pricelist)s AND kh_is_pending IS NOT TRUE"
            " AND (date_start IS NULL OR date_start <= %(moment)s)"
            " AND (date_end IS NULL OR date_end >= %(moment)s)"
            " AND (kh_price_since IS NULL OR kh_price_since <= %(moment)s) %(company)s",
            pricelist=self.id,
            moment=moment,
            company=company,
        )
