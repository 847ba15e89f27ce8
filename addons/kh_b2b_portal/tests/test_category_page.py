import re

from odoo import Command
from odoo.tests import tagged

from odoo.addons.website_sale.tests.common import MockRequest

from ..const import ROWS_PER_PAGE
from .common import PortalCommon

# names and counts of the tree, which is on the page twice (desk and phone)
NODES = re.compile(r'href="([^"]*/shop/category/[^"]*)"[^>]*>([^<]*) <small>(\d+)</small>')


@tagged("post_install", "-at_install")
class TestCategoryPage(PortalCommon):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.part = cls.env["product.public.category"].create(
            {"name": "KH Accessories", "parent_id": cls.category.id}
        )
        cls.extra = cls._create_template(
            "KH rail", default_code="KHR-1", public_categ_ids=[Command.set(cls.part.ids)]
        )

    def _open(self, category=None, prefix="", query=""):
        path = f"{prefix}/shop"
        if category:
            path += f"/category/{self.env['ir.http']._slug(category)}"
        response = self.url_open(path + query)
        self.assertEqual(response.status_code, 200)
        return response.text

    def _nodes(self, html):
        """Return ``{name: number of products}`` of the category tree."""
        return {name: int(count) for _url, name, count in NODES.findall(html)}

    def test_counts_take_in_what_is_below(self):
        nodes = self._nodes(self._open(self.category))
        self.assertEqual((nodes["KH Breakers"], nodes["KH Accessories"]), (2, 1))
        # a branch is open only where the reader is
        self.assertNotIn("KH Accessories", self._nodes(self._open()))

    def test_where_the_reader_is(self):
        html = self._open(self.part)
        current = re.findall(r'<a[^>]*aria-current="page"[^>]*>([^<]*) <small>', html)
        self.assertEqual(set(current), {"KH Accessories"})

    def test_changes_of_categories_are_seen_at_once(self):
        self.assertIn("KH Breakers", self._nodes(self._open()))
        self.category.name = "KH Switchgear"
        self.assertIn("KH Switchgear", self._nodes(self._open()))
        self.part.parent_id = False
        self.assertIn("KH Accessories", self._nodes(self._open()))
        self.part.unlink()
        self.assertNotIn("KH Accessories", self._nodes(self._open()))

    def test_two_viewers_in_one_minute(self):
        """The tree is kept for whoever sees the same, and for nobody else."""
        self.env["kh.catalog.assortment"].create(
            {
                "name": "KH only for one",
                "product_tmpl_ids": [Command.set(self.extra.ids)],
                "partner_ids": [Command.set(self.dealer.ids)],
            }
        )
        for login, count in ((None, 1), ("kh_dealer", 2), ("kh_stranger", 1), ("kh_dealer", 2)):
            self.authenticate(login, login)
            nodes = self._nodes(self._open(self.category))
            self.assertEqual(nodes["KH Breakers"], count, login)
            self.assertEqual("KH Accessories" in nodes, count == 2, login)

    def test_links_keep_the_language(self):
        chinese = self.env["res.lang"]._activate_lang("zh_CN")
        self.website.language_ids += chinese
        prefix = f"/{chinese.url_code}"
        html = self._open(self.category, prefix=prefix)
        links = [url for url, _name, _count in NODES.findall(html)]
        links += re.findall(r'href="([^"]*)"[^>]*class="kh-p-clamp"', html)
        links += re.findall(r'class="kh-p-clamp"[^>]*href="([^"]*)"', html)
        self.assertGreater(len(links), 4)
        for link in links:
            self.assertTrue(link.startswith(f"{prefix}/shop/"), link)
        self.assertIn('href="/shop/category/', self._open(self.category))

    def test_pages_add_up(self):
        for number in range(ROWS_PER_PAGE):
            self._create_template(f"KH more {number:02}", default_code=f"KHM-{number:02}")
        website = self.website.with_user(self.user)
        with MockRequest(website.env, website=website):
            asked = {"category": self.category.with_env(website.env), "limit": ROWS_PER_PAGE}
            first, total = website._kh_catalogue_search(**asked)
            second, same = website._kh_catalogue_search(**asked, offset=ROWS_PER_PAGE)
            beyond, still = website._kh_catalogue_search(**asked, offset=10 * ROWS_PER_PAGE)
            none, nothing = website._kh_catalogue_search(search="nowhere-to-be-found", limit=5)
        # three variants of the breaker, and the rail
        self.assertEqual({total, same, still}, {ROWS_PER_PAGE + 4})
        self.assertEqual((len(first), len(second), len(beyond)), (ROWS_PER_PAGE, 4, 0))
        self.assertFalse(first & second)
        self.assertEqual((len(none), nothing), (0, 0))

    def test_categories_and_products_cost_no_more_queries(self):
        website = self.website.with_user(self.user)
        counts = []
        with MockRequest(website.env, website=website):
            for _turn in range(3):
                counts.append(self._count_queries(website))
                for category in self.env["product.public.category"].create(
                    [{"name": f"KH many {number}"} for number in range(12)]
                ):
                    self._create_template(
                        category.name, public_categ_ids=[Command.set(category.ids)]
                    )
        # the first turn is not alike: nothing had emptied the caches before it
        self.assertEqual(counts[1], counts[2])

    def _count_queries(self, website):
        self.env.flush_all()
        self.env.invalidate_all()
        before = self.cr.sql_log_count
        tree = website._kh_category_tree()
        count = self.cr.sql_log_count - before
        self.assertIn("KH Breakers", [node.name for node in tree])
        return count
