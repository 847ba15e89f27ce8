import threading

from odoo import SUPERUSER_ID, Command, api
from odoo.exceptions import UserError
from odoo.modules.registry import Registry
from odoo.service.model import retrying
from odoo.tests import BaseCase, get_db_name, tagged
from odoo.tools import mute_logger


@tagged("post_install", "-at_install")
class TestQuoteConcurrency(BaseCase):
    """Two requests that really run at once, on committed rows that are deleted again."""

    def setUp(self):
        super().setUp()
        self.registry = Registry(get_db_name())
        with self.registry.cursor() as cr:
            env = api.Environment(cr, SUPERUSER_ID, {"tracking_disable": True})
            partner = env["res.partner"].create({"name": "KH race dealer"})
            product = env["product.product"].create({"name": "KH race", "type": "service"})
            inquiry = env["kh.price.inquiry"].create(
                {
                    "partner_id": partner.id,
                    "line_ids": [
                        Command.create(
                            {"product_id": product.id, "quantity": 1.0, "quoted_price": 5.0}
                        )
                    ],
                }
            )
            inquiry.action_send()
            inquiry.action_quote()
            one = env["kh.purchase.list"].create({"name": "KH race", "partner_id": partner.id})
            one._kh_add_rows([(product, 5.0, None)])
            self.partner_id, self.product_id = partner.id, product.id
            self.inquiry_id, self.list_id, self.line_id = inquiry.id, one.id, one.line_ids.id
        self.addCleanup(self._clean_up)

    def _clean_up(self):
        with self.registry.cursor() as cr:
            env = api.Environment(cr, SUPERUSER_ID, {"disable_cancel_warning": True})
            inquiry = env["kh.price.inquiry"].browse(self.inquiry_id)
            orders = env["sale.order"].search([("origin", "=", inquiry.name)])
            orders._action_cancel()
            orders.unlink()
            cr.execute("DELETE FROM kh_price_inquiry WHERE id = %s", [self.inquiry_id])
            env["kh.purchase.list"].browse(self.list_id).unlink()
            env["product.product"].browse(self.product_id).product_tmpl_id.unlink()
            env["res.partner"].browse(self.partner_id).unlink()

    def _race(self, *steps):
        """Run steps at once, each in a transaction of its own; return answers and errors."""
        barrier, answers, errors = threading.Barrier(len(steps)), [], []

        def run(step):
            with self.registry.cursor() as cr:
                env = api.Environment(cr, SUPERUSER_ID, {"tracking_disable": True})
                env["kh.price.inquiry"].browse(self.inquiry_id).fetch(["state"])
                env["kh.purchase.list.line"].browse(self.line_id).fetch(["quantity"])
                barrier.wait(timeout=20)  # both have their snapshot before either writes
                try:
                    answers.append(retrying(lambda: step(env), env))
                except UserError as error:
                    errors.append(str(error))

        threads = [threading.Thread(target=run, args=(step,)) for step in steps]
        with mute_logger("odoo.sql_db", "odoo.service.model"):
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join(timeout=60)
        return answers, errors

    def test_a_quote_accepted_twice_is_one_order(self):
        def accept(env):
            return env["kh.price.inquiry"].browse(self.inquiry_id)._kh_accept().id

        answers, errors = self._race(accept, accept)
        self.assertEqual((len(answers), len(errors)), (1, 1))
        with self.registry.cursor() as cr:
            env = api.Environment(cr, SUPERUSER_ID, {})
            name = env["kh.price.inquiry"].browse(self.inquiry_id).name
            self.assertEqual(env["sale.order"].search([("origin", "=", name)]).ids, answers)

    def test_one_of_two_colleagues_hears_of_the_others_quantity(self):
        def change(wanted):
            def step(env):
                one = env["kh.purchase.list"].browse(self.list_id)
                return [
                    conflict.theirs
                    for conflict in one._kh_set_quantities({self.line_id: (5.0, wanted)})
                ]

            return step

        answers, errors = self._race(change(6.0), change(7.0))
        self.assertFalse(errors)
        with self.registry.cursor() as cr:
            env = api.Environment(cr, SUPERUSER_ID, {})
            quantity = env["kh.purchase.list.line"].browse(self.line_id).quantity
        self.assertIn(quantity, (6.0, 7.0))
        self.assertEqual(sorted(answers, key=len), [[], [quantity]])
