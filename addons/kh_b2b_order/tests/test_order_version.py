from psycopg2.errors import UniqueViolation

from odoo import Command
from odoo.exceptions import UserError
from odoo.tests import Form, tagged
from odoo.tools import mute_logger

from .test_order_change import ChangeCommon


@tagged("post_install", "-at_install")
class TestOrderVersion(ChangeCommon):
    """What staff edit on a placed order is a version of it (M-107)."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.dealer.sudo().kh_is_dealer = True

    def _edit(self, order, *commands, user=None):
        order.with_user(user or self.clerk).write({"order_line": list(commands)})

    def _create_rule(self, name, amount):
        # sudo: set-up, whoever runs the test
        return (
            self.env["kh.order.rule"]
            .sudo()
            .create(
                {
                    "name": name,
                    "kind": "amount",
                    "company_id": self.company.id,
                    "amount": amount,
                }
            )
        )

    def _rows(self, change):
        return [
            (line.product_id, line.quantity_old, line.quantity_new, line.price_old, line.price_new)
            for line in change.line_ids
        ]

    def test_one_save_is_one_version_with_its_difference(self):
        order = self._place({self.product: 10.0, self.product_2: 5.0})
        first, second = order.order_line
        total, price = order.amount_total, second.price_unit
        more = self._create_goods("More", "KH-O-MORE")
        self._edit(
            order,
            Command.update(first.id, {"product_uom_qty": 12.0, "price_unit": 90.0}),
            Command.delete(second.id),
            Command.create({"product_id": more.id, "product_uom_qty": 2.0, "price_unit": 7.0}),
        )
        change = order.kh_change_ids
        self.assertEqual((change.state, change.version, order.kh_version), ("applied", 2, 2))
        self.assertTrue(change.is_edit)
        self.assertEqual(change.requested_by_id, self.clerk.partner_id)
        self.assertEqual(
            self._rows(change),
            [
                (self.product, 10.0, 12.0, 100.0, 90.0),
                (self.product_2, 5.0, 0.0, price, 0.0),
                (more, 0.0, 2.0, 0.0, 7.0),
            ],
        )
        self.assertEqual((change.amount_before, change.amount_after), (total, order.amount_total))
        self.assertIn("version 2", order.message_ids[0].body)
        self._edit(order, Command.update(first.id, {"discount": 10.0}))
        newest = order.kh_change_ids - change
        self.assertEqual((newest.version, len(newest.line_ids)), (3, 1))
        self.assertEqual((newest.line_ids.discount_old, newest.line_ids.discount_new), (0.0, 10.0))

    def test_no_context_of_a_client_leaves_the_version_out(self):
        order = self._place({self.product: 10.0})
        command = Command.update(order.order_line.id, {"product_uom_qty": 12.0})
        clerk = order.with_user(self.clerk).with_context(kh_is_versioned=True, kh_is_record=True)
        clerk.write({"order_line": [command]})
        self.assertEqual((order.kh_version, len(order.kh_change_ids.line_ids)), (2, 1))
        # nor does it open a second change beside an open one
        self._change(order, {self.product: 13.0}, user=self.clerk)
        changes_sudo = self.env["kh.order.change"].with_user(self.clerk).sudo()
        with self.assertRaises(UserError):
            changes_sudo.with_context(kh_is_record=True).create({"order_id": order.id})

    def test_a_version_is_there_once(self):
        order = self._place({self.product: 10.0})
        self._edit(order, Command.update(order.order_line.id, {"discount": 5.0}))
        vals = {"order_id": order.id, "version": 2, "state": "applied"}
        with mute_logger("odoo.sql_db"), self.assertRaises(UniqueViolation):
            self.env["kh.order.change"].sudo().create(vals).flush_recordset()

    def test_the_form_of_a_confirmed_order(self):
        order = self._place({self.product: 10.0, self.product_2: 5.0})
        order.action_confirm()
        with Form(order.with_user(self.clerk)) as form, form.order_line.edit(1) as line:
            line.product_uom_qty = 8.0
        self.assertEqual(order.kh_change_ids.line_ids.product_id, self.product_2)
        self.assertEqual(order.kh_version, 2)

    def test_staff_without_a_role_of_ours(self):
        plain = self._create_staff("kh_v_plain", "sales_team.group_sale_salesman_all_leads")
        order = self._place({self.product: 10.0})
        order.action_confirm()
        edit = Command.update(order.order_line.id, {"product_uom_qty": 12.0})
        self._edit(order, edit, user=plain)
        self.assertEqual(order.kh_change_ids.requested_by_id, plain.partner_id)

    def test_an_open_request_is_not_in_the_way(self):
        order = self._place({self.product: 10.0})
        asked = self._change(order, {self.product: 12.0})
        asked.action_submit()
        self._edit(order, Command.update(order.order_line.id, {"product_uom_qty": 11.0}))
        self.assertEqual(
            (asked.state, (order.kh_change_ids - asked).state), ("submitted", "applied")
        )
        with self.assertRaisesRegex(UserError, "changed meanwhile"):
            asked.action_approve()

    def test_discounts_and_new_prices_are_one_version(self):
        order = self._place({self.product: 10.0, self.product_2: 5.0})
        wizard = self.env["sale.order.discount"].with_user(self.clerk)
        wizard = wizard.create(
            {
                "sale_order_id": order.id,
                "discount_type": "sol_discount",
                "discount_percentage": 0.05,
            }
        )
        wizard.action_apply_discount()
        first = order.kh_change_ids
        self.assertEqual(first.line_ids.mapped("discount_new"), [5.0, 5.0])
        self.product.list_price = self.product_2.list_price = 80.0
        order.with_user(self.clerk).action_update_prices()
        second = order.kh_change_ids - first
        self.assertEqual((first.version, second.version), (2, 3))
        self.assertEqual(second.line_ids.mapped("price_new"), [80.0, 80.0])

    def test_what_makes_no_version(self):
        draft, other = self._create_order({self.product: 10.0}), self._place({self.product: 10.0})
        other.partner_id = self.env["res.partner"].create({"name": "No dealer"})
        for order in draft | other:
            self._edit(order, Command.update(order.order_line.id, {"product_uom_qty": 3.0}))
            self.assertFalse(order.kh_change_ids)
        order = self._place({self.product: 10.0, self.product_2: 5.0})
        first, second = order.order_line
        self._edit(order, Command.update(first.id, {"name": "Other words", "sequence": 3}))
        child = self._split(order, {second: 2.0})
        child.with_user(self.clerk).action_kh_undo_split()
        order.with_user(self.clerk).action_confirm()
        self._ship(order, {self.product: 4.0})
        order._create_invoices().action_post()
        self.assertFalse((order | child).kh_change_ids)
        change = self._change(order, {self.product_2: 6.0})
        change.action_submit()
        change.action_approve()
        self.assertEqual(order.kh_change_ids, change)

    def test_a_confirmed_order_stays_within_its_buyers_limit(self):
        order = self._place({self.product: 10.0})
        order.action_confirm()
        currency = self.company.currency_id.id
        self.buyer.partner_id.sudo().write(
            {"kh_order_limit": 1100.0, "kh_limit_currency_id": currency}
        )
        line = order.order_line
        with self.assertRaisesRegex(UserError, "Place a new order"), self.env.cr.savepoint():
            self._edit(order, Command.update(line.id, {"product_uom_qty": 12.0}))
        self.env.invalidate_all()
        self._edit(order, Command.update(line.id, {"product_uom_qty": 11.0}))
        self.assertEqual((order.kh_version, order.amount_total), (2, 1100.0))

    def test_queries_do_not_grow_with_the_lines(self):
        counts = []
        for number in (2, 40):
            goods = [self._create_goods(f"G{n}", f"KH-V-{number}-{n}") for n in range(number)]
            order = self._place(dict.fromkeys(goods, 2.0))
            commands = [Command.update(line.id, {"price_unit": 50.0}) for line in order.order_line]
            self.env.flush_all()
            self.env.invalidate_all()
            before = self.env.cr.sql_log_count
            with order.with_user(self.clerk)._kh_versioned() as orders:
                start = self.env.cr.sql_log_count - before
                orders.sudo().order_line.write({"price_unit": 50.0})
                self.env.flush_all()
                before = self.env.cr.sql_log_count
            self.env.flush_all()
            counts.append(start + self.env.cr.sql_log_count - before)
            self.assertEqual(len(order.kh_change_ids.line_ids), len(commands))
        self.assertLessEqual(counts[1], counts[0] + 1, counts)

    def test_rules_judge_a_confirmed_order_again(self):
        """What no rule stopped when it was confirmed does not slip through by an edit (M-50)."""
        rule = self._create_rule("Big", 1500.0)
        order = self._place({self.product: 10.0})
        order.action_confirm()
        self.assertEqual((order.state, order.kh_stage), ("sale", "to_ship"))
        line = order.order_line
        self._edit(order, Command.update(line.id, {"name": "Other words"}))
        self._edit(order, Command.update(line.id, {"product_uom_qty": 14.0}))
        self.assertEqual(order.kh_stage, "to_ship")
        self.assertFalse(order.kh_rule_hit_ids)
        self._edit(order, Command.update(line.id, {"product_uom_qty": 20.0}))
        self.assertEqual((order.state, order.kh_stage), ("sale", "hold"))
        self.assertEqual(order.kh_rule_hit_ids.rule_id, rule)
        self.assertIn("Big", "".join(order.message_ids.mapped("body")))
        with self.assertRaisesRegex(UserError, "on hold"):
            self._ship(order)
        order.with_user(self.clerk).action_kh_release()
        self.assertEqual((order.kh_stage, order.kh_rule_hit_ids.state), ("to_ship", "released"))
        # freight or words are no material change; more goods are
        self._edit(order, Command.update(line.id, {"sequence": 7}))
        self.assertEqual(order.kh_stage, "to_ship")
        self._edit(order, Command.update(line.id, {"product_uom_qty": 21.0}))
        self.assertEqual((order.kh_stage, len(order.kh_rule_hit_ids)), ("hold", 2))

    def test_what_has_left_is_not_stopped(self):
        order = self._place({self.product: 10.0})
        order.action_confirm()
        self._ship(order)
        self._create_rule("Any", 1.0)
        self._edit(order, Command.update(order.order_line.id, {"price_unit": 120.0}))
        self.assertEqual(order.kh_version, 2)
        self.assertFalse(order.kh_is_on_hold or order.kh_rule_hit_ids)

    def test_a_change_that_a_person_approved_is_not_stopped_again(self):
        order = self._place({self.product: 10.0})
        order.action_confirm()
        self._create_rule("Any", 1.0)
        change = self._change(order, {self.product: 12.0})
        change.action_submit()
        change.action_approve()
        self.assertEqual((change.state, order.kh_stage), ("applied", "to_ship"))
