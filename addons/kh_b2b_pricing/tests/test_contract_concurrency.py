import threading
from unittest.mock import patch

from odoo import SUPERUSER_ID, api, fields
from odoo.exceptions import UserError
from odoo.modules.registry import DummyRLock, Registry
from odoo.service.model import retrying
from odoo.tests import BaseCase, get_db_name, tagged
from odoo.tools import SQL, mute_logger


@tagged("post_install", "-at_install")
class TestContractConcurrency(BaseCase):
    """Two transactions that really run at once, on committed rows that are deleted again."""

    def setUp(self):
        super().setUp()
        self.registry = Registry(get_db_name())
        self.addCleanup(self._delete)
        self.ids = {}
        with self._transaction() as env:
            pricelist = env["product.pricelist"].create({"name": "Race", "kh_is_b2b": True})
            dealer = env["res.partner"].create({"name": "Race", "is_company": True})
            product = env["product.product"].create({"name": "Race", "list_price": 100.0})
            contracts = env["kh.price.contract"].create(
                [
                    {
                        "partner_id": dealer.id,
                        "pricelist_id": pricelist.id,
                        "item_ids": [
                            fields.Command.create(
                                {
                                    "product_id": product.id,
                                    "applied_on": "0_product_variant",
                                    "compute_price": "fixed",
                                    "fixed_price": price,
                                }
                            )
                        ],
                    }
                    for price in (80.0, 70.0)
                ]
            )
            self.ids = {
                "product_pricelist": pricelist.ids,
                "res_partner": dealer.ids,
                "product": product.ids,
                "product_template": product.product_tmpl_id.ids,
                "kh_price_contract": contracts.ids,
            }

    def _transaction(self):
        class Transaction:
            def __enter__(inner):
                inner.cr = self.registry.cursor().__enter__()
                return api.Environment(
                    inner.cr, SUPERUSER_ID, {"lang": "en_US", "tracking_disable": True}
                )

            def __exit__(inner, *error):
                return inner.cr.__exit__(*error)

        return Transaction()

    def _delete(self):
        if not self.ids:
            return
        with self.registry.cursor() as cr:
            contract_ids = self.ids["kh_price_contract"]
            for statement in (
                "UPDATE kh_price_contract SET supersedes_id = NULL, origin_id = NULL"
                " WHERE id = ANY(%s)",
                "DELETE FROM kh_price_adjustment WHERE contract_id = ANY(%s)",
                "DELETE FROM product_pricelist_item WHERE kh_contract_id = ANY(%s)",
                "DELETE FROM mail_message WHERE model = 'kh.price.contract' AND res_id = ANY(%s)",
                "DELETE FROM mail_followers WHERE res_model = 'kh.price.contract'"
                " AND res_id = ANY(%s)",
                "DELETE FROM kh_price_contract WHERE id = ANY(%s)",
            ):
                cr.execute(SQL(statement, contract_ids))
            cr.execute(SQL("DELETE FROM product_product WHERE id = ANY(%s)", self.ids["product"]))
            for table in ("product_template", "product_pricelist", "res_partner"):
                cr.execute(
                    SQL(
                        "DELETE FROM %s WHERE id = ANY(%s)",
                        SQL.identifier(table),
                        self.ids[table],
                    )
                )

    def _run_both(self, jobs):
        """Run two jobs, each with a snapshot from before the other has committed."""
        answers, barrier = {}, threading.Barrier(len(jobs))

        def run(name, job):
            with self._transaction() as env:
                env.cr.execute("SELECT 1")
                first = [True]

                def attempt():
                    if first.pop() if first else False:
                        barrier.wait(10)
                    job(env)

                try:
                    retrying(attempt, env)
                    answers[name] = "done"
                except UserError as error:
                    env.cr.rollback()
                    answers[name] = str(error)

        with patch.object(Registry, "_lock", DummyRLock()):
            threads = [threading.Thread(target=run, args=job) for job in jobs.items()]
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join(60)
        return answers

    @mute_logger("odoo.sql_db", "odoo.service.model")
    def test_two_contracts_of_one_dealer_never_become_active_together(self):
        first_id, second_id = self.ids["kh_price_contract"]

        def activate(contract_id):
            return lambda env: env["kh.price.contract"].browse(contract_id).action_submit()

        answers = self._run_both({"first": activate(first_id), "second": activate(second_id)})
        self.assertEqual(sorted(answer == "done" for answer in answers.values()), [False, True])
        refused = next(answer for answer in answers.values() if answer != "done")
        self.assertIn("already has a price contract", refused)
        with self._transaction() as env:
            contracts = env["kh.price.contract"].browse(self.ids["kh_price_contract"])
            self.assertEqual(sorted(contracts.mapped("state")), ["active", "draft"])
            # the next transaction sells at the price of the one that made it
            active = contracts.filtered(lambda contract: contract.state == "active")
            price = active.pricelist_id._get_product_price(
                active.item_ids.product_id, 1.0, kh_partner=active.partner_id
            )
            self.assertEqual(price, active.item_ids.fixed_price)

    @mute_logger("odoo.sql_db", "odoo.service.model")
    def test_two_adjustments_of_one_line(self):
        contract_id = self.ids["kh_price_contract"][0]
        with self._transaction() as env:
            contract = env["kh.price.contract"].browse(contract_id)
            contract.action_submit()
            adjustments = env["kh.price.adjustment"].create(
                [
                    {
                        "contract_id": contract_id,
                        "reason": "Race",
                        "line_ids": [
                            fields.Command.create(
                                {"item_id": contract.item_ids.id, "new_price": price}
                            )
                        ],
                    }
                    for price in (81.0, 82.0)
                ]
            )
            ids = adjustments.ids

        def apply(adjustment_id):
            return lambda env: env["kh.price.adjustment"].browse(adjustment_id).action_submit()

        answers = self._run_both({number: apply(number) for number in ids})
        self.assertEqual(sorted(answer == "done" for answer in answers.values()), [False, True])
        with self._transaction() as env:
            contract = env["kh.price.contract"].browse(contract_id)
            self.assertEqual(len(contract.item_ids), 1)
            self.assertIn(contract.item_ids.fixed_price, (81.0, 82.0))
            history = env["kh.price.history"].search([("contract_id", "=", contract_id)])
            self.assertEqual(len(history), 2)

    @mute_logger("odoo.sql_db", "odoo.service.model")
    def test_line_added_while_the_contract_is_submitted(self):
        """Either the submission sees the line, or the line is refused: none slips in unseen."""
        contract_id = self.ids["kh_price_contract"][0]
        product_id = self.ids["product"][0]

        def submit(env):
            env["kh.price.contract"].browse(contract_id).action_submit()

        def add(env):
            env["product.pricelist.item"].create(
                {
                    "kh_contract_id": contract_id,
                    "product_id": product_id,
                    "applied_on": "0_product_variant",
                    "compute_price": "fixed",
                    "fixed_price": 1.0,
                    "min_quantity": 100,
                }
            )

        answers = self._run_both({"submit": submit, "add": add})
        self.assertEqual(answers["submit"], "done")
        with self._transaction() as env:
            contract = env["kh.price.contract"].browse(contract_id)
            cheap = contract.item_ids.filtered(lambda item: item.fixed_price == 1.0)
            self.assertEqual(answers["add"], "done", "the superuser may add to both")
            seen = contract.max_discount_rate > 0.9
            logged = env["mail.message"].search_count(
                [("res_id", "=", contract_id), ("body", "ilike", "new line")]
            )
            self.assertTrue(cheap and (seen or logged))

    @mute_logger("odoo.sql_db", "odoo.service.model")
    def test_adjustment_while_a_version_is_made_or_submitted(self):
        """The version has the new price, or says that it has not."""
        contract_id = self.ids["kh_price_contract"][0]
        with self._transaction() as env:
            env["kh.price.contract"].browse(contract_id).action_submit()

        def adjust(price):
            def run(env):
                contract = env["kh.price.contract"].browse(contract_id)
                item = contract.item_ids
                env["kh.price.adjustment"].create(
                    {
                        "contract_id": contract_id,
                        "reason": "Race",
                        "line_ids": [
                            fields.Command.create({"item_id": item.id, "new_price": price})
                        ],
                    }
                ).action_submit()

            return run

        def make(env):
            env["kh.price.contract"].browse(contract_id).action_new_version()

        answers = self._run_both({"adjust": adjust(81.0), "make": make})
        self.assertEqual(set(answers.values()), {"done"})
        with self._transaction() as env:
            version = env["kh.price.contract"].search([("supersedes_id", "=", contract_id)])
            version_id = version.id
            self.ids["kh_price_contract"] += version.ids
            self.assertEqual(version.item_ids.fixed_price, 81.0)
            # as if a minute had passed: no price ends in the second in which it began
            env.cr.execute(
                SQL(
                    "UPDATE product_pricelist_item SET date_start = date_start - interval '1 min'"
                    " WHERE kh_contract_id = %s",
                    contract_id,
                )
            )

        def submit(env):
            env["kh.price.contract"].browse(version_id).action_submit()

        answers = self._run_both({"adjust": adjust(82.0), "submit": submit})
        self.assertEqual(answers["submit"], "done")
        with self._transaction() as env:
            version = env["kh.price.contract"].browse(version_id)
            self.assertEqual(version.state, "active")
            if answers["adjust"] == "done":
                self.assertEqual(version.item_ids.fixed_price, 82.0)
            else:
                self.assertIn("not in force", answers["adjust"])
