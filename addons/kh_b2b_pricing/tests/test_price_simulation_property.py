"""The replay against a naive one: rules really made, every line really priced, one by one."""

from datetime import datetime, time, timedelta

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from odoo.fields import Command
from odoo.tests import tagged
from odoo.tools import float_round

from .simulation_common import SimulationCommon

AMOUNTS = {"fixed": st.booleans(), "amount": st.integers(1, 98)}
OWNERS = st.sampled_from(["a", "b", "gold", "silver", "market"])
MINIMUMS = st.sampled_from([0, 0, 1, 5, 12, 30])
RULES = st.lists(
    st.fixed_dictionaries(
        {
            "owner": OWNERS,
            "target": st.integers(0, 9),
            "minimum": MINIMUMS,
            "start": st.sampled_from([None, None, 120, 60]),
            "end": st.sampled_from([None, None, 90, 30]),
            **AMOUNTS,
        }
    ),
    max_size=8,
)
LINES = st.lists(
    st.fixed_dictionaries(
        {
            "dealer": st.sampled_from(["a", "buyer_a", "b"]),
            "product": st.integers(0, 3),
            "quantity": st.sampled_from([0.5, 1, 4, 5, 12, 29, 30, 100]),
            "unit": st.sampled_from(["unit", "unit", "dozen"]),
            "price": st.integers(1, 150),
            "discount": st.sampled_from([0, 0, 7.5]),
            "day": st.sampled_from([150, 120, 75, 60, 30, 10]),
        }
    ),
    min_size=1,
    max_size=6,
)
LEVELS = st.lists(
    st.fixed_dictionaries(
        {
            "owner": st.sampled_from(["gold", "silver", "market"]),
            "target": st.integers(0, 9),
            "minimum": MINIMUMS,
            "replaces": st.booleans(),
            **AMOUNTS,
        }
    ),
    max_size=3,
)
PRICES = st.lists(
    st.fixed_dictionaries({"target": st.integers(0, 9), "minimum": MINIMUMS, **AMOUNTS}),
    min_size=1,
    max_size=4,
)
WORLDS = st.fixed_dictionaries(
    {
        "rules": RULES,
        "lines": LINES,
        "levels": LEVELS,
        "active": st.one_of(st.none(), PRICES),
        "draft": st.one_of(st.none(), PRICES),
        "change": st.one_of(st.none(), st.sampled_from([-0.1, 0.015])),
    }
)


@tagged("post_install", "-at_install")
class TestPriceSimulationProperty(SimulationCommon):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.series = cls._create_template_with_variants(count=2)
        cls.product_2.categ_id = cls.env["product.category"].create({"name": "Other"})
        cls.product.list_price = 120.55
        cls.variants = cls.series.product_variant_ids | cls.product | cls.product_2
        cls.targets = [
            *(("product_id", variant) for variant in cls.variants),
            *(("product_tmpl_id", template) for template in cls.variants.product_tmpl_id),
            ("categ_id", cls.category),
            ("categ_id", cls.parent_category),
            (None, None),
        ]
        # A level price of a scenario is for a template, a category or everything.
        cls.wide_targets = cls.targets[len(cls.variants) :]
        cls.people = {"a": cls.dealer_a, "buyer_a": cls.buyer_a, "b": cls.dealer_b}
        cls.uoms = {"unit": cls.uom_unit, "dozen": cls.uom_dozen}
        cls.first_day = cls.today - timedelta(days=200)

    # A world

    def _day(self, age):
        return datetime.combine(self.today - timedelta(days=age), time(8, 30))

    def _amount_vals(self, spec):
        if spec["fixed"]:
            return {"compute_price": "fixed", "fixed_price": spec["amount"]}
        return {"compute_price": "percentage", "percent_price": spec["amount"]}

    def _target_vals(self, spec, targets):
        field, record = targets[spec["target"] % len(targets)]
        return {field: record.id} if field else {}

    def _rule_vals(self, spec, targets):
        vals = {
            "pricelist_id": self.pricelist.id,
            "min_quantity": spec["minimum"],
            **self._amount_vals(spec),
            **self._target_vals(spec, targets),
        }
        owner = spec.get("owner")
        if owner in ("a", "b"):
            vals["kh_partner_id"] = self.people[owner].id
            # What is new is newer than level prices: only dealers' own keep their start.
            vals["date_start"] = self._day(spec["start"]) if spec["start"] else False
        elif owner != "market":
            vals["kh_grade_id"] = getattr(self, owner).id
        if spec.get("end") and not (vals.get("date_start") and spec["start"] <= spec["end"]):
            vals["date_end"] = self._day(spec["end"])
        return vals

    def _contract(self, prices):
        contract = self.env["kh.price.contract"].create(
            {
                "partner_id": self.dealer_a.id,
                "pricelist_id": self.pricelist.id,
                "date_start": self.first_day,
            }
        )
        contract.item_ids = [
            Command.create(
                {
                    "min_quantity": price["minimum"],
                    **self._amount_vals(price),
                    **self._target_vals(price, self.targets),
                }
            )
            for price in prices
        ]
        return contract

    def _make_world(self, world):
        items = self.env["product.pricelist.item"].create(
            [self._rule_vals(spec, self.targets) for spec in world["rules"]]
        )
        if world["active"]:
            self._contract(world["active"]).action_activate()
        self.sold = [
            self._sell(
                self.people[line["dealer"]],
                [
                    (
                        self.variants[line["product"]],
                        line["quantity"],
                        line["price"],
                        {
                            "product_uom_id": self.uoms[line["unit"]].id,
                            "discount": line["discount"],
                        },
                    )
                ],
                moment=self._day(line["day"]),
            ).order_line
            for line in world["lines"]
        ]
        shared = items.filtered(lambda item: not item.kh_partner_id)
        replaced = iter(shared)
        levels = [
            (level, next(replaced, shared.browse()) if level["replaces"] else shared.browse())
            for level in world["levels"]
        ]
        draft = self._contract(world["draft"]) if world["draft"] else None
        return levels, draft

    def _make_simulation(self, world, levels, draft):
        lines = []
        for level, replaced in levels:
            vals = self._rule_vals(level, self.wide_targets)
            lines.append(
                {
                    "kind": vals["compute_price"],
                    "fixed_price": vals.get("fixed_price", 0),
                    "percent_price": vals.get("percent_price", 0),
                    "grade_id": vals.get("kh_grade_id"),
                    "categ_id": vals.get("categ_id"),
                    "product_tmpl_id": vals.get("product_tmpl_id"),
                    "min_quantity": vals["min_quantity"],
                    "item_id": replaced.id,
                }
            )
        if world["change"]:
            lines.append(
                {"kind": "change", "grade_id": self.silver.id, "change_rate": world["change"]}
            )
        return self._create_simulation(
            lines, contract_ids=[Command.set(draft.ids if draft else [])]
        )

    # The naive replay

    def _prices(self):
        """Ask the engine for each line by itself."""
        return [
            self.pricelist._compute_price_rule(
                line.product_id,
                line.product_uom_qty,
                currency=line.currency_id,
                uom=line.product_uom_id,
                date=line.order_id.date_order,
                kh_partner=line.order_id.partner_id.commercial_partner_id,
            )[line.product_id.id][0]
            for line in self.sold
        ]

    def _activate(self, levels, draft):
        for _level, replaced in levels:
            replaced.unlink()
        self.env["product.pricelist.item"].create(
            [self._rule_vals(level, self.wide_targets) for level, _replaced in levels]
        )
        if draft:
            replaced = draft._find_replaced()
            replaced._set_state(("active",), "terminated")
            # A scenario asks what would be had the draft always been: here history is its.
            self.env.flush_all()
            self.env.cr.execute(
                "UPDATE product_pricelist_item SET kh_is_pending = TRUE"
                " WHERE kh_contract_id = ANY(%s)",
                [replaced.ids],
            )
            self.env.invalidate_all()
            draft.action_activate()

    def _naive(self, world, levels, draft):
        """Return ``[(line, present, scenario)]``, amounts line by line."""
        before = self._prices()
        self._activate(levels, draft)
        answers = []
        for line, old, price in zip(self.sold, before, self._prices(), strict=True):
            new = price
            dealer = line.order_id.partner_id.commercial_partner_id
            if world["change"] and dealer.grade_id == self.silver:
                new = float_round(price * (1 + world["change"]), 2)
            if old == new:
                answers.append((line, line.price_subtotal, line.price_subtotal))
                continue
            share = line.product_uom_qty * (1 - line.discount / 100)
            answers.append((line, float_round(old * share, 2), float_round(new * share, 2)))
        return answers

    def _assert_same(self, simulation, rows, answers):
        for record, present, scenario in rows:
            mine = [answer for answer in answers if record in self._keys(answer[0])]
            self.assertAlmostEqual(present, sum(answer[1] for answer in mine), places=2)
            self.assertAlmostEqual(scenario, sum(answer[2] for answer in mine), places=2)

    @staticmethod
    def _keys(line):
        return (line.order_id.partner_id.commercial_partner_id, line.product_id)

    def _check_world(self, world):
        savepoint = self.env.cr.savepoint()
        try:
            levels, draft = self._make_world(world)
            if not (levels or draft or world["change"]):
                return
            simulation = self._make_simulation(world, levels, draft)
            simulation.action_run()
            self._assert_reconciles(simulation)
            rows = [
                (row.partner_id or row.product_id, row.amount_present, row.amount_scenario)
                for row in simulation.result_ids
            ]
            self._assert_same(simulation, rows, self._naive(world, levels, draft))
            self.touched += bool(simulation.touched_count)
        finally:
            savepoint.close(rollback=True)
            self.env.invalidate_all()

    def test_replay_agrees_with_rules_really_made(self):
        self.touched = 0

        @settings(
            max_examples=80,
            deadline=None,
            derandomize=True,
            database=None,
            suppress_health_check=list(HealthCheck),
        )
        @given(world=WORLDS)
        def check(world):
            self._check_world(world)

        check()
        self.assertGreater(self.touched, 20)
