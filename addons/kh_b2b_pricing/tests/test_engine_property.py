"""The engine against a naive reference: nested loops over plain values, written here."""

from collections import Counter
from datetime import datetime, timedelta
from fractions import Fraction
from math import floor

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from odoo.tests import tagged

from .common import PricingCommon

TODAY = datetime(2026, 6, 15, 12, 0, 0)
# Values are repeated where the others would leave most products without a rule.
RULES = st.lists(
    st.fixed_dictionaries(
        {
            "owner": st.sampled_from(
                ["a", "a", "head", "group", "b", "gold", "gold", "silver", "market", "market"]
            ),
            "branches": st.booleans(),
            "target": st.integers(0, 14),
            "minimum": st.sampled_from([0, 0, 0, 1, 5, 12, 30]),
            "start": st.sampled_from([None, None, -20, -10, -10, 0, 10]),
            "end": st.sampled_from([None, None, None, 15, 30]),
            "kind": st.sampled_from(
                ["fixed", *["agreed"] * 3, "list_price", *["standard_price"] * 2, "kh_market"]
            ),
            "agreed": st.sampled_from(["unit", "dozen", "carton"]),
            "cents": st.integers(1, 20000),
            "percent": st.sampled_from([-40, -12.5, 0, 5, 33.3, 50, 99]),
            "pending": st.sampled_from([False, False, False, False, True]),
            "company": st.sampled_from([None, None, None, None, "one", "two"]),
        }
    ),
    min_size=6,
    max_size=18,
)
ASKS = st.lists(
    st.fixed_dictionaries(
        {
            "dealer": st.sampled_from(["a", "a", "buyer_a", "head", "group", "b", None]),
            "quantity": st.sampled_from([0.5, 1, 4, 5, 12, 29, 30, 100]),
            "unit": st.sampled_from(["unit", "dozen", "carton", None]),
            "offset": st.sampled_from([0, 0, -15, 5, 12, 25]),
            "currency": st.sampled_from(["own", "base", "other", None]),
            "company": st.sampled_from(["one", "two"]),
            "form": st.sampled_from(["variants", "templates", "ids"]),
        }
    ),
    min_size=3,
    max_size=6,
)
# Units of the currency for one unit of the first company's.
RATES = {"base": Fraction(1), "own": Fraction(2), "other": Fraction(29, 4)}
ABOVE = {"a": ["a", "head", "group"], "head": ["head", "group"], "group": ["group"], "b": ["b"]}
PACKS = {"unit": 1, "dozen": 12, "carton": 7}
LEVELS = {"a": "gold", "b": "silver", "head": "silver"}


@tagged("post_install", "-at_install")
class TestEngineProperty(PricingCommon):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        base = cls.company.currency_id
        own, other = cls.env["res.currency"].create(
            [{"name": code, "symbol": code, "rounding": 0.01} for code in ("KHX", "KHY")]
        )
        cls.env["res.currency.rate"].search([("currency_id", "=", base.id)]).unlink()
        cls.env["res.currency.rate"].create(
            [
                {
                    "currency_id": currency.id,
                    "company_id": False,
                    "name": "2020-01-01",
                    "rate": float(RATES[code]),
                }
                for code, currency in (("own", own), ("other", other))
            ]
        )
        two = cls.env["res.company"].create({"name": "Two", "currency_id": other.id})
        cls.companies = {"one": cls.company, "two": two}
        cls.currencies = {"base": base, "own": own, "other": other, None: base.browse()}
        cls.shared_pricelist = cls.env["product.pricelist"].create(
            {"name": "Shared", "kh_is_b2b": True, "company_id": False, "currency_id": own.id}
        )
        cls._create_dealers()
        cls._create_products()

    @classmethod
    def _create_dealers(cls):
        group = cls.env["res.partner"].create({"name": "Group", "is_company": True})
        head = cls.env["res.partner"].create(
            {
                "name": "Head office",
                "is_company": True,
                "parent_id": group.id,
                "grade_id": cls.silver.id,
            }
        )
        cls.dealer_a.parent_id = head
        cls.dealers = {
            "a": cls.dealer_a,
            "buyer_a": cls.buyer_a,
            "head": head,
            "group": group,
            "b": cls.dealer_b,
            None: cls.nobody,
        }

    @classmethod
    def _create_products(cls):
        cls.series = cls._create_template_with_variants(count=2)
        for value, extra in zip(
            cls.series.attribute_line_ids.product_template_value_ids, (0.0, 7.35), strict=True
        ):
            value.price_extra = extra
        cls.other_category = cls.env["product.category"].create({"name": "Other"})
        cls.product_2.categ_id = cls.other_category
        cls.product_2.uom_id = cls.uom_dozen
        cls.product.list_price = 119.99
        cls.variants = cls.series.product_variant_ids | cls.product | cls.product_2
        cls.templates = cls.variants.product_tmpl_id
        for company in cls.companies.values():
            for number, variant in enumerate(cls.variants.with_company(company)):
                variant.standard_price = 40 + 11.25 * number + company.id % 7
        carton = cls.env["uom.uom"].create(
            {"name": "Carton 7", "relative_factor": 7, "relative_uom_id": cls.uom_unit.id}
        )
        cls.uoms = {"unit": cls.uom_unit, "dozen": cls.uom_dozen, "carton": carton, None: None}
        cls.targets = [
            *(("product_id", variant) for variant in cls.variants),
            *(("product_tmpl_id", template) for template in cls.templates),
            ("categ_id", cls.category),
            ("categ_id", cls.parent_category),
            ("categ_id", cls.other_category),
            *[(None, None)] * 4,
        ]
        cls.known = {
            "variants": {v.id: cls._describe(v, v, v) for v in cls.variants},
            "templates": {
                t.id: cls._describe(t, t.product_variant_ids[0], t.product_variant_ids)
                for t in cls.templates
            },
        }
        cls.known["ids"] = cls.known["variants"]

    @classmethod
    def _describe(cls, record, first, variants):
        """Say as plain values what the reference knows of a product or template."""
        extra = 0
        if record._name == "product.product":
            extra = sum(record.product_template_attribute_value_ids.mapped("price_extra"))
        categories, category = [], record.categ_id
        while category:
            categories.append(category.id)
            category = category.parent_id
        return {
            "variant": variants.id if len(variants) == 1 else None,
            "template": first.product_tmpl_id.id,
            "categories": categories,
            "pack": 12 if record.uom_id == cls.uom_dozen else 1,
            "list_price": Fraction(str(record.list_price)) + Fraction(str(extra)),
            "cost": {
                code: Fraction(str(first.with_company(company).standard_price))
                for code, company in cls.companies.items()
            },
        }

    # === The rules in Odoo === #

    def _make_rule(self, spec):
        field, record = self.targets[spec["target"] % len(self.targets)]
        owner = spec["owner"]
        vals = {
            "pricelist_id": self.shared_pricelist.id,
            "min_quantity": spec["minimum"],
            "date_start": self._day(spec["start"]),
            "date_end": self._day(spec["end"]),
            "compute_price": "fixed" if spec["kind"] in ("fixed", "agreed") else "percentage",
            "fixed_price": spec["cents"] / 100 if spec["kind"] == "fixed" else 0.0,
            "percent_price": spec["percent"],
            "kh_with_branches": spec["branches"],
        }
        if field:
            vals[field] = record.id
        if spec["kind"] == "agreed":
            vals["kh_uom_id"] = self.uoms[spec["agreed"]].id
            vals["kh_uom_price"] = spec["cents"] / 100
        elif spec["kind"] != "fixed":
            vals["base"] = spec["kind"]
        if owner in ("gold", "silver"):
            vals["kh_grade_id"] = getattr(self, owner).id
        elif owner != "market":
            vals["kh_partner_id"] = self.dealers[owner].id
        return vals

    @staticmethod
    def _day(offset):
        return False if offset is None else TODAY + timedelta(days=offset)

    def _create_rules(self, specs):
        items = self.env["product.pricelist.item"].create([self._make_rule(s) for s in specs])
        for item, spec in zip(items, specs, strict=True):
            if spec["pending"]:
                item.kh_is_pending = True
            if spec["company"]:
                item.company_id = self.companies[spec["company"]]
        return items

    def _ask_engine(self, ask):
        pricelist = self.shared_pricelist.with_company(self.companies[ask["company"]])
        uom = self.uoms[ask["unit"]]
        partner, moment = self.dealers[ask["dealer"]], self._day(ask["offset"])
        options = {"uom": uom, "currency": self.currencies[ask["currency"]]}
        if ask["form"] == "ids":
            quantities = dict.fromkeys(self.variants._ids, ask["quantity"])
            return pricelist._kh_get_prices(
                self.variants._ids, quantities, partner, moment, **options
            )
        products = getattr(self, ask["form"]).with_company(pricelist.env.company)
        return pricelist._compute_price_rule(
            products, ask["quantity"], date=moment, kh_partner=partner, **options
        )

    # === The reference === #

    def _place(self, spec, product):
        """Say how near a rule is to a product: scope and distance, ``None`` if it misses."""
        field, record = self.targets[spec["target"] % len(self.targets)]
        if field is None:
            return 3, 0
        if field == "product_id":
            return (0, 0) if record.id == product["variant"] else None
        if field == "product_tmpl_id":
            return (1, 0) if record.id == product["template"] else None
        if record.id in product["categories"]:
            return 2, product["categories"].index(record.id)
        return None

    @staticmethod
    def _tier(spec, dealer, scope):
        """Customer (by distance), level of the product, global level, market; ``None``: not his."""
        dealer = "a" if dealer == "buyer_a" else dealer
        owner = spec["owner"]
        if owner == "market":
            return 3, 0
        if owner in ("gold", "silver"):
            if LEVELS.get(dealer) != owner:
                return None
            return (1, 0) if scope < 2 else (2, 0)
        if dealer is None or owner not in ABOVE[dealer]:
            return None
        distance = ABOVE[dealer].index(owner)
        return (0, distance) if spec["branches"] or not distance else None

    def _in_force(self, spec, pieces, ask):
        start, end = self._day(spec["start"]), self._day(spec["end"])
        moment = self._day(ask["offset"])
        if spec["pending"] or pieces < spec["minimum"]:
            return False
        if spec["company"] not in (None, ask["company"]):
            return False
        return not ((start and moment < start) or (end and moment > end))

    def _pieces(self, product, ask):
        """Quantity in the product's unit, as core converts it: rounded up to two digits."""
        asked = PACKS.get(ask["unit"], product["pack"])
        if asked == product["pack"]:
            return ask["quantity"]
        exact = Fraction(str(ask["quantity"])) * asked / product["pack"]
        return Fraction(-floor(-exact * 100), 100)

    def _naive_winner(self, rules, product, dealer, ask):
        """Walk all rules and keep the best by comparing one criterion after the other."""
        best = None
        for rule_id, spec in rules:
            place = self._place(spec, product)
            tier = place and self._tier(spec, dealer, place[0])
            if tier is None or not self._in_force(spec, self._pieces(product, ask), ask):
                continue
            age = spec["start"] if spec["start"] is not None else -1000
            key = (*tier, *place, -spec["minimum"], -age, -rule_id)
            if best is None or key < best[0]:
                best = (key, spec, rule_id)
        return best and best[1:]

    def _cents(self, amount):
        """Round half up to two digits, exactly; note what numbers in the machine may round down."""
        exact = amount * 100 + Fraction(1, 2)
        self.is_tie = self.is_tie or abs(exact - round(exact)) < Fraction(1, 10**8)
        return Fraction(floor(exact), 100)

    def _naive_price(self, rules, product, dealer, ask, currency):
        winner = self._naive_winner(rules, product, dealer, ask)
        asked = PACKS.get(ask["unit"], product["pack"])
        factor = Fraction(asked, product["pack"])
        spec = winner and winner[0]
        if spec and spec["kind"] == "fixed":
            return Fraction(spec["cents"], 100) * factor
        if spec and spec["kind"] == "agreed":
            price = Fraction(spec["cents"], 100) * asked / PACKS[spec["agreed"]]
            return self._cents(price) if asked == product["pack"] else price
        if spec is None or spec["kind"] == "list_price":
            base = product["list_price"] * factor * RATES[currency]
        elif spec["kind"] == "standard_price":
            source = "base" if ask["company"] == "one" else "other"
            base = product["cost"][ask["company"]] * factor * RATES[currency] / RATES[source]
        else:
            market = self._naive_price(rules, product, None, ask, "own")
            base = market * RATES[currency] / RATES["own"]
        if spec is None:
            return base
        return self._cents(base * (1 - Fraction(str(spec["percent"])) / 100))

    def _check_case(self, specs, asks):
        for spec in specs:
            if None not in (spec["start"], spec["end"]) and spec["end"] <= spec["start"]:
                spec["end"] = None
            if spec["owner"] == "market" and spec["kind"] == "kh_market":
                spec["kind"] = "list_price"
            field, _record = self.targets[spec["target"] % len(self.targets)]
            if field not in ("product_id", "product_tmpl_id") and spec["kind"] == "agreed":
                spec["kind"] = "fixed"
        items = self._create_rules(specs)
        rules = list(zip(items._ids, specs, strict=True))
        for ask in asks:
            answers = self._ask_engine(ask)
            known = self.known[ask["form"]]
            self.assertEqual(answers.keys(), known.keys())
            for product_id, product in known.items():
                winner = self._naive_winner(rules, product, ask["dealer"], ask)
                self.is_tie = False
                price = self._naive_price(
                    rules, product, ask["dealer"], ask, ask["currency"] or "own"
                )
                self.assertEqual(answers[product_id][1], winner[1] if winner else False, ask)
                if self.is_tie:
                    self.ties += 1
                else:
                    self.assertAlmostEqual(answers[product_id][0], float(price), 6, ask)
                self.cases[winner[0]["kind"] if winner else "none"] += 1
        items.unlink()

    def test_engine_agrees_with_reference(self):
        self.cases, self.ties = Counter(), 0

        @settings(
            max_examples=350,
            deadline=None,
            derandomize=True,
            database=None,
            suppress_health_check=list(HealthCheck),
        )
        @given(specs=RULES, asks=ASKS)
        def check(specs, asks):
            self._check_case(specs, asks)

        check()
        # Every way to a price was tried often enough to count.
        self.assertGreater(self.cases.total(), 3000)
        self.assertGreater(min(self.cases.values()), 300, self.cases)
        self.assertEqual(len(self.cases), 6)
        self.assertLess(self.ties, self.cases.total() / 20)
