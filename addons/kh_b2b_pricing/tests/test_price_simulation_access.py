from unittest.mock import patch

from odoo import Command
from odoo.exceptions import AccessError, UserError
from odoo.tests import new_test_user, tagged

from .simulation_common import SimulationCommon


@tagged("post_install", "-at_install")
class TestPriceSimulationAccess(SimulationCommon):
    """Who may ask "what if", and about whom."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        roles = ("salesperson", "supervisor", "director", "order_clerk", "product_manager")
        roles += ("finance",)
        cls.users = {role: cls._user(role) for role in roles}
        cls.users["stranger"] = new_test_user(cls.env, "sim_stranger", "base.group_user")
        cls.users["dealer"] = cls._create_portal_user(cls.dealer_a, "sim_dealer")
        cls.users["foreign"] = cls._create_portal_user(cls.dealer_b, "sim_foreign")
        cls.users["salesperson"].kh_supervisor_id = cls.users["supervisor"]
        cls.dealer_a.write({"kh_is_dealer": True, "user_id": cls.users["salesperson"].id})
        cls.dealer_b.kh_is_dealer = True
        cls._sell(cls.dealer_a, [(cls.product, 1, 100.0)])
        cls._sell(cls.dealer_b, [(cls.product, 1, 100.0)])
        cls.market = {"kind": "fixed", "fixed_price": 90.0}

    @classmethod
    def _user(cls, role):
        return new_test_user(
            cls.env, f"sim_{role}", f"base.group_user,kh_b2b_member.group_b2b_{role}"
        )

    def _run_as(self, role):
        simulation = (
            self.env["kh.price.simulation"]
            .with_user(self.users[role])
            .create(
                {
                    "name": role,
                    "pricelist_id": self.pricelist.id,
                    "line_ids": [Command.create(self.market)],
                }
            )
        )
        simulation.action_run()
        return simulation

    def test_who_runs_scenarios_and_over_which_dealers(self):
        both = self.dealer_a | self.dealer_b
        cases = {"director": both, "product_manager": both, "supervisor": self.dealer_a}
        for role, dealers in cases.items():
            with self.subTest(role=role):
                simulation = self._run_as(role)
                self.assertEqual(simulation.state, "done")
                rows = simulation.result_ids.filtered(lambda row: row.kind == "dealer")
                self.assertEqual(rows.partner_id, dealers)
                self.assertEqual(simulation.amount_actual, 100.0 * len(dealers))

    def test_customers_who_are_no_dealers_need_a_wide_range(self):
        self._sell(self.env["res.partner"].create({"name": "Walk-in"}), [(self.product, 1, 100.0)])
        self.assertEqual(self._run_as("supervisor").amount_actual, 100.0)
        self.assertEqual(self._run_as("director").amount_actual, 300.0)

    def test_who_does_not(self):
        simulation = self._create_simulation([self.market])
        simulation.action_run()
        draft = self._create_contract(lines=[(self.product, 80.0, 0)])
        for role in ("salesperson", "order_clerk", "finance", "stranger", "dealer", "foreign"):
            user = self.users[role]
            foreign = simulation.with_user(user)
            steps = {
                "read": lambda foreign=foreign: foreign.read(["amount_scenario"]),
                "results": lambda foreign=foreign: foreign.env[
                    "kh.price.simulation.result"
                ].search_count([]),
                "run": foreign.action_run,
                "reset": foreign.action_reset,
                "create": lambda user=user: (
                    self.env["kh.price.simulation"].with_user(user).create({"name": "x"})
                ),
                "button": draft.with_user(user).action_what_if,
            }
            for name, step in steps.items():
                with self.subTest(role=role, step=name), self.assertRaises(AccessError):
                    step()
        self.assertEqual(simulation.state, "done")

    def test_foreign_scenarios_are_seen_without_a_range_only(self):
        wide = self._run_as("director")
        narrow = self._run_as("supervisor")
        self.assertFalse(wide.with_user(self.users["supervisor"]).has_access("read"))
        seen = wide.result_ids.with_user(self.users["supervisor"])
        self.assertFalse(seen.search_count([("id", "in", seen.ids)]))
        self.assertTrue(narrow.with_user(self.users["director"]).has_access("read"))
        for user in (self.users["director"], self.users["product_manager"]):
            with self.assertRaises(UserError):
                narrow.with_user(user).action_reset()

    def test_nobody_runs_in_the_name_of_another(self):
        vals = {"name": "x", "user_id": self.users["director"].id, "amount_actual": 7.0}
        simulation = (
            self.env["kh.price.simulation"].with_user(self.users["supervisor"]).create(vals)
        )
        self.assertEqual(simulation.user_id, self.users["supervisor"])
        self.assertFalse(simulation.amount_actual)
        with self.assertRaises(UserError):
            simulation.user_id = self.users["director"]

    def test_results_are_nobodys_to_write(self):
        row = self._run_as("director").result_ids[:1]
        for step in (
            lambda: row.write({"amount_scenario": 1.0}),
            row.unlink,
            lambda: row.create({"simulation_id": row.simulation_id.id, "kind": "dealer"}),
        ):
            with self.assertRaises(AccessError):
                step()

    def test_margins_are_for_price_managers(self):
        director, supervisor = self._run_as("director"), self._run_as("supervisor")
        self.assertTrue(director.margin_present)
        for records in (supervisor, supervisor.result_ids):
            with self.assertRaises(AccessError):
                records.read(["margin_scenario"])
            self.assertNotIn("margin_scenario", records.fields_get())

    def test_draft_contracts_out_of_range_are_refused(self):
        foreign = self._create_contract(self.dealer_b, [(self.product, 80.0, 0)])
        simulations = self.env["kh.price.simulation"].with_user(self.users["supervisor"])
        with self.assertRaises(AccessError):
            simulation = simulations.create(
                {"name": "x", "contract_ids": [Command.set(foreign.ids)]}
            )
            simulation.action_run()

    def test_another_company(self):
        other = self.env["res.company"].create({"name": "KH South"})
        simulation = self._create_simulation(
            [{"kind": "change", "change_rate": 0.1}], pricelist_id=False, company_id=other.id
        )
        foreign = simulation.with_user(self.users["director"])
        self.assertFalse(foreign.has_access("read"))
        with self.assertRaises(AccessError):
            foreign.action_run()
        with self.assertRaises(AccessError):
            foreign.line_ids.read(["change_rate"])

    def test_orders_behind_a_row_follow_the_rights_on_orders(self):
        self.users["director"].group_ids += self.env.ref("sales_team.group_sale_salesman_all_leads")
        row = self._run_as("director").result_ids.filtered(
            lambda result: result.partner_id == self.dealer_a
        )
        action = row.action_view_orders()
        orders = self.env["sale.order"].with_user(self.users["director"]).search(action["domain"])
        self.assertEqual(orders.partner_id, self.dealer_a)
        product = row.simulation_id.result_ids.filtered("product_id")
        self.assertEqual(
            self.env["sale.order"].search_count(product.action_view_orders()["domain"]), 2
        )
        with self.assertRaises(UserError):
            row.with_user(self.users["product_manager"]).action_view_orders()
        with self.assertRaises(AccessError):
            row.with_user(self.users["supervisor"]).action_view_orders()

    # In the background

    def _queue(self, user):
        simulation = (
            self.env["kh.price.simulation"]
            .with_user(user)
            .create(
                {
                    "name": "Large",
                    "pricelist_id": self.pricelist.id,
                    "line_ids": [Command.create(self.market)],
                }
            )
        )
        with patch.object(type(simulation), "_direct_line_limit", return_value=0):
            action = simulation.action_run()
        self.assertEqual(simulation.state, "queued")
        self.assertEqual(action["tag"], "display_notification")
        return simulation

    def _run_cron(self):
        with self.enter_registry_test_mode():
            self.env.ref("kh_b2b_pricing.ir_cron_run_price_simulations").method_direct_trigger()
        self.env.invalidate_all()

    def test_large_replays_run_in_the_background_in_the_range_of_their_user(self):
        simulation = self._queue(self.users["supervisor"])
        sent = []
        with patch.object(
            type(self.env["bus.bus"]),
            "_sendone",
            lambda bus, target, kind, message: sent.append((target, kind, message)),
        ):
            self._run_cron()
        self.assertEqual((simulation.state, simulation.amount_actual), ("done", 100.0))
        self.assertIn(
            (self.users["supervisor"].partner_id, "simple_notification", "success"),
            [(target, kind, message.get("type")) for target, kind, message in sent],
        )

    def test_what_cannot_be_replayed_says_why(self):
        self.users["director"].lang = "en_US"
        simulation = self._queue(self.users["director"])
        simulation.sudo()._move({"pricelist_id": False})
        other = self._queue(self.users["supervisor"])
        self._run_cron()
        self.assertEqual(simulation.state, "draft")
        self.assertIn("pricelist", simulation.error)
        self.assertEqual(other.state, "done")

    def test_waiting_scenario_can_be_taken_back(self):
        simulation = self._queue(self.users["director"])
        simulation.action_reset()
        self._run_cron()
        self.assertEqual(simulation.state, "draft")
