from collections import defaultdict
from typing import NamedTuple

from odoo import Command, api, models

from .sale_order import TOLD_SOURCES


class AddResult(NamedTuple):
    """What became of the rows given to `_kh_add_products`.

    `added` and `changed` name products (ids) with a new or a changed line; `refused` holds
    ``(product id, reason)`` once for each refused row; `kept` counts the rows that went in:
    rows given = kept + refused. `reasons` are the same by the row's place in the list.
    """

    added: list[int]
    changed: list[int]
    refused: list[tuple[int, str]]
    kept: int
    reasons: dict[int, str]


class SaleOrder(models.Model):
    _inherit = "sale.order"

    # === BUSINESS METHODS - MANY LINES === #
    def _kh_add_products(self, rows, *, source=None):
        """Add many products in one batch, in a constant number of queries.

        Rows of one product and unit are summed and merged with the order's lines. What may
        not be ordered is refused with a reason, never cut or dropped. Locks the order's row.

        :param list rows: ``(product_id, qty, uom_id or None)``
        :param str source: kept as the order's source while the order has no lines, unless
            somebody said where it came from
        :rtype: AddResult
        """
        self.ensure_one()
        self = self.with_company(self.company_id)
        self._kh_lock()
        self._approval_ensure_not_frozen()
        if source and not self.order_line and self.kh_source not in TOLD_SOURCES:
            self.kh_source = source
        products = self._kh_get_row_products(rows)
        reasons = self._kh_check_rows(rows, products)
        wanted = defaultdict(float)
        for number, (product_id, quantity, uom_id) in enumerate(rows):
            if number not in reasons:
                uom_id = uom_id or products[product_id].uom_id.id
                wanted[product_id, uom_id] += quantity
        targets = self._kh_merge_rows(wanted, products)
        misfits = self._kh_check_targets(targets)
        for number, (product_id, _quantity, uom_id) in enumerate(rows):
            key = (product_id, uom_id or (number not in reasons and products[product_id].uom_id.id))
            if number not in reasons and key in misfits:
                reasons[number] = misfits[key]
        kept = {key: target for key, target in targets.items() if key not in misfits}
        self._kh_write_targets(kept, products)
        return AddResult(
            added=[key[0] for key, (line, _qty) in kept.items() if not line],
            changed=[key[0] for key, (line, _qty) in kept.items() if line],
            refused=[(rows[number][0], reasons[number]) for number in sorted(reasons)],
            kept=len(rows) - len(reasons),
            reasons=reasons,
        )

    @api.model
    def _kh_get_row_products(self, rows):
        """Return the products of the rows that exist, ``{id: product}``, in one query."""
        ids = [product_id for product_id, _qty, _uom in rows]
        # sudo: whether a product may be ordered is answered with a reason below, also for
        # products that the user may not read
        products_sudo = (
            self.env["product.product"]
            .sudo()
            .with_context(active_test=False)
            .search([("id", "in", ids)])
        )
        return {product.id: product.with_context(active_test=True) for product in products_sudo}

    def _kh_check_rows(self, rows, products):
        """Return why rows may not be ordered, ``{row number: reason}`` (hook).

        Saleability, areas and visibility extend it with one batch check each.

        :param list rows: ``(product_id, qty, uom_id or None)``
        :param dict products: ``{product_id: product}`` of those that exist
        """
        self.ensure_one()
        blocked = self._kh_find_not_allowed(self.env["product.product"].union(*products.values()))
        reasons = {}
        for number, (product_id, quantity, uom_id) in enumerate(rows):
            product = products.get(product_id)
            if not product:
                reasons[number] = self.env._("This product does not exist.")
            elif product_id in blocked:
                reasons[number] = blocked[product_id]
            elif not quantity > 0:
                reasons[number] = self.env._("The quantity must be above zero.")
            elif uom_id and uom_id not in (product.uom_id + product.uom_ids).ids:
                reasons[number] = self.env._("This product is not sold in that unit.")
        return reasons

    def _kh_find_not_allowed(self, products):
        """Return why products may not be ordered, ``{product id: reason}``.

        For orders of a website the batch form of `_is_add_to_cart_allowed`.
        """
        reasons = {}
        for product in products:
            if not product.active or not product.sale_ok:
                reasons[product.id] = self.env._("Not for sale any more.")
            elif product.type == "combo":
                reasons[product.id] = self.env._("Choose the contents of this set first.")
            elif product.company_id and product.company_id != self.company_id:
                reasons[product.id] = self.env._("Not sold by this company.")
        if self.website_id and not self.env.user.has_group("base.group_system"):
            reasons = {**self._kh_find_not_in_shop(products), **reasons}
        return reasons

    def _kh_find_not_in_shop(self, products):
        website = self.website_id
        if not website.has_ecommerce_access():
            return dict.fromkeys(products.ids, self.env._("Log in to order."))
        products = products.with_context(website_id=website.id)
        allowed = products.filtered("website_published").filtered_domain(website._product_domain())
        reasons = dict.fromkeys((products - allowed).ids, self.env._("Not for sale in this shop."))
        if website.prevent_zero_price_sale and allowed:
            prices = allowed._kh_get_display_prices(self.partner_id, website=website)
            for product in allowed:
                if not prices[product.id].price:
                    reasons[product.id] = self.env._("Ask us for the price of this product.")
        return reasons

    def _kh_merge_rows(self, wanted, products):
        """Match what is wanted with the order's lines, in memory.

        :return: ``{(product_id, uom_id): (line or empty, new quantity of that line)}``
        """
        lines = {}
        for line in self.order_line:
            if line._kh_can_merge():
                lines.setdefault((line.product_id.id, line.product_uom_id.id), line)
        empty = self.env["sale.order.line"]
        targets = {}
        for key, quantity in wanted.items():
            line = lines.get(key, empty)
            targets[key] = (line, line.product_uom_qty + quantity)
        return targets

    def _kh_check_targets(self, targets):
        """Return why new quantities do not fit, ``{(product_id, uom_id): reason}``.

        On a website's order core's `_verify_updated_quantity` decides for each line, on
        prefetched stock; a quantity it would cut is refused with its warning.
        """
        if not self.website_id or not targets:
            return {}
        self._kh_prefetch_stock(targets)
        reasons = {}
        for (product_id, uom_id), (line, quantity) in targets.items():
            allowed, warning = self._verify_updated_quantity(
                line, product_id, quantity, uom_id=uom_id
            )
            if not self._kh_is_same_quantity(allowed, quantity):
                reasons[product_id, uom_id] = warning or self.env._("Not enough in stock.")
        return reasons

    def _kh_prefetch_stock(self, targets):
        """Read units and free stock of all products at once, for the checks line by line."""
        product_ids = [product_id for product_id, _uom_id in targets]
        products = self.env["product.product"].browse(product_ids)
        products.mapped("uom_id.factor")
        stocked = products.filtered(lambda p: p.is_storable and not p.allow_out_of_stock_order)
        stocked.with_context(warehouse_id=self._get_shop_warehouse_id()).mapped("free_qty")

    def _kh_write_targets(self, targets, products):
        """Create and change lines with one write on the order, then check the cart once."""
        commands = []
        for (product_id, uom_id), (line, quantity) in targets.items():
            if line:
                commands.append(Command.update(line.id, {"product_uom_qty": quantity}))
            else:
                product = products[product_id]
                vals = self._kh_prepare_added_line_vals(product, quantity, uom_id)
                commands.append(Command.create(vals))
        if not commands:
            return
        self.write({"order_line": commands})
        if self.website_id:
            self._verify_cart_after_update()

    def _kh_prepare_added_line_vals(self, product, quantity, uom_id):
        """Return the values of a new line; core decides where a product has options."""
        self.ensure_one()
        vals = {
            "product_id": product.id,
            "product_uom_qty": quantity,
            "product_uom_id": uom_id,
        }
        if product.attribute_line_ids.attribute_id.filtered(
            lambda attribute: attribute.create_variant == "no_variant"
        ):
            vals = self._prepare_order_line_values(product.id, quantity, uom_id)
            vals.pop("order_id", None)
        return vals
