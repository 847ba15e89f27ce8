from psycopg2.errors import SerializationFailure

from odoo import SUPERUSER_ID, Command, api
from odoo.modules.registry import Registry
from odoo.tests import BaseCase, get_db_name, tagged
from odoo.tools import mute_logger

from ..models.sale_order_split import SplitPart


@tagged("post_install", "-at_install")
class TestSplitRace(BaseCase):
    """Two splits of one order at the same moment, on committed rows that are deleted again."""

    def setUp(self):
        super().setUp()
        self.registry = Registry(get_db_name())
        with self.registry.cursor() as cr:
            env = api.Environment(cr, SUPERUSER_ID, {"tracking_disable": True})
            product = env["product.product"].create(
                {"name": "Race Service", "type": "service", "taxes_id": [Command.clear()]}
            )
            partner = env["res.partner"].create({"name": "Race Dealer", "is_company": True})
            line = {"product_id": product.id, "product_uom_qty": 10.0, "price_unit": 1.0}
            order = env["sale.order"].create(
                {"partner_id": partner.id, "order_line": [Command.create(line)]}
            )
            self.order_id, self.partner_id, self.product_id = order.id, partner.id, product.id
        self.addCleanup(self._delete)

    def _delete(self):
        with self.registry.cursor() as cr:
            env = api.Environment(cr, SUPERUSER_ID, {})
            orders = env["sale.order"].search([("partner_id", "=", self.partner_id)])
            orders._action_cancel()
            orders.kh_parent_id = False
            orders.unlink()
            env["res.partner"].browse(self.partner_id).unlink()
            env["product.product"].browse(self.product_id).unlink()

    def _order(self, cr):
        return api.Environment(cr, SUPERUSER_ID, {})["sale.order"].browse(self.order_id)

    def test_waiter_is_repeated_and_splits_what_is_left(self):
        with self.registry.cursor() as late:
            waiting = self._order(late)
            self.assertEqual(waiting.order_line.product_uom_qty, 10.0)
            with self.registry.cursor() as early:
                order = self._order(early)
                order._kh_split([SplitPart({order.order_line: 6.0}, {})])
            with mute_logger("odoo.sql_db"), self.assertRaises(SerializationFailure):
                waiting._kh_split([SplitPart({waiting.order_line: 6.0}, {})])
        with self.registry.cursor() as cr:
            order = self._order(cr)
            self.assertEqual(order.order_line.product_uom_qty, 4.0)
            self.assertEqual(order.kh_child_ids.order_line.product_uom_qty, 6.0)
