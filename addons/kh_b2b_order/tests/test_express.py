import json
from itertools import permutations
from unittest.mock import patch

from odoo import fields
from odoo.exceptions import AccessError, UserError
from odoo.tests import tagged

from ..models import express_tracking
from .express_common import WAY, ExpressCommon

OK = (200, {"result": True, "returnCode": "200", "message": "ok"})


@tagged("post_install", "-at_install")
class TestExpress(ExpressCommon):
    def setUp(self):
        super().setUp()
        self.number = "ZT12345678"
        self.courier.requests.clear()
        self.courier.replies[:] = []

    # === SHIPMENTS === #
    def test_without_service_nothing_is_followed(self):
        self.company.kh_express_provider = False
        self.assertFalse(self._parcels(self._create_shipped()))

    def test_every_number_of_a_shipment_is_followed_once(self):
        self.order.picking_ids.carrier_tracking_ref = "ZT12345678,ZT2222222"
        trackings = self._parcels(self.order)
        self.assertEqual(set(trackings.mapped("number")), {"ZT12345678", "ZT2222222"})
        self.assertEqual(set(trackings.mapped("state")), {"pending"})
        self.assertEqual(trackings.order_id, self.order)
        self.order.picking_ids._kh_follow_parcels()
        self.assertEqual(self._parcels(self.order), trackings)

    # === STATES === #
    def test_every_move_and_no_other(self):
        """Walk the table of the model: each event from each state."""
        states = ("pending", "active", "failed", "done", "stopped")
        moves = {  # event: where it leads; states that are not named stay
            "subscribe": {"pending": "active"},
            "refuse": {"pending": "failed", "active": "failed"},
            "news": {"failed": "active", "done": "active"},
            "sign": dict.fromkeys(("pending", "active", "failed"), "done"),
            "give_up": {"pending": "failed", "active": "failed"},
            "retry": {"failed": "pending"},
            "renumber": dict.fromkeys(states, "stopped"),
            "number_back": {"stopped": "pending"},
        }
        for event, targets in moves.items():
            for state in states:
                with self.subTest(event=event, state=state):
                    self._set_state(state)
                    getattr(self, f"_event_{event}")(state)
                    self.assertEqual(self.tracking.state, targets.get(state, state))

    def _set_state(self, state):
        self.order.picking_ids.carrier_tracking_ref = self.number
        self.tracking.event_ids.unlink()
        self.env["kh.express.message"].sudo().search([]).unlink()
        is_done = state == "done"
        self.tracking.write(
            {
                "state": state,
                "courier_state": "signed" if is_done else False,
                "last_event_date": "2026-11-20 01:00:00" if is_done else False,
                "signed_date": "2026-11-20 01:00:00" if is_done else False,
            }
        )

    def _run_scheduler(self, *replies):
        self.courier.replies[:] = replies
        self.tracking.next_try = "2020-01-01"
        (self.Tracking.sudo().search([]) - self.tracking).next_try = "2999-01-01"
        with self.enter_registry_test_mode():
            self.env.ref("kh_b2b_order.ir_cron_follow_parcels").method_direct_trigger()

    def _event_subscribe(self, state):
        no_news = (200, {"result": False, "returnCode": "500"})
        self._run_scheduler(OK if state == "pending" else no_news)

    def _event_refuse(self, _state):
        self._run_scheduler((200, {"result": False, "returnCode": "600", "message": "x"}))

    def _event_news(self, _state):
        self._receive(self._push_param(events=2))

    def _event_sign(self, _state):
        self._receive(self._push_param(events=3, state="3"))

    def _event_give_up(self, _state):
        self._receive(self._push_param(events=0, status="abort"))

    def _event_retry(self, state):
        if state == "failed":
            self.tracking.with_user(self.clerk).action_retry()
        else:
            with self.assertRaises(UserError):
                self.tracking.with_user(self.clerk).action_retry()

    def _event_renumber(self, _state):
        self.order.picking_ids.carrier_tracking_ref = "ZT2222222"

    def _event_number_back(self, _state):
        self.order.picking_ids._kh_follow_parcels()

    # === SUBSCRIBE AND ASK === #
    def test_subscribe_over_http(self):
        tracking = self.tracking
        self.courier.replies.append(OK)
        self._step(tracking)
        self.assertEqual(tracking.state, "active")
        [(path, form)] = self.courier.requests
        param = json.loads(form["param"])
        self.assertEqual(path, "/poll")
        self.assertEqual((param["company"], param["number"]), ("zhongtong", "ZT12345678"))
        self.assertIn(f"company={self.company.id}", param["parameters"]["callbackurl"])
        self.assertNotIn("phone", param["parameters"], "only couriers that ask for it get it")

    def test_phone_for_couriers_that_ask_for_it(self):
        self.carrier.kh_express_code = "shunfeng"
        self.order.picking_ids._kh_follow_parcels()
        tracking = self.tracking
        self._step(tracking)
        self.assertEqual(tracking.state, "failed")
        self.assertIn("phone", tracking.with_context(lang="en_US")._get_reasons()["needs_phone"])
        self.assertFalse(self.courier.requests, "not asked in vain")
        tracking.picking_id.partner_id.phone = "+86 138 0013 8000"
        tracking.with_user(self.clerk).action_retry()
        self.courier.replies.append(OK)
        self._step(tracking)
        param = json.loads(self.courier.requests[0][1]["param"])
        self.assertEqual(param["parameters"]["phone"], "13800138000")

    def test_without_courier_code_the_desk_is_asked(self):
        self.carrier.kh_express_code = False
        self.order.picking_ids._kh_follow_parcels()
        tracking = self.tracking
        self._step(tracking)
        self.assertEqual((tracking.state, bool(tracking.error)), ("failed", True))

    def test_trouble_of_the_service_is_tried_again_and_ends(self):
        tracking = self.tracking
        faults = [None, (502, b"bad gateway"), (200, b"<html>"), (200, {"returnCode": "500"})]
        self.courier.replies += faults[:2]
        for attempt in (1, 2):
            self._step(tracking)
            self.assertEqual((tracking.state, tracking.attempts), ("pending", attempt))
        self.courier.replies += [faults[3]] * 4
        for _attempt in range(4):
            self._step(tracking)
        self.assertEqual(tracking.state, "failed", "six tries, then a person")
        self.assertNotIn("SECRETKEY", tracking.error)
        tracking.with_user(self.clerk).action_retry()
        self.courier.replies.append(faults[2])
        self._step(tracking)
        self.assertEqual(tracking.state, "failed", "what cannot be read is not tried again")

    def test_wrong_key_is_said_at_once(self):
        tracking = self.tracking
        self.courier.replies.append((200, {"result": False, "returnCode": "600", "message": "x"}))
        self._step(tracking)
        self.assertEqual((tracking.state, tracking.attempts), ("failed", 1))
        error = tracking.with_context(lang="en_US").error
        self.assertEqual(error, tracking.with_context(lang="en_US")._explain("bad_key", "x"))
        self.assertIn("(x)", error)

    def test_query_adds_events(self):
        tracking = self.tracking
        result = json.loads(self._push_param(events=2))["lastResult"]
        self.courier.replies.append((200, result))
        tracking.with_user(self.clerk).action_refresh()
        self.assertEqual(tracking.courier_state, "transit")
        self.assertEqual(tracking.event_ids.mapped("name"), [WAY[1][1], WAY[0][1]])
        self.courier.replies.append(None)
        with self.assertRaises(UserError):
            tracking.with_user(self.clerk).action_refresh()

    def test_scheduler_follows_what_is_due(self):
        later = self._create_tracking("ZT2222222")
        later.state = "pending"
        self._run_scheduler(OK)
        self.assertEqual((self.tracking.state, later.state), ("active", "pending"))

    def test_a_parcel_that_fails_stops_no_other(self):
        other = self._create_tracking("ZT2222222")
        both = self.tracking | other
        both.write({"state": "pending", "next_try": "2020-01-01"})
        (self.Tracking.sudo().search([]) - both).next_try = "2999-01-01"
        self.courier.replies[:] = [OK]
        follow = self.env.registry["kh.express.tracking"]._follow

        def fail(tracking):
            if tracking == self.tracking:
                raise ValueError("broken")
            return follow(tracking)

        with (
            patch.object(self.env.registry["kh.express.tracking"], "_follow", fail),
            self.assertLogs("odoo.addons.kh_b2b_order", "ERROR"),
            self.enter_registry_test_mode(),
        ):
            self.env.ref("kh_b2b_order.ir_cron_follow_parcels").method_direct_trigger()
        both.invalidate_recordset()
        self.assertEqual(both.mapped("state"), ["pending", "active"])
        self.assertGreater(self.tracking.next_try, fields.Datetime.now())

    def test_one_run_follows_more_than_a_batch(self):
        for number in range(4):
            self._create_tracking(f"ZT333333{number}").state = "pending"
        trackings = self.Tracking.sudo().search([("state", "in", ("pending", "active"))])
        trackings.write({"state": "pending", "next_try": "2020-01-01"})
        self.courier.replies += [OK] * len(trackings)
        with patch.object(express_tracking, "BATCH", 2), self.enter_registry_test_mode():
            self.env.ref("kh_b2b_order.ir_cron_follow_parcels").method_direct_trigger()
        self.assertEqual(set(trackings.mapped("state")), {"active"})

    # === NEWS === #
    def test_trouble_that_is_over_is_told_no_more(self):
        tracking = self.tracking
        tracking.state = "active"
        self.courier.replies.append(None)
        self._step(tracking)
        self.assertEqual((tracking.state, bool(tracking.error)), ("active", True))
        self._receive(self._push_param(events=2))
        self.assertEqual((tracking.state, bool(tracking.error)), ("active", False))

    def test_messages_of_a_parcel_that_is_followed_anew(self):
        picking, tracking = self.order.picking_ids, self.tracking
        picking.carrier_tracking_ref = "ZT2222222"
        [message] = self._receive(self._push_param(events=1))
        self.assertEqual((tracking.state, message.state), ("stopped", "unknown"))
        picking.carrier_tracking_ref = "ZT12345678"
        self.assertEqual((message.state, len(tracking.event_ids)), ("applied", 1))
        [message] = self._receive(self._push_param(events=2, com="yuantong"))
        self.carrier.kh_express_code = "yuantong"
        self.assertEqual(message.state, "unknown")
        picking._kh_follow_parcels()
        self.assertEqual((message.state, len(tracking.event_ids)), ("applied", 2))
        [message] = self._receive(self._push_param(events=3, state="3", com="jd"))
        self.carrier.kh_express_code = "jd"
        tracking.state = "failed"
        tracking.with_user(self.clerk).action_retry()
        self.assertEqual((message.state, tracking.state), ("applied", "done"))

    def test_any_order_of_messages_ends_the_same(self):
        params = [
            self._push_param("ZT%NUM%", events=1, state="1"),
            self._push_param("ZT%NUM%", events=2, state="0"),
            self._push_param("ZT%NUM%", events=3, state="3"),
        ]
        # of the same second as the last one, and the service gives up before it goes on
        params.append(self._push_param("ZT%NUM%", events=3, state="5"))
        params.append(self._push_param("ZT%NUM%", events=1, state="1", status="abort"))
        for number, order in enumerate(permutations(range(5))):
            if number % 5:  # a fifth of them, evenly
                continue
            name = f"99{number:05d}"
            tracking = self._create_tracking(f"ZT{name}")
            self._receive(*(params[i].replace("%NUM%", name) for i in (*order, 1)))
            self.assertEqual(
                (tracking.state, tracking.courier_state, len(tracking.event_ids)),
                ("done", "signed", 3),
                order,
            )
            self.assertEqual(str(tracking.signed_date), "2026-11-22 06:05:00")

    def test_a_message_waits_while_its_courier_is_asked(self):
        def hold(records):
            return records.browse()

        with patch.object(self.registry["kh.express.tracking"], "try_lock_for_update", hold):
            [message] = self._receive(self._push_param(events=3, state="3"))
        self.assertEqual((message.state, len(self.tracking.event_ids)), ("waiting", 0))
        self._run_scheduler(OK)
        self.assertEqual((message.state, self.tracking.state), ("applied", "done"))

    def test_unprintable_text_is_cleaned(self):
        param = self._push_param().replace("Collected", "\\u0000Col\\ud800lec\\u0007ted")
        [message] = self._receive(param + "\x00")
        self.env.flush_all()
        self.assertEqual(message.state, "applied")
        self.assertEqual(self.tracking.event_ids.name, "Col lec ted in Hangzhou")

    def test_news_does_not_put_the_subscription_off(self):
        self._receive(self._push_param())
        self.assertEqual(self.tracking.state, "pending")
        self.assertLessEqual(self.tracking.next_try, fields.Datetime.now())

    def test_the_same_message_is_stored_once(self):
        tracking = self.tracking
        tracking.state = "active"
        first, second = self._receive(self._push_param(), self._push_param())
        self.assertEqual(first, second)
        self.assertEqual((first.hits, first.state, len(tracking.event_ids)), (2, "applied", 1))

    def test_a_message_before_its_parcel_waits(self):
        [message] = self._receive(self._push_param("ZT7777777", events=3, state="3"))
        self.assertEqual(message.state, "unknown")
        tracking = self._parcels(self._create_shipped("ZT7777777"))
        self.assertEqual((message.state, tracking.state), ("applied", "done"))

    def test_garbage_is_kept_and_changes_nothing(self):
        tracking = self.tracking
        tracking.state = "active"
        [message] = self._receive('{"lastResult": 1}')
        self.assertEqual((message.state, tracking.courier_state), ("garbage", False))

    def test_other_couriers_and_companies_are_not_meant(self):
        tracking = self.tracking
        tracking.state = "active"
        [message] = self._receive(self._push_param(com="yuantong"))
        self.assertEqual((message.state, len(tracking.event_ids)), ("unknown", 0))
        other = self.env["res.company"].sudo().create({"name": "Other"})
        message = self.env["kh.express.message"].sudo()._receive(other, self._push_param())
        self.assertEqual((message.state, len(tracking.event_ids)), ("unknown", 0))

    def test_given_up_by_the_service(self):
        tracking = self.tracking
        tracking.state = "active"
        self._receive(self._push_param(status="abort"))
        self.assertEqual((tracking.state, bool(tracking.error)), ("failed", True))

    def test_signed_for_can_be_taken_back(self):
        tracking = self.tracking
        tracking.state = "active"
        self._receive(self._push_param(events=2, state="3"))
        self.assertEqual(tracking.state, "done")
        self._receive(self._push_param(events=3, state="4"))
        self.assertEqual(
            (tracking.state, tracking.courier_state, tracking.signed_date),
            ("active", "refused", False),
        )

    # === RIGHTS === #
    def test_rights(self):
        tracking = self.tracking
        tracking.state = "active"
        staff = self._create_staff("kh_o_staff", "kh_b2b_member.group_b2b_user")
        self.assertEqual(tracking.with_user(staff).number, "ZT12345678")
        tracking.state = "failed"
        for method in ("action_retry", "action_refresh"):
            for user in (staff, self.buyer):
                with self.subTest(method, user=user.login), self.assertRaises(AccessError):
                    getattr(tracking.with_user(user), method)()
        with self.assertRaises(AccessError):
            tracking.with_user(self.buyer).read(["number"])
        other = self._create_shipped("ZT5555555")
        for vals in (
            {"courier_state": "signed"},
            {"number": "ZT5555556"},
            {"courier_code": "yuantong"},
            {"picking_id": other.picking_ids.id},
            {"order_id": other.id},
            {"partner_id": self.foreigner.partner_id.id},
            {"company_id": False},
        ):
            with self.subTest(vals), self.assertRaises(AccessError):
                tracking.with_user(self.clerk).write(vals)
        [message] = self._receive(self._push_param("ZT7777777"))
        for user in (self.clerk, staff, self.buyer):
            with self.assertRaises(AccessError):
                message.with_user(user).action_apply()
        admin = self._create_staff("kh_o_admin", "kh_b2b_member.group_b2b_administrator")
        for vals in ({"body": "{}"}, {"number": "ZT12345678"}, {"state": "applied"}, {"hits": 9}):
            with self.subTest(vals), self.assertRaises(AccessError):
                message.with_user(admin).write(vals)
        for name in ("kh_express_key", "kh_express_salt", "kh_express_customer", "kh_express_url"):
            for user in (self.clerk, admin, self.buyer):
                with self.subTest(name, user=user.login), self.assertRaises(AccessError):
                    self.company.with_user(user).read([name])

    def test_salespeople_see_parcels_of_their_own_dealers(self):
        seller, stranger = (
            self._create_staff(login, "kh_b2b_member.group_b2b_salesperson")
            for login in ("kh_o_seller", "kh_o_stranger")
        )
        self.dealer.sudo().write({"kh_is_dealer": True, "user_id": seller.id})
        self._receive(self._push_param())
        event = self.tracking.event_ids
        self.assertTrue(self.tracking.with_user(seller).number)
        self.assertTrue(event.with_user(seller).name)
        for record in (self.tracking, event):
            with self.subTest(record._name), self.assertRaises(AccessError):
                record.with_user(stranger).read(["create_date"])

    def test_who_manages_companies_needs_no_right_on_keys(self):
        manager = self._create_staff(
            "kh_o_manager", "base.group_erp_manager", "base.group_partner_manager"
        )
        company = self.env["res.company"].with_user(manager).create({"name": "New"})
        self.assertEqual(company.sudo().kh_express_url, "https://poll.kuaidi100.com")

    def test_only_waiting_messages_are_applied(self):
        manager = self._create_staff("kh_o_admin", "kh_b2b_member.group_b2b_administrator")
        [message] = self._receive(self._push_param("ZT7777777"))
        message.with_user(manager).action_apply()
        self.assertEqual(message.state, "unknown", "still nobody's")
        for state in ("applied", "garbage"):
            message.state = state
            with self.subTest(state), self.assertRaises(UserError):
                message.with_user(manager).action_apply()
