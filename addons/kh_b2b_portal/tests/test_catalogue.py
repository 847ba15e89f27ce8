import re
from html import unescape

from odoo import Command
from odoo.tests import tagged

from odoo.addons.website_sale.tests.common import MockRequest

from ..const import MAX_VARIANT_ROWS, ROW_CHOICES, ROWS_PER_PAGE
from .common import PortalCommon


@tagged("post_install", "-at_install")
class TestCatalogue(PortalCommon):
    def _get(self, path="/shop"):
        response = self.url_open(path)
        self.assertEqual(response.status_code, 200)
        return response.text

    def _codes(self, html):
        return re.findall(r'kh-p-c-code">([^<]*)</td>', html)

    def test_visitor_sees_market_price_and_nothing_of_a_dealers(self):
        html = self._get("/shop?search=KHT")
        self.assertEqual(len(self._codes(html)), 3)
        self.assertIn("100.00", html)
        self.assertIn("Log in for your price", html)
        self.assertNotIn("80.00", html)
        self.assertNotIn("data-kh-qty", html)

    def test_dealer_sees_own_price_with_its_reason(self):
        self.authenticate("kh_dealer", "kh_dealer")
        html = self._get("/shop?search=KHT")
        self.assertEqual(html.count(">80.00</b>"), 3)
        self.assertEqual(html.count("kh-p-tag-contract"), 3)
        self.assertEqual(html.count("data-kh-qty"), 3)

    def test_rows_know_whether_tax_is_in_their_price(self):
        """A card on the phone has no column head that would say it."""
        self.authenticate("kh_dealer", "kh_dealer")
        for selection, word in (("tax_included", "tax incl."), ("tax_excluded", "tax excl.")):
            self.website.show_line_subtotals_tax_selection = selection
            styles = re.findall(r'style="--kh-tax: ([^"]*)"', self._get("/shop?search=KHT"))
            self.assertEqual([unescape(style) for style in styles], [f"'{word}'"])

    def test_other_dealer_does_not_see_it(self):
        self.authenticate("kh_stranger", "kh_stranger")
        self.assertNotIn("80.00", self._get("/shop?search=KHT"))

    def test_search_finds_code_name_bar_code_and_specification(self):
        for search, found in (
            ("KHT-1", ["KHT-1"]),
            ("ＫＨＴ－１", ["KHT-1"]),
            ("6900002", ["KHT-2"]),
            ("breaker+16A", ["KHT-2"]),
            ("KHT+10A", ["KHT-1"]),
            ("nowhere-to-be-found", []),
        ):
            with self.subTest(search=search):
                self.assertEqual(self._codes(self._get(f"/shop?search={search}")), found)

    def test_nothing_found_names_the_search_and_the_way_out(self):
        html = self._get("/shop?search=nowhere-to-be-found")
        self.assertIn("data-kh-empty", html)
        self.assertIn("Clear this search", html)

    def test_order_page_and_category_survive_nonsense(self):
        slug = self.env["ir.http"]._slug(self.category)
        for path in (
            "/shop?order=nonsense",
            "/shop?order=list_price;drop",
            f"/shop/category/{slug}/page/99",
            "/shop?layout=nonsense",
            "/shop?page=x",
            "/shop?page=²",
            f"/shop?page={'9' * 30}",
        ):
            with self.subTest(path=path):
                self._get(path)

    def test_category_shows_its_products_only(self):
        other = self.env["product.public.category"].create({"name": "KH Tools"})
        self._create_template(
            "KH wrench", default_code="KHW-1", public_categ_ids=[Command.set(other.ids)]
        )
        html = self._get(f"/shop/category/{self.env['ir.http']._slug(other)}")
        self.assertEqual(self._codes(html), ["KHW-1"])

    def test_unpublished_product_is_absent(self):
        self.template.is_published = False
        self.assertEqual(self._codes(self._get("/shop?search=KHT")), [])

    def test_product_with_very_many_variants_is_one_row(self):
        values = [Command.create({"name": f"V{n}"}) for n in range(MAX_VARIANT_ROWS + 1)]
        attribute = self.env["product.attribute"].create({"name": "Many", "value_ids": values})
        template = self._create_template(
            "KH many",
            attribute_line_ids=[
                Command.create(
                    {
                        "attribute_id": attribute.id,
                        "value_ids": [Command.set(attribute.value_ids.ids)],
                    }
                )
            ],
        )
        products, _total = self.website._kh_catalogue_search(category=self.category)
        self.assertEqual(len(products.filtered(lambda p: p.product_tmpl_id == template)), 1)
        found, _total = self.website._kh_catalogue_search(search="KH many V7")
        self.assertIn(template, found.product_tmpl_id)

    def test_a_zone_is_kept_from_page_to_page(self):
        for number in range(ROWS_PER_PAGE + 1):
            self._create_template(f"KH zoned {number}", default_code=f"KHZ-{number}")
        zoned = self.env["product.template"].search([("name", "like", "KH zoned")])
        zone, foreign = self.env["kh.catalog.assortment"].create(
            [
                {
                    "name": name,
                    "is_zone": True,
                    "product_tmpl_ids": [Command.set(zoned.ids)],
                    "partner_ids": [Command.set(dealer.ids)],
                }
                for name, dealer in (("KH projects", self.dealer), ("KH other", self.stranger))
            ]
        )
        self.authenticate("kh_dealer", "kh_dealer")
        html = self._get("/shop")
        self.assertIn("KH projects", html)
        self.assertNotIn("KH other", html)
        html = self._get(f"/shop?kh_zone={zone.id}&order=code")
        self.assertEqual(len(self._codes(html)), ROWS_PER_PAGE)
        [path] = set(re.findall(r'href="(/shop/page/2[^"]*)"', html))
        codes = self._codes(self._get(path.replace("&amp;", "&")))
        self.assertEqual(len(codes), 1)
        self.assertTrue(codes[0].startswith("KHZ-"))
        slug = self.env["ir.http"]._slug(self.category)
        self.assertIn(f'href="/shop/category/{slug}?kh_zone={zone.id}"', html)
        self.assertIn(f'name="kh_zone" value="{zone.id}"', html)
        self.assertFalse(self._codes(self._get(f"/shop?kh_zone={foreign.id}")))

    def test_layout_is_remembered(self):
        self.authenticate("kh_dealer", "kh_dealer")
        self.assertIn('data-kh-layout="table"', self._get("/shop"))
        self.assertIn('data-kh-layout="cards"', self._get("/shop?layout=cards"))
        self.assertIn('data-kh-layout="cards"', self._get("/shop"))

    def test_the_reader_chooses_how_many_rows(self):
        few, more, most = ROW_CHOICES
        for number in range(more + 1):
            self._create_template(f"KH piled {number}", default_code=f"KHP-{number}")
        self.authenticate("kh_dealer", "kh_dealer")
        path = "/shop?search=KHP"
        html = self._get(path)
        self.assertEqual(len(self._codes(html)), few)
        [link] = re.findall(rf'href="([^"]*)"[^>]*>{most}</a>', html)
        html = self._get(link.replace("&amp;", "&"))
        self.assertEqual(len(self._codes(html)), more + 1)
        self.assertIn('data-kh-page-size=""', html)
        self.assertEqual(len(self._codes(self._get(path))), more + 1, "not remembered")
        for nonsense in ("7", "-1", "100000", "9" * 30, "x"):
            html = self._get(f"{path}&rows={nonsense}")
            self.assertEqual(len(self._codes(html)), more + 1, nonsense)
        second = self._get(f"/shop/page/2?search=KHP&rows={more}")
        self.assertEqual(len(self._codes(second)), 1)

    def test_no_choice_of_rows_where_one_page_holds_all(self):
        self.authenticate("kh_dealer", "kh_dealer")
        self.assertNotIn("data-kh-page-size", self._get("/shop?search=KH"))

    def test_stock_words_follow_the_policy(self):
        few, none, many = self.variants
        warehouse = self.website.warehouse_id or self.env["stock.warehouse"].search(
            [("company_id", "=", self.company.id)], limit=1
        )
        for product, quantity in ((few, 3), (many, 500)):
            self.env["stock.quant"]._update_available_quantity(
                product, warehouse.lot_stock_id, quantity
            )
        with MockRequest(self.env, website=self.website):
            words = self.variants._kh_get_stock_words()
            self.assertEqual(words[few.id].level, "few")
            self.assertEqual(words[none.id].level, "out")
            self.assertEqual(words[many.id].level, "in")
            self.assertIsNone(words[many.id].quantity)
            self.website.kh_stock_is_exact = True
            self.assertEqual(self.variants._kh_get_stock_words()[many.id].quantity, 500)

    def test_rows_cost_a_constant_number_of_queries(self):
        for number in range(60):
            self._create_template(f"KH bulk {number:02}", default_code=f"KHB-{number:02}")
        website = self.website.with_user(self.user)
        with MockRequest(website.env, website=website):
            counts = [self._count_queries(website, limit) for limit in (20, 50)]
        self.assertEqual(counts[0], counts[1])

    def _count_queries(self, website, limit):
        for _attempt in range(2):  # the first run fills caches that do not depend on the rows
            self.env.flush_all()
            self.env.invalidate_all()
            before = self.cr.sql_log_count
            products, _total = website._kh_catalogue_search(search="KH bulk", limit=limit)
            self.assertEqual(len(website._kh_catalogue_rows(products)), limit)
            count = self.cr.sql_log_count - before
        return count
