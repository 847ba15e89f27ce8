import threading

from odoo import api
from odoo.modules.registry import DummyRLock, Registry
from odoo.service.model import retrying
from odoo.tests import BaseCase, get_db_name, tagged
from odoo.tools import mute_logger

CODE = "kh-concurrent"


@tagged("post_install", "-at_install")
class TestSyncConcurrency(BaseCase):
    """Two ERP calls at once, with real transactions."""

    def setUp(self):
        super().setUp()
        # the runner holds it, and threads need the registry
        self.patch(Registry, "_lock", DummyRLock())
        self.registry = Registry(get_db_name())
        with self._env() as env:
            self.source_id = env["kh.sync.source"].create({"name": "Twice", "code": CODE}).id
        self.addCleanup(self._clean)

    def _env(self):
        return _OwnEnvironment(self.registry)

    def _clean(self):
        with self._env() as env:
            source = env["kh.sync.source"].browse(self.source_id)
            records = env["kh.sync.record"].search([("source_id", "=", source.id)])
            partners = records.partner_id
            records.unlink()
            # the log of grants outlives nobody here: this dealer never was
            env.cr.execute("DELETE FROM kh_member_grant WHERE partner_id = ANY(%s)", [partners.ids])
            partners.unlink()
            source.run_ids.unlink()
            source.unlink()

    def _push(self, env, city):
        rows = [{"code": "KH-TWICE", "name": "Twice", "city": city}]
        return env["kh.sync.source"].upsert_dealers(CODE, rows)["results"][0]["status"]

    def _push_as_request(self, city, barrier, statuses):
        with self._env() as env:
            env["kh.sync.source"].browse(self.source_id).fetch(["serial"])  # an early snapshot
            barrier.wait(timeout=20)
            statuses.append(retrying(lambda: self._push(env, city), env))

    @mute_logger("odoo.sql_db", "odoo.service.model")
    def test_same_code_at_once_makes_one_dealer(self):
        """The second waits, is refused its old snapshot, and updates when it is run again."""
        barrier, statuses = threading.Barrier(2), []
        threads = [
            threading.Thread(target=self._push_as_request, args=(city, barrier, statuses))
            for city in ("Hangzhou", "Ningbo")
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(timeout=60)
        self.assertEqual(statuses, ["created", "updated"])
        with self._env() as env:
            dealers = env["res.partner"].search([("kh_erp_code", "=", "KH-TWICE")])
            self.assertEqual(len(dealers), 1)
            self.assertEqual(env["kh.sync.source"].browse(self.source_id).serial, 2)

    def test_pull_does_not_wait(self):
        with self._env() as first, self._env() as second:
            self._push(first, "Hangzhou")
            self.assertFalse(second["kh.sync.source"].browse(self.source_id)._try_lock())
            first.cr.rollback()
            second.cr.rollback()
            self.assertTrue(second["kh.sync.source"].browse(self.source_id)._try_lock())
            second.cr.rollback()


class _OwnEnvironment:
    """An environment with a transaction of its own."""

    def __init__(self, registry):
        self.cursor = registry.cursor()

    def __enter__(self):
        return api.Environment(self.cursor.__enter__(), api.SUPERUSER_ID, {})

    def __exit__(self, *args):
        return self.cursor.__exit__(*args)
