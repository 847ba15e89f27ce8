from typing import NamedTuple

from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError

from odoo.addons.kh_b2b_catalog.models.auxiliary_order import SYNCING

OPEN_STATES = ("draft", "sent")
PART_STATES = (*OPEN_STATES, "sale")


class SplitPart(NamedTuple):
    """What goes to one new order.

    `quantities` is ``{sale.order.line: quantity}`` in the line's unit; `vals` are values of the
    new order that differ from the old one's (warehouse, invoice address, delivery date).
    """

    quantities: dict
    vals: dict


class SaleOrder(models.Model):
    """Orders are split for delivery and settlement (订单拆分, M-53).

    The original keeps its number, payments and papers and is itself one of the parts: it
    holds the rest. A container beside the parts would be counted twice by invoicing, stock
    and every report. Each part is an order of its own, with its deliveries and invoices.

    What adds up: quantities and untaxed prices line by line, payments (`kh_paid_moved` says
    what one part paid for another) and the **total to the cent**. Each part's tax is rounded
    by itself, as its invoice will; where the parts' totals thereby differ from the former
    total, the original carries the difference on a line without tax.
    """

    _inherit = "sale.order"

    # === FIELDS === #
    kh_parent_id = fields.Many2one(
        "sale.order",
        "Split From",
        copy=False,
        readonly=True,
        index="btree_not_null",
        check_company=True,
        help="The order that this one was split from.",
    )
    kh_child_ids = fields.One2many("sale.order", "kh_parent_id", "Parts")
    kh_merged_into_id = fields.Many2one(
        "sale.order",
        "Went Into",
        copy=False,
        readonly=True,
        index="btree_not_null",
        check_company=True,
        help="The order that took over the products of this one.",
    )
    kh_merged_ids = fields.One2many("sale.order", "kh_merged_into_id", "Took Over")
    kh_paid_moved = fields.Monetary(
        "Paid with Other Parts",
        copy=False,
        readonly=True,
        help="What was paid on another part of the same order and counts here (positive), or "
        "was paid here and counts there (negative). The sum over all parts is zero.",
    )
    kh_can_split = fields.Boolean("Can Be Split", compute="_compute_kh_can_split")
    kh_can_undo_split = fields.Boolean("Can Be Put Back", compute="_compute_kh_can_undo_split")

    # === COMPUTE METHODS === #
    @api.depends("kh_paid_moved")
    def _compute_amount_paid(self):
        super()._compute_amount_paid()
        for order in self:
            if order.kh_paid_moved:
                order.amount_paid += order.kh_paid_moved

    @api.depends("kh_stage", "locked", "kh_offer_state", "transaction_ids.state")
    def _compute_kh_can_split(self):
        for order in self:
            order.kh_can_split = not order._kh_find_part_obstacle()

    @api.depends("kh_parent_id.kh_can_split", "kh_can_split", "invoice_ids.state")
    def _compute_kh_can_undo_split(self):
        for order in self:
            parent = order.kh_parent_id
            order.kh_can_undo_split = (
                order._kh_is_part()
                and order.kh_can_split
                and parent.kh_can_split
                and (order.state == "sale") == (parent.state == "sale")
                and not order._kh_find_join_obstacle()
                and not parent._kh_find_join_obstacle()
            )

    # === CRUD METHODS === #
    @api.model_create_multi
    def create(self, vals_list):
        if any("kh_paid_moved" in vals for vals in vals_list):
            self._kh_deny_paid_moved()
        if self.env.context.get("default_kh_paid_moved"):
            self._kh_deny_paid_moved()
        return super().create(vals_list)

    def write(self, vals):
        if "kh_paid_moved" in vals:
            self._kh_deny_paid_moved()
        return super().write(vals)

    def copy_data(self, default=None):
        """Extend: a copy has neither a rounding difference nor lines that went to a part."""
        vals_list = super().copy_data(default)
        if "order_line" not in (default or {}):
            for order, vals in zip(self, vals_list, strict=True):
                vals["order_line"] = [
                    command
                    for command in vals.get("order_line", ())
                    if not (isinstance(command[2], dict) and order._kh_is_left_behind(command[2]))
                ]
        return vals_list

    def _kh_is_left_behind(self, line_vals):
        self.ensure_one()
        is_gone = self.kh_child_ids and not line_vals.get("display_type")
        return line_vals.get("kh_is_split_rounding") or (
            is_gone and not line_vals.get("product_uom_qty")
        )

    def _kh_deny_paid_moved(self):
        if not self.env.su:
            raise AccessError(self.env._("What was paid follows from splitting and merging."))

    # === ACTION METHODS === #
    def action_kh_open_split(self):
        """Open the dialog that splits this order."""
        self.ensure_one()
        self._kh_ensure_desk()
        action = self.env["ir.actions.act_window"]._for_xml_id("kh_b2b_order.kh_order_split_action")
        return {**action, "context": {"default_order_id": self.id}}

    def action_kh_open_parts(self):
        """Open all parts of what these orders once were."""
        self.check_access("read")
        parts = self._kh_get_parts()
        action = self.env["ir.actions.act_window"]._for_xml_id("kh_b2b_order.sale_order_action_kh")
        return {**action, "context": {}, "domain": [("id", "in", parts.ids)]}

    def action_kh_undo_split(self):
        """Put the products of these parts back on the orders they were split from.

        :raise UserError: something was shipped or invoiced, or the two differ in their state
        """
        self._kh_ensure_desk()
        for order in self:
            parent = order.kh_parent_id
            if not order._kh_is_part():
                raise UserError(self.env._("Order %s is no part that can be put back.", order.name))
            (order | parent)._kh_lock_parts()
            (order | parent)._kh_ensure_can_join()
            parent._kh_take_over(order)
        return True

    # === BUSINESS METHODS - SPLIT === #
    def _kh_split(self, parts):
        """Move quantities of this order to new ones, and return the new orders.

        Confirmed parts stay confirmed: what was reserved for the moved quantity is freed and
        reserved again for its new order in the same transaction. Prices are kept as they are.

        :param list[SplitPart] parts: one for each new order
        :raise AccessError: the user is not at the order desk
        :raise UserError: the order cannot be split now, or not like this
        Locks the order and its stock moves. Callers: the dialog.
        """
        self.ensure_one()
        self._kh_ensure_desk()
        self._kh_lock_parts()
        self._kh_ensure_can_split(parts)
        total, paid = self.amount_total, self.amount_paid
        children = self.browse()
        # what was packed goes along with its goods: nothing is packed anew
        packed = self.with_context(kh_auxiliaries=SYNCING)
        for part in parts:
            children |= packed._kh_split_off(part)
        packed._kh_settle_rounding(total - sum((self | children).mapped("amount_total")), children)
        self._kh_ensure_invoiced_covered()
        self._kh_share_paid(children, paid)
        self._kh_share_approved(children, total)
        if self.state == "sale":
            children._kh_confirm_as_part()
        self._kh_note_split(children)
        self._kh_after_split(children)
        return children

    def _kh_after_split(self, children):
        """Hook: this order was split; credit, funds and rebates follow the quantities here."""

    def _kh_after_take_over(self, sources):
        """Hook: this order took over the cancelled `sources` (merge, undone split)."""

    def _kh_is_part(self):
        """Answer whether this order was split from another, and is there still."""
        self.ensure_one()
        is_open = self.state in PART_STATES and not self.kh_merged_into_id
        return bool(self.kh_parent_id) and is_open

    def _kh_ensure_can_split(self, parts):
        reason = self._kh_find_part_obstacle()
        if reason:
            raise UserError(reason)
        moved = {}
        for part in parts:
            for line, quantity in part.quantities.items():
                if line.product_uom_id.compare(quantity, 0.0) < 0 or line.order_id != self:
                    raise UserError(self.env._("Only quantities of order %s can move.", self.name))
                moved[line] = moved.get(line, 0.0) + quantity
        for line, quantity in moved.items():
            movable = line._kh_get_movable_quantity()
            if line.product_uom_id.compare(quantity, movable) > 0:
                raise UserError(
                    self.env._(
                        "Only %(quantity)s of %(product)s can go to another order: the rest is "
                        "shipped, invoiced or not there.",
                        quantity=movable,
                        product=line.product_id.display_name,
                    )
                )
        if not parts or not all(any(part.quantities.values()) for part in parts):
            raise UserError(self.env._("Enter how much of which product goes to the new order."))
        goods = self.order_line.filtered(lambda line: line.product_id and line.product_uom_qty > 0)
        goods = goods.filtered(
            lambda line: not line._kh_is_order_level() and not line.kh_is_auxiliary
        )
        if all(
            line.product_uom_id.compare(moved.get(line, 0.0), line.product_uom_qty) >= 0
            for line in goods
        ):
            raise UserError(self.env._("Leave something on order %s.", self.name))

    def _kh_find_part_obstacle(self, is_held=False):
        """Say why this order can be neither split nor merged now; "" if it can.

        :param bool is_held: an order on hold will do, too
        """
        self.ensure_one()
        _ = self.env._
        if self.state not in PART_STATES:
            return _("Order %s is cancelled.", self.name)
        if self.locked:
            return _("Order %s is locked. Unlock it first.", self.name)
        is_blocked = self._is_under_review() if is_held else self._kh_is_blocked()
        if is_blocked or self.kh_offer_state == "open":
            return _("Order %s waits for a decision. Decide first.", self.name)
        # sudo: whether money is on its way decides, not who may read payments
        if "pending" in self.sudo().transaction_ids.mapped("state"):
            return _("Order %s has an announced payment. Confirm or cancel it first.", self.name)
        return ""

    def _kh_split_off(self, part):
        """Create one new order with the quantities of a part, and take them from this one."""
        Line = self.env["sale.order.line"]
        moved = {Line.browse(line.id): quantity for line, quantity in part.quantities.items()}
        moved = {line: quantity for line, quantity in moved.items() if quantity}
        moved |= self._kh_get_packing_shares(moved)
        moved |= self._kh_get_discount_shares(moved)
        # sudo: what the dealer's colleagues agreed to covers the parts; the desk was checked
        child = self.sudo().create(self._kh_prepare_part_vals(part)).sudo(self.env.su)
        lines = Line.create(
            [line._kh_prepare_part_vals(child, quantity) for line, quantity in moved.items()]
        )
        lines._kh_link_packing()
        Line._kh_take_off(moved)
        return child

    def _kh_prepare_part_vals(self, part):
        """Return the values of a new part, a draft until its lines are there."""
        vals = self.copy_data(
            {
                "order_line": [],
                "origin": self.name,
                "kh_parent_id": self.id,
                "kh_source": self.kh_source,
                "kh_placed_date": self.kh_placed_date,
                "kh_placed_by_id": self.kh_placed_by_id.id,
                "kh_is_limit_waived": self.kh_is_limit_waived,
                "commitment_date": self.commitment_date,
                "client_order_ref": self.client_order_ref,
                "user_id": self.user_id.id,
                "partner_invoice_id": self.partner_invoice_id.id,
                "partner_shipping_id": self.partner_shipping_id.id,
                "warehouse_id": self.warehouse_id.id,
                "pricelist_id": self.pricelist_id.id,
                "fiscal_position_id": self.fiscal_position_id.id,
                "payment_term_id": self.payment_term_id.id,
                "date_order": self.date_order,
                "state": "draft" if self.state == "sale" else self.state,
            }
        )[0]
        return {**vals, **part.vals}

    def _kh_get_discount_shares(self, moved):
        """Return what of order discounts goes along with moved lines, as ``{line: price}``.

        The share is that of the moved value in the value with the same taxes.
        """
        shares = {}
        for discount in self.order_line.filtered(lambda line: line._kh_is_shared_discount()):
            lines = self.order_line.filtered(
                lambda line, taxes=discount.tax_ids: (
                    line.tax_ids == taxes and line.product_id and not line._kh_is_order_level()
                )
            )
            value = sum(line._kh_get_value(line.product_uom_qty) for line in lines)
            part = sum(line._kh_get_value(moved[line]) for line in lines if line in moved)
            if value:
                shares[discount] = self.currency_id.round(discount.price_unit * part / value)
        return {line: share for line, share in shares.items() if share}

    def _kh_confirm_as_part(self):
        """Let these new parts of a confirmed order be confirmed, too, with its dates.

        The order passed its checks when it was confirmed; a part is not checked again.
        """
        for order in self:
            order.write(
                {
                    **order._prepare_confirmation_values(),
                    "date_order": order.kh_parent_id.date_order,
                }
            )
        self.with_context(send_email=False)._action_confirm()
        for order in self:
            parent = order.kh_parent_id
            # sudo: fields of ours; who confirmed the order confirmed its parts
            order.sudo().write(
                {
                    "kh_confirmed_date": parent.kh_confirmed_date,
                    "kh_confirmed_by_id": parent.kh_confirmed_by_id.id,
                }
            )

    def _kh_note_split(self, children):
        for child in children:
            child.message_post(body=child.env._("Split from %s.", self._get_html_link()))
        links = [child._get_html_link() for child in children]
        for link in links:
            self.message_post(body=self.env._("A part went to %s.", link))

    # === BUSINESS METHODS - JOIN === #
    def _kh_ensure_can_join(self):
        """Raise one sentence if these orders cannot become one."""
        for order in self:
            reason = order._kh_find_part_obstacle() or order._kh_find_join_obstacle()
            if reason:
                raise UserError(reason)
        if len({order.state == "sale" for order in self}) > 1:
            raise UserError(
                self.env._("Some of these orders are confirmed and others are not: confirm all.")
            )

    def _kh_find_join_obstacle(self):
        """Say why this order cannot be joined with another; "" if it can."""
        # sudo: whether something left or was invoiced decides, not who may read the papers
        order_sudo = self.sudo()
        pickings_sudo, moves_sudo = order_sudo.picking_ids, order_sudo.invoice_ids
        if "done" in pickings_sudo.mapped("state") or any(self.order_line.mapped("qty_delivered")):
            return self.env._("Something of order %s was shipped already.", self.name)
        if set(moves_sudo.mapped("state")) - {"cancel"} or any(
            self.order_line.mapped("qty_invoiced")
        ):
            return self.env._("Something of order %s was invoiced already.", self.name)
        return ""

    def _kh_take_over(self, sources):
        """Cancel `sources` and put their lines on this order, with their prices and payments.

        Stock that was reserved for them is freed first and reserved again here. Callers lock
        and check before.
        """
        self.ensure_one()
        total = sum((self | sources).mapped("amount_total"))
        # what was packed goes along with its goods: nothing is packed anew
        packed = self.with_context(kh_auxiliaries=SYNCING)
        # sudo: what colleagues agreed to for each order is agreed to for all
        approved = (self | sources).sudo().mapped("kh_dealer_approved_amount")
        sources._action_cancel()
        lines = sources.order_line.filtered(
            lambda line: (
                not line.kh_is_split_rounding
                # what went to a part of its own is there
                and (line.display_type or line.is_downpayment or line.product_uom_qty)
            )
        )
        new = lines.with_env(packed.env)._kh_put_back(packed)
        new = packed.env["sale.order.line"].create(
            [line._kh_prepare_part_vals(self, line.product_uom_qty) for line in new]
        )
        new._kh_link_packing()
        packed._kh_settle_rounding(total - self.amount_total, sources)
        for source in sources:
            self._kh_move_paid(source, self, source.amount_paid)
        if all(approved):
            # sudo: as above
            self.sudo().kh_dealer_approved_amount = sum(approved)
        sources.sudo().kh_merged_into_id = self  # sudo: a field of ours, after the callers' checks
        for source in sources:
            source.message_post(body=source.env._("Went into %s.", self._get_html_link()))
            self.message_post(body=self.env._("Took over %s.", source._get_html_link()))
        self._kh_after_take_over(sources)

    # === BUSINESS METHODS - MONEY === #
    def _kh_share_paid(self, children, paid):
        """Let what was paid cover this order first, then its new parts in turn."""
        left = paid - self.amount_total
        for child in children:
            share = min(left, child.amount_total)
            if self.currency_id.compare_amounts(share, 0.0) > 0:
                self._kh_move_paid(self, child, share)
                left -= share

    def _kh_share_approved(self, children, total):
        """Let each part have its share of what the dealer's colleagues agreed to.

        :param float total: of the order before it was split
        """
        # sudo: written by the dealer's approvers otherwise; the parts only share it
        order_sudo, approved = self.sudo(), self.kh_dealer_approved_amount
        if not approved or self.currency_id.is_zero(total):
            return
        for child_sudo in children.sudo():
            share = self.currency_id.round(approved * child_sudo.amount_total / total)
            child_sudo.kh_dealer_approved_amount = share
            order_sudo.kh_dealer_approved_amount -= share

    def _kh_move_paid(self, source, target, amount):
        """Let `amount` that was paid on one order count on another."""
        if self.currency_id.is_zero(amount):
            return
        # sudo: written here only, after the caller's checks
        source.sudo().kh_paid_moved -= amount
        target.sudo().kh_paid_moved += amount

    def _kh_ensure_invoiced_covered(self):
        if self.currency_id.compare_amounts(self.amount_total, self.amount_invoiced) < 0:
            raise UserError(
                self.env._(
                    "More was invoiced in advance than would remain on order %s. Leave more on it.",
                    self.name,
                )
            )

    # === HOOKS - STAGE === #
    def _kh_get_stage_lines(self):
        """Extend: what went to other parts is handed over there, a rounding difference never."""
        lines = super()._kh_get_stage_lines()
        if not self.kh_child_ids:
            return lines
        lines = lines.filtered(lambda line: line.product_uom_qty and not line.kh_is_split_rounding)
        return lines or self.order_line.filtered(
            lambda line: line.product_uom_qty and not line._kh_is_order_level()
        )

    # === TOOLS === #
    def _get_order_lines_to_report(self):
        """Extend `sale`: what went to another part wholly is shown there."""
        lines = super()._get_order_lines_to_report()
        if self.kh_child_ids:
            lines = lines.filtered(lambda line: line.display_type or line.product_uom_qty)
        return lines

    def _kh_get_parts(self):
        """Return all orders that these were split from or into, themselves included."""
        parts = self
        todo = self
        while todo:
            near = todo.kh_parent_id | todo.kh_child_ids
            todo = (near | todo.kh_merged_into_id | todo.kh_merged_ids) - parts
            parts |= todo
        return parts

    def _kh_lock_parts(self):
        """Lock these orders and their open stock moves against shipping and other splits."""
        self._kh_lock()
        # sudo: locking needs no more than that the user may change the order, checked before
        moves_sudo = self.sudo().picking_ids.move_ids
        moves_sudo.filtered(lambda move: move.state not in ("done", "cancel")).lock_for_update()
