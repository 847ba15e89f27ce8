import re
from datetime import timedelta
from unittest.mock import patch

from odoo import fields
from odoo.http import Request
from odoo.tests import tagged
from odoo.tools import mute_logger

from odoo.addons.kh_b2b_member.tests.routes_common import (
    LOGIN,
    OWN,
    YES,
    RoutesCase,
    Visit,
)

from .common import OrderCommon

TOKEN = re.compile(r"/b2b/approval/([\w-]{20,})")
APPROVALS = "/my/approvals"
# stranger, foreign dealer, finance of the dealer, salesperson of another area
INBOX = (LOGIN, APPROVALS, APPROVALS, APPROVALS)
LISTS = (LOGIN, OWN, OWN, OWN)
ORDER = ("/my", "/my", YES, "/my")
SHIPMENT = (404, 404, YES, 404)


class PapersCommon(RoutesCase, OrderCommon):
    """Two dealers in two areas; one has a buyer, a finance and an approver."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.env = cls.env(su=True)
        cls._set_up_shop()
        east, west = cls.env["kh.sales.area"].create([{"name": "P east"}, {"name": "P west"}])
        for dealer, area in ((cls.dealer, east), (cls.other_dealer, west)):
            dealer.sudo().write({"kh_is_dealer": True, "kh_sales_area_ids": area.ids})
        cls.dealer.sudo().user_id = cls._create_seller(east)
        cls.approver = cls._create_portal_user("kh_p_approver", cls.dealer).sudo()
        cls.approver.partner_id.kh_dealer_role = "approver"
        cls.buyer.sudo().partner_id.kh_dealer_role = "buyer"
        cls.colleague.sudo().partner_id.kh_dealer_role = "finance"
        cls.foreigner.sudo().partner_id.kh_dealer_role = "admin"
        people = cls.buyer | cls.foreigner | cls.colleague | cls.approver
        people.sudo().lang = "en_US"
        cls.persons = {
            "owner": cls.buyer,
            "foreigner": cls.foreigner,
            "colleague": cls.colleague,
            "seller": cls._create_seller(west, lang="en_US"),
        }


@tagged("post_install", "-at_install")
class TestApprovalRoutes(PapersCommon):
    """Every address of approvals: an order that waits for one person of the dealer.

    Here and not beside the approvals, which know of no dealers, areas and roles.
    """

    routes_module = "kh_b2b_approval"

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.persons["owner"] = cls.approver
        cls.buyer.sudo().partner_id.write(
            {"kh_order_limit": 500.0, "kh_limit_currency_id": cls.company.currency_id.id}
        )
        cls.approver.email = "approver@huarui.example.com"
        cls.order = cls._create_order({cls.product: 10.0}, website_id=cls.shop.id)
        cls.order.with_user(cls.buyer).sudo()._kh_send_for_approval()
        cls.request = cls.order.kh_approval_request_id
        cls.secrets = (cls.order.name,)
        # the old one comes last: it is renewed only where no newer one was sent
        cls.token, cls.old_token = (cls._mail_token(is_old) for is_old in (False, True))

    @classmethod
    def _mail_token(cls, is_old):
        """Mail the approver a link and return its token."""
        Links = cls.env["kh.approval.link"]
        links = Links._request_links(cls.request, cls.approver)
        links._send()
        mail = cls.env["mail.mail"].search(
            [("recipient_ids", "=", cls.approver.partner_id.id)], order="id desc", limit=1
        )
        if is_old:
            yesterday = fields.Datetime.now() - timedelta(days=1)
            links.date_expiry = yesterday
            links.flush_recordset()
            cls.env.cr.execute(
                "UPDATE kh_approval_link SET create_date = %s WHERE id IN %s",
                (yesterday, tuple(links.ids)),
            )
        return TOKEN.search(mail.body_html).group(1)

    def test_every_person_on_every_route(self):
        self.assert_every_person()

    def test_no_route_without_its_persons(self):
        self.assert_every_route()

    def test_a_wrong_link_opens_nothing_for_anybody(self):
        before = self._take_snapshot()
        wrong = f"/b2b/approval/{'x' * len(self.token)}"
        people = (*self.persons.values(), None)
        for user in people:
            self.authenticate(user and user.login, user and user.login)
            data = {"decision": "approve", "csrf_token": Request.csrf_token(self)}
            for path, form in ((wrong, None), (wrong, data), (f"{wrong}/renew", data)):
                with self.subTest(user=user, path=path), mute_logger("odoo.http"):
                    self.assertEqual(self.url_open(path, data=form).status_code, 404)
        self.assertEqual(self._take_snapshot(), before)

    def _get_visits(self):
        return [*self._get_inbox_visits(), *self._get_link_visits()]

    def _get_inbox_visits(self):
        name, page = self.order.name, f"{APPROVALS}/{self.request.id}"
        decision = {"decision": "approve"}
        several = {**decision, "request_ids": self.request.id}
        return [
            Visit("GET", APPROVALS, {}, name, LISTS),
            Visit("GET", f"{APPROVALS}/page/1", {}, name, LISTS),
            Visit("GET", page, {}, name, INBOX),
            Visit("POST", f"{page}/decide", decision, APPROVALS, INBOX),
            Visit("POST", f"{APPROVALS}/decide", several, APPROVALS, INBOX),
        ]

    def _get_link_visits(self):
        """Whoever has the link is its owner, without login; a wrong one opens nothing."""
        address = "/b2b/approval/"
        decision = {"decision": "approve"}
        public = {"owner": self.env.ref("base.public_user")}
        right, old = (f"{address}{token}" for token in (self.token, self.old_token))
        return [
            Visit("GET", right, {}, self.order.name, (YES,) * 4, **public),
            Visit("POST", right, decision, right, (YES,) * 4, **public),
            Visit("POST", f"{old}/renew", {}, old, (YES,) * 4, **public),
        ]


@tagged("post_install", "-at_install")
class TestPaperRoutes(PapersCommon):
    """Core's addresses of an order's papers: delivery slip, return label, document, EDI."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.order = cls._create_order({cls.product: 10.0})
        cls.order.action_confirm()
        cls.picking = cls.order.picking_ids
        values = {
            "res_model": "product.template",
            "res_id": cls.product.product_tmpl_id.id,
            "attached_on_sale": "quotation",
        }
        cls.document, cls.inner = cls.env["product.document"].create(
            [
                {**values, "name": "Only Huarui paper", "raw": b"Only Huarui paper"},
                {**values, "name": "Inside", "raw": b"Inside", "attached_on_sale": "hidden"},
            ]
        )
        cls.secrets = (cls.order.name, cls.picking.name, "Only Huarui paper", "Inside")

    def setUp(self):
        super().setUp()
        builders = patch.object(
            type(self.env["sale.order"]), "_get_edi_builders", lambda order: [EdiBuilder]
        )
        self.startPatcher(builders)

    def test_every_person_on_every_route(self):
        self.assert_every_person()

    def test_a_document_not_meant_for_dealers_stays_inside(self):
        self.authenticate(self.buyer.login, self.buyer.login)
        path = f"/my/orders/{self.order.id}/document/{self.inner.id}?access_token="
        response = self.url_open(path)
        self.assertNotIn("Inside", response.text)

    def _get_visits(self):
        order, picking = f"/my/orders/{self.order.id}", self.picking
        no_token = {"access_token": ""}
        document = f"{order}/document/{self.document.id}"
        public = self.env.ref("base.public_user")
        link = {
            "key": {"access_token": self.order._portal_ensure_token()},
            "owner": public,
        }
        closed = ("/my", "/my", YES, "/my")
        visits = [
            ("GET", f"/my/picking/pdf/{picking.id}", {}, picking.name, SHIPMENT),
            ("GET", f"/my/picking/return/pdf/{picking.id}", {}, picking.name, SHIPMENT),
            ("GET", document, no_token, "Only Huarui paper", closed),
            ("GET", f"{order}/download_edi", {}, self.order.name, closed),
        ]
        return [
            *(Visit(*visit) for visit in visits),
            *(Visit(*visit, **link) for visit in visits),
        ]


class EdiBuilder:
    """Stands for a format of another add-on: there is none among those needed."""

    @staticmethod
    def _export_order(order):
        return f"<Order>{order.name}</Order>".encode()

    @staticmethod
    def _export_invoice_filename(order):
        return "order.xml"
