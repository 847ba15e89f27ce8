from datetime import datetime, time, timedelta

import pytz
from dateutil.relativedelta import relativedelta

from odoo import api, fields, models
from odoo.exceptions import ValidationError
from odoo.tools import ormcache

from ..engine.caches import clear_caches

PERIOD_UNITS = [("day", "Days"), ("month", "Calendar Months")]


class OrderLimit(models.Model):
    """How much of a product one dealer may order: minimum, multiple, maximum (订货数量限制).

    Quantities are in the product's unit and count for each variant. One row applies as a
    whole: a row for the dealer's level before one for everybody, inside these a row for the
    variant before one for the product.
    """

    _name = "kh.order.limit"
    _description = "Order Quantity Limit"
    _order = "product_tmpl_id, product_id, grade_id, id"
    _check_company_auto = True

    # === FIELDS === #
    product_tmpl_id = fields.Many2one(
        "product.template", "Product", required=True, index=True, ondelete="cascade"
    )
    product_id = fields.Many2one(
        "product.product",
        "Variant",
        index="btree_not_null",
        ondelete="cascade",
        domain="[('product_tmpl_id', '=', product_tmpl_id)]",
        help="Empty: for each variant.",
    )
    grade_id = fields.Many2one(
        "res.partner.grade",
        "Level",
        index="btree_not_null",
        ondelete="cascade",
        help="Empty: for everybody.",
    )
    company_id = fields.Many2one(
        "res.company",
        default=lambda self: self._default_company_id(),
        index=True,
        help="Empty: for all companies.",
    )
    uom_id = fields.Many2one(related="product_tmpl_id.uom_id", string="Unit")
    minimum = fields.Float(
        "Minimum", digits="Product Unit", help="Least quantity of one order (MOQ)."
    )
    multiple = fields.Float(
        "Multiple", digits="Product Unit", help="Ordered in multiples of this quantity only."
    )
    maximum = fields.Float("Maximum per Order", digits="Product Unit")
    period_maximum = fields.Float(
        "Maximum per Period",
        digits="Product Unit",
        help="What the dealer's company, all colleagues together, may order in the period. "
        "Confirmed orders count.",
    )
    period_count = fields.Integer("Period", default=1)
    period_unit = fields.Selection(PERIOD_UNITS, "Unit of Period", default="month", required=True)
    _not_negative = models.Constraint(
        "CHECK (minimum >= 0 AND multiple >= 0 AND maximum >= 0 AND period_maximum >= 0)",
        "Quantities cannot be negative.",
    )
    _period_positive = models.Constraint("CHECK (period_count > 0)", "A period has a length.")
    _one_row = models.UniqueIndex(
        "(product_tmpl_id, COALESCE(product_id, 0), COALESCE(grade_id, 0),"
        " COALESCE(company_id, 0))",
        "There is a limit for this product, variant and level already.",
    )

    # === DEFAULT METHODS === #
    @api.model
    def _default_company_id(self):
        return self.env.company

    # === COMPUTE METHODS === #
    @api.depends("product_tmpl_id", "product_id", "grade_id")
    def _compute_display_name(self):
        for limit in self:
            name = (limit.product_id or limit.product_tmpl_id).display_name or ""
            grade = limit.grade_id.name
            limit.display_name = f"{name} · {grade}" if grade else name

    # === CONSTRAINTS === #
    @api.constrains("product_id", "product_tmpl_id")
    def _check_variant(self):
        for limit in self:
            if limit.product_id and limit.product_id.product_tmpl_id != limit.product_tmpl_id:
                raise ValidationError(
                    self.env._("%s is not a variant of the product.", limit.product_id.display_name)
                )

    @api.constrains("minimum", "multiple", "maximum", "period_maximum")
    def _check_reachable(self):
        """Refuse limits under which nothing could ever be ordered."""
        for limit in self:
            least = max(limit.minimum, limit.multiple)
            for highest in (limit.maximum, limit.period_maximum):
                if highest and least > highest:
                    raise ValidationError(
                        self.env._(
                            "Nothing of %(product)s could be ordered: at least %(least)s, but "
                            "at most %(highest)s.",
                            product=limit.display_name,
                            least=f"{least:g}",
                            highest=f"{highest:g}",
                        )
                    )

    # === CRUD METHODS === #
    @api.model_create_multi
    def create(self, vals_list):
        for vals in vals_list:
            if vals.get("product_id") and not vals.get("product_tmpl_id"):
                product = self.env["product.product"].browse(vals["product_id"])
                vals["product_tmpl_id"] = product.product_tmpl_id.id
        result = super().create(vals_list)
        clear_caches(self.env)
        return result

    def unlink(self):
        result = super().unlink()
        clear_caches(self.env)
        return result

    # === BUSINESS METHODS === #
    @api.model
    @ormcache()
    def _has_any(self):
        """Whether any limit exists: until then orders ask for none."""
        # sudo: of whatever company
        return bool(self.sudo().search_count([], limit=1))

    @api.model
    def _find_limits(self, products, grade, company):
        """Return the row that applies to each product, ``{product id: limit}``, in one query.

        :param grade: the dealer's level; empty: none
        """
        if not products or not self._has_any():
            return {}
        # sudo: the limits of a product are told to whoever may order it
        rows = self.sudo().search_fetch(
            [
                ("product_tmpl_id", "in", products.product_tmpl_id.ids),
                ("company_id", "in", (company.id, False)),
                ("grade_id", "in", (grade.id, False)),
            ]
        )
        by_template = rows.grouped("product_tmpl_id")
        found = {}
        for product in products if rows else ():
            fitting = [
                row
                for row in by_template.get(product.product_tmpl_id, ())
                if not row.product_id or row.product_id == product
            ]
            if fitting:
                found[product.id] = min(fitting, key=self._get_precedence)
        return found

    @api.model
    def _get_precedence(self, limit):
        return (not limit.grade_id, not limit.product_id, not limit.company_id, limit.id)

    def _get_period_start(self, now=None):
        """Return when the current period began (UTC): n days or calendar months back.

        1 day is today, 7 days today and the six days before; 1 month is this calendar month.
        Days begin at midnight where the company is.
        """
        self.ensure_one()
        company = self.company_id or self.env.company
        zone = pytz.timezone(company.partner_id.tz or self.env.user.tz or "UTC")
        now = pytz.utc.localize(now or fields.Datetime.now()).astimezone(zone)
        if self.period_unit == "day":
            day = now.date() - timedelta(days=self.period_count - 1)
        else:
            day = now.date().replace(day=1) - relativedelta(months=self.period_count - 1)
        start = zone.localize(datetime.combine(day, time.min))
        return start.astimezone(pytz.utc).replace(tzinfo=None)

    def _get_period_label(self):
        """Name the period for its reader."""
        self.ensure_one()
        if self.period_unit == "month":
            if self.period_count == 1:
                return self.env._("this month")
            return self.env._("in %s months", self.period_count)
        if self.period_count == 1:
            return self.env._("today")
        return self.env._("in %s day(s)", self.period_count)
