from odoo.exceptions import AccessError
from odoo.tests import new_test_user, tagged

from ..hooks import uninstall_hook
from .common import OrderCommon

ALL = "sales_team.group_sale_salesman_all_leads"
MEMBER = "kh_b2b_member.group_b2b_"


@tagged("post_install", "-at_install")
class TestAccessRights(OrderCommon):
    """Who may do what to an order: the matrix of groups and actions."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.staff = {
            role: cls._create_staff(f"kh_o_{role}", f"{MEMBER}{role}", ALL)
            for role in ("salesperson", "supervisor", "order_clerk", "finance", "aftersale_clerk")
        }

    def _may(self, user, method, prepare):
        order = self._create_order()
        prepare(order)
        try:
            getattr(order.with_user(user), method)(*(["why"] if "hold" in method else []))
        except AccessError:
            return False
        return True

    def _assert_matrix(self, method, allowed, prepare):
        users = {**self.staff, "dealer": self.buyer, "foreigner": self.foreigner}
        found = {role for role, user in users.items() if self._may(user, method, prepare)}
        self.assertEqual(found, allowed)

    def test_staff_of_core_reads_documents(self):
        """Who has no role of ours reads orders and shipments as before: ours stops nobody."""
        order = self._create_order()
        order.action_confirm()
        for record, group in (
            (order, "sales_team.group_sale_manager"),
            (order.picking_ids, "stock.group_stock_user"),
        ):
            login = f"kh_o_plain_{record._table}"
            reader = new_test_user(
                self.env,
                login=login,
                groups=f"base.group_user,{group}",
                company_id=self.company.id,
                company_ids=[(6, 0, self.company.ids)],
            )
            self.assertFalse(reader.has_group("kh_b2b_member.group_b2b_user"))
            seen = record.with_user(reader)
            ours = [name for name in seen.fields_get() if name.startswith("kh_")]
            self.assertTrue(ours)
            [values] = seen.read(ours)
            self.assertEqual(values["id"], record.id)

    def test_confirm_transfer(self):
        self._assert_matrix(
            "action_kh_confirm_transfer", {"order_clerk", "finance"}, self._announce_transfer
        )

    def test_hold(self):
        self._assert_matrix(
            "action_kh_hold",
            {"order_clerk", "supervisor"},
            lambda order: order.action_quotation_sent(),
        )

    def test_release(self):
        self._assert_matrix(
            "action_kh_release",
            {"order_clerk", "supervisor"},
            lambda order: order._kh_set_on_hold("why"),
        )

    def test_confirm_receipt_by_rpc(self):
        def prepare(order):
            order.action_confirm()
            self._ship(order)

        # dealers confirm on their page, never by writing the order themselves
        self._assert_matrix("action_confirm_receipt", set(self.staff), prepare)

    def test_dealer_reads_orders_of_the_company_only(self):
        order = self._create_order()
        self.assertEqual(order.with_user(self.colleague).kh_stage, "draft")
        with self.assertRaises(AccessError):
            order.with_user(self.foreigner).read(["kh_stage"])
        with self.assertRaises(AccessError):
            order.with_user(self.buyer).write({"kh_received_date": "2026-01-01 00:00:00"})

    def test_wizards_are_for_the_desk(self):
        for model in ("kh.order.hold", "kh.order.bulk.confirm"):
            with self.subTest(model):
                self.assertTrue(
                    self.env[model].with_user(self.staff["order_clerk"]).has_access("create")
                )
                self.assertFalse(
                    self.env[model].with_user(self.staff["finance"]).has_access("create")
                )
                self.assertFalse(self.env[model].with_user(self.buyer).has_access("read"))

    def test_second_company_is_invisible(self):
        other = self._create_staff("kh_o_elsewhere", f"{MEMBER}order_clerk", ALL)
        company = self.env["res.company"].create({"name": "Elsewhere"})
        other.write({"company_ids": [(6, 0, company.ids)], "company_id": company.id})
        order = self._create_order()
        with self.assertRaises(AccessError):
            order.with_user(other).with_company(company).action_kh_confirm_transfer()

    def test_finance_confirms_without_sales_or_accounting_rights_of_its_own(self):
        order = self._create_order()
        transaction = self._announce_transfer(order)
        finance = self._create_staff("kh_o_only_finance", f"{MEMBER}finance")
        self.assertTrue(finance.has_group("account.group_account_invoice"))
        order.with_user(finance).action_kh_confirm_transfer()
        self.assertEqual(transaction.state, "done")

    def test_uninstall_takes_back_what_was_given(self):
        uninstall_hook(self.env)
        group = self.env.ref(f"{MEMBER}finance")
        self.assertNotIn(self.env.ref("account.group_account_invoice"), group.implied_ids)
