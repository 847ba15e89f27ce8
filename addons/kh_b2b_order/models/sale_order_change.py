from odoo import Command, api, fields, models
from odoo.tools import clean_context

from .order_change import OPEN


class SaleOrder(models.Model):
    _inherit = "sale.order"

    # === FIELDS === #
    kh_change_ids = fields.One2many(
        "kh.order.change",
        "order_id",
        "Changes",
        # those who may read changes: others still read the rest of an order
        groups="kh_b2b_member.group_b2b_salesperson,kh_b2b_member.group_b2b_supervisor,"
        "kh_b2b_member.group_b2b_order_clerk,kh_b2b_member.group_b2b_dealer",
    )
    kh_version = fields.Integer("Version", compute="_compute_kh_version", compute_sudo=True)
    kh_change_count = fields.Integer(
        "Number of Changes", compute="_compute_kh_version", compute_sudo=True
    )

    # === COMPUTE METHODS === #
    @api.depends("kh_change_ids.version")
    def _compute_kh_version(self):
        for order in self:
            order.kh_version = max(order.kh_change_ids.mapped("version"), default=0) or 1
            order.kh_change_count = len(order.kh_change_ids)

    # === ACTION METHODS === #
    def action_kh_ask_change(self):
        """Open the change of this order that is open, or a new one with all its lines."""
        self.ensure_one()
        self.check_access("write")
        change = self.kh_change_ids.filtered(lambda c: c.state in ("draft", "submitted"))[:1]
        if not change:
            # defaults meant for orders are none for their changes
            self = self.with_context(clean_context(self.env.context))
            change = self.env["kh.order.change"].create(self._kh_prepare_change_vals())
        return {
            "type": "ir.actions.act_window",
            "res_model": "kh.order.change",
            "view_mode": "form",
            "res_id": change.id,
        }

    def action_kh_open_changes(self):
        """Open the list of changes, the versions of these orders."""
        self.check_access("read")
        action = self.env["ir.actions.act_window"]._for_xml_id(
            "kh_b2b_order.kh_order_change_action"
        )
        return {**action, "domain": [("order_id", "in", self.ids)], "context": {}}

    def _action_cancel(self):
        """Extend: nobody decides on a change of an order that is cancelled or went into another."""
        # sudo: changes also where who cancels may not read them
        changes_sudo = self.sudo().kh_change_ids
        changes_sudo.filtered(lambda change: change.state in OPEN)._withdraw_with_order()
        return super()._action_cancel()

    # === BUSINESS METHODS - CHANGE === #
    def _kh_get_changeable_lines(self):
        """Return the lines whose quantity may be asked to change."""
        return self.order_line.filtered(lambda line: line._kh_is_changeable())

    def _kh_get_shown_changes(self):
        """Return the changes that the dealer sees: not the drafts of staff; runs as superuser."""
        dealer = self.partner_id.commercial_partner_id
        return self.kh_change_ids.filtered(
            lambda change: (
                change.state != "draft" or change.requested_by_id.commercial_partner_id == dealer
            )
        )

    def _kh_drop_staff_drafts(self):
        """Let drafts that staff never sent make way for a change of the dealer's own.

        Runs as superuser, for the dealer's page.
        """
        drafts_sudo = self.kh_change_ids.filtered(lambda change: change.state == "draft")
        for change_sudo in drafts_sudo - self._kh_get_shown_changes():
            change_sudo._set_state("withdrawn")
            change_sudo.message_post(body=self.env._("The dealer asked for a change meanwhile."))

    def _kh_prepare_change_vals(self, quantities=None, added=None, **vals):
        """Return a draft change of this order.

        :param dict quantities: ``{line id: new quantity}``; other lines stay as they are
        :param list added: ``[(product, quantity)]``
        """
        self.ensure_one()
        quantities = quantities or {}
        rows = [
            {
                "order_line_id": line.id,
                "product_id": line.product_id.id,
                "quantity_new": quantities.get(line.id, line.product_uom_qty),
            }
            for line in self._kh_get_changeable_lines()
        ]
        rows += [
            {"product_id": product.id, "quantity_new": quantity}
            for product, quantity in added or []
        ]
        return {"order_id": self.id, "line_ids": [Command.create(row) for row in rows], **vals}

    def _kh_find_change_obstacle(self):
        """Say why this order cannot be changed now; "" if it can."""
        self.ensure_one()
        is_returned = self._kh_was_returned()
        reason = self._kh_find_part_obstacle(is_held=is_returned)
        is_open = is_returned or self.kh_stage in ("to_pay", "to_ship")
        if not reason and (self.state == "draft" or not is_open):
            return self.env._(
                "Order %(order)s is “%(stage)s” and cannot be changed.",
                order=self.name,
                stage=self._kh_get_stage_label(),
            )
        return reason

    def _kh_can_dealer_change(self):
        """Answer whether the dealer may ask for a change of this order now.

        Whoever returns an order asks for it, whatever the seller's policy.
        """
        self.ensure_one()
        # sudo: the seller's policy
        is_allowed = self._kh_was_returned() or self.company_id.sudo().kh_dealers_may_change
        return is_allowed and not self._kh_find_change_obstacle()


class SaleOrderLine(models.Model):
    _inherit = "sale.order.line"

    # === BUSINESS METHODS - CHANGE === #
    def _kh_is_goods(self):
        """Answer whether this line is something ordered: no discount, fee or packing."""
        self.ensure_one()
        return bool(
            self.product_id
            and self.product_uom_qty > 0
            and self.price_unit >= 0
            and not self.kh_is_auxiliary
            and not self._kh_is_order_level()
        )

    def _kh_is_changeable(self):
        """Answer whether the quantity of this line can change alone: sets and options cannot."""
        self.ensure_one()
        is_bound = self.combo_item_id or self.linked_line_id or self.linked_line_ids
        return self._kh_is_goods() and not is_bound and self.product_id.type != "combo"

    def _kh_is_deduction(self):
        """Answer whether this line takes money off the order, other than by rounding."""
        self.ensure_one()
        return not self.kh_is_split_rounding and (self.price_unit < 0 or self.product_uom_qty < 0)

    def _kh_has_agreed_price(self):
        """Answer whether price or discount were given by hand, so that they stay as they are."""
        self.ensure_one()
        if self.currency_id.compare_amounts(self.technical_price_unit, self.price_unit):
            return True
        return bool(self.discount) and not self.pricelist_item_id._show_discount()
