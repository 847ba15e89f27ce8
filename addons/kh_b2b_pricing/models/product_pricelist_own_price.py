from odoo import api, fields, models
from odoo.tools import SQL

from ..engine.own_price import (
    KIND,
    PLACE_LEVEL,
    PLACE_MARKET,
    VALUE,
    GeneralRule,
    Kind,
    choose_general,
    sql_formula,
    sql_round,
)


class ProductPricelist(models.Model):
    """Every product's price for one viewer in SQL, for sorting and filtering."""

    _inherit = "product.pricelist"

    # === BUSINESS METHODS - OWN PRICE === #

    def _kh_get_own_prices(self, products, partner):
        """Ask the engine for the prices that `_kh_sql_own_prices` sorts by.

        :return: ``{id: price}`` at quantity 1, now, in the pricelist's currency
        """
        now = fields.Datetime.now()
        return self._get_products_price(products, 1.0, date=now, kh_partner=partner)

    def _kh_sql_own_prices(self, partner, is_rounded=True):
        """Select the price of each variant for ``partner``, at quantity 1, valid now.

        In the pricelist's currency, per unit of the product, before taxes as the pricelist
        has it, rounded to the precision of prices. One row for each variant (archived ones
        too, ``active`` tells), and one for each product without any, whose ``id`` is NULL.
        A price list that is not B2B gives sales prices, as core sorts by them.

        Where a price follows a rule SQL cannot say (based on another pricelist, or computed
        by another add-on) it is computed by the engine first, for all these products in one
        batch: right, but as slow as that batch.

        :param partner: res.partner, empty for visitors
        :param bool is_rounded: False leaves prices without a rule as they are (base of ratios)
        :return: SQL with the columns ``id, tmpl_id, active, price``; runs 2 queries (some
            more for rules that need the engine), however many products there are
        """
        self.env["product.template"].flush_model(["list_price", "categ_id", "company_id"])
        self.env["product.product"].flush_model(["product_tmpl_id", "active"])
        self.env["product.template.attribute.value"].flush_model(["price_extra"])
        # sudo: which engine answers is no secret
        if not self or not self.sudo().kh_is_b2b:
            return self._kh_sql_price_select(SQL(), {}, set(), {}, is_rounded=is_rounded)
        self.env["product.pricelist.item"].flush_model()
        rules = self._kh_sql_own_rules(partner)
        general, kinds = self._kh_get_general_rules(rules)
        computed = {}
        if Kind.ENGINE in kinds:
            query = self._kh_sql_price_select(rules, general, kinds, {}, only_engine=True)
            computed = self._kh_compute_left_prices(self.env.execute_query(query), partner)
        return self._kh_sql_price_select(rules, general, kinds, computed, is_rounded=is_rounded)

    def _kh_sql_own_rules(self, partner):
        """Select the rules in force for ``partner`` at quantity 1, each with its place."""
        columns = SQL(
            "id, applied_on, product_id, product_tmpl_id, categ_id, date_start,"
            " COALESCE(min_quantity, 0)::float8 AS min_quantity, %s AS kind, %s AS value",
            KIND,
            VALUE,
        )
        valid = self._kh_sql_in_force()
        # sudo: the viewer's own company and what stands above it
        dealer_sudo = partner.sudo().commercial_partner_id
        grade_id = dealer_sudo.grade_id.id
        shared = SQL("kh_partner_id IS NULL AND kh_grade_id IS NULL")
        if grade_id:
            shared = SQL(
                "kh_partner_id IS NULL AND (kh_grade_id IS NULL OR kh_grade_id = %s)", grade_id
            )
        sources = [
            (
                SQL("CASE WHEN kh_grade_id IS NULL THEN %s ELSE %s END", PLACE_MARKET, PLACE_LEVEL),
                shared,
            )
        ]
        if dealer_sudo:
            sources.append((SQL("0"), SQL("kh_partner_id = %s", dealer_sudo.id)))
        for place, head_id in enumerate(self._kh_get_head_offices(dealer_sudo), start=1):
            sources.append(
                (
                    SQL("%s", place),
                    SQL("kh_partner_id = %s AND kh_with_branches IS TRUE", head_id),
                )
            )
        return SQL(" UNION ALL ").join(
            SQL(
                "SELECT %s AS place, %s FROM product_pricelist_item WHERE %s AND %s",
                place,
                columns,
                condition,
                valid,
            )
            for place, condition in sources
        )

    def _kh_sql_in_force(self):
        """Condition: rules of this pricelist which hold now for one piece."""
        company = SQL()
        # sudo: only whether the pricelist is shared; then rules of other companies don't count
        if not self.sudo().company_id:
            company = SQL("AND (company_id IS NULL OR company_id = %s)", self.env.company.id)
        return SQL(
            "pricelist_id = %(pricelist)s AND kh_is_pending IS NOT TRUE"
            " AND COALESCE(min_quantity, 0) <= 1"
            " AND (date_start IS NULL OR date_start <= %(now)s)"
            " AND (date_end IS NULL OR date_end >= %(now)s) %(company)s",
            pricelist=self.id,
            now=fields.Datetime.now(),
            company=company,
        )

    @api.model
    def _kh_get_head_offices(self, dealer):
        """Return the ids of the companies above ``dealer``, nearest first."""
        seen = [dealer.id]
        while (dealer := dealer.parent_id.commercial_partner_id) and dealer.id not in seen:
            seen.append(dealer.id)
        return seen[1:]

    def _kh_get_general_rules(self, rules):
        """Return what holds for products without a rule of their own, and the kinds in use.

        :return: ``({category id: GeneralRule}, {kind})``, see `choose_general`
        """
        rows = self.env.execute_query(
            SQL(
                """
                WITH rules AS (%s)
                SELECT place, categ_id, id, min_quantity, date_start, kind, value
                  FROM rules WHERE product_tmpl_id IS NULL
                UNION ALL
                SELECT NULL, NULL, NULL, NULL, NULL, kind, NULL
                  FROM (SELECT DISTINCT kind FROM rules WHERE product_tmpl_id IS NOT NULL) AS used
                """,
                rules,
            )
        )
        general = [GeneralRule(*row) for row in rows if row[0] is not None]
        paths = {}
        if any(rule.categ_id for rule in general):
            self.env["product.category"].flush_model(["parent_path"])
            paths = {
                categ_id: tuple(int(part) for part in reversed(path.split("/")) if part)
                for categ_id, path in self.env.execute_query(
                    SQL("SELECT id, parent_path FROM product_category")
                )
            }
        return choose_general(general, paths), {Kind(row[5]) for row in rows}

    def _kh_compute_left_prices(self, rows, partner):
        """Ask the engine for what SQL cannot price, in one batch.

        :param rows: ``[(variant id or None, template id, …)]``
        :return: ``{variant id, or minus template id: price}``
        """
        # sudo: prices of one's own are asked, of products a page may show
        variants = self.env["product.product"].sudo().browse(row[0] for row in rows if row[0])
        templates = self.env["product.template"].sudo()
        templates = templates.browse(row[1] for row in rows if not row[0])
        prices = {}
        for products, sign in ((variants, 1), (templates, -1)):
            if products:
                asked = self._kh_get_own_prices(products, partner)
                prices.update((sign * product_id, price) for product_id, price in asked.items())
        return prices

    def _kh_sql_price_select(
        self, rules, general, kinds, computed, *, only_engine=False, is_rounded=True
    ):
        """Build the statement of `_kh_sql_own_prices` (or of what it must leave to the engine)."""
        variant_rules, template_rules = (
            SQL(
                """SELECT DISTINCT ON (%(column)s) * FROM rules WHERE applied_on = %(scope)s
                    ORDER BY %(column)s, place, min_quantity DESC,
                             date_start DESC NULLS LAST, id DESC""",
                column=SQL.identifier(column),
                scope=scope,
            )
            for column, scope in (
                ("product_id", "0_product_variant"),
                ("product_tmpl_id", "1_product"),
            )
        )
        chosen = SQL(
            """
            SELECT p.id, t.id AS tmpl_id, p.active, %(sales)s AS sales, %(cost)s AS cost,
                   %(pick)s AS pick,
                   v.id AS v_id, v.kind AS v_kind, v.value AS v_value,
                   m.id AS m_id, m.kind AS m_kind, m.value AS m_value,
                   g.id AS g_id, g.kind AS g_kind, g.value AS g_value
              FROM product_template t
         LEFT JOIN product_product p ON p.product_tmpl_id = t.id
         LEFT JOIN (%(extras)s) AS x ON x.product_id = p.id
         LEFT JOIN (%(variant_rules)s) AS v ON v.product_id = p.id
         LEFT JOIN (%(template_rules)s) AS m ON m.product_tmpl_id = t.id
         LEFT JOIN (%(general)s) AS g ON g.categ_id = %(categ)s
            OFFSET 0
            """,
            sales=self._kh_sql_sales_price(),
            cost=self._kh_sql_cost() if kinds & {Kind.COST, Kind.FORMULA} else SQL("0::float8"),
            pick=SQL(
                """CASE WHEN v.place <= COALESCE(LEAST(m.place, g.place), 32767) THEN 1
                        WHEN m.place <= COALESCE(g.place, 32767) THEN 2
                        WHEN g.place IS NOT NULL THEN 3 END"""
            ),
            extras=SQL(
                """SELECT c.product_product_id AS product_id, SUM(a.price_extra)::float8 AS extra
                     FROM product_variant_combination c
                     JOIN product_template_attribute_value a
                       ON a.id = c.product_template_attribute_value_id
                    WHERE a.price_extra <> 0 GROUP BY 1"""
            ),
            variant_rules=variant_rules,
            template_rules=template_rules,
            general=self._kh_sql_general(general),
            categ=SQL("COALESCE(t.categ_id, 0)") if any(general) else SQL("0"),
        )
        won = SQL(
            """
            SELECT id, tmpl_id, active, sales, cost,
                   COALESCE(CASE pick WHEN 1 THEN v_kind WHEN 2 THEN m_kind WHEN 3 THEN g_kind END,
                            -1) AS kind,
                   CASE pick WHEN 1 THEN v_value WHEN 2 THEN m_value WHEN 3 THEN g_value END
                       AS value,
                   CASE pick WHEN 1 THEN v_id WHEN 2 THEN m_id WHEN 3 THEN g_id END AS rule_id
              FROM (%s) AS chosen
            """,
            chosen,
        )
        return SQL(
            "WITH rules AS (%(rules)s) %(select)s",
            rules=rules if rules.code else self._kh_sql_no_rules(),
            select=SQL("SELECT id, tmpl_id FROM (%s) AS won WHERE kind = 9", won)
            if only_engine
            else self._kh_sql_priced(won, kinds, computed, is_rounded),
        )

    @api.model
    def _kh_sql_no_rules(self):
        return SQL(
            "SELECT 0 AS place, id, applied_on, product_id, product_tmpl_id, min_quantity,"
            " date_start, 0 AS kind, 0::float8 AS value FROM product_pricelist_item WHERE FALSE"
        )

    def _kh_sql_priced(self, won, kinds, computed, is_rounded):
        """Turn the winning rules into prices."""
        digits = self.env["decimal.precision"].precision_get("Product Price")
        amounts, joins = [SQL("WHEN 0 THEN won.value")], []
        bases = {
            Kind.LIST: SQL("won.sales"),
            Kind.COST: SQL("won.cost"),
            Kind.MARKET: SQL("market.price"),
        }
        for kind, base in bases.items():
            if kind in kinds:
                price = SQL("%(base)s - %(base)s * (won.value / 100)", base=base)
                amounts.append(SQL("WHEN %s THEN %s", int(kind), sql_round(price, digits)))
        if Kind.MARKET in kinds:
            market = self._kh_sql_own_prices(self.env["res.partner"], is_rounded=False)
            joins.append(
                SQL(
                    "LEFT JOIN (%s) AS market"
                    " ON COALESCE(market.id, -market.tmpl_id) = COALESCE(won.id, -won.tmpl_id)",
                    market,
                )
            )
        if Kind.FORMULA in kinds:
            joins.append(
                SQL("LEFT JOIN product_pricelist_item f ON f.id = won.rule_id AND won.kind = 3")
            )
            base = SQL("(CASE WHEN f.base = 'standard_price' THEN won.cost ELSE won.sales END)")
            price = sql_round(sql_formula(SQL("f"), base), digits)
            amounts.append(SQL("WHEN 3 THEN %s", price))
        if computed:
            joins.append(
                SQL(
                    "LEFT JOIN unnest(%s::int[], %s::float8[]) AS e(key, price)"
                    " ON e.key = COALESCE(won.id, -won.tmpl_id)",
                    list(computed),
                    list(computed.values()),
                )
            )
            amounts.append(SQL("WHEN 9 THEN e.price"))
        price = SQL("CASE won.kind %s ELSE won.sales END", SQL(" ").join(amounts))
        # Once more for prices without a rule: what is equal on the page is equal here
        return SQL(
            "SELECT won.id, won.tmpl_id, won.active, %s AS price FROM (%s) AS won %s",
            sql_round(price, digits) if is_rounded else price,
            won,
            SQL(" ").join(joins),
        )

    @api.model
    def _kh_sql_general(self, general):
        """Give the rule of each category as rows; a lone rule for all stands under 0."""
        return SQL(
            "SELECT * FROM unnest(%s::int[], %s::int[], %s::int[], %s::int[], %s::float8[])"
            " AS rule(categ_id, place, id, kind, value)",
            list(general),
            [rule.place for rule in general.values()],
            [rule.id for rule in general.values()],
            [rule.kind for rule in general.values()],
            [rule.value for rule in general.values()],
        )

    def _kh_sql_sales_price(self):
        """The sales price with the extras of the variant, in the pricelist's currency."""
        price = SQL("(COALESCE(t.list_price, 0)::float8 + COALESCE(x.extra, 0))")
        # sudo: currencies of companies; core shows products of all in that of the first company
        main_company_sudo = self.env["res.company"]._get_main_company().sudo()
        return self._kh_sql_convert(price, main_company_sudo.currency_id)

    def _kh_sql_cost(self):
        """The cost of the variant in the current company, in the pricelist's currency."""
        # sudo: a price may follow the cost, which its reader never sees
        products_sudo = self.env["product.product"].sudo()
        products_sudo.flush_model(["standard_price"])
        query = products_sudo._search([], active_test=False)
        cost = products_sudo._field_to_sql("p", "standard_price", query)
        price = SQL("COALESCE(%s, 0)::float8", cost)
        return self._kh_sql_convert(price, self.env.company.currency_id)

    def _kh_sql_convert(self, price, default_currency):
        """Convert a price of a product, whose currency is that of its company if it has one."""
        target = self.currency_id or self.env.company.currency_id
        today = fields.Datetime.now()

        def rate(currency):
            return currency._get_conversion_rate(currency, target, self.env.company, today)

        default = rate(default_currency)
        # sudo: all companies, for the currency of their products
        companies_sudo = self.env["res.company"].sudo()
        companies_sudo = companies_sudo.search([("currency_id", "!=", default_currency.id)])
        others = {company.id: rate(company.currency_id) for company in companies_sudo}
        if not others:
            return price if default == 1 else SQL("%s * %s::float8", price, default)
        cases = SQL(" ").join(
            SQL("WHEN %s THEN %s::float8", company_id, factor)
            for company_id, factor in others.items()
        )
        return SQL("%s * CASE t.company_id %s ELSE %s::float8 END", price, cases, default)
