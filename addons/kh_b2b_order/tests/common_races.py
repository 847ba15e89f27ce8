import threading
from functools import partial

from odoo import SUPERUSER_ID, api
from odoo.exceptions import UserError
from odoo.modules.registry import DummyRLock, Registry
from odoo.service.model import retrying
from odoo.tests import BaseCase, get_db_name
from odoo.tools import mute_logger


class RaceCase(BaseCase):
    """Steps that really run at once, each with a cursor of its own, on committed rows."""

    def setUp(self):
        super().setUp()
        self.registry = Registry(get_db_name())
        # the test runner holds the lock for its own thread
        self.patch(Registry, "_lock", DummyRLock())

    def _run_at_once(self, *runs):
        threads = [threading.Thread(target=run) for run in runs]
        with mute_logger("odoo.sql_db", "odoo.service.model"):
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join(timeout=60)


class ConfirmRaceCase(RaceCase):
    """Orders are confirmed at the same time.

    Subclasses create ``order_ids`` in `_prepare`, and delete what they made in `_clean_up`.
    """

    def setUp(self):
        super().setUp()
        with self.registry.cursor() as cr:
            self._prepare(api.Environment(cr, SUPERUSER_ID, {"tracking_disable": True}))
        self.addCleanup(self._clean_up_all)

    def _clean_up_all(self):
        with self.registry.cursor() as cr:
            env = api.Environment(cr, SUPERUSER_ID, {"disable_cancel_warning": True})
            orders = env["sale.order"].browse(self.order_ids)
            orders._action_cancel()
            self._clean_up(orders)

    def _confirm(self, order_id, barrier, errors):
        with self.registry.cursor() as cr:
            env = api.Environment(cr, SUPERUSER_ID, {"tracking_disable": True})
            order = env["sale.order"].browse(order_id)
            order.fetch(["state"])  # the snapshot is taken before the other one writes
            barrier.wait(timeout=20)
            try:
                retrying(order.action_confirm, env)
            except UserError as error:
                errors.append(str(error))

    def _assert_one_is_confirmed(self):
        barrier, errors = threading.Barrier(2), []
        self._run_at_once(
            *(partial(self._confirm, order_id, barrier, errors) for order_id in self.order_ids)
        )
        with self.registry.cursor() as cr:
            env = api.Environment(cr, SUPERUSER_ID, {})
            states = env["sale.order"].browse(self.order_ids).mapped("state")
        self.assertEqual(sorted(states), ["draft", "sale"])
        self.assertEqual(len(errors), 1)
