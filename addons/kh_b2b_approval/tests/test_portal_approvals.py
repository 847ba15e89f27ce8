from lxml import html

from odoo.tests import HttpCase, new_test_user, tagged

from .common_link import LinkCommon


@tagged("post_install", "-at_install")
class TestPortalApprovals(LinkCommon, HttpCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.colleague = new_test_user(
            cls.env, "kh_dealer_colleague", "base.group_portal", name="Colleague", lang="en_US"
        )
        cls.colleague.partner_id.parent_id = cls.dealer_user.partner_id

    def _ask_dealer(self, **values):
        """Return a document that waits for the dealer's own approver."""
        return self._ask(
            dealer_user_id=self.dealer_user.id,
            partner_id=self.dealer_user.partner_id.id,
            **values,
        )

    def _login(self, user):
        self.authenticate(user.login, user.login)

    def _open(self, path="/my/approvals"):
        response = self.url_open(path)
        return response, html.fromstring(response.content)

    def _post(self, path, data):
        return self.url_open(path, data={"csrf_token": self._csrf(), **data})

    def _find(self, response, css_class):
        page = html.fromstring(response.content)
        return page.xpath(f"//*[contains(concat(' ', @class, ' '), ' {css_class} ')]")

    def _csrf(self):
        script = self.url_open("/my/approvals").text
        return script.split('csrf_token: "')[1].split('"')[0]

    # --- who sees and decides what
    def test_dealer_sees_reads_and_decides(self):
        self._set_steps({"is_dealer_step": True})
        document = self._ask_dealer(name="Dealer's contract")
        request = self._request(document)
        self._login(self.dealer_user)
        page = self._open()[1]
        links = page.xpath(f"//a[@href='/my/approvals/{request.id}']/text()")
        self.assertEqual(links, ["Dealer's contract"])
        detail = self._open(f"/my/approvals/{request.id}")[1]
        self.assertIn(self.flow.name, detail.text_content())
        response = self._post(f"/my/approvals/{request.id}/decide", {"decision": "approve"})
        self.assertTrue(self._find(response, "kh-a-empty") and self._find(response, "kh-a-done"))
        self.assertEqual(document.outcome, "granted")
        self.assertEqual(request.decision_ids.user_id, self.dealer_user)

    def test_others_neither_see_nor_decide(self):
        self._set_steps({"is_dealer_step": True})
        document = self._ask_dealer(name="Dealer's contract")
        request = self._request(document)
        path = f"/my/approvals/{request.id}"
        for user in (self.other_dealer_user, self.colleague, self.stranger, self.approver):
            with self.subTest(user=user.login):
                self._login(user)
                self.assertNotIn("Dealer's contract", self._open()[0].text)
                response, _page = self._open(path)
                self.assertTrue(response.url.endswith("/my/approvals"))
                self._post(f"{path}/decide", {"decision": "approve"})
                self._post("/my/approvals/decide", {
                    "decision": "approve", "request_ids": request.id,
                })  # fmt: skip
                self.assertEqual(document.outcome, "open")
        self.assertFalse(request.decision_ids)

    def test_enter_decides_nothing_and_no_number_breaks_the_page(self):
        self._ask()
        self._login(self.approver)
        page = self._open()[1]
        form = page.xpath("//form[@data-kh-approvals]")[0]
        self.assertTrue(form.xpath(".//textarea[@name='comment']"))
        self.assertFalse(form.xpath(".//input[@type='text']"))
        self.assertEqual(form.xpath(".//button[@type='submit']")[0].get("disabled"), "disabled")
        for number in ("99999999999999999999", str(2**31)):
            self.assertEqual(self._open(f"/my/approvals/{number}")[0].status_code, 404)

    def test_visitors_are_asked_to_log_in(self):
        request = self._request(self._ask())
        for path in ("/my/approvals", f"/my/approvals/{request.id}"):
            self.assertIn("/web/login", self.url_open(path).url)

    def test_requester_reads_and_does_not_decide(self):
        document = self._ask()
        request = self._request(document)
        self._login(self.requester)
        _response, page = self._open(f"/my/approvals/{request.id}")
        self.assertEqual(page.xpath("//h1/text()"), ["Contract 1"])
        self.assertFalse(page.xpath("//button[@name='decision']"))
        response = self._post(f"/my/approvals/{request.id}/decide", {"decision": "approve"})
        self.assertEqual(response.url, self.base_url() + f"/my/approvals/{request.id}/decide")
        self.assertEqual(document.outcome, "open")
        self.assertIn("Contract 1", self._open("/my/approvals?tab=asked")[0].text)

    def test_internal_notes_stay_inside(self):
        """What employees wrote for one another is not for the dealer."""
        self._set_steps({"user_ids": self._users(self.approver)}, {"is_dealer_step": True})
        document = self._ask_dealer()
        self.env["ir.attachment"].create(
            {"name": "margin.xlsx", "res_model": document._name, "res_id": document.id}
        )
        self._approve(document, self.approver, "margin is 40 %")
        request = self._request(document)
        view = request._present(self.dealer_user)
        self.assertEqual([entry.comment for entry in view.history], [""])
        self.assertFalse(view.files)
        view = request._present(self.approver)
        self.assertEqual([entry.comment for entry in view.history], ["margin is 40 %"])
        self.assertEqual(view.files, ["margin.xlsx"])
        self._login(self.dealer_user)
        text = self._open(f"/my/approvals/{request.id}")[0].text
        self.assertNotIn("margin", text)

    def test_document_that_may_not_be_read_is_not_shown(self):
        document = self._ask(name="Hidden contract")
        request = self._request(document)
        self.env["ir.rule"].create(
            {
                "name": "nobody",
                "model_id": self.model.id,
                "domain_force": "[('create_uid', '=', user.id)]",
            }
        )
        view = request._present(self.approver)
        self.assertFalse(view.is_readable or view.rows or view.history)
        self._login(self.approver)
        _response, page = self._open(f"/my/approvals/{request.id}")
        self.assertFalse(page.xpath("//button[@name='decision']"))

    # --- deciding
    def test_comment_is_kept_when_something_is_missing(self):
        document = self._ask()
        request = self._request(document)
        self._login(self.approver)
        path = f"/my/approvals/{request.id}/decide"
        for data in ({"decision": "return"}, {"decision": "withdraw", "comment": "x"}, {}):
            response = self._post(path, data)
            self.assertTrue(self._find(response, "kh-a-error"))
            self.assertEqual(self._find(response, "kh-a-input")[0].text or "", data.get(
                "comment", ""))  # fmt: skip
        self.assertEqual(document.outcome, "open")
        self._post(path, {"decision": "return", "comment": "date"})
        self.assertEqual(document.outcome, "returned: date")

    def test_bulk_says_what_did_not_pass(self):
        documents = [self._ask(name=f"D{number}") for number in range(3)]
        requests = [self._request(document) for document in documents]
        own = self._request(self._ask(self.approver, name="own"))
        self._login(self.approver)
        csrf = self._csrf()
        # one is withdrawn after the page was loaded; one's own was never in the list
        documents[2].action_approval_withdraw()
        data = [("csrf_token", csrf), ("decision", "approve")]
        data += [("request_ids", request.id) for request in requests]
        data += [("request_ids", own.id), ("request_ids", "nonsense"), ("request_ids", 10**8)]
        response = self.url_open("/my/approvals/decide", data=data)
        self.assertEqual([d.outcome for d in documents], ["granted", "granted", "withdrawn"])
        self.assertEqual(own.state, "pending")
        page = html.fromstring(response.content)
        failed = " ".join(page.xpath("//ul[@class='kh-a-failed']")[0].text_content().split())
        self.assertTrue(failed.startswith("own:"))
        self.assertNotIn("D2", failed, "it is no longer in any of my lists")
        # told once
        self.assertNotIn("kh-a-failed", self._open()[0].text)

    def test_bulk_needs_a_reason_and_keeps_the_selection(self):
        request = self._request(self._ask())
        self._login(self.approver)
        response = self._post(
            "/my/approvals/decide", {"decision": "refuse", "request_ids": request.id}
        )
        self.assertTrue(self._find(response, "kh-a-error"))
        page = html.fromstring(response.content)
        self.assertEqual(page.xpath("//input[@name='request_ids'][@checked]/@value"), [
            str(request.id)
        ])  # fmt: skip
        self.assertEqual(request.state, "pending")

    # --- list
    def test_tabs_search_and_unknown_parameters(self):
        self._ask(name="Alpha")
        done = self._ask(name="Beta")
        self._approve(done, self.approver)
        self._login(self.approver)
        for query, shown, hidden in (
            ("", "Alpha", "Beta"),
            ("?tab=decided", "Beta", "Alpha"),
            ("?tab=nonsense", "Alpha", "Beta"),
            ("?q=alp", "Alpha", "Beta"),
        ):
            with self.subTest(query=query):
                text = self._open(f"/my/approvals{query}")[0].text
                self.assertIn(shown, text)
                self.assertNotIn(hidden, text)
        response = self._open("/my/approvals?q=zzz")[0]
        self.assertTrue(self._find(response, "kh-a-empty"))

    def test_counter_is_computed_on_demand_only(self):
        self._ask()
        self._login(self.approver)
        counters = self.make_jsonrpc_request("/my/counters", {"counters": ["approval_count"]})
        self.assertEqual(counters["approval_count"], 1)
        counters = self.make_jsonrpc_request("/my/counters", {"counters": []})
        self.assertNotIn("approval_count", counters)

    def test_home_leads_to_the_list(self):
        self._login(self.dealer_user)
        self.assertIn("/my/approvals", self.url_open("/my").text)
