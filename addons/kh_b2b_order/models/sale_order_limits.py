from collections import defaultdict

from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.tools import SQL

from odoo.addons.kh_b2b_catalog.engine.order_limits import OrderLimits, check_quantity

from ..utils import format_quantity
from .sale_order_workflow import DESK_GROUPS

# Marks a batch whose limits were checked; an object, so that no caller can send it over RPC.
CHECKED = object()


class SaleOrder(models.Model):
    _inherit = "sale.order"

    # === FIELDS === #
    kh_is_limit_waived = fields.Boolean(
        "Limits Waived",
        copy=False,
        tracking=True,
        help="This order may be confirmed although it breaks order limits.",
    )
    kh_limit_warning = fields.Text("Broken Limits", compute="_compute_kh_limit_warning")

    # === COMPUTE METHODS === #
    @api.depends(
        "partner_id",
        "state",
        "order_line.product_id",
        "order_line.product_uom_qty",
        "order_line.product_uom_id",
    )
    @api.depends_context("lang")
    def _compute_kh_limit_warning(self):
        for order in self:
            issues = {}
            if order.state in ("draft", "sent") and order.partner_id:
                issues = order._kh_find_limit_issues(with_stock=bool(order.website_id))
            order.kh_limit_warning = "\n".join(issues.values())

    # === CRUD METHODS === #
    @api.model_create_multi
    def create(self, vals_list):
        orders = super().create(vals_list)
        # what became of them: defaults of the context count too
        if any(order.kh_is_limit_waived for order in orders):
            self._kh_ensure_can_waive()
        return orders

    def write(self, vals):
        if vals.get("kh_is_limit_waived"):
            self._kh_ensure_can_waive()
        return super().write(vals)

    # === ACTION METHODS === #
    def action_confirm(self):
        """Extend `sale`: no order is confirmed beyond its dealer's limits, by any way.

        Locks the dealers whose period maximum is at stake, and the products whose stock caps
        orders of a website: two that do not fit together are never confirmed at once. An
        order whose money was accepted already is put on hold for a person's decision instead:
        a payment is never left without its order.

        :raise UserError: naming order, products and limits
        """
        broken = self._kh_find_broken_limits()
        paid = self.browse(order.id for order in broken if order._kh_has_accepted_money())
        refused = [f"{order.name}\n{text}" for order, text in broken.items() if order not in paid]
        if refused:
            raise UserError(self.env._("These orders break order limits:\n%s", "\n".join(refused)))
        for order in paid:
            order._kh_set_on_hold(self.env._("Order limits: %s", broken[order]), "limits")
        paid._kh_leave_cart()
        rest = self - paid
        return super(SaleOrder, rest).action_confirm() if rest else True

    # === HOOKS - HOLD === #
    def _kh_word_hold_kind(self):
        """Extend: what breaks the limits now; they may have been changed meanwhile."""
        if self.kh_hold_kind != "limits":
            return super()._kh_word_hold_kind()
        # sudo: an order's reader reads why it waits; what is said minds the dealer's rights
        broken = self.sudo().kh_limit_warning
        if not broken:
            return self.env._("The order did not keep to the order limits.")
        return self.env._("Order limits: %s", broken)

    # === BUSINESS METHODS - LIMITS === #
    def _kh_ensure_can_waive(self):
        if not self.env.su and not any(self.env.user.has_group(g) for g in DESK_GROUPS):
            raise AccessError(
                self.env._("Only order clerks and supervisors may waive order limits.")
            )

    def _kh_has_accepted_money(self):
        self.ensure_one()
        # sudo: whoever confirms need not read payments
        return any(tx.state in ("authorized", "done") for tx in self.sudo().transaction_ids)

    def _kh_get_quantity_limits(self, products, with_stock=True):
        """Return what this order's dealer may order, ``{product id: OrderLimits}``.

        Stock counts on orders of a website only: staff decide for the others.
        """
        self.ensure_one()
        website = self.website_id if with_stock else self.website_id.browse()
        return products._kh_get_order_limits(
            self._kh_get_reader(), website, company=self.company_id or self.env.company
        )

    def _kh_has_quantity_limits(self, products, website):
        """Answer cheaply whether any limit can apply, before anything is summed."""
        return bool(products) and (
            self.env["kh.order.limit"]._has_any()
            or self.env["product.template"]._kh_has_warning_lines()
            or bool(website and website._kh_has_stock_policy(self._kh_get_reader()))
        )

    def _kh_get_limited_totals(self):
        """Sum the order by product, in the product's unit, ``{product: quantity}``."""
        self.ensure_one()
        totals = defaultdict(float)
        for line in self.order_line:
            if line._kh_is_limited():
                totals[line.product_id._origin] += line._kh_quantity_in_product_unit()
        return totals

    def _kh_find_limit_issues(self, with_stock=True):
        """Return which limits this order breaks, ``{product: sentence}``."""
        self.ensure_one()
        totals = self._kh_get_limited_totals()
        products = self.env["product.product"].union(*totals)
        website = self.website_id if with_stock else self.website_id.browse()
        if not self._kh_has_quantity_limits(products, website):
            return {}
        limits = self._kh_get_quantity_limits(products, with_stock)
        issues = {}
        for product, quantity in totals.items():
            issue = check_quantity(quantity, limits[product.id])
            if issue:
                sentence = self._kh_word_issue(issue, limits[product.id])
                # sudo: the name of a product of the order, also when it is hidden by now
                issues[product] = f"{product.sudo().display_name}: {sentence}"
        return issues

    def _kh_find_broken_limits(self):
        """Find what keeps these orders from being confirmed, ``{order: sentences}``.

        Orders of one dealer in one batch count together against its period maximum, orders
        of websites that take from one warehouse against what is there.
        """
        broken = {}
        orders = self.filtered(
            lambda order: order.state in ("draft", "sent") and not order.kh_is_limit_waived
        )
        limited = []
        for (company, dealer, website), group in orders.grouped(
            lambda order: (order.company_id, order._kh_get_reader(), order.website_id)
        ).items():
            products = group.order_line.product_id
            if group[0]._kh_has_quantity_limits(products, website):
                limits = products._kh_get_confirm_limits(dealer, company, website)
                limited += [(order, limits) for order in group]
        self._kh_lock_capped(limited)
        ordered, taken = defaultdict(float), defaultdict(float)
        for order, limits in limited:
            text = order._kh_explain_broken(limits, ordered, taken)
            if text:
                broken[order] = text
        return broken

    @api.model
    def _kh_lock_capped(self, limited):
        """Lock the products whose stock caps one of these orders, all at once.

        :param list limited: ``[(order, {product id: OrderLimits})]``
        """
        sources = self.env["product.product"]
        for order, limits in limited:
            capped = [key for key, mine in limits.items() if mine.stock_cap is not None]
            # sudo: parts of bundles, which dealers may not read
            products_sudo = sources.sudo().browse(capped)
            sources |= products_sudo._kh_get_stock_sources(order.website_id.sudo().company_id)
        sources._kh_lock_stock()

    def _kh_explain_broken(self, limits, ordered, taken):
        """Say which limits this order breaks after those before it in the batch, and add it.

        :param dict ordered: what these hold, ``{(company, dealer, product): quantity}``
        :param dict taken: what these take, ``{(company, warehouse, product): quantity}``
        """
        self.ensure_one()
        dealer = (self.company_id, self._kh_get_reader())
        website_sudo = self.website_id.sudo()  # sudo: where the goods come from
        source = (website_sudo.company_id, website_sudo.warehouse_id)
        sentences = []
        for product, quantity in self._kh_get_limited_totals().items():
            mine = limits[product.id]
            if mine.period_left is not None:
                left = mine.period_left - ordered[(*dealer, product)]
                mine = mine._replace(period_left=max(left, 0.0))
            if mine.stock_cap is not None:
                left = mine.stock_cap - taken[(*source, product)]
                mine = mine._replace(stock_cap=max(left, 0.0))
            issue = check_quantity(quantity, mine)
            if issue:
                # sudo: the name of a product of the order, also when it is hidden by now
                name = product.sudo().display_name
                sentences.append(f"{name}: {self._kh_word_issue(issue, mine)}")
            ordered[(*dealer, product)] += quantity
            taken[(*source, product)] += quantity
        return "\n".join(sentences)

    @api.model
    def _kh_word_issue(self, issue, limits):
        """Say in one sentence why a quantity does not fit, and what would."""
        _ = self.env._
        amount = format_quantity(issue.limit)
        if issue.kind == "minimum":
            text = _("Order at least %s.", amount)
        elif issue.kind == "multiple":
            text = _("Order in multiples of %s.", amount)
        elif issue.kind == "maximum":
            text = _("At most %s in one order.", amount)
        elif issue.kind == "period":
            text = _(
                "At most %(maximum)s %(period)s; %(left)s left.",
                maximum=format_quantity(limits.period_maximum),
                period=limits.period_label,
                left=amount,
            )
        elif not limits.is_exact:
            return _("Not that many are in stock.")
        elif issue.limit <= 0:
            return _("Not in stock now.")
        else:
            text = _("Only %s can be ordered now.", amount)
        suggested = self._kh_get_suggested(issue, limits)
        if suggested and issue.kind == "multiple":
            following = _("Next multiple: %s.", format_quantity(suggested))
            text = f"{text} {following}"
        return text

    @api.model
    def _kh_get_suggested(self, issue, limits):
        """Return the quantity to offer, unless it would tell how much is in stock."""
        cap = limits.stock_cap
        if issue.suggested is None or cap is None or limits.is_exact:
            return issue.suggested
        return issue.suggested if issue.kind != "stock" and issue.suggested < cap else None

    # === BUSINESS METHODS - CART === #
    def _verify_updated_quantity(self, order_line, product_id, new_qty, uom_id, **kwargs):
        """Extend `website_sale`: a quantity that breaks a limit leaves the cart as it is.

        It is never rounded silently; the warning says what would fit.
        """
        if self.env.context.get("kh_limits") is not CHECKED and new_qty > 0:
            issue, limits = self._kh_check_line_quantity(order_line, product_id, new_qty, uom_id)
            if issue:
                kept = order_line.product_uom_qty if order_line else 0.0
                return kept, self._kh_word_issue(issue, limits)
        return super()._verify_updated_quantity(order_line, product_id, new_qty, uom_id, **kwargs)

    def _kh_check_line_quantity(self, order_line, product_id, quantity, uom_id):
        """Check a new quantity of one line together with the order's other lines.

        :return: ``(QuantityIssue or None, OrderLimits)``
        """
        product = self.env["product.product"].browse(product_id)
        if order_line.kh_is_auxiliary or not self._kh_has_quantity_limits(product, self.website_id):
            return None, OrderLimits()
        limits = self._kh_get_quantity_limits(product)[product_id]
        if limits.is_free:
            return None, limits
        total = self._kh_quantity_besides(product, order_line)
        # sudo: unit of a product that may be hidden by now
        own_uom = product.sudo().uom_id
        uom = self.env["uom.uom"].browse(uom_id) or own_uom
        total += uom._compute_quantity(quantity, own_uom, round=False, raise_if_failure=False)
        return check_quantity(total, limits), limits

    def _kh_quantity_besides(self, product, order_line):
        return sum(
            line._kh_quantity_in_product_unit()
            for line in self.order_line - order_line
            if line.product_id == product and line._kh_is_limited()
        )

    def _kh_suggest_for_line(self, order_line, quantity):
        """Return the quantity to offer in place of one that was refused, in the line's unit."""
        self.ensure_one()
        product, uom = order_line.product_id, order_line.product_uom_id
        issue, limits = self._kh_check_line_quantity(order_line, product.id, quantity, uom.id)
        suggested = issue and self._kh_get_suggested(issue, limits)
        if not suggested:
            return None
        rest = suggested - self._kh_quantity_besides(product, order_line)
        offered = product.uom_id._compute_quantity(rest, uom, round=False)
        is_whole = abs(offered - uom.round(offered)) < 1e-6
        return offered if offered > 0 and is_whole else None

    def _kh_check_targets(self, targets):
        """Extend: check minimum, multiple, maximum and stock of the whole batch at once."""
        products = self.env["product.product"].browse({key[0] for key in targets})
        if not self._kh_has_quantity_limits(products, self.website_id) or self.kh_is_limit_waived:
            return super()._kh_check_targets(targets)
        limits = self._kh_get_quantity_limits(products)
        changed = self.env["sale.order.line"].union(*(line for line, _qty in targets.values()))
        totals = defaultdict(float)
        for line in self.order_line - changed:
            if line.product_id in products and line._kh_is_limited():
                totals[line.product_id.id] += line._kh_quantity_in_product_unit()
        for (product_id, uom_id), (_line, quantity) in targets.items():
            # sudo: as in `_kh_check_line_quantity`
            own_uom = products.browse(product_id).sudo().uom_id
            uom = self.env["uom.uom"].browse(uom_id)
            totals[product_id] += uom._compute_quantity(quantity, own_uom, round=False)
        issues = {
            product_id: check_quantity(total, limits[product_id])
            for product_id, total in totals.items()
            if product_id in limits
        }
        reasons = {
            key: self._kh_word_issue(issues[key[0]], limits[key[0]])
            for key in targets
            if issues.get(key[0])
        }
        rest = {key: target for key, target in targets.items() if key not in reasons}
        checked = self.with_context(kh_limits=CHECKED)
        return {**reasons, **super(SaleOrder, checked)._kh_check_targets(rest)}

    def _is_cart_ready(self):
        """Extend `website_sale`: no checkout beyond the limits."""
        return super()._is_cart_ready() and not (
            self.website_id and not self.kh_is_limit_waived and self._kh_find_limit_issues()
        )

    def _check_cart_is_ready_to_be_paid(self):
        """Extend `website_sale`: say which limits stand in the way."""
        if self.website_id and not self.kh_is_limit_waived:
            issues = self._kh_find_limit_issues()
            if issues:
                raise ValidationError("\n".join(issues.values()))
        return super()._check_cart_is_ready_to_be_paid()

    def _kh_get_reorder_rows(self):
        """Extend: auxiliaries come by themselves."""
        added = self.order_line.filtered("kh_is_auxiliary").product_id.ids
        return [row for row in super()._kh_get_reorder_rows() if row[0] not in added]


class SaleOrderLine(models.Model):
    _inherit = "sale.order.line"

    # === BUSINESS METHODS - LIMITS === #
    def _kh_is_limited(self):
        """Answer whether the line counts for order limits."""
        self.ensure_one()
        return bool(
            self.product_id
            and not self.display_type
            and not self.kh_is_auxiliary
            and not self.is_delivery
            and not self.is_downpayment
        )

    def _kh_quantity_in_product_unit(self):
        self.ensure_one()
        # sudo: unit of a product that may be hidden by now
        own_uom = self.product_id.sudo().uom_id
        return self.product_uom_id._compute_quantity(
            self.product_uom_qty, own_uom, round=False, raise_if_failure=False
        )

    def _kh_can_merge(self):
        return super()._kh_can_merge() and not self.kh_is_auxiliary


class ProductProduct(models.Model):
    _inherit = "product.product"

    def _kh_lock_stock(self):
        """Lock the rows of these products, waiting for whoever takes from their stock.

        The rows are written: only then whoever waited is repeated with what he missed.
        """
        if self.ids:
            self.env.execute_query(
                SQL(
                    """
                    UPDATE product_product SET write_date = write_date WHERE id IN (
                        SELECT id FROM product_product WHERE id IN %s ORDER BY id FOR UPDATE
                    ) RETURNING id
                    """,
                    tuple(self.ids),
                )
            )

    def _kh_get_confirm_limits(self, dealer, company, website):
        """Return the limits of a dealer for orders that are being confirmed.

        Locks the dealer's row before anything is summed, if a period maximum is at stake.
        """
        rows = self.env["kh.order.limit"]._find_limits(
            self.sudo(),  # sudo: hidden products have limits too
            dealer.sudo().grade_id,  # sudo: the dealer's level decides
            company,
        )
        if any(row.period_maximum for row in rows.values()):
            dealer._kh_lock_dealers()
        return self._kh_get_order_limits(dealer, website, company=company)


class ResPartner(models.Model):
    _inherit = "res.partner"

    def _kh_lock_dealers(self):
        """Lock the rows of these dealers, waiting for whoever holds them.

        The rows are written: only then whoever waited is repeated with what he missed.
        """
        if self.ids:
            self.env.execute_query(
                SQL(
                    """
                    UPDATE res_partner SET write_date = write_date WHERE id IN (
                        SELECT id FROM res_partner WHERE id IN %s ORDER BY id FOR UPDATE
                    ) RETURNING id
                    """,
                    tuple(self.ids),
                )
            )
