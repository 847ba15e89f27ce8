from odoo import Command, fields
from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.tests import HttpCase, new_test_user, tagged
from odoo.tools import mute_logger

from ..hooks import uninstall_hook
from .common import MemberCommon


class RoleCommon(MemberCommon):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.manager = cls._create_staff("rr_manager", "role_b2b_administrator")
        cls.system = new_test_user(cls.env, "rr_system", "base.group_user,base.group_system")
        cls.roles = cls.env["res.users.role"].with_user(cls.manager)
        cls.lines = cls.env["res.users.role.line"].with_user(cls.manager)
        cls.sales_group = cls.env.ref("kh_b2b_member.group_b2b_salesperson")
        cls.system_group = cls.env.ref("base.group_system")
        cls.erp_group = cls.env.ref("base.group_erp_manager")

    @classmethod
    def _role(cls, name):
        return cls.env.ref(f"kh_b2b_member.role_{name}")

    def _create_role(self, **vals):
        return self.roles.create(
            {"name": "RR custom", "implied_ids": [Command.set(self.sales_group.ids)], **vals}
        )


@tagged("post_install", "-at_install")
class TestRoleEscalation(RoleCommon):
    """A B2B administrator keeps roles, and never gets further than B2B."""

    def test_the_administrator_is_no_system_user(self):
        self.assertFalse(self.manager.has_group("base.group_erp_manager"))
        for model in ("res.groups", "res.users", "ir.rule", "ir.model.access"):
            self.assertFalse(self.env[model].with_user(self.manager).has_access("write"), model)

    def test_custom_role_without_code(self):
        role = self._create_role(
            comment="Key accounts",
            kh_department_ids=[Command.set(self.env.ref("kh_b2b_member.kh_department_sales").ids)],
            line_ids=[Command.create({"user_id": self.employee.id})],
        )
        self.assertTrue(self.employee.has_group("kh_b2b_member.group_b2b_salesperson"))
        role.write({"name": "RR renamed", "implied_ids": [Command.clear()]})
        self.assertEqual(role.name, "RR renamed")
        self.assertFalse(self.employee.has_group("kh_b2b_member.group_b2b_salesperson"))
        role.write(
            {"implied_ids": [Command.link(self.env.ref("account.group_account_invoice").id)]}
        )
        self.assertTrue(self.employee.has_group("account.group_account_invoice"))
        role.unlink()
        self.assertFalse(self.employee.has_group("account.group_account_invoice"))

    def test_no_system_rights_in_a_role(self):
        role = self._create_role()
        designer = self.env["res.groups"].create({"name": "RR not ours"})
        sneaky = self.env["res.groups"].create(
            {"name": "RR sneaky", "implied_ids": [Command.link(self.system_group.id)]}
        )
        sneaky.kh_is_delegable = True
        for group in (self.system_group, self.erp_group, designer, sneaky):
            for command in (Command.link(group.id), Command.set(group.ids)):
                with self.subTest(group=group.name), self.assertRaises(AccessError):
                    role.write({"implied_ids": [command]})
                with self.assertRaises(AccessError):
                    self._create_role(implied_ids=[command])

    def test_no_other_field_of_role_or_group(self):
        role = self._create_role()
        tricks = (
            {"group_id": self.system_group.id},
            {"implied_by_ids": [Command.link(self.system_group.id)]},
            {"parent_ids": [Command.link(self.system_group.id)]},
            {"all_implied_ids": [Command.link(self.system_group.id)]},
            {"user_ids": [Command.link(self.manager.id)]},
            {"all_user_ids": [Command.link(self.manager.id)]},
            {"model_access": [Command.create({"name": "x", "model_id": 1, "perm_write": True})]},
            {"rule_groups": [Command.clear()]},
            {"menu_access": [Command.clear()]},
            {"view_access": [Command.clear()]},
            {"is_default": True},
            {"share": True},
            {"kh_is_delegable": True},
            {"api_key_duration": 999},
            {"implied_ids": [Command.create({"name": "RR new group"})]},
            {"implied_ids": [Command.update(self.sales_group.id, {"implied_ids": []})]},
            {"implied_ids": [Command.delete(self.sales_group.id)]},
            {"implied_ids": self.system_group.ids},
            {"kh_department_ids": [Command.create({"name": "x"})]},
        )
        for vals in tricks:
            with self.subTest(vals=vals), self.assertRaises(AccessError):
                role.write(vals)
            with self.subTest(create=vals), self.assertRaises(AccessError):
                self._create_role(**vals)

    def test_defaults_of_the_caller_open_nothing(self):
        roles = self.roles.with_context(
            default_implied_by_ids=[Command.link(self.system_group.id)],
            default_group_id=self.system_group.id,
            default_user_ids=[Command.link(self.manager.id)],
            default_is_default=True,
        )
        role = roles.create({"name": "RR default"}).sudo()
        self.assertNotEqual(role.group_id, self.system_group)
        self.assertFalse(role.is_default or role.user_ids or role.implied_by_ids)

    def test_roles_of_the_system_are_left_alone(self):
        it = self._role("it").with_user(self.manager)
        self.assertFalse(it.kh_is_manageable)
        for action in (
            lambda: it.write({"name": "x"}),
            lambda: it.write({"implied_ids": [Command.clear()]}),
            lambda: it.write({"line_ids": [Command.create({"user_id": self.employee.id})]}),
            it.copy,
            it.unlink,
            lambda: self.lines.create({"role_id": it.id, "user_id": self.manager.id}),
        ):
            with self.assertRaises(AccessError):
                action()
        line = self.lines.create({"role_id": self._role("finance").id, "user_id": self.employee.id})
        with self.assertRaises(AccessError):
            line.write({"role_id": it.id})
        self.assertFalse(self.employee.has_group("base.group_system"))

    def test_copy_takes_rights_and_no_people(self):
        role = self._create_role(line_ids=[Command.create({"user_id": self.employee.id})])
        copy = role.copy()
        self.assertEqual(copy.implied_ids, role.implied_ids)
        self.assertFalse(copy.line_ids or copy.sudo().user_ids)
        with self.assertRaises(AccessError):
            role.copy({"implied_ids": [Command.set(self.system_group.ids)]})
        with self.assertRaises(AccessError):
            role.copy({"group_id": self.system_group.id})

    def test_system_administrators_are_left_alone(self):
        role = self._role("salesperson")
        with self.assertRaises(AccessError):
            self.lines.create({"role_id": role.id, "user_id": self.system.id})
        line = self.env["res.users.role.line"].create(
            {"role_id": self._role("it").id, "user_id": self.system.id}
        )
        for action in (
            line.with_user(self.manager).unlink,
            lambda: line.with_user(self.manager).write({"date_to": "2020-01-01"}),
            lambda: self.system.with_user(self.manager).write({"kh_data_area_ids": []}),
        ):
            with self.assertRaises(AccessError):
                action()
        self.assertTrue(self.system.has_group("base.group_system"))

    def test_dealers_never_become_staff(self):
        for user in (self.portal_user, self.env.ref("base.public_user")):
            with self.subTest(user=user.login), self.assertRaises(AccessError):
                self.lines.create({"role_id": self._role("finance").id, "user_id": user.id})
            self.assertFalse(user._is_internal())
        with self.assertRaises(AccessError):
            self.lines.create({"role_id": self._role("dealer").id, "user_id": self.employee.id})
        self.lines.create({"role_id": self._role("dealer").id, "user_id": self.portal_user.id})
        self.assertTrue(self.portal_user.has_group("kh_b2b_member.group_b2b_dealer"))

    def test_dealers_who_lost_every_role_are_no_staff(self):
        dealer_role, staff_role = self._role("dealer"), self._role("finance")
        dealer = self.env["res.partner"].create(
            {"name": "RR dealer", "is_company": True, "kh_is_dealer": True}
        )
        person = new_test_user(self.env, "rr_person", "base.group_portal")
        person.partner_id.parent_id = dealer
        # the company tells of the one, the log of the other
        for user in (person, self.portal_user):
            with self.subTest(user=user.login):
                line = self.lines.create({"role_id": dealer_role.id, "user_id": user.id})
                line.unlink()
                self.assertFalse(user._is_portal() or user._is_internal())
                with self.assertRaises(AccessError):
                    self.lines.create({"role_id": staff_role.id, "user_id": user.id})
                wizard = self.env["kh.role.grant"].with_user(self.manager)
                wizard = wizard.create({"user_ids": user.ids, "role_ids": staff_role.ids})
                wizard.action_preview()
                self.assertEqual(wizard.line_ids.effect, "blocked")
                self.lines.create({"role_id": dealer_role.id, "user_id": user.id})
                self.assertTrue(user._is_portal())

    def test_rights_of_a_role_change_for_manageable_people_only(self):
        other = self.env["res.company"].create({"name": "RR role company"})
        foreign = new_test_user(
            self.env, "rr_role_foreign", "base.group_user",
            company_id=other.id, company_ids=[Command.set(other.ids)],
        )  # fmt: skip
        lines = self.env["res.users.role.line"]
        lines.create({"role_id": self._role("it").id, "user_id": self.system.id})
        for person in (self.system, foreign):
            role = self._create_role()
            line = lines.create({"role_id": role.id, "user_id": person.id})
            with self.subTest(person=person.login), self.assertRaises(AccessError):
                role.write({"implied_ids": [Command.clear()]})
            role.write({"name": f"RR {person.id}"})
            line.unlink()
            role.write({"implied_ids": [Command.clear()]})
            self.assertFalse(role.implied_ids)

    def test_uninstall_leaves_core_groups(self):
        mine = self._create_role(line_ids=[Command.create({"user_id": self.employee.id})])
        roles = self._role("finance") | self._role("dealer")
        self.env["res.users.role.line"].create(
            {"role_id": self._role("dealer").id, "user_id": self.portal_user.id}
        )
        uninstall_hook(self.env)
        roles.unlink()
        mine.sudo().implied_ids -= self.sales_group
        self.assertTrue(self.finance._is_internal())
        self.assertTrue(self.finance.has_group("account.group_account_invoice"))
        self.assertTrue(self.portal_user._is_portal())
        self.assertTrue(self.employee._is_internal())

    def test_other_companies_are_left_alone(self):
        other = self.env["res.company"].create({"name": "RR second company"})
        foreign = self._create_staff(
            "rr_foreign", "role_salesperson",
            company_id=other.id, company_ids=[Command.set(other.ids)],
        )  # fmt: skip
        with self.assertRaises(AccessError):
            self.lines.create({"role_id": self._role("finance").id, "user_id": foreign.id})
        with self.assertRaises(AccessError):
            foreign.sudo().role_line_ids.with_user(self.manager).unlink()
        with self.assertRaises(AccessError):
            foreign.with_user(self.manager).write({"kh_supervisor_id": self.director.id})

    def test_users_are_placed_and_nothing_else(self):
        user = self.employee.with_user(self.manager)
        user.write(
            {
                "kh_supervisor_id": self.director.id,
                "kh_data_area_ids": [Command.set(self.area.ids)],
                "kh_department_ids": [
                    Command.link(self.env.ref("kh_b2b_member.kh_department_sales").id)
                ],
            }
        )
        self.assertEqual(self.employee.kh_data_area_ids, self.area)
        for vals in (
            {"group_ids": [Command.link(self.erp_group.id)]},
            {"kh_supervisor_id": self.director.id, "group_ids": [Command.link(self.erp_group.id)]},
            {"role_line_ids": [Command.create({"role_id": self._role("it").id})]},
            {"login": "rr_stolen"},
            {"password": "x" * 12},
            {"kh_data_area_ids": [Command.create({"name": "x"})]},
            {"kh_supervisor_id": self.portal_user.id},
            {"kh_role_ids": [Command.link(self._role("it").id)]},
        ):
            with self.subTest(vals=vals), self.assertRaises(AccessError):
                user.write(vals)
        with self.assertRaises(AccessError):
            self.employee.with_user(self.salesperson).write({"kh_data_area_ids": []})
        with self.assertRaises(ValidationError):
            self.director.with_user(self.manager).kh_supervisor_id = self.employee

    def test_nobody_else_keeps_roles(self):
        role = self._role("salesperson")
        for user in (self.salesperson, self.director, self.finance, self.portal_user):
            records = self.env["res.users.role.line"].with_user(user)
            with self.subTest(user=user.login):
                with self.assertRaises(AccessError):
                    records.create({"role_id": role.id, "user_id": user.id})
                with self.assertRaises(AccessError):
                    role.with_user(user).write({"name": "x"})
                with self.assertRaises(AccessError):
                    self.env["kh.role.grant"].with_user(user).create({})
                with self.assertRaises(AccessError):
                    self.env["kh.role.matrix"].with_user(user).get_matrix()
                with self.assertRaises(AccessError):
                    self.env["kh.role.log"].with_user(user).search([])

    def test_log_is_written_by_the_system_alone(self):
        line = self.lines.create({"role_id": self._role("finance").id, "user_id": self.employee.id})
        line.write({"date_to": "2099-12-31"})
        line.unlink()
        log = self.env["kh.role.log"].with_user(self.manager)
        log = log.search([("user_id", "=", self.employee.id)], order="id")
        self.assertEqual(log.mapped("action"), ["grant", "change", "revoke"])
        self.assertEqual(log.author_id, self.manager)
        with self.assertRaises(AccessError):
            log[0].write({"author_id": self.clerk.id})
        with self.assertRaises(AccessError):
            log.unlink()


@tagged("post_install", "-at_install")
class TestRoleEscalationByRpc(RoleCommon, HttpCase):
    def _call(self, model, method, *args, **kwargs):
        """Call as the web client does; return whether the server agreed."""
        params = {"model": model, "method": method, "args": list(args), "kwargs": kwargs}
        with mute_logger("odoo.http"):
            response = self.url_open(
                f"/web/dataset/call_kw/{model}/{method}",
                json={"jsonrpc": "2.0", "method": "call", "params": params},
            ).json()
        return "error" not in response

    def test_doors_hold_over_rpc(self):
        role = self._create_role()
        line = self.lines.create({"role_id": role.id, "user_id": self.employee.id})
        self.env.flush_all()
        self.manager.password = "rr_manager_secret"
        self.authenticate("rr_manager", "rr_manager_secret")
        system, manager = self.system_group.id, self.manager.id
        it = self._role("it").id
        self.assertTrue(self._call("res.users.role", "write", role.ids, {"name": "RR by RPC"}))
        refused = (
            ("res.users.role", "write", [role.ids, {"implied_ids": [[4, system]]}]),
            ("res.users.role", "web_save", [role.ids, {"group_id": system}], {"specification": {}}),
            ("res.users.role", "create", [[{"name": "x", "implied_ids": [[6, 0, [system]]]}]]),
            ("res.users.role", "copy", [[it]]),
            ("res.users.role", "load", [["name", "implied_ids/.id"], [["x", str(system)]]]),
            ("res.users.role.line", "create", [[{"role_id": it, "user_id": manager}]]),
            ("res.users.role.line", "write", [line.ids, {"role_id": it}]),
            ("res.users", "write", [[manager], {"group_ids": [[4, system]]}]),
            ("res.users", "write", [[manager], {"role_line_ids": [[0, 0, {"role_id": it}]]}]),
            ("res.users", "set_groups_from_roles", [self.system.ids], {"force": True}),
            ("res.groups", "write", [[system], {"user_ids": [[4, manager]]}]),
            ("res.groups", "write", [[system], {"kh_is_delegable": True}]),
            ("kh.role.log", "create", [[{"user_id": manager, "action": "grant"}]]),
        )
        for model, method, args, *kwargs in refused:
            with self.subTest(model=model, method=method, args=args):
                self._call(model, method, *args, **(kwargs[0] if kwargs else {}))
                self.env.invalidate_all()
                self.assertFalse(self.manager.has_group("base.group_erp_manager"))
                self.assertFalse(self.system_group in role.sudo().all_implied_ids)
                self.assertFalse(self.system_group.kh_is_delegable)
                self.assertTrue(self.system.has_group("base.group_system"))
                self.assertEqual(line.role_id, role)
        self.assertFalse(self.env["res.users.role"].search([("name", "=", "x")]))
        self.assertFalse(
            self.env["kh.role.log"].search([("user_id", "=", manager), ("author_id", "=", manager)])
        )
        response = self.url_open("/kh_b2b_member/role_matrix.xlsx")
        self.assertEqual(response.status_code, 200)
        self.assertTrue(response.content.startswith(b"PK"))


@tagged("post_install", "-at_install")
class TestRoleGrant(RoleCommon):
    def _wizard(self, users, roles, user=None, **vals):
        return (
            self.env["kh.role.grant"]
            .with_user(user or self.manager)
            .create(
                {
                    "user_ids": [Command.set(users.ids)],
                    "role_ids": [Command.set(roles.ids)],
                    **vals,
                }
            )
        )

    def test_preview_changes_nothing_then_apply(self):
        people = self.employee | self.finance
        roles = self._role("finance") | self._role("order_clerk")
        wizard = self._wizard(people, roles)
        wizard.action_preview()
        effects = {(line.user_id, line.role_id): line.effect for line in wizard.line_ids}
        self.assertEqual(len(effects), 4)
        self.assertEqual(effects[self.finance, self._role("finance")], "same")
        self.assertEqual(effects[self.employee, self._role("finance")], "grant")
        self.assertEqual(wizard.todo_count, 3)
        self.assertFalse(self.employee.has_group("kh_b2b_member.group_b2b_finance"))
        wizard.action_apply()
        for user in people:
            self.assertTrue(user.has_group("kh_b2b_member.group_b2b_finance"))
            self.assertTrue(user.has_group("kh_b2b_member.group_b2b_order_clerk"))
        log = self.env["kh.role.log"].search([("user_id", "in", people.ids)])
        self.assertEqual(log.mapped("action").count("grant"), 4)
        with self.assertRaises(UserError):
            wizard.action_apply()

    def test_take_back(self):
        wizard = self._wizard(self.finance, self._role("finance"), operation="revoke")
        wizard.action_preview()
        self.assertIn("−", wizard.line_ids.note)
        wizard.action_apply()
        self.assertFalse(self.finance.has_group("kh_b2b_member.group_b2b_finance"))
        self.assertFalse(self.finance._is_internal())
        # and given again, although no right was left
        again = self._wizard(self.finance, self._role("finance"))
        again.action_preview()
        again.action_apply()
        self.assertTrue(self.finance.has_group("kh_b2b_member.group_b2b_finance"))

    def test_validity(self):
        today = fields.Date.today()
        wizard = self._wizard(
            self.employee | self.clerk,
            self._role("supervisor"),
            date_from=fields.Date.add(today, days=1),
            date_to=fields.Date.add(today, days=9),
        )
        wizard.action_preview()
        wizard.action_apply()
        self.assertFalse(self.clerk.has_group("kh_b2b_member.group_b2b_supervisor"))
        now = self._wizard(self.clerk, self._role("supervisor"), date_from=today)
        now.action_preview()
        self.assertEqual(now.line_ids.effect, "change")
        now.action_apply()
        self.assertTrue(self.clerk.has_group("kh_b2b_member.group_b2b_supervisor"))
        self.assertTrue(self.clerk.has_group("kh_b2b_member.group_b2b_admission_clerk"))
        with self.assertRaises(ValidationError):
            self._wizard(
                self.clerk, self._role("finance"), date_from="2030-01-02", date_to="2030-01-01"
            )

    def test_preview_shows_rights_given_by_hand_that_end(self):
        self.employee.group_ids += self.env.ref("base.group_partner_manager")
        wizard = self._wizard(self.employee, self._role("finance"))
        wizard.action_preview()
        gained, lost = wizard.line_ids.note.split("\n")
        self.assertIn(self.env.ref("kh_b2b_member.group_b2b_finance").full_name, gained)
        self.assertIn(self.env.ref("base.group_partner_manager").full_name, lost)

    def test_blocked_pairs_are_left_out(self):
        people = self.employee | self.system | self.portal_user
        roles = self._role("finance") | self._role("it")
        wizard = self._wizard(people, roles)
        wizard.action_preview()
        self.assertEqual((wizard.todo_count, wizard.blocked_count), (1, 5))
        # a forged preview does not pass the door
        wizard.line_ids.sudo().write({"effect": "grant"})
        with self.assertRaises(AccessError):
            wizard.action_apply()
        self.assertFalse(self.portal_user._is_internal())
        self.assertTrue(self.system.has_group("base.group_system"))

    def test_departments_with_those_below(self):
        top = self.env["kh.department"].create({"name": "RR top"})
        self.env["kh.department"].create(
            {"name": "RR below", "parent_id": top.id, "user_ids": [Command.link(self.employee.id)]}
        )
        top.role_ids = self._role("finance")
        wizard = self._wizard(self.env["res.users"], top.role_ids)
        wizard.department_ids = top
        wizard.action_preview()
        self.assertEqual(wizard.line_ids.user_id, self.employee)
        action = top.with_user(self.manager).action_grant_roles()
        self.assertEqual(action["res_model"], "kh.role.grant")

    def test_previews_are_private(self):
        other = self._create_staff("rr_other", "role_b2b_administrator")
        wizard = self._wizard(self.employee, self._role("finance"))
        self.assertFalse(wizard.with_user(other).has_access("read"))
