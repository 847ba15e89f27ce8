from odoo import api, models
from odoo.fields import Domain

from ..utils import format_money, format_quantity
from .sale_order_workflow import NextStep


class SaleOrder(models.Model):
    """What pages and e-mails say while an order waits for the dealer's own approval."""

    _inherit = "sale.order"

    # === HOOKS - APPROVAL === #
    def _approval_summary(self):
        """Extend: what a colleague has to know to decide."""
        if not self._kh_is_with_dealer():
            return super()._approval_summary()
        # sudo: names of products that may be hidden by now
        lines_sudo = self.sudo()._kh_get_stage_lines()
        need = self._kh_get_approval_needs()[self]
        _ = self.env._
        rows = [
            (_("Order"), self.name),
            (_("Buyer"), self.partner_id.name or ""),
            (_("Amount (tax incl.)"), format_money(self.amount_total, self.currency_id)),
            (_("Limit"), format_money(need.limit, need.currency) if need.limit else ""),
            (
                _("Goods"),
                _(
                    "%(kinds)s SKU, %(pieces)s pcs",
                    kinds=len(lines_sudo),
                    pieces=format_quantity(sum(lines_sudo.mapped("product_uom_qty"))),
                ),
            ),
            (_("Ship to"), self._kh_format_address(self.sudo().partner_shipping_id)),
        ]
        return [(label, value) for label, value in rows if value]

    def _approval_reason(self):
        if not self._kh_is_with_dealer():
            return super()._approval_reason()
        return self._kh_get_approval_sentence() or super()._approval_reason()

    def _approval_get_summary(self):
        """Extend: one line, for lists."""
        summary = super()._approval_get_summary()
        if not self.kh_needs_dealer_approval:
            return summary
        return " · ".join(
            (
                self.name,
                self.sudo().partner_id.name or "",  # sudo: the name of who buys
                format_money(self.amount_total, self.currency_id),
            )
        )

    # === BUSINESS METHODS - PAGES === #
    def _kh_next_step(self, audience="dealer"):
        """Extend: the buyer's colleagues act, not the seller."""
        if self.kh_stage == "review" and self._kh_is_with_dealer():
            return NextStep("dealer", "approve", self.env._("Approve in Your Company"))
        return super()._kh_next_step(audience)

    def _kh_whose_turn(self):
        if self.kh_stage == "review" and self._kh_is_with_dealer():
            names = self._kh_get_dealer_approvers().mapped("name")
            return self.env._(
                "Waiting for the approval of your company: %(names)s. %(reason)s",
                names=", ".join(names) or self.env._("an approver"),
                reason=self._kh_get_approval_sentence(),
            )
        return super()._kh_whose_turn()

    @api.model
    def _kh_portal_domain(self, partner):
        """Extend: a cart that was given up before anybody sent it is not an order."""
        return super()._kh_portal_domain(partner) & (
            Domain("kh_stage", "!=", "cancel") | Domain("kh_placed_date", "!=", False)
        )


class ResPartner(models.Model):
    _inherit = "res.partner"

    # === HOOKS === #
    def _kh_release_person(self):
        """Extend: the open carts of who was deactivated are given up."""
        super()._kh_release_person()
        carts = self.env["sale.order"].search(
            [
                ("partner_id", "in", self.ids),
                ("state", "=", "draft"),
                ("website_id", "!=", False),
            ]
        )
        frozen = carts._approval_frozen()
        (carts - frozen)._action_cancel()
