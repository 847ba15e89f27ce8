import threading

from psycopg2.errors import SerializationFailure

from odoo import api
from odoo.modules.registry import Registry
from odoo.tests import BaseCase, get_db_name, tagged
from odoo.tools import mute_logger

CODE = "kh-concurrent"


@tagged("post_install", "-at_install")
class TestSyncConcurrency(BaseCase):
    """Two ERP calls at once, with real transactions."""

    def setUp(self):
        super().setUp()
        self.registry = Registry(get_db_name())
        with self.registry.cursor() as cr:
            env = api.Environment(cr, api.SUPERUSER_ID, {})
            self.source_id = env["kh.sync.source"].create({"name": "Twice", "code": CODE}).id
        self.addCleanup(self._clean)

    def _clean(self):
        with self.registry.cursor() as cr:
            env = api.Environment(cr, api.SUPERUSER_ID, {})
            source = env["kh.sync.source"].browse(self.source_id)
            records = env["kh.sync.record"].search([("source_id", "=", source.id)])
            partners = records.partner_id
            records.unlink()
            # the log of grants is kept by its own rules; this dealer never was
            cr.execute("DELETE FROM kh_member_grant WHERE partner_id IN %s", [tuple(partners.ids)])
            (partners.child_ids + partners).unlink()
            env["kh.sync.conflict"].search([("source_id", "=", source.id)]).unlink()
            source.run_ids.unlink()
            source.unlink()

    def _push(self, cr, city):
        env = api.Environment(cr, api.SUPERUSER_ID, {})
        rows = [{"code": "KH-TWICE", "name": "Twice", "city": city}]
        return env["kh.sync.source"].upsert_dealers(CODE, rows)["results"][0]["status"]

    def test_same_code_at_once_makes_one_dealer(self):
        """The second waits, is refused its old snapshot, and updates when it is run again."""
        statuses, started = [], threading.Event()

        def second():
            with self.registry.cursor() as cr:
                cr.execute("SELECT 1")  # the snapshot of a request is taken early
                started.set()
                try:
                    statuses.append(self._push(cr, "Ningbo"))
                except SerializationFailure:
                    statuses.append("again")
                    cr.rollback()
                    statuses.append(self._push(cr, "Ningbo"))

        with mute_logger("odoo.sql_db"):
            with self.registry.cursor() as cr:
                first = self._push(cr, "Hangzhou")
                thread = threading.Thread(target=second)
                thread.start()
                started.wait(10)
                thread.join(0.3)
                self.assertTrue(thread.is_alive(), "the second waits for the first")
                cr.commit()
            thread.join(20)
        self.assertEqual((first, statuses), ("created", ["again", "updated"]))
        with self.registry.cursor() as cr:
            env = api.Environment(cr, api.SUPERUSER_ID, {})
            dealer = env["res.partner"].search([("kh_erp_code", "=", "KH-TWICE")])
            self.assertEqual(dealer.mapped("city"), ["Ningbo"])

    def test_pull_does_not_wait(self):
        with self.registry.cursor() as cr, self.registry.cursor() as other:
            self._push(cr, "Hangzhou")
            env = api.Environment(other, api.SUPERUSER_ID, {})
            self.assertFalse(env["kh.sync.source"].browse(self.source_id)._try_lock())
            cr.rollback()
            self.assertTrue(env["kh.sync.source"].browse(self.source_id)._try_lock())
            other.rollback()
