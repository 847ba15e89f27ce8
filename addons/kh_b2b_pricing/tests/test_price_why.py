import time

from odoo.fields import Command
from odoo.tests import HttpCase, tagged
from odoo.tools import mute_logger

from .common import PricingCommon

OWN, STEP, OTHERS, LEVEL = "61.37", "58.13", "52.91", "83.19"


@tagged("post_install", "-at_install")
class TestPriceWhy(HttpCase, PricingCommon):
    """The price X-ray of shop and portal: everybody reads the own part, nobody more."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.website = cls.env["website"].get_current_website()
        english = cls.env["res.lang"]._activate_lang("en_US")
        cls.website.write(
            {
                "kh_is_b2b": True,
                "show_line_subtotals_tax_selection": "tax_included",
                "language_ids": [Command.set(english.ids)],
                "default_lang_id": english.id,
            }
        )
        cls.website.user_id.partner_id.specific_property_product_pricelist = cls.pricelist
        cls.contract = cls._create_contract(
            lines=[(cls.product, float(OWN), 0), (cls.product, float(STEP), 10)],
            date_end="2099-12-31",
        )
        cls.contract.action_submit()
        cls._create_rule(float(OTHERS), kh_partner_id=cls.dealer_b.id, product_id=cls.product.id)
        cls._create_rule(
            float(LEVEL), kh_grade_id=cls.gold.id, product_tmpl_id=cls.product_2.product_tmpl_id.id
        )
        cls.user_a = cls._create_portal_user(cls.dealer_a, "kh_why_a")
        cls.colleague = cls._create_portal_user(cls.dealer_a, "kh_why_colleague")
        cls.user_b = cls._create_portal_user(cls.dealer_b, "kh_why_b")
        cls.order = cls.env["sale.order"].create(
            {
                "partner_id": cls.user_a.partner_id.id,
                "pricelist_id": cls.pricelist.id,
                "website_id": cls.website.id,
                "order_line": [
                    Command.create({"product_id": cls.product.id, "product_uom_qty": 4}),
                    Command.create({"product_id": cls.product_2.id}),
                ],
            }
        )
        cls.line = cls.order.order_line[0]

    def _why(self, products=None, **params):
        products = self.product if products is None else products
        return self.make_jsonrpc_request(
            "/shop/kh/price_why", {"product_ids": products.ids, **params}
        )

    def _why_line(self, line=None, **params):
        line = line or self.line
        return self.make_jsonrpc_request("/my/kh/price_why", {"line_id": line.id, **params})

    def _assert_refused(self, call, *args, **kwargs):
        with mute_logger("odoo.http"), self.assertRaises(Exception) as caught:
            call(*args, **kwargs)
        self.assertEqual(type(caught.exception).__name__, "JsonRpcException")

    # --- products --- #

    def test_strangers_read_the_market_price_and_where_to_log_in(self):
        why = self._why()[str(self.product.id)]
        self.assertTrue(why["is_visitor"])
        self.assertEqual(why["source"], "Market price")
        self.assertIn("100.00", why["price"])
        self.assertIn("/web/login", why["html"])
        for secret in (OWN, STEP, OTHERS, LEVEL, self.contract.name):
            self.assertNotIn(secret, str(why))

    def test_a_dealer_reads_contract_ladder_and_next_step(self):
        self.authenticate("kh_why_a", "kh_why_a")
        answer = self._why(self.product | self.product_2, quantity=4)
        why = answer[str(self.product.id)]
        self.assertIn(OWN, why["price"])
        self.assertEqual(why["tax"], "tax included")
        self.assertEqual(why["facts"][0]["value"], self.contract.name)
        self.assertIn("2099", why["facts"][1]["value"])
        self.assertIn(STEP, why["ladder"][0]["price"])
        self.assertIn("6 more Units", why["next"])
        self.assertIn(self.contract.name, why["html"])
        level = answer[str(self.product_2.id)]
        self.assertEqual(level["source"], "Member price")
        self.assertEqual(level["facts"], [{"label": "Member level", "value": "Gold"}])
        self.assertNotIn(OTHERS, str(answer))

    def test_another_dealer_reads_another_price(self):
        self.authenticate("kh_why_b", "kh_why_b")
        answer = self._why(self.product | self.product_2)
        self.assertIn(OTHERS, answer[str(self.product.id)]["price"])
        for secret in (OWN, STEP, LEVEL, self.contract.name, "Gold"):
            self.assertNotIn(secret, str(answer))

    def test_a_product_that_is_not_shown_does_not_exist(self):
        hidden = self._create_product("Hidden", "KH-P-9", is_published=False)
        gone = self._create_product("Archived", "KH-P-8", active=False)
        for login in (None, "kh_why_a"):
            self.authenticate(login, login)
            answer = self._why(self.product | hidden | gone)
            self.assertEqual(list(answer), [str(self.product.id)])

    def test_what_is_no_question_is_refused(self):
        self.authenticate(None, None)
        for params in (
            {"product_ids": []},
            {"product_ids": list(range(1, 60))},
            {"product_ids": ["1"]},
            {"product_ids": "1"},
            {"product_ids": [1], "quantity": "many"},
        ):
            self._assert_refused(self.make_jsonrpc_request, "/shop/kh/price_why", params)

    def _count_and_time(self, products):
        """Queries as the shop's process makes them, and seconds, of a warm answer."""
        self._why(products)
        queries, started = self.env.cr.sql_log_count, time.perf_counter()
        self._why(products)
        return self.env.cr.sql_log_count - queries, time.perf_counter() - started

    def test_fifty_products_cost_the_queries_of_one(self):
        products = self.product | self.product_2
        for number in range(48):
            products |= self._create_product(f"W{number}", f"KH-W-{number}")
        self.authenticate("kh_why_a", "kh_why_a")
        one, seconds = self._count_and_time(self.product)
        fifty, _seconds = self._count_and_time(products)
        self.assertLessEqual(fifty - one, 10, f"1 product {one}, 50 products {fifty} queries")
        self.assertLess(seconds, 2.0)

    # --- lines --- #

    def test_own_line_colleague_and_link(self):
        self.order.action_quotation_sent()
        self.authenticate("kh_why_a", "kh_why_a")
        why = self._why_line()
        self.assertIn(OWN, why["price"])
        self.assertEqual(why["facts"][0]["value"], self.contract.name)
        self.assertIn("6 more Units", why["next"])
        self.authenticate("kh_why_colleague", "kh_why_colleague")
        self.assertIn(OWN, self._why_line()["price"])
        self.authenticate(None, None)
        token = self.order._portal_ensure_token()
        self.env.flush_all()
        self.assertIn(OWN, self._why_line(access_token=token)["price"])

    def test_foreign_dealers_and_strangers_are_refused(self):
        for login in (None, "kh_why_b"):
            self.authenticate(login, login)
            self._assert_refused(self._why_line)
            self._assert_refused(self._why_line, access_token="x")
            self._assert_refused(
                self.make_jsonrpc_request, "/my/kh/price_why", {"line_id": 2**31 - 1}
            )
            self._assert_refused(
                self.make_jsonrpc_request, "/my/kh/price_why", {"line_id": "1 OR 1"}
            )

    def test_an_old_order_is_explained_from_its_trace(self):
        self.order.action_confirm()
        self.env.flush_all()
        self.contract.action_terminate()
        self.authenticate("kh_why_a", "kh_why_a")
        why = self._why_line()
        self.assertIn(OWN, why["price"])
        self.assertEqual(why["facts"][0]["value"], self.contract.name)
        self.assertEqual(why["next"], "", "the order is placed")

    def test_a_visitors_cart(self):
        self.authenticate(None, None)
        self.make_jsonrpc_request(
            "/shop/cart/add",
            {
                "product_template_id": self.product.product_tmpl_id.id,
                "product_id": self.product.id,
                "quantity": 1,
            },
        )
        line = self.env["sale.order.line"].search(
            [("product_id", "=", self.product.id)], order="id desc", limit=1
        )
        self.assertNotEqual(line.order_id, self.order)
        self.assertIn("100.00", self._why_line(line)["price"])

    # --- in the browser --- #

    def test_tour_on_the_product_page(self):
        self.start_tour(
            self.product.product_tmpl_id.website_url, "kh_b2b_pricing_why_shop", login="kh_why_a"
        )

    def test_tour_on_the_order(self):
        self.env.ref("base.user_admin").lang = "en_US"
        self.start_tour(
            f"/odoo/action-sale.action_orders/{self.order.id}",
            "kh_b2b_pricing_why_order",
            login="admin",
        )


@tagged("post_install", "-at_install")
class TestPriceWhyPhone(HttpCase, PricingCommon):
    """On the phone the reasons come from below, and the phone's back closes them."""

    browser_size = "390x844"
    touch_enabled = True

    def test_back_closes_the_sheet(self):
        website = self.env["website"].get_current_website()
        website.kh_is_b2b = True
        website.user_id.partner_id.specific_property_product_pricelist = self.pricelist
        self.start_tour(self.product.product_tmpl_id.website_url, "kh_b2b_pricing_why_phone")
