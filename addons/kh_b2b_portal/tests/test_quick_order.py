import base64
import io

import openpyxl
from lxml import html as lxml_html

from odoo.http import Request, root
from odoo.tests import JsonRpcException, tagged
from odoo.tools import mute_logger

from ..controllers import quick_order
from .common import PortalCommon

ROWS = 60


@tagged("post_install", "-at_install")
class TestQuickOrderPage(PortalCommon):
    def setUp(self):
        super().setUp()
        self.authenticate("kh_dealer", "kh_dealer")

    def _ask(self, route, **params):
        if route == "edit" and "version" not in params:
            draft = self.env["kh.quick.order"].search([("user_id.login", "=", "kh_dealer")])
            draft.invalidate_recordset()
            params["version"] = draft.version
        return self.make_jsonrpc_request(f"/shop/kh/quick/{route}", params)

    def _refuse(self, name, route, **params):
        with mute_logger("odoo.http"), self.assertRaises(JsonRpcException) as caught:
            self._ask(route, **params)
        self.assertIn(name, caught.exception.args[0])

    def _check(self, text, key="key-of-this-paste"):
        return self._ask("check", text=text, key=key)

    def test_from_paste_to_cart(self):
        page = self._check("KHT-0\t10\nNOBODY\t2\n6900001\t５个")
        self.assertEqual([row["st"] for row in page["rows"]], ["ok", "none", "ok"])
        good = page["rows"][0]
        self.assertEqual((good["code"], good["spec"], good["q"]), ("KHT-0", "6A", 10))
        self.assertEqual((good["pr"], good["ss"]), ("80.00", "800.00"))
        answer = self._ask("add", key="key-of-this-click", total=1200.0)
        self.assertEqual((answer["kept"], answer["stale"]), (2, False))
        self.assertEqual([row["n"] for row in answer["page"]["rows"]], [2])
        cart = self._cart()
        self.assertEqual(cart.order_line.mapped("product_uom_qty"), [10, 5])
        self.assertEqual(set(cart.order_line.mapped("price_unit")), {80.0})
        # a lost answer asked for again, and a second click
        again = self._ask("add", key="key-of-this-click", total=1200.0)
        self.assertEqual(again["kept"], 2)
        self._ask("add", key="key-of-another-click", total=0.0)
        self.assertEqual(cart.order_line.mapped("product_uom_qty"), [10, 5])
        session = root.session_store.get(self.session.sid)
        self.assertEqual(session["website_sale_cart_quantity"], 15)

    def test_the_same_paste_is_taken_over_once(self):
        for _turn in range(2):
            page = self._check("KHT-0\t10", key="one-and-the-same")
        self.assertEqual(len(page["rows"]), 1)
        self.assertEqual(len(self._check("KHT-1\t1", key="a-second-paste")["rows"]), 2)

    def test_a_reload_and_another_device_lose_nothing(self):
        self._check("KHT-0\t10\nNOBODY\t2")
        self._ask("edit", changes={"1": {"quantity": "１２"}})
        html = self.url_open("/shop/quick-order").text
        self.assertIn("kh_b2b_portal.quick_order", html)
        self.assertIn("NOBODY", html)
        page = self._ask("edit", changes={"1": {"quantity": 12}})
        self.assertEqual((page["rows"][0]["q"], page["rows"][0]["ss"]), (12, "960.00"))

    def test_a_correction_is_learnt_and_shown(self):
        self._check("断路器A\t3")
        found = self._ask("search", term="KHT-1")
        product = self.variants[1]
        self.assertEqual([offer["id"] for offer in found], product.ids)
        page = self._ask("edit", changes={"1": {"product": product.id}})
        self.assertEqual(page["rows"][0]["st"], "ok")
        html = self.url_open("/my/codes").text
        self.assertIn("断路器A", html)
        code = self.env["kh.dealer.product.code"].search([("partner_id", "=", self.dealer.id)])
        self.authenticate("kh_stranger", "kh_stranger")
        self.assertNotIn("断路器A", self.url_open("/my/codes").text)
        data = {"code_id": code.id, "csrf_token": Request.csrf_token(self)}
        self.assertEqual(self.url_open("/my/codes/delete", data).status_code, 404)
        endless = {**data, "code_id": "1" * 5000}
        self.assertEqual(self.url_open("/my/codes/delete", endless).status_code, 404)
        self.assertTrue(code.exists())
        self.assertEqual(self._check("断路器A\t3")["rows"][0]["st"], "none")
        self.authenticate("kh_dealer", "kh_dealer")
        data["csrf_token"] = Request.csrf_token(self)
        self.url_open("/my/codes/delete", data)
        self.assertFalse(code.exists())

    def test_all_codes_are_reached_page_by_page(self):
        self.patch(quick_order, "CODES_PER_PAGE", 2)
        self.env["kh.dealer.product.code"].create(
            [
                {
                    "partner_id": self.dealer.id,
                    "code": f"Own {n}",
                    "product_id": self.variants[n].id,
                }
                for n in range(3)
            ]
        )
        page = self.url_open("/my/codes?search=Own").text
        self.assertIn("3 code(s)", page)
        self.assertEqual(page.count("data-kh-code"), 2)
        links = lxml_html.fromstring(page).xpath("//ul[contains(@class, 'pagination')]//a/@href")
        self.assertEqual(self.url_open(links[-1]).text.count("data-kh-code"), 1)

    def test_endless_quantities_are_refused_in_words(self):
        self._check("KHT-0\t10")
        for endless in ("1e300", "1" * 400, 10**400):
            self._refuse("InvalidRequest", "edit", changes={"1": {"quantity": endless}})

    def test_corrections_of_another_list_are_refused(self):
        version = self._check("KHT-0\t10\nNOBODY\t2")["version"]
        self._ask("add", key="key-of-this-click", total=800.0)
        self._check("KHT-1\t3", key="a-second-paste")  # on another device
        self._refuse("InvalidRequest", "edit", version=version, changes={"2": {"quantity": 9}})

    def test_a_row_left_out_is_counted(self):
        self._check("KHT-0\t10\nNOBODY\t2")
        self.assertEqual(self._ask("edit", changes={"2": {"skip": True}})["skipped"], 1)
        page = self._ask("columns", columns=["code", "quantity"])
        self.assertEqual(page["skipped"], 0)
        self.assertFalse(self._ask("clear")["rows"])

    def test_prices_that_changed_are_shown_before_anything_is_added(self):
        self._check("KHT-0\t10")
        rules = self.env["product.pricelist.item"].search([("kh_partner_id", "=", self.dealer.id)])
        rules.fixed_price = 90.0
        answer = self._ask("add", key="key-of-a-stale-page", total=800.0)
        self.assertTrue(answer["stale"])
        row = answer["page"]["rows"][0]
        self.assertEqual((row["old"], row["pr"]), ("80.00", "90.00"))
        self.assertFalse(self._cart().order_line)

    def test_files_in_and_out(self):
        sheet = self.url_open("/shop/quick-order/template").content
        content = "货号,数量\nKHT-0,7\nNOBODY,1\n".encode("gb18030")
        page = self._ask("check", file=base64.b64encode(content).decode(), key="key-of-a-file")
        self.assertEqual([row["st"] for row in page["rows"]], ["ok", "none"])
        problems = self.url_open("/shop/quick-order/problems").content
        for file in (sheet, problems):
            self.assertEqual(file[:2], b"PK")
        self._ask("clear")
        again = self._ask("check", file=base64.b64encode(problems).decode(), key="key-of-errors")
        self.assertEqual([row["t"] for row in again["rows"]], ["NOBODY"])

    def test_refused(self):
        self._check("KHT-0\t10")
        hidden = self._create_template("KH hidden", is_published=False).product_variant_id
        self._refuse("InvalidRequest", "check", text="KHT-0", key="short")
        self._refuse("InvalidRequest", "check", text="  \n ", key="key-of-nothing")
        self._refuse("UserError", "edit", changes={"1": {"product": hidden.id}})
        self._refuse("UserError", "edit", changes={"99": {"quantity": 1}})
        self._refuse("InvalidRequest", "edit", changes={"1": {"quantity": "many"}})
        self._refuse("InvalidRequest", "edit", changes={"one": {}})
        self._refuse("InvalidRequest", "columns", columns="code")
        self._refuse("InvalidRequest", "add", key="key-without-total", total="1")
        self.assertEqual(self._ask("search", term="KH hidden"), [])
        self.authenticate("kh_stranger", "kh_stranger")
        self._ask("clear")
        theirs = self.env["kh.quick.order"].search([("user_id.login", "=", "kh_stranger")])
        edit = {"version": theirs.version, "changes": {"1": {"quantity": 1}}}
        self._refuse("UserError", "edit", **edit)  # the row of the other dealer is not theirs
        self.assertNotIn("KHT-0", self.url_open("/shop/quick-order").text)

    def test_strangers_and_other_websites(self):
        self.authenticate(None, None)
        for route in ("check", "columns", "edit", "add", "clear", "search"):
            self._refuse("SessionExpired", route)
        for url in ("/shop/quick-order", "/my/codes", "/shop/quick-order/problems"):
            self.assertIn("/web/login", self.url_open(url).url)
        self.website.kh_is_b2b = False
        self.authenticate("kh_dealer", "kh_dealer")
        self._refuse("NotFound", "clear")
        self.assertEqual(self.url_open("/shop/quick-order").status_code, 404)


class SixtyRowsCommon(PortalCommon):
    """Sixty products, `KHQ-00` to `KHQ-59`, at 10.00 each without tax."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.env["product.template"].create(
            [
                {
                    "name": f"KH terminal {number}",
                    "default_code": f"KHQ-{number:02d}",
                    "list_price": 10.0,
                    "is_published": True,
                    "taxes_id": [],
                }
                for number in range(ROWS)
            ]
        )
        cls.user.lang = "en_US"
        cls.expected = sum(10.0 * (1 + number % 9) for number in range(ROWS))


@tagged("post_install", "-at_install")
class TestQuickOrderTour(SixtyRowsCommon):
    browser_size = "1280x900"

    def test_sixty_rows(self):
        self.start_tour("/my", "kh_b2b_quick_order", login="kh_dealer", timeout=90)
        cart = self._cart()
        self.assertEqual(len(cart.order_line), ROWS)
        self.assertEqual(cart.amount_untaxed, self.expected)
        code = self.env["kh.dealer.product.code"].search([("partner_id", "=", self.dealer.id)])
        self.assertEqual((code.code, code.product_id.default_code), ("MY-OWN-7", "KHQ-07"))


@tagged("post_install", "-at_install")
class TestRefusedTour(PortalCommon):
    browser_size = "1280x900"

    def test_a_refused_quantity_is_not_shown(self):
        self.authenticate("kh_dealer", "kh_dealer")
        params = {"key": "key-of-this-paste", "text": "KHT-0\t5\nKHT-1\t2"}
        self.make_jsonrpc_request("/shop/kh/quick/check", params)
        with mute_logger("odoo.http"):  # the refusal
            self.start_tour("/shop/quick-order", "kh_b2b_quick_refused", login="kh_dealer")


@tagged("post_install", "-at_install")
class TestExcelOrderTour(SixtyRowsCommon):
    """M-64: a dealer's own Excel file, from login to the confirmed order, on the phone."""

    browser_size = "390x844"
    touch_enabled = True

    def test_from_login_to_order(self):
        self._offer_file()
        self.start_tour("/web/login?redirect=/my", "kh_b2b_excel_order", login=None, timeout=120)
        order = self.env["sale.order"].search([("partner_id", "=", self.user.partner_id.id)])
        self.assertEqual((len(order), order.kh_stage), (1, "to_pay"))
        self.assertEqual(len(order._kh_cart_lines()), ROWS)
        self.assertEqual(order.amount_untaxed, self.expected)
        self.assertEqual(order.transaction_ids.mapped("state"), ["pending"])

    def _offer_file(self):
        """A sheet as dealers keep theirs: running number, name, code, quantity with unit."""
        book = openpyxl.Workbook()
        book.active.append(["No.", "Description", "Item no.", "Quantity"])
        for number in range(ROWS):
            name, code = f"Terminal {number}", f"KHQ-{number:02d}"
            book.active.append([number + 1, name, code, 1 + number % 9])
        stream = io.BytesIO()
        book.save(stream)
        self.env["ir.attachment"].create(
            {
                "name": "order.xlsx",
                "url": "/kh_excel/order.xlsx",
                "raw": stream.getvalue(),
                "mimetype": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
                "public": True,
            }
        )
