"""The engine against a naive reference: nested loops over plain values, written here."""

from datetime import datetime, timedelta

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from odoo.tests import tagged
from odoo.tools import float_round

from .common import PricingCommon

TODAY = datetime(2026, 6, 15, 12, 0, 0)
OFFSETS = st.sampled_from([None, -20, -10, 0, 10, 20])
RULES = st.lists(
    st.fixed_dictionaries(
        {
            "owner": st.sampled_from(["a", "b", "gold", "silver", "market"]),
            "target": st.integers(0, 9),
            "minimum": st.sampled_from([0, 0, 1, 5, 12, 30]),
            "start": OFFSETS,
            "end": st.sampled_from([None, None, 15, 30]),
            "fixed": st.booleans(),
            "amount": st.integers(1, 99),
            "pending": st.booleans(),
        }
    ),
    max_size=12,
)
ASKS = st.lists(
    st.tuples(
        st.sampled_from(["a", "buyer_a", "b", "none"]),
        st.sampled_from([0.5, 1, 4, 5, 12, 29, 30, 100]),
        st.sampled_from(["unit", "dozen"]),
        st.sampled_from([-30, -15, 0, 12, 25, 40]),
    ),
    min_size=1,
    max_size=4,
)


@tagged("post_install", "-at_install")
class TestEngineProperty(PricingCommon):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.series = cls._create_template_with_variants(count=2)
        cls.other_category = cls.env["product.category"].create({"name": "Other"})
        cls.product_2.categ_id = cls.other_category
        cls.product.list_price = 120.0
        cls.variants = cls.series.product_variant_ids | cls.product | cls.product_2
        templates = cls.variants.product_tmpl_id
        cls.targets = [
            *(("product_id", variant) for variant in cls.variants),
            *(("product_tmpl_id", template) for template in templates),
            ("categ_id", cls.category),
            ("categ_id", cls.parent_category),
            (None, None),
        ]
        cls.dealers = {
            "a": cls.dealer_a,
            "buyer_a": cls.buyer_a,
            "b": cls.dealer_b,
            "none": cls.nobody,
        }
        # What the reference knows: plain values
        cls.ancestors = {
            cls.category.id: [cls.category.id, cls.parent_category.id],
            cls.other_category.id: [cls.other_category.id],
        }
        cls.known = {
            variant.id: {
                "template": variant.product_tmpl_id.id,
                "categories": cls.ancestors[variant.categ_id.id],
                "list_price": variant.list_price,
            }
            for variant in cls.variants
        }

    def _make_rule(self, spec):
        field, record = self.targets[spec["target"] % len(self.targets)]
        vals = {
            "pricelist_id": self.pricelist.id,
            "min_quantity": spec["minimum"],
            "date_start": self._day(spec["start"]),
            "date_end": self._day(spec["end"]),
            "kh_is_pending": False,
        }
        if field:
            vals[field] = record.id
        if spec["fixed"]:
            vals.update(compute_price="fixed", fixed_price=spec["amount"])
        else:
            vals.update(compute_price="percentage", percent_price=spec["amount"])
        if spec["owner"] in ("a", "b"):
            vals["kh_partner_id"] = self.dealers[spec["owner"]].id
        elif spec["owner"] != "market":
            vals["kh_grade_id"] = getattr(self, spec["owner"]).id
        return vals

    @staticmethod
    def _day(offset):
        return False if offset is None else TODAY + timedelta(days=offset)

    def _place(self, spec, product_id):
        """Say how near a rule is to a product: scope and distance, ``None`` if it misses."""
        product = self.known[product_id]
        field, record = self.targets[spec["target"] % len(self.targets)]
        if field is None:
            return 3, 0
        if field == "product_id":
            return (0, 0) if record.id == product_id else None
        if field == "product_tmpl_id":
            return (1, 0) if record.id == product["template"] else None
        if record.id in product["categories"]:
            return 2, product["categories"].index(record.id)
        return None

    @staticmethod
    def _tier(spec, dealer, scope):
        """The four tiers of the specification; ``None``: somebody else's rule."""
        owner = {"a": "a", "buyer_a": "a", "b": "b", "none": None}[dealer]
        level = {"a": "gold", "b": "silver", None: None}[owner]
        if spec["owner"] == "market":
            return 3
        if spec["owner"] == owner:
            return 0
        if spec["owner"] == level:
            return 1 if scope < 2 else 2
        return None

    def _in_force(self, spec, pieces, moment):
        start, end = self._day(spec["start"]), self._day(spec["end"])
        if spec["pending"] or pieces < spec["minimum"]:
            return False
        return not ((start and moment < start) or (end and moment > end))

    def _naive(self, specs, ids, product_id, dealer, quantity, unit, moment):
        """Walk all rules and keep the best by comparing one criterion after the other."""
        list_price = self.known[product_id]["list_price"]
        pack = 12 if unit == "dozen" else 1
        best = None
        for rule_id, spec in zip(ids, specs, strict=True):
            place = self._place(spec, product_id)
            tier = place and self._tier(spec, dealer, place[0])
            if tier is None or not self._in_force(spec, quantity * pack, moment):
                continue
            age = spec["start"] if spec["start"] is not None else -1000
            key = (tier, *place, -spec["minimum"], -age, -rule_id)
            if best is None or key < best[0]:
                best = (key, spec, rule_id)
        if best is None:
            return list_price * pack, False
        spec = best[1]
        if spec["fixed"]:
            return spec["amount"] * pack, best[2]
        return float_round(list_price * (1 - spec["amount"] / 100) * pack, 2), best[2]

    def _check_case(self, specs, asks):
        specs = [
            {**spec, "end": None}
            if None not in (spec["start"], spec["end"]) and spec["end"] <= spec["start"]
            else spec
            for spec in specs
        ]
        items = self.env["product.pricelist.item"].create([self._make_rule(s) for s in specs])
        for item, spec in zip(items, specs, strict=True):
            if spec["pending"]:
                item.kh_is_pending = True
        uoms = {"unit": self.uom_unit, "dozen": self.uom_dozen}
        for dealer, quantity, unit, offset in asks:
            moment = TODAY + timedelta(days=offset)
            answers = self.pricelist._compute_price_rule(
                self.variants,
                quantity,
                uom=uoms[unit],
                date=moment,
                kh_partner=self.dealers[dealer],
            )
            for product_id in self.variants._ids:
                price, rule_id = self._naive(
                    specs, items._ids, product_id, dealer, quantity, unit, moment
                )
                self.assertEqual(answers[product_id][1], rule_id)
                self.assertAlmostEqual(answers[product_id][0], price, places=6)
        items.unlink()

    def test_engine_agrees_with_reference(self):
        @settings(
            max_examples=200,
            deadline=None,
            derandomize=True,
            database=None,
            suppress_health_check=list(HealthCheck),
        )
        @given(specs=RULES, asks=ASKS)
        def check(specs, asks):
            self._check_case(specs, asks)

        check()
