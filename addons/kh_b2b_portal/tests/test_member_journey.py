import re

from odoo import Command
from odoo.tests import tagged

from .journey_common import DEALER_LOGIN, JourneyCommon

COLLEAGUE_LOGIN = "journey.colleague@example.com"
PHONE = "390x844"
DESK = "1280x900"


@tagged("post_install", "-at_install", "kh_journey")
class TestMemberJourney(JourneyCommon):
    """The journey of a member (M-15, M-22 to M-24, M-132), in Chinese, mostly on a phone.

    A stranger applies, is refused, corrects, is forwarded at the desk and approved on the
    phone by a link, logs in, invites a colleague, and the colleague sees the right products.
    """

    touch_enabled = True

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls._create_second_step()
        cls._restrict_products()

    @classmethod
    def _create_second_step(cls):
        """After the desk the director decides."""
        cls.sales.email = "journey.director@example.com"
        flow = cls.env.ref("kh_b2b_member.kh_approval_flow_admission")
        flow.step_ids = [
            Command.create(
                {
                    "name": "Director",
                    "sequence": 90,
                    "user_ids": [Command.set(cls.sales.ids)],
                }
            )
        ]

    @classmethod
    def _restrict_products(cls):
        """The dealer's area is East: one product is sold in the West, one to others only."""
        west = cls.env["kh.sales.area"].create({"name": "Journey West", "code": "JW"})
        east = cls.env["kh.sales.area"].search([("code", "=", "JE")])
        cls.own, cls.foreign, cls.others = cls.products[1:4]
        cls.own.product_tmpl_id.kh_area_include_ids = [Command.set(east.ids)]
        cls.foreign.product_tmpl_id.kh_area_include_ids = [Command.set(west.ids)]
        cls.env["kh.catalog.assortment"].create(
            {
                "name": "Journey others",
                "product_tmpl_ids": [Command.set(cls.others.product_tmpl_id.ids)],
            }
        )

    def test_member_journey(self):
        self._tour_on(PHONE, self._apply)
        self._refuse()
        self._correct()
        self._forward()
        self._approve_on_the_phone()
        self._log_in()
        self._invite()
        self._look_as_colleague()

    def _tour_on(self, size, run):
        self.browser_size = size
        run()

    def _refuse(self):
        self.browser_size = DESK
        self.start_tour(self._back_office(), "kh_b2b_member_journey_refuse", login="journey_clerk")
        self.assertEqual(self.application.state, "rejected")

    def _correct(self):
        self.browser_size = PHONE
        path = self._get_link(DEALER_LOGIN, "/b2b/register/")
        self.start_tour(path, "kh_b2b_member_journey_correct", login=None)
        self.assertIn(self.application.state, ("submitted", "review"))
        self.assertEqual(self.application.street, "江南大道 3888 号 2 幢")

    def _forward(self):
        self.browser_size = DESK
        self.start_tour(self._back_office(), "kh_b2b_member_journey_forward", login="journey_clerk")
        self.assertEqual(self.application.kh_approval_state, "pending")
        self.assertFalse(self.application.partner_id, "the second step has not decided yet")

    def _approve_on_the_phone(self):
        """The page of the link has no script of its own: a form that is read and sent."""
        self.env.ref("kh_b2b_approval.ir_cron_send_approval_links").method_direct_trigger()
        path = self._get_link(self.sales.email, "/b2b/approval/")
        page = self.url_open(path).text
        self.assertIn("杭州旅程机电有限公司", page)
        self.assertEqual(self.application.kh_approval_state, "pending", "looking decides nothing")
        token = re.search(r'name="csrf_token" value="([^"]+)"', page).group(1)
        self.url_open(path.partition("?")[0], {"csrf_token": token, "decision": "approve"})
        self.application.invalidate_recordset()
        self.assertEqual(self.application.state, "approved")
        dealer = self.application.partner_id
        self.assertEqual(dealer.grade_id.name, "Journey Gold")
        self.assertEqual(dealer.kh_sales_area_ids.code, "JE")

    def _log_in(self):
        self.browser_size = PHONE
        path = self._get_link(DEALER_LOGIN, "/web/")
        self.start_tour(path, "kh_b2b_journey_password", login=None)
        self.assertEqual(self.application.partner_user_id.partner_id.kh_dealer_role, "admin")

    def _invite(self):
        self.start_tour("/my/company", "kh_b2b_member_journey_invite", login=DEALER_LOGIN)
        colleague = self.env["res.users"].search([("login", "=", COLLEAGUE_LOGIN)])
        self.assertTrue(colleague._is_portal())
        self.assertEqual(colleague.partner_id.kh_dealer_role, "buyer")
        self.assertEqual(colleague.partner_id.kh_order_limit, 5000)

    def _look_as_colleague(self):
        path = self._get_link(COLLEAGUE_LOGIN, "/web/")
        self.start_tour(path, "kh_b2b_journey_password", login=None)
        self.start_tour("/shop?search=KHJ", "kh_b2b_member_journey_shop", login=COLLEAGUE_LOGIN)
        self.authenticate(COLLEAGUE_LOGIN, "Journey-2026")
        page = self.url_open("/shop?search=KHJ").text
        self.assertIn(self.own.default_code, page)
        for hidden in (self.foreign, self.others):
            self.assertNotIn(hidden.default_code, page)
            slug = self.env["ir.http"]._slug(hidden.product_tmpl_id)
            self.assertEqual(self.url_open(f"/shop/{slug}").status_code, 404)

    def _back_office(self):
        action = "action-kh_b2b_member.kh_member_application_action"
        return f"/odoo/{action}/{self.application.id}"
