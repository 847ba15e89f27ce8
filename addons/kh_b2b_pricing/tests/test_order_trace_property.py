"""Random rules and orders: the batch agrees with core, and every line replays without rules."""

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from odoo.tests import tagged

from ..engine.trace import Kind, is_changed, replay
from .test_order_trace import TraceCommon

RULES = st.lists(
    st.fixed_dictionaries(
        {
            "owner": st.sampled_from(["a", "b", "gold", "silver", "market"]),
            "target": st.integers(0, 5),
            "kind": st.sampled_from(["fixed", "agreed", "percentage", "formula"]),
            "amount": st.floats(1, 120).map(lambda number: round(number, 2)),
            "minimum": st.sampled_from([0, 0, 5, 12, 24]),
            "base": st.sampled_from(["list_price", "list_price", "standard_price"]),
        }
    ),
    max_size=8,
)
LINES = st.lists(
    st.fixed_dictionaries(
        {
            "product": st.integers(0, 2),
            "quantity": st.sampled_from([0.5, 1, 2, 5, 12, 30]),
            "unit": st.sampled_from(["unit", "dozen", "carton"]),
            "price": st.sampled_from([None, None, None, 33.3]),
        }
    ),
    min_size=1,
    max_size=5,
)


@tagged("post_install", "-at_install")
class TestOrderTraceProperty(TraceCommon):
    """Random rules and orders: batch and core agree, and every line replays without rules."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.product_3 = cls._create_product("Cable", "KH-P-3", list_price=14.83)
        cls.products = cls.product | cls.product_2 | cls.product_3
        cls.products.standard_price = 41.7
        carton = cls.env["uom.uom"].create(
            {"name": "Carton 7", "relative_factor": 7, "relative_uom_id": cls.uom_unit.id}
        )
        cls.uoms = {"unit": cls.uom_unit, "dozen": cls.uom_dozen, "carton": carton}
        cls.targets = [
            {"product_id": cls.product.id},
            {"product_tmpl_id": cls.product.product_tmpl_id.id},
            {"product_id": cls.product_2.id},
            {"categ_id": cls.category.id},
            {"categ_id": cls.parent_category.id},
            {},
        ]
        cls.owners = {
            "a": {"kh_partner_id": cls.dealer_a.id},
            "b": {"kh_partner_id": cls.dealer_b.id},
            "gold": {"kh_grade_id": cls.gold.id},
            "silver": {"kh_grade_id": cls.silver.id},
            "market": {},
        }

    def _rule_vals(self, spec):
        vals = {
            "pricelist_id": self.pricelist.id,
            "min_quantity": spec["minimum"],
            "compute_price": spec["kind"] if spec["kind"] != "agreed" else "fixed",
            **self.targets[spec["target"]],
            **self.owners[spec["owner"]],
        }
        if spec["kind"] == "agreed" and vals.keys() & {"product_id", "product_tmpl_id"}:
            return {**vals, "kh_uom_id": self.uoms["carton"].id, "kh_uom_price": spec["amount"]}
        if spec["kind"] in ("fixed", "agreed"):
            return {**vals, "fixed_price": spec["amount"]}
        if spec["kind"] == "percentage":
            return {**vals, "percent_price": spec["amount"] - 50}
        return {
            **vals,
            "base": spec["base"],
            "price_discount": spec["amount"] - 50,
            "price_round": 0.05,
            "price_surcharge": 0.01,
        }

    def _order_lines(self, specs):
        rows = []
        for spec in specs:
            more = {"product_uom_id": self.uoms[spec["unit"]].id}
            if spec["price"] is not None:
                more["price_unit"] = spec["price"]
            rows.append((self.products[spec["product"]], spec["quantity"], more))
        return rows

    def _check(self, rules, lines):
        items = self.env["product.pricelist.item"].create([self._rule_vals(r) for r in rules])
        rows = self._order_lines(lines)
        order = self._create_order(rows)
        with self._core_way():
            core = self._create_order(rows)
        self.assertEqual(
            order.order_line.mapped("price_unit"), core.order_line.mapped("price_unit")
        )
        self.assertEqual(
            order.order_line.mapped("technical_price_unit"),
            core.order_line.mapped("technical_price_unit"),
        )
        self.env.flush_all()
        items.unlink()
        (order | core).invalidate_recordset()
        self.products.write({"list_price": 1.0})
        for line in order.order_line | core.order_line:
            trace = line.kh_price_trace
            self.assertNotEqual(trace["k"], Kind.GIVEN.value, "made of steps, not of its result")
            price = trace["m"][2] if "m" in trace else line.price_unit
            self.assertEqual(line.price_unit, price)
            self.assertEqual("m" in trace, is_changed(trace, line.price_unit, 2))
            if "m" not in trace:
                self.assertAlmostEqual(replay(trace), line.price_unit, places=2)
            line.kh_explain_price()

    def test_every_line_replays_after_all_rules_are_gone(self):
        @settings(
            max_examples=120,
            deadline=None,
            derandomize=True,
            database=None,
            suppress_health_check=list(HealthCheck),
        )
        @given(rules=RULES, lines=LINES)
        def check(rules, lines):
            with self.env.cr.savepoint():
                self.products[:2].write({"list_price": 100.0})
                self.products[2].list_price = 14.83
                self._check(rules, lines)

        check()
