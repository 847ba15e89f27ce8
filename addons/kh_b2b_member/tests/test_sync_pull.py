import json
import logging
from unittest.mock import patch

import psycopg2
import requests

from odoo import fields
from odoo.exceptions import UserError, ValidationError
from odoo.tests import tagged
from odoo.tools import mute_logger

from ..engine import sync_http
from .sync_common import Erp, SyncCommon

CRON_LOGGER = "odoo.addons.base.models.ir_cron"
PULL_LOGGER = "odoo.addons.kh_b2b_member.models.sync_pull"


class PullCommon(SyncCommon):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.cron = cls.env.ref("kh_b2b_member.ir_cron_pull_dealers")

    def setUp(self):
        super().setUp()
        self.erp = self.enterContext(Erp.running())
        self.pauses = []
        self.patch(sync_http, "_sleep", self.pauses.append)

    def _create_source(self, **values):
        return self.env["kh.sync.source"].create(
            {
                "name": "Pulled",
                "code": "kh-pull",
                "way": "rest",
                "url": f"{self.erp.url}/dealers",
                "allow_http": True,
                "allow_private": True,
                "next_pull": fields.Datetime.now(),
                **values,
            }
        )

    def _paged(self, pages, **values):
        """A source of numbered pages."""

        def reply(path, _body):
            number = int(path.split("page=")[1].split("&")[0])
            return 200, {"data": {"items": pages[number - 1] if number <= len(pages) else []}}

        self.erp.reply = reply
        return self._create_source(
            records_path="data.items", paging="page", size_param="size", page_size=2, **values
        )

    def _rows(self, *numbers, **values):
        return [self._row(number, **values) for number in numbers]

    def _run_cron(self):
        with self.enter_registry_test_mode():
            self.cron.method_direct_trigger()
        return self.env["kh.sync.run"].search([("way", "in", ("rest", "soap"))])


@tagged("post_install", "-at_install")
class TestSyncPull(PullCommon):
    def test_pages_by_number(self):
        source = self._paged([self._rows(1, 2), self._rows(3, 4), self._rows(5)])
        run = self._run_cron()
        self.assertEqual((run.state, run.created_count, run.page_count), ("done", 5, 3))
        self.assertEqual([path[-13:] for path in self.erp.paths][0], "page=1&size=2")
        self.assertEqual(len(self.erp.paths), 3)
        self.assertGreater(source.next_pull, fields.Datetime.now())
        self.assertEqual(self._run_cron(), run, "not due again")

    def test_pages_by_offset_cursor_and_link(self):
        rows = self._rows(1, 2, 3)
        replies = {
            "offset": [rows[:2], rows[2:]],
            "cursor": [{"rows": rows[:2], "next": "c2"}, {"rows": rows[2:], "next": None}],
            "link": [{"rows": rows[:2], "next": "/dealers?p=2"}, {"rows": rows[2:]}],
        }
        seconds = {"offset": "/dealers?at=2", "cursor": "/dealers?at=c2", "link": "/dealers?p=2"}
        for paging, answers in replies.items():
            self.erp.requests.clear()
            self.erp.replies = [(200, answer) for answer in answers]
            self.erp.reply = (200, [])
            source = self._create_source(
                code=paging,
                paging=paging,
                page_param="at",
                page_size=2,
                cursor_path="next",
                records_path="" if paging == "offset" else "rows",
            )
            run = self._run_cron()[0]
            self.assertEqual((run.source_id, run.state, run.row_count), (source, "done", 3))
            self.assertEqual(self.erp.paths[1], seconds[paging])

    def test_server_with_smaller_pages_is_read_to_its_end(self):
        """Fewer rows than we ask for is not the end: many sources have a limit of their own."""
        rows = self._rows(*range(1, 6))
        for number, (paging, size_param, end, calls) in enumerate(
            (
                ("page", False, (200, []), 4),
                ("page", "size", (200, []), 3),
                ("page", False, (404, ""), 4),
                ("offset", False, (200, []), 4),
                ("offset", "size", (404, ""), 3),
            )
        ):

            def reply(path, _body, paging=paging, end=end):
                at = int(path.split("at=")[1].split("&")[0])
                first = at if paging == "offset" else (at - 1) * 2
                return (200, rows[first : first + 2]) if first < len(rows) else end

            self.erp.requests.clear()
            self.erp.reply = reply
            self._create_source(
                code=f"kh-short-{number}",
                paging=paging,
                page_param="at",
                size_param=size_param,
                page_size=500,
            )
            run = self._run_cron()[0]
            self.assertEqual((run.state, run.row_count), ("done", 5), (paging, size_param))
            self.assertEqual(len(self.erp.requests), calls)

    def test_authentication(self):
        for auth, header, value in (
            ("basic", "Authorization", "Basic dTpzM2NyZXQ="),
            ("bearer", "Authorization", "Bearer s3cret"),
            ("key", "X-Api-Key", "s3cret"),
            ("hmac", "X-Key-Id", "u"),
        ):
            self.erp.requests.clear()
            self.erp.reply = (200, [])
            self._create_source(code=auth, auth_type=auth, auth_user="u", secret="s3cret")
            with self.assertLogs(level=logging.DEBUG) as logs:
                run = self._run_cron()[0]
            self.assertEqual(run.state, "done")
            headers = self.erp.requests[0][1]
            self.assertEqual(headers[header], value)
            self.assertEqual("X-Signature" in headers, auth == "hmac")
            self.assertNotIn("s3cret", "\n".join(logs.output))

    def test_changed_since(self):
        source = self._create_source(
            since_param="since", since_path="changed", params='{"kind": "dealer"}'
        )
        self._map(source, code="code", name="name", version="changed")
        days = ["2026-05-01", "2026-07-01", "2026-06-01"]
        self.erp.reply = (200, [{**self._row(n), "changed": day} for n, day in enumerate(days, 1)])
        self._run_cron()
        self.assertEqual(source.watermark, "2026-07-01")
        source.next_pull = fields.Datetime.now()
        self._run_cron()
        self.assertEqual(self.erp.paths, ["/dealers?kind=dealer",
                                          "/dealers?kind=dealer&since=2026-07-01"])  # fmt: skip

    # === FAULTS === #
    def test_faults_that_pass_are_tried_again(self):
        self.erp.replies = [(500, "x"), (None, ""), (429, ""), (200, self._rows(1))]
        self._create_source()
        run = self._run_cron()
        self.assertEqual((run.state, run.created_count), ("done", 1))
        self.assertEqual(len(self.pauses), 3)
        self.assertLess(self.pauses[0], self.pauses[2])

    def test_timeout_is_tried_again_then_later(self):
        self.erp.reply = (200, self._rows(1))
        source = self._create_source(retries=1)
        with patch.object(requests.Session, "send", side_effect=requests.ReadTimeout("late")):
            run = self._run_cron()
        self.assertEqual((run.state, run.failure_count), ("running", 1))
        self.assertIn("in time", run.message)
        self.assertGreater(source.next_pull, fields.Datetime.now())
        source.next_pull = fields.Datetime.now()
        self.assertEqual(self._run_cron(), run, "the same run goes on")
        self.assertEqual((run.state, run.created_count), ("done", 1))

    def test_faults_that_stay_end_the_run(self):
        source = self._create_source(max_megabytes=1)
        cases = (
            ((200, b'[{"code": "K0'), "cannot be read"),
            ((200, {"rows": []}), "no list"),
            ((401, ""), "credentials"),
            ((302, ""), "redirects"),
            ((404, ""), "404"),
            ((200, b"[" + b" " * 1024 * 1024 + b"]"), "larger than 1 MB"),
        )
        for reply, message in cases:
            self.erp.reply = reply
            source.next_pull = fields.Datetime.now()
            run = self._run_cron()[0]
            self.assertIn(message, run.message)
        self.assertFalse(self.pauses, "not worth another try")
        runs = self._run_cron()
        self.assertEqual(runs.mapped("state"), ["running", "failed"])
        self.assertEqual(runs[1].failure_count, 5)
        self.assertEqual(len(self.erp.requests), 6, "no redirect was followed")

    def test_same_page_twice_does_not_run_forever(self):
        self.erp.reply = (200, {"data": {"items": self._rows(1, 2)}})
        self._create_source(records_path="data.items", paging="page", page_size=2)
        run = self._run_cron()
        self.assertEqual((run.state, run.created_count), ("failed", 2))
        self.assertIn("same page", run.message)

    def test_rows_that_come_twice(self):
        self._paged([self._rows(1, 2), self._rows(2, 3), self._rows(3)])
        run = self._run_cron()
        self.assertEqual((run.created_count, run.unchanged_count), (3, 2))

    @mute_logger(PULL_LOGGER)
    def test_source_that_breaks_does_not_stop_the_others(self):
        bad = self._create_source(next_pull="2026-01-01")
        good = self._create_source(code="kh-good", url=f"{self.erp.url}/good")
        self.erp.reply = lambda path, _body: (200, self._rows(2 if "good" in path else 1))
        engine = type(self.env["kh.sync.engine"])
        apply, is_poisoned = engine._apply, True

        def fail(engine, run, rows, start=0):
            results = apply(engine, run, rows, start)
            if is_poisoned and run.source_id == bad:
                raise RuntimeError("poison")
            return results

        self.patch(engine, "_apply", fail)
        self._run_cron()
        self.assertTrue(self._dealer("K00002"))
        self.assertFalse(self._dealer("K00001"))
        self.assertEqual(good.last_run_id.state, "done")
        run = bad.last_run_id
        self.assertEqual((run.state, run.failure_count, run.row_count), ("running", 1, 0))
        self.assertIn("log", run.message)
        self.assertGreater(bad.next_pull, fields.Datetime.now())
        self.assertEqual(json.loads(run._get_payloads().raw)[0]["code"], "K00001")
        for _try in range(4):
            bad.next_pull = "2026-01-01"
            self._run_cron()
        self.assertEqual((run.state, run.failure_count), ("failed", 5))
        self.assertEqual(len(run._get_payloads()), 1, "the same page is kept once")
        is_poisoned = False
        run.with_user(self.administrator).action_replay()
        self.assertTrue(self._dealer("K00001"), "what came is there to be applied later")

    def test_concurrent_change_is_for_the_scheduler(self):
        source = self._create_source()
        late = psycopg2.errors.SerializationFailure()
        with (
            patch.object(type(source), "_pull", side_effect=late),
            self.assertRaises(psycopg2.errors.SerializationFailure),
        ):
            source._try_pull()

    @mute_logger(CRON_LOGGER, PULL_LOGGER)
    def test_killed_run_goes_on_where_it_was(self):
        source = self._paged([self._rows(1, 2), self._rows(3, 4), self._rows(5)])
        engine = type(self.env["kh.sync.engine"])
        apply = engine._apply

        def die(engine, run, rows, start=0):
            results = apply(engine, run, rows, start)
            if rows[0]["code"] == "K00003":
                raise MemoryError
            return results

        with patch.object(engine, "_apply", die):
            run = self._run_cron()
        self.assertEqual((run.state, run.created_count, run.page_count), ("running", 2, 2))
        self.assertFalse(self._dealer("K00003"))
        source.next_pull = fields.Datetime.now()
        before = len(self.erp.requests)
        self.assertEqual(self._run_cron(), run)
        self.assertEqual((run.state, run.created_count, run.page_count), ("done", 5, 3))
        numbers = [path.split("page=")[1][0] for path in self.erp.paths[before:]]
        self.assertEqual(numbers, ["2", "3"], "page 1 is not fetched again")

    def test_busy_dealers_are_waited_for(self):
        source = self._paged([self._rows(1)])
        due, now = source.next_pull, fields.Datetime.now()
        self.patch(type(source), "_try_lock", lambda source: False)
        run = self._run_cron()
        self.assertEqual((run.state, run.row_count), ("running", 0))
        self.assertEqual(source.next_pull, due, "the row is held by others, and not written")
        triggers = self.env["ir.cron.trigger"].search([("cron_id", "=", self.cron.id)])
        self.assertTrue(triggers.filtered(lambda trigger: trigger.call_at > now))

    def test_replay_of_all_pages(self):
        self._paged([self._rows(1, 2), self._rows(3)])
        run = self._run_cron()
        self._dealer("K00003").write({"city": "Here"})
        action = run.with_user(self.administrator).action_replay()
        replay = self.env["kh.sync.run"].browse(action["res_id"])
        self.assertEqual((replay.row_count, replay.unchanged_count), (3, 3))
        self.assertEqual(self._dealer("K00003").city, "Here")

    # === CONNECTION === #
    def test_connection_test_shows_what_is_read(self):
        source = self._create_source()
        self.erp.reply = (200, [*self._rows(1), {"name": "x"}])
        message = source.with_user(self.administrator).action_test_connection()["params"]
        self.assertIn("2 row(s), 1 readable", message["message"])
        self.assertFalse(self._dealer("K00001"))
        self.erp.reply = (403, "")
        with self.assertRaisesRegex(UserError, "credentials"):
            source.with_user(self.administrator).action_test_connection()

    def test_guard_holds_in_the_request(self):
        source = self._create_source(allow_private=False)
        with self.assertRaisesRegex(UserError, "private network"):
            source.action_test_connection()
        source.write({"allow_private": True, "allow_http": False})
        with self.assertRaisesRegex(UserError, "https"):
            source.action_test_connection()
        self.assertFalse(self.erp.requests)

    def test_link_to_another_host_is_not_followed(self):
        self.erp.reply = (200, {"rows": self._rows(1), "next": "http://localhost/steal"})
        self._create_source(paging="link", cursor_path="next", records_path="rows",
                            auth_type="bearer", secret="s3cret")  # fmt: skip
        run = self._run_cron()
        self.assertIn("localhost", run.message)
        self.assertEqual(len(self.erp.requests), 1)

    def test_set_up_is_checked(self):
        for values in ({"url": False}, {"params": "[]"}, {"params": "{"},
                       {"paging": "cursor"}, {"way": "soap"}):  # fmt: skip
            with self.assertRaises(ValidationError):
                self._create_source(**values)


WSDL = """<?xml version="1.0"?>
<definitions xmlns="http://schemas.xmlsoap.org/wsdl/" xmlns:t="urn:erp" name="Erp"
  xmlns:soap="http://schemas.xmlsoap.org/wsdl/soap/" targetNamespace="urn:erp"
  xmlns:x="http://www.w3.org/2001/XMLSchema">
 <types><x:schema targetNamespace="urn:erp" elementFormDefault="qualified">%(extra)s
  <x:element name="GetDealers"><x:complexType><x:sequence>
   <x:element name="page" type="x:int"/><x:element name="size" type="x:int" minOccurs="0"/>
  </x:sequence></x:complexType></x:element>
  <x:element name="GetDealersResponse"><x:complexType><x:sequence>
   <x:element name="dealers"><x:complexType><x:sequence>
    <x:element name="dealer" minOccurs="0" maxOccurs="unbounded"><x:complexType><x:sequence>
     <x:element name="no" type="x:string"/><x:element name="title" type="x:string"/>
     <x:element name="changed" type="x:dateTime" minOccurs="0"/>
    </x:sequence></x:complexType></x:element>
   </x:sequence></x:complexType></x:element>
   <x:element name="total" type="x:int"/>
  </x:sequence></x:complexType></x:element>
 </x:schema></types>
 <message name="In"><part name="parameters" element="t:GetDealers"/></message>
 <message name="Out"><part name="parameters" element="t:GetDealersResponse"/></message>
 <portType name="P"><operation name="GetDealers">
  <input message="t:In"/><output message="t:Out"/></operation></portType>
 <binding name="B" type="t:P"><soap:binding transport="http://schemas.xmlsoap.org/soap/http"/>
  <operation name="GetDealers"><soap:operation soapAction="urn:GetDealers"/>
   <input><soap:body use="literal"/></input><output><soap:body use="literal"/></output>
  </operation></binding>
 <service name="S"><port name="P" binding="t:B"><soap:address location="%(address)s"/></port>
 </service>
</definitions>"""
ENVELOPE = """<?xml version="1.0"?>%(doctype)s
<s:Envelope xmlns:s="http://schemas.xmlsoap.org/soap/envelope/"><s:Body>%(body)s</s:Body>
</s:Envelope>"""
DEALER = "<dealer><no>%s</no><title>%s</title><changed>2026-07-01T10:00:00</changed></dealer>"
FAULT = "<s:Fault><faultcode>s:Server</faultcode><faultstring>Broken</faultstring></s:Fault>"


@tagged("post_install", "-at_install")
class TestSyncSoap(PullCommon):
    def setUp(self):
        super().setUp()
        self.erp.mimetype = "text/xml"
        self.address, self.extra, self.doctype, self.fault = f"{self.erp.url}/soap", "", "", ""
        self.erp.reply = self._reply

    def _reply(self, path, body):
        if "wsdl" in path:
            return 200, (WSDL % {"address": self.address, "extra": self.extra}).encode()
        if self.fault:
            return 500, (ENVELOPE % {"doctype": "", "body": self.fault}).encode()
        page = int(body.split(b"page>")[1].split(b"<")[0])
        numbers = {1: (1, 2), 2: (3,)}.get(page, ())
        dealers = "".join(DEALER % (f"K{n:05d}", f"Dealer {n}") for n in numbers)
        answer = (
            f'<GetDealersResponse xmlns="urn:erp"><dealers>{dealers}</dealers>'
            f"<total>3</total></GetDealersResponse>"
        )
        return 200, (ENVELOPE % {"doctype": self.doctype, "body": answer}).encode()

    def _create_soap(self):
        source = self._create_source(
            way="soap",
            url=f"{self.erp.url}/dealers?wsdl",
            soap_operation="GetDealers",
            records_path="dealers.dealer",
            paging="page",
            size_param="size",
            page_size=2,
            auth_type="basic",
            auth_user="u",
            secret="s3cret",
            retries=0,
        )
        self._map(source, code="no", name="title", version="changed")
        return source

    def test_pages_over_soap(self):
        self._create_soap()
        run = self._run_cron()
        self.assertEqual(
            (run.state, run.created_count, run.page_count), ("done", 3, 2), run.message
        )
        self.assertEqual(self._dealer("K00003").name, "Dealer 3")
        posts = [headers for path, headers, _body in self.erp.requests if path == "/soap"]
        self.assertEqual(len(posts), 2)
        self.assertEqual(posts[0]["Authorization"], "Basic dTpzM2NyZXQ=")

    def test_faults_over_soap(self):
        source = self._create_soap()
        self.fault = FAULT
        self.assertIn("fault", self._run_cron().message)
        self.fault, self.doctype = "", '<!DOCTYPE x [<!ENTITY e "x">]>'
        source.next_pull = fields.Datetime.now()
        self.assertIn("cannot be read", self._run_cron().message)
        self.doctype, source.soap_operation = "", "Nothing"
        source.next_pull = fields.Datetime.now()
        self.assertIn("no operation Nothing", self._run_cron().message)

    def test_wsdl_may_not_lead_elsewhere(self):
        source = self._create_soap()
        self.address = "http://localhost:1/soap"
        self.assertIn("localhost", self._run_cron().message)
        self.address = f"{self.erp.url}/soap"
        self.extra = '<x:import namespace="urn:y" schemaLocation="file:///etc/hostname"/>'
        source.next_pull = fields.Datetime.now()
        self.assertIn("no web address", self._run_cron().message)
        self.assertFalse(self._dealer("K00001"))
