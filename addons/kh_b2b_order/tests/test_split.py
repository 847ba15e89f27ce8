from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from odoo import Command
from odoo.exceptions import AccessError, UserError
from odoo.tests import BaseCase, Form, tagged

from ..engine.order_split import propose_elsewhere, propose_missing
from ..models.sale_order_split import SplitPart
from .common import OrderCommon


class SplitCommon(OrderCommon):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        groups = ("kh_b2b_member.group_b2b_order_clerk", "sales_team.group_sale_salesman_all_leads")
        cls.clerk = cls._create_staff("kh_s_clerk", *groups)
        cls.clerk.lang = "en_US"
        cls.seller = cls._create_staff(
            "kh_s_seller",
            "kh_b2b_member.group_b2b_salesperson",
            "sales_team.group_sale_salesman_all_leads",
        )
        cls.tax = cls.env["account.tax"].create(
            {"name": "VAT 13", "amount": 13.0, "company_id": cls.company.id}
        )

    def _split(self, order, *parts, **vals):
        order = order.with_user(self.clerk)
        return order._kh_split(
            [
                SplitPart({line.with_user(self.clerk): qty for line, qty in part.items()}, vals)
                for part in parts
            ]
        )

    def _line(self, order, product):
        return order.order_line.filtered(lambda line: line.product_id == product)

    def _assert_open(self, order, product, expected):
        """The open shipments hold just what is still to be shipped, and nothing comes back."""
        moves = order.picking_ids.move_ids.filtered(
            lambda move: move.product_id == product and move.state not in ("done", "cancel")
        )
        self.assertEqual(sum(moves.mapped("product_uom_qty")), expected)
        codes = order.picking_ids.filtered(lambda p: p.state != "cancel").mapped(
            "picking_type_code"
        )
        self.assertNotIn("incoming", codes)

    def _reserved(self, orders, product):
        moves = orders.picking_ids.move_ids.filtered(
            lambda move: move.product_id == product and move.state not in ("done", "cancel")
        )
        return sum(moves.mapped("quantity"))


@tagged("post_install", "-at_install")
class TestSplit(SplitCommon):
    def test_draft_is_split_by_hand_and_undone(self):
        order = self._create_order({self.product: 10.0, self.product_2: 3.0})
        total = order.amount_total
        child = self._split(
            order, {self._line(order, self.product): 4.0, self._line(order, self.product_2): 3.0}
        )
        self.assertEqual(child.kh_parent_id, order)
        self.assertEqual(order.kh_child_ids, child)
        self.assertEqual(order.order_line.mapped("product_uom_qty"), [6.0])
        self.assertEqual(child.order_line.mapped("product_uom_qty"), [4.0, 3.0])
        self.assertEqual(order.amount_total + child.amount_total, total)
        child.with_user(self.clerk).action_kh_undo_split()
        self.assertEqual(child.state, "cancel")
        self.assertEqual(child.kh_merged_into_id, order)
        self.assertEqual(order.amount_total, total)
        self.assertEqual(self._line(order, self.product).product_uom_qty, 10.0)
        self.assertEqual(self._line(order, self.product_2).product_uom_qty, 3.0)

    def test_agreed_prices_stay(self):
        order = self._create_order({self.product: 10.0})
        order.order_line.write({"price_unit": 87.65, "discount": 5.0})
        child = self._split(order, {order.order_line: 3.0})
        for line in (order | child).order_line.filtered("product_id.is_storable"):
            self.assertEqual((line.price_unit, line.discount), (87.65, 5.0))

    def test_confirmed_stock_follows(self):
        order = self._create_order({self.product: 10.0, self.product_2: 5.0})
        order.action_confirm()
        self.assertEqual(self._reserved(order, self.product), 10.0)
        child = self._split(
            order, {self._line(order, self.product): 4.0, self._line(order, self.product_2): 5.0}
        )
        self.assertEqual((order.state, child.state), ("sale", "sale"))
        self.assertEqual(self._reserved(order, self.product), 6.0)
        self.assertEqual(self._reserved(child, self.product), 4.0)
        self.assertEqual(self._reserved(order, self.product_2), 0.0)
        self.assertEqual(self._reserved(child, self.product_2), 5.0)
        self.assertFalse(
            (order | child).picking_ids.filtered(lambda p: p.picking_type_code == "incoming")
        )
        self.assertEqual(child.date_order, order.date_order)
        self.assertEqual(len(order._kh_portal_lines()[0]), 1, "what went is shown on its part")
        self.assertEqual(
            [(part["name"], part["is_this"]) for part in order._kh_portal_parts()],
            [(order.name, True), (child.name, False)],
        )
        self._ship(child)
        self.assertEqual(child.kh_stage, "to_receive")
        self.assertEqual(order.kh_stage, "to_ship")
        invoices = order._create_invoices() | child._create_invoices()
        self.assertEqual(sum(invoices.mapped("amount_total")), 1500.0)

    def test_what_is_left_decides_the_stage(self):
        order = self._create_order({self.product: 10.0, self.service: 1.0})
        order.action_confirm()
        self._split(order, {self._line(order, self.product): 10.0})
        order._kh_settle_rounding(0.01)
        self.assertEqual(order.kh_stage, "to_ship")
        self._line(order, self.service).qty_delivered = 1.0
        self.assertEqual(order.kh_stage, "to_receive")

    def test_confirmed_is_undone_while_nothing_shipped(self):
        order = self._create_order({self.product: 10.0})
        order.action_confirm()
        first, second = self._split(order, {order.order_line: 4.0}, {order.order_line: 1.0})
        first.with_user(self.clerk).action_kh_undo_split()
        self.assertEqual(self._reserved(order, self.product), 9.0)
        self.assertEqual(self._reserved(first, self.product), 0.0)
        self.assertEqual(order.order_line.product_uom_qty, 9.0)
        with self.assertRaisesRegex(UserError, "no part"):
            first.with_user(self.clerk).action_kh_undo_split()
        self._ship(second)
        with self.assertRaisesRegex(UserError, "shipped"):
            second.with_user(self.clerk).action_kh_undo_split()

    def test_shipped_and_invoiced_quantities_stay(self):
        order = self._create_order({self.product: 10.0, self.product_2: 5.0})
        order.action_confirm()
        self._ship(order, {self.product: 7.0})
        line = self._line(order, self.product)
        with self.assertRaisesRegex(UserError, "Only 3"):
            self._split(order, {line: 4.0})
        # dates that were changed since do not keep the moves from following
        open_moves = order.picking_ids.move_ids.filtered(lambda move: move.state != "done")
        open_moves.date_deadline = "2030-01-01 00:00:00"
        child = self._split(order, {line: 1.0})
        self._assert_open(order, self.product, 2.0)
        child |= self._split(order, {line: 2.0})
        self.assertEqual(line.product_uom_qty, 7.0)
        self.assertEqual(self._reserved(child, self.product), 3.0)
        self._assert_open(order, self.product, 0.0)
        self._assert_open(child, self.product, 3.0)
        order._create_invoices()
        with self.assertRaisesRegex(UserError, "Only 0"):
            self._split(order, {self._line(order, self.product_2): 1.0})

    def test_payments_add_up(self):
        order = self._create_order({self.product: 10.0})
        transaction = self._announce_transfer(order)
        with self.assertRaisesRegex(UserError, "announced payment"):
            self._split(order, {order.order_line: 4.0})
        order.with_user(self.clerk).action_kh_confirm_transfer()
        self.assertEqual((transaction.state, order.state), ("done", "sale"))
        child = self._split(order, {order.order_line: 4.0})
        self.assertEqual((order.amount_paid, child.amount_paid), (600.0, 400.0))
        self.assertEqual((order.kh_paid_moved, child.kh_paid_moved), (-400.0, 400.0))
        self.assertEqual([o._kh_payment_status().due for o in (order, child)], [0.0, 0.0])
        child.with_user(self.clerk).action_kh_undo_split()
        self.assertEqual((order.amount_paid, child.amount_paid), (1000.0, 0.0))

    def test_order_discount_is_shared(self):
        order = self._create_order({self.product: 10.0})
        self.env["sale.order.discount"].create(
            {
                "sale_order_id": order.id,
                "discount_type": "amount",
                "discount_amount": 33.33,
            }
        ).action_apply_discount()
        total = order.amount_total
        self.assertEqual(total, 966.67)
        child = self._split(order, {self._line(order, self.product): 4.0})
        self.assertEqual(child.amount_total, 386.67)
        self.assertEqual(order.amount_total, 580.0)
        child.with_user(self.clerk).action_kh_undo_split()
        self.assertEqual(order.amount_total, total)

    def test_split_that_is_none_is_refused(self):
        order = self._create_order({self.product: 10.0})
        line = order.order_line
        for part, sentence in (
            ({line: 10.0}, "Leave something"),
            ({line: 0.0}, "Enter how much"),
            ({line: 11.0}, "Only 10"),
            ({line: -1.0}, "Only quantities"),
        ):
            with self.subTest(sentence), self.assertRaisesRegex(UserError, sentence):
                self._split(order, part)
        order.action_quotation_sent()
        order.action_kh_hold("call first")
        with self.assertRaisesRegex(UserError, "waits for a decision"):
            self._split(order, {line: 1.0})
        order.action_kh_release()
        order._action_cancel()
        with self.assertRaisesRegex(UserError, "cancelled"):
            self._split(order, {line: 1.0})

    def test_order_desk_only(self):
        order = self._create_order({self.product: 10.0})
        part = SplitPart({order.order_line: 4.0}, {})
        for user in (self.seller, self.buyer, self.foreigner):
            mine = order.with_user(user)
            with self.subTest(user.login):
                for call in (
                    lambda mine=mine: mine._kh_split([part]),
                    mine.action_kh_open_split,
                    mine.action_kh_undo_split,
                    mine.action_kh_merge,
                ):
                    with self.assertRaises(AccessError):
                        call()
        with self.assertRaises(AccessError):
            order.with_user(self.clerk).kh_paid_moved = 5.0
        with self.assertRaises(AccessError):
            order.with_user(self.clerk).copy({"kh_paid_moved": 5.0})

    def test_dialog_proposes_what_is_missing(self):
        order = self._create_order({self.product: 1200.0, self.product_2: 5.0})
        order.action_confirm()
        self.assertEqual(self._reserved(order, self.product), 1000.0)
        action = order.with_user(self.clerk).action_kh_open_split()
        form = Form(
            self.env["kh.order.split"].with_user(self.clerk).with_context(**action["context"])
        )
        form.mode = "availability"
        form.commitment_date = "2030-01-15 00:00:00"
        dialog = form.save()
        self.assertEqual(dialog.line_ids.mapped("quantity"), [200.0, 0.0])
        dialog.action_split()
        child = order.kh_child_ids
        self.assertEqual(child.order_line.product_uom_qty, 200.0)
        self.assertEqual(str(child.commitment_date), "2030-01-15 00:00:00")
        self.assertEqual(self._reserved(order, self.product), 1000.0)
        self.assertEqual(self._reserved(child, self.product), 0.0)

    def test_dialog_reads_as_its_user(self):
        order = self._create_order()
        self.env["ir.rule"].sudo().create(
            {
                "name": "not this one",
                "model_id": self.env["ir.model"]._get_id("sale.order"),
                "domain_force": [("id", "!=", order.id)],
            }
        )
        with self.assertRaises(AccessError):
            dialog = self.env["kh.order.split"].with_user(self.clerk).create({"order_id": order.id})
            dialog.invalidate_recordset()
            dialog.read(["dealer_id", "company_id", "line_ids"])

    def test_values_of_another_way_are_left_out(self):
        branch = self.env["res.partner"].create(
            {"name": "Branch", "parent_id": self.dealer.id, "type": "other"}
        )
        order = self._create_order({self.product: 10.0, self.product_2: 2.0})
        dialog = self.env["kh.order.split"].create(
            {
                "order_id": order.id,
                "mode": "date",
                "commitment_date": "2030-01-15 00:00:00",
                "partner_invoice_id": branch.id,
                "warehouse_id": self.warehouse.copy({"name": "North", "code": "KHN"}).id,
            }
        )
        dialog.line_ids[0].quantity = 1.0
        dialog.action_split()
        child = order.kh_child_ids
        self.assertEqual(str(child.commitment_date), "2030-01-15 00:00:00")
        self.assertEqual(child.partner_invoice_id, order.partner_invoice_id)
        self.assertEqual(child.warehouse_id, order.warehouse_id)

    def test_by_warehouse_and_invoice_party(self):
        other = self.env["stock.warehouse"].create(
            {"name": "South", "code": "KHS", "company_id": self.company.id}
        )
        self.env["stock.quant"]._update_available_quantity(self.product, other.lot_stock_id, 150.0)
        branch = self.env["res.partner"].create(
            {"name": "Branch", "parent_id": self.dealer.id, "type": "other"}
        )
        order = self._create_order({self.product: 1200.0})
        dialog = self.env["kh.order.split"].create(
            {"order_id": order.id, "mode": "warehouse", "warehouse_id": other.id}
        )
        self.assertEqual(dialog.line_ids.quantity, 150.0)
        dialog.action_split()
        self.assertEqual(order.kh_child_ids.warehouse_id, other)
        dialog = (
            self.env["kh.order.split"]
            .with_user(self.clerk)
            .create({"order_id": order.id, "mode": "invoice"})
        )
        dialog.line_ids.quantity = 50.0
        with self.assertRaisesRegex(UserError, "which warehouse"):
            dialog.action_split()
        dialog.partner_invoice_id = branch
        dialog.action_split()
        self.assertEqual(order.order_line.product_uom_qty, 1000.0)
        self.assertIn(branch, order.kh_child_ids.partner_invoice_id)

    @settings(max_examples=8, deadline=None, suppress_health_check=list(HealthCheck))
    @given(
        st.lists(
            st.tuples(
                st.integers(1, 40), st.integers(1, 99999), st.sampled_from([0.0, 5.0, 12.5, 33.33])
            ),
            min_size=1,
            max_size=4,
        ),
        st.sampled_from(["round_per_line", "round_globally"]),
        st.booleans(),
        st.data(),
    )
    def test_totals_add_up_to_the_cent(self, rows, method, is_included, data):
        self.company.tax_calculation_rounding_method = method
        self.tax.price_include_override = "tax_included" if is_included else "tax_excluded"
        order = self.env["sale.order"].create(
            {
                "partner_id": self.dealer.id,
                "company_id": self.company.id,
                "order_line": [
                    Command.create(
                        {
                            "product_id": self.service.id,
                            "product_uom_qty": quantity + 1,
                            "price_unit": cents / 100,
                            "discount": discount,
                            "tax_ids": [Command.set(self.tax.ids)],
                        }
                    )
                    for quantity, cents, discount in rows
                ],
            }
        )
        total, tax = order.amount_total, order.amount_tax
        moved = {
            line: float(data.draw(st.integers(1, int(line.product_uom_qty) - 1)))
            for line in order.order_line
        }
        child = self._split(order, moved)
        parts = order | child
        self.assertEqual(
            order.currency_id.compare_amounts(sum(parts.mapped("amount_total")), total), 0
        )
        # each part's tax is rounded by itself: half a cent a line and part at most
        self.assertLessEqual(abs(sum(parts.mapped("amount_tax")) - tax), 0.011 * len(rows) + 0.011)
        self.assertEqual(
            sum(parts.order_line.filtered("tax_ids").mapped("product_uom_qty")),
            sum(q + 1 for q, *_x in rows),
        )
        child.with_user(self.clerk).action_kh_undo_split()
        self.assertEqual(order.currency_id.compare_amounts(order.amount_total, total), 0)
        self.assertEqual(order.currency_id.compare_amounts(order.amount_tax, tax), 0)

    def test_dialog_is_for_the_desk(self):
        order = self._create_order()
        for user in (self.seller, self.buyer):
            with self.subTest(user.login), self.assertRaises(AccessError):
                self.env["kh.order.split"].with_user(user).create({"order_id": order.id})

    def test_lines_of_other_orders_are_refused(self):
        order, other = self._create_order({self.product: 5.0}), self._create_order()
        dialog = self.env["kh.order.split"].with_user(self.clerk).create({"order_id": order.id})
        dialog.line_ids.write({"line_id": other.order_line.id, "quantity": 1.0})
        with self.assertRaisesRegex(UserError, "Only quantities"):
            dialog.action_split()


@tagged("post_install", "-at_install")
class TestSplitProposal(BaseCase):
    def test_earlier_rows_are_served_first(self):
        rows = [("a", "p", 6.0), ("b", "p", 6.0), ("c", "service", 1.0), ("d", "q", 2.0)]
        missing = propose_missing(rows, {"p": 8.0, "q": -1.0})
        self.assertEqual(missing, {"b": 4.0, "d": 2.0})
        self.assertEqual(propose_elsewhere(missing, rows, {"p": 3.0}), {"b": 3.0})
