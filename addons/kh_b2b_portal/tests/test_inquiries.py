from odoo.http import Request
from odoo.tests import new_test_user, tagged
from odoo.tools import mute_logger

from ..controllers import inquiries
from .common import DEALER_GROUPS, PortalCommon


@tagged("post_install", "-at_install")
class TestInquiries(PortalCommon):
    """Ask, see the quote, accept or refuse: own, colleague, foreign dealer, stranger."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.first, cls.second, cls.third = cls.variants
        cls.company.portal_confirmation_pay = False
        cls.colleague = new_test_user(
            cls.env, "kh_colleague", groups=DEALER_GROUPS, password="kh_colleague"
        )
        cls.colleague.partner_id.parent_id = cls.dealer

    def setUp(self):
        super().setUp()
        self.authenticate("kh_dealer", "kh_dealer")

    def _post(self, url, **data):
        data["csrf_token"] = Request.csrf_token(self)
        return self.url_open(url, data=data)

    def _ask(self, key="an-inquiry-of-mine"):
        page = self._post(
            "/my/inquiries/new",
            key=key,
            note="For the new hospital",
            **{
                f"qty_{self.first.id}": "１00",
                f"target_{self.first.id}": "70.5",
                f"qty_{self.second.id}": "5",
                f"qty_{self.third.id}": "0",
            },
        )
        return page, self._inquiries()

    def _inquiries(self):
        return self.env["kh.price.inquiry"].search([("dealer_id", "=", self.dealer.id)])

    def _quote(self, inquiry, price=72.0):
        inquiry.line_ids.sudo().quoted_price = price
        inquiry.sudo().action_quote()

    def test_ask_once_for_each_key(self):
        for _twice in range(2):
            page, inquiry = self._ask()
        self.assertEqual(len(inquiry), 1)
        self.assertTrue(page.url.endswith(f"/my/inquiries/{inquiry.id}"))
        self.assertEqual(inquiry.state, "sent")
        self.assertEqual(inquiry.partner_id, self.user.partner_id)
        self.assertEqual(
            [(line.product_id, line.quantity, line.target_price) for line in inquiry.line_ids],
            [(self.first, 100.0, 70.5), (self.second, 5.0, 0.0)],
        )
        self.assertEqual(inquiry.line_ids.mapped("price_today"), [80.0, 80.0])
        self.assertIn("For the new hospital", page.text)
        self.assertIn(inquiry.name, self.url_open("/my/inquiries").text)

    def test_forms_come_from_cart_product_and_list(self):
        self._add({self.third: 4})
        one = self.env["kh.purchase.list"].with_user(self.user).create({"name": "Weekly"})
        one._kh_add_rows([(self.second, 3, None)])
        for query, product in (
            ("source=cart", self.third),
            (f"product_id={self.first.id}", self.first),
            (f"list_id={one.id}", self.second),
        ):
            html = self.url_open(f"/my/inquiries/new?{query}").text
            self.assertIn(f'name="qty_{product.id}"', html)
            self.assertEqual(html.count('name="qty_'), 1)
        hidden = self._create_template("KH hidden", is_published=False).product_variant_id
        html = self.url_open(f"/my/inquiries/new?product_id={hidden.id}").text
        self.assertNotIn('name="qty_', html)

    def test_nonsense_and_hidden_goods_are_not_sent(self):
        hidden = self._create_template("KH hidden", is_published=False).product_variant_id
        for number, data in enumerate(
            (
                {},
                {f"qty_{self.first.id}": "ten"},
                {f"qty_{self.first.id}": "-1"},
                {f"qty_{hidden.id}": "1", "qty_x": "1"},
            )
        ):
            self._post("/my/inquiries/new", key=f"nonsense-{number}", **data)
        self.assertFalse(self._inquiries())

    def test_what_was_typed_into_a_refused_inquiry_stands_there_again(self):
        hidden = self._create_template("KH hidden", is_published=False).product_variant_id
        page = self._post(
            "/my/inquiries/new",
            key="typed-with-a-mistake",
            note="For the <new> hospital",
            **{
                f"qty_{self.first.id}": "ten",
                f"qty_{self.second.id}": "12",
                f"target_{self.second.id}": "70.5",
                f"qty_{hidden.id}": "3",
            },
        )
        html = page.text
        for text in ('value="ten"', 'value="12"', 'value="70.5"', "For the &lt;new&gt; hospital"):
            self.assertIn(text, html)
        self.assertIn("“ten” is not a number", html)
        self.assertEqual(html.count('name="qty_'), 2)
        self._ask()
        self.assertEqual(len(self._inquiries()), 1)
        html = self.url_open("/my/inquiries/new?source=typed").text
        self.assertNotIn('value="ten"', html)

    def test_ids_that_are_none_are_left_out(self):
        endless = "1" * 5000
        rows = {f"qty_{endless}": "1", f"qty_00{self.first.id}": "3", f"qty_{self.second.id}": "x"}
        page = self._post("/my/inquiries/new", key="ids-that-are-none", **rows)
        self.assertEqual(page.status_code, 200)
        self.assertEqual(page.text.count('name="qty_'), 1)
        for query in (f"page={endless}", f"new?product_id={endless}", f"new?list_id={endless}"):
            url = "/my/inquiries" + ("/" if query.startswith("new") else "?") + query
            self.assertEqual(self.url_open(url).status_code, 200, query[:20])

    def test_too_many_products_are_refused_not_cut(self):
        self.patch(inquiries, "MAX_LINES_PER_ADD", 1)
        self._ask()
        self.assertFalse(self._inquiries())

    def test_prices_are_shown_when_given_only(self):
        _page, inquiry = self._ask()
        inquiry.line_ids.sudo().quoted_price = 72.0
        url = f"/my/inquiries/{inquiry.id}"
        html = self.url_open(url).text
        self.assertNotIn("72.00", html)
        self.assertIn("Our turn", html)
        inquiry.sudo().action_quote()
        html = self.url_open(url).text
        for text in ("72.00", "7,200.00", "70.50", "Your turn"):
            self.assertIn(text, html)

    def test_accepted_becomes_an_order_once(self):
        _page, inquiry = self._ask()
        self._quote(inquiry)
        url = f"/my/inquiries/{inquiry.id}/answer"
        page = self._post(url, what="accept")
        order = inquiry.order_id
        self.assertTrue(page.url.endswith(f"/my/orders/{order.id}"))
        self.assertEqual(order.order_line.mapped("price_unit"), [72.0, 72.0])
        self.assertEqual(order.website_id, self.website)
        page = self._post(url, what="accept")
        self.assertIn("this step is not possible", page.text)
        self.assertEqual(self.env["sale.order"].search_count([("origin", "=", inquiry.name)]), 1)

    def test_refuse_needs_a_reason_and_a_sent_one_is_given_up(self):
        _page, inquiry = self._ask()
        url = f"/my/inquiries/{inquiry.id}/answer"
        self._quote(inquiry)
        self._post(url, what="refuse", reason=" ")
        self.assertEqual(inquiry.state, "quoted")
        self.assertIn("Too dear", self._post(url, what="refuse", reason="Too dear").text)
        self.assertEqual(inquiry.state, "refused")
        _page, both = self._ask(key="another-inquiry")
        other = both - inquiry
        self._post(f"/my/inquiries/{other.id}/answer", what="cancel")
        self.assertEqual(other.state, "cancelled")

    def test_colleagues_see_it_foreign_dealers_do_not(self):
        _page, inquiry = self._ask()
        self._quote(inquiry)
        url = f"/my/inquiries/{inquiry.id}"
        self.authenticate("kh_colleague", "kh_colleague")
        self.assertIn("72.00", self.url_open(url).text)
        self.authenticate("kh_stranger", "kh_stranger")
        with mute_logger("odoo.http"):
            self.assertEqual(self.url_open(url).status_code, 404)
            for what in ("accept", "refuse", "cancel"):
                page = self._post(f"{url}/answer", what=what, reason="No")
                self.assertEqual(page.status_code, 404)
        self.assertEqual(inquiry.state, "quoted")
        self.assertNotIn(inquiry.name, self.url_open("/my/inquiries").text)

    def test_others_have_no_way_in(self):
        _page, inquiry = self._ask()
        pages = ("/my/inquiries", "/my/inquiries/new", f"/my/inquiries/{inquiry.id}")
        new_test_user(self.env, "kh_staff_x", groups="base.group_user", password="kh_staff_x")
        self.colleague.partner_id.sudo().kh_dealer_role = "finance"
        for login in ("kh_staff_x", "kh_colleague"):
            self.authenticate(login, login)
            with mute_logger("odoo.http"):
                for url in pages:
                    self.assertEqual(self.url_open(url).status_code, 404, (login, url))
        self.authenticate(None, None)
        for url in pages:
            self.assertIn("/web/login", self.url_open(url).url)
