from odoo.exceptions import AccessError, UserError
from odoo.tests import tagged

from .test_split import SplitCommon


class ChangeCommon(SplitCommon):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.company.kh_dealers_may_change = True
        cls.env["kh.approval.flow"].search([("model_name", "=", "kh.order.change")]).active = False

    @classmethod
    def _pack(cls, product, **vals):
        """Let a box come with the product, one for ten."""
        box = cls._create_goods("Box", "KH-O-BOX", kh_kind="auxiliary", **vals)
        cls.env["kh.product.auxiliary"].sudo().create(
            {
                "product_tmpl_id": product.product_tmpl_id.id,
                "auxiliary_id": box.id,
                "quantity": 1.0,
                "per_quantity": 10.0,
            }
        )
        return box

    @classmethod
    def _place(cls, quantities=None, **vals):
        order = cls._create_order(quantities, **vals)
        order.with_user(cls.buyer).sudo().action_quotation_sent()
        return order

    def _change(self, order, quantities=None, added=None, user=None, **vals):
        """Create a change of the order, `{product: new quantity}`."""
        order = order.with_user(user or self.clerk)
        lines = {
            line.id: quantities[line.product_id]
            for line in order.order_line
            if line.product_id in (quantities or {})
        }
        vals = order._kh_prepare_change_vals(lines, added, **vals)
        return order.env["kh.order.change"].create(vals)


@tagged("post_install", "-at_install")
class TestOrderChange(ChangeCommon):
    def test_less_of_an_unconfirmed_order_is_applied_at_once(self):
        order = self._place({self.product: 10.0, self.product_2: 5.0})
        order.order_line[1].price_unit = 77.0
        self.product_2.list_price = 999.0
        change = self._change(order, {self.product: 4.0})
        change.action_submit()
        self.assertEqual((change.state, change.version), ("applied", 2))
        self.assertEqual(order.order_line.mapped("product_uom_qty"), [4.0, 5.0])
        self.assertEqual(order.order_line[1].price_unit, 77.0)
        self.assertEqual((change.amount_before, change.amount_after), (1385.0, 785.0))
        self.assertEqual(order.kh_version, 2)
        self._change(order, {self.product: 0.0}).action_submit()
        self.assertEqual(order.order_line.product_id, self.product_2)
        self.assertEqual(order.kh_version, 3)
        with self.assertRaisesRegex(UserError, "Nothing would be left"):
            self._change(order, {self.product_2: 0.0}).action_submit()

    def test_more_money_is_decided_by_the_desk(self):
        order = self._place(user_id=self.clerk.id)
        change = self._change(order, {self.product: 12.0}, [(self.product_2, 1.0)])
        self.env["res.lang"]._activate_lang("zh_CN")
        self.clerk.lang = "zh_CN"
        change.with_context(lang="en_US").action_submit()
        self.assertEqual(change.state, "submitted")
        self.assertEqual(change.activity_ids.user_id, self.clerk)
        self.assertNotRegex(change.activity_ids.summary, "[a-z]{3}")
        self.assertEqual((change.amount_difference, order.amount_total), (300.0, 1000.0))
        with self.assertRaises(AccessError):
            change.with_user(self.seller).action_approve()
        change.action_approve()
        self.assertEqual(change.state, "applied")
        self.assertFalse(change.activity_ids)
        self.assertEqual(order.amount_total, 1300.0)

    def test_not_less_than_was_invoiced_in_advance(self):
        order = self._place()
        order.action_confirm()
        self.env["sale.advance.payment.inv"].with_context(
            active_model="sale.order", active_ids=order.ids
        ).create({"advance_payment_method": "percentage", "amount": 50}).create_invoices()
        order.invoice_ids.action_post()
        change = self._change(order, {self.product: 4.0})
        change.action_submit()
        with self.assertRaisesRegex(UserError, "invoiced in advance"):
            change.action_approve()

    def test_confirmed_stock_follows_and_shipped_stays(self):
        order = self._place({self.product: 10.0, self.product_2: 5.0})
        order.action_confirm()
        self._ship(order, {self.product: 4.0})
        change = self._change(order, {self.product: 3.0})
        with self.assertRaisesRegex(UserError, "shipped or invoiced"):
            change.action_submit()
        change.action_withdraw()
        change = self._change(order, {self.product: 6.0, self.product_2: 0.0})
        change.action_submit()
        self.assertEqual(change.state, "submitted")
        change.action_approve()
        self.assertEqual(self._reserved(order, self.product), 2.0)
        self.assertEqual(self._reserved(order, self.product_2), 0.0)
        self.assertEqual(order.amount_total, 600.0)

    def test_order_that_changed_meanwhile_is_not_overwritten(self):
        order = self._place()
        change = self._change(order, {self.product: 12.0})
        change.action_submit()
        order.order_line.product_uom_qty = 11.0
        with self.assertRaisesRegex(UserError, "changed meanwhile"):
            change.action_approve()
        self.assertEqual(order.order_line.product_uom_qty, 11.0)

    def test_what_is_not_for_sale_is_refused(self):
        order = self._place()
        self.product_2.sale_ok = False
        change = self._change(order, {}, [(self.product_2, 1.0)])
        with self.assertRaisesRegex(UserError, "Not for sale"):
            change.action_submit()
        self.assertEqual(change.state, "draft")

    def test_address_and_date(self):
        order = self._place()
        site, foreign = self.env["res.partner"].create(
            [
                {"name": "Site", "parent_id": self.dealer.id, "type": "delivery"},
                {"name": "Foreign", "parent_id": self.other_dealer.id, "type": "delivery"},
            ]
        )
        change = self._change(order, partner_shipping_id=foreign.id)
        with self.assertRaisesRegex(UserError, "not one of the dealer"):
            change.action_submit()
        change.write({"partner_shipping_id": site.id, "commitment_date": "2030-02-01 04:00:00"})
        change.action_submit()
        self.assertEqual(order.partner_shipping_id, site)
        self.assertEqual(str(order.commitment_date), "2030-02-01 04:00:00")

    def test_every_allowed_and_forbidden_move(self):
        moves = {
            "draft": {"action_submit": "submitted", "action_withdraw": "withdrawn"},
            "submitted": {
                "action_approve": "applied",
                "action_refuse": "refused",
                "action_withdraw": "withdrawn",
            },
            "approved": {},
            "applied": {},
            "refused": {},
            "withdrawn": {},
        }
        actions = ("action_submit", "action_approve", "action_refuse", "action_withdraw")
        for state, allowed in moves.items():
            change = self._change(self._place(), {self.product: 12.0}, reply="no stock")
            change._refresh_amounts()
            change._set_state(state)
            for action in actions:
                if action in allowed:
                    continue
                with self.subTest(state=state, refused=action):
                    with self.assertRaises(UserError):
                        getattr(change, action)()
                    self.assertEqual(change.state, state)
            for action, target in allowed.items():
                with self.subTest(state=state, action=action):
                    change = self._change(self._place(), {self.product: 12.0}, reply="no stock")
                    change._refresh_amounts()
                    change._set_state(state)
                    getattr(change, action)()
                    self.assertEqual(change.state, target)

    def test_flow_decides_where_there_is_one(self):
        self._create_staff("kh_c_manager", "kh_b2b_approval.group_approval_manager")
        self.env["kh.approval.flow"].sudo().create(
            {
                "name": "Changes",
                "model_id": self.env["ir.model"].sudo()._get_id("kh.order.change"),
                "company_id": self.company.id,
                "domain": "[('amount_difference', '>', 0)]",
                "step_ids": [(0, 0, {"name": "Desk", "user_ids": [(6, 0, self.clerk.ids)]})],
            }
        )
        order = self._place()
        change = self._change(order, {self.product: 12.0}, user=self.seller)
        change.action_submit()
        self.assertEqual((change.state, change.kh_approval_state), ("submitted", "pending"))
        with self.assertRaises(UserError):
            change.with_user(self.clerk).action_approve()
        change.with_user(self.clerk).action_approval_approve()
        self.assertEqual(change.state, "applied")
        self.assertEqual(order.order_line.product_uom_qty, 12.0)

    def test_workflow_fields_and_sent_lines_are_closed(self):
        order = self._place()
        change = self._change(order, {self.product: 12.0})
        for vals in ({"state": "applied"}, {"amount_after": 1.0}, {"version": 9}):
            with self.subTest(vals), self.assertRaises(AccessError):
                change.write(vals)
        other = self._place()
        with self.assertRaises(AccessError):
            change.create({"order_id": other.id, "state": "applied"})
        with self.assertRaises(AccessError):
            change.with_context(default_state="applied").create({"order_id": other.id})
        change.action_submit()
        with self.assertRaises(UserError):
            change.line_ids.quantity_new = 99.0
        with self.assertRaises(UserError):
            change.unlink()

    def test_who_sees_and_writes(self):
        order = self._place()
        change = self._change(order, {self.product: 12.0})
        Change = self.env["kh.order.change"]
        domain = [("id", "=", change.id)]
        self.assertFalse(Change.with_user(self.colleague).search(domain), "a draft of staff")
        change.sudo().requested_by_id = self.buyer.partner_id
        self.assertEqual(Change.with_user(self.colleague).search(domain), change)
        self.assertFalse(Change.with_user(self.foreigner).search(domain))
        for user in (self.buyer, self.foreigner):
            with self.assertRaises(AccessError):
                change.with_user(user).action_submit()
            with self.assertRaises(AccessError):
                change.with_user(user).write({"reason": "x"})
        order.user_id = self.clerk
        other = self._create_staff("kh_c_other", "kh_b2b_member.group_b2b_salesperson")
        with self.assertRaises(AccessError):
            change.with_user(other).action_submit()

    def test_dealers_ask_where_the_seller_offers_it(self):
        order = self._place()
        self.assertTrue(order._kh_can_dealer_change())
        order.company_id.kh_dealers_may_change = False
        self.assertFalse(order._kh_can_dealer_change())

    def test_offer_is_answered_first(self):
        order = self._place()
        order.sudo().kh_offer_state = "open"
        self.assertFalse(order._kh_can_dealer_change())
        self.assertFalse(order._kh_is_unpaid())
        with self.assertRaises(UserError):
            order._kh_cancel_unpaid("dealer")
        with self.assertRaisesRegex(UserError, "waits for a decision"):
            self._split(order, {order.order_line: 1.0})

    def test_orders_that_cannot_be_changed(self):
        draft, held = self._create_order(), self._place()
        held.action_kh_hold("call first")
        for order in (draft, held):
            with self.assertRaises(UserError):
                self._change(order, {self.product: 1.0})
