import threading
from functools import partial

from odoo import SUPERUSER_ID, Command, api
from odoo.exceptions import UserError
from odoo.service.model import retrying
from odoo.tests import tagged

from .common_races import ConfirmRaceCase


@tagged("post_install", "-at_install")
class TestOrderRuleConcurrency(ConfirmRaceCase):
    """Confirmations that really run at once, on committed rows that are deleted again."""

    def _prepare(self, env):
        partner = env["res.partner"].create({"name": "KH rule race dealer"})
        product = env["product.product"].create({"name": "KH rule race", "type": "service"})
        vals = {
            "partner_id": partner.id,
            "order_line": [
                Command.create(
                    {"product_id": product.id, "product_uom_qty": 5.0, "price_unit": 10.0}
                )
            ],
        }
        orders = env["sale.order"].create([vals, vals])
        rules = env["kh.order.rule"].create(
            [
                {"name": "KH race amount", "kind": "amount", "amount": 1.0, "active": False},
                {"name": "KH race twin", "kind": "duplicate", "active": False},
            ]
        )
        self.partner_id, self.product_id = partner.id, product.id
        self.order_ids, self.rule_ids = orders.ids, rules.ids

    def _clean_up(self, orders):
        env = orders.env
        orders.unlink()
        env["kh.order.rule"].browse(self.rule_ids).unlink()
        env["product.product"].browse(self.product_id).product_tmpl_id.unlink()
        env["res.partner"].browse(self.partner_id).unlink()

    def _race(self, rule_id, *order_ids):
        """Confirm orders at once under one rule; return states, holds and hits, by order."""
        with self.registry.cursor() as cr:
            env = api.Environment(cr, SUPERUSER_ID, {})
            env["kh.order.rule"].browse(rule_id).active = True
        barrier = threading.Barrier(len(order_ids))

        def run(order_id):
            with self.registry.cursor() as cr:
                env = api.Environment(cr, SUPERUSER_ID, {"tracking_disable": True})
                order = env["sale.order"].browse(order_id)
                order.fetch(["state"])
                barrier.wait(timeout=20)  # both have their snapshot before either writes
                try:
                    retrying(order.action_confirm, env)
                except UserError:
                    # the one who came second hears that the order is on hold
                    cr.rollback()

        self._run_at_once(*(partial(run, order_id) for order_id in order_ids))
        with self.registry.cursor() as cr:
            env = api.Environment(cr, SUPERUSER_ID, {})
            return [
                (order.state, order.kh_is_on_hold, len(order.kh_rule_hit_ids))
                for order in env["sale.order"].browse(self.order_ids)
            ]

    def test_confirmed_twice_is_stopped_once(self):
        first, other = self._race(self.rule_ids[0], self.order_ids[0], self.order_ids[0])
        self.assertEqual(first, ("draft", True, 1))
        self.assertEqual(other, ("draft", False, 0))

    def test_one_of_two_twins_is_stopped(self):
        found = self._race(self.rule_ids[1], *self.order_ids)
        self.assertEqual(sorted(found), [("draft", True, 1), ("sale", False, 0)])
