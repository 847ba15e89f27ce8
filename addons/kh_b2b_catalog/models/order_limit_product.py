from odoo import api, fields, models
from odoo.fields import Domain
from odoo.tools import SQL, ormcache

from ..engine.caches import clear_caches
from ..engine.order_limits import OrderLimits


class ProductCategory(models.Model):
    _inherit = "product.category"

    kh_warning_quantity = fields.Float(
        "Stock Warning Line",
        digits="Product Unit",
        help="Orders leave this quantity of each product in stock. Categories below and "
        "products may say otherwise; 0: the category above decides.",
    )

    # === CRUD METHODS === #
    @api.model_create_multi
    def create(self, vals_list):
        result = super().create(vals_list)
        if any(vals.get("kh_warning_quantity") for vals in vals_list):
            clear_caches(self.env)
        return result

    def write(self, vals):
        result = super().write(vals)
        if "kh_warning_quantity" in vals:
            clear_caches(self.env)
        return result


class ProductTemplate(models.Model):
    _inherit = "product.template"

    # === FIELDS === #
    kh_warning_quantity = fields.Float(
        "Stock Warning Line",
        digits="Product Unit",
        groups="base.group_user",
        help="Orders leave this quantity of each variant in stock: one order takes at most "
        "what is above the line, also where the product is sold when out of stock. "
        "0: the product category decides.",
    )
    kh_order_limit_ids = fields.One2many(
        "kh.order.limit", "product_tmpl_id", "Order Limits", groups="base.group_user", copy=True
    )

    # === CRUD METHODS === #
    @api.model_create_multi
    def create(self, vals_list):
        result = super().create(vals_list)
        if any(vals.get("kh_warning_quantity") for vals in vals_list):
            clear_caches(self.env)
        return result

    def write(self, vals):
        result = super().write(vals)
        if "kh_warning_quantity" in vals:
            clear_caches(self.env)
        return result

    # === BUSINESS METHODS - WARNING LINE === #
    @api.model
    @ormcache()
    def _kh_has_warning_lines(self):
        """Whether any product or category has a warning line: until then nobody asks."""
        line = [("kh_warning_quantity", ">", 0)]
        # sudo: of whatever company
        return any(
            self.env[name].sudo().with_context(active_test=False).search_count(line, limit=1)
            for name in ("product.template", "product.category")
        )


class ProductProduct(models.Model):
    _inherit = "product.product"

    # === FIELDS === #
    kh_is_below_warning = fields.Boolean(
        "Below Warning Line",
        compute="_compute_kh_is_below_warning",
        search="_search_kh_is_below_warning",
        groups="base.group_user",
        help="The free stock has reached the warning line.",
    )
    kh_warning_line = fields.Float(
        "Warning Line in Force",
        digits="Product Unit",
        compute="_compute_kh_is_below_warning",
        groups="base.group_user",
    )
    kh_free_quantity = fields.Float(
        "Free Stock",
        digits="Product Unit",
        compute="_compute_kh_is_below_warning",
        groups="base.group_user",
    )

    # === COMPUTE METHODS === #
    @api.depends("product_tmpl_id.kh_warning_quantity", "categ_id")
    @api.depends_context("company")
    def _compute_kh_is_below_warning(self):
        products = self._origin
        lines = products._kh_get_warning_lines()
        website = self.env["website"]  # none: all warehouses of the company
        # sudo: staff who may not read stock see only the alert
        free = products.sudo().filtered("is_storable")._kh_free_quantities(website)
        for product in self:
            line = lines.get(product._origin.id, 0.0)
            quantity = free.get(product._origin.id, 0.0)
            product.kh_warning_line = line
            product.kh_free_quantity = quantity
            product.kh_is_below_warning = bool(line and product.is_storable and quantity <= line)

    def _search_kh_is_below_warning(self, operator, value):
        if operator != "in":
            return NotImplemented
        # only products with a line can be below one
        categories = self.env["product.category"].search([("kh_warning_quantity", ">", 0)])
        watched = Domain("product_tmpl_id.kh_warning_quantity", ">", 0) | Domain(
            "categ_id", "child_of", categories.ids
        )
        products = self.search(watched & Domain("is_storable", "=", True))
        domain = Domain("id", "in", products.filtered("kh_is_below_warning").ids)
        return domain if True in value else ~domain

    # === BUSINESS METHODS - WARNING LINE === #
    def _kh_get_warning_lines(self):
        """Return the warning line of each product that has one, ``{product id: quantity}``.

        The product's own, else that of the nearest category above that names one.
        """
        if not self.env["product.template"]._kh_has_warning_lines():
            return {}
        # sudo: the line is for staff to read; here it only caps
        templates = self.sudo().product_tmpl_id
        lines = {}
        for category in templates.categ_id:
            ids = [int(part) for part in category.parent_path.split("/")[:-1]]
            above = category.browse(reversed(ids))
            named = (node.kh_warning_quantity for node in above)
            lines[category.id] = next((line for line in named if line), 0.0)
        result = {}
        for product in self.sudo():  # sudo: as above
            line = product.product_tmpl_id.kh_warning_quantity or lines.get(product.categ_id.id)
            if line:
                result[product.id] = line
        return result

    # === BUSINESS METHODS - LIMITS === #
    def _kh_get_order_limits(self, partner=None, website=None, *, company=None):
        """Return what one dealer may order of each product, in a constant number of queries.

        :param partner: the dealer; None: whoever asks; empty: a visitor
        :param website: the shop whose stock caps orders; an empty recordset: stock does not
            count (back office); None: the current one
        :param company: the selling company; by default the website's
        :rtype: dict[int, OrderLimits]
        """
        if website is None:
            website = self.env["website"].get_current_website()
        # sudo: which company sells is no secret
        company = company or website.sudo().company_id or self.env.company
        dealer = self._kh_stock_viewer(partner)
        # sudo: the dealer's level decides; hidden products have limits too
        rows = self.env["kh.order.limit"]._find_limits(self.sudo(), dealer.sudo().grade_id, company)
        used = self._kh_get_period_quantities(rows, dealer, company)
        caps, is_exact = self._kh_get_stock_caps(dealer, website)
        free = OrderLimits()
        result = {}
        for product_id in self.ids:
            row = rows.get(product_id)
            cap = caps.get(product_id)
            if row is None and cap is None:
                result[product_id] = free
                continue
            period = row and row.period_maximum
            result[product_id] = OrderLimits(
                minimum=row.minimum if row else 0.0,
                multiple=row.multiple if row else 0.0,
                maximum=row.maximum if row else 0.0,
                period_left=max(period - used.get(product_id, 0.0), 0.0) if period else None,
                stock_cap=cap,
                is_exact=is_exact,
                period_maximum=period or 0.0,
                period_label=row._get_period_label() if period else "",
            )
        return result

    def _kh_get_stock_caps(self, dealer, website):
        """Return what one order may take of the stock, and whether that may be told.

        A product with a warning line: what is above the line. Where a stock policy applies, a
        product that is not sold when short (or not to this level): what is there. Without
        policy and line core decides alone.

        :return: ``({product id: quantity}, is_exact)``
        """
        if not website:
            return {}, True
        lines = self._kh_get_warning_lines()
        is_governed = website._kh_has_stock_policy(dealer)
        if not lines and not is_governed:
            return {}, True
        rules = website._kh_get_stock_rules(dealer)
        # sudo: dealers may not read stock; the cap is told only as the policy says
        stocked = self.sudo()._kh_filter_stocked(website.sudo().company_id)
        capped = stocked.filtered(
            lambda product: (
                product.id in lines or (is_governed and not product._kh_can_order_short(rules))
            )
        )
        if not capped:
            return {}, True
        # sudo: the stock decides and is not shown
        free = capped._kh_free_quantities(website.sudo())
        caps = {
            product.id: max(free.get(product.id, 0.0) - lines.get(product.id, 0.0), 0.0)
            for product in capped
        }
        return caps, not website._kh_is_stock_hidden_from(dealer)

    @api.model
    def _kh_get_period_quantities(self, limits, dealer, company):
        """Sum what a dealer's company ordered in each product's period, in one query.

        Confirmed orders of the commercial partner and all its people count. It begins with
        these orders: popular products are in very many others.

        :param dict limits: ``{product id: kh.order.limit}``
        :return: ``{product id: quantity}``, in the product's unit
        """
        starts = {
            product_id: limit._get_period_start()
            for product_id, limit in limits.items()
            if limit.period_maximum
        }
        if not starts or not dealer:
            return {}
        self.env["sale.order.line"].flush_model(
            ["order_id", "product_id", "product_uom_qty", "product_uom_id", "state"]
        )
        self.env["sale.order"].flush_model(["partner_id", "state", "date_order", "company_id"])
        self.env["res.partner"].flush_model(["commercial_partner_id"])
        rows = self.env.execute_query(
            SQL(
                """
                WITH own AS MATERIALIZED (
                    SELECT sale.id, sale.date_order
                      FROM sale_order sale
                     WHERE sale.partner_id IN (
                               SELECT id FROM res_partner WHERE commercial_partner_id = %s
                           )
                       AND sale.state = 'sale'
                       AND sale.date_order >= %s
                       AND sale.company_id = %s
                )
                SELECT line.product_id,
                       SUM(line.product_uom_qty * unit.factor / base.factor)::float8
                  FROM own
                  JOIN sale_order_line line ON line.order_id = own.id
                  JOIN unnest(%s, %s::timestamp[]) AS asked (product_id, start)
                    ON asked.product_id = line.product_id AND own.date_order >= asked.start
                  JOIN product_product product ON product.id = line.product_id
                  JOIN product_template template ON template.id = product.product_tmpl_id
                  JOIN uom_uom base ON base.id = template.uom_id
                  JOIN uom_uom unit ON unit.id = COALESCE(line.product_uom_id, base.id)
                 GROUP BY line.product_id
                """,
                dealer.id,
                min(starts.values()),
                company.id,
                list(starts),
                list(starts.values()),
            )
        )
        return dict(rows)


class SaleOrder(models.Model):
    _inherit = "sale.order"

    # what a dealer ordered in a period
    _kh_sold_to_idx = models.Index("(partner_id, date_order) WHERE state = 'sale'")
