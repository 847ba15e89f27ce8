"""One price, whoever is asked: all ways to a price compared, for random cases (M-40 to M-44)."""

import html
import json
import re
from random import Random

from odoo import Command, fields
from odoo.tests import Form, JsonRpcException, new_test_user, tagged
from odoo.tools import mute_logger

from odoo.addons.kh_b2b_pricing.tests.common_documents import read_pdf, read_xlsx
from odoo.addons.website_sale.tests.common import MockRequest

from .common import PortalCommon

QUANTITIES = (1.0, 2.0, 5.0, 12.0, 30.0)
SECRET = 7654.32
# As a page, a sheet, a message or a JSON answer may write it.
SECRET_TEXTS = ("7654.32", "7,654.32", "7654,32")


class SamePriceCommon(PortalCommon):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.env["product.pricelist.item"].search([("pricelist_id", "=", cls.pricelist.id)]).unlink()
        cls.gold, cls.silver = cls.env["res.partner.grade"].create(
            [{"name": "KH gold"}, {"name": "KH silver"}]
        )
        cls.dealer.grade_id, cls.stranger.grade_id = cls.gold, cls.silver
        cls.website.user_id.partner_id.specific_property_product_pricelist = cls.pricelist
        cls.singles = cls.env["product.product"].union(
            *(
                cls._create_template(
                    f"KHSAME {number}",
                    default_code=f"KHSAME-{number}",
                    list_price=40.0 + 13 * number,
                ).product_variant_id
                for number in range(4)
            )
        )
        cls.products = cls.singles | cls.variants
        cls.users = {partner: partner.child_ids.user_ids for partner in (cls.dealer, cls.stranger)}
        seller = new_test_user(cls.env, "kh.same.seller", "sales_team.group_sale_salesman_all_leads")
        until = fields.Datetime.add(fields.Datetime.now(), days=1)
        keys = cls.env(user=seller)["res.users.apikeys"]
        cls.api_key = keys._generate("rpc", "Orders", until)

    @classmethod
    def _random_rules(cls, random):
        """Contract, level and market rules, fixed and ratio, with steps, on all scopes."""
        targets = [{"product_id": product.id} for product in cls.products]
        targets += [{"product_tmpl_id": template.id} for template in cls.products.product_tmpl_id]
        targets += [{"categ_id": cls.singles[0].categ_id.id}, {}]
        owners = [
            {"kh_partner_id": cls.dealer.id},
            {"kh_partner_id": cls.dealer.id},
            {"kh_partner_id": cls.stranger.id},
            {"kh_grade_id": cls.gold.id},
            {"kh_grade_id": cls.silver.id},
            {},
        ]
        for _number in range(random.randint(8, 16)):
            price = {"compute_price": "fixed", "fixed_price": random.randint(500, 9000) / 100}
            if random.random() < 0.35:
                percent = random.choice([5, 12.5, 33.33])
                price = {"compute_price": "percentage", "percent_price": percent}
            yield {
                "pricelist_id": cls.pricelist.id,
                "min_quantity": random.choice([0, 0, 0, 2, 5, 12]),
                **random.choice(owners),
                **random.choice(targets),
                **price,
            }

    def _rpc(self, model, method, *args, **kwargs):
        return self.make_jsonrpc_request(
            f"/web/dataset/call_kw/{model}/{method}",
            {"model": model, "method": method, "args": list(args), "kwargs": kwargs},
        )

    def _combination(self, product, quantity):
        return self.make_jsonrpc_request(
            "/website_sale/get_combination_info",
            {
                "product_template_id": product.product_tmpl_id.id,
                "product_id": product.id,
                "combination": product.product_template_attribute_value_ids.ids,
                "add_qty": quantity,
            },
        )

    def _suggestions(self, term):
        return self.make_jsonrpc_request(
            "/website/snippet/autocomplete",
            {
                "search_type": "products",
                "term": term,
                "order": "name asc",
                "limit": 10,
                "options": {
                    "displayDescription": True,
                    "displayDetail": True,
                    "displayExtraLink": True,
                    "displayImage": True,
                },
            },
        )["results"]

    def _login(self, partner):
        login = self.users[partner].login
        self.authenticate(login, login)


@tagged("post_install", "-at_install")
class TestSamePrice(SamePriceCommon):
    """Every way to a price, compared to the cent."""

    def test_all_ways_name_the_same_price(self):
        random = Random(7)
        for world in range(3):
            rules = self.env["product.pricelist.item"].create(list(self._random_rules(random)))
            for dealer in self.users:
                with self.subTest(world=world, dealer=dealer.name):
                    self._check_dealer(dealer, random)
            self.env["sale.order"].search([("website_id", "=", self.website.id)]).filtered(
                lambda order: order.state == "draft"
            ).unlink()
            rules.unlink()

    def _check_dealer(self, dealer, random):
        asked = {
            product: {1.0, random.choice(QUANTITIES), random.choice(QUANTITIES)}
            for product in self.products
        }
        self.expected = {
            (product, quantity): self.pricelist._get_product_price(
                product, quantity, kh_partner=dealer
            )
            for product, quantities in asked.items()
            for quantity in quantities
        }
        self.digits = self.env["decimal.precision"].precision_get("Product Price")
        self._check_engine(dealer)
        self._check_back_office(dealer)
        self._check_api(dealer)
        self._check_carts(dealer)
        self._check_sorting(dealer)
        self._login(dealer)
        self._check_pages(dealer)
        self._check_documents(dealer)

    def _same(self, price, product, quantity, way):
        expected = self.expected[product, quantity]
        self.assertAlmostEqual(
            price, expected, self.digits, f"{way}: {product.default_code} × {quantity}"
        )

    def _steps(self):
        return ((product, quantity) for product, quantity in self.expected)

    def _check_engine(self, dealer):
        for quantity in QUANTITIES:
            asked = [product for product, number in self.expected if number == quantity]
            products = self.env["product.product"].union(*asked)
            prices = self.pricelist._get_products_price(products, quantity, kh_partner=dealer)
            for product in products:
                self._same(prices[product.id], product, quantity, "batch")
        for product, quantity in self._steps():
            display = product._kh_get_display_prices(
                partner=dealer, quantity=quantity, website=self.website
            )
            self._same(display[product.id].price, product, quantity, "display")
            dozen = self.env.ref("uom.product_uom_dozen")
            if quantity == 12.0:
                price = self.pricelist._get_product_price(
                    product, 1.0, uom=dozen, kh_partner=dealer
                )
                self.assertAlmostEqual(price / 12, self.expected[product, quantity], self.digits)

    def _check_back_office(self, dealer):
        orders = self.env["sale.order"]
        values = {"partner_id": dealer.id, "pricelist_id": self.pricelist.id}
        by_form = Form(orders)
        by_form.partner_id = dealer
        by_form.pricelist_id = self.pricelist
        for product, quantity in self._steps():
            with by_form.order_line.new() as line:
                line.product_id = product
                line.product_uom_qty = quantity
                self._same(line.price_unit, product, quantity, "form")
        by_form.save()
        lines = [
            Command.create({"product_id": product.id, "product_uom_qty": quantity})
            for product, quantity in self._steps()
        ]
        order = orders.create({**values, "order_line": lines})
        for line in order.order_line:
            self._same(line.price_unit, line.product_id, line.product_uom_qty, "order line")
        with MockRequest(self.env, website=self.website):
            for product, quantity in self._steps():
                catalogue = orders.create(values)
                price = catalogue._update_order_line_info(product.id, quantity)
                self._same(price, product, quantity, "catalogue")
        self._check_order_texts(order)

    def _json2(self, model, method, **body):
        """Call a method as another system does, with the key of a person of sales."""
        self.authenticate(None, None)  # a key is refused beside somebody else's session
        response = self.url_open(
            f"/json/2/{model}/{method}",
            data=json.dumps(body),
            headers={
                "Authorization": f"bearer {self.api_key}",
                "Content-Type": "application/json",
            },
        )
        self.assertEqual(response.status_code, 200, response.text)
        return response.json()

    def _check_api(self, dealer):
        """An order and its prices, given in and read by `/json/2`."""
        lines = [
            (0, 0, {"product_id": product.id, "product_uom_qty": quantity})
            for product, quantity in self._steps()
        ]
        order = {
            "partner_id": dealer.id,
            "pricelist_id": self.pricelist.id,
            "order_line": lines,
        }
        ids = self._json2("sale.order", "create", vals_list=[order])
        read = self._json2(
            "sale.order.line",
            "search_read",
            domain=[("order_id", "in", ids)],
            fields=["product_id", "product_uom_qty", "price_unit"],
        )
        self.assertEqual(len(read), len(lines))
        for values in read:
            product = self.products.browse(values["product_id"][0])
            self._same(values["price_unit"], product, values["product_uom_qty"], "API")

    def _check_order_texts(self, order):
        """What is printed and mailed of an order names the lines' prices and their sum."""
        report = self.env["ir.actions.report"]
        printed, _type = report._render_qweb_html("sale.report_saleorder", order.ids)
        text = html.unescape(re.sub(r"<[^>]+>", " ", printed.decode()))
        for line in order.order_line:
            self.assertIn(f"{line.price_unit:,.2f}", text, "printed order")
        template = self.env.ref("sale.mail_template_sale_confirmation")
        body = str(template._render_field("body_html", order.ids)[order.id])
        self.assertIn(f"{order.amount_total:,.2f}", html.unescape(body))

    def _check_carts(self, dealer):
        user = self.users[dealer]
        website = self.website.with_user(user)
        for product, quantity in self._steps():
            with MockRequest(website.env, website=website):
                one, many = website._create_cart(), None
                one._cart_add(product.id, quantity)
                self._same(one.order_line[:1].price_unit, product, quantity, "cart")
                one.sudo().unlink()
                many = website._create_cart()
                many._kh_add_products([(product.id, quantity, None)], source="shop")
                self._same(many.order_line[:1].price_unit, product, quantity, "quick order")
                many.sudo().unlink()

    def _check_sorting(self, dealer):
        products = self.env["product.product"].with_user(self.users[dealer])
        rows = dict(self.env.execute_query(products._kh_sql_own_price()))
        for product in self.products:
            self._same(rows[product.id], product, 1.0, "sort")
        found = products.search([("id", "in", self.products.ids)], order="kh_own_price, id")
        order = sorted(self.products, key=lambda p: (round(self.expected[p, 1.0], 2), p.id))
        self.assertEqual(found.ids, [product.id for product in order])

    def _check_pages(self, dealer):
        table = self.url_open("/shop?search=KH").text
        for product in self.products:
            row = re.search(rf'<tr[^>]*data-kh-product="{product.id}".*?</tr>', table, re.DOTALL)
            shown = re.search(r'kh-p-own">([\d,.]+)</b>', row.group())
            self._same(float(shown.group(1).replace(",", "")), product, 1.0, "table")
            data = re.search(r'data-kh-price="([\d.]+)"', row.group())
            self._same(float(data.group(1)), product, 1.0, "table data")
            ladder = re.search(r'data-kh-ladder="([^"]*)"', row.group())
            steps = json.loads(html.unescape(ladder.group(1))) if ladder else []
            for quantity in (number for key, number in self.expected if key == product):
                price = float(data.group(1))
                for minimum, step in steps:
                    price = step if quantity >= minimum else price
                self._same(price, product, quantity, "ladder")
        for product, quantity in self._steps():
            info = self._combination(product, quantity)
            self._same(info["price"], product, quantity, "product page")
        suggested = {result["name"]: result for result in self._suggestions("KHSAME")}
        for product in self.singles:
            [result] = [
                r
                for name, r in suggested.items()
                if product.name in " ".join(re.sub("<[^>]+>", "", name).split())
            ]
            self.assertIn(f"{self.expected[product, 1.0]:,.2f}", html.unescape(result["detail"]))
        read = self._rpc("product.product", "read", self.products.ids, ["kh_own_price"])
        for values in read:
            product = self.products.browse(values["id"])
            self._same(values["kh_own_price"], product, 1.0, "RPC")

    def _check_documents(self, dealer):
        self.dealer.kh_is_dealer = self.stranger.kh_is_dealer = True
        rows = read_xlsx(self.url_open("/my/prices/download/xlsx").content)
        prices = {}
        for row in rows:
            if isinstance(row[4], float):
                prices.setdefault(row[0], []).append((row[4], row[5]))
        texts = read_pdf(self.url_open("/my/prices/download/pdf").content)
        for product, quantity in self._steps():
            steps = prices[product.default_code]
            price = [price for minimum, price in sorted(steps) if minimum <= quantity][-1]
            self._same(price, product, quantity, "price list")
            self.assertIn(f"{price:,.2f}", texts, "price list, PDF")

    def test_cards_show_the_same_price(self):
        """Core's cards: products with one variant, for dealers and for strangers."""
        self.env["product.pricelist.item"].create(list(self._random_rules(Random(11))))
        templates = self.singles.product_tmpl_id
        public = self.env.ref("base.public_user")
        for user, partner in [
            *((user, dealer) for dealer, user in self.users.items()),
            (public, self.env["res.partner"]),
        ]:
            website = self.website.with_user(user)
            with MockRequest(website.env, website=website):
                cards = templates.with_user(user)._get_sales_prices(website)
            for product in self.singles:
                expected = self.pricelist._get_product_price(product, 1.0, kh_partner=partner)
                shown = cards[product.product_tmpl_id.id]["price_reduce"]
                self.assertAlmostEqual(shown, expected, 2, user.login)


@tagged("post_install", "-at_install")
class TestForeignPrice(SamePriceCommon):
    """One dealer's price, which nobody else may learn on any way."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.product = cls.singles[0]
        contract = cls.env["kh.price.contract"].create(
            {
                "partner_id": cls.dealer.id,
                "pricelist_id": cls.pricelist.id,
                "item_ids": [
                    Command.create(
                        {
                            "product_id": cls.product.id,
                            "compute_price": "fixed",
                            "fixed_price": SECRET,
                        }
                    )
                ],
            }
        )
        contract.action_activate()
        cls.contract = contract
        cls.order = cls.env["sale.order"].create(
            {
                "partner_id": cls.dealer.id,
                "pricelist_id": cls.pricelist.id,
                "website_id": cls.website.id,
                "order_line": [Command.create({"product_id": cls.product.id})],
            }
        )

    def _pages(self):
        """Texts of whatever a visitor or a dealer can open about the product."""
        paths = [
            "/shop?search=KHSAME",
            "/shop?search=KHSAME&order=price",
            "/shop?search=KHSAME&order=price_desc",
            "/shop?search=KHSAME&order=pricelist_rule_ids",
            "/shop?search=KHSAME&layout=cards",
            self.product.product_tmpl_id.website_url,
            "/shop/cart",
            "/my",
            "/my/orders",
            "/my/prices",
            "/sitemap.xml",
            f"/shop/products/recently_viewed_update?product_id={self.product.id}",
        ]
        for path in paths:
            yield path, self.url_open(path).text
        for quantity in (1, 1000):
            yield "combination", json.dumps(self._combination(self.product, quantity))
        yield "suggestions", json.dumps(self._suggestions("KHSAME"))

    def _calls(self):
        """RPC calls that could name the price, or count by it."""
        item, domain = "product.pricelist.item", [["product_id", "=", self.product.id]]
        template = ["id", "=", self.product.product_tmpl_id.id]
        yield item, "search_read", [domain, ["fixed_price", "price"]], {}
        yield item, "formatted_read_group", [domain, ["kh_partner_id"], ["fixed_price:sum"]], {}
        yield item, "read", [self.contract.item_ids.ids, ["fixed_price"]], {}
        yield item, "export_data", [self.contract.item_ids.ids, ["fixed_price"]], {}
        yield item, "web_read", [self.contract.item_ids.ids], {"specification": {"price": {}}}
        yield "kh.price.contract", "search_read", [[], ["name"]], {}
        yield "kh.price.contract", "action_print_annex_pdf", [self.contract.ids], {}
        yield (
            "product.template",
            "search_count",
            [[template, ["pricelist_rule_ids.fixed_price", "=", SECRET]]],
            {},
        )
        yield "product.template", "search_count", [[template, ["kh_own_price", ">", 7000]]], {}
        yield "product.template", "search_read", [[template], ["kh_own_price", "list_price"]], {}
        yield (
            "product.product",
            "search_count",
            [[["id", "=", self.product.id], ["kh_own_price", "=", SECRET]]],
            {},
        )
        yield (
            "product.product",
            "search_read",
            [[["id", "=", self.product.id]], ["kh_own_price"]],
            {},
        )
        yield (
            "product.product",
            "search_read",
            [[["id", "=", self.product.id]], ["kh_own_price"]],
            {"context": {"kh_partner_id": self.dealer.id}},
        )
        yield "product.product", "read", [self.product.ids, ["pricelist_rule_ids"]], {}
        yield "sale.order.line", "search_read", [domain, ["price_unit"]], {}
        yield "sale.order", "read", [self.order.ids, ["amount_total"]], {}
        yield "kh.price.list", "_make_own", ["xlsx"], {}

    def _answers(self):
        for model, method, args, kwargs in self._calls():
            with mute_logger("odoo.http", "odoo.addons.base.models.ir_rule"):
                try:
                    answer = self._rpc(model, method, *args, **kwargs)
                except JsonRpcException as error:
                    answer = str(error)
            yield f"{model}.{method}", answer

    def _assert_not_told(self, way, text):
        for secret in SECRET_TEXTS:
            self.assertNotIn(secret, text, way)

    def test_the_dealer_itself_meets_the_price(self):
        """What the tests below look for can be found at all."""
        self._login(self.dealer)
        found = {way for way, text in self._pages() if any(s in text for s in SECRET_TEXTS)}
        for way in ("/shop?search=KHSAME", "combination", "suggestions"):
            self.assertIn(way, found)
        self.assertIn(str(SECRET), str(dict(self._answers())["product.product.search_read"]))
        self.assertIn("KHSAME-0", self.url_open("/shop?min_price=7000&max_price=8000").text)
        self.dealer.kh_is_dealer = True
        rows = read_xlsx(self.url_open("/my/prices/download/xlsx").content)
        self.assertIn(SECRET, [row[5] for row in rows])
        self.assertIn("7,654.32", read_pdf(self.url_open("/my/prices/download/pdf").content))

    def test_another_dealer_learns_nothing(self):
        self._login(self.stranger)
        self._check_nothing_is_told()
        for kind, read in (("xlsx", read_xlsx), ("pdf", read_pdf)):
            response = self.url_open(f"/my/prices/download/{kind}?partner_id={self.dealer.id}")
            if response.headers["Content-Type"].startswith("application"):
                self._assert_not_told(kind, str(read(response.content)))

    def test_a_stranger_learns_nothing(self):
        self.authenticate(None, None)
        self._check_nothing_is_told()

    def _check_nothing_is_told(self):
        for way, text in self._pages():
            self._assert_not_told(way, text)
        for way, answer in self._answers():
            self._assert_not_told(way, json.dumps(answer, default=str))
            if isinstance(answer, int):  # a count by the price
                self.assertEqual(answer, 0, way)
        for path in ("?min_price=7000&max_price=8000", "?min_price=7654.32&max_price=7654.32"):
            self.assertNotIn("KHSAME-0", self.url_open(f"/shop{path}").text)
        refused = (
            f"/kh/price_contract/{self.contract.id}/annex/xlsx",
            f"/kh/price_contract/{self.contract.id}/annex/pdf",
            f"/report/pdf/sale.report_saleorder/{self.order.id}",
            f"/report/html/sale.report_saleorder/{self.order.id}",
            f"/my/orders/{self.order.id}?report_type=html",
        )
        with mute_logger("odoo.http"):
            for path in refused:
                self._assert_not_told(path, self.url_open(path).text)

    def test_feed_names_the_market_price(self):
        feed = self.env["product.feed"].create(
            {
                "name": "KH feed",
                "website_id": self.website.id,
                "lang_id": self.website.default_lang_id.id,
            }
        )
        user = self.users[self.dealer]
        with MockRequest(self.env, website=self.website.with_user(user)):
            rendered = feed._render_gmc_feed()
        self._assert_not_told("feed", str(rendered))

    def test_sorting_tells_no_place_of_a_foreign_price(self):
        """The order of products for others is the one without the dealer's price."""
        products = self.env["product.product"].with_user(self.users[self.stranger])
        domain = [("id", "in", self.products.ids)]
        before = products.search(domain, order="kh_own_price, id").ids
        self.contract.item_ids.sudo().write({"fixed_price": 0.01})
        self.env.invalidate_all()
        self.assertEqual(products.search(domain, order="kh_own_price, id").ids, before)
        mine = self.env["product.product"].with_user(self.users[self.dealer])
        self.assertEqual(mine.search(domain, order="kh_own_price, id").ids[0], self.product.id)

    def test_an_ended_contract_counts_nowhere(self):
        self.contract.action_terminate()
        self._login(self.dealer)
        self._check_nothing_is_told_of_products()

    def _check_nothing_is_told_of_products(self):
        for way, text in self._pages():
            if way not in ("/my", "/my/orders"):  # the order kept its price
                self._assert_not_told(way, text)
