import importlib.util
import json
from pathlib import Path
from unittest import skipUnless

from odoo import Command
from odoo.tests import tagged
from odoo.tools import file_open

from .common import PortalCommon

WIDTHS = (1280, 390)
# UX.md, budget: requests of the shop's list before scrolling
MOST_REQUESTS = 20
AXE = importlib.util.find_spec("axe_playwright_python")


@skipUnless(AXE, "axe-core comes with requirements-dev.txt, which a plain Odoo has not")
@tagged("post_install", "-at_install", "kh_axe")
class TestAccessibility(PortalCommon):
    """The key pages in Chinese, on desk and phone, without serious findings of axe-core.

    Of the development package only the script is used, in the browser of Odoo's own tests.
    """

    browser_size = "1366x900"

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        chinese = cls.env["res.lang"]._activate_lang("zh_CN")
        cls.website.write(
            {"language_ids": [Command.link(chinese.id)], "default_lang_id": chinese.id}
        )
        cls.user.lang = "zh_CN"
        cls._create_order()
        for number in range(20):
            cls._create_template(f"KH terminal {number}", default_code=f"KHA-{number:02}")

    @classmethod
    def _create_order(cls):
        """Something for the home page to show: an order that waits for its payment."""
        order = cls.env["sale.order"].create(
            {
                "partner_id": cls.user.partner_id.id,
                "website_id": cls.website.id,
                "order_line": [Command.create({"product_id": cls.variants[0].id})],
            }
        )
        order.action_quotation_sent()

    def test_no_serious_findings(self):
        self.authenticate("kh_dealer", "kh_dealer")
        self._add({self.variants[0]: 10, self.variants[1]: 5})
        self.make_jsonrpc_request(
            "/shop/kh/quick/check",
            {"text": "KHT-0\t10\nNOBODY\t2\nKHT-1\tmany", "key": "key-of-this-paste"},
        )
        pages = [
            {"url": "/my", "expect": "[data-kh-home] [data-kh-task]"},
            {"url": "/shop", "expect": "[data-kh-product]", "requests": MOST_REQUESTS},
            {"url": "/shop?search=nothing-like-it", "expect": "[data-kh-empty]"},
            {"url": self.variants[0]._kh_shop_url(), "expect": "[data-kh-product]"},
            {"url": "/shop/quick-order", "expect": "[data-kh-row='3']"},
            {"url": "/shop/cart", "expect": "[data-kh-cart] [data-kh-line]"},
            {"url": "/shop/checkout", "expect": "[data-kh-submit]:enabled"},
            {"url": "/my/orders", "expect": ".kh-o-table tbody tr"},
        ]
        self._check(pages, "kh_dealer")

    def test_pages_of_members(self):
        boss = self._create_colleague("kh_dealer_boss", "admin")
        boss.lang = "zh_CN"
        self.user.partner_id.write({"kh_dealer_role": "buyer", "kh_order_limit": 50.0})
        self.authenticate("kh_dealer", "kh_dealer")
        self._add({self.variants[0]: 10})
        self.url_open("/shop/checkout")
        order = self._cart()
        self.make_jsonrpc_request(
            "/shop/kh/checkout/approval",
            {"key": "key-of-this-order", "amount": order.amount_total, "address_id": 0},
        )
        approval = order.kh_approval_request_id
        self.assertTrue(approval)
        pages = [
            {"url": "/my/company", "expect": "[data-kh-person]"},
            {"url": "/my/approvals", "expect": "[data-kh-approvals='1']"},
            {"url": f"/my/approvals/{approval.id}", "expect": "[data-kh-decide]"},
            {"url": "/shop/cart", "expect": "[data-kh-empty]"},
        ]
        self._check(pages, "kh_dealer_boss")

    def test_pages_of_strangers(self):
        self.company.kh_registration_open = True
        pages = [
            {"url": "/b2b/register", "expect": "[data-required]"},
            {"url": "/web/login", "expect": "form.oe_login_form"},
            {"url": "/shop", "expect": "[data-kh-product]"},
        ]
        self._check(pages, None)

    def _check(self, pages, login):
        """Look at pages in Chinese, as wide as a desk and a phone, and on the smallest phone."""
        axe = Path(AXE.origin).with_name("axe.min.js").read_text("utf-8")
        self.assertTrue(axe.startswith("/*! axe v"))
        with file_open("kh_b2b_portal/static/tests/page_check.js") as script:
            check = script.read()
        arguments = ", ".join(json.dumps(value) for value in (pages, WIDTHS, axe))
        self.browser_js(
            "/robots.txt",
            f"{check}; khCheckPages({arguments}).catch((error) => console.error(String(error)))",
            login=login,
            timeout=120,
            cookies={"frontend_lang": "zh_CN"},
        )
