"""What must not open by the way: caches, other companies, deleting, archiving."""

from contextlib import closing
from unittest.mock import patch

from odoo.exceptions import UserError
from odoo.tests import tagged

from ..engine.caches import clear_caches
from .common import CatalogCommon


@tagged("post_install", "-at_install")
class TestCatalogGuards(CatalogCommon):
    def test_restrictions_are_known_to_the_transaction_only(self):
        """A cache of the server could be filled between a change and its commit."""
        self.Assortment.search([]).product_tmpl_ids = False
        self.Assortment.search([]).active = False
        self.assertFalse(self.Product._kh_get_restrictions().assortment)
        with closing(self.env.cr.savepoint()) as savepoint:
            self._create_assortment(self.p1, self.dealer_a)
            self.assertTrue(self.Product._kh_get_restrictions().assortment)
            savepoint.rollback()
        self.assertFalse(self.Product._kh_get_restrictions().assortment)
        # committed by somebody else: the next transaction knows, without any signal
        self.env.cr.execute("INSERT INTO kh_catalog_assortment (name, active) VALUES ('{}', true)")
        self.env.cr.clear()
        self.assertTrue(self.Product._kh_get_restrictions().assortment)

    def test_the_nearest_area_is_found_for_each_company(self):
        """What a company says nearer to the product opens nothing in the others."""
        company = self.env["res.company"].create({"name": "Second company"})
        theirs = self.env["kh.sales.area"].create({"name": "Theirs", "company_id": company.id})
        self.parent_category.kh_area_include_ids = self.south
        self.p1.kh_area_include_ids = theirs
        self.category.kh_area_include_ids = theirs
        self.assertEqual(self._saleable(self.dealer_a), self.products)
        self.assertFalse(self._saleable(self.dealer_b), "in our company the category counts")
        self.dealer_b.kh_sales_area_ids += theirs
        self.assertFalse(self._saleable(self.dealer_b))
        self.assertEqual(self._saleable(self.dealer_b, company=company), self.products)
        self.assertFalse(self._saleable(self.dealer_a, company=company))
        self.category.kh_area_include_ids = False
        self.assertEqual(self._saleable(self.dealer_b, company=company), self.p1)
        self.assertEqual(self._saleable(self.dealer_a, company=company), self.products - self.p1)

    def test_an_area_that_became_another_companys_opens_nothing(self):
        company = self.env["res.company"].create({"name": "Second company"})
        self.p1.kh_area_include_ids = self.south + self.shanghai
        self.assertEqual(self._saleable(self.dealer_a), self.products)
        self.south.company_id = company  # above the dealer's areas, which stay everybody's
        self.assertEqual(self._saleable(self.dealer_a), self.products - self.p1)
        self.assertEqual(self._saleable(self.dealer_a, company=company), self.products)

    def test_caches_are_emptied_again_after_the_commit(self):
        Policy = self.env["kh.stock.policy"]
        cleared, postcommit = [], self.env.cr.postcommit
        postcommit.clear()
        with patch.object(type(self.registry), "clear_cache", lambda _self: cleared.append(1)):
            clear_caches(self.env)
            clear_caches(self.env)
            self.assertEqual(len(cleared), 2)
            postcommit.run()
            self.assertEqual(len(cleared), 3, "once more, when all others see the change")
        self.addCleanup(postcommit.clear)
        Policy.create({"name": "Some"}).unlink()
        self.assertTrue(postcommit.data)

    def test_a_category_that_restricts_is_not_deleted(self):
        self.parent_category.kh_area_exclude_ids = self.shanghai
        middle = self.env["product.category"].create(
            {"name": "Middle", "parent_id": self.category.id}
        )
        for category in (self.parent_category, self.category):
            with self.assertRaisesRegex(UserError, "depends on “Breakers”"):
                category.unlink()
        self.products.categ_id = middle
        self.products.action_archive()
        with self.assertRaisesRegex(UserError, "move the products"):
            self.parent_category.unlink()
        other = self.env["product.category"].create({"name": "Other"})
        self.products.categ_id = other
        self.parent_category.unlink()
        self.assertFalse(middle.exists())
        other.unlink()  # restricts nothing: as in core

    def test_the_only_assortment_of_products_stays(self):
        company = self.env["res.company"].create({"name": "Second company"})
        first = self._create_assortment(self.p1 + self.p2, self.dealer_a)
        second = self._create_assortment(self.p1, self.dealer_b)
        theirs = self._create_assortment(self.p2, self.dealer_b, company_id=company.id)
        for refused in (first.action_archive, first.unlink, (first + second).unlink):
            with self.assertRaisesRegex(UserError, "products would be open to everybody"):
                refused()
        with self.assertRaisesRegex(UserError, "^1 products"):
            first.write({"active": False})
        self.assertTrue(first.active)
        second.unlink()
        first.product_tmpl_ids = False
        theirs.product_tmpl_ids = False
        first.action_archive()
        (first + theirs).unlink()
        self.assertEqual(self._visible(self.user_b), self.products)

    def test_archived_products_are_taken_out_in_bulk(self):
        assortment = self._create_assortment(self.p1, self.dealer_a)
        self.p1.active = False
        wizard = (
            self.env["kh.catalog.assign"]
            .with_context(active_model="product.template", active_ids=self.p1.ids)
            .create({"remove_assortment_ids": assortment.ids})
        )
        wizard.action_apply()
        self.assertFalse(self.p1.kh_assortment_ids)
        assortment.unlink()

    def test_what_belongs_to_products_is_asked_row_by_row(self):
        """No subquery over the whole catalogue, and the answer of each product."""
        self._create_assortment(self.p1, self.dealer_a)
        auxiliary = self._create_products(1, name="Box", kh_kind="auxiliary")
        Image = self.env["product.image"]
        images = Image.create(
            [
                {"name": "Image", "product_tmpl_id": self.p1.id},
                {"name": "Image", "product_variant_id": self.p1.product_variant_id.id},
                {"name": "Image", "product_tmpl_id": auxiliary.id},
                {"name": "Image", "product_variant_id": self.p2.product_variant_id.id},
                {"name": "Image"},
            ]
        )
        among = [("id", "in", images.ids)]
        for user, found in ((self.user_b, images[3:]), (self.user_a, images - images[2])):
            Theirs = Image.with_user(user)
            self.assertEqual(Theirs.search(among).sudo(), found)
            self.assertEqual(images.with_user(user)._filtered_access("read").sudo(), found)
        sql = self.env["product.pricelist.item"].with_user(self.user_b)._search([]).select().code
        self.assertIn("NOT EXISTS (SELECT FROM kh_product_key", sql)
        self.assertNotIn('IN (SELECT "product_template"."id"', sql)
