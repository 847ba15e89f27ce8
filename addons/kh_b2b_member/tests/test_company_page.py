from odoo.http import Request
from odoo.tests import HttpCase, tagged
from odoo.tools import mute_logger

from ..models.res_partner_colleagues import INVITATIONS_PER_HOUR
from .people_common import PeopleMixin


@tagged("post_install", "-at_install")
class TestCompanyPage(PeopleMixin, HttpCase):
    """Who sees and does what on "Company and colleagues"."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls._set_up_people()

    def _login(self, user):
        self.authenticate(user.login, user.login)

    def _post(self, path, **data):
        data["csrf_token"] = Request.csrf_token(self)
        with mute_logger("odoo.http"):
            return self.url_open(f"/my/company/{path}", data=data)

    def _of(self, user, action):
        return f"colleague/{user.partner_id.id}/{action}"

    def test_page_by_reader(self):
        self.buyer.partner_id.kh_order_limit = 4321.0
        self._login(self.boss)
        page = self.url_open("/my/company").text
        for text in (self.approver.login, "4,321.00", "data-kh-invite"):
            self.assertIn(text, page)
        self.assertNotIn(self.foreign_boss.login, page)
        self._login(self.approver)
        page = self.url_open("/my/company").text
        self.assertIn(self.buyer.name, page)
        for text in (self.buyer.login, "4,321.00", "data-kh-invite", "/deactivate"):
            self.assertNotIn(text, page)
        self.assertIn(self.boss.name, page)  # whom to ask
        self._login(self.buyer)
        self.assertIn("4,321.00", self.url_open("/my/company").text)
        self.assertIn("/my/company", self.url_open("/my").text)

    def test_strangers(self):
        self.dealer.kh_is_dealer = False
        self._login(self.boss)
        self.assertTrue(self.url_open("/my/company").url.endswith("/my"))
        self.assertEqual(self._post("update", phone="").status_code, 404)
        self.authenticate(None, None)
        self.assertIn("/web/login", self.url_open("/my/company").url)

    def test_invite_refuse_and_limit(self):
        self._login(self.boss)
        response = self._post("invite", **self._prepare_invitation(order_limit="3,000"))
        self.assertEqual(response.status_code, 200)
        user = self.env["res.users"].search([("login", "=", "new@kh-people.example.com")])
        self.assertEqual(user.partner_id.commercial_partner_id, self.dealer)
        self.assertEqual(user.partner_id.kh_order_limit, 3000.0)
        # what was typed is still there, and nothing was made
        page = self._post("invite", **self._prepare_invitation(name="Twice")).text
        self.assertIn('value="Twice"', page)
        self.assertFalse(self.env["res.partner"].search([("name", "=", "Twice")]))
        page = self._post("invite", **self._prepare_invitation(order_limit="much")).text
        self.assertIn("much", page)
        limits = self.env["kh.rate.limit"].search([("key", "like", "invite:%")])
        self.assertEqual(sum(limits.mapped("hits")), 3)
        limits.hits = INVITATIONS_PER_HOUR
        self._post("invite", **self._prepare_invitation(email="more@kh-people.example.com"))
        self.assertFalse(
            self.env["res.users"].search([("login", "=", "more@kh-people.example.com")])
        )

    def test_actions_by_who_may(self):
        self._login(self.boss)
        self._post(self._of(self.buyer, "save"), role="approver", order_limit="1,234.50")
        self.assertEqual(self.buyer.partner_id.kh_dealer_role, "approver")
        self.assertEqual(self.buyer.partner_id.kh_order_limit, 1234.5)
        self._post("update", phone="0571-88881111", buyers_need_approval="1")
        self.assertTrue(self.dealer.kh_buyers_need_approval)
        self._post(self._of(self.boss, "deactivate"))
        self.assertTrue(self.boss.active)
        self._post(self._of(self.buyer, "deactivate"))
        self.assertFalse(self.buyer.active)
        self._post(self._of(self.buyer, "reactivate"))
        self.assertTrue(self.buyer.active)

    def test_actions_by_who_may_not(self):
        calls = [
            ("invite", self._prepare_invitation()),
            ("update", {"phone": "0571-88881111"}),
            *(
                (self._of(self.buyer, action), {"role": "admin"})
                for action in ("save", "deactivate", "reactivate", "resend")
            ),
        ]
        for user, codes in (
            (self.approver, {403}),
            (self.buyer, {403}),
            (self.foreign_boss, {403, 404}),
        ):
            self._login(user)
            for path, data in calls:
                if user == self.foreign_boss and "colleague" not in path:
                    continue  # the own company
                with self.subTest(user=user.login, path=path):
                    self.assertIn(self._post(path, **data).status_code, codes)
        self.assertEqual(self.buyer.partner_id.kh_dealer_role, "buyer")
        self.assertTrue(self.buyer.active)
        self.assertFalse(self.dealer.phone)

    def test_deactivated_colleague_is_out_with_the_next_click(self):
        self._login(self.buyer)
        self.assertIn("kh-people", self.url_open("/my/company").text)
        self.dealer.with_user(self.boss)._kh_deactivate_colleague(self.buyer.partner_id)
        self.assertIn("/web/login", self.url_open("/my/company").url)
