from odoo import Command
from odoo.exceptions import AccessError, UserError
from odoo.tests import tagged

from .test_order_change import ChangeCommon


@tagged("post_install", "-at_install")
class TestOrderChangeRights(ChangeCommon):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        areas = cls.env["kh.sales.area"].sudo()
        cls.east, cls.west = areas.create([{"name": "KC east"}, {"name": "KC west"}])
        groups = ("kh_b2b_member.group_b2b_supervisor", "kh_b2b_member.group_b2b_salesperson")
        cls.supervisor, cls.far_supervisor, cls.near, cls.far = (
            cls._create_staff(login, group)
            for login, group in zip(
                ("kh_c_super", "kh_c_far_super", "kh_c_near", "kh_c_far"),
                (groups[0], *groups, groups[1]),
                strict=True,
            )
        )
        cls.far_supervisor.group_ids = cls.supervisor.group_ids
        cls.near.group_ids = cls.far.group_ids
        (cls.supervisor | cls.near).sudo().kh_data_area_ids = cls.east
        (cls.far_supervisor | cls.far).sudo().kh_data_area_ids = cls.west
        cls.dealer.sudo().write(
            {"kh_is_dealer": True, "kh_sales_area_ids": [Command.set(cls.east.ids)]}
        )

    def test_changes_follow_the_data_rights(self):
        order = self._place()
        change = self._change(order, {self.product: 4.0})
        self.env.invalidate_all()
        for records in (change, change.line_ids):
            domain = [("id", "in", records.ids)]
            for user in (self.supervisor, self.near, self.clerk):
                found = records.with_user(user).search(domain)
                self.assertEqual(found.ids, records.ids, user.login)
            for user in (self.far_supervisor, self.far):
                self.assertFalse(records.with_user(user).search(domain), user.login)
                with self.assertRaises(AccessError):
                    records.with_user(user).check_access("read")
                with self.assertRaises(AccessError):
                    records.with_user(user).check_access("write")

    def test_who_asks_may_write_the_order(self):
        order = self._place(user_id=self.clerk.id)
        reader = self._create_staff("kh_c_reader2", "kh_b2b_member.group_b2b_order_clerk")
        self.env["ir.rule"].sudo().create(
            {
                "name": "read only",
                "model_id": self.env["ir.model"]._get_id("sale.order"),
                "domain_force": [("user_id", "!=", self.clerk.id)],
                "perm_read": False,
            }
        )
        order.with_user(reader).check_access("read")
        with self.assertRaises(AccessError):
            self._change(order, {self.product: 4.0}, user=reader)

    def test_lines_stay_with_their_change_and_order(self):
        order, other = self._place(), self._place({self.product: 7.0})
        change, sent = self._change(order), self._change(other, {self.product: 12.0})
        sent.action_submit()
        line = change.line_ids
        for vals in (
            {"change_id": sent.id},
            {"order_line_id": other.order_line.id},
            {"quantity_old": 1.0},
            {"product_id": self.product_2.id},
        ):
            with self.subTest(vals), self.assertRaises(AccessError):
                line.write(vals)
        with self.assertRaises(UserError):
            sent.write({"line_ids": [Command.link(line.id)]})
        line.sudo().write({"order_line_id": other.order_line.id, "quantity_new": 2.0})
        with self.assertRaisesRegex(UserError, "belongs to another order"):
            change.action_submit()

    def test_dealer_and_company_follow_the_order(self):
        order = self._place()
        change = self._change(order, {self.product: 4.0})
        for vals in ({"partner_id": self.other_dealer.id}, {"company_id": self.company.id}):
            with self.assertRaises(AccessError):
                change.write(vals)
        # opened from a dealer's form, whose defaults are for orders
        change.action_withdraw()
        context = {"default_partner_id": self.other_dealer.id}
        action = order.with_user(self.clerk).with_context(**context).action_kh_ask_change()
        change = change.browse(action["res_id"])
        self.assertEqual(change.partner_id, self.buyer.partner_id)

    def test_dealers_do_not_see_drafts_of_staff(self):
        order = self._place()
        change = self._change(order, {self.product: 12.0})
        domain = [("id", "=", change.id)]
        mine = change.with_user(self.colleague)
        self.assertFalse(mine.search(domain))
        self.assertFalse(mine.line_ids.search([("change_id", "=", change.id)]))
        self.assertFalse(order.sudo()._kh_get_shown_changes())
        change.action_submit()
        self.assertEqual(mine.search(domain), mine)
        self.assertEqual(order.sudo()._kh_get_shown_changes(), change.sudo())


@tagged("post_install", "-at_install")
class TestOrderChangeFlow(ChangeCommon):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.env["kh.approval.flow"].sudo().create(
            {
                "name": "Changes",
                "model_id": cls.env["ir.model"].sudo()._get_id("kh.order.change"),
                "company_id": cls.company.id,
                "step_ids": [
                    Command.create({"name": "Desk", "user_ids": [Command.set(cls.clerk.ids)]})
                ],
            }
        )

    def _ask(self, order):
        change = self._change(order, {self.product: 12.0}, user=self.seller)
        change.action_submit()
        self.assertEqual((change.state, change.kh_approval_state), ("submitted", "pending"))
        return change

    def test_flow_refuses_returns_and_is_withdrawn(self):
        order = self._place()
        for decide in ("action_approval_refuse", "action_approval_return"):
            change = self._ask(order)
            getattr(change.with_user(self.clerk), decide)("no stock")
            self.assertEqual((change.state, change.reply), ("refused", "no stock"))
            self.assertEqual(order.order_line.product_uom_qty, 10.0)
        change = self._ask(order)
        change.action_withdraw()
        self.assertEqual((change.state, change.kh_approval_state), ("withdrawn", "withdrawn"))
        change = self._ask(order)
        change.action_approval_withdraw()
        self.assertEqual(change.state, "withdrawn")

    def test_order_that_ends_takes_its_change_along(self):
        order = self._place()
        change = self._ask(order)
        order.with_user(self.clerk)._action_cancel()
        self.assertEqual((change.state, change.kh_approval_state), ("withdrawn", "withdrawn"))

    def test_order_that_is_merged_takes_its_change_along(self):
        self.env["kh.approval.flow"].sudo().search([]).active = False
        first, second = self._place(user_id=self.clerk.id), self._place(user_id=self.clerk.id)
        change = self._change(second, {self.product: 12.0})
        change.action_submit()
        self.assertTrue(change.activity_ids)
        (first | second).with_user(self.clerk).action_kh_merge()
        self.assertEqual((second.state, change.state), ("cancel", "withdrawn"))
        self.assertFalse(change.activity_ids)
