from collections import defaultdict

from odoo import Command, api, fields, models

# Marks writes of the system itself; an object, so that no caller can send it over RPC.
SYNCING = object()
SYNCED_FIELDS = {"product_id", "product_uom_qty", "product_uom_id", "order_id", "display_type"}


class SaleOrder(models.Model):
    _inherit = "sale.order"

    # === BUSINESS METHODS - AUXILIARIES === #
    def _kh_sync_auxiliaries(self, changed=None):
        """Make the auxiliary lines of these orders what their goods need.

        One line for each auxiliary, linked to the lines it is packed with. Calling it again
        changes nothing. A constant number of queries, whatever the number of lines. What was
        agreed stays: of a confirmed order only what is packed with changed lines is touched.

        :param changed: lines that were added or changed
        """
        if not self.env["kh.product.auxiliary"]._has_any():
            return
        # sudo: the system keeps these lines, whoever changed the goods
        orders = self.sudo().filtered(lambda order: order.state != "cancel" and not order.locked)
        changed = (changed or self.env["sale.order.line"]).sudo()  # sudo: as above
        changed |= changed.kh_parent_line_ids
        orders = orders.filtered(lambda order: order.state != "sale" or order.order_line & changed)
        lines = orders.order_line
        rows = lines.product_id.product_tmpl_id.kh_auxiliary_ids
        if not rows and not any(line.kh_is_auxiliary for line in lines):
            return
        rows = rows.filtered("auxiliary_id.active").grouped("product_tmpl_id")
        for order in orders.with_context(kh_auxiliaries=SYNCING):
            order._kh_write_auxiliaries(order._kh_get_needed_auxiliaries(rows), changed)

    def _kh_get_needed_auxiliaries(self, rows, without=None):
        """Return ``{auxiliary: (quantity, parent lines)}`` for the goods of one order.

        :param dict rows: ``{product template: kh.product.auxiliary}``
        :param dict without: ``{line: quantity}`` that is not to be packed here
        """
        self.ensure_one()
        without = without or {}
        goods = defaultdict(lambda: [0.0, self.env["sale.order.line"]])
        for line in self.order_line:
            ordered = line.product_uom_qty - without.get(line, 0.0)
            if line.kh_is_auxiliary or not line.product_id or ordered <= 0:
                continue
            product = line.product_id
            quantity = line.product_uom_id._compute_quantity(ordered, product.uom_id, round=False)
            entry = goods[product.product_tmpl_id]
            entry[0] += quantity
            entry[1] |= line
        needed = defaultdict(lambda: [0.0, self.env["sale.order.line"]])
        # lines and variants of one product fill the same packs
        for template, (quantity, lines) in goods.items():
            for row in rows.get(template, ()):
                entry = needed[row.auxiliary_id]
                entry[0] += row._get_quantity(quantity)
                entry[1] |= lines
        return needed

    def _kh_write_auxiliaries(self, needed, changed):
        self.ensure_one()
        commands = []
        left = dict(needed)
        is_sold = self.state == "sale"
        for line in self.order_line.filtered("kh_is_auxiliary"):
            quantity, parents = left.pop(line.product_id, (0.0, self.env["sale.order.line"]))
            if is_sold:
                if not (parents | line.kh_parent_line_ids) & changed:
                    continue
                quantity = max(quantity, line.qty_delivered)  # what is gone is gone
            if not quantity and self.state in ("draft", "sent"):
                commands.append(Command.delete(line.id))
                continue
            vals = {}
            if line.product_uom_qty != quantity:
                vals["product_uom_qty"] = quantity
            if line.kh_parent_line_ids != parents:
                vals["kh_parent_line_ids"] = [Command.set(parents.ids)]
            if vals:
                commands.append(Command.update(line.id, vals))
        commands += [
            Command.create(self._kh_prepare_auxiliary_vals(product, quantity, parents))
            for product, (quantity, parents) in left.items()
            if not is_sold or parents & changed
        ]
        if commands:
            self.write({"order_line": commands})

    def _kh_prepare_auxiliary_vals(self, product, quantity, parents):
        """Return the values of the line of one auxiliary; its price is its own."""
        self.ensure_one()
        return {
            "product_id": product.id,
            "product_uom_id": product.uom_id.id,
            "product_uom_qty": quantity,
            "kh_is_auxiliary": True,
            "kh_parent_line_ids": [Command.set(parents.ids)],
            "sequence": max(parents.mapped("sequence"), default=10),
        }

    def _kh_get_auxiliary_text(self):
        """Name what was added to the order for packing, for its reader."""
        self.ensure_one()
        return " · ".join(
            f"{line.product_id.name} × {line.product_uom_qty:g}"
            f" {line.currency_id.format(line.price_subtotal)}"
            for line in self.order_line
            if line.kh_is_auxiliary
        )

    def _verify_updated_quantity(self, order_line, product_id, new_qty, uom_id, **kwargs):
        """Extend `website_sale`: nobody orders an auxiliary, the system does."""
        if order_line.kh_is_auxiliary:
            warning = self.env._("The quantity follows the goods it is packed with.")
            return order_line.product_uom_qty, warning
        return super()._verify_updated_quantity(order_line, product_id, new_qty, uom_id, **kwargs)


class SaleOrderLine(models.Model):
    _inherit = "sale.order.line"

    # === FIELDS === #
    kh_is_auxiliary = fields.Boolean(
        "Packaging Auxiliary",
        readonly=True,
        help="Added by the system for what it is packed with; it follows the quantity.",
    )
    kh_parent_line_ids = fields.Many2many(
        "sale.order.line",
        "kh_auxiliary_line_parent_rel",
        "auxiliary_line_id",
        "parent_line_id",
        string="Packed With",
        readonly=True,
        copy=False,
    )

    # === CRUD METHODS === #
    @api.model_create_multi
    def create(self, vals_list):
        lines = super().create(vals_list)
        if not self._kh_is_syncing():
            lines.order_id._kh_sync_auxiliaries(lines)
        return lines

    def write(self, vals):
        if self._kh_is_syncing() or not SYNCED_FIELDS & vals.keys():
            return super().write(vals)
        orders = self.order_id
        before = {line: line._kh_get_packed() for line in self}
        result = super().write(vals)
        changed = self.filtered(lambda line: line._kh_get_packed() != before[line])
        (orders | self.order_id)._kh_sync_auxiliaries(changed)
        return result

    def unlink(self):
        orders = self.order_id
        result = super().unlink()
        if not self._kh_is_syncing():
            orders.exists()._kh_sync_auxiliaries()
        return result

    # === BUSINESS METHODS === #
    @api.model
    def _kh_is_syncing(self):
        return self.env.context.get("kh_auxiliaries") is SYNCING

    def _kh_get_packed(self):
        """Return what decides how much is packed with the line."""
        self.ensure_one()
        return (self.order_id, self.product_id, self.product_uom_qty, self.product_uom_id)

    def _kh_counts_for_rebate(self):
        """Answer whether the line earns its dealer a rebate (hook)."""
        self.ensure_one()
        return not (self.kh_is_auxiliary or self.display_type or self.is_downpayment)

    def _kh_counts_for_commission(self):
        """Answer whether the line earns its salesperson a commission (hook)."""
        return self._kh_counts_for_rebate()

    def _is_reorder_allowed(self):
        """Extend `website_sale`: auxiliaries come by themselves."""
        return not self.kh_is_auxiliary and super()._is_reorder_allowed()

    def _kh_is_held_to_catalogue(self):
        """Extend: what the system packs in was not chosen from a catalogue."""
        return not self.kh_is_auxiliary and super()._kh_is_held_to_catalogue()
