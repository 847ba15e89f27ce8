from datetime import timedelta

from odoo import Command, fields
from odoo.exceptions import AccessError, ValidationError
from odoo.tests import tagged

from ..models.sale_order_split import SplitPart
from .common_rules import OrderRuleCommon


@tagged("post_install", "-at_install")
class TestOrderRuleKinds(OrderRuleCommon):
    def test_amount(self):
        rule = self._create_rule(amount=1000.0)
        self._assert_passed(self._create_order({self.product: 10.0}))
        self._assert_caught(self._create_order({self.product: 11.0}), rule)

    def test_discount(self):
        rule = self._create_rule("discount", discount=20.0)
        order, deep = self._create_order(), self._create_order()
        order.order_line.discount = 20.0
        deep.order_line.discount = 21.0
        self._assert_passed(order)
        self._assert_caught(deep, rule)

    def test_new_dealer(self):
        self._create_order().action_confirm()
        rule = self._create_rule("new_dealer", first_orders=1)
        self._assert_passed(self._create_order())
        foreign = self._create_order(partner_id=self.foreigner.partner_id.id)
        self._assert_caught(foreign, rule)

    def test_unusual_quantity(self):
        for quantity in (8.0, 12.0):
            self._create_order({self.product: quantity}).action_confirm()
        rule = self._create_rule("quantity", factor=3.0, quantity=5.0)
        self._assert_passed(self._create_order({self.product_2: 500.0}))
        order = self._create_order({self.product: 31.0, self.product_2: 1.0})
        self._assert_caught(order, rule)
        (line,) = order.kh_rule_hit_ids.sudo().facts["lines"]
        self.assertEqual(line["product_id"], self.product.id)
        self.assertAlmostEqual(line["mean"], 10.0)

    def test_overdue(self):
        rule = self._create_rule("overdue", days=0)
        order = self._create_order()
        self.assertFalse(rule._find_hits(order))
        invoice = self.env["account.move"].create(
            {
                "move_type": "out_invoice",
                "partner_id": self.dealer.id,
                "company_id": self.company.id,
                "invoice_date": "2020-01-01",
                "invoice_date_due": "2020-02-01",
                "invoice_line_ids": [
                    Command.create({"product_id": self.product.id, "price_unit": 100.0})
                ],
            }
        )
        invoice.action_post()
        self._assert_caught(order, rule)

    def test_only_the_source_of_the_rule(self):
        rule = self._create_rule(amount=1.0, source="phone")
        self._assert_passed(self._create_order())
        self._assert_caught(self._create_order(kh_source="phone"), rule)

    def test_margin(self):
        rule = self._create_rule("margin", margin=20.0)
        self.product.standard_price = 80.0
        self._assert_passed(self._create_order())
        self._assert_passed(self._create_order({self.product_2: 5.0}))
        order = self._create_order({self.product: 1.0, self.product_2: 1.0})
        order.order_line[0].price_unit = 99.0
        self._assert_caught(order, rule)
        free = self._create_order()
        free.order_line.price_unit = 0.0
        self._assert_caught(free, rule)

    def test_price_below_cost(self):
        rule = self._create_rule("floor", floor_share=110.0)
        self.product.standard_price = 50.0
        box = self.env["uom.uom"].create(
            {"name": "Box", "relative_factor": 10, "relative_uom_id": self.product.uom_id.id}
        )
        order = self._create_order()
        order.order_line.write({"product_uom_id": box.id, "price_unit": 550.0})
        self._assert_passed(order)
        cheap = self._create_order()
        cheap.order_line.price_unit = 54.9
        self._assert_caught(cheap, rule)
        (line,) = cheap.kh_rule_hit_ids.sudo().facts["lines"]
        self.assertAlmostEqual(line["floor"], 55.0)
        self.assertAlmostEqual(line["price"], 54.9)

    def test_price_below_that_of_the_rules(self):
        rule = self._create_rule("floor", floor_base="rules", floor_share=90.0)
        order, cheap = self._create_order(), self._create_order()
        order.order_line.discount = 10.0
        cheap.order_line.discount = 10.5
        self._assert_passed(order)
        self._assert_caught(cheap, rule)

    def test_a_given_price_is_no_price_of_the_rules(self):
        rule = self._create_rule("floor", floor_base="rules", floor_share=90.0)
        lists = self.env["product.pricelist"].create(
            [
                {"name": "Plain", "company_id": self.company.id},
                {"name": "B2B", "company_id": self.company.id, "kh_is_b2b": True},
            ]
        )
        for pricelist in lists:
            for price, is_caught in ((0.01, True), (90.0, False)):
                line = {"product_id": self.product.id, "product_uom_qty": 2, "price_unit": price}
                with self.subTest(pricelist=pricelist.name, price=price):
                    order = self.env["sale.order"].create(
                        {
                            "partner_id": self.buyer.partner_id.id,
                            "pricelist_id": pricelist.id,
                            "order_line": [Command.create(line)],
                        }
                    )
                    self.assertEqual(order.order_line.price_unit, price)
                    if is_caught:
                        self._assert_caught(order, rule)
                    else:
                        self._assert_passed(order)

    def _discount(self, order, **vals):
        wizard = self.env["sale.order.discount"].create({"sale_order_id": order.id, **vals})
        wizard.action_apply_discount()
        self.assertTrue(any(line.price_unit < 0 for line in order.order_line))

    def test_a_discount_of_the_whole_order_is_one_of_its_lines(self):
        self.product.standard_price = 80.0
        for kind, limit in (
            ("discount", {"discount": 10.0}),
            ("margin", {"margin": 11.0}),
            ("floor", {"floor_share": 112.0}),
            ("floor", {"floor_base": "rules", "floor_share": 90.0}),
        ):
            rule = self._create_rule(kind, **limit)
            for percent, is_caught in ((0.1, False), (0.11, True)):
                with self.subTest(kind=kind, limit=limit, percent=percent):
                    order = self._create_order({self.product: 1.0, self.service: 1.0})
                    self._discount(order, discount_type="so_discount", discount_percentage=percent)
                    if is_caught:
                        self._assert_caught(order, rule)
                    else:
                        self._assert_passed(order)
            fixed = self._create_order({self.product: 2.0})
            self._discount(fixed, discount_type="amount", discount_amount=60.0)
            self._assert_caught(fixed, rule)
            rule.active = False

    def test_rounding_of_a_discount_is_no_breach(self):
        self._create_rule("discount", discount=10.0)
        order = self._create_order({self.product: 1.0})
        order.order_line.price_unit = 33.35
        self._discount(order, discount_type="so_discount", discount_percentage=0.1)
        self._assert_passed(order)

    def test_new_and_changed_address(self):
        rule = self._create_rule("address", days=0)
        first, second = self.env["res.partner"].create(
            [
                {"name": name, "parent_id": self.dealer.id, "type": "delivery", "street": name}
                for name in ("Harbour Road 1", "Mill Lane 2")
            ]
        )
        self._assert_passed(self._create_order(partner_shipping_id=first.id))
        self._assert_passed(self._create_order(partner_shipping_id=first.id))
        order = self._create_order(partner_shipping_id=second.id)
        self._assert_caught(order, rule)
        self.assertEqual(order.kh_rule_hit_ids.sudo().facts["last"], "Harbour Road 1")
        same = self._create_order(partner_shipping_id=first.id)
        first.street = "Nowhere 9"
        self._assert_caught(same, rule)

    def _place(self, order, minutes=0):
        order.action_quotation_sent()
        order.sudo().kh_placed_date = fields.Datetime.now() - timedelta(minutes=minutes)
        return order

    def test_duplicate_of_the_last_hour(self):
        rule = self._create_rule("duplicate", hours=1, share=50.0)
        lines = {self.product: 4.0, self.product_2: 2.0}
        old = self._place(self._create_order(lines), 70)
        order = self._place(self._create_order({self.product: 4.0, self.product_3: 9.0}), 5)
        self._place(self._create_order(lines, partner_id=self.foreigner.partner_id.id), 3)
        self.assertFalse(rule._find_hits(old | order), "too old, other products, other dealer")
        later = self._create_order(lines)
        self._assert_caught(later, rule)
        self.assertEqual(later.kh_rule_hit_ids.sudo().facts["order_id"], order.id)
        self.assertEqual(later.kh_rule_hit_ids.sudo().facts["same"], 1)
        self.assertFalse(rule._find_hits(order), "the later one of two is caught")
        other = self._create_order({self.product: 5.0, self.product_2: 2.5})
        self.assertFalse(rule._find_hits(other), "other quantities")

    def test_several_orders_to_one_address(self):
        rule = self._create_rule("same_address", hours=2, order_count=3)
        site = {"street": "Site Road 7", "city": "Hangzhou"}
        self.buyer.partner_id.write(site)
        self.foreigner.partner_id.write(site)
        foreign = self._create_order(partner_id=self.foreigner.partner_id.id)
        first, old = self._place(foreign, 30), self._place(self._create_order(), 150)
        self.assertFalse(rule._find_hits(first | old))
        self.assertFalse(rule._find_hits(self._create_order()))
        self._place(self._create_order(), 20)
        self._assert_caught(self._create_order(), rule)

    def test_parts_of_an_order_are_not_compared_with_each_other(self):
        self.buyer.partner_id.write({"street": "Site Road 7", "city": "Hangzhou"})
        rules = self._create_rule("duplicate", hours=1, share=50.0)
        rules |= self._create_rule("same_address", hours=2, order_count=2)
        order = self._create_order({self.product: 8.0, self.product_2: 2.0})
        self._place(order)
        child = order._kh_split([SplitPart({order.order_line[0]: 4.0}, {})])
        grandchild = child._kh_split([SplitPart({child.order_line: 2.0}, {})])
        family = order | child | grandchild
        for part in family:
            part.order_line[0].product_uom_qty = 4.0
        self.assertFalse(rules.sudo()._find_hits(family.sudo()))
        stranger = self._create_order({self.product: 4.0})
        found = rules.sudo()._find_hits(stranger.sudo())
        self.assertEqual({rule_id for _order_id, rule_id in found}, set(rules.ids))

    def test_own_condition(self):
        rule = self._create_rule("domain", domain="[('client_order_ref', 'ilike', 'urgent')]")
        self._assert_passed(self._create_order())
        self._assert_caught(self._create_order(client_order_ref="Urgent!"), rule)
        for domain in ("[]", "[('no_such_field', '=', 1)]", "[(", "__import__('os')"):
            with self.assertRaises(ValidationError), self.env.cr.savepoint():
                rule.domain = domain

    def test_only_levels_and_areas_of_the_rule(self):
        grade = self.env["res.partner.grade"].sudo().create({"name": "A-Level"})
        top = self.env["kh.sales.area"].sudo().create({"name": "East"})
        area = self.env["kh.sales.area"].sudo().create({"name": "Zhejiang", "parent_id": top.id})
        for vals, own in (
            ({"grade_ids": [Command.set(grade.ids)]}, {"grade_id": grade.id}),
            ({"sales_area_ids": [Command.set(top.ids)]}, {"kh_sales_area_ids": area.ids}),
        ):
            rule = self._create_rule(amount=1.0, **vals)
            order = self._create_order()
            self.assertFalse(rule._find_hits(order))
            self.dealer.sudo().write(own)
            self.assertTrue(rule._find_hits(order))

    def test_rules_on_costs_are_for_who_may_see_costs(self):
        supervisor = self._create_staff("kh_r_super", "kh_b2b_member.group_b2b_supervisor")
        rules = self.env["kh.order.rule"].with_user(supervisor)
        margin = self._create_rule("margin")
        with self.assertRaises(AccessError):
            rules.create({"name": "Thin", "kind": "margin"})
        with self.assertRaises(AccessError):
            margin.with_user(supervisor).name = "Thinner"
        with self.assertRaises(AccessError):
            margin.with_user(supervisor).read(["margin"])
        plain = rules.create({"name": "Large", "kind": "amount"})
        with self.assertRaises(AccessError):
            plain.kind = "floor"
        plain.amount = 5.0

    def test_queries_do_not_grow_with_orders(self):
        """All kinds at once are one query, for one order and for fifty."""
        rules = self._create_all_kinds().sudo()
        orders = self.env["sale.order"].union(*(self._create_order() for _n in range(50)))
        self.env.flush_all()
        for some in (orders.sudo()[:1], orders.sudo()):
            rules.mapped("kind")
            with self.assertQueryCount(1):
                found = rules._find_hits(some)
            kinds = {rules.browse(rule_id).kind for _order_id, rule_id in found}
            self.assertEqual(kinds, {"amount", "new_dealer", "domain"})

    def test_rules_cost_six_queries_of_a_confirmation(self):
        rules = self._create_all_kinds(amount=1e9, first_orders=0, name="never", domain_value="x")
        counts = []
        for active in (True, False, True):
            rules.active = active
            order = self._create_order(dict.fromkeys((self.product, self.product_2), 3.0))
            self.env.flush_all()
            self.env.invalidate_all()
            before = self.cr.sql_log_count
            order.action_confirm()
            self.env.flush_all()
            counts.append(self.cr.sql_log_count - before)
            self.assertEqual(order.state, "sale")
        self.assertLessEqual(counts[2] - counts[1], 6)

    def _create_all_kinds(self, domain_value="S", **vals):
        """Rules of all kinds; by default those of which amount, newness and name hit all."""
        kinds = [kind for kind, _label in self.env["kh.order.rule"]._fields["kind"].selection]
        domain = f"[('client_order_ref', '=', '{domain_value}')]"
        if domain_value == "S":
            domain = "[('name', '!=', False)]"
        return self.env["kh.order.rule"].union(
            *(
                self._create_rule(
                    kind,
                    **{
                        "discount": 99.0,
                        "order_count": 999,
                        "share": 999.0,
                        "domain": domain,
                        **vals,
                    },
                )
                for kind in kinds
            )
        )
