from freezegun import freeze_time

from odoo.tests import tagged

from .common import MemberCommon


@tagged("post_install", "-at_install")
class TestRateLimit(MemberCommon):
    def test_limit_per_address_and_hour(self):
        limiter = self.env["kh.member.rate.limit"]
        with freeze_time("2026-11-22 10:59:00"):
            answers = [limiter._hit("submit", "192.0.2.1", 3) for _ in range(5)]
            self.assertEqual(answers, [True, True, True, False, False])
            self.assertTrue(limiter._hit("submit", "192.0.2.2", 3))
            self.assertTrue(limiter._hit("check", "192.0.2.1", 3))
        with freeze_time("2026-11-22 11:00:01"):
            self.assertTrue(limiter._hit("submit", "192.0.2.1", 3))

    def test_addresses_are_not_stored(self):
        limiter = self.env["kh.member.rate.limit"]
        limiter._hit("submit", "192.0.2.77", 3)
        self.assertFalse(limiter.search([("key", "like", "192.0.2.77")]))

    def test_old_counters_go(self):
        limiter = self.env["kh.member.rate.limit"]
        with freeze_time("2026-11-20 10:00:00"):
            limiter._hit("submit", "192.0.2.1", 3)
        old = limiter.search([("hour", "=", "2026-11-20 10:00:00")])
        self.assertEqual(len(old), 1)
        with freeze_time("2026-11-22 10:00:00"):
            limiter._gc_rate_limits()
        self.assertFalse(old.exists())
