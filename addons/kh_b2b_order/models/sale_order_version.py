from contextlib import contextmanager
from typing import NamedTuple

from odoo import Command, fields, models

from .order_change import RECORD
from .sale_order_workflow import STOPPABLE

# In the context of what makes one version already; no client can send an object.
VERSIONED = object()


class LineFacts(NamedTuple):
    """What an order's line was at one moment: per unit of the line, before taxes are added."""

    quantity: float
    price: float
    discount: float


class SaleOrder(models.Model):
    """What staff edit on the lines of a placed order is a version of it, too (M-107).

    One version for each save, with the lines that differ; it is applied already. What the
    system does (deliveries, splitting, merging, packing, invoices) is none. Rules judge a
    confirmed order anew with each version: what they catch does not leave the warehouse (M-50).
    """

    _inherit = "sale.order"

    # === CRUD METHODS === #
    def write(self, vals):
        if "order_line" not in vals:
            return super().write(vals)
        with self._kh_versioned() as orders:
            return super(SaleOrder, orders).write(vals)

    # === ACTION METHODS === #
    def action_update_prices(self):
        """Extend: new prices on a placed order are one version of it."""
        with self._kh_versioned() as orders:
            return super(SaleOrder, orders).action_update_prices()

    def _update_order_line_info(self, *args, **kwargs):
        """Extend: so is what is taken from the catalogue."""
        with self._kh_versioned() as orders:
            return super(SaleOrder, orders)._update_order_line_info(*args, **kwargs)

    # === BUSINESS METHODS - VERSION === #
    @contextmanager
    def _kh_versioned(self):
        """Make one version of what is done inside to the lines of each of these orders.

        Yield the orders to do it with: what they call in turn makes no version of its own.
        """
        orders = self.filtered(lambda order: order._kh_keeps_versions())
        if not orders:
            yield self
            return
        # sudo: as `_kh_intercept`; the locks are taken now, the dealer's before the order's
        confirmed_sudo = orders.filtered(lambda order: order.state == "sale").sudo()
        if confirmed_sudo and (rules_sudo := confirmed_sudo._kh_find_rules()):
            confirmed_sudo._kh_lock_for_rules(rules_sudo)
        before = {order: (order._kh_get_line_facts(), order.amount_total) for order in orders}
        yield self.with_context(kh_is_versioned=VERSIONED)
        orders._kh_note_version(before)._kh_judge_again()

    def _kh_keeps_versions(self):
        """Answer whether edits of this order's lines are noted: those of staff, once a dealer's
        order is placed.

        An offer that is open is its dealer's to accept as it is now.
        """
        self.ensure_one()
        return bool(
            not self.env.su
            and self.env.context.get("kh_is_versioned") is not VERSIONED
            and self.state in ("sent", "sale")
            and self.kh_placed_date
            and self.kh_offer_state != "open"
            and self.partner_id.commercial_partner_id.kh_is_dealer
            and self.env.user._is_internal()
        )

    def _kh_get_line_facts(self):
        """Return the lines of this order that make its total, as they are now.

        :return: ``{(line id, product id, unit id): LineFacts}``
        """
        self.ensure_one()
        return {
            (line.id, line.product_id.id, line.product_uom_id.id): LineFacts(
                line.product_uom_qty, line.price_unit, line.discount
            )
            for line in self.order_line
            # nobody orders less than nothing: such lines show in the total only
            if line.product_id and not line.is_downpayment and line.product_uom_qty >= 0
        }

    def _kh_note_version(self, before):
        """Keep what became of the lines of these orders as their next versions.

        :param dict before: ``{order: (facts of its lines, total)}``
        :return: the orders with a new version
        """
        vals_list = [
            order._kh_prepare_version_vals(rows, before[order][1])
            for order in self
            if (rows := order._kh_prepare_version_rows(before[order][0]))
        ]
        if not vals_list:
            return self.browse()
        # sudo: the log of what the user could change
        changes_sudo = self.env["kh.order.change"].sudo()
        recording_sudo = changes_sudo.with_context(kh_is_record=RECORD, tracking_disable=True)
        changes_sudo = recording_sudo.create(vals_list).with_env(changes_sudo.env)
        # the user need not read changes, only be known to the checks
        for change_sudo in changes_sudo.with_user(self.env.user).sudo():
            change_sudo._ensure_within_buyer_limit()
        changes_sudo.order_id._message_log_batch(
            bodies={change.order_id.id: change._get_sentence() for change in changes_sudo}
        )
        return self.browse(changes_sudo.order_id.ids)

    def _kh_judge_again(self):
        """Stop what rules catch of these confirmed orders, as far as it can be stopped still."""
        self.filtered(
            lambda order: order.state == "sale" and order.kh_stage in STOPPABLE
        )._kh_intercept(("sale",))

    def _kh_prepare_version_rows(self, before):
        self.ensure_one()
        after, nothing = self._kh_get_line_facts(), LineFacts(0.0, 0.0, 0.0)
        known = set(self.order_line.ids)
        rows = []
        for key in {**before, **after}:
            old, new = before.get(key, nothing), after.get(key, nothing)
            if old == new:
                continue
            line_id, product_id, _uom_id = key
            rows.append(
                {
                    "order_line_id": line_id in known and line_id,
                    "product_id": product_id,
                    "quantity_old": old.quantity,
                    "quantity_new": new.quantity,
                    "price_old": old.price,
                    "price_new": new.price,
                    "discount_old": old.discount,
                    "discount_new": new.discount,
                }
            )
        return rows

    def _kh_prepare_version_vals(self, rows, amount_before):
        author = self._kh_get_author()
        return {
            "order_id": self.id,
            "is_edit": True,
            "state": "applied",
            "version": self.kh_version + 1,
            "amount_before": amount_before,
            "amount_after": self.amount_total,
            "applied_date": fields.Datetime.now(),
            "requested_by_id": author.id,
            "decided_by_id": author.id,
            "line_ids": [Command.create(row) for row in rows],
        }
