import re
from pathlib import Path

from odoo.tests import HttpCase, TransactionCase, tagged

from ..status import STATUS, get_status, get_status_table

SCSS = Path(__file__).parent.parent / "static/src/scss/status.scss"
TOKENS = {"idle", "act", "run", "done", "stop", "hold"}


def luminance(colour):
    channels = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    linear = [c / 12.92 if c <= 0.03928 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(one, other):
    high, low = sorted((luminance(one), luminance(other)), reverse=True)
    return (high + 0.05) / (low + 0.05)


@tagged("post_install", "-at_install")
class TestStatus(TransactionCase):
    def test_every_status_has_token_icon_and_word(self):
        for key, status in STATUS.items():
            with self.subTest(key=key):
                self.assertIn(status.token_dealer, TOKENS)
                self.assertIn(status.token_staff, TOKENS)
                self.assertRegex(status.icon, r"^fa-[a-z0-9-]+$")
                self.assertTrue(str(status.label))

    def test_turn_swaps_with_the_reader(self):
        self.assertEqual(get_status("order", "to_pay", "dealer").token, "act")
        self.assertEqual(get_status("order", "to_pay", "staff").token, "run")
        self.assertEqual(get_status("order", "review", "dealer").token, "run")
        self.assertEqual(get_status("order", "review", "staff").token, "act")

    def test_unknown_stage_is_idle(self):
        self.assertEqual(get_status("order", "no such stage").token, "idle")

    def test_unknown_audience_is_refused(self):
        with self.assertRaises(ValueError):
            get_status("order", "draft", "visitor")

    def test_table_for_the_client_is_complete(self):
        table = get_status_table("staff")
        self.assertEqual(sum(map(len, table.values())), len(STATUS))
        self.assertEqual(table["order"]["to_pay"], ["run", "fa-credit-card"])

    def test_every_pair_of_colours_is_readable(self):
        colours = dict(re.findall(r"(--kh-[a-z-]+): (#[0-9a-f]{6})", SCSS.read_text()))
        for token in TOKENS:
            pair = colours[f"--kh-st-{token}-fg"], colours[f"--kh-st-{token}-bg"]
            self.assertGreaterEqual(contrast(*pair), 4.5, token)
        self.assertGreaterEqual(contrast(colours["--kh-price"], "#ffffff"), 4.5)


@tagged("post_install", "-at_install")
class TestStatusBadge(TransactionCase):
    def test_badge_shows_icon_and_word(self):
        html = (
            self.env["ir.qweb"]
            .with_context(lang="en_US")
            ._render(
                "kh_b2b_approval.status_badge",
                {"kh_object": "order", "kh_stage": "to_pay", "kh_audience": "dealer"},
            )
        )
        self.assertIn("kh-status-act", html)
        self.assertIn("fa-credit-card", html)
        self.assertIn("Awaiting payment", html)

    def test_badge_takes_a_label(self):
        html = self.env["ir.qweb"]._render(
            "kh_b2b_approval.status_badge",
            {"kh_object": "bill", "kh_stage": "overdue", "kh_label": "Overdue 12 days"},
        )
        self.assertIn("Overdue 12 days", html)


@tagged("post_install", "-at_install")
class TestSessionInfo(HttpCase):
    def test_back_office_knows_the_table(self):
        self.authenticate("admin", "admin")
        info = self.make_jsonrpc_request("/web/session/get_session_info", {})
        self.assertEqual(info["kh_status"]["approval"]["pending"], ["act", "fa-gavel"])
