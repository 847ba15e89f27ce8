from psycopg2.errors import SerializationFailure

from odoo import SUPERUSER_ID, api
from odoo.modules.registry import Registry
from odoo.tests import BaseCase, get_db_name, tagged
from odoo.tools import mute_logger


@tagged("post_install", "-at_install")
class TestExpiryRace(BaseCase):
    """Expiry and payment at the same moment, on committed rows that are deleted again."""

    def setUp(self):
        super().setUp()
        self.registry = Registry(get_db_name())
        with self.registry.cursor() as cr:
            env = api.Environment(cr, SUPERUSER_ID, {"tracking_disable": True})
            partner = env["res.partner"].create({"name": "Race Dealer", "is_company": True})
            order = env["sale.order"].create(
                {
                    "partner_id": partner.id,
                    "require_payment": True,
                    "state": "sent",
                    "kh_placed_by_id": partner.id,
                }
            )
            env.flush_all()
            cr.execute(
                "UPDATE sale_order SET kh_payment_deadline = '2020-01-01' WHERE id = %s",
                [order.id],
            )
            self.order_id, self.partner_id = order.id, partner.id
        self.addCleanup(self._delete)

    def _delete(self):
        with self.registry.cursor() as cr:
            env = api.Environment(cr, SUPERUSER_ID, {})
            order = env["sale.order"].browse(self.order_id)
            if order.state != "cancel":
                order._action_cancel()
            order.unlink()
            env["res.partner"].browse(self.partner_id).unlink()

    def _order(self, cr):
        return api.Environment(cr, SUPERUSER_ID, {})["sale.order"].browse(self.order_id)

    def _get_state(self):
        with self.registry.cursor() as cr:
            return self._order(cr).state

    def test_payment_that_holds_the_order_wins(self):
        with self.registry.cursor() as paying, self.registry.cursor() as expiring:
            order = self._order(paying)
            order._kh_lock()
            self.assertFalse(self._order(expiring)._kh_expire_unpaid())
            order.action_confirm()
        self.assertEqual(self._get_state(), "sale")
        with self.registry.cursor() as cr:
            self.assertFalse(self._order(cr)._kh_expire_unpaid())
        self.assertEqual(self._get_state(), "sale")

    def test_payment_that_comes_too_late_is_repeated_and_sees_it(self):
        with self.registry.cursor() as paying:
            order = self._order(paying)
            self.assertEqual(order.state, "sent")
            with self.registry.cursor() as expiring:
                self.assertTrue(self._order(expiring)._kh_expire_unpaid())
            with mute_logger("odoo.sql_db"), self.assertRaises(SerializationFailure):
                order._kh_lock()
            paying.rollback()
            self.assertEqual(self._order(paying).state, "cancel")
