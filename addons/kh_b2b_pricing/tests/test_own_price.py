"""Sorting and filtering by own price: SQL against the engine, and what nobody may learn."""

from datetime import timedelta
from random import Random

from odoo import fields
from odoo.exceptions import AccessError
from odoo.fields import Command
from odoo.tests import new_test_user, tagged
from odoo.tools import float_round

from ..engine.own_price import GeneralRule, Kind, choose_general
from .common import PricingCommon

ROUNDS = 30


class OwnPriceCommon(PricingCommon):
    """A world of products with variants, extras, costs, categories and a foreign currency."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.website = cls.env["website"].get_current_website()
        cls.website.kh_is_b2b = True
        cls.env["product.pricelist"].search([("id", "!=", cls.pricelist.id)]).write(
            {"selectable": False, "website_id": False}
        )
        cls.website.user_id.partner_id.specific_property_product_pricelist = cls.pricelist
        cls.other_category = cls.env["product.category"].create({"name": "Other"})
        cls.series = cls._create_template_with_variants(count=3)
        cls.series.categ_id = cls.category
        values = cls.series.attribute_line_ids.product_template_value_ids
        for value, extra in zip(values, (0.0, 7.5, 12.35), strict=True):
            value.price_extra = extra
        products = [
            cls._create_product(
                f"Own {n}",
                f"KH-OWN-{n}",
                list_price=10 + 7.13 * n,
                standard_price=3 + 2.07 * n,
                categ_id=(cls.category, cls.parent_category, cls.other_category)[n % 3].id,
            )
            for n in range(7)
        ]
        cls.variants = cls.env["product.product"].union(*products) | cls.series.product_variant_ids
        cls.variants |= cls.product | cls.product_2
        cls.templates = cls.variants.product_tmpl_id
        cls.user_a = cls._create_portal_user(cls.dealer_a, "kh_own_a")
        cls.user_b = cls._create_portal_user(cls.dealer_b, "kh_own_b")
        cls.stranger = cls.env.ref("base.public_user")
        cls.bases = dict(cls.env["product.pricelist.item"]._fields["base"].selection)
        cls.viewers = {
            cls.user_a: cls.dealer_a,
            cls.user_b: cls.dealer_b,
            cls.stranger: cls.nobody,
        }

    def _random_rule(self, random, day):
        """Values of one rule; owners, targets, kinds, minimums and dates at random."""
        target = random.choice(["product_id"] * 4 + ["product_tmpl_id"] * 3 + ["categ_id", None])
        price = self._random_price(random)
        vals = {
            "pricelist_id": self.pricelist.id,
            "min_quantity": random.choice([0, 0, 0, 1, 1, 2, 10]),
            "date_start": random.choice([False, False, *(day - timedelta(n) for n in (1, 5, -3))]),
            "date_end": random.choice([False, False, day + timedelta(9)]),
            "kh_is_pending": False,
        }
        if vals["date_end"] and random.random() < 0.2:
            vals.update(date_start=day - timedelta(9), date_end=day - timedelta(1))
        if target:
            records = {
                "product_id": self.variants,
                "product_tmpl_id": self.templates,
                "categ_id": self.category + self.parent_category + self.other_category,
            }[target]
            vals[target] = random.choice(records.ids)
        owner = random.choice(["a", "b", "gold", "silver", None, None])
        if owner in ("a", "b"):
            vals["kh_partner_id"] = (self.dealer_a if owner == "a" else self.dealer_b).id
        elif owner:
            vals["kh_grade_id"] = (self.gold if owner == "gold" else self.silver).id
        elif price.get("base") == "kh_market":  # the market price is no ratio of itself
            vals["kh_partner_id"] = self.dealer_a.id
        return {**vals, **price}

    def _random_price(self, random):
        kinds = ["fixed"] * 3 + ["ratio", "ratio", "cost", "formula", "pricelist"]
        if "kh_market" in self.bases:
            kinds += ["kh_market"] * 2
        kind = random.choice(kinds)
        if kind == "fixed":
            return {"compute_price": "fixed", "fixed_price": random.randint(100, 9999) / 100}
        percent = random.choice([5, 12.5, 33.33, 15, -7.7])
        if kind == "ratio":
            return {"compute_price": "percentage", "percent_price": percent}
        if kind == "kh_market":
            return {"compute_price": "percentage", "percent_price": percent, "base": kind}
        if kind == "cost":
            return {
                "compute_price": "percentage",
                "percent_price": percent,
                "base": "standard_price",
            }
        if kind == "pricelist":
            return {
                "compute_price": "percentage",
                "percent_price": percent,
                "base": "pricelist",
                "base_pricelist_id": self.base_list.id,
            }
        low, high = random.choice([(0, 0), (1.5, 4), (-9, 0), (0, 2)])
        return {
            "compute_price": "formula",
            "base": random.choice(["list_price", "standard_price"]),
            "price_discount": percent,
            "price_round": random.choice([0.0, 0.05, 1.0, 10.0]),
            "price_surcharge": random.choice([0.0, -0.01, 2.5]),
            "price_min_margin": low if low <= high or not high else 0,
            "price_max_margin": high,
        }

    def _engine_prices(self, partner):
        prices = self.pricelist.sudo()._get_products_price(
            self.variants, 1.0, date=fields.Datetime.now(), kh_partner=partner
        )
        digits = self.env["decimal.precision"].precision_get("Product Price")
        return {key: float_round(price, precision_digits=digits) for key, price in prices.items()}

    def _found(self, user, model="product.product", domain=(), order="kh_own_price asc, id asc"):
        records = self.variants if model == "product.product" else self.templates
        domain = [("id", "in", records.ids), *domain]
        return self.env[model].with_user(user).with_context(tz="UTC").search(domain, order=order)


@tagged("post_install", "-at_install")
class TestOwnPrice(OwnPriceCommon):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.base_list = cls.env["product.pricelist"].create(
            {
                "name": "Base",
                "item_ids": [
                    Command.create({"compute_price": "percentage", "percent_price": 20.0}),
                    Command.create(
                        {
                            "compute_price": "fixed",
                            "fixed_price": 31.4,
                            "applied_on": "1_product",
                            "product_tmpl_id": cls.product.product_tmpl_id.id,
                        }
                    ),
                ],
            }
        )

    def _check_world(self, random, label):
        for user, partner in self.viewers.items():
            engine = self._engine_prices(partner)
            by_variant = sorted(self.variants.ids, key=lambda key: (engine[key], key))
            self.assertEqual(self._found(user).ids, by_variant, (label, user.login, engine))
            falling = sorted(self.variants.ids, key=lambda key: (-engine[key], key))
            self.assertEqual(self._found(user, order="kh_own_price desc, id asc").ids, falling)
            lowest = {
                template.id: min(engine[variant.id] for variant in template.product_variant_ids)
                for template in self.templates
            }
            by_template = sorted(lowest, key=lambda key: (lowest[key], key))
            self.assertEqual(self._found(user, "product.template").ids, by_template, label)
            low, high = sorted(random.sample(sorted(engine.values()), 2))
            with self.subTest(label=label, user=user.login, low=low, high=high):
                domain = self.env["product.product"].with_user(user)._kh_own_price_domain(low, high)
                inside = {  # an end of 0 is open
                    key
                    for key, price in engine.items()
                    if (low or price) <= price <= (high or price)
                }
                self.assertEqual(set(self._found(user, domain=domain).ids), inside)
                above = self._found(user, domain=[("kh_own_price", ">", low)])
                self.assertEqual(
                    set(above.ids), {key for key, price in engine.items() if price > low}
                )
            shown = self.variants.with_user(user)
            shown.invalidate_recordset(["kh_own_price"])
            for product in shown:
                self.assertAlmostEqual(product.kh_own_price, engine[product.id], 2)

    def test_order_and_filter_agree_with_the_engine(self):
        """Random worlds: SQL and engine name the same order and the same products."""
        day = fields.Datetime.now()
        random = Random(20261128)
        for number in range(ROUNDS):
            rules = self.env["product.pricelist.item"].create(
                [self._random_rule(random, day) for _n in range(random.randint(0, 25))]
            )
            self._check_world(random, number)
            rules.unlink()

    def test_foreign_currency(self):
        usd = self.env.ref("base.USD")
        usd.active = True
        self.env["res.currency.rate"].search([("currency_id", "=", usd.id)]).unlink()
        if usd == self.company.currency_id:
            usd = self.env.ref("base.EUR")
            usd.active = True
        self.env["res.currency.rate"].create(
            {"currency_id": usd.id, "rate": 0.1397, "name": "2020-01-01", "company_id": False}
        )
        self.pricelist.currency_id = usd
        self._create_rule(percent=15, kh_grade_id=self.gold.id)
        self._create_rule(percent=-40, base="standard_price", kh_partner_id=self.dealer_b.id)
        self._create_rule(5.5, product_id=self.product.id)
        self._check_world(Random(1), "foreign currency")

    def test_prices_of_a_head_office_hold_for_branches_after_their_own(self):
        branch = self.env["res.partner"].create(
            {"name": "Branch", "is_company": True, "parent_id": self.dealer_a.id}
        )
        sub = self.env["res.partner"].create(
            {"name": "Sub-branch", "is_company": True, "parent_id": branch.id}
        )
        for partner in (branch, sub):
            partner.specific_property_product_pricelist = self.pricelist
        head = {"kh_partner_id": self.dealer_a.id}
        own, other, third = (self.product, self.product_2, self.series.product_variant_ids[0])
        self._create_rule(1.5, kh_with_branches=True, product_id=own.id, **head)
        self._create_rule(2.5, kh_with_branches=True, product_id=other.id, **head)
        self._create_rule(0.5, product_id=third.id, **head)  # not for branches
        self._create_rule(60.0, kh_partner_id=branch.id, product_id=other.id, kh_with_branches=True)
        self._create_rule(61.0, kh_partner_id=sub.id, product_id=third.id)
        prices = {}
        for partner in (branch, sub):
            user = self._create_portal_user(partner, f"kh_own_{partner.name}".replace("-", "_"))
            rows = self.env.execute_query(
                self.env["product.product"].with_user(user)._kh_sql_own_price()
            )
            prices[partner] = dict(rows)
            self.assertEqual(self._found(user)[0], own)
        self.assertEqual([prices[branch][p.id] for p in (own, other, third)], [1.5, 60.0, 100.0])
        self.assertEqual([prices[sub][p.id] for p in (own, other, third)], [1.5, 60.0, 61.0])

    def test_product_without_variants_has_its_own_price(self):
        bare = self.env["product.template"].create({"name": "Bare", "list_price": 3.0})
        bare.product_variant_ids.unlink()
        if not bare.exists():
            bare = self.env["product.template"].create(
                {
                    "name": "Bare",
                    "list_price": 3.0,
                    "attribute_line_ids": [
                        Command.create(
                            {
                                "attribute_id": self._dynamic_attribute().id,
                                "value_ids": [Command.set(self._dynamic_attribute().value_ids.ids)],
                            }
                        )
                    ],
                }
            )
        self.assertFalse(bare.product_variant_ids)
        self._create_rule(2.25, product_tmpl_id=bare.id, kh_partner_id=self.dealer_a.id)
        query = self.env["product.template"].with_user(self.user_a)._kh_sql_own_price()
        self.assertEqual(dict(self.env.execute_query(query))[bare.id], 2.25)
        self.assertEqual(bare.with_user(self.user_a).sudo().kh_own_price, 2.25)

    def _dynamic_attribute(self):
        attribute = self.env["product.attribute"].search([("name", "=", "KH dynamic")])
        return attribute or self.env["product.attribute"].create(
            {
                "name": "KH dynamic",
                "create_variant": "dynamic",
                "value_ids": [Command.create({"name": "1"}), Command.create({"name": "2"})],
            }
        )

    def test_plain_pricelists_sort_by_the_sales_price(self):
        plain = self.env["product.pricelist"].create({"name": "Plain", "selectable": True})
        self.dealer_a.specific_property_product_pricelist = plain
        self._create_rule(0.01, product_id=self.product.id, kh_partner_id=self.dealer_a.id)
        rows = dict(
            self.env.execute_query(
                self.env["product.product"].with_user(self.user_a)._kh_sql_own_price()
            )
        )
        self.assertEqual(rows[self.product.id], 100.0)

    def test_queries_do_not_grow_with_products(self):
        self._create_rule(percent=10, kh_grade_id=self.gold.id)
        counts = []
        for amount in (1, 60):
            for n in range(amount):
                product = self._create_product(f"Many {amount} {n}", f"KH-M-{amount}-{n}")
                self._create_rule(5 + n, product_id=product.id, kh_partner_id=self.dealer_a.id)
            self.env.flush_all()
            domain = [("default_code", "like", "KH-M-")]
            products = self.env["product.product"].with_user(self.user_a)
            for _warm in range(2):
                self.env.invalidate_all()
                before = self.env.cr.sql_log_count
                products.search_fetch(domain, ["default_code"], order="kh_own_price desc", limit=20)
                count = self.env.cr.sql_log_count - before
            counts.append(count)
        self.assertEqual(counts[0], counts[1])

    # --- what nobody may learn

    def test_a_context_from_outside_names_nobody_else(self):
        self._create_rule(1.0, product_id=self.product_2.id, kh_partner_id=self.dealer_b.id)
        for user in (self.user_a, self.stranger):
            products = self.env["product.product"].with_user(user)
            forged = products.with_context(kh_partner_id=self.dealer_b.id)
            found = forged.search([("kh_own_price", "=", 1.0), ("id", "in", self.variants.ids)])
            self.assertFalse(found, user.login)
            self.assertEqual(
                forged.search([("id", "in", self.variants.ids)], order="kh_own_price, id"),
                products.search([("id", "in", self.variants.ids)], order="kh_own_price, id"),
            )
            self.assertEqual(self.product_2.with_env(forged.env).kh_own_price, 100.0)
        mine = self.env["product.product"].with_user(self.user_b)
        self.assertEqual(
            mine.search([("kh_own_price", "=", 1.0), ("id", "in", self.variants.ids)]),
            self.product_2,
        )

    def test_employees_who_have_nothing_to_do_with_prices_ask_for_nobody(self):
        self._create_rule(1.0, product_id=self.product_2.id, kh_partner_id=self.dealer_b.id)
        storeman = new_test_user(self.env, "kh_storeman", "base.group_user")
        context = {"kh_partner_id": self.dealer_b.id}
        asked = self.product_2.with_user(storeman).with_context(**context)
        self.assertEqual(asked.kh_own_price, 100.0)
        self.assertEqual(asked.sudo().kh_own_price, 100.0, "also where code runs as superuser")
        self.assertEqual(self.product_2.with_context(**context).kh_own_price, 1.0)

    def test_no_order_or_domain_reaches_foreign_rules(self):
        """Crafted orders and domains fail, or say the same as without the foreign rule."""
        products = self.env["product.template"].with_user(self.user_a)
        domain = [("id", "in", self.templates.ids)]
        asks = [
            lambda: products.search(domain, order="pricelist_rule_ids.fixed_price").ids,
            lambda: products.search(domain, order="pricelist_rule_ids").ids,
            lambda: products.search(domain, order="standard_price").ids,
            lambda: products.search([*domain, ("pricelist_rule_ids.fixed_price", "<", 5)]).ids,
            lambda: products.search([*domain, ("pricelist_rule_ids.kh_partner_id", "!=", 0)]).ids,
            lambda: (
                products.search(
                    [*domain, ("product_variant_ids.pricelist_rule_ids.fixed_price", "=", 1)]
                ).ids
            ),
            lambda: products.formatted_read_group(domain, ["kh_own_price"], ["__count"]),
            lambda: products.formatted_read_group(domain, [], ["kh_own_price:min"]),
            lambda: products.search_read(domain, ["kh_own_price"], order="kh_own_price, id"),
        ]

        def answers():
            self.env.invalidate_all()
            found = []
            for ask in asks:
                try:
                    with self.env.cr.savepoint():
                        found.append(ask())
                except (AccessError, ValueError) as error:
                    found.append(type(error).__name__)
            return found

        before = answers()
        self._create_rule(1.0, product_id=self.product_2.id, kh_partner_id=self.dealer_b.id)
        self._create_rule(2.0, product_id=self.product.id, kh_grade_id=self.silver.id)
        self.assertEqual(answers(), before)

    def test_staff_sort_by_market_price_or_by_whom_they_serve(self):
        staff = self._create_staff()["order_clerk"]
        self._create_rule(1.0, product_id=self.product_2.id, kh_partner_id=self.dealer_b.id)
        self.assertNotEqual(self._found(staff)[0], self.product_2)
        serving = self.env["product.product"].with_user(staff)
        serving = serving.with_context(kh_partner_id=self.dealer_b.id)
        found = serving.search([("id", "in", self.variants.ids)], order="kh_own_price", limit=1)
        self.assertEqual(found, self.product_2)


@tagged("post_install", "-at_install")
class TestGeneralRules(PricingCommon):
    def test_nearest_category_then_all_in_each_place(self):
        def rule(place, categ_id, key, minimum=0.0):
            return GeneralRule(place, categ_id, key, minimum, None, Kind.FIXED, 1.0)

        rules = [
            rule(1001, None, 1),
            rule(1000, 7, 2),
            rule(1000, 7, 3, 1.0),
            rule(0, 5, 4),
            rule(0, None, 5),
        ]
        paths = {7: (7, 5), 5: (5,), 9: (9,)}
        chosen = choose_general(rules, paths)
        self.assertEqual({key: won.id for key, won in chosen.items()}, {0: 5, 7: 4, 5: 4, 9: 5})
        chosen = choose_general(rules[:3], paths)
        self.assertEqual({key: won.id for key, won in chosen.items()}, {0: 1, 7: 3, 5: 1, 9: 1})
