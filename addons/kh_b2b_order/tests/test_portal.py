from unittest.mock import patch

from lxml import html

from odoo import http
from odoo.tests import HttpCase, tagged

from .common import OrderCommon


@tagged("post_install", "-at_install")
class TestPortal(OrderCommon, HttpCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        # the one website that answers on the test's address
        websites = cls.env["website"].search([])
        websites.domain = False
        cls.shop = websites.sorted(lambda site: (site.sequence, site.id))[0]
        cls.shop.write({"company_id": cls.company.id, "kh_is_b2b": True})
        cls.env["website"].search([("id", "!=", cls.shop.id)]).write({"sequence": 1000})
        for user in (cls.buyer, cls.colleague, cls.foreigner):
            user.password = user.login
        cls.order = cls._create_order({cls.product: 10.0, cls.product_2: 2.0})
        cls.order.action_confirm()
        cls._ship(cls.order)

    def _get(self, url, login=None, **kwargs):
        self.authenticate(login and login.login, login and login.login)
        return self.url_open(url, **kwargs)

    def _post(self, url, login, key="key-of-this-tap"):
        self.authenticate(login and login.login, login and login.login)
        data = {"csrf_token": http.Request.csrf_token(self), "key": key}
        return self.url_open(url, data=data, allow_redirects=False)

    def _numbers(self, response):
        page = html.fromstring(response.content)
        return page.xpath("//td[contains(@class, 'kh-o-no')]/a/text()")

    # === LIST === #
    def test_dealer_and_colleague_see_the_company_orders(self):
        for user in (self.buyer, self.colleague):
            with self.subTest(user.login):
                self.assertEqual(self._numbers(self._get("/my/orders", user)), [self.order.name])

    def test_foreign_dealer_sees_none(self):
        response = self._get("/my/orders", self.foreigner)
        self.assertEqual(self._numbers(response), [])
        self.assertIn("kh-o-empty", response.text)

    def test_stranger_is_sent_to_login(self):
        response = self._get("/my/orders", allow_redirects=False)
        self.assertEqual(response.status_code, 303)
        self.assertIn("/web/login", response.headers["Location"])

    def test_a_reader_without_a_time_zone_sees_the_list(self):
        self.buyer.tz = False
        self.company.partner_id.tz = "Asia/Shanghai"
        self.assertEqual(self._numbers(self._get("/my/orders", self.buyer)), [self.order.name])
        self.assertEqual(self.order.with_user(self.buyer)._kh_zone(), "Asia/Shanghai")

    def test_carts_are_not_orders(self):
        cart = self._create_order()
        self.assertNotIn(cart.name, self._numbers(self._get("/my/orders", self.buyer)))

    def test_search_by_number_product_and_code(self):
        other = self._create_order({self.product_3: 1.0})
        other.action_quotation_sent()
        cases = {
            self.order.name: [self.order.name],
            self.product_2.name: [self.order.name],
            "KH-O-3": [other.name],
            "nothing like it": [],
        }
        for text, numbers in cases.items():
            with self.subTest(text):
                response = self._get(f"/my/orders?q={text}", self.buyer)
                self.assertEqual(self._numbers(response), numbers)

    def test_tabs_and_dates_filter(self):
        other = self._create_order()
        other.action_quotation_sent()
        other.date_order = "2020-05-05 10:00:00"
        cases = {
            "stage=to_receive": [self.order.name],
            "stage=to_pay": [other.name],
            "stage=done": [],
            "date_from=2020-05-01&date_to=2020-05-31": [other.name],
            "stage=nonsense&date_from=garbage&sortby=x&page=y": [self.order.name, other.name],
            "page=²&date_from=0001-01-01&date_to=9999-12-31": [self.order.name, other.name],
            f"page={'9' * 30}": [self.order.name, other.name],
        }
        for query, numbers in cases.items():
            with self.subTest(query):
                response = self._get(f"/my/orders?{query}", self.buyer)
                self.assertEqual(response.status_code, 200)
                self.assertEqual(self._numbers(response), numbers)

    def test_list_says_until_when_to_pay(self):
        self.company.kh_unpaid_hours = 72
        self.buyer.lang = "en_US"
        order = self._create_order(website_id=self.shop.id, require_payment=True)
        order.with_user(self.buyer).sudo().action_quotation_sent()
        self.env.flush_all()
        rows = {row.order: row for row in (order | self.order)._kh_portal_rows()}
        self.assertEqual(rows[order].deadline, order._kh_get_deadline_text())
        self.assertTrue(rows[order].deadline)
        self.assertFalse(rows[self.order].deadline)
        page = html.fromstring(self._get("/my/orders", self.buyer).content)
        cell = page.xpath(f"//tr[.//a[text()='{order.name}']]//td[@class='kh-o-stage']")[0]
        moment = rows[order].deadline.split(" · ")[0]
        self.assertIn(moment[:6], cell.text_content())

    def test_list_pages_and_constant_queries(self):
        Order = self.env["sale.order"]

        def count(limit):
            self.env.invalidate_all()
            before = self.env.cr.sql_log_count
            user = self.buyer.partner_id
            domain = Order._kh_portal_search_domain(user, "KH-O")
            Order._kh_portal_tabs(domain)
            rows = Order.search(domain, limit=limit)._kh_portal_rows()
            return len(rows), self.env.cr.sql_log_count - before

        for _n in range(55):
            self._create_order().action_quotation_sent()
        self.env.flush_all()
        count(1)
        self.assertEqual(count(1), (1, count(50)[1]))
        self.assertEqual(len(self._numbers(self._get("/my/orders", self.buyer))), 50)
        self.assertEqual(len(self._numbers(self._get("/my/orders/page/2", self.buyer))), 6)

    def test_stages_are_counted_as_their_orders_are(self):
        orders = self.env["sale.order"]
        for _n in range(4):
            orders |= self._create_order()
        orders.action_quotation_sent()
        orders[0].action_confirm()
        orders[1]._action_cancel()
        self.env.flush_all()
        Order = self.env["sale.order"].with_user(self.buyer)
        domain = Order._kh_portal_search_domain(self.buyer.partner_id)
        grouped = dict(Order._read_group(domain, ["kh_stage"], ["__count"]))
        counts = {stage: count for stage, count in Order._kh_count_stages(domain).items() if count}
        self.assertEqual(counts, grouped)
        self.assertGreater(len(counts), 1)

    def test_a_stage_is_counted_up_to_the_limit(self):
        for _n in range(4):
            self._create_order().action_quotation_sent()
        self.env.flush_all()
        Order = self.env["sale.order"].with_user(self.buyer)
        domain = Order._kh_portal_search_domain(self.buyer.partner_id)
        total = Order.search_count(domain)
        self.assertEqual(Order._kh_portal_tabs(domain)[0][2:], (total, False))
        place = "odoo.addons.kh_b2b_order.models.sale_order_portal.COUNT_LIMIT"
        with patch(place, 2):
            tab = Order._kh_portal_tabs(domain)[0]
            self.assertEqual((tab.count, tab.is_more, tab.text), (2, True, "2+"))
            page = html.fromstring(self._get("/my/orders", self.buyer).content)
        said = page.xpath("//div[@class='kh-o-pager']/span[@class='kh-o-muted']")
        self.assertEqual(len(said), 2, "The list does not say where it ends.")
        self.assertIn("2+", said[0].text_content())
        self.assertIn("2", said[1].text_content())

    def test_other_websites_keep_the_pages_of_core(self):
        self.shop.kh_is_b2b = False
        response = self._get("/my/orders", self.buyer)
        self.assertNotIn("kh-o-page", response.text)
        response = self._get(f"/my/orders/{self.order.id}", self.buyer)
        self.assertNotIn("kh-o-page", response.text)

    # === ONE ORDER === #
    def test_order_page_shows_progress_lines_and_totals(self):
        response = self._get(f"/my/orders/{self.order.id}", self.colleague)
        self.assertEqual(response.status_code, 200)
        page = html.fromstring(response.content)
        self.assertEqual(len(page.xpath("//li[contains(@class, 'kh-o-node-done')]")), 3)
        self.assertEqual(len(page.xpath("//table[contains(@class, 'kh-o-lines')]/tbody/tr")), 2)
        self.assertIn("KH-O-1", response.text)
        self.assertNotIn("portal.assets_chatter", response.text)
        totals = page.xpath("//section[contains(@class, 'kh-o-totals')]")[0].text_content()
        self.assertIn("1,200.00", totals)
        self.assertNotIn("\N{NO-BREAK SPACE}", totals)

    def test_order_page_searches_its_lines(self):
        response = self._get(f"/my/orders/{self.order.id}?q=KH-O-2", self.buyer)
        page = html.fromstring(response.content)
        codes = page.xpath("//table[contains(@class, 'kh-o-lines')]//td[@class='kh-o-code']/text()")
        self.assertEqual(codes, ["KH-O-2"])

    def test_transfer_instructions_while_to_pay(self):
        order = self._create_order()
        self._announce_transfer(order)
        response = self._get(f"/my/orders/{order.id}", self.buyer)
        page = html.fromstring(response.content)
        self.assertIn("1,000.00", page.xpath("//section[@id='pay']")[0].text_content())

    def test_foreign_dealer_is_sent_away(self):
        for path in ("", "/download/order"):
            with self.subTest(path):
                response = self._get(
                    f"/my/orders/{self.order.id}{path}", self.foreigner, allow_redirects=False
                )
                self.assertEqual(response.status_code, 303)
                self.assertTrue(response.headers["Location"].endswith("/my"))
        for path in ("/receive", "/reorder"):
            with self.subTest(path):
                response = self._post(f"/my/orders/{self.order.id}{path}", self.foreigner)
                self.assertEqual(response.status_code, 303)
                self.assertTrue(response.headers["Location"].endswith("/my"))
        self.assertEqual(self.order.kh_stage, "to_receive")

    def test_stranger_needs_the_token(self):
        url = f"/my/orders/{self.order.id}"
        response = self._get(url, allow_redirects=False)
        self.assertEqual(response.status_code, 303)
        token = self.order._portal_ensure_token()
        response = self._get(f"{url}?access_token={token}")
        self.assertIn("kh-o-timeline", response.text)
        self.assertNotIn("/receive", response.text, "whoever has the link may look, not act")

    # === DOCUMENTS === #
    def test_documents_of_the_order_only(self):
        invoice = self.order._create_invoices()
        invoice.action_post()
        other = self._create_order()
        other.action_confirm()
        keys = {document.key for document in self.order.sudo()._kh_get_documents()}
        picking = self.order.picking_ids
        self.assertEqual(keys, {"order", f"delivery-{picking.id}", f"invoice-{invoice.id}"})
        wrong = f"/my/orders/{self.order.id}/download/delivery-{other.picking_ids.id}"
        self.assertEqual(self._get(wrong, self.buyer).status_code, 404)
        self.assertEqual(
            self._get(f"/my/orders/{self.order.id}/download/x", self.buyer).status_code, 404
        )

    def test_download_is_a_pdf(self):
        self.patch(
            type(self.env["ir.actions.report"]),
            "_render_qweb_pdf",
            lambda report, ref, res_ids=None, data=None: (b"%PDF-1.4 test", "pdf"),
        )
        response = self._get(f"/my/orders/{self.order.id}/download/order", self.buyer)
        self.assertEqual(response.headers["Content-Type"], "application/pdf")
        self.assertIn(self.order.name, response.headers["Content-Disposition"])

    # === ACTIONS === #
    def test_dealer_confirms_receipt(self):
        response = self._post(f"/my/orders/{self.order.id}/receive", self.buyer)
        self.assertTrue(response.headers["Location"].endswith("notice=received"))
        self.assertEqual(self.order.kh_stage, "done")
        self.assertEqual(self.order.kh_received_by_id, self.buyer.partner_id)

    def test_receipt_is_the_dealers_own_word(self):
        clerk = self._create_staff(
            "kh_o_desk",
            "kh_b2b_member.group_b2b_order_clerk",
            "sales_team.group_sale_salesman_all_leads",
        )
        guest = self._create_portal_user("kh_o_guest", self.dealer)  # without a role
        guest.group_ids = self.env.ref("base.group_portal")
        for user in (clerk, guest):
            user.password = user.login
        for user in (None, self.foreigner, clerk, guest):
            with self.subTest(user and user.login):
                response = self._post(f"/my/orders/{self.order.id}/receive", user)
                self.assertNotIn("notice=received", response.headers["Location"])
                self.order.invalidate_recordset()
                self.assertEqual(self.order.kh_stage, "to_receive")
        self.assertNotIn("/receive", self._get(f"/my/orders/{self.order.id}", guest).text)
        self.assertIn("/receive", self._get(f"/my/orders/{self.order.id}", self.colleague).text)

    def test_receipt_too_early_changes_nothing(self):
        order = self._create_order()
        order.action_confirm()
        response = self._post(f"/my/orders/{order.id}/receive", self.buyer)
        self.assertTrue(response.headers["Location"].endswith("notice=not_shipped"))
        self.assertEqual(order.kh_stage, "to_ship")

    def test_reorder_puts_everything_into_the_cart(self):
        url = f"/my/orders/{self.order.id}/reorder"
        self.assertTrue(self._post(url, self.buyer, "").headers["Location"].endswith(url[:-8]))
        for _tap in range(2):
            response = self._post(url, self.buyer)
            self.assertTrue(response.headers["Location"].endswith("/shop/cart"))
        cart = self.env["sale.order"].search(
            [("partner_id", "=", self.buyer.partner_id.id), ("state", "=", "draft")], limit=1
        )
        self.assertEqual(cart.order_line.mapped("product_uom_qty"), [10.0, 2.0])
        self.assertEqual(cart.kh_source, "shop")

    def test_reorder_lists_what_was_refused(self):
        self.product_2.is_published = False
        response = self._post(f"/my/orders/{self.order.id}/reorder", self.buyer)
        self.assertEqual(response.status_code, 303, "a reload must not order again")
        url = response.headers["Location"]
        self.assertTrue(url.endswith(f"/my/orders/{self.order.id}/reorder/result"))
        response = self.url_open(url)
        self.assertIn("KH-O-2", response.text)
        self.assertNotIn("KH-O-1", response.text)

    def test_staff_without_sales_rights_is_sent_home(self):
        staff = self._create_staff("kh_o_plain")
        staff.password = staff.login
        response = self._get("/my/orders", staff, allow_redirects=False)
        self.assertEqual(response.status_code, 303)
        self.assertTrue(response.headers["Location"].endswith("/my"))

    def test_odd_line_page_is_the_first(self):
        response = self._get(f"/my/orders/{self.order.id}?line_page=²", self.buyer)
        self.assertIn("KH-O-1", response.text)

    def test_transfer_page_names_one_account(self):
        accounts = self.env["res.partner.bank"].create(
            [
                {"acc_number": number, "partner_id": self.company.partner_id.id}
                for number in ("KH-BANK-1", "KH-BANK-2")
            ]
        )
        self.provider.journal_id.bank_account_id = accounts[0]
        order = self._create_order()
        self._announce_transfer(order)
        response = self._get(f"/my/orders/{order.id}", self.buyer)
        self.assertIn("KH-BANK-1", response.text)
        self.assertNotIn("KH-BANK-2", response.text)
