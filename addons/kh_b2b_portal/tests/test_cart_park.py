from lxml import html as lxml_html

from odoo import Command
from odoo.http import Request
from odoo.tests import tagged

from .common import PortalCommon
from .test_tour import TourCommon

PARK = "/shop/kh/cart/park"


@tagged("post_install", "-at_install")
class TestCartPark(PortalCommon):
    """Several drafts of one dealer over HTTP."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.first, cls.second, cls.third = cls.variants
        cls.colleague = cls._create_colleague("kh_colleague", "buyer")

    def setUp(self):
        super().setUp()
        self.keys = 0
        self._login("kh_dealer")
        self._add({self.first: 5, self.second: 2})

    def _login(self, login):
        self.authenticate(login, login)

    def _post(self, url, **data):
        self.keys += 1
        data.setdefault("csrf_token", Request.csrf_token(self))
        data.setdefault("key", f"key-of-parking-{self.keys}")
        return self.url_open(url, data=data)

    def _park(self, **data):
        page = self._post(PARK, **data)
        drafts = self.env["kh.purchase.list"].search([("is_parked", "=", True)])
        return drafts.sorted("id")[-1:], page

    def _take_up(self, draft, mode="add", **data):
        url = f"/my/lists/{draft.id}/order"
        page = self.url_open(url)
        inputs = lxml_html.fromstring(page.text).xpath("//form[@data-kh-again]//input")
        fields = {field.get("name"): field.get("value") for field in inputs}
        return self._post(url, **{**fields, "mode": mode, **data})

    def _quantities(self):
        return self._cart()._kh_cart_quantities()

    def _links(self, page):
        return lxml_html.fromstring(page.text).xpath("//*[@data-kh-parked]//a/@href")

    def test_park_and_take_up(self):
        draft, page = self._park(name="Project A")
        self.assertTrue(page.url.endswith("/shop/cart"))
        self.assertIn("Parked: Project A", page.text)
        self.assertIn(f"/my/lists/{draft.id}/order", self._links(page))
        self.assertIn("data-kh-parked-count", self.url_open("/my").text)
        self.assertNotIn("Project A", self.url_open("/my/lists").text)
        self.assertFalse(self._quantities())
        page = self._take_up(draft)
        self.assertTrue(page.url.endswith("/shop/cart"))
        self.assertEqual(self._quantities(), {self.first.id: 5, self.second.id: 2})
        self.assertFalse(draft.active)
        self.assertFalse(self._links(page))
        self.assertNotIn("data-kh-parked-count", self.url_open("/my").text)

    def test_a_key_parks_and_takes_up_once(self):
        for _twice in range(2):
            page = self._post(PARK, name="Once", key="the-very-same-key")
            self.assertTrue(page.url.endswith("/shop/cart"))
        drafts = self.env["kh.purchase.list"].search([("is_parked", "=", True)])
        self.assertEqual(drafts.mapped("name"), ["Once"])
        fields = {}
        page = self.url_open(f"/my/lists/{drafts.id}/order")
        for field in lxml_html.fromstring(page.text).xpath("//form[@data-kh-again]//input"):
            fields[field.get("name")] = field.get("value")
        for _twice in range(2):
            page = self._post(f"/my/lists/{drafts.id}/order", mode="add", **fields)
            self.assertNotIn("taken up or deleted", page.text)
        self.assertEqual(self._quantities(), {self.first.id: 5, self.second.id: 2})
        page = self._post(f"/my/lists/{drafts.id}/order", mode="add")
        self.assertIn("taken up or deleted meanwhile", page.text)
        self.assertEqual(self._quantities(), {self.first.id: 5, self.second.id: 2})

    def test_the_cart_is_parked_or_merged(self):
        first, _page = self._park(name="First")
        self._add({self.second: 1, self.third: 4}, key="another-click")
        page = self.url_open(f"/my/lists/{first.id}/order")
        self.assertIn("data-kh-swap", page.text)
        page = self._take_up(first, "swap")
        self.assertEqual(self._quantities(), {self.first.id: 5, self.second.id: 2})
        self.assertIn("Parked: Draft of", page.text)
        second = self.env["kh.purchase.list"].search([("is_parked", "=", True)])
        self.assertEqual(second.line_ids.mapped("quantity"), [1, 4])
        self._take_up(second, "add")
        self.assertEqual(
            self._quantities(), {self.first.id: 5, self.second.id: 3, self.third.id: 4}
        )
        self.assertFalse((first | second).filtered("active"))

    def test_what_changed_is_said_first(self):
        draft, _page = self._park(name="Old prices")
        prices = self.env["product.pricelist.item"].search([("kh_partner_id", "=", self.dealer.id)])
        prices.filtered(lambda item: item.product_id == self.first).fixed_price = 75.0
        self.second.active = False
        page = self.url_open(f"/my/lists/{draft.id}/order")
        self.assertIn('data-kh-change="gone"', page.text)
        self.assertRegex(page.text, r'data-kh-change="price[ "]')
        for price in ("80.00", "75.00"):
            self.assertIn(price, page.text)
        page = self._take_up(draft, digest="old")
        self.assertIn("data-kh-changed", page.text)
        self.assertTrue(draft.active)
        page = self._take_up(draft)
        self.assertIn("Not for sale any more.", page.text)
        self.assertEqual(self._quantities(), {self.first.id: 5})

    def test_nothing_to_park_or_to_take_up_loses_nothing(self):
        draft, _page = self._park(name="Waits")
        self._take_up(draft, "swap")
        self.assertEqual(self._quantities(), {self.first.id: 5, self.second.id: 2})
        draft, _page = self._park(name="Gone")
        (self.first | self.second).active = False
        self._take_up(draft)
        self.assertTrue(draft.active)
        self.assertFalse(self._quantities())

    def test_colleagues(self):
        own, _page = self._park(name="Only mine")
        self._add({self.third: 4}, key="another-click")
        shared, _page = self._park(name="For all", share="edit")
        self._login("kh_colleague")
        page = self.url_open("/shop/cart")
        self.assertIn("For all", page.text)
        self.assertNotIn("Only mine", page.text)
        form = lxml_html.fromstring(page.text).xpath(f"//li[@data-kh-draft='{shared.id}']")[0]
        self.assertFalse(form.xpath(".//button[@value='delete']"), "only its owner deletes it")
        self._take_up(shared)
        self.assertFalse(shared.active)
        self.assertEqual(self._cart(self.colleague)._kh_cart_quantities(), {self.third.id: 4})
        self.assertTrue(own.active)

    def test_delete_and_undo(self):
        draft, _page = self._park(name="Old")
        page = self._post(f"/my/lists/{draft.id}/change", what="delete")
        self.assertTrue(page.url.endswith("/shop/cart"))
        self.assertFalse(draft.active)
        self.assertIn("data-kh-restore", page.text)
        page = self._post(f"/my/lists/{draft.id}/change", what="restore")
        self.assertTrue(draft.active)
        self.assertTrue(page.url.endswith("/shop/cart"))

    def test_an_empty_cart_says_why(self):
        self._park()
        _draft, page = self._park()
        self.assertIn("There is nothing in the cart that can be parked.", page.text)
        page = self._post(PARK, key="")
        self.assertEqual(self.env["kh.purchase.list"].search_count([("is_parked", "=", True)]), 1)

    def test_a_parked_draft_is_no_order(self):
        self._park(name="Waits")
        cart = self._cart()
        self.assertEqual(len(cart), 1)
        cart.date_order = "2020-01-01"
        self.assertFalse(cart.order_line)
        self.assertFalse(cart.filtered("is_abandoned_cart"), "nobody is reminded of it")
        self.assertNotIn("Waits", self.url_open("/my/orders").text)


class ParkTourCommon(TourCommon):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.env["sale.order"].create(
            {
                "partner_id": cls.user.partner_id.id,
                "website_id": cls.website.id,
                "company_id": cls.company.id,
                "order_line": [
                    Command.create({"product_id": variant.id, "product_uom_qty": 5})
                    for variant in cls.variants[:2]
                ],
            }
        )

    def _check_parking(self):
        english = self.env.ref("base.lang_en")
        self.website.language_ids |= english
        for lang in ("zh_CN", "en_US"):
            self.user.lang = lang
            self.start_tour(
                "/shop/cart",
                "kh_b2b_portal_park",
                login="kh_dealer",
                timeout=120,
                cookies={"frontend_lang": lang},
            )
            self.assertEqual(sorted(self._quantities()), [5, 6] if lang == "zh_CN" else [5, 7])
            self.assertFalse(self.env["kh.purchase.list"].search([("is_parked", "=", True)]))

    def _quantities(self):
        return self._cart().order_line.mapped("product_uom_qty")


@tagged("post_install", "-at_install")
class TestParkTourComputer(ParkTourCommon):
    browser_size = "1280x900"

    def test_park_at_the_desk(self):
        self._check_parking()


@tagged("post_install", "-at_install")
class TestParkTourPhone(ParkTourCommon):
    browser_size = "390x844"
    touch_enabled = True

    def test_park_on_the_phone(self):
        self._check_parking()
