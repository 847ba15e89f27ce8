from odoo import Command
from odoo.exceptions import AccessError
from odoo.tests import new_test_user, tagged

from .common import MemberCommon

READY_ROLES = {
    # role: {model: operations allowed}; r read, w write, c create, u unlink. Staff read those
    # applications only that a step names them for, see `TestAdmission.test_step_of_finance`
    "general_manager": {
        "sale.order": "rwcu", "kh.member.application": "r", "kh.sales.area": "rwc",
        "account.move": "r", "account.payment": "r", "kh.approval.flow": "rwcu",
        "res.users.role": "", "kh.department": "r", "ir.rule": "", "kh.role.log": "",
    },
    "product_manager": {
        "sale.order": "rwcu", "kh.member.application": "r", "kh.sales.area": "r",
        "product.template": "rwcu", "account.payment": "", "kh.approval.flow": "r",
        "res.users.role": "", "kh.department": "r", "ir.rule": "",
    },
    "order_clerk": {
        "sale.order": "rwc", "kh.member.application": "r", "kh.sales.area": "r",
        "product.template": "r", "kh.approval.flow": "r", "res.users.role": "", "ir.rule": "",
    },
    "admission_clerk": {
        "sale.order": "rwc", "res.partner": "rwcu", "kh.member.application": "rwc",
        "kh.sales.area": "r", "account.payment": "", "product.template": "r",
        "kh.approval.flow": "r", "res.users.role": "", "ir.rule": "",
    },
    "finance": {
        "sale.order": "rwc", "kh.member.application": "r", "kh.sales.area": "r",
        "account.move": "rwcu", "account.payment": "rwcu", "product.template": "r",
        "kh.approval.flow": "r", "res.users.role": "", "ir.rule": "",
    },
    "aftersale": {
        "sale.order": "rwc", "kh.member.application": "r", "kh.sales.area": "r",
        "product.template": "r", "kh.approval.flow": "r", "res.users.role": "", "ir.rule": "",
    },
    "it": {
        "sale.order": "rwcu", "kh.member.application": "rwcu", "kh.sales.area": "rwcu",
        "kh.approval.flow": "rwcu", "res.users.role": "rwcu", "kh.department": "rwcu",
        "res.users": "rwcu", "ir.rule": "rwcu", "kh.role.log": "r",
    },
    "b2b_administrator": {
        "sale.order": "rwcu", "res.partner": "rwcu", "kh.member.application": "rwcu",
        "kh.sales.area": "rwcu", "kh.approval.flow": "rwcu", "res.users.role": "rwcu",
        "kh.department": "rwcu", "res.users": "r", "ir.rule": "", "kh.role.log": "r",
    },
    "salesperson": {
        "sale.order": "rwc", "kh.member.application": "r", "kh.sales.area": "r",
        "account.payment": "", "product.template": "r", "kh.approval.flow": "r",
        "res.users.role": "", "kh.department": "r", "ir.rule": "", "kh.role.log": "",
    },
    "supervisor": {
        "sale.order": "rwc", "kh.member.application": "r", "kh.sales.area": "r",
        "account.payment": "", "product.template": "r", "kh.approval.flow": "r",
        "res.users.role": "", "kh.department": "r", "ir.rule": "", "kh.role.log": "",
    },
    "director": {
        "sale.order": "rwcu", "kh.member.application": "r", "kh.sales.area": "rwc",
        "product.template": "r", "kh.approval.flow": "r", "res.users.role": "",
        "kh.department": "r", "ir.rule": "", "kh.role.log": "",
    },
    "dealer": {
        "sale.order": "r", "kh.member.application": "", "kh.sales.area": "",
        "res.users.role": "", "kh.department": "", "ir.rule": "", "kh.role.log": "",
    },
}  # fmt: skip
OPERATIONS = ("read", "write", "create", "unlink")


@tagged("post_install", "-at_install")
class TestReadyRoles(MemberCommon):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.staff = {}
        for name in READY_ROLES:
            kind = "base.group_portal" if name == "dealer" else "base.group_user"
            user = new_test_user(cls.env, f"ready_{name}", kind)
            role = cls.env.ref(f"kh_b2b_member.role_{name}")
            user.role_line_ids = [Command.create({"role_id": role.id})]
            cls.staff[name] = user

    def test_allowed_and_refused(self):
        for name, rights in READY_ROLES.items():
            for model, allowed in rights.items():
                records = self.env[model].with_user(self.staff[name])
                found = "".join(o[0] for o in OPERATIONS if records.has_access(o))
                with self.subTest(role=name, model=model):
                    self.assertEqual(found, allowed)

    def test_every_ready_role_of_staff_has_a_department(self):
        for name in READY_ROLES.keys() - {"dealer"}:
            role = self.env.ref(f"kh_b2b_member.role_{name}")
            with self.subTest(role=name):
                self.assertTrue(role.kh_department_ids)
                self.assertFalse(role.kh_is_portal)

    def test_what_a_b2b_administrator_may_grant(self):
        for name in READY_ROLES:
            role = self.env.ref(f"kh_b2b_member.role_{name}")
            with self.subTest(role=name):
                self.assertEqual(role.kh_is_manageable, name != "it")
        self.assertTrue(self.env.ref("kh_b2b_member.role_dealer").kh_is_portal)


@tagged("post_install", "-at_install")
class TestRoleMatrix(MemberCommon):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.manager = cls._create_staff("rm_manager", "role_b2b_administrator")
        cls.matrix = cls.env["kh.role.matrix"].with_user(cls.manager)

    def _rows(self, matrix, key):
        return next(s["rows"] for s in matrix["sections"] if s["key"] == key)

    def test_matrix_says_what_is_in_force(self):
        """Each cell of objects equals what the server grants a user with that role alone."""
        people = {
            self.env.ref("kh_b2b_member.role_salesperson"): self.salesperson,
            self.env.ref("kh_b2b_member.role_finance"): self.finance,
            self.env.ref("kh_b2b_member.role_b2b_administrator"): self.manager,
        }
        roles = self.env["res.users.role"].union(*people)
        matrix = self.matrix.get_matrix(roles.ids, is_complete=True)
        rows = self._rows(matrix, "object")
        self.assertGreater(len(rows), 50)
        for index, column in enumerate(matrix["columns"]):
            user = people[roles.browse(column["role_id"])]
            for row in rows:
                records = self.env[row["key"]].with_user(user)
                allowed = {o for o in OPERATIONS if records.has_access(o)}
                # the test user is in the group of employees only beside the role
                self.assertEqual(set(row["cells"][index]["operations"]), allowed, row["key"])

    def test_menus_are_those_core_shows(self):
        role = self.env.ref("kh_b2b_member.role_salesperson")
        matrix = self.matrix.get_matrix(role.ids, is_complete=True)
        shown = self.env["ir.ui.menu"].with_user(self.salesperson)._visible_menu_ids()
        rows = self._rows(matrix, "function") + self._rows(matrix, "module")
        menus = {
            int(row["key"].removeprefix("menu_"))
            for row in rows
            if row["key"].startswith("menu_") and row["cells"][0]["yes"]
        }
        with_action = (
            self.env["ir.ui.menu"]
            .browse(shown)
            .filtered(lambda menu: menu.action or not menu.parent_id)
        )
        self.assertEqual(menus, set(with_action.ids))

    def test_sections(self):
        role = self.env.ref("kh_b2b_member.role_admission_clerk")
        matrix = self.matrix.get_matrix(role.ids)
        keys = [section["key"] for section in matrix["sections"]]
        self.assertEqual(keys, ["module", "function", "approval", "data", "object"])
        step = self.flow.step_ids[:1]
        rows = {row["key"]: row["cells"][0] for row in self._rows(matrix, "approval")}
        self.assertEqual(rows[f"step_{step.id}"]["yes"], role in step.role_ids)
        self.assertEqual(self._rows(matrix, "data")[0]["cells"][0]["text"], "All")
        sales = self.matrix.get_matrix(self.env.ref("kh_b2b_member.role_salesperson").ids)
        self.assertEqual(self._rows(sales, "data")[0]["cells"][0]["text"], "Own")

    def test_rights_of_one_user_by_role(self):
        user = self._create_staff("rm_two", "role_finance")
        clerk = self.env.ref("kh_b2b_member.role_admission_clerk")
        user.role_line_ids = [Command.create({"role_id": clerk.id, "date_to": "2099-12-31"})]
        expired = self.env.ref("kh_b2b_member.role_it")
        user.role_line_ids = [Command.create({"role_id": expired.id, "date_to": "2020-01-01"})]
        user.kh_data_area_ids = self.area
        matrix = self.matrix.get_matrix(user_id=user.id)
        index = {column["role_id"]: i for i, column in enumerate(matrix["columns"])}
        rows = {row["key"]: row["cells"] for row in self._rows(matrix, "object")}
        cells = rows["kh.member.application"]
        finance = self.env.ref("kh_b2b_member.role_finance")
        self.assertEqual(cells[0]["operations"], ["create", "read", "write"])
        self.assertEqual(cells[index[clerk.id]]["operations"], ["create", "read", "write"])
        self.assertEqual(cells[index[finance.id]]["operations"], ["read"])
        self.assertFalse(any(row[index[expired.id]]["yes"] for row in rows.values()))
        self.assertIn("2099-12-31", matrix["columns"][index[clerk.id]]["note"])
        self.assertEqual(self._rows(matrix, "data")[0]["cells"][0]["text"], self.area.display_name)

    def test_rights_given_by_hand_have_their_column(self):
        self.employee.group_ids += self.env.ref("sales_team.group_sale_salesman")
        matrix = self.matrix.get_matrix(user_id=self.employee.id)
        self.assertEqual([c["key"] for c in matrix["columns"]], ["effective", "hand"])
        rows = {row["key"]: row["cells"] for row in self._rows(matrix, "object")}
        self.assertTrue(rows["sale.order"][1]["yes"])

    def test_rights_of_a_dealers_login(self):
        dealer = self.env.ref("kh_b2b_member.role_dealer")
        self.portal_user.role_line_ids = [Command.create({"role_id": dealer.id})]
        matrix = self.matrix.get_matrix(user_id=self.portal_user.id)
        self.assertFalse(self._rows(matrix, "module"))
        functions = {row["key"]: row["cells"] for row in self._rows(matrix, "function")}
        buyer = self.env.ref("kh_b2b_member.group_b2b_dealer_buyer")
        self.assertTrue(functions[f"group_{buyer.id}"][0]["yes"])
        self.assertEqual(self._rows(matrix, "data")[0]["cells"][0]["text"], "Own company")

    def test_who_may_look(self):
        own = self.env["kh.role.matrix"].with_user(self.salesperson)
        self.assertTrue(own.get_matrix(user_id=self.salesperson.id)["columns"])
        for user_id in (self.finance.id, self.manager.id):
            with self.assertRaises(AccessError):
                own.get_matrix(user_id=user_id)
        with self.assertRaises(AccessError):
            self.env["kh.role.matrix"].with_user(self.portal_user).get_matrix()
        with self.assertRaises(AccessError):
            self.finance.with_user(self.salesperson).action_kh_open_rights()
        action = self.finance.with_user(self.manager).action_kh_open_rights()
        self.assertEqual(action["params"], {"user_id": self.finance.id})

    def test_constant_queries(self):
        roles = self.env["res.users.role"].search([])
        counts = []
        for some in (roles[:1], roles):
            self.matrix.get_matrix(some.ids)
            self.env.invalidate_all()
            before = self.env.cr.sql_log_count
            self.matrix.get_matrix(some.ids)
            counts.append(self.env.cr.sql_log_count - before)
        self.assertLessEqual(counts[1], counts[0] + 3)
