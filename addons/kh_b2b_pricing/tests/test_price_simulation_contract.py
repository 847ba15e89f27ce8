from datetime import timedelta

from odoo.exceptions import UserError
from odoo.fields import Command
from odoo.tests import Form, tagged

from .simulation_common import SimulationCommon


@tagged("post_install", "-at_install")
class TestPriceSimulationContract(SimulationCommon):
    """Draft contracts as scenarios."""

    def _simulate(self, contracts, **vals):
        simulation = self._create_simulation(contract_ids=[Command.set(contracts.ids)], **vals)
        simulation.action_run()
        return simulation

    def test_draft_counts_for_the_whole_period_and_its_dealer_only(self):
        draft = self._create_contract(
            lines=[(self.product, 80.0, 0), (self.product, 70.0, 10)],
            date_start=self.today + timedelta(days=30),
        )
        self._sell(self.dealer_a, [(self.product, 9, 100.0), (self.product, 10, 100.0)])
        self._sell(self.buyer_a, [(self.product_2, 1, 100.0)])
        self._sell(self.dealer_b, [(self.product, 9, 100.0)])
        simulation = self._simulate(draft)
        self._assert_amounts(self._row(simulation, self.dealer_a), 2000.0, 2000.0, 1520.0)
        self._assert_amounts(self._row(simulation, self.dealer_b), 900.0, 900.0, 900.0)
        self._assert_reconciles(simulation)

    def test_next_version_takes_the_place_of_the_contract_in_force(self):
        active = self._create_contract(
            lines=[(self.product, 80.0, 0), (self.product_2, 60.0, 0)],
            date_start=self.today - timedelta(days=300),
        )
        active.action_activate()
        draft = self._create_contract(
            lines=[(self.product, 85.0, 0)], supersedes_id=active.id, date_start=self.today
        )
        self._sell(self.dealer_a, [(self.product, 1, 80.0), (self.product_2, 1, 60.0)])
        simulation = self._simulate(draft)
        self._assert_amounts(self._row(simulation, self.product), 80.0, 80.0, 85.0)
        self._assert_amounts(self._row(simulation, self.product_2), 60.0, 60.0, 100.0)

    def test_head_office_prices_hold_for_branches_after_their_own(self):
        branch, below = self.env["res.partner"].create(
            [
                {"name": name, "is_company": True, "parent_id": self.dealer_a.id}
                for name in ("Branch", "Below")
            ]
        )
        below.parent_id = branch
        buyer = self.env["res.partner"].create({"name": "Buyer", "parent_id": below.id})
        self._create_rule(66.0, product_id=self.product_2.id, kh_partner_id=branch.id)
        lines = [(self.product, 80.0, 0), (self.product_2, 70.0, 0)]
        draft = self._create_contract(lines=lines, with_branches=True)
        alone = self._create_contract(lines=lines)
        for partner, price in ((self.dealer_a, 100.0), (branch, 66.0), (buyer, 100.0)):
            self._sell(partner, [(self.product, 1, 100.0), (self.product_2, 1, price)])
        simulation = self._simulate(draft)
        self._assert_amounts(self._row(simulation, self.dealer_a), 200.0, 200.0, 150.0)
        self._assert_amounts(self._row(simulation, branch), 166.0, 166.0, 146.0)
        self._assert_amounts(self._row(simulation, below), 200.0, 200.0, 150.0)
        simulation = self._simulate(alone)
        self._assert_amounts(self._row(simulation, self.dealer_a), 200.0, 200.0, 150.0)
        self._assert_amounts(self._row(simulation, branch), 166.0, 166.0, 166.0)
        self._assert_amounts(self._row(simulation, below), 200.0, 200.0, 200.0)

    def test_contract_and_level_price_together(self):
        draft = self._create_contract(lines=[(self.product, 80.0, 0)])
        self._sell(self.dealer_a, [(self.product, 1, 100.0), (self.product_2, 1, 100.0)])
        simulation = self._create_simulation(
            [self._gold_discount(50)], contract_ids=[Command.set(draft.ids)]
        )
        simulation.action_run()
        self._assert_amounts(simulation, 200.0, 200.0, 130.0)

    def test_ratio_lines_of_a_draft(self):
        draft = self._create_contract(lines=[(self.product, 80.0, 0)])
        draft.item_ids = [
            Command.create(
                {
                    "applied_on": "3_global",
                    "compute_price": "formula",
                    "price_discount": 12.5,
                    "price_surcharge": 1.0,
                }
            )
        ]
        self._sell(self.dealer_a, [(self.product, 1, 100.0), (self.product_2, 2, 100.0)])
        simulation = self._simulate(draft)
        self._assert_amounts(simulation, 300.0, 300.0, 257.0)

    def test_contract_in_force_is_no_scenario(self):
        draft = self._create_contract(lines=[(self.product, 80.0, 0)])
        simulation = self._create_simulation(contract_ids=[Command.set(draft.ids)])
        draft.action_activate()
        with self.assertRaises(UserError):
            simulation.action_run()

    def test_button_on_the_contract_opens_a_scenario(self):
        draft = self._create_contract(lines=[(self.product, 80.0, 0)])
        self._sell(self.dealer_a, [(self.product, 1, 100.0)])
        action = draft.action_what_if()
        with Form(self.env[action["res_model"]].with_context(**action["context"])) as form:
            self.assertIn(draft.name, form.name)
        simulation = form.record
        self.assertEqual(simulation.contract_ids, draft)
        simulation.action_run()
        self._assert_amounts(simulation, 100.0, 100.0, 80.0)
        self.assertEqual(draft.state, "draft")
