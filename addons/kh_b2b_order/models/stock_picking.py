from odoo import fields, models
from odoo.exceptions import UserError

from ..engine.express import split_numbers


class DeliveryCarrier(models.Model):
    _inherit = "delivery.carrier"

    kh_express_code = fields.Char(
        "Courier Code",
        help="The courier's name at 快递100, for example shunfeng, zhongtong, debangkuaidi. "
        "Parcels of this delivery method are followed by it.",
    )


class StockPicking(models.Model):
    _inherit = "stock.picking"

    kh_tracking_ids = fields.One2many(
        "kh.express.tracking",
        "picking_id",
        "Followed Parcels",
        groups="kh_b2b_member.group_b2b_user",
    )

    # === CRUD METHODS === #
    def write(self, vals):
        result = super().write(vals)
        if not {"carrier_tracking_ref", "carrier_id"}.isdisjoint(vals):
            self._kh_follow_parcels()
        return result

    # === BUSINESS METHODS === #
    def _pre_action_done_hook(self):
        """Extend: a blocked order is refused before anybody is asked about a backorder."""
        self._kh_ensure_not_blocked()
        return super()._pre_action_done_hook()

    def _action_done(self):
        """Extend: wizards and the server skip the hook before."""
        self._kh_ensure_not_blocked()
        result = super()._action_done()
        self._kh_follow_parcels()
        return result

    def _kh_ensure_not_blocked(self):
        """Raise if an order of these shipments waits for a person's decision.

        :raise UserError: naming the orders
        """
        # sudo: whether the order is stopped decides, not whether who ships may read orders
        shipments_sudo = self.sudo().filtered(
            lambda picking: picking.picking_type_id.code == "outgoing"
        )
        orders_sudo = shipments_sudo.sale_id | shipments_sudo.move_ids.sale_line_id.order_id
        blocked_sudo = orders_sudo.filtered(lambda order: order._kh_is_blocked())
        if blocked_sudo:
            raise UserError(
                self.env._(
                    "Nothing of %s may leave: it is on hold or under review. Ask the order desk.",
                    ", ".join(blocked_sudo.mapped("name")),
                )
            )

    def _kh_follow_parcels(self):
        """Follow the parcels of these shipments, where a courier service is set up.

        Numbers that are gone from a shipment are stopped; calling it again changes nothing.
        """
        shipped = self.filtered(
            lambda picking: (
                picking.company_id.kh_express_provider
                and picking.state == "done"
                and picking.picking_type_id.code == "outgoing"
                and picking.sale_id
            )
        )
        if not shipped:
            return
        # sudo: whoever ships need not manage parcels; only those of his shipments
        Tracking_sudo = self.env["kh.express.tracking"].sudo()
        known = Tracking_sudo.search([("picking_id", "in", shipped.ids)])
        by_key = {(one.picking_id.id, one.number): one for one in known}
        wanted = {
            (picking.id, number): picking.carrier_id.kh_express_code
            for picking in shipped
            for number in split_numbers(picking.carrier_tracking_ref)
        }
        gone = known.filtered(lambda one: (one.picking_id.id, one.number) not in wanted)
        gone.filtered(lambda one: one.state != "stopped").state = "stopped"
        pending = Tracking_sudo._prepare_pending_vals()
        anew = {}
        for key, one in by_key.items():
            code = wanted.get(key)
            is_known = one.state != "stopped" and one.courier_code == code
            if key in wanted and one.state != "done" and not is_known:
                anew[code] = anew.get(code, Tracking_sudo) | one
        for code, trackings in anew.items():
            trackings.write({**pending, "courier_code": code})
        made = Tracking_sudo.create(
            [
                {**pending, "picking_id": picking_id, "number": number, "courier_code": code}
                for (picking_id, number), code in wanted.items()
                if (picking_id, number) not in by_key
            ]
        )
        made.union(*anew.values())._kh_catch_up()
        self.env.ref("kh_b2b_order.ir_cron_follow_parcels").sudo()._trigger()  # sudo: a cron


class ExpressTracking(models.Model):
    _inherit = "kh.express.tracking"

    def _kh_catch_up(self):
        """Apply what the courier said of these parcels before we knew them."""
        waiting = self.env["kh.express.message"].search(
            [("state", "=", "unknown"), ("number", "in", self.mapped("number"))]
        )
        if waiting:
            waiting._apply()
