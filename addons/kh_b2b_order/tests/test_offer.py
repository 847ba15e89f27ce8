from datetime import timedelta

from odoo import fields, http
from odoo.exceptions import AccessError, UserError
from odoo.tests import HttpCase, tagged

from .common import OrderCommon


@tagged("post_install", "-at_install")
class TestOffer(OrderCommon, HttpCase):
    """An order that a salesperson builds and the dealer confirms (M-98)."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.env = cls.env(context={**cls.env.context, "lang": "en_US"})
        cls._set_up_shop()
        cls.company.portal_confirmation_pay = False
        cls.dealer.sudo().kh_is_dealer = True
        cls.salesperson, cls.other_salesperson = (
            cls._create_staff(
                f"kh_o_sales{n}",
                "kh_b2b_member.group_b2b_salesperson",
                "sales_team.group_sale_salesman",
            )
            for n in (1, 2)
        )
        cls.dealer.sudo().user_id = cls.salesperson
        for user in (cls.buyer, cls.colleague, cls.foreigner):
            user.write({"password": user.login, "lang": "en_US"})
        cls.order = cls._create_order(
            {cls.product: 10.0, cls.product_2: 2.0}, user_id=cls.salesperson.id
        )
        cls.page = f"/my/orders/{cls.order.id}"

    def _offer(self):
        self.order.with_user(self.salesperson).action_kh_offer()

    def _as_dealer(self):
        return self.order.with_user(self.buyer).sudo()

    def _expire(self):
        self.order.sudo().kh_offer_until = fields.Datetime.now() - timedelta(minutes=1)

    def _post(self, path, user=None, **data):
        self.authenticate(user and user.login, user and user.login)
        data["csrf_token"] = http.Request.csrf_token(self)
        return self.url_open(f"{self.page}{path}", data=data)

    # === STATES === #
    def test_every_move(self):
        """From each state, what each action does: a new state, or a refusal."""
        digest = self.order._kh_get_offer_digest
        moves = {
            "offer": lambda order: order.action_kh_offer(),
            "withdraw": lambda order: order.action_kh_offer_withdraw(),
            "accept": lambda order: order.sudo()._kh_accept_offer(digest()),
            "refuse": lambda order: order.sudo()._kh_refuse_offer("Too much"),
        }
        allowed = {
            (False, "offer"): "open",
            ("withdrawn", "offer"): "open",
            ("open", "withdraw"): "withdrawn",
            ("open", "accept"): "confirmed",
            ("open", "refuse"): "refused",
            ("expired", "offer"): "open",
            ("expired", "withdraw"): "withdrawn",
            ("expired", "refuse"): "refused",
        }
        ways = {
            False: (),
            "open": ("offer",),
            "expired": ("offer", "expire"),
            "withdrawn": ("offer", "withdraw"),
            "confirmed": ("offer", "accept"),
            "refused": ("offer", "refuse"),
        }
        moves["expire"] = lambda order: self._expire()
        for state, way in ways.items():
            for name in ("offer", "withdraw", "accept", "refuse"):
                with self.subTest(state=state, move=name), self.env.cr.savepoint() as savepoint:
                    for step in way:
                        moves[step](self.order)
                    if (state, name) in allowed:
                        moves[name](self.order)
                        self.assertEqual(self.order.kh_offer_state, allowed[state, name])
                    else:
                        before = self.order.kh_offer_state
                        with self.assertRaises(UserError):
                            moves[name](self.order)
                        self.assertEqual(self.order.kh_offer_state, before)
                    savepoint.rollback()
                    self.env.invalidate_all()

    def test_source_that_was_told_stays(self):
        self.order.kh_source = "phone"
        self._offer()
        self.assertEqual(self.order.kh_source, "phone")

    def test_refused_and_taken_up_again_is_no_offer(self):
        self._offer()
        self._as_dealer()._kh_refuse_offer("Too dear")
        self.assertEqual((self.order.state, self.order.kh_offer_reason), ("cancel", "Too dear"))
        self.order.action_draft()
        self.assertFalse(self.order.kh_offer_state or self.order.kh_offer_reason)

    def test_a_confirmation_by_staff_closes_the_offer(self):
        self._offer()
        self.order.action_confirm()
        self.assertEqual(self.order.kh_offer_state, "confirmed")

    # === RIGHTS === #
    def test_only_who_may_write_the_order_sends_it(self):
        plain = self._create_staff("kh_o_offer_plain")
        for user in (self.other_salesperson, plain, self.buyer, self.foreigner):
            with self.subTest(user.login):
                order = self.order.with_user(user)
                with self.assertRaises(AccessError):
                    order.action_kh_offer()
                with self.assertRaises(AccessError):
                    order.action_kh_offer_withdraw()
        self._offer()
        self.assertEqual(self.order.kh_offer_state, "open")
        with self.assertRaises(AccessError):
            self.order.with_user(self.salesperson).kh_offer_state = "confirmed"

    def test_sending_again_makes_a_new_link(self):
        self._offer()
        first = self.order.kh_offer_url
        self.assertIn(self.order.access_token, first)
        self.order.action_kh_offer_withdraw()
        self.assertFalse(self.order.kh_offer_url)
        self._offer()
        self.assertNotEqual(self.order.kh_offer_url, first)

    def test_mail_is_in_the_customers_language_and_names_no_price(self):
        self._offer()
        mail = self.env["mail.mail"].search(
            [("model", "=", "sale.order"), ("res_id", "=", self.order.id)], order="id desc", limit=1
        )
        self.assertIn(self.order.access_token, mail.body_html)
        self.assertNotIn("1,200", mail.body_html)
        self.assertEqual(mail.email_to, self.buyer.partner_id.email_formatted)

    # === ANSWER === #
    def test_confirmed_as_seen_only(self):
        self._offer()
        digest = self.order._kh_get_offer_digest()
        self.order.order_line[0].price_unit = 200.0
        with self.assertRaises(UserError):
            self._as_dealer()._kh_accept_offer(digest)
        self.assertEqual(self.order.state, "sent")
        self._as_dealer()._kh_accept_offer(self.order._kh_get_offer_digest())
        self.assertEqual(self.order.state, "sale")
        self.assertEqual(self.order.kh_offer_partner_id, self.buyer.partner_id)
        self.assertEqual(self.order.kh_placed_by_id, self.buyer.partner_id)

    def test_quantities_within_the_rules_only(self):
        self.env["kh.order.limit"].sudo().create(
            {"product_tmpl_id": self.product.product_tmpl_id.id, "multiple": 5.0}
        )
        self._offer()
        first, second = self.order.order_line
        digest = self.order._kh_get_offer_digest()
        with self.assertRaises(UserError), self.env.cr.savepoint():
            self._as_dealer()._kh_change_offer({first.id: 12.0}, digest)
        self.env.invalidate_all()
        self.assertEqual(first.product_uom_qty, 10.0)
        other = self._create_order()
        self._as_dealer()._kh_change_offer(
            {first.id: 15.0, second.id: 0.0, other.order_line.id: 99.0}, digest
        )
        self.assertEqual([first.product_uom_qty, second.product_uom_qty], [15.0, 0.0])
        self.assertEqual(other.order_line.product_uom_qty, 10.0)
        with self.assertRaises(UserError), self.env.cr.savepoint():
            self._as_dealer()._kh_change_offer({first.id: 0.0}, self.order._kh_get_offer_digest())

    def test_the_dealers_own_approval_comes_first(self):
        self.buyer.partner_id.sudo().kh_order_limit = 100.0
        self._offer()
        self._as_dealer()._kh_accept_offer(self.order._kh_get_offer_digest())
        self.assertEqual(self.order.kh_stage, "review")
        self.assertEqual(self.order.state, "sent")

    def test_who_confirms_for_the_company_is_its_buyer(self):
        order = self._create_order(partner_id=self.dealer.id, user_id=self.salesperson.id)
        self.buyer.partner_id.sudo().kh_order_limit = 100.0
        order.action_kh_offer()
        order.with_user(self.buyer).sudo()._kh_accept_offer(order._kh_get_offer_digest())
        self.assertEqual(order.partner_id, self.buyer.partner_id)
        self.assertEqual(order.partner_invoice_id, self.dealer)
        self.assertEqual(order.kh_stage, "review")

    def test_payment_follows_where_it_is_asked_for(self):
        self.order.require_payment = True
        self._offer()
        self.assertFalse(self.order._has_to_be_paid())
        self.assertFalse(self.order._kh_payment_status().is_payable)
        self._as_dealer()._kh_accept_offer(self.order._kh_get_offer_digest())
        self.assertEqual((self.order.state, self.order.kh_stage), ("sent", "to_pay"))
        self.assertTrue(self.order._has_to_be_paid())

    # === PAGE === #
    def test_the_page_shows_confirms_and_tells(self):
        self._offer()
        self.authenticate(self.buyer.login, self.buyer.login)
        html = self.url_open(self.page).text
        self.assertIn("data-kh-offer=", html)
        self.assertIn('property="og:title"', html)
        digest = self.order._kh_get_offer_digest()
        first = self.order.order_line[0]
        data = {"what": "confirm", f"qty_{first.id}": "20", "digest": digest}
        html = self._post("/offer", self.buyer, **data).text
        self.assertIn("data-kh-offer-notice", html)
        self.assertEqual((self.order.state, first.product_uom_qty), ("sent", 20.0))
        data["digest"] = self.order._kh_get_offer_digest()
        html = self._post("/offer", self.buyer, **data).text
        self.assertEqual(self.order.state, "sale")
        self.assertNotIn("data-kh-offer=", html)
        html = self._post("/offer", self.buyer, **data).text
        self.assertIn("does not wait for your answer", html)

    def test_the_card_of_a_chat_speaks_the_readers_language(self):
        self.env["res.lang"]._activate_lang("zh_CN")
        self.env["ir.module.module"].search([("name", "=", "kh_b2b_order")])._update_translations(
            "zh_CN"
        )
        self.env["website"].search([]).language_ids |= self.env.ref("base.lang_zh_CN")
        self._offer()
        self.authenticate(self.buyer.login, self.buyer.login)
        self.assertIn("An order for you to check and confirm", self.url_open(self.page).text)
        page = self.url_open(f"/zh_CN{self.page}").text
        self.assertIn('property="og:description"', page)
        self.assertNotIn("An order for you to check and confirm", page)

    def test_a_foreign_dealer_sees_and_answers_nothing(self):
        self._offer()
        data = {"what": "confirm", "digest": self.order._kh_get_offer_digest()}
        self._post("/offer", self.foreigner, **data)
        self._post("/decline", self.foreigner, decline_message="No")
        self.assertEqual((self.order.state, self.order.kh_offer_state), ("sent", "open"))
        # nor with the link: it speaks for the dealer's people
        token = self.order.access_token
        self._post("/offer", self.foreigner, access_token=token, **data)
        self._post("/decline", self.foreigner, access_token=token, decline_message="No")
        self._post("/offer", None, **data)
        self.assertEqual((self.order.state, self.order.kh_offer_state), ("sent", "open"))

    def test_who_is_there_for_finance_answers_nothing(self):
        self.colleague.partner_id.sudo().kh_dealer_role = "finance"
        self._offer()
        data = {"what": "confirm", "digest": self.order._kh_get_offer_digest()}
        line = self.order.order_line[0]
        self._post("/offer", self.colleague, **data, **{f"qty_{line.id}": "20"})
        self._post("/decline", self.colleague, decline_message="No")
        self.assertEqual((self.order.state, self.order.kh_offer_state), ("sent", "open"))
        self.assertEqual(line.product_uom_qty, 10)

    def test_the_link_opens_this_order_and_confirms(self):
        self._offer()
        token = self.order.access_token
        self.authenticate(None, None)
        self.assertIn("data-kh-offer=", self.url_open(f"{self.page}?access_token={token}").text)
        other = self._create_order()
        other.action_quotation_sent()
        response = self.url_open(f"/my/orders/{other.id}?access_token={token}")
        self.assertNotIn(other.name, response.text)
        digest = self.order._kh_get_offer_digest()
        self._post("/offer", None, access_token=token, what="confirm", digest=digest)
        self.assertEqual(self.order.kh_offer_state, "confirmed")
        self.assertEqual(self.order.kh_placed_by_id, self.buyer.partner_id)

    def test_an_expired_or_withdrawn_link_opens_nothing(self):
        self._offer()
        token, digest = self.order.access_token, self.order._kh_get_offer_digest()
        self._expire()
        self.authenticate(None, None)
        html = self.url_open(f"{self.page}?access_token={token}").text
        self.assertIn("data-kh-offer-over", html)
        self.assertNotIn("KH-O-1", html)
        self._post("/offer", None, access_token=token, what="confirm", digest=digest)
        self._post("/decline", None, access_token=token, decline_message="No")
        self.assertEqual(self.order.kh_offer_state, "open")
        # who logs in sees that it has expired
        self.authenticate(self.buyer.login, self.buyer.login)
        html = self.url_open(self.page).text
        self.assertIn("This offer has expired", html)
        self.order.action_kh_offer_withdraw()
        self.authenticate(None, None)
        self.assertNotIn("KH-O-1", self.url_open(f"{self.page}?access_token={token}").text)

    def test_refused_with_a_reason_only(self):
        self._offer()
        token = self.order.access_token
        self._post("/decline", None, access_token=token, decline_message="  ")
        self.assertEqual(self.order.kh_offer_state, "open")
        html = self._post("/decline", None, access_token=token, decline_message="Too dear").text
        self.assertEqual((self.order.kh_offer_state, self.order.state), ("refused", "cancel"))
        self.assertIn("Too dear", html)
