from unittest.mock import patch

from odoo import Command, http
from odoo.exceptions import UserError
from odoo.tests import HttpCase, new_test_user, tagged

from .test_order_change import ChangeCommon


@tagged("post_install", "-at_install")
class TestOrderChangePage(ChangeCommon, HttpCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls._set_up_shop()
        cls.reader = new_test_user(
            cls.env,
            "kh_c_reader",
            "kh_b2b_member.group_b2b_dealer",
            company_id=cls.company.id,
            company_ids=[(6, 0, cls.company.ids)],
        )
        cls.reader.partner_id.parent_id = cls.dealer
        for user in (cls.buyer, cls.colleague, cls.foreigner, cls.reader):
            user.write({"password": user.login, "lang": "en_US"})

    def _post(self, url, user, **data):
        self.authenticate(user and user.login, user and user.login)
        data["csrf_token"] = http.Request.csrf_token(self)
        return self.url_open(url, data=data, allow_redirects=False)

    def test_dealer_asks_sees_the_difference_and_sends(self):
        order = self._place({self.product: 10.0, self.product_2: 5.0})
        line = order.order_line[0]
        url = f"/my/orders/{order.id}/change"
        for user in (self.foreigner, self.reader, None):
            self._post(url, user, **{f"line_{line.id}": "4"})
            self.assertFalse(order.kh_change_ids)
        self.assertIn("Show Difference", self._get(url))
        self.assertIn(
            "is no quantity", self._post(url, self.buyer, **{f"line_{line.id}": "nan"}).text
        )
        self.assertIn("was not found", self._post(url, self.buyer, code="none", quantity="1").text)
        response = self._post(url, self.buyer, **{f"line_{line.id}": "4"})
        change = order.kh_change_ids
        self.assertEqual(change.state, "draft")
        self.assertTrue(response.headers["Location"].endswith(f"/changes/{change.id}"))
        page = self._get(f"/my/orders/changes/{change.id}")
        self.assertIn("-6", page)
        self.assertIn("900.00", page)
        for user in (self.foreigner, self.reader, None):
            for action in ("send", "withdraw"):
                self._post(f"/my/orders/changes/{change.id}/{action}", user)
                change.invalidate_recordset()
                self.assertEqual(change.state, "draft")
            shown = "900.00" in self.url_open(f"/my/orders/changes/{change.id}").text
            self.assertEqual(shown, user == self.reader)
        self.assertIn("open change", self._post(url, self.buyer, **{f"line_{line.id}": "3"}).text)
        self._post(f"/my/orders/changes/{change.id}/send", self.buyer)
        self.env.invalidate_all()
        self.assertEqual(change.state, "applied")
        self.assertEqual(order.amount_total, 900.0)
        self.assertIn(f"/my/orders/changes/{change.id}", self._get(f"/my/orders/{order.id}"))

    def test_dealer_is_not_stopped_by_drafts_of_staff(self):
        order = self._place({self.product: 10.0})
        line = order.order_line
        change = self._change(order, {self.product: 12.0})
        url = f"/my/orders/changes/{change.id}"
        self.assertNotIn(url, self._get(f"/my/orders/{order.id}"))
        self.assertNotIn("1,200.00", self._get(url))
        self._post(f"{url}/send", self.buyer)
        self.env.invalidate_all()
        self.assertEqual((change.state, order.amount_total), ("draft", 1000.0))
        self._post(f"/my/orders/{order.id}/change", self.buyer, **{f"line_{line.id}": "4"})
        self.env.invalidate_all()
        self.assertEqual(change.state, "withdrawn")
        mine = order.kh_change_ids - change
        self.assertEqual(mine.mapped("state"), ["draft"])
        self.assertIn(f"/my/orders/changes/{mine.id}", self._get(f"/my/orders/{order.id}"))

    def test_nothing_is_posted_where_the_seller_does_not_offer_it(self):
        order = self._place()
        line = order.order_line
        change = self._change(order, {self.product: 4.0})
        change.sudo().requested_by_id = self.buyer.partner_id
        self.company.kh_dealers_may_change = False
        self._post(f"/my/orders/changes/{change.id}/send", self.buyer)
        self.env.invalidate_all()
        self.assertEqual((change.state, order.amount_total), ("draft", 1000.0))
        change.action_withdraw()
        self._post(f"/my/orders/{order.id}/change", self.buyer, **{f"line_{line.id}": "4"})
        self.env.invalidate_all()
        self.assertEqual(order.kh_change_ids, change)

    def test_untouched_lines_stay_as_they_are(self):
        order = self._place({self.product: 12345.67, self.product_2: 5.0})
        first, second = order.order_line
        url = f"/my/orders/{order.id}/change"
        page = self._get(url)
        self.assertIn('value="12345.67"', page)
        self.assertIn('value="5"', page)
        self._post(url, self.buyer, **{f"line_{first.id}": "12345.67", f"line_{second.id}": "4"})
        changed = order.kh_change_ids.line_ids.filtered(lambda line: line._is_changed())
        self.assertEqual(changed.order_line_id, second)

    def test_item_number_is_no_pattern(self):
        order = self._place()
        self.product_2.default_code = "KHZZ1"
        for code in ("KHZZ_", "KHZZ%"):
            answer = self._post(
                f"/my/orders/{order.id}/change", self.buyer, code=code, quantity="1"
            )
            self.assertIn("was not found", answer.text)
        self.assertFalse(order.kh_change_ids)

    def test_cancelling_that_fails_leaves_nothing_behind(self):
        order = self._place()
        transaction = self._announce_transfer(order)
        failing = patch.object(
            self.env.registry["sale.order"], "_action_cancel", side_effect=UserError("no")
        )
        with failing:
            answer = self._post(f"/my/orders/{order.id}/cancel", self.buyer)
        self.assertIn("notice=not_cancelled", answer.headers["Location"])
        self.env.invalidate_all()
        self.assertEqual((order.state, transaction.state), ("sent", "pending"))

    def test_the_buyer_cancels_a_returned_order(self):
        order = self._place(website_id=self.website.id)
        url = f"/my/orders/{order.id}/cancel"
        order.action_kh_hold("Look")
        self.assertNotIn(url, self._get(f"/my/orders/{order.id}"))
        self.assertIn("notice=not_cancelled", self._post(url, self.buyer).headers["Location"])
        order.action_kh_return("Which street?")
        page = self._get(f"/my/orders/{order.id}")
        self.assertIn("Which street?", page)
        self.assertIn(url, page)
        for user in (self.foreigner, self.reader, None):
            self._post(url, user)
            order.invalidate_recordset()
            self.assertEqual(order.state, "sent")
        self.assertIn("notice=cancelled", self._post(url, self.buyer).headers["Location"])
        order.invalidate_recordset()
        self.assertEqual((order.state, order.kh_cancel_cause), ("cancel", "dealer"))

    def test_the_buyer_changes_a_returned_order_and_sends_it_in_again(self):
        self.company.kh_dealers_may_change = False
        order = self._place({self.product: 10.0}, website_id=self.website.id)
        url = f"/my/orders/{order.id}/change"
        order.action_kh_hold("Look")
        self.assertNotIn(url, self._get(f"/my/orders/{order.id}"))
        order.action_kh_return("Too many?")
        self.assertEqual(order._kh_next_step().key, "answer")
        self.assertIn(url, self._get(f"/my/orders/{order.id}"))
        # more than before, which the desk would otherwise decide on first
        self._post(url, self.buyer, **{f"line_{order.order_line.id}": "12"})
        self.env.invalidate_all()
        change = order.kh_change_ids
        self._post(f"/my/orders/changes/{change.id}/send", self.buyer)
        self.env.invalidate_all()
        self.assertEqual((change.state, order.amount_total), ("applied", 1200.0))
        self.assertEqual((order.kh_stage, order.kh_is_returned), ("hold", False))
        self.assertIn("sent in again", order.kh_stop_reasons)
        self.assertNotIn("Too many?", order._kh_whose_turn())
        self.assertIn("We will decide", order._kh_whose_turn())
        self.assertNotIn(url, self._get(f"/my/orders/{order.id}"))
        order.action_kh_release()
        self.assertEqual(order.kh_stage, "to_pay")

    def test_the_dealer_sees_what_staff_edited(self):
        order = self._place({self.product: 10.0}, website_id=self.website.id)
        self.dealer.sudo().kh_is_dealer = True
        edit = Command.update(order.order_line.id, {"price_unit": 90.0})
        order.with_user(self.clerk).write({"order_line": [edit]})
        change = order.kh_change_ids
        url = f"/my/orders/changes/{change.id}"
        self.assertIn(url, self._get(f"/my/orders/{order.id}"))
        page = self._get(url)
        for text in ("Our staff changed the order", "100.00 → 90.00", "900.00"):
            self.assertIn(text, page)

    def _get(self, url):
        self.authenticate(self.buyer.login, self.buyer.login)
        return self.url_open(url).text

    def test_dealer_sees_deadline_and_parts_and_cancels(self):
        self.company.kh_unpaid_hours = 72
        order = self._place(website_id=self.website.id, require_payment=True)
        order.flush_recordset()  # the deadline counts from now
        url = f"/my/orders/{order.id}/cancel"
        page = self._get(f"/my/orders/{order.id}")
        self.assertIn("3 days left", page.replace("2 days left", "3 days left"))
        self.assertIn(url, page)
        for user in (self.foreigner, self.reader, None):
            self._post(url, user)
            order.invalidate_recordset()
            self.assertEqual(order.state, "sent")
        response = self._post(url, self.colleague)
        self.assertIn("notice=cancelled", response.headers["Location"])
        order.invalidate_recordset()
        self.assertEqual((order.state, order.kh_cancel_cause), ("cancel", "dealer"))
        self.assertIn("notice=not_cancelled", self._post(url, self.buyer).headers["Location"])
