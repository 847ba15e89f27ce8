"""The domain against a naive reference: nested loops over plain values, written here."""

from datetime import datetime, timedelta

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from odoo.fields import Command
from odoo.tests import tagged

from .common import CatalogCommon

NOW = datetime(2026, 6, 15, 12, 0)
AREAS, ASSORTMENTS, PRODUCTS, CATEGORIES = 6, 4, 5, 4
SETS = st.sets(st.integers(0, AREAS - 1), max_size=2)
DATES = st.sampled_from([None, -90, -30, -1, 0, 1, 30, 90])  # minutes from now
WINDOWS = st.lists(st.tuples(DATES, DATES, st.sampled_from([None, 0, 1])), max_size=3)
WORLDS = st.fixed_dictionaries(
    {
        # each area hangs below an earlier one, or below none
        "area_parents": st.tuples(
            *(st.sampled_from([None, *range(number)]) for number in range(AREAS))
        ),
        "category_parents": st.tuples(
            *(st.sampled_from([None, *range(number)]) for number in range(CATEGORIES))
        ),
        # of a company, or of all; what hangs below an area of a company is the company's, too
        "area_companies": st.tuples(*[st.sampled_from([None, None, 0, 1])] * AREAS),
        "category_includes": st.tuples(*[SETS] * CATEGORIES),
        "category_excludes": st.tuples(*[SETS] * CATEGORIES),
        "products": st.tuples(
            *[
                st.fixed_dictionaries(
                    {
                        "category": st.sampled_from([None, *range(CATEGORIES)]),
                        "includes": SETS,
                        "excludes": SETS,
                        "assortments": st.sets(st.integers(0, ASSORTMENTS - 1), max_size=3),
                        "windows": WINDOWS,
                    }
                )
            ]
            * PRODUCTS
        ),
        "assortments": st.tuples(
            *[
                st.fixed_dictionaries(
                    {
                        "active": st.sampled_from([True, True, True, False]),
                        "company": st.sampled_from([None, None, 0, 1]),
                        "grades": st.sets(st.integers(0, 1)),
                        "dealers": st.sets(st.integers(0, 1)),
                    }
                )
            ]
            * ASSORTMENTS
        ),
        "dealer_areas": st.tuples(*[SETS] * 2),
        "dealer_grades": st.tuples(*[st.sampled_from([None, 0, 1])] * 2),
    }
)
# one thing that changes afterwards
CHANGES = st.one_of(
    st.tuples(
        st.just("move"), st.integers(1, CATEGORIES - 1), st.sampled_from([None, *range(CATEGORIES)])
    ),
    st.tuples(
        st.sampled_from(["category_includes", "category_excludes"]),
        st.integers(0, CATEGORIES - 1),
        SETS,
    ),
    st.tuples(st.just("company"), st.integers(0, AREAS - 1), st.sampled_from([None, 0, 1])),
    st.tuples(st.just("archive"), st.integers(0, ASSORTMENTS - 1), st.none()),
)


@tagged("post_install", "-at_install")
class TestSaleableProperty(CatalogCommon):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        Area, Category = cls.env["kh.sales.area"], cls.env["product.category"]
        cls.areas = Area.create([{"name": f"Area {number}"} for number in range(AREAS)])
        cls.categories = Category.create([{"name": f"C {number}"} for number in range(CATEGORIES)])
        cls.products = cls._create_products(PRODUCTS, name="Random")
        cls.dealers = cls.dealer_a + cls.dealer_b
        cls.grades = cls.gold + cls.silver
        cls.assortments = cls.Assortment.create([{"name": str(n)} for n in range(ASSORTMENTS)])
        cls.websites = cls.website + cls.env["website"].create({"name": "Second channel"})
        cls.companies = cls.company + cls.env["res.company"].create({"name": "Second company"})

    # === THE WORLD IN THE DATABASE === #
    @staticmethod
    def _pick(records, numbers):
        return [Command.set([records[number].id for number in sorted(numbers)])]

    @staticmethod
    def _area_company(world, number):
        parent = world["area_parents"][number]
        above = None if parent is None else TestSaleableProperty._area_company(world, parent)
        return world["area_companies"][number] if above is None else above

    def _write_area(self, world, number):
        parent, company = world["area_parents"][number], self._area_company(world, number)
        self.areas[number].write(
            {
                "parent_id": False if parent is None else self.areas[parent].id,
                "company_id": False if company is None else self.companies[company].id,
            }
        )

    def _build(self, world):
        # products keep their links to assortments that were archived in the world before
        self.assortments.product_tmpl_ids = False
        for number in range(AREAS):
            self._write_area(world, number)
        for number, category in enumerate(self.categories):
            parent = world["category_parents"][number]
            category.write(
                {
                    "parent_id": False if parent is None else self.categories[parent].id,
                    "kh_area_include_ids": self._pick(
                        self.areas, world["category_includes"][number]
                    ),
                    "kh_area_exclude_ids": self._pick(
                        self.areas, world["category_excludes"][number]
                    ),
                }
            )
        for assortment, spec in zip(self.assortments, world["assortments"], strict=True):
            company = spec["company"]
            assortment.write(
                {
                    "active": spec["active"],
                    "company_id": False if company is None else self.companies[company].id,
                    "grade_ids": self._pick(self.grades, spec["grades"]),
                    "partner_ids": self._pick(self.dealers, spec["dealers"]),
                }
            )
        for product, spec in zip(self.products, world["products"], strict=True):
            category = spec["category"]
            product.write(
                {
                    "categ_id": False if category is None else self.categories[category].id,
                    "kh_area_include_ids": self._pick(self.areas, spec["includes"]),
                    "kh_area_exclude_ids": self._pick(self.areas, spec["excludes"]),
                    "kh_assortment_ids": self._pick(self.assortments, spec["assortments"]),
                    "kh_listing_ids": [
                        Command.clear(),
                        *(Command.create(self._window(*w)) for w in self._sound(spec["windows"])),
                    ],
                }
            )
        for number, dealer in enumerate(self.dealers):
            grade = world["dealer_grades"][number]
            dealer.write(
                {
                    "grade_id": False if grade is None else self.grades[grade].id,
                    "kh_sales_area_ids": self._pick(self.areas, world["dealer_areas"][number]),
                }
            )

    @staticmethod
    def _sound(windows):
        """Windows that the model takes: with a date, and from before to."""
        return [
            (begin, end, channel)
            for begin, end, channel in windows
            if not (begin is None and end is None) and (None in (begin, end) or begin < end)
        ]

    def _window(self, begin, end, channel):
        return {
            "date_from": False if begin is None else NOW + timedelta(minutes=begin),
            "date_to": False if end is None else NOW + timedelta(minutes=end),
            "website_id": False if channel is None else self.websites[channel].id,
        }

    # === THE REFERENCE === #
    @staticmethod
    def _chain(parents, number):
        chain = []
        while number is not None:
            chain.append(number)
            number = parents[number]
        return chain

    def _naive_areas(self, world, product, dealer, company):
        def here(areas):
            return {a for a in areas if self._area_company(world, a) in (None, company)}

        held = set()
        if dealer is not None:
            for area in here(world["dealer_areas"][dealer]):
                held.update(here(self._chain(world["area_parents"], area)))
        categories = self._chain(world["category_parents"], product["category"])
        sources = [product["includes"], *(world["category_includes"][c] for c in categories)]
        included = next((here(areas) for areas in sources if here(areas)), None)
        if included and not included & held:
            return False
        excluded = set(product["excludes"])
        for category in categories:
            excluded |= world["category_excludes"][category]
        return not excluded & held

    @staticmethod
    def _naive_assortments(world, product, dealer, company):
        grade = None if dealer is None else world["dealer_grades"][dealer]
        restricting = False
        for number in product["assortments"]:
            spec = world["assortments"][number]
            if not spec["active"] or spec["company"] not in (None, company):
                continue
            restricting = True
            if dealer is not None and (dealer in spec["dealers"] or grade in spec["grades"]):
                return True
        return not restricting

    def _naive_listing(self, product, channel, minute):
        windows = self._sound(product["windows"])
        own = [w for w in windows if channel is not None and w[2] == channel]
        asked = own or [w for w in windows if w[2] is None]
        if not asked:
            return True
        return any(
            (begin is None or begin <= minute) and (end is None or minute < end)
            for begin, end, _channel in asked
        )

    def _check_world(self, world):
        for dealer in (None, 0, 1):
            partner = self.nobody if dealer is None else self.dealers[dealer]
            for channel, company, minute in (
                (None, 0, 0), (0, 0, 1), (1, 1, -1), (0, 1, 30), (None, 1, -60),
            ):  # fmt: skip
                kept = self._saleable(
                    partner,
                    NOW + timedelta(minutes=minute, seconds=31),
                    website=self.env["website"] if channel is None else self.websites[channel],
                    company=self.companies[company],
                )
                expected = [
                    product.id
                    for product, spec in zip(self.products, world["products"], strict=True)
                    if self._naive_areas(world, spec, dealer, company)
                    and self._naive_assortments(world, spec, dealer, company)
                    and self._naive_listing(spec, channel, minute)
                ]
                self.assertEqual(sorted(kept.ids), sorted(expected))

    def _change(self, world, change):
        """Change one thing in the database, and return the world as it is then."""
        what, number, value = change
        world = {**world}
        if what == "move":
            below = self._chain(world["category_parents"], value)
            if number not in below:
                world["category_parents"] = self._replace(world["category_parents"], number, value)
                parent = False if value is None else self.categories[value].id
                self.categories[number].parent_id = parent
        elif what == "company":
            world["area_companies"] = self._replace(world["area_companies"], number, value)
            for area in range(AREAS):
                self._write_area(world, area)
        elif what == "archive":
            self.assortments[number].product_tmpl_ids = False
            self.assortments[number].active = False
            world["products"] = tuple(
                {**spec, "assortments": spec["assortments"] - {number}}
                for spec in world["products"]
            )
        else:
            world[what] = self._replace(world[what], number, value)
            field = {"category_includes": "include", "category_excludes": "exclude"}[what]
            self.categories[number][f"kh_area_{field}_ids"] = self._pick(self.areas, value)
        return world

    @staticmethod
    def _replace(values, number, value):
        return (*values[:number], value, *values[number + 1 :])

    def test_domain_agrees_with_reference(self):
        """Another handful of worlds in each run; Hypothesis prints the one that fails."""

        @settings(
            max_examples=15,
            deadline=None,
            database=None,
            suppress_health_check=list(HealthCheck),
        )
        @given(world=WORLDS, change=CHANGES)
        def check(world, change):
            self._build(world)
            self._check_world(world)
            self._check_world(self._change(world, change))

        check()
