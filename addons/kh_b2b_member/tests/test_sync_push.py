import json

from odoo import Command, fields
from odoo.exceptions import AccessError, ValidationError
from odoo.tests import HttpCase, new_test_user, tagged
from odoo.tools import mute_logger

from odoo.addons.auth_signup.models.res_partner import SignupError

from ..models import sync_engine
from ..models.sync_source import CONNECTION_FIELDS
from .common import make_code
from .sync_common import SyncCommon


@tagged("post_install", "-at_install")
class TestSyncPush(SyncCommon):
    def test_row_becomes_dealer(self):
        answer = self._push(self._row())
        self.assertEqual(answer["state"], "done")
        self.assertEqual(self._status(answer), ["created"])
        dealer = self._dealer("K00001")
        self.assertEqual(answer["results"][0]["id"], dealer.id)
        self.assertRecordValues(
            dealer,
            [
                {
                    "name": "Dealer 1",
                    "is_company": True,
                    "kh_is_dealer": True,
                    "vat": make_code(1),
                    "state_id": self.env.ref("base.state_cn_ZJ").id,
                    "country_id": self.china.id,
                    "grade_id": self.grade.id,
                    "user_id": self.salesperson.id,
                    "company_id": self.company.id,
                }
            ],
        )
        self.assertEqual(dealer.kh_sales_area_ids, self.area)
        self.assertEqual(dealer.bank_ids.bank_id.name, "Test bank")
        self.assertFalse(dealer.bank_ids.allow_out_payment)
        contact = dealer.child_ids
        self.assertEqual(contact.email, "m1@kh-sync.example.com")
        self.assertEqual((contact.vat, contact.city), (dealer.vat, dealer.city))
        self.assertFalse(contact.user_ids, "no account is opened unless asked")

    def test_level_brings_its_pricelist(self):
        pricelist = self.env["product.pricelist"].create({"name": "Gold", "company_id": False})
        self.grade.default_pricelist_id = pricelist
        self._push(self._row())
        self.assertEqual(self._dealer("K00001").specific_property_product_pricelist, pricelist)

    def test_same_rows_change_nothing(self):
        rows = [self._row(number) for number in range(1, 4)]
        self._push(*rows)
        partners = self.env["res.partner"].search_count([])
        messages = self._dealer("K00001").message_ids
        answer = self._push(*rows)
        self.assertEqual(self._status(answer), ["unchanged"] * 3)
        self.assertEqual(self.env["res.partner"].search_count([]), partners)
        self.assertEqual(self._dealer("K00001").message_ids, messages)

    def test_change_is_written_and_absent_is_left(self):
        self._push(self._row())
        dealer = self._dealer("K00001")
        answer = self._push({"code": "K00001", "city": "Ningbo", "areas": "KH-TEST-W"})
        self.assertEqual(self._status(answer), ["updated"])
        self.assertEqual(dealer.city, "Ningbo")
        self.assertEqual(dealer.kh_sales_area_ids, self.area2)
        self.assertEqual((dealer.name, dealer.grade_id), ("Dealer 1", self.grade))
        self.assertEqual(dealer.child_ids.city, "Ningbo", "contacts follow their company")
        self._push({"code": "K00001", "city": None})
        self.assertFalse(dealer.city)

    def test_bad_rows_do_not_stop_good_ones(self):
        answer = self._push(
            self._row(1),
            {"name": "Without code"},
            self._row(3, vat="123"),
            self._row(4, nmae="typo"),
            "no row",
            {"code": "K00006"},
            self._row(7, manager_email="nobody"),
            self._row(8, active="perhaps"),
            self._row(9),
        )
        self.assertEqual(self._status(answer), ["created", *["error"] * 7, "created"])
        self.assertEqual(answer["counts"]["error"], 7)
        self.assertEqual(answer["state"], "partial")
        messages = [result["message"] for result in answer["results"]]
        self.assertIn("ERP code", messages[1])
        self.assertIn("nmae", messages[3])
        self.assertIn("name", messages[5])
        run = self.env["kh.sync.run"].search([("name", "=", answer["run"])])
        self.assertEqual(run.line_ids.mapped("row"), [2, 3, 4, 5, 6, 7, 8])

    def test_row_refused_by_the_orm_stands_alone(self):
        create = type(self.env["res.partner"]).create

        def refuse(partners, vals_list):
            if any(vals.get("name") == "Dealer 5" for vals in vals_list):
                message = "Not this one."
                raise ValidationError(message)
            return create(partners, vals_list)

        self.patch(type(self.env["res.partner"]), "create", refuse)
        answer = self._push(*(self._row(number) for number in range(1, 9)))
        self.assertEqual(self._status(answer), [*["created"] * 4, "error", *["created"] * 3])
        self.assertEqual(answer["results"][4]["message"], "Not this one.")
        self.assertFalse(answer["results"][4]["id"])
        self.assertFalse(self._dealer("K00005"))
        self.assertTrue(self._dealer("K00008").bank_ids)

    @mute_logger("odoo.sql_db")
    def test_row_refused_by_the_database_stands_alone(self):
        self._push(self._row(2))
        other = self.env["res.partner"].create(
            {"name": "Contact", "parent_id": self._dealer("K00002").id, "kh_erp_code": "K00005"}
        )
        other.company_id = self.company
        answer = self._push(self._row(4), self._row(5))
        self.assertEqual(self._status(answer), ["created", "error"])
        self.assertIn("Another dealer has this ERP code", answer["results"][1]["message"])

    def test_duplicates_in_a_batch(self):
        answer = self._push(self._row(), self._row(), self._row(city="Ningbo"))
        self.assertEqual(self._status(answer), ["created", "unchanged", "updated"])
        self.assertEqual(self._dealer("K00001").city, "Ningbo")

    def test_batch_key_repeats_the_answer(self):
        first = self._push(self._row(), batch_key="b-1")
        self._dealer("K00001").city = "Ours"
        again = self._push(self._row(), batch_key="b-1")
        self.assertTrue(again["repeated"])
        self.assertEqual((again["run"], again["results"]), (first["run"], first["results"]))
        with self.assertRaisesRegex(ValidationError, "other rows"):
            self._push(self._row(2), batch_key="b-1")
        self.assertFalse(self._dealer("K00002"))

    def test_versions_put_late_rows_aside(self):
        self._push(self._row(city="Ningbo", version="10"))
        answer = self._push(self._row(city="Hangzhou", version="9"))
        self.assertEqual(self._status(answer), ["stale"])
        self.assertEqual(self._dealer("K00001").city, "Ningbo")
        self.assertEqual(self._status(self._push(self._row(version="11"))), ["updated"])

    def test_provinces_in_all_forms(self):
        forms = ["浙江省", "浙江", "浙", "330000", "33"]
        rows = [self._row(number, state=form) for number, form in enumerate(forms, 1)]
        self.assertEqual(self._status(self._push(*rows)), ["created"] * 5)
        dealers = self.env["res.partner"].search([("kh_erp_code", "=like", "K0000%")])
        self.assertEqual(dealers.state_id, self.env.ref("base.state_cn_ZJ"))

    def test_own_company_and_staff_are_not_touched(self):
        self.company.partner_id.vat = make_code(70)
        self.salesperson.partner_id.write({"vat": make_code(71)})
        answer = self._push(self._row(70), self._row(71))
        self.assertEqual(self._status(answer), ["error", "error"])
        self.assertFalse(self.company.partner_id.kh_is_dealer)

    def test_deactivated_loses_rights_at_once(self):
        self.source.create_portal = True
        self._push(self._row(portal=True))
        dealer = self._dealer("K00001")
        user = dealer.child_ids.user_ids
        self.assertEqual(user.partner_id.kh_dealer_role, "admin", "the first person of a dealer")
        self.assertTrue(user.has_group("kh_b2b_member.group_b2b_dealer"))
        self.assertFalse(user.has_group("base.group_user"))
        answer = self._push(self._row(portal=True, active=False))
        self.assertEqual(self._status(answer), ["updated"])
        self.assertFalse(user.active)
        self.assertFalse(dealer.active)
        self.assertEqual(
            self._status(self._push(self._row(portal=True, active=False))), ["unchanged"]
        )
        self._push(self._row(portal=True, active="启用"))
        self.assertTrue(user.active and dealer.active)
        self.assertTrue(user.has_group("kh_b2b_member.group_b2b_dealer"))

    def test_portal_account_only_if_the_source_opens_them(self):
        self._push(self._row(portal=True))
        self.assertFalse(self._dealer("K00001").child_ids.user_ids)
        self.source.create_portal = True
        answer = self._push(self._row(2, portal=True, manager_email="kh_portal"))
        self.assertEqual(self._status(answer), ["error"])
        new_test_user(self.env, "taken@kh-sync.example.com", "base.group_portal")
        answer = self._push(self._row(3, portal=True, manager_email="taken@kh-sync.example.com"))
        self.assertEqual(self._status(answer), ["error"])
        self.assertIn("another customer", answer["results"][0]["message"])

    def test_failed_portal_account_does_not_fail_the_others(self):
        """Rows that are tried again in halves do not go on with contacts that were undone."""
        self.source.create_portal = True
        new_test_user(self.env, "m3@kh-sync.example.com", "base.group_portal")
        answer = self._push(*(self._row(number, portal=True) for number in range(1, 6)))
        self.assertEqual(self._status(answer), ["created", "created", "error", *["created"] * 2])
        for number in (1, 2, 4, 5):
            contact = self._dealer(f"K{number:05d}").child_ids
            self.assertEqual(contact.user_ids.login, f"m{number}@kh-sync.example.com")
            record = self.env["kh.sync.record"].search([("code", "=", f"K{number:05d}")])
            self.assertEqual(record.contact_id, contact)
        self.assertFalse(self._dealer("K00003"))

    def test_two_dealers_with_one_login_in_a_batch(self):
        self.source.create_portal = True
        same = {"portal": True, "manager_email": "one@kh-sync.example.com"}
        answer = self._push(self._row(1, **same), self._row(2, **same), self._row(3, portal=True))
        self.assertEqual(self._status(answer), ["created", "error", "created"])
        self.assertIn("another customer", answer["results"][1]["message"])
        user = self.env["res.users"].search([("login", "=", "one@kh-sync.example.com")])
        self.assertEqual(user.partner_id.parent_id, self._dealer("K00001"))

    def test_login_the_server_refuses_is_an_error_of_its_row(self):
        self.source.create_portal = True
        create = type(self.env["res.users"])._create_user_from_template

        def refuse(users, values):
            if values["login"].startswith("m2@"):
                raise SignupError("Not this one.")
            return create(users, values)

        self.patch(type(self.env["res.users"]), "_create_user_from_template", refuse)
        answer = self._push(*(self._row(number, portal=True) for number in range(1, 4)))
        self.assertEqual(self._status(answer), ["created", "error", "created"])
        self.assertIn("m2@kh-sync.example.com cannot be", answer["results"][1]["message"])

    def test_deactivated_releases_what_its_people_hold(self):
        self.source.create_portal = True
        self._push(self._row(portal=True))
        contact = self._dealer("K00001").child_ids
        user = contact.user_ids
        contact.signup_prepare()
        calls = []
        for name in ("_kh_release_person", "_kh_reroute_approvals"):

            def note(partners, name=name):
                calls.append((name, partners, user.active))

            self.patch(type(self.env["res.partner"]), name, note)
        self._push(self._row(portal=True, active=False))
        self.assertEqual(
            calls,
            [("_kh_release_person", contact, False), ("_kh_reroute_approvals", contact, False)],
        )
        self.assertFalse(contact.signup_type, "the invitation is void")
        calls.clear()
        self._push(self._row(portal=True, active=True))
        self.assertEqual(calls, [("_kh_reroute_approvals", contact, True)])

    def test_rights(self):
        sources = self.env["kh.sync.source"]
        for user in (self.employee, self.clerk, self.director, self.portal_user):
            with self.assertRaises(AccessError):
                sources.with_user(user).upsert_dealers("kh-test", [self._row()])
        for model in ("source", "run", "conflict", "record", "mapping", "alias", "run.line"):
            for user in (self.erp_user, self.clerk, self.director):
                with self.assertRaises(AccessError):
                    self.env[f"kh.sync.{model}"].with_user(user).search([])
            self.env[f"kh.sync.{model}"].with_user(self.administrator).search([])
        self.assertFalse(self._dealer("K00001"))

    def test_secret_and_connection_are_for_system_administrators(self):
        source = self.source.with_user(self.administrator)
        source.name = "Renamed"
        self.assertNotIn("secret", source.fields_get())
        with self.assertRaises(AccessError):
            source.read(["secret"])
        for values in (
            *({name: self.source[name]} for name in sorted(CONNECTION_FIELDS)),
            {"url": "https://evil.example.com", "way": "rest"},
            {"soap_operation": "DeleteAll"},
            {"watermark": "1970-01-01"},
        ):
            with self.assertRaises(AccessError):
                source.write(values)
        run = self.env["kh.sync.run"]
        with self.assertRaises(AccessError):
            run.with_user(self.administrator).create(
                {"source_id": self.source.id, "way": "push", "stamp": "2026-01-01"}
            )

    def test_who_creates_sources_with_a_connection(self):
        sources = self.env["kh.sync.source"].with_user(self.administrator)
        plain = {"name": "Mine", "code": "kh-mine", "way": "file", "timeout": 30, "paging": "none"}
        self.assertEqual(sources.create(plain).copy({"code": "kh-mine-2"}).way, "file")
        url = {"way": "rest", "url": "https://evil.example.com"}
        for values, context in (
            (url, {}),
            ({"secret": "s3cret"}, {}),
            ({"soap_operation": "DeleteAll"}, {}),
            ({"page_param": "evil"}, {}),
            ({"max_megabytes": 9999}, {}),
            ({}, {"default_params": "{}"}),
            ({"way": "rest"}, {"default_url": "https://evil.example.com"}),
        ):
            case = {**plain, "code": "kh-evil", **values}
            with self.assertRaises(AccessError):
                sources.with_context(**context).create(case)
        system = new_test_user(
            self.env, "kh_system", "base.group_system,kh_b2b_member.group_b2b_administrator"
        )
        self.assertTrue(sources.with_user(system).create({**plain, "code": "kh-sys", **url}))

    def test_wrong_calls_apply_nothing(self):
        for kwargs in (
            {"source": "nothing", "rows": []},
            {"source": 7, "rows": []},
            {"source": "kh-test", "rows": {"code": "K00001"}},
            {"source": "kh-test", "rows": [], "batch_key": 3},
        ):
            with self.assertRaises(ValidationError):
                self.env["kh.sync.source"].with_user(self.erp_user).upsert_dealers(**kwargs)
        self.patch(type(self.env["kh.sync.source"]), "_get_max_push_rows", lambda source: 1)
        with self.assertRaisesRegex(ValidationError, "1 rows at most"):
            self._push(self._row(1), self._row(2))

    def test_two_companies(self):
        other = self.env["res.company"].create({"name": "Second company"})
        source = self.env["kh.sync.source"].create(
            {"name": "Other", "code": "kh-test", "company_id": other.id}
        )
        row = self._row(salesperson=None)
        self._push(row)
        self.erp_user.write({"company_ids": [Command.set(other.ids)], "company_id": other.id})
        answer = self._push(row, source=source)
        self.assertEqual(self._status(answer), ["created"], "another dealer of another company")
        dealers = self._dealer("K00001")
        self.assertEqual(dealers.company_id, self.company + other)
        administrator = self.env["kh.sync.run"].with_user(self.administrator)
        self.assertFalse(administrator.search([("company_id", "=", other.id)]))

    def test_queries_do_not_grow_with_rows(self):
        self._push(*(self._row(number) for number in range(900, 903)))
        counts = {}
        for size, first in ((2, 100), (40, 200)):
            rows = [self._row(number) for number in range(first, first + size)]
            changed = [{**row, "city": "Ningbo", "manager_name": "New"} for row in rows]
            counts[size] = [self._count(rows), self._count(rows), self._count(changed)]
        # core looks for an archived bank account, for each new one on its own
        self.assertLess(counts[40][0] - counts[2][0], 38 * 1.5, counts)
        self.assertLessEqual(counts[40][1], counts[2][1] + 2, counts)
        # two cards change in each row: core's tracking messages, and what it reads of a contact
        self.assertLess(counts[40][2] - counts[2][2], 38 * 7.5, counts)

    def test_new_bank_accounts_are_noted_on_their_dealers(self):
        self._push(*(self._row(number) for number in range(1, 4)))
        for number in range(1, 4):
            dealer = self._dealer(f"K{number:05d}")
            account = f"#{dealer.bank_ids.id}"
            notes = dealer.message_ids.filtered(lambda note, account=account: account in note.body)
            self.assertEqual(len(notes), 1, dealer.name)
            self.assertEqual(notes.subtype_id, self.env.ref("mail.mt_note"))

    def _count(self, rows):
        self.env.invalidate_all()
        before = self.env.cr.sql_log_count
        self._push(*rows)
        return self.env.cr.sql_log_count - before

    def test_memory_is_that_of_a_batch(self):
        """After each batch nothing of it stays in the cache."""
        self.patch(sync_engine, "BATCH", 5)
        sizes = []
        plan = type(self.env["kh.sync.engine"])._plan

        def count(engine, run, rows):
            field = engine.env["res.partner"]._fields["name"]
            sizes.append(len(field._get_cache(engine.env)))
            return plan(engine, run, rows)

        self.patch(type(self.env["kh.sync.engine"]), "_plan", count)
        answer = self._push(*(self._row(number) for number in range(1, 31)))
        self.assertEqual(answer["counts"]["created"], 30)
        self.assertEqual(len(sizes), 6)
        self.assertLessEqual(max(sizes[1:]), 5, sizes)


@tagged("post_install", "-at_install")
class TestSyncJson2(HttpCase, SyncCommon):
    def test_push_over_json2(self):
        self.assertTrue(self.source)
        until = fields.Datetime.add(fields.Datetime.now(), days=1)
        key = self.env(user=self.erp_user)["res.users.apikeys"]._generate("rpc", "ERP", until)
        url = "/json/2/kh.sync.source/upsert_dealers"
        headers = {"Authorization": f"bearer {key}", "Content-Type": "application/json"}
        body = {"source": "kh-test", "rows": [self._row(), {"name": "x"}], "batch_key": "b-7"}
        response = self.url_open(url, data=json.dumps(body), headers=headers)
        self.assertEqual(response.status_code, 200, response.text)
        answer = response.json()
        self.assertEqual(self._status(answer), ["created", "error"])
        again = self.url_open(url, data=json.dumps(body), headers=headers).json()
        self.assertTrue(again["repeated"])
        body["rows"] = []
        with mute_logger("odoo.http"):
            response = self.url_open(url, data=json.dumps(body), headers=headers)
        self.assertEqual(response.status_code, 422)
        wrong = {**headers, "Authorization": "bearer nothing"}
        response = self.url_open(url, data=json.dumps(body), headers=wrong)
        self.assertEqual(response.status_code, 401)
        with mute_logger("odoo.http"):
            response = self.url_open(
                "/json/2/res.partner/create", data=json.dumps({"vals_list": [{"name": "x"}]}),
                headers=headers,
            )  # fmt: skip
        self.assertEqual(response.status_code, 403)
