from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.tools import SQL

# Who may see what things cost; finance decides on margins too.
COST_GROUPS = "kh_b2b_pricing.group_b2b_price_manager,kh_b2b_member.group_b2b_finance"
FIGURE_FIELDS = {
    "max_discount_rate",
    "average_discount_rate",
    "max_change_rate",
    "min_margin_rate",
    "below_cost_count",
    "unchecked_count",
    "figures_date",
}
# The base of a tax set is asked with so large a price that rounding does not matter.
TAX_PROBE = 1_000_000.0


class PriceFigures(models.AbstractModel):
    """Figures by which prices are approved (审批指标): discount depth, margin, change.

    Stored when a document is submitted and frozen with it, so that conditions of approval
    flows see one and the same numbers in every step. All rates are fractions.
    """

    _name = "kh.price.figures.mixin"
    _description = "Figures of Prices under Approval"

    # === FIELDS === #
    figures_date = fields.Datetime("Figures as of", readonly=True, copy=False)
    max_discount_rate = fields.Float(
        "Deepest discount",
        readonly=True,
        copy=False,
        digits=(8, 4),
        help="Largest discount of a line on the market price, as a fraction: 0.25 is 25 %.",
    )
    average_discount_rate = fields.Float(
        "Average discount",
        readonly=True,
        copy=False,
        digits=(8, 4),
        help="Average discount of the lines on the market price, as a fraction.",
    )
    max_change_rate = fields.Float(
        "Biggest change",
        readonly=True,
        copy=False,
        digits=(8, 4),
        help="Largest change of a price, up or down, against the one it replaces, as a fraction.",
    )
    min_margin_rate = fields.Float(
        "Lowest margin",
        readonly=True,
        copy=False,
        digits=(8, 4),
        groups=COST_GROUPS,
        help="Lowest part of a price without tax that is left after the cost, as a fraction;"
        " 0 where no line has a cost.",
    )
    below_cost_count = fields.Integer(
        "Lines below cost", readonly=True, copy=False, groups=COST_GROUPS
    )
    unchecked_count = fields.Integer(
        "Lines without a margin",
        readonly=True,
        copy=False,
        groups=COST_GROUPS,
        help="Products without a cost, and ratios on categories: their margin is not known.",
    )

    # === CRUD METHODS === #

    @api.model_create_multi
    def create(self, vals_list):
        return super().create(
            [
                {name: value for name, value in vals.items() if name not in FIGURE_FIELDS}
                for vals in vals_list
            ]
        )

    # === BUSINESS METHODS === #

    @api.model
    def _deny_figures(self, vals):
        """Raise if a user would write what is computed (asked by `write` of the documents)."""
        if vals.keys() & FIGURE_FIELDS:
            raise UserError(self.env._("Discounts and margins are computed on submission."))

    @api.model
    def _prepare_figures_vals(self, figures):
        """:param figures: :class:`engine.figures.Figures`"""
        return {
            "figures_date": fields.Datetime.now(),
            "max_discount_rate": figures.max_discount_rate,
            "average_discount_rate": figures.average_discount_rate,
            "max_change_rate": figures.max_change_rate,
            "min_margin_rate": figures.min_margin_rate,
            "below_cost_count": figures.below_cost_count,
            "unchecked_count": figures.unchecked_count,
        }

    @api.model
    def _figures_summary(self, document):
        """Rows for approvers; never the margin: a dealer's own approver may read them."""
        return [
            (self.env._("Deepest discount"), f"{document.max_discount_rate:.1%}"),
            (self.env._("Average discount"), f"{document.average_discount_rate:.1%}"),
            (self.env._("Biggest change"), f"{document.max_change_rate:.1%}"),
        ]

    @api.model
    def _measure(self, lines, pricelist, company, with_market=True):
        """Set market price, cost and tax on price lines, in a constant number of queries.

        :param lines: list of :class:`engine.figures.PriceLine`
        :param bool with_market: ``False`` where only the margin is asked for
        :return: the same lines completed, in order
        Reads past the rights of the user: the figures are the same whoever submits.
        """
        # sudo: see above; costs and market prices go into fields with groups of their own
        pricelist = pricelist.sudo().with_company(company)
        variant_ids = {line.key[1] for line in lines if line.key[1]}
        template_ids = {line.key[2] for line in lines if line.key[2]}
        market = {}
        if with_market:
            whole = {line.key[2] for line in lines if line.key[2] and not line.key[1]}
            market = self._get_market_prices(pricelist, variant_ids, whole)
        costs = self._get_costs(pricelist, company, variant_ids, template_ids)
        factors = self._get_net_factors(company, template_ids)
        measured = []
        for line in lines:
            variant_id, template_id = line.key[1:3]
            target = (variant_id, 0) if variant_id else (0, template_id)
            measured.append(
                line._replace(
                    market=market.get(target, 0.0),
                    cost=costs.get(target, 0.0),
                    net_factor=factors.get(template_id, 1.0),
                )
            )
        return measured

    @api.model
    def _get_market_prices(self, pricelist, variant_ids, template_ids):
        """Return ``{(variant id, 0) or (0, template id): price}``.

        The engine names the market's rules; fixed prices and plain list prices are then read
        at once, and only ratios are left to be computed one by one.
        """
        now, nobody = fields.Datetime.now(), self.env["res.partner"]
        # sudo: see `_measure`
        variants = self.env["product.product"].sudo().browse(variant_ids)
        templates = self.env["product.template"].sudo().browse(template_ids)
        found = {}
        for products in (variants, templates):
            rules = pricelist._compute_price_rule(
                products, 1.0, date=now, compute_price=False, kh_partner=nobody
            )
            rule_ids = {rule_id for _price, rule_id in rules.values() if rule_id}
            # sudo: see `_measure`
            items = self.env["product.pricelist.item"].sudo().browse(rule_ids)
            fixed = {i.id: i.fixed_price for i in items if i.compute_price == "fixed"}
            prices = self._get_list_prices(
                products.browse(p for p, (_price, rule_id) in rules.items() if not rule_id),
                pricelist,
            )
            prices |= {p: fixed[rule] for p, (_price, rule) in rules.items() if rule in fixed}
            others = products.browse(p for p in products._ids if p not in prices)
            prices |= pricelist._get_products_price(others, 1.0, date=now, kh_partner=nobody)
            is_variant = products._name == "product.product"
            for product_id, price in prices.items():
                found[(product_id, 0) if is_variant else (0, product_id)] = price
        return found

    @api.model
    def _get_list_prices(self, products, pricelist):
        """Return ``{id: list price}``, extras of variants included, as core has them.

        In the pricelist's currency; ``pricelist`` carries the company.
        """
        company = pricelist.env.company
        self.env["product.template"].flush_model(["list_price", "company_id"])
        self.env["product.template.attribute.value"].flush_model(["price_extra"])
        if products._name == "product.product":
            query = SQL(
                """SELECT p.id, t.company_id, t.list_price::float8 + COALESCE(e.extra, 0)
                     FROM product_product p
                     JOIN product_template t ON t.id = p.product_tmpl_id
                LEFT JOIN (SELECT c.product_product_id AS id, sum(v.price_extra)::float8 AS extra
                             FROM product_variant_combination c
                             JOIN product_template_attribute_value v
                               ON v.id = c.product_template_attribute_value_id
                            WHERE c.product_product_id = ANY(%(ids)s)
                         GROUP BY c.product_product_id) e ON e.id = p.id
                    WHERE p.id = ANY(%(ids)s)""",
                ids=list(products._ids),
            )
        else:
            query = SQL(
                "SELECT id, company_id, list_price::float8 FROM product_template"
                " WHERE id = ANY(%s)",
                list(products._ids),
            )
        rates, prices = {}, {}
        for product_id, company_id, price in self.env.execute_query(query):
            if company_id not in rates:
                # sudo: only the currency of the product's company
                companies = self.env["res.company"].sudo()
                owner = companies.browse(company_id) or companies._get_main_company()
                rates[company_id] = self.env["res.currency"]._get_conversion_rate(
                    owner.currency_id, pricelist.currency_id or owner.currency_id, company
                )
            prices[product_id] = (price or 0.0) * rates[company_id]
        return prices

    @api.model
    def _get_costs(self, pricelist, company, variant_ids, template_ids):
        """Return ``{(variant id, 0) or (0, template id): cost}`` in the pricelist's currency.

        A price of a template is measured by its dearest variant.
        """
        self.env["product.product"].flush_model(["standard_price", "product_tmpl_id", "active"])
        rows = self.env.execute_query(
            SQL(
                """SELECT id, product_tmpl_id, active, (standard_price ->> %(company)s)::float8
                     FROM product_product
                    WHERE product_tmpl_id = ANY(%(templates)s) OR id = ANY(%(variants)s)""",
                company=str(company.id),
                templates=list(template_ids),
                variants=list(variant_ids),
            )
        )
        rate = self.env["res.currency"]._get_conversion_rate(
            company.currency_id, pricelist.currency_id or company.currency_id, company
        )
        costs = {}
        for variant_id, template_id, active, cost in rows:
            cost = (cost or 0.0) * rate
            costs[variant_id, 0] = cost
            if active:
                costs[0, template_id] = max(costs.get((0, template_id), 0.0), cost)
        return costs

    @api.model
    def _get_net_factors(self, company, template_ids):
        """Return ``{template id: price without tax / price}`` by the products' own taxes."""
        rows = self.env.execute_query(
            SQL(
                """SELECT rel.prod_id, array_agg(tax.id ORDER BY tax.id)
                     FROM product_taxes_rel rel
                     JOIN account_tax tax ON tax.id = rel.tax_id
                    WHERE rel.prod_id = ANY(%s) AND tax.company_id = ANY(%s)
                 GROUP BY rel.prod_id""",
                list(template_ids),
                company.parent_ids.ids,
            )
        )
        factor_by_taxes = {}
        for _template_id, tax_ids in rows:
            if (key := tuple(tax_ids)) not in factor_by_taxes:
                # sudo: taxes of the company, whose rates are on every invoice
                taxes = self.env["account.tax"].sudo().browse(tax_ids)
                base = taxes.compute_all(TAX_PROBE, company.currency_id)["total_excluded"]
                factor_by_taxes[key] = base / TAX_PROBE
        return {template_id: factor_by_taxes[tuple(tax_ids)] for template_id, tax_ids in rows}
