"""One price, whoever is asked: all ways to a price compared, for random cases (M-40 to M-44)."""

import html
import json
import re
from random import Random

from odoo import Command, fields
from odoo.tests import Form, new_test_user, tagged

from odoo.addons.kh_b2b_order.engine.quick_rows import read_table, split_text
from odoo.addons.kh_b2b_pricing.tests.common_documents import read_pdf, read_xlsx
from odoo.addons.website_sale.tests.common import MockRequest

from .common import PortalCommon

QUANTITIES = (1.0, 2.0, 5.0, 12.0, 30.0)


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
        cls.head = cls.env["res.partner"].create({"name": "KH head office", "is_company": True})
        cls.dealer.parent_id = cls.head
        cls.dozen = cls.env.ref("uom.product_uom_dozen")
        cls.dozen.active = True
        cls.products.product_tmpl_id.write({"uom_ids": [Command.link(cls.dozen.id)]})
        seller = new_test_user(
            cls.env, "kh.same.seller", "sales_team.group_sale_salesman_all_leads"
        )
        until = fields.Datetime.add(fields.Datetime.now(), days=1)
        keys = cls.env(user=seller)["res.users.apikeys"]
        cls.api_key = keys._generate("rpc", "Orders", until)

    @classmethod
    def _random_rules(cls, random):
        """Rules of all owners, fixed (some per dozen) and ratio, with steps, on all scopes."""
        targets = [{"product_id": product.id} for product in cls.products]
        targets += [{"product_tmpl_id": template.id} for template in cls.products.product_tmpl_id]
        targets += [{"categ_id": cls.singles[0].categ_id.id}, {}]
        owners = [
            {"kh_partner_id": cls.dealer.id},
            {"kh_partner_id": cls.dealer.id},
            {"kh_partner_id": cls.stranger.id},
            {"kh_partner_id": cls.head.id, "kh_with_branches": True},
            {"kh_grade_id": cls.gold.id},
            {"kh_grade_id": cls.silver.id},
            {},
        ]
        for _number in range(random.randint(8, 16)):
            owner, target = random.choice(owners), random.choice(targets)
            price = {"compute_price": "fixed", "fixed_price": random.randint(500, 9000) / 100}
            if random.random() < 0.35:
                percent = random.choice([5, 12.5, 33.33])
                base = random.choice(["list_price", "kh_market" if owner else "list_price"])
                price = {"compute_price": "percentage", "percent_price": percent, "base": base}
            elif target.keys() & {"product_id", "product_tmpl_id"} and random.random() < 0.4:
                price = {"kh_uom_id": cls.dozen.id, "kh_uom_price": price["fixed_price"] * 11}
            yield {
                "pricelist_id": cls.pricelist.id,
                "min_quantity": random.choice([0, 0, 0, 2, 5, 12]),
                **owner,
                **target,
                **price,
            }

    @classmethod
    def _create_contract(cls):
        """A contract in force: a price per piece, one per dozen, and a ratio for the others."""
        line = {"applied_on": "0_product_variant", "compute_price": "fixed"}
        first, second = cls.singles[:2]
        contract = cls.env["kh.price.contract"].create(
            {
                "partner_id": cls.dealer.id,
                "pricelist_id": cls.pricelist.id,
                "item_ids": [
                    Command.create({**line, "product_id": first.id, "fixed_price": 33.37}),
                    Command.create(
                        {
                            **line,
                            "product_id": second.id,
                            "kh_uom_id": cls.dozen.id,
                            "kh_uom_price": 400.0,
                        }
                    ),
                    Command.create(
                        {
                            "applied_on": "3_global",
                            "compute_price": "percentage",
                            "base": "kh_market",
                            "percent_price": 7.77,
                        }
                    ),
                ],
            }
        )
        contract.action_activate()

    def _rpc(self, model, method, *args, **kwargs):
        return self.make_jsonrpc_request(
            f"/web/dataset/call_kw/{model}/{method}",
            {"model": model, "method": method, "args": list(args), "kwargs": kwargs},
        )

    def _combination(self, product, quantity, **more):
        return self.make_jsonrpc_request(
            "/website_sale/get_combination_info",
            {
                "product_template_id": product.product_tmpl_id.id,
                "product_id": product.id,
                "combination": product.product_template_attribute_value_ids.ids,
                "add_qty": quantity,
                **more,
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
            if world == 2:
                self._create_contract()
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
        self.per_dozen = {
            product: self.pricelist._get_product_price(
                product, 2.0, uom=self.dozen, kh_partner=dealer
            )
            for product in self.products
        }
        self._check_engine(dealer)
        self._check_dozens(dealer)
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

    def _check_dozens(self, dealer):
        """Two dozens of each product: no price per piece is multiplied anywhere."""
        order = self.env["sale.order"].create(
            {
                "partner_id": dealer.id,
                "pricelist_id": self.pricelist.id,
                "order_line": [
                    Command.create(
                        {
                            "product_id": product.id,
                            "product_uom_qty": 2.0,
                            "product_uom_id": self.dozen.id,
                        }
                    )
                    for product in self.products
                ],
            }
        )
        user = self.users[dealer]
        quick = self.env["kh.quick.order"].with_user(user)
        buyer = quick._make_buyer(user.partner_id, website=self.website.with_user(user))
        text = "\n".join(f"{product.default_code}\t2" for product in self.products)
        rows = read_table(split_text(text)).rows
        edits = {row.number: {"uom": self.dozen.id} for row in rows}
        matches = quick._match_rows(rows, buyer, edits)
        self.assertEqual({match.state for match in matches}, {"ok"}, [m.reason for m in matches])
        self.assertEqual({match.uom for match in matches}, {self.dozen})
        shown = {match.product: match.price for match in matches}
        self._login(dealer)
        for line in order.order_line:
            product = line.product_id
            expected = self.per_dozen[product]
            info = self._combination(product, 2.0, uom_id=self.dozen.id)
            for way, price in (
                ("order line", line.price_unit),
                ("quick order", shown[product]),
                ("product page", info["price"]),
            ):
                self.assertAlmostEqual(
                    price, expected, self.digits, f"{way}, dozens of {product.default_code}"
                )

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
        rounds = {}
        for product, quantity in self._steps():
            asked = rounds.setdefault(len([key for key in rounds.values() if product in key]), {})
            asked[product] = quantity
        for asked in rounds.values():
            with MockRequest(website.env, website=website):
                one = website._create_cart()
                for product, quantity in asked.items():
                    one._cart_add(product.id, quantity)
                self._same_lines(one, asked, "cart")
                one.sudo().unlink()
                many = website._create_cart()
                rows = [(product.id, quantity, None) for product, quantity in asked.items()]
                many._kh_add_products(rows, source="shop")
                self._same_lines(many, asked, "quick order")
                many.sudo().unlink()

    def _same_lines(self, order, asked, way):
        self.assertEqual(
            {line.product_id: line.product_uom_qty for line in order.order_line}, asked, way
        )
        for line in order.order_line:
            self._same(line.price_unit, line.product_id, line.product_uom_qty, way)

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
                steps = prices.setdefault(row[0], [])
                pieces = 12 if row[3] == self.dozen.name else 1
                steps.append((row[4] * pieces if steps else 1.0, row[5], pieces))
        texts = read_pdf(self.url_open("/my/prices/download/pdf").content)
        for product, quantity in self._steps():
            steps = prices[product.default_code]
            _minimum, price, pieces = [step for step in sorted(steps) if step[0] <= quantity][-1]
            if pieces == 1:
                self._same(price, product, quantity, "price list")
            else:
                per_dozen = self.pricelist._get_product_price(
                    product, quantity / 12, uom=self.dozen, kh_partner=dealer
                )
                self.assertAlmostEqual(price, per_dozen, self.digits, product.default_code)
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
