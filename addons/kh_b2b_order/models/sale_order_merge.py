from odoo import models
from odoo.exceptions import UserError

from ..utils import format_money

# What the orders must have in common, in the order in which it is said.
SAME_FIELDS = (
    "state",
    "company_id",
    "currency_id",
    "pricelist_id",
    "partner_invoice_id",
    "partner_shipping_id",
    "warehouse_id",
    "fiscal_position_id",
    "payment_term_id",
    "commitment_date",
    "user_id",
)


class SaleOrder(models.Model):
    """Several orders of one dealer become one (订单合并, M-53)."""

    _inherit = "sale.order"

    # === ACTION METHODS === #
    def action_draft(self):
        """Extend: what another order took over is not sold a second time.

        :raise UserError: one of these orders went into another
        """
        for order in self.filtered("kh_merged_into_id"):
            raise UserError(
                self.env._(
                    "Order %(order)s went into %(target)s: go on there, or copy it.",
                    order=order.name,
                    target=order.kh_merged_into_id.name,
                )
            )
        return super().action_draft()

    def action_kh_merge(self):
        """Merge the selected orders into the oldest, and open it.

        The others are cancelled and name it. Prices are kept as they are, payments go along.

        :raise AccessError: the user is not at the order desk
        :raise UserError: in one sentence, why they cannot become one
        Locks all of them and their stock moves.
        """
        self._kh_ensure_desk()
        self._kh_lock_parts()
        self._kh_ensure_can_merge()
        target = self.sorted(lambda order: (order.date_order, order.id))[0]
        references = dict.fromkeys(self.filtered("client_order_ref").mapped("client_order_ref"))
        target._kh_take_over(self - target)
        if len(references) > 1:
            target.client_order_ref = ", ".join(references)
        return {
            "type": "ir.actions.act_window",
            "res_model": "sale.order",
            "view_mode": "form",
            "res_id": target.id,
        }

    # === BUSINESS METHODS - MERGE === #
    def _kh_ensure_can_merge(self):
        if len(self) < 2:
            raise UserError(self.env._("Select at least two orders."))
        self._kh_ensure_can_join()
        if len(self.partner_id.commercial_partner_id) > 1:
            raise UserError(self.env._("These orders are of different dealers."))
        for name in SAME_FIELDS:
            if len({order[name] for order in self}) > 1:
                raise UserError(
                    self.env._(
                        "These orders differ in: %s.",
                        self._fields[name]._description_string(self.env),
                    )
                )
        carts = self.filtered(lambda order: order.website_id and order.kh_stage == "draft")
        if carts:
            raise UserError(self.env._("%s is a cart that its dealer still fills.", carts[0].name))

    # === BUSINESS METHODS - PORTAL === #
    def _kh_portal_parts(self):
        """Return all parts of this order as the dealer sees them; empty if it is one alone.

        :rtype: list[dict]
        """
        self.ensure_one()
        parts = self._kh_get_parts().filtered(
            lambda order: (
                order.partner_id.commercial_partner_id == self.partner_id.commercial_partner_id
            )
        )
        if len(parts) < 2:
            return []
        return [
            {
                "name": order.name,
                "url": f"/my/orders/{order.id}",
                "is_this": order == self,
                "stage": order.kh_stage,
                "amount": format_money(order.amount_total, order.currency_id),
            }
            for order in parts.sorted("id")
        ]
