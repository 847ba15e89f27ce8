from itertools import islice
from typing import NamedTuple

from odoo import api, fields, models

from ..engine.express import split_numbers

SHOWN_EVENTS = 30


class Parcel(NamedTuple):
    """One parcel of a shipment, ready to show.

    `events` are ``(when, what)``, newest first; `state` is the courier's word for it, `key`
    its key; both are empty for a parcel that nobody follows.
    """

    courier: str
    number: str
    key: str
    state: str
    events: list[tuple[str, str]]


class ParcelBrief(NamedTuple):
    """What the list of orders says of their shipments: last parcel, and next date promised."""

    courier: str
    number: str
    state: str
    promised: str


class SaleOrder(models.Model):
    _inherit = "sale.order"

    # === FIELDS === #
    kh_fulfilment_html = fields.Html(
        "Fulfilment",
        compute="_compute_kh_fulfilment_html",
        compute_sudo=True,
        sanitize=False,
        export_string_translation=False,
        groups="kh_b2b_member.group_b2b_user",
    )

    # === COMPUTE METHODS === #
    @api.depends("kh_stage", "picking_ids.kh_tracking_ids.event_ids")
    def _compute_kh_fulfilment_html(self):
        """Show staff the same timeline and parcels as the dealer."""
        # no order, nothing to show: new ones are computed with every change of the form
        for order in self:
            order.kh_fulfilment_html = order._origin and self.env["ir.qweb"]._render(
                "kh_b2b_order.fulfilment_staff",
                {
                    "timeline": order._kh_get_timeline(),
                    "shipments": order._kh_get_shipments(),
                    "turn": order._kh_whose_turn(),
                },
            )

    # === BUSINESS METHODS - TIMELINE === #
    def _kh_get_timeline(self):
        """Extend with the warehouse's own steps, where it has any (M-109)."""
        nodes = super()._kh_get_timeline()
        steps = self._kh_warehouse_nodes()
        if self.kh_stage in ("cancel", "closed"):
            steps = [node for node in steps if node.state == "done"]
        place = next((i for i, node in enumerate(nodes) if node.key == "shipped"), len(nodes) - 1)
        if any(step.state == "now" for step in steps):
            nodes[place] = nodes[place]._replace(state="todo")
        return [*nodes[:place], *steps, *nodes[place:]]

    def _kh_warehouse_nodes(self):
        """Return picking and packing as nodes; a warehouse that ships in one step has none.

        :rtype: list[TimelineNode]
        """
        warehouses = self.picking_ids.picking_type_id.warehouse_id
        is_packed_later = "pick_pack_ship" in warehouses.mapped("delivery_steps")
        nodes = []
        for key, label, types in (
            ("picked", self.env._("Picked"), warehouses.pick_type_id),
            ("packed", self.env._("Packed"), warehouses.pack_type_id),
        ):
            pickings = self.picking_ids.filtered(
                lambda picking, types=types: (
                    picking.picking_type_id in types and picking.state != "cancel"
                )
            )
            # the next step's transfer is made when the one before is done
            if pickings or (key == "packed" and nodes and is_packed_later):
                nodes.append(self._kh_node_warehouse(key, label, pickings))
        if self.kh_stage == "to_ship" and not self._kh_get_outgoing().filtered("date_done"):
            now = next((node for node in nodes if node.state == "todo"), None)
            nodes = [node._replace(state="now") if node is now else node for node in nodes]
        return nodes

    def _kh_node_warehouse(self, key, label, pickings):
        done = pickings.filtered(lambda picking: picking.state == "done")
        is_done = bool(done) and done == pickings
        dates = [picking.date_done for picking in done if picking.date_done]
        who = ", ".join(dict.fromkeys(done.user_id.mapped("name")))
        note = f"{len(done)}/{len(pickings)}" if len(pickings) > 1 else ""
        return self._kh_node(key, label, max(dates, default=False), who, note, is_done=is_done)

    def _kh_node_shipped(self):
        """Extend with the last courier and number."""
        node = super()._kh_node_shipped()
        parcels = [
            parcel
            for picking in self._kh_get_outgoing()
            if picking.state == "done"
            for parcel in self._kh_get_parcels(picking)
        ]
        if not parcels:
            return node
        last = parcels[-1]
        return node._replace(who=f"{last.courier} {last.number}".strip())

    def _kh_node_received(self):
        node = super()._kh_node_received()
        if node.state == "done" and not node.who:
            return node._replace(who=self.env._("automatically"))
        deadline = self._kh_get_receipt_deadlines().get(self.id)
        if not deadline:
            return node
        note = self.env._("by %s", self._kh_format_date(deadline))
        return node._replace(note=note)

    def _kh_whose_turn(self):
        """Extend: until when, before a receipt confirms itself."""
        text = super()._kh_whose_turn()
        deadline = self._kh_get_receipt_deadlines().get(self.id)
        if not deadline:
            return text
        return self.env._(
            "%(text)s Without your word it is confirmed automatically on %(date)s.",
            text=text,
            date=self._kh_format_date(deadline),
        )

    # === BUSINESS METHODS - PARCELS === #
    def _kh_get_shipments(self):
        """Extend: every shipment with its parcels."""
        return [
            shipment._replace(parcels=self._kh_get_parcels(shipment.picking))
            for shipment in super()._kh_get_shipments()
        ]

    def _kh_get_parcels(self, picking):
        """Return the parcels of a shipment that left; one for each number on it.

        :rtype: list[Parcel]
        """
        if picking.state != "done":
            return []
        followed = {one.number: one for one in picking.kh_tracking_ids if one.state != "stopped"}
        numbers = split_numbers(picking.carrier_tracking_ref)
        if not numbers and picking.carrier_tracking_ref:
            numbers = [picking.carrier_tracking_ref]
        labels = dict(
            self.env["kh.express.tracking"]
            ._fields["courier_state"]
            ._description_selection(self.env)
        )
        parcels = []
        for number in numbers:
            one = followed.get(number)
            # not a slice, which would read the events of each parcel by itself
            events = islice(one.event_ids, SHOWN_EVENTS) if one else ()
            key = one.courier_state or "" if one else ""
            parcels.append(
                Parcel(
                    courier=picking.carrier_id.name or "",
                    number=number,
                    key=key,
                    state=labels.get(key, ""),
                    events=[(self._kh_format_time(event.date), event.name) for event in events],
                )
            )
        return parcels

    def _kh_find_briefs(self):
        """Return what the list says of shipments, in a constant number of queries.

        :return: `{order id: ParcelBrief}`
        """
        # sudo: dealers may not read shipments, only where their own goods are
        pickings = (
            self.env["stock.picking"]
            .sudo()
            .search(
                [
                    ("sale_id", "in", self.ids),
                    ("picking_type_id.code", "=", "outgoing"),
                    ("state", "!=", "cancel"),
                ],
                order="date_done, id",
            )
        )
        found = {order.id: shipments for order, shipments in pickings.grouped("sale_id").items()}
        return {
            order.id: self._kh_make_brief(order, found[order.id])
            for order in self
            if order.id in found
        }

    def _kh_make_brief(self, order, pickings):
        parcels = [
            parcel
            for picking in pickings
            if picking.state == "done"
            for parcel in self._kh_get_parcels(picking)
        ]
        last = parcels[-1] if parcels else None
        dates = [picking.scheduled_date for picking in pickings if picking.state != "done"]
        dates = [date for date in dates if date]
        promised = order.commitment_date or min(dates, default=False) if dates else False
        return ParcelBrief(
            courier=last.courier if last else "",
            number=last.number if last else "",
            state=last.state if last else "",
            promised=order._kh_format_date(promised),
        )

    def _kh_portal_rows(self):
        """Extend: courier, number and the next date promised."""
        briefs = self._kh_find_briefs()
        return [row._replace(parcel=briefs.get(row.order.id)) for row in super()._kh_portal_rows()]
