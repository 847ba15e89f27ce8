import threading

from odoo import SUPERUSER_ID, api
from odoo.modules.registry import DummyRLock, Registry
from odoo.service.model import retrying
from odoo.tests import TransactionCase, get_db_name, tagged
from odoo.tools import mute_logger

from .common import PortalCommon


@tagged("post_install", "-at_install")
class TestCartKeys(PortalCommon):
    """A change under a key is done once, whatever got lost on the way."""

    def setUp(self):
        super().setUp()
        self.authenticate("kh_dealer", "kh_dealer")
        self._add({self.variants[0]: 10})
        self.line = self._cart().order_line

    def _update(self, quantity, key, line=None):
        params = {"line_id": (line or self.line).id, "quantity": quantity, "key": key}
        return self.make_jsonrpc_request("/shop/kh/cart/update", params)

    def test_a_late_repeat_does_not_undo_what_was_done_since(self):
        first = self._update(20, "key-of-twenty")
        self._update(30, "key-of-thirty")
        self.assertEqual(self._update(20, "key-of-twenty"), first)
        self.assertEqual(self.line.product_uom_qty, 30)

    def test_a_repeated_removal_is_answered(self):
        first = self._update(0, "key-of-removal")
        self.assertFalse(self.line.exists())
        self.assertEqual(self._update(0, "key-of-removal"), first)

    def _settle(self, key):
        return self.make_jsonrpc_request("/shop/kh/cart/settle", {"key": key})

    def test_what_arrived_is_told_and_what_did_not_never_does_anything(self):
        first = self._add({self.variants[1]: 3}, key="arrived-already")
        self.assertEqual(self._settle("arrived-already"), first)
        answer = self._settle("still-on-its-way")
        self.assertTrue(answer["is_dropped"])
        self.assertEqual(self._add({self.variants[1]: 4}, key="still-on-its-way"), answer)
        self.assertEqual(self._cart()._kh_cart_quantities()[self.variants[1].id], 3)

    def test_settling_a_strangers_key_says_and_stops_nothing(self):
        self._add({self.variants[1]: 3}, key="the-dealers-own")
        self.authenticate("kh_stranger", "kh_stranger")
        self.assertTrue(self._settle("the-dealers-own")["is_dropped"])
        self.assertTrue(self._settle("the-dealers-next")["is_dropped"])
        self.authenticate("kh_dealer", "kh_dealer")
        self._add({self.variants[1]: 2}, key="the-dealers-next")
        self.assertEqual(self._cart()._kh_cart_quantities()[self.variants[1].id], 5)

    def test_bad_keys_change_nothing(self):
        for key in ("short", "x" * 65, 12345678):
            with (
                self.subTest(key=key),
                mute_logger("odoo.http"),
                self.assertRaisesRegex(Exception, "InvalidRequest"),
            ):
                self._update(20, key)
        self.assertEqual(self.line.product_uom_qty, 10)

    def test_a_refused_change_does_not_use_up_its_key(self):
        line = self.line
        with mute_logger("odoo.http"), self.assertRaisesRegex(Exception, "InvalidRequest"):
            self._update("ten", "key-to-be-kept")
        self.assertEqual(self._update(12, "key-to-be-kept")["row"]["quantity"], 12)
        self.assertEqual(line.product_uom_qty, 12)

    def test_the_key_of_another_dealer_says_nothing(self):
        self._update(20, "one-key-for-two")
        self.authenticate("kh_stranger", "kh_stranger")
        self._add({self.variants[1]: 1}, key="the-strangers-click")
        cart = self._cart(self.stranger.child_ids.user_ids)
        answer = self._update(7, "one-key-for-two", cart.order_line)
        self.assertEqual(answer["row"]["line_id"], cart.order_line.id)
        self.assertEqual(cart.order_line.product_uom_qty, 7)


@tagged("post_install", "-at_install")
class TestOneKeyAtOnce(TransactionCase):
    """The same key in two requests at the same time, each with a cursor of its own."""

    KEY = "one-key-at-the-same-time"

    def setUp(self):
        super().setUp()
        self.registry = Registry(get_db_name())
        # the test runner holds the lock for its own thread
        self.patch(Registry, "_lock", DummyRLock())
        self.addCleanup(self._clean_up)

    def _clean_up(self):
        with self.registry.cursor() as cr:
            env = api.Environment(cr, SUPERUSER_ID, {})
            env["kh.shop.request"].search([("key", "=", self.KEY)]).unlink()

    def _send(self, barrier, answers, work):
        with self.registry.cursor() as cr:
            env = api.Environment(cr, SUPERUSER_ID, {})
            env.user.fetch(["login"])  # the snapshot is taken before the other one writes
            barrier.wait(timeout=20)

            def request():
                claim, is_new = env["kh.shop.request"]._claim(self.KEY)
                if is_new:
                    work.append(1)
                    claim.result = {"turn": threading.current_thread().name}
                return claim.result

            answers.append(retrying(request, env))

    def test_two_at_once_do_it_once_and_get_one_answer(self):
        barrier, answers, work = threading.Barrier(2), [], []
        threads = [
            threading.Thread(target=self._send, args=(barrier, answers, work)) for _turn in range(2)
        ]
        with mute_logger("odoo.sql_db", "odoo.service.model"):
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join(timeout=60)
        self.assertEqual(len(work), 1)
        self.assertEqual(len(answers), 2)
        self.assertEqual(answers[0], answers[1])
