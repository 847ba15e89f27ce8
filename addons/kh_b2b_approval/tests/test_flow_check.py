from odoo import Command
from odoo.exceptions import ValidationError
from odoo.tests import tagged

from .common import ApprovalCommon


@tagged("post_install", "-at_install")
class TestFlowCheck(ApprovalCommon):
    """The check with real people; its rules are tested in `test_flow_engine`."""

    def setUp(self):
        super().setUp()
        self.flow.company_id = self.env.company
        self._set_managers(self.manager)

    def _set_managers(self, users):
        request_class = type(self.env["kh.approval.request"])
        self.patch(
            request_class,
            "_get_managers",
            lambda _self, company=None: users.sudo().filtered(
                lambda u: not company or company in u.company_ids
            ),
        )

    def _level(self):
        self.flow.invalidate_recordset(["check_level", "check_message"])
        return self.flow.check_level

    def test_two_people_are_fine(self):
        self._set_steps({"user_ids": self._users(self.approver | self.approver2)})
        self.assertEqual(self._level(), "ok")
        self.assertFalse(self.flow.check_message)

    def test_one_person_is_warned_about_by_name_and_step(self):
        self._set_steps({"name": "Finance director", "user_ids": self._users(self.approver)})
        self.assertEqual(self._level(), "warning")
        self.assertIn("Finance director", self.flow.check_message)
        self.assertIn(self.approver.name, self.flow.check_message)

    def test_substitute_answers_the_warning(self):
        self._set_steps({"user_ids": self._users(self.approver)})
        substitute = self._stand_in(self.approver, self.approver2)
        self.assertEqual(self._level(), "ok")
        self.approver2.active = False
        self.assertEqual(self._level(), "warning")
        self.approver2.active = True
        # planned for later: nobody stands in today
        substitute.write({"date_from": "2090-01-01", "date_to": "2090-01-02"})
        self.assertEqual(self._level(), "warning")
        substitute.write({"date_to": False})
        self.assertEqual(self._level(), "ok")
        substitute.write({"date_from": "2020-01-01", "date_to": "2020-01-02"})
        self.assertEqual(self._level(), "warning")

    def test_escalation_answers_the_warning(self):
        self._set_steps({"user_ids": self._users(self.approver), "time_limit": 8})
        self.assertEqual(self._level(), "ok")
        self._set_steps(
            {
                "user_ids": self._users(self.approver),
                "time_limit": 8,
                "escalation_user_ids": self._users(self.approver),
            }
        )
        self.assertEqual(self._level(), "warning")

    def test_author_as_the_only_approver_and_manager_is_shown_in_red(self):
        self._set_managers(self.approver)
        self._set_steps({"name": "Boss", "user_ids": self._users(self.approver)})
        self.assertEqual(self._level(), "error")
        self.assertIn("Boss", self.flow.check_message)
        two = {"name": "Boss", "user_ids": self._users(self.approver | self.approver2)}
        self._set_steps(two)
        # one asks for what the other one wrote
        self.assertEqual(self._level(), "error")
        self._set_managers(self.manager)
        self.assertEqual(self._level(), "ok")

    def test_the_step_that_dead_ends_is_named(self):
        with self.assertRaisesRegex(ValidationError, "Second"):
            self._set_steps(
                {"name": "First", "user_ids": self._users(self.approver)},
                {"name": "Second", "role_ids": self.role.ids},
            )

    def test_each_path_is_looked_at(self):
        with self.assertRaisesRegex(ValidationError, "Rare"):
            self._set_steps(
                {"user_ids": self._users(self.approver)},
                {"name": "Rare", "domain": "[('amount', '>', 10000000)]"},
            )

    def test_only_conditional_steps_are_warned_about(self):
        self._set_steps(
            {
                "user_ids": self._users(self.approver | self.approver2),
                "domain": "[('amount', '>', 1)]",
            }
        )
        self.assertEqual(self._level(), "warning")

    def test_too_few_people_for_the_number(self):
        with self.assertRaises(ValidationError):
            self._set_steps({"user_ids": self._users(self.approver), "mode": "count", "minimum": 2})

    def test_people_who_may_not_read_the_documents_are_nobody(self):
        access = self.env["ir.model.access"].search([("model_id", "=", self.model.id)])
        access.filtered(lambda a: a.group_id == self.env.ref("base.group_user")).unlink()
        with self.assertRaises(ValidationError):
            self._set_steps({"user_ids": self._users(self.approver)})

    def test_document_names_somebody(self):
        self._set_steps({"approver_field": "owner_id"})
        self.assertEqual(self._level(), "warning")
        self._set_managers(self.env["res.users"])
        self.assertEqual(self._level(), "error")

    def test_who_leaves_shows_on_the_form(self):
        self._set_steps({"user_ids": self._users(self.approver)})
        self.approver.active = False
        self.assertEqual(self._level(), "error")

    def test_flow_for_all_companies(self):
        self.flow.company_id = False
        self._set_managers(self.manager)
        self._set_steps({"user_ids": self._users(self.approver | self.approver2)})
        # nobody there, and no approval manager: shown in red, yet it could be saved
        self.assertEqual(self._level(), "error")
        self.assertIn(self.company2.name, self.flow.check_message)
        self.manager.company_ids = [Command.link(company.id) for company in self._all_companies()]
        self.assertEqual(self._level(), "warning")
        self.assertIn(self.company2.name, self.flow.check_message)
        people = self.approver | self.approver2
        people.company_ids = [Command.link(company.id) for company in self._all_companies()]
        self.assertEqual(self._level(), "ok")

    def _all_companies(self):
        return self.env["res.company"].search([])

    def test_old_versions_are_not_checked(self):
        self._ask()
        self._set_steps({"user_ids": self._users(self.approver2)})
        self.assertFalse(self.flow.version_ids.check_level)

    def test_same_people_in_both_places(self):
        """The statement that finds whose turn it is agrees with the step's own list."""
        group = self.env.ref("kh_b2b_approval.group_approval_manager")
        self.role.line_ids = [
            Command.create({"user_id": self.approver2.id}),
            Command.create({"user_id": self.stranger.id, "date_to": "2020-01-01"}),
        ]
        for sources in (
            {"role_ids": self.role.ids},
            {"group_id": group.id},
            {"user_ids": self._users(self.approver | self.foreigner)},
            {"role_ids": self.role.ids, "group_id": group.id, "approver_field": "owner_id"},
        ):
            self._set_steps(sources)
            document = self._ask(name=str(sources), owner_id=self.approver.id)
            step = self._request(document).step_id
            with self.subTest(sources=sources):
                self.assertEqual(
                    self._deciders(document), step._get_approvers(document.sudo()).sorted("id")
                )
