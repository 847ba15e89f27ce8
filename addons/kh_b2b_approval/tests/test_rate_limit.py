from odoo.exceptions import AccessError
from odoo.tests import TransactionCase, freeze_time, new_test_user, tagged

from ..models.rate_limit import get_network


@tagged("post_install", "-at_install")
class TestRateLimit(TransactionCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.limiter = cls.env["kh.rate.limit"]

    def test_limit_per_address_and_hour(self):
        limiter = self.limiter
        with freeze_time("2026-11-22 10:59:00"):
            answers = [limiter._hit("submit", "192.0.2.1", 3) for _ in range(5)]
            self.assertEqual(answers, [True, True, True, False, False])
            self.assertTrue(limiter._hit("submit", "192.0.2.2", 3))
            self.assertTrue(limiter._hit("check", "192.0.2.1", 3))
        with freeze_time("2026-11-22 11:00:01"):
            self.assertTrue(limiter._hit("submit", "192.0.2.1", 3))

    def test_asking_does_not_count(self):
        """Who is let in without being counted is asked first, and refused at the limit."""
        limiter = self.limiter
        with freeze_time("2026-11-22 10:30:00"):
            for _number in range(3):
                self.assertFalse(limiter._is_used_up("link", "192.0.2.1", 3))
                self.assertFalse(limiter._is_used_up("link", "192.0.2.1", 3))
                limiter._hit("link", "192.0.2.1", 3)
            self.assertTrue(limiter._is_used_up("link", "192.0.2.1", 3))
            self.assertFalse(limiter._is_used_up("link", "192.0.2.2", 3))
            self.assertFalse(limiter._is_used_up("other", "192.0.2.1", 3))
        with freeze_time("2026-11-22 11:00:00"):
            self.assertFalse(limiter._is_used_up("link", "192.0.2.1", 3))

    def test_addresses_are_not_stored(self):
        before = self.limiter.search([])
        self.limiter._hit("submit", "192.0.2.77", 3)
        added = self.limiter.search([]) - before
        self.assertEqual(len(added), 1)
        self.assertNotIn("192.0.2.77", added.key)

    def test_a_network_is_one_caller(self):
        self.assertEqual(get_network("2001:db8:1:2:3::4"), get_network("2001:db8:1:2:9::1"))
        self.assertNotEqual(get_network("2001:db8:1:2::1"), get_network("2001:db8:1:3::1"))
        self.assertEqual(get_network("::ffff:192.0.2.1"), "192.0.2.1")
        self.assertNotEqual(get_network("192.0.2.1"), get_network("192.0.2.2"))

    def test_old_counters_go(self):
        with freeze_time("2026-11-20 10:00:00"):
            self.limiter._hit("submit", "192.0.2.1", 3)
        old = self.limiter.search([("hour", "=", "2026-11-20 10:00:00")])
        self.assertEqual(len(old), 1)
        with freeze_time("2026-11-22 10:00:00"):
            self.limiter._gc_rate_limits()
        self.assertFalse(old.exists())

    def test_nobody_resets_a_counter(self):
        self.limiter._hit("submit", "192.0.2.1", 3)
        counter = self.limiter.search([], limit=1)
        for group in ("base.group_user", "base.group_system", "base.group_portal"):
            user = new_test_user(self.env, f"kh_limit_{group[11:]}", group)
            with self.assertRaises(AccessError):
                counter.with_user(user).write({"hits": 0})
