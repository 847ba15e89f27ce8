"""Who gets through which address: one table for each add-on, walked by every kind of person."""

import io
import threading
import zipfile
from contextlib import closing
from typing import Any, NamedTuple
from unittest.mock import patch
from urllib.parse import urlsplit

from odoo.http import Request
from odoo.tests import HttpCase
from odoo.tools import SQL, mute_logger

from odoo.addons.http_routing.tests.common import MockRequest
from odoo.addons.kh_b2b_approval.tests.common import create_users

PERSONS = ("owner", "stranger", "foreigner", "colleague", "seller")
LOGIN = "login"  # must log in first
YES = "yes"  # gets through as the owner does
LOOK = "look"  # may read, but changes nothing
OWN = "own"  # gets an answer about the own company, nothing of the owner's
REFUSED = "refused"  # core's answers as data: an error and nothing else
# Rows of core that a visit may write, beside all tables of ours.
MAIN_MODELS = (
    "account.move",
    "account.move.line",
    "mail.activity",
    "mail.message",
    "payment.transaction",
    "product.pricelist.item",
    "product.product",
    "product.template",
    "res.partner",
    "res.users",
    "sale.order",
    "sale.order.line",
    "stock.move",
    "stock.picking",
)
# Written for whoever comes, and about nobody's business.
IGNORED_MODELS = ("kh.rate.limit", "kh.shop.request")


class Visit(NamedTuple):
    """One address with what is sent to it, and what comes of it for each person.

    `others` stands for stranger, foreign dealer, colleague without the right and salesperson
    of another area: `LOGIN`, a status, an address to which they are led, the name of an error
    (all of these read and change nothing at all), `LOOK`, `OWN` or `YES`.
    """

    method: str  # GET, POST or JSON
    path: str
    data: dict  # what everybody sends: the address and it name the owner's records
    proof: str  # that the owner got through: a text of the answer, or the address it leads to
    others: tuple
    changes: bool | None = None  # what the owner writes; empty: whether it is a POST
    key: dict = {}  # what only the owner has: the token of a link, a signature
    owner: Any = None  # another user than the add-on's usual owner; the public user: no login
    files: dict | None = None
    session: dict | None = None  # what the session says of those who get through


class Answer(NamedTuple):
    outcome: Any  # LOGIN, a status from 400, an address, the name of an error, "" when through
    text: str


class RoutesCase(HttpCase):
    """Walks `_get_visits`; mix it in before the class that sets up the records.

    The class sets `persons` (person → user, none for the stranger), `secrets` (texts that only
    the owner's company may read) and `belongings` (person → records that are the person's own).
    `routes_module` names the add-on of the table where it is not the test's own.
    Every visit is undone afterwards, so each begins with the same records.
    """

    persons: dict
    routes_module = ""
    secrets: tuple = ()
    belongings: dict = {}

    @classmethod
    def _create_seller(cls, area, **values):
        """Make a salesperson of ours whose range is one sales area."""
        role = cls.env.ref("kh_b2b_member.role_salesperson")
        row = {"role_line_ids": [(0, 0, {"role_id": role.id})], "kh_data_area_ids": area.ids}
        return create_users(cls.env, {"login": f"kh_r_seller_{area.id}", **row, **values})

    def _get_visits(self):
        """Return the table of the add-on (hook)."""
        return []

    def _get_secrets(self, person):
        """Return the texts that this person may not read (hook)."""
        return self.secrets

    # === WALK === #
    def assert_every_person(self, visits=None):
        """Let each person make each visit, and check what comes of it."""
        visits = self._get_visits() if visits is None else visits
        before = self._take_snapshot()
        for visit in visits:
            expected = dict(zip(PERSONS, (YES, *visit.others), strict=True))
            for person in PERSONS:
                with (
                    self.subTest(f"{person}: {visit.method} {visit.path} {visit.data}"),
                    closing(self.cr.savepoint()),
                ):
                    answer = self._make_visit(visit, person, expected[person])
                    after = self._take_snapshot()
                    self._check(visit, person, expected[person], answer, before, after)
                if after != before:
                    # what was undone is not to be remembered
                    self.env.registry.clear_cache()

    def _make_visit(self, visit, person, expected):
        user = self.persons.get(person)
        if person == "owner" and visit.owner is not None:
            user = None if visit.owner._is_public() else visit.owner
        login = user and user.login
        session = dict(visit.session or {}) if expected == YES else None
        self.authenticate(login, login, session_extra=session)
        data = {**visit.data, **(visit.key if person == "owner" else {})}
        with mute_logger(
            "odoo.http",
            "odoo.addons.base.models.ir_model",
            "odoo.addons.base.models.ir_rule",
            "odoo.addons.http_routing.models.ir_http",
        ):
            return self._read_answer(visit, self._send(visit, data))

    def _send(self, visit, data):
        options = {"allow_redirects": False, "timeout": 60}
        if visit.method == "JSON":
            body = {"id": 0, "jsonrpc": "2.0", "method": "call", "params": data}
            return self.url_open(visit.path, json=body, **options)
        if visit.method == "POST":
            data = {**data, "csrf_token": Request.csrf_token(self)}
            return self.url_open(visit.path, data=data, files=visit.files, **options)
        return self.url_open(visit.path, params=data, **options)

    def _read_answer(self, visit, response):
        if visit.method == "JSON" and response.status_code == 200:
            content = response.json()
            error = content.get("error")
            result = content.get("result")
            if not error:
                is_refused = isinstance(result, dict) and result.keys() == {"error"}
                return Answer(REFUSED if is_refused else "", response.text)
            codes = {100: LOGIN, 404: 404}
            name = error["data"]["name"].rpartition(".")[2]
            return Answer(codes.get(error["code"], name), response.text)
        if response.status_code >= 400:
            return Answer(response.status_code, response.text)
        if 300 <= response.status_code < 400:
            path = urlsplit(response.headers["Location"]).path
            return Answer(LOGIN if path == "/web/login" else path, response.text)
        if response.content.startswith(b"PK"):  # a workbook
            with zipfile.ZipFile(io.BytesIO(response.content)) as book:
                parts = [book.read(name).decode() for name in book.namelist()]
            return Answer("", "\n".join(["PK", *parts]))
        return Answer("", response.content.decode(errors="replace"))

    def _check(self, visit, person, expected, answer, before, after):
        if expected == YES:
            self._check_through(visit, answer, before != after)
            return
        if expected == LOOK:
            self._check_through(visit, answer, is_changed=True)
            self.assertEqual(self._name_changes(before, after), set())
            return
        for secret in self._get_secrets(person):
            self.assertNotIn(secret, answer.text)
        if expected == OWN:
            self.assertFalse(
                answer.outcome == LOGIN or isinstance(answer.outcome, int), answer.outcome
            )
            self._check_left_alone(person, before, after)
            return
        self.assertEqual(answer.outcome, expected)
        self.assertEqual(self._name_changes(before, after), set())

    def _check_through(self, visit, answer, is_changed):
        if visit.method != "JSON" and visit.proof.startswith("/"):
            self.assertEqual(answer.outcome, visit.proof)
        else:
            # a page, or back to one: never an error or the login
            self.assertFalse(
                answer.outcome == LOGIN
                or isinstance(answer.outcome, int)
                or (visit.method == "JSON" and answer.outcome),
                f"{answer.outcome} {answer.text[:500]}",
            )
            self.assertIn(visit.proof, answer.text)
        changes = visit.method == "POST" if visit.changes is None else visit.changes
        if changes:
            self.assertTrue(is_changed, "Nothing was written.")

    # === WHAT IS WRITTEN === #
    def _get_watched_models(self):
        for model in map(self.env.__getitem__, self.env.registry):
            is_stored = model._auto and not model._abstract and not model._transient
            is_ours = model._name.startswith("kh.") and model._name not in IGNORED_MODELS
            if is_stored and (is_ours or model._name in MAIN_MODELS):
                yield model

    def _take_snapshot(self):
        """Return a digest of every watched row, ``{(table, id): digest}``."""
        self.cr.flush()  # also what is done at the end of a transaction
        rows = SQL(" UNION ALL ").join(
            SQL(
                "SELECT %s, id, md5(row::text) FROM %s AS row",
                model._table,
                SQL.identifier(model._table),
            )
            for model in self._get_watched_models()
        )
        return {(table, id_): digest for table, id_, digest in self.env.execute_query(rows)}

    @staticmethod
    def _name_changes(before, after):
        names = before.keys() | after.keys()
        return {name for name in names if before.get(name) != after.get(name)}

    def _check_left_alone(self, person, before, after):
        """Check that no row which was there is touched, but for those of the person."""
        own = {
            (records._table, id_)
            for records in self.belongings.get(person, ())
            for id_ in records.ids
        }
        changed = {name for name in self._name_changes(before, after) if name in before}
        self.assertEqual(changed - own, set())

    # === WHICH ROUTES THERE ARE === #
    def _find_own_rules(self):
        """Return the addresses that the add-on has or extends, ``{(address, method)}``."""
        found = set()
        module = f"odoo.addons.{self.routes_module or self.test_module}."
        for rule in self._get_routing_map().iter_rules():
            function = rule.endpoint.func
            if any(
                hasattr(vars(cls).get(function.__name__), "original_routing")
                and cls.__module__.startswith(module)
                for cls in type(function.__self__).mro()
            ):
                found |= self._name_rule(rule)
        return found

    def _get_routing_map(self):
        with patch.object(threading.current_thread(), "dbname", self.cr.dbname, create=True):
            return self.env["ir.http"].routing_map()

    @staticmethod
    def _name_rule(rule):
        methods = set(rule.endpoint.routing["methods"] or [""]) - {"HEAD", "OPTIONS"}
        return {(rule.rule, method) for method in methods}

    def _find_visited_rules(self):
        adapter = self._get_routing_map().bind("localhost")
        found = set()
        for visit in self._get_visits():
            method = "POST" if visit.method == "JSON" else visit.method
            path = urlsplit(visit.path).path
            with MockRequest(self.env):  # records in addresses are looked up
                rule, _arguments = adapter.match(path, method=method, return_rule=True)
            found |= {name for name in self._name_rule(rule) if name[1] in ("", method)}
        return found

    def assert_every_route(self):
        """Check that each address of the add-on is in the table."""
        own = self._find_own_rules()
        self.assertTrue(own)
        self.assertEqual(own - self._find_visited_rules(), set(), "A route without its persons.")
