import json

from lxml import html as lxml_html

from odoo.http import Request
from odoo.tests import new_test_user, tagged
from odoo.tools import mute_logger

from ..controllers import purchase_lists
from .common import DEALER_GROUPS, PortalCommon


@tagged("post_install", "-at_install")
class TestPurchaseLists(PortalCommon):
    """Lists and "order again" over HTTP: own, colleague, foreign dealer, stranger."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.first, cls.second, cls.third = cls.variants
        cls.colleague = new_test_user(
            cls.env, "kh_colleague", groups=DEALER_GROUPS, password="kh_colleague"
        )
        cls.colleague.partner_id.parent_id = cls.dealer
        cls.order = cls.env["sale.order"].create(
            {
                "partner_id": cls.user.partner_id.id,
                "website_id": cls.website.id,
                "company_id": cls.company.id,
                "order_line": [
                    (0, 0, {"product_id": cls.first.id, "product_uom_qty": 7}),
                    (0, 0, {"product_id": cls.second.id, "product_uom_qty": 2}),
                ],
            }
        )
        cls.order.action_quotation_sent()
        cls.again = f"/my/orders/{cls.order.id}/again"

    def setUp(self):
        super().setUp()
        self.authenticate("kh_dealer", "kh_dealer")
        self.keys = 0

    def _post(self, url, with_key=True, **data):
        self.keys += 1
        data.setdefault("csrf_token", Request.csrf_token(self))
        if with_key:
            data.setdefault("key", f"key-number-{self.keys}")
        return self.url_open(url, data=data)

    def _hidden(self, page):
        inputs = lxml_html.fromstring(page.text).xpath("//form//input[@type='hidden']")
        return {field.get("name"): field.get("value") for field in inputs}

    def _make_list(self, rows=None, **vals):
        Lists = self.env["kh.purchase.list"].with_user(self.user)
        one = Lists.create({"name": "Weekly", **vals})
        one._kh_add_rows(rows or [(self.first, 5, None), (self.second, 2, None)])
        return one

    # === ORDER AGAIN === #
    def test_again_shows_changes_and_writes_nothing(self):
        self._create_contract_prices(self.dealer, 75.0)
        self.second.active = False
        page = self.url_open(self.again)
        self.assertIn('data-kh-change="price short"', page.text)
        self.assertIn('data-kh-change="gone"', page.text)
        self.assertIn("75.00", page.text)
        self.assertFalse(self._cart())

    def test_again_fills_the_cart_once_for_each_key(self):
        fields = self._hidden(self.url_open(self.again))
        for _twice in range(2):
            page = self._post(self.again, mode="add", **fields)
            self.assertTrue(page.url.endswith("/shop/cart"))
        self.assertEqual(self._cart()._kh_cart_quantities(), {self.first.id: 7, self.second.id: 2})
        self.assertEqual(self._cart().kh_source, "shop")

    def test_again_replaces_the_cart(self):
        self._add({self.third: 4})
        self._post(self.again, mode="replace", **self._hidden(self.url_open(self.again)))
        self.assertEqual(self._cart()._kh_cart_quantities(), {self.first.id: 7, self.second.id: 2})
        self._add({self.third: 4}, key="another-key")
        self._post(self.again, mode="add", **self._hidden(self.url_open(self.again)))
        self.assertEqual(
            self._cart()._kh_cart_quantities(),
            {self.first.id: 14, self.second.id: 4, self.third.id: 4},
        )

    def test_what_changed_since_shown_is_not_sent(self):
        fields = self._hidden(self.url_open(self.again))
        self._create_contract_prices(self.dealer, 75.0)
        page = self._post(self.again, mode="add", **fields)
        self.assertIn("data-kh-changed", page.text)
        self.assertFalse(self._cart().order_line)
        page = self._post(self.again, mode="add", **self._hidden(page))
        self.assertEqual(set(self._cart().order_line.mapped("price_unit")), {75.0})

    def test_again_is_for_ones_own_company(self):
        self.authenticate("kh_colleague", "kh_colleague")
        self.assertEqual(self.url_open(self.again).status_code, 200)
        self.authenticate("kh_stranger", "kh_stranger")
        with mute_logger("odoo.http"):
            self.assertEqual(self.url_open(self.again).status_code, 404)
            self.assertEqual(self._post(self.again, mode="add").status_code, 404)
        self.authenticate(None, None)
        self.assertIn("/web/login", self.url_open(self.again).url)

    def test_cores_reorder_is_one_batch_of_own_orders(self):
        url, params = "/my/orders/reorder", {"order_id": self.order.id, "key": "tapped-twice"}
        for _tap in range(2):
            answer = self.make_jsonrpc_request(url, params)
            self.assertEqual(answer["cart_quantity"], 9)
        self.assertEqual(self._cart()._kh_cart_quantities(), {self.first.id: 7, self.second.id: 2})
        self.authenticate("kh_stranger", "kh_stranger")
        params["access_token"] = self.order._portal_ensure_token()
        with mute_logger("odoo.http"), self.assertRaises(Exception) as caught:
            self.make_jsonrpc_request(url, params)
        self.assertIn("NotFound", str(caught.exception))

    def test_an_order_becomes_a_list(self):
        page = self._post(self.again, mode="list")
        one = self.env["kh.purchase.list"].search([("owner_id", "=", self.user.id)])
        self.assertEqual(one.name, self.order.name)
        self.assertEqual(one.line_ids.mapped("quantity"), [7, 2])
        self.assertTrue(page.url.endswith(f"/my/lists/{one.id}"))

    # === LISTS === #
    def test_pages_show_price_stock_and_problem(self):
        one = self._make_list()
        self.assertIn("Weekly", self.url_open("/my/lists").text)
        self.second.active = False
        page = self.url_open(f"/my/lists/{one.id}")
        for text in ("KHT-0", "80.00", "400.00", "Not for sale any more."):
            self.assertIn(text, page.text)

    def test_quantities_are_saved_and_ordered(self):
        one = self._make_list()
        line = one.line_ids[0]
        data = {f"qty_{line.id}": "８", f"was_{line.id}": "5", "then": "order"}
        page = self._post(f"/my/lists/{one.id}/save", **data)
        self.assertEqual(line.quantity, 8)
        self.assertTrue(page.url.endswith(f"/my/lists/{one.id}/order"))
        self._post(f"/my/lists/{one.id}/order", mode="add", **self._hidden(page))
        self.assertEqual(self._cart()._kh_cart_quantities(), {self.first.id: 8, self.second.id: 2})

    def test_a_colleagues_quantity_is_kept_and_told(self):
        one = self._make_list(share="edit")
        line = one.line_ids[0]
        self.authenticate("kh_colleague", "kh_colleague")
        data = {f"qty_{line.id}": "50", f"was_{line.id}": "5"}
        self._post(f"/my/lists/{one.id}/save", **data)
        self.authenticate("kh_dealer", "kh_dealer")
        data = {f"qty_{line.id}": "6", f"was_{line.id}": "5", "then": "order"}
        page = self._post(f"/my/lists/{one.id}/save", **data)
        self.assertEqual(line.quantity, 50)
        self.assertIn("a colleague changed the quantity to 50", page.text)

    def test_nonsense_quantities_change_nothing(self):
        one = self._make_list()
        line = one.line_ids[0]
        data = {f"qty_{line.id}": "ten", f"was_{line.id}": "5", "qty_x": "1"}
        page = self._post(f"/my/lists/{one.id}/save", **data)
        self.assertIn("“ten” is not a quantity.", page.text)
        endless = "1" * 5000
        data = {f"qty_{endless}": "1", "remove": endless}
        self.assertEqual(self._post(f"/my/lists/{one.id}/save", **data).status_code, 200)
        data = {"what": "rename", "name": "Late", "version": endless}
        self.assertEqual(self._post(f"/my/lists/{one.id}/change", **data).status_code, 200)
        with mute_logger("odoo.http"):
            rows = json.dumps([[self.first.id, 3]])
            page = self._post("/my/lists/add", rows=rows, list_id=endless)
        self.assertEqual(page.status_code, 404)
        self.assertEqual((one.name, line.quantity), ("Weekly", 5))

    def test_a_removed_row_comes_back(self):
        one = self._make_list()
        line = one.line_ids[1]
        data = {f"qty_{line.id}": "2", f"was_{line.id}": "2", "remove": str(line.id)}
        page = self._post(f"/my/lists/{one.id}/save", **data)
        self.assertEqual(one.line_ids.product_id, self.first)
        fields = lxml_html.fromstring(page.text).xpath(
            "//form[.//button[@data-kh-put-back]]//input"
        )
        data = {field.get("name"): field.get("value") for field in fields}
        for _twice in range(2):
            self._post(f"/my/lists/{one.id}/change", what="put_back", **data)
        self.assertEqual(one.line_ids.mapped("quantity"), [5, 2])

    def test_a_hidden_product_is_not_put_on_a_list_by_its_id(self):
        hidden = self._create_template("KH hidden", is_published=False).product_variant_id
        one = self._make_list()
        url = f"/my/lists/{one.id}/change"
        page = self._post(url, what="put_back", product_id=hidden.id, uom_id=1, quantity="3")
        self.assertEqual(one.line_ids.product_id, self.first | self.second)
        self.assertNotIn("KH hidden", page.text)
        # a unit the product is not sold in is its own
        kilogram = self.env.ref("uom.product_uom_kgm")
        data = {"product_id": self.third.id, "uom_id": kilogram.id, "quantity": "3"}
        self._post(url, what="put_back", **data)
        line = one.line_ids.filtered(lambda line: line.product_id == self.third)
        self.assertEqual((line.quantity, line.product_uom_id), (3, self.third.uom_id))

    def test_a_list_with_hidden_goods_is_duplicated_whole(self):
        one = self._make_list()
        self.first.is_published = False
        self._post(f"/my/lists/{one.id}/change", what="duplicate")
        copy = self.env["kh.purchase.list"].search([("owner_id", "=", self.user.id)]) - one
        self.assertEqual(copy.line_ids.product_id, self.first | self.second)

    def test_delete_and_undo(self):
        one = self._make_list()
        page = self._post(f"/my/lists/{one.id}/change", what="delete")
        self.assertFalse(one.active)
        self.assertIn("data-kh-restore", page.text)
        self._post(f"/my/lists/{one.id}/change", what="restore")
        self.assertTrue(one.active)

    def test_rename_share_and_duplicate(self):
        one = self._make_list()
        url = f"/my/lists/{one.id}/change"
        data = {"what": "rename", "name": "Monthly", "share": "read"}
        self._post(url, version=str(one.version), **data)
        self.assertEqual((one.name, one.share), ("Monthly", "read"))
        page = self._post(url, what="rename", name="Late", share="edit", version="0")
        self.assertIn("A colleague has just changed the list", page.text)
        self.assertEqual(one.name, "Monthly")
        self.authenticate("kh_colleague", "kh_colleague")
        self._post(url, what="duplicate")
        copy = self.env["kh.purchase.list"].search([("owner_id", "=", self.colleague.id)])
        self.assertEqual((copy.share, len(copy.line_ids)), ("private", 2))
        page = self._post(url, what="delete")
        self.assertTrue(one.active)
        self.assertIn("Only its owner", page.text)

    def test_lists_from_history_cart_and_catalogue(self):
        self._add({self.third: 4})
        for source, goods in (("history", self.first | self.second), ("cart", self.third)):
            page = self._post("/my/lists/new", source=source)
            one = self.env["kh.purchase.list"].browse(int(page.url.rsplit("/", 1)[1]))
            self.assertEqual(one.line_ids.product_id, goods)
        hidden = self._create_template("KH hidden", is_published=False).product_variant_id
        rows = json.dumps([[self.first.id, "3"], [hidden.id, 1], ["x"], 5, [self.second.id, -1]])
        page = self._post("/my/lists/add", rows=rows)
        self.assertIn(f'value="{one.id}"', page.text)
        self.assertIn("1 products are not for sale any more", page.text)
        for _twice in range(2):
            self._post("/my/lists/add", rows=rows, list_id=str(one.id), key="the-very-same")
        self.assertEqual(
            {line.product_id: line.quantity for line in one.line_ids},
            {self.third: 4, self.first: 3},
        )
        self._post("/my/lists/add", rows=rows, list_id="new", name="From rows")
        self.assertTrue(self.env["kh.purchase.list"].search([("name", "=", "From rows")]))

    def test_what_a_list_does_not_take_is_said(self):
        self.patch(purchase_lists, "MAX_ROWS_PER_LIST", 2)
        rows = json.dumps([[product.id, 1] for product in self.variants])
        page = self._post("/my/lists/add", rows=rows)
        self.assertIn("Add 2 SKU to a list", page.text)
        self.assertIn("the last 1 are left out", page.text)
        self.patch(purchase_lists, "HISTORY_LIMIT", 1)
        page = self._post("/my/lists/new", source="history")
        self.assertIn("1 more were bought", page.text)

    def test_every_page_of_a_list_is_reached_and_saving_stays_on_it(self):
        self.patch(purchase_lists, "ROWS_PER_LIST_PAGE", 1)
        one = self._make_list()
        page = self.url_open(f"/my/lists/{one.id}")
        # plain buttons of the form: without a script nothing typed is lost either
        pages = lxml_html.fromstring(page.text).xpath("//form[@data-kh-list]//ul//button")
        self.assertEqual(
            [(one.get("type"), one.get("value"), one.get("disabled")) for one in pages],
            [
                ("submit", "1", "disabled"),
                ("submit", "1", None),
                ("submit", "2", None),
                ("submit", "2", None),
            ],
        )
        version, first = one.version, one.line_ids[0]
        data = {f"qty_{first.id}": "5", f"was_{first.id}": "5.0", "page": "1", "next_page": "2"}
        page = self._post(f"/my/lists/{one.id}/save", **data)
        self.assertIn("KHT-1", page.text)
        self.assertEqual(one.version, version, "nothing typed, nothing saved")
        line = one.line_ids[1]
        data = {f"qty_{line.id}": "6", f"was_{line.id}": "2", "page": "2"}
        page = self._post(f"/my/lists/{one.id}/save", **data)
        self.assertTrue(page.url.endswith(f"/my/lists/{one.id}/page/2"), page.url)
        data.update({f"qty_{line.id}": "7", f"was_{line.id}": "6", "next_page": "1"})
        page = self._post(f"/my/lists/{one.id}/save", **data)
        self.assertTrue(page.url.endswith(f"/my/lists/{one.id}"), page.url)
        self.assertEqual(line.quantity, 7)

    def test_pages_of_a_list_to_read_are_links(self):
        self.patch(purchase_lists, "ROWS_PER_LIST_PAGE", 1)
        one = self._make_list(share="read")
        self.authenticate("kh_colleague", "kh_colleague")
        page = self.url_open(f"/my/lists/{one.id}")
        links = lxml_html.fromstring(page.text).xpath("//ul[contains(@class, 'pagination')]//a")
        self.assertIn("KHT-1", self.url_open(links[-1].get("href")).text)

    def test_staff_reads_a_shared_list_but_does_not_copy_it(self):
        one = self._make_list(share="read")
        new_test_user(
            self.env,
            "kh_list_staff",
            groups="base.group_user,kh_b2b_member.group_b2b_administrator",
            password="kh_list_staff",
        )
        self.authenticate("kh_list_staff", "kh_list_staff")
        page = self.url_open(f"/my/lists/{one.id}")
        self.assertIn("KHT-0", page.text)
        self.assertNotIn('value="duplicate"', page.text)
        self._post(f"/my/lists/{one.id}/change", what="duplicate")
        self.assertEqual(self.env["kh.purchase.list"].search([]), one)

    def test_foreign_lists_are_not_found(self):
        one = self._make_list(share="edit")
        line = one.line_ids[0]
        paths = ("", "/print", "/order")
        posts = ("/save", "/change", "/order")
        self.authenticate("kh_stranger", "kh_stranger")
        with mute_logger("odoo.http"):
            for path in paths:
                self.assertEqual(self.url_open(f"/my/lists/{one.id}{path}").status_code, 404)
            for path in posts:
                data = {f"qty_{line.id}": "9", f"was_{line.id}": "5", "what": "delete"}
                page = self._post(f"/my/lists/{one.id}{path}", mode="add", **data)
                self.assertEqual(page.status_code, 404, path)
            rows = json.dumps([[self.first.id, 3]])
            page = self._post("/my/lists/add", rows=rows, list_id=str(one.id))
            self.assertEqual(page.status_code, 404)
        self.assertEqual(line.quantity, 5)
        self.assertTrue(one.active)
        self.assertNotIn("Weekly", self.url_open("/my/lists").text)

    def test_a_private_list_is_hidden_from_colleagues_and_read_only_is_kept(self):
        one = self._make_list()
        self.authenticate("kh_colleague", "kh_colleague")
        with mute_logger("odoo.http"):
            self.assertEqual(self.url_open(f"/my/lists/{one.id}").status_code, 404)
        one.share = "read"
        page = self.url_open(f"/my/lists/{one.id}")
        self.assertNotIn("data-kh-save", page.text)
        line = one.line_ids[0]
        page = self._post(
            f"/my/lists/{one.id}/save", **{f"qty_{line.id}": "9", f"was_{line.id}": "5"}
        )
        self.assertIn("Only to read.", page.text)
        self.assertEqual(line.quantity, 5)

    def test_visitors_log_in_and_staff_has_no_lists(self):
        self.authenticate(None, None)
        self.assertIn("/web/login", self.url_open("/my/lists").url)
        new_test_user(
            self.env, "kh_plain_staff", groups="base.group_user", password="kh_plain_staff"
        )
        self.authenticate("kh_plain_staff", "kh_plain_staff")
        page = self.url_open("/my/lists")
        self.assertIn("Purchase lists are for dealers.", page.text)

    def test_other_websites_have_no_lists(self):
        self.website.kh_is_b2b = False
        with mute_logger("odoo.http"):
            for url in ("/my/lists", self.again):
                self.assertEqual(self.url_open(url).status_code, 404)

    def test_the_printed_list_has_bar_codes_and_no_prices(self):
        one = self._make_list()
        report = self.env["ir.actions.report"].sudo()
        content, _type = report._render_qweb_html(
            "kh_b2b_order.action_report_purchase_list", one.ids
        )
        text = content.decode()
        self.assertIn("KHT-0", text)
        self.assertIn("data:image/png;base64", text)
        self.assertNotIn("80.00", text)
