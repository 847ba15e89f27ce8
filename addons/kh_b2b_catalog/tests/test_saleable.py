from datetime import datetime

from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.fields import Command, Domain
from odoo.tests import freeze_time, new_test_user, tagged

from .common import CatalogCommon


@tagged("post_install", "-at_install")
class TestAssortment(CatalogCommon):
    def test_nothing_is_restricted_before_anything_is_set_up(self):
        self.Assortment.search([]).product_tmpl_ids = False
        self.Assortment.search([]).active = False
        self.Listing.search([]).unlink()
        self.assertTrue(self.Product._kh_saleable_domain(self.dealer_a).is_true())
        self._warm()
        with self.assertQueryCount(0):
            self.assertEqual(self.products._kh_filter_saleable(self.dealer_b), self.products)
            self.assertNotIn("kh_is_visible", str(self.website._product_domain()))
        self.assertEqual(self._visible(self.user_a), self.products)
        self.assertEqual(self._visible(self.public_user), self.products)

    def test_assortment_of_a_dealer(self):
        self._create_assortment(self.p1 + self.p2, self.dealer_a)
        self.assertEqual(self._saleable(self.dealer_a), self.products)
        self.assertEqual(self._saleable(self.dealer_b), self.p3 + self.p4)
        self.assertEqual(self._saleable(self.nobody), self.p3 + self.p4)
        self.assertEqual(self._visible(self.user_a), self.products)
        self.assertEqual(self._visible(self.user_b), self.p3 + self.p4)
        self.assertEqual(self._visible(self.public_user), self.p3 + self.p4)

    def test_people_of_the_dealer_see_what_the_dealer_sees(self):
        self._create_assortment(self.p1, self.dealer_a)
        person = self.user_a.partner_id
        self.assertEqual(self._saleable(person), self.products)
        self.assertEqual(person.kh_visible_assortment_ids, self.dealer_a.kh_assortment_ids)

    def test_assortment_of_a_level(self):
        assortment = self._create_assortment(self.p1, grades=self.gold)
        self.assertEqual(self._visible(self.user_a), self.products)
        self.assertEqual(self._visible(self.user_b), self.products - self.p1)
        self.assertEqual(assortment.dealer_count, 1)
        self.dealer_b.grade_id = self.gold
        self.assertEqual(self._visible(self.user_b), self.products)
        self.gold.kh_assortment_ids = [Command.clear()]
        self.assertEqual(self._visible(self.user_a), self.products - self.p1)

    def test_one_of_several_assortments_is_enough(self):
        self._create_assortment(self.p1, self.dealer_a, name="First")
        second = self._create_assortment(self.p1 + self.p2, self.dealer_b, name="Second")
        self.assertEqual(self._saleable(self.dealer_a), self.products - self.p2)
        self.assertEqual(self._saleable(self.dealer_b), self.products)
        second.product_tmpl_ids = [Command.unlink(self.p1.id)]
        self.assertEqual(self._saleable(self.dealer_b), self.products - self.p1)

    def test_archived_and_deleted_assortments_restrict_nothing(self):
        assortment = self._create_assortment(self.p1, self.dealer_b)
        other = self._create_assortment(self.p1, self.dealer_a)
        assortment.active = False
        self.assertEqual(self._visible(self.user_b), self.products - self.p1)
        assortment.active = True
        self.assertEqual(self._visible(self.user_b), self.products)
        assortment.unlink()
        self.assertEqual(self._visible(self.user_b), self.products - self.p1)
        self.p1.kh_assortment_ids = False
        other.unlink()
        self.assertEqual(self._visible(self.user_b), self.products)

    def test_an_assortment_of_nobody_hides(self):
        self._create_assortment(self.p1)
        self.assertEqual(self._visible(self.user_a), self.products - self.p1)

    def test_written_on_the_product(self):
        assortment = self._create_assortment(self.p1, self.dealer_a)
        self.p2.kh_assortment_ids = assortment
        self.assertEqual(self._visible(self.user_b), self.p3 + self.p4)
        self.p2.kh_assortment_ids = False
        self.assertEqual(self._visible(self.user_b), self.products - self.p1)
        copied = self.p1.copy()
        self.assertFalse(copied.with_user(self.user_b).has_access("read"))

    def test_assortment_of_another_company(self):
        company = self.env["res.company"].create({"name": "Second company"})
        assortment = self._create_assortment(self.p1, self.dealer_a, company_id=company.id)
        self.assertEqual(self._saleable(self.dealer_b), self.products, "not ours")
        kept = self._saleable(self.dealer_b, company=company)
        self.assertEqual(kept, self.products - self.p1)
        self.assertEqual(self._saleable(self.dealer_a, company=company), self.products)
        # an assortment of ours on the same product: the dealer of the other one is a stranger
        self._create_assortment(self.p1, self.dealer_b, company_id=self.company.id)
        self.assertEqual(self._saleable(self.dealer_a), self.products - self.p1)
        self.assertEqual(self._saleable(self.dealer_b), self.products)
        self.assertEqual(self._saleable(self.dealer_b, company=company), self.products - self.p1)
        third = self.env["res.company"].create({"name": "Founded later"})
        self.assertEqual(self._saleable(self.nobody, company=third), self.products)
        assortment.company_id = False
        self.assertEqual(self._saleable(self.dealer_a), self.products)

    def test_employees_and_the_system_see_everything(self):
        self._create_assortment(self.p1, self.dealer_a)
        clerk = new_test_user(
            self.env, "kh_catalog_clerk", groups="kh_b2b_member.group_b2b_order_clerk"
        )
        self.assertEqual(self._visible(clerk), self.products)
        products = self.Product.with_user(self.user_b).sudo()
        self.assertEqual(products.search([("id", "in", self.products.ids)]), self.products)

    def test_the_field_answers_for_the_person_also_in_sudo(self):
        self._create_assortment(self.p1, self.dealer_a)
        products = self.products.with_user(self.user_b).sudo()
        self.assertEqual(products.filtered("kh_is_visible"), self.products - self.p1)
        found = products.search([("kh_is_visible", "=", False), ("id", "in", products.ids)])
        self.assertEqual(found, self.p1)
        variants = products.product_variant_ids
        self.assertEqual(variants.filtered("kh_is_visible").product_tmpl_id, products - self.p1)

    def test_hidden_products_are_refused_over_rpc(self):
        self._create_assortment(self.p1, self.dealer_a)
        product = self.p1.with_user(self.user_b)
        for record in (product, product.sudo().product_variant_id.sudo(False)):
            record.invalidate_recordset()
            with self.assertRaises(AccessError):
                record.read(["name"])
            self.assertFalse(record.search([("name", "=", self.p1.name)]))
            self.assertFalse(record.name_search(self.p1.name))
        groups = product.formatted_read_group(
            [("id", "in", self.products.ids)], ["name"], ["list_price:sum"]
        )
        self.assertEqual(len(groups), 3)
        # neither by way of another model, nor by the context
        website = product.with_context(website_id=self.website.id)
        self.assertFalse(website.has_access("read"))
        self.assertFalse(
            product.with_context(active_test=False, kh_is_visible=1).has_access("read")
        )

    def test_assortments_are_not_read_by_dealers(self):
        assortment = self._create_assortment(self.p1, self.dealer_a)
        for user in (self.user_a, self.public_user):
            with self.assertRaises(AccessError):
                assortment.with_user(user).read(["name"])
            with self.assertRaises(AccessError):
                self.p2.with_user(user).read(["kh_assortment_ids"])
            with self.assertRaises(AccessError):
                user.partner_id.with_user(user).read(["kh_visible_assortment_ids"])

    def test_only_product_managers_write(self):
        assortment = self._create_assortment(self.p1, self.dealer_a)
        clerk, manager = (
            new_test_user(self.env, f"kh_catalog_{role}", groups=f"kh_b2b_member.group_b2b_{role}")
            for role in ("order_clerk", "product_manager")
        )
        assortment.with_user(clerk).read(["name"])
        for refused in (
            lambda: assortment.with_user(clerk).write({"name": "Mine"}),
            lambda: assortment.with_user(clerk)._kh_add_products([("id", "=", self.p2.id)]),
            lambda: self.p2.with_user(clerk).write({"kh_assortment_ids": assortment.ids}),
            lambda: self.p2.with_user(clerk)._kh_set_areas("kh_area_include_ids", self.south),
            lambda: self.category.with_user(clerk).write({"kh_area_include_ids": self.south.ids}),
            lambda: self.Listing.with_user(clerk).create(
                {"product_tmpl_id": self.p2.id, "date_from": "2026-01-01"}
            ),
            lambda: self.env["kh.catalog.assign"].with_user(clerk).create({}),
        ):
            with self.assertRaises(AccessError):
                refused()
        assortment.with_user(manager).product_tmpl_ids = self.p2
        self.p3.with_user(manager).kh_area_include_ids = self.south
        self._create_listing(self.p4.with_user(manager), "2026-01-01")
        self.assertEqual(self._visible(self.user_b), self.p1 + self.p4)

    def test_assortments_of_other_companies_are_not_read(self):
        company = self.env["res.company"].create({"name": "Second company"})
        assortment = self._create_assortment(self.p1, company_id=company.id)
        manager = new_test_user(
            self.env, "kh_catalog_manager", groups="kh_b2b_member.group_b2b_product_manager"
        )
        with self.assertRaises(AccessError):
            assortment.with_user(manager).read(["name"])


@tagged("post_install", "-at_install")
class TestArea(CatalogCommon):
    def test_included_areas_hold_for_the_areas_in_them(self):
        self.p1.kh_area_include_ids = self.guangdong
        self.p2.kh_area_include_ids = self.shanghai + self.guangzhou
        self.assertEqual(self._saleable(self.dealer_a), self.products)
        self.assertEqual(self._saleable(self.dealer_b), self.products - self.p1)
        self.assertEqual(self._saleable(self.nobody), self.p3 + self.p4)
        self.dealer_a.kh_sales_area_ids = self.south
        self.assertEqual(self._saleable(self.dealer_a), self.p3 + self.p4, "not wholly in one")

    def test_excluded_areas_win(self):
        self.p1.kh_area_include_ids = self.south
        self.p1.kh_area_exclude_ids = self.guangdong
        self.p2.kh_area_exclude_ids = self.shanghai
        self.assertEqual(self._saleable(self.dealer_a), self.products - self.p1)
        self.assertEqual(self._saleable(self.dealer_b), self.p3 + self.p4)
        self.assertEqual(self._saleable(self.nobody), self.products - self.p1)
        self.dealer_a.kh_sales_area_ids += self.shanghai
        self.assertEqual(self._saleable(self.dealer_a), self.p3 + self.p4, "in one of several")

    def test_categories_hand_their_areas_down(self):
        self.parent_category.kh_area_include_ids = self.shanghai
        self.assertFalse(self._saleable(self.dealer_a))
        self.assertEqual(self._saleable(self.dealer_b), self.products)
        self.category.kh_area_include_ids = self.guangdong
        self.assertEqual(self._saleable(self.dealer_a), self.products, "the nearer one counts")
        self.p1.kh_area_include_ids = self.shanghai
        self.assertEqual(self._saleable(self.dealer_a), self.products - self.p1)
        self.assertEqual(self._saleable(self.dealer_b), self.p1)
        self.parent_category.kh_area_exclude_ids = self.guangzhou
        self.assertFalse(self._saleable(self.dealer_a), "exclusions add up")

    def test_products_and_categories_that_move(self):
        self.parent_category.kh_area_include_ids = self.shanghai
        other = self.env["product.category"].create({"name": "Other"})
        self.p1.categ_id = other
        self.assertEqual(self._saleable(self.dealer_a), self.p1)
        new = self._create_products(1, name="New")
        self.assertFalse(new._kh_filter_saleable(self.dealer_a), "born into a restriction")
        self.category.parent_id = other
        self.assertEqual(self._saleable(self.dealer_a), self.products)
        other.kh_area_exclude_ids = self.south
        self.assertFalse(self._saleable(self.dealer_a))

    def test_areas_that_move(self):
        self.p1.kh_area_include_ids = self.guangdong
        self.assertEqual(self._visible(self.user_a), self.products)
        self.guangzhou.parent_id = self.shanghai
        self.assertEqual(self._visible(self.user_a), self.products - self.p1)
        self.guangzhou.parent_id = self.guangdong
        self.guangdong.active = False
        self.assertEqual(self._visible(self.user_a), self.products, "an archived area stays one")

    def test_an_area_in_use_is_not_deleted(self):
        """Without the area the product would become everybody's."""
        area = self.env["kh.sales.area"].create({"name": "Tibet"})
        self.p1.kh_area_include_ids = area
        with self.assertRaises(UserError):
            area.unlink()
        self.p1.kh_area_include_ids = False
        self.category.kh_area_exclude_ids = area
        with self.assertRaises(UserError):
            area.unlink()
        self.category.kh_area_exclude_ids = False
        area.unlink()

    def test_areas_of_another_company(self):
        company = self.env["res.company"].create({"name": "Second company"})
        theirs = self.env["kh.sales.area"].create({"name": "Theirs", "company_id": company.id})
        self.p1.kh_area_include_ids = theirs
        self.assertEqual(self._saleable(self.dealer_a), self.products)
        self.assertEqual(self._saleable(self.dealer_a, company=company), self.products - self.p1)
        self.dealer_a.kh_sales_area_ids += theirs
        self.assertEqual(self._saleable(self.dealer_a, company=company), self.products)
        self.p2.kh_area_exclude_ids = theirs
        self.assertEqual(self._saleable(self.dealer_a), self.products)
        self.assertEqual(self._saleable(self.dealer_a, company=company), self.products - self.p2)
        theirs.company_id = False
        self.assertEqual(self._saleable(self.dealer_b), self.products - self.p1)


@tagged("post_install", "-at_install")
class TestListing(CatalogCommon):
    def test_listed_to_the_minute(self):
        self._create_listing(self.p1, "2026-03-01 08:00:00", "2026-03-05 18:30:00")
        self._create_listing(self.p1, "2026-04-01 00:00:00")
        for moment, is_listed in (
            ("2026-03-01 07:59:59", False),
            ("2026-03-01 08:00:00", True),
            ("2026-03-05 18:29:59", True),
            ("2026-03-05 18:30:00", False),
            ("2026-03-31 23:59:59", False),
            ("2026-04-01 00:00:01", True),
        ):
            date = datetime.fromisoformat(moment)
            expected = self.products if is_listed else self.products - self.p1
            self.assertEqual(self._saleable(self.dealer_a, date), expected, moment)

    def test_time_passes_without_any_job(self):
        with freeze_time("2026-03-01 07:59:00"):
            self._create_listing(self.p1, "2026-03-01 08:00:00", "2026-03-01 09:00:00")
            self.assertEqual(self._visible(self.user_a), self.products - self.p1)
        self.env.invalidate_all()
        with freeze_time("2026-03-01 08:00:20"):
            self.assertEqual(self._visible(self.user_a), self.products)
        self.env.invalidate_all()
        with freeze_time("2026-03-01 09:00:00"):
            self.assertEqual(self._visible(self.user_a), self.products - self.p1)

    def test_a_channel_with_its_own_times_ignores_the_general_ones(self):
        other = self.env["website"].create({"name": "Other channel"})
        self._create_listing(self.p1, "2026-03-01", "2026-12-31")
        self._create_listing(self.p1, "2026-06-01", website=self.website)
        self._create_listing(self.p2, "2026-06-01", website=self.website)
        spring, winter = datetime(2026, 4, 1), datetime(2027, 1, 15)
        none = self.env["website"]
        for website, date, hidden in (
            (none, spring, none),
            (self.website, spring, self.p1 + self.p2),
            (other, spring, none),
            (none, winter, self.p1),
            (self.website, winter, none),
            (other, winter, self.p1),
        ):
            kept = self._saleable(self.dealer_a, date, website=website)
            expected = self.products - hidden if hidden else self.products
            self.assertEqual(kept, expected)

    def test_removed_times_list_the_product_again(self):
        listing = self._create_listing(self.p1, "2099-01-01")
        self.assertEqual(self._visible(self.user_a), self.products - self.p1)
        listing.product_tmpl_id = self.p2
        self.assertEqual(self._visible(self.user_a), self.products - self.p2)
        listing.unlink()
        self.assertEqual(self._visible(self.user_a), self.products)

    def test_a_time_needs_a_date(self):
        with self.assertRaises(ValidationError):
            self._create_listing(self.p1)

    def test_a_copy_is_listed_no_earlier(self):
        self._create_listing(self.p1, "2099-01-01")
        self.assertFalse(self.p1.copy()._kh_filter_saleable(self.dealer_a))


@tagged("post_install", "-at_install")
class TestReasons(CatalogCommon):
    def test_every_reason_is_named(self):
        self._create_assortment(self.p1, self.dealer_b)
        self.p2.kh_area_include_ids = self.shanghai
        self._create_listing(self.p3, "2099-05-01 10:00:00")
        self._create_listing(self.p4, "2020-01-01", "2020-02-01")
        reasons = self.products.with_context(tz="UTC")._kh_explain_unsaleable(self.dealer_a)
        self.assertEqual(
            [reasons[product.id] for product in self.products],
            [
                "Not in your catalogue.",
                "Not sold in your sales area.",
                "Not for sale before 2099-05-01 10:00.",
                "Not for sale any more.",
            ],
        )

    def test_a_stranger_does_not_learn_when(self):
        self._create_assortment(self.p1, self.dealer_b)
        self._create_listing(self.p1, "2099-05-01 10:00:00")
        reasons = self.p1._kh_explain_unsaleable(self.dealer_a)
        self.assertEqual(reasons[self.p1.id], "Not in your catalogue.")


@tagged("post_install", "-at_install")
class TestBulk(CatalogCommon):
    def test_products_are_added_and_removed_by_filter(self):
        assortment = self._create_assortment(self.Product, self.dealer_a)
        wizard = (
            self.env["kh.catalog.assign"]
            .with_context(active_model="product.template", active_ids=(self.p1 + self.p2).ids)
            .create({"add_assortment_ids": assortment.ids})
        )
        self.assertEqual(wizard.product_count, 2)
        wizard.action_apply()
        wizard.action_apply()
        self.assertEqual(assortment.product_tmpl_ids, self.p1 + self.p2)
        self.assertEqual(self.p1.kh_assortment_ids, assortment)
        self.assertEqual(self._visible(self.user_b), self.p3 + self.p4)
        wizard.write(
            {
                "product_domain": str([("id", "=", self.p1.id)]),
                "add_assortment_ids": [Command.clear()],
                "remove_assortment_ids": assortment.ids,
            }
        )
        wizard.action_apply()
        self.assertEqual(assortment.product_tmpl_ids, self.p2)
        self.assertEqual(self._visible(self.user_b), self.products - self.p2)

    def test_a_selection_of_any_length(self):
        """Odoo refuses to read a filter as long as these ids, so none is made of them."""
        self.p2.active = False
        wizards = self.env["kh.catalog.assign"].with_context(active_model="product.template")
        last = self.products.ids[-1]
        many = wizards.with_context(active_ids=list(range(1, last + 70_000)))
        chosen = self.Product.with_context(active_test=False).search_count([("id", ">", 0)])
        self.assertEqual(many.create({}).product_count, chosen)
        self.assertFalse(wizards.with_context(active_ids=[]).create({}).product_count)

    def test_areas_of_a_category_in_bulk(self):
        wizard = self.env["kh.catalog.assign"].create(
            {
                "product_domain": str([("name", "like", "Secret")]),
                "category_id": self.parent_category.id,
                "is_include_changed": True,
                "include_area_ids": self.shanghai.ids,
            }
        )
        wizard.action_apply()
        self.assertEqual(self.p1.kh_area_include_ids, self.shanghai)
        self.assertFalse(self._saleable(self.dealer_a))
        wizard.write(
            {
                "include_area_ids": [Command.clear()],
                "is_exclude_changed": True,
                "exclude_area_ids": self.shanghai.ids,
            }
        )
        wizard.action_apply()
        self.assertEqual(self._saleable(self.dealer_a), self.products)
        self.assertFalse(self._saleable(self.dealer_b))

    def test_a_bad_filter_and_an_empty_choice_are_refused(self):
        wizard = self.env["kh.catalog.assign"].create({"product_domain": "[]"})
        with self.assertRaisesRegex(UserError, "Choose assortments"):
            wizard.action_apply()
        wizard.product_domain = "__import__('os')"
        with self.assertRaisesRegex(UserError, "cannot be read"):
            wizard.action_apply()

    def test_keys_are_rebuilt_after_a_load_by_sql(self):
        assortment = self._create_assortment(self.Product, self.dealer_a)
        self.env.cr.execute(
            "INSERT INTO kh_catalog_assortment_product_rel VALUES (%s, %s)",
            [assortment.id, self.p1.id],
        )
        self.Product._kh_refresh_keys()
        self.assertEqual(self._visible(self.user_b), self.products - self.p1)

    def test_queries_do_not_grow(self):
        many = self._create_products(50, name="Many")
        assortments = self.Assortment.browse()
        for number in range(6):
            assortments |= self._create_assortment(many[number::7], self.dealer_a, name=str(number))
        self.p1.kh_area_include_ids = self.guangdong
        self._create_listing(self.p2, "2020-01-01")
        self.env.flush_all()
        for method in ("_kh_filter_saleable", "_kh_explain_unsaleable"):
            one, fifty = (
                self._count_queries(getattr(products, method), self.dealer_b)
                for products in (many[:1], many)
            )
            self.assertEqual(fifty, one, method)
            self.assertLessEqual(one, 8, method)
        counts = [
            self._count_read(products.with_user(self.user_a)) for products in (many[:1], many)
        ]
        self.assertLessEqual(counts[1], counts[0])

    def _count_queries(self, method, *args):
        """Count what a request asks of a server that has run for a while."""
        self._warm()
        self.env.invalidate_all()
        self.env.cr.cache.clear()  # what is known to one transaction only
        before = self.env.cr.sql_log_count
        method(*args)
        return self.env.cr.sql_log_count - before

    def _count_read(self, products):
        self.env.invalidate_all()
        before = self.env.cr.sql_log_count
        self.assertTrue(products.read(["name"]))
        return self.env.cr.sql_log_count - before


@tagged("post_install", "-at_install")
class TestAdmission(CatalogCommon):
    def test_the_granted_catalogue_is_given(self):
        assortment = self._create_assortment(self.p1)
        application = self.env["kh.member.application"].create(
            {
                "name": "New Dealer Ltd",
                "manager_name": "Wang Fang",
                "manager_email": "wang.fang@example.com",
                "manager_phone": "13800001111",
                "kh_assortment_ids": assortment.ids,
            }
        )
        self.assertIn("kh_assortment_ids", application._get_grant_fields())
        application._apply_admission()
        dealer = application.partner_id
        self.assertEqual(dealer.kh_assortment_ids, assortment)
        self.assertEqual(self._visible(application.partner_user_id), self.products)

    def test_a_customer_from_before_keeps_its_catalogue(self):
        assortment = self._create_assortment(self.p1, self.dealer_a)
        application = self.env["kh.member.application"].create(
            {
                "name": "Dealer A",
                "manager_name": "Wang Fang",
                "manager_email": "wang.fang@example.com",
                "manager_phone": "13800001111",
                "partner_id": self.dealer_a.id,
            }
        )
        self.assertNotIn("kh_assortment_ids", application._prepare_partner_vals())
        application._apply_admission()
        self.assertEqual(self.dealer_a.kh_assortment_ids, assortment)
        self.assertTrue(Domain(assortment._kh_dealer_domain()))
