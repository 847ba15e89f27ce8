import threading

from odoo import SUPERUSER_ID, api
from odoo.service.model import retrying
from odoo.tests import tagged

from .common_races import RaceCase


@tagged("post_install", "-at_install")
class TestParkedRace(RaceCase):
    """Two colleagues who really take up one draft at once, on a committed row."""

    def setUp(self):
        super().setUp()
        self.addCleanup(self._clean_up)
        with self.registry.cursor() as cr:
            env = api.Environment(cr, SUPERUSER_ID, {})
            vals = {"name": "KH race", "is_parked": True, "share": "edit"}
            self.draft_id = env["kh.purchase.list"].create(vals).id

    def _clean_up(self):
        with self.registry.cursor() as cr:
            cr.execute("DELETE FROM kh_purchase_list WHERE id = %s", (self.draft_id,))

    def test_a_draft_is_taken_up_once(self):
        barrier, answers = threading.Barrier(2), []

        def take_up(env):
            # as the page does: what is gone is not taken up
            draft = env["kh.purchase.list"].search([("id", "=", self.draft_id)])
            if draft:
                draft._kh_take_up()
            return bool(draft)

        def run():
            with self.registry.cursor() as cr:
                env = api.Environment(cr, SUPERUSER_ID, {})
                env["kh.purchase.list"].browse(self.draft_id).fetch(["active"])
                barrier.wait(timeout=20)  # both have their snapshot before either writes
                answers.append(retrying(lambda: take_up(env), env))

        self._run_at_once(run, run)
        self.assertEqual(sorted(answers), [False, True])
