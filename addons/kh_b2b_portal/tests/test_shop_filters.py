import re
from urllib.parse import urlencode

from odoo import Command
from odoo.tests import tagged

from odoo.addons.website_sale.tests.common import MockRequest

from ..models.website_filters import ShopFilters
from .common import PortalCommon


@tagged("post_install", "-at_install")
class TestShopFilters(PortalCommon):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.rail = cls._create_template("KH rail 导轨", default_code="KHR-1").product_variant_id
        cls.warehouse = cls.website.warehouse_id or cls.env["stock.warehouse"].search(
            [("company_id", "=", cls.company.id)], limit=1
        )
        cls.env["stock.quant"]._update_available_quantity(
            cls.variants[0], cls.warehouse.lot_stock_id, 5
        )
        cls.values = cls.template.attribute_line_ids.value_ids
        cls.path = f"/shop/category/{cls.env['ir.http']._slug(cls.category)}"

    def _order(self, user, product, times=1):
        orders = self.env["sale.order"].create(
            [
                {
                    "partner_id": user.partner_id.id,
                    "company_id": self.company.id,
                    "order_line": [Command.create({"product_id": product.id})],
                }
                for _time in range(times)
            ]
        )
        orders.write({"state": "sale"})
        return orders

    def _html(self, query=""):
        response = self.url_open(self.path + query)
        self.assertEqual(response.status_code, 200)
        return response.text

    def _codes(self, query=""):
        return set(re.findall(r'kh-p-c-code">([^<]*)</td>', self._html(query)))

    def _facets(self, **query):
        """Counts of the values in the panel of the category: ``{value id: count}``."""
        query = urlencode({"category": self.category.id, **query})
        response = self.url_open(f"/shop/kh/facets?{query}")
        self.assertEqual(response.status_code, 200)
        found = re.findall(
            r'data-kh-value="(\d+)".*?<small>(\d+)</small>', response.text, flags=re.S
        )
        return {int(value): int(count) for value, count in found}

    def test_pinyin_initials_find_the_row(self):
        self.assertEqual(self._codes("?search=dg"), {"KHR-1"})
        self.assertEqual(self._codes("?search=DG+KHR"), {"KHR-1"})

    def test_in_stock(self):
        self.assertEqual(self._codes("?stock=1"), {"KHT-0"})
        quant = self.env["stock.quant"].search([("product_id", "=", self.variants[0].id)])
        quant.filtered(lambda q: q.location_id.usage == "internal").reserved_quantity = 5
        self.assertEqual(self._codes("?stock=1"), set())
        self.rail.is_storable = False
        self.assertEqual(self._codes("?stock=1"), {"KHR-1"})

    def test_who_is_told_no_stock_cannot_filter_by_it(self):
        self.env["kh.stock.policy"].search([]).unlink()
        self.env["kh.stock.policy"].create(
            {"name": "KH none", "display": "none", "website_id": self.website.id}
        )
        html = self._html("?stock=1")
        self.assertNotIn('data-kh-filter="stock"', html)
        self.assertIn("KHT-2", html)

    def test_bought_before_and_often(self):
        self._order(self.user, self.variants[1])
        self._order(self.user, self.variants[2], times=3)
        self._order(self.stranger.child_ids.user_ids, self.variants[0], times=3)
        self.authenticate("kh_dealer", "kh_dealer")
        self.assertEqual(self._codes("?bought=recent"), {"KHT-1", "KHT-2"})
        self.assertEqual(self._codes("?bought=often"), {"KHT-2"})
        self.authenticate("kh_stranger", "kh_stranger")
        self.assertEqual(self._codes("?bought=recent"), {"KHT-0"})
        self.authenticate(None, None)
        html = self._html("?bought=recent")
        self.assertNotIn('data-kh-filter="recent"', html)
        self.assertIn("KHR-1", html)

    def test_quotations_and_old_orders_are_no_purchases(self):
        self._order(self.user, self.variants[1]).state = "draft"
        self._order(self.user, self.variants[2]).date_order = "2001-01-01"
        self.authenticate("kh_dealer", "kh_dealer")
        self.assertEqual(self._codes("?bought=recent"), set())

    def test_values_are_counted_and_chosen(self):
        first, second, _third = self.values
        self.assertIn("data-kh-facets", self._html())
        self.assertEqual(self._facets(), dict.fromkeys(self.values.ids, 1))
        query = f"?values={first.id}"
        self.assertEqual(self._codes(query), {"KHT-0"})
        # the counts of the others say what another choice would show
        self.assertEqual(self._facets(values=first.id)[second.id], 1)
        self.assertEqual(self._codes(f"?values={first.id},{second.id}"), {"KHT-0", "KHT-1"})
        self.assertEqual(self._codes(f"?values={first.id}&stock=1"), {"KHT-0"})
        self.assertEqual(self._codes(f"?values={second.id}&stock=1"), set())

    def test_ids_of_any_length_are_nonsense_not_an_error(self):
        endless = "1" * 5000
        self.assertIn("KHR-1", self._html(f"?values={endless},x,{2**31}"))
        self.assertEqual(self._facets(category=endless), {})

    def test_counts_do_not_tell_of_hidden_products(self):
        self.env["kh.catalog.assortment"].create(
            {
                "name": "KH only for one",
                "product_tmpl_ids": [Command.set(self.template.ids)],
                "partner_ids": [Command.set(self.dealer.ids)],
            }
        )
        for login, count in (("kh_dealer", 3), ("kh_stranger", 0), (None, 0), ("kh_dealer", 3)):
            self.authenticate(login, login)
            self.assertEqual(len(self._facets()), count, login)
            self.assertEqual(len(self._facets(category="", search="KH")), count, login)

    def test_an_attribute_that_makes_no_variants(self):
        brand = self.env["product.attribute"].create(
            {
                "name": "KH Brand",
                "create_variant": "no_variant",
                "value_ids": [Command.create({"name": n}) for n in ("One", "Two")],
            }
        )
        one, two = brand.value_ids
        for template, value in ((self.template, one), (self.rail.product_tmpl_id, two)):
            template.attribute_line_ids = [
                Command.create({"attribute_id": brand.id, "value_ids": [Command.set(value.ids)]})
            ]
        counts = self._facets()
        self.assertEqual((counts[one.id], counts[two.id]), (3, 1))
        self.assertEqual(self._codes(f"?values={two.id}"), {"KHR-1"})
        brand.visibility = "hidden"
        self.assertNotIn(two.id, self._facets(search="KH"))
        self.assertIn("KHT-0", self._codes(f"?values={two.id}"))

    def test_filters_stay_in_the_address(self):
        first = self.values[0]
        html = self._html(f"?values={first.id}&stock=1&order=code")
        self.assertIn(f'name="values" value="{first.id}"', html)
        self.assertIn('name="stock" value="1"', html)
        links = re.findall(r'data-kh-filter="stock"', html)
        self.assertEqual(len(links), 1)
        self.assertIn(f"order=code&amp;values={first.id}", html)
        self.assertEqual(html.count("data-kh-chosen"), 1)

    def test_the_panel_leads_back_to_its_page(self):
        first, second, _third = self.values
        query = f"/shop/kh/facets?category={self.category.id}&search=KHT&order=code"
        html = self.url_open(f"{query}&min_price=1&values={first.id}").text
        path = f"{self.path}?search=KHT&amp;order=code&amp;min_price=1"
        for ids in (f"&amp;values={first.id},{second.id}", ""):
            self.assertIn(f'href="{path}{ids}"', html)

    def test_who_may_not_enter_the_shop_gets_no_panel(self):
        self.assertFalse(self._facets(category=""))  # a whole catalogue is not counted
        self.assertFalse(self._facets(category="x-1"))
        self.website.ecommerce_access = "logged_in"
        path = f"/shop/kh/facets?category={self.category.id}"
        self.assertEqual(self.url_open(path).status_code, 404)
        self.authenticate("kh_dealer", "kh_dealer")
        self.assertEqual(len(self._facets()), 3)
        self.website.kh_is_b2b = False
        self.assertEqual(self.url_open(path).status_code, 404)

    def test_nonsense_is_no_filter(self):
        for query in ("?values=x,²,999999999999999", "?stock=2", "?bought=never", "?values=,"):
            with self.subTest(query=query):
                self.assertEqual(len(self._codes(query)), 4)

    def test_facets_cost_a_constant_number_of_queries(self):
        website = self.website.with_user(self.user)
        counts = []
        with MockRequest(website.env, website=website):
            for _turn in range(3):
                for number in range(10):
                    self._create_template(f"KH more {number}")
                domain = website._kh_catalogue_domain("KH")
                self.env.flush_all()
                self.env.invalidate_all()
                before = self.cr.sql_log_count
                facets = website._kh_facets(domain, ShopFilters(), is_kept=False)
                counts.append(self.cr.sql_log_count - before)
        self.assertEqual(len(facets), 1)
        # the first turn is not alike: nothing had filled the caches before it
        self.assertEqual(counts[1], counts[2])

    # === SUGGESTIONS === #
    def _suggest(self, text):
        found = self.make_jsonrpc_request("/shop/kh/suggest", {"text": text})
        return [one["item_no"] for one in found]

    def test_suggestions(self):
        self.authenticate("kh_dealer", "kh_dealer")
        self.assertEqual(self._suggest("kht"), ["KHT-0", "KHT-1", "KHT-2"])
        self.assertEqual(self._suggest("daog"), [])
        self.assertEqual(self._suggest("dg"), ["KHR-1"])
        self.assertEqual(self._suggest("d"), [])
        self.assertEqual(self._suggest({"$": 1}), [])
        # what begins with the text comes first
        self.rail.default_code = "6900"
        self.assertEqual(self._suggest("6900"), ["6900", "KHT-0", "KHT-1", "KHT-2"])

    def test_suggestions_obey_what_one_may_see(self):
        self.env["kh.catalog.assortment"].create(
            {
                "name": "KH only for one",
                "product_tmpl_ids": [Command.set(self.template.ids)],
                "partner_ids": [Command.set(self.dealer.ids)],
            }
        )
        for login, count in ((None, 0), ("kh_stranger", 0), ("kh_dealer", 3)):
            self.authenticate(login, login)
            self.assertEqual(len(self._suggest("KHT")), count, login)
        self.template.is_published = False
        self.assertEqual(self._suggest("KHT"), [])

    def test_closed_shops_and_others_suggest_nothing(self):
        self.website.ecommerce_access = "logged_in"
        self.authenticate(None, None)
        self.assertEqual(self._suggest("KHT"), [])
        self.website.write({"ecommerce_access": "everyone", "kh_is_b2b": False})
        self.assertEqual(self._suggest("KHT"), [])
