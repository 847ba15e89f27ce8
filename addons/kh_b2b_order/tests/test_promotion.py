from datetime import timedelta

from odoo import Command, fields
from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.tests import freeze_time, tagged

from .common import OrderCommon


@tagged("post_install", "-at_install")
class TestPromotion(OrderCommon):
    """Promotion zones fed by slow-moving stock (M-05): proposals, steps, prices, rights."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.env.user.group_ids += cls.env.ref("kh_b2b_pricing.group_b2b_price_manager")
        cls.manager = cls._create_staff("kh_o_prices", "kh_b2b_pricing.group_b2b_price_manager")
        cls.grade, cls.cheap_grade = cls.env["res.partner.grade"].create(
            [{"name": "KH gold"}, {"name": "KH platinum"}]
        )
        cls.dealer.grade_id = cls.grade
        cls.pricelist = cls.env["product.pricelist"].create(
            {"name": "KH B2B", "kh_is_b2b": True, "company_id": cls.company.id}
        )
        cls.promotion = cls._create_promotion().with_user(cls.manager)

    @classmethod
    def _create_promotion(cls, **vals):
        return cls.env["kh.promotion"].create(
            {
                "name": "KH clearance",
                "company_id": cls.company.id,
                "tag_ids": [Command.set(cls._tag().ids)],
                "pricelist_id": cls.pricelist.id,
                "discount": 20,
                **vals,
            }
        )

    @classmethod
    def _tag(cls):
        """Products of this test alone."""
        if not hasattr(cls, "tag"):
            cls.tag = cls.env["product.tag"].create({"name": "KH brand"})
            for product in (cls.product, cls.product_2, cls.product_3):
                product.product_tmpl_id.product_tag_ids = cls.tag
        return cls.tag

    @classmethod
    def _create_rule(cls, price, **vals):
        return cls.env["product.pricelist.item"].create(
            {
                "pricelist_id": cls.pricelist.id,
                "applied_on": "0_product_variant",
                "product_id": cls.product.id,
                "compute_price": "fixed",
                "fixed_price": price,
                **vals,
            }
        )

    def _start(self, **vals):
        """Run the promotion with the first product accepted at 80 instead of 100."""
        self.promotion.write(
            {"line_ids": [Command.create({"product_id": self.product.id})], **vals}
        )
        self.promotion.action_accept_all()
        self.promotion.action_start()
        return self.promotion.line_ids

    def _price(self, partner=None, quantity=1.0):
        partner = partner or self.env["res.partner"]
        return self.pricelist._get_product_price(self.product, quantity, kh_partner=partner)

    def _market_prices(self):
        return [self._price(quantity=quantity) for quantity in (1, 10, 100)]

    def _find(self, **vals):
        if vals:
            self.promotion.write(vals)
        return {row[0]: row[1:] for row in self.promotion._kh_find_slow()}

    # === PROPOSALS === #
    def test_what_nobody_wants_is_found(self):
        order = self._create_order({self.product_2: 10})
        order.action_confirm()
        self.product_3.is_published = False
        self.assertEqual(self._find(), {self.product.id: (1000.0, None)})
        self.assertFalse(self._find(minimum_stock=1000))
        with freeze_time(fields.Datetime.now() + timedelta(days=91)):
            found = self._find(minimum_stock=0)
        # 10 pieces are promised to the old order
        self.assertEqual(found, {self.product.id: (1000.0, None), self.product_2.id: (990.0, None)})
        other = self.env["product.category"].create({"name": "KH other"})
        self.assertFalse(self._find(category_ids=[Command.set(other.ids)]))
        self.product.categ_id = self.env["product.category"].create(
            {"name": "KH below", "parent_id": other.id}
        )
        self.assertEqual(list(self._find()), self.product.ids)

    def test_deliveries_and_receipts_count_and_moves_inside_do_not(self):
        customer = self.env.ref("stock.stock_location_customers")
        supplier = self.env.ref("stock.stock_location_suppliers")
        stock = self.warehouse.lot_stock_id
        shelf = self.env["stock.location"].create({"name": "KH shelf", "location_id": stock.id})
        moves = self.env["stock.move"].create(
            [
                {
                    "product_id": product.id,
                    "product_uom_qty": 1,
                    "location_id": source.id,
                    "location_dest_id": target.id,
                    "company_id": self.company.id,
                    "quantity": 1,
                    "picked": True,
                }
                for product, source, target in (
                    (self.product, stock, customer),
                    (self.product_2, supplier, stock),
                    (self.product_3, stock, shelf),
                )
            ]
        )
        moves._action_done()
        self.assertEqual(list(self._find()), self.product_3.ids)
        sold = fields.Datetime.now() - timedelta(days=100)
        moves.date = sold
        found = self._find()
        self.assertEqual(found[self.product.id], (999.0, sold))
        self.assertEqual(found[self.product_2.id], (1001.0, None))

    def test_proposals_wait_for_staff_and_dropped_ones_stay_away(self):
        self.promotion.max_products = 2
        self.promotion.action_propose()
        lines = self.promotion.line_ids
        self.assertEqual(set(lines.mapped("state")), {"proposed"})
        self.assertEqual(len(lines), 2)
        self.assertEqual(lines.mapped("price"), [80.0, 80.0])
        lines[0].action_drop()
        self.promotion.action_propose()
        self.assertEqual(len(self.promotion.line_ids), 3)  # another took its place
        self.assertEqual(lines[0].state, "dropped")
        self._create_order({lines[1].product_id: 5}).action_confirm()
        gone = lines[1]
        by_hand = self._create_goods("KH by hand", "KH-O-H", is_storable=False)
        self.promotion.line_ids = [Command.create({"product_id": by_hand.id})]
        self.promotion.action_propose()
        self.assertFalse(gone.exists())
        self.assertIn(by_hand, self.promotion.line_ids.product_id)

    def test_cron_publishes_only_where_told_and_closes_what_is_over(self):
        self.promotion.is_automatic = True
        self.promotion.action_start()
        over = self._create_promotion(name="KH over")
        over.action_start()
        over.zone_to = fields.Datetime.now() - timedelta(seconds=1)
        self.env["kh.promotion"]._cron_run_promotions()
        self.assertEqual(over.state, "closed")
        self.assertFalse(over.line_ids)
        lines = self.promotion.line_ids
        self.assertEqual(set(lines.mapped("state")), {"accepted"})
        self.assertEqual(len(lines.item_ids), 3)
        # sold since: staff or the end of the term decide, not the rule
        self._create_order({self.product: 5}).action_confirm()
        self.env["kh.promotion"]._cron_run_promotions()
        self.assertIn(self.product, self.promotion.line_ids.product_id)
        own = lines.filtered(lambda line: line.product_id == self.product)
        self.assertEqual(own.quantity, 995.0)

    def test_queries_do_not_grow_with_the_products(self):
        def propose(count):
            names = [f"KH slow {count}-{number}" for number in range(count)]
            for name in names:
                self._create_goods(name, name).product_tag_ids = self.tag
            self.env.flush_all()
            self.env.invalidate_all()
            before = self.env.cr.sql_log_count
            self.assertGreaterEqual(len(self.promotion._kh_propose()), count)
            self.env.flush_all()
            return self.env.cr.sql_log_count - before

        self.promotion.write({"is_automatic": True})
        self.promotion.action_start()
        propose(1)
        few = propose(2)
        self.assertLessEqual(propose(20), few + 3)

    # === STEPS === #
    def test_every_step_and_every_forbidden_one(self):
        steps = {"action_start": "draft", "action_close": "running", "action_reopen": "closed"}
        targets = {"action_start": "running", "action_close": "closed", "action_reopen": "draft"}
        for action, source in steps.items():
            for state in ("draft", "running", "closed"):
                self.env.cr.execute(
                    "UPDATE kh_promotion SET state = %s WHERE id = %s", [state, self.promotion.id]
                )
                self.promotion.invalidate_recordset()
                with self.subTest(action=action, state=state):
                    if state in (source, targets[action]):
                        getattr(self.promotion, action)()
                        self.assertEqual(self.promotion.state, targets[action])
                    else:
                        with self.assertRaises(UserError):
                            getattr(self.promotion, action)()
                        self.assertEqual(self.promotion.state, state)

    def test_steps_of_a_line(self):
        line = self._start()
        line.action_accept()  # twice is once
        line.action_drop()
        self.assertFalse(line.item_ids)
        line.action_accept()
        self.assertTrue(line.item_ids)
        self.promotion.action_close()
        with self.assertRaises(UserError):
            line.action_drop()

    def test_what_runs_is_neither_repriced_nor_deleted(self):
        self._start()
        for vals in ({"discount": 5}, {"grade_ids": False}, {"active": False}):
            with self.assertRaises(UserError):
                self.promotion.write(vals)
        with self.assertRaises(UserError):
            self.promotion.unlink()
        with self.assertRaises(ValidationError):
            self.promotion.write({"zone_from": "2026-01-02", "zone_to": "2026-01-01"})
        free = self._create_promotion(pricelist_id=False)
        with self.assertRaises(UserError):
            free.action_start()

    # === PRICES === #
    def test_prices_hold_while_the_promotion_runs(self):
        self.assertEqual(self._price(), 100.0)
        line = self._start()
        self.assertEqual((self._price(), self._price(self.dealer)), (80.0, 80.0))
        line.price = 79.995
        self.assertEqual(self._price(), line.price)
        self.promotion.zone_to = fields.Datetime.now() + timedelta(days=1)
        self.assertEqual(line.item_ids.date_end, self.promotion.zone_to)
        self.promotion.zone_from = fields.Datetime.now() + timedelta(hours=1)
        self.assertEqual(self._price(), 100.0)  # not yet
        self.promotion.action_close()
        self.assertFalse(line.item_ids)
        self.promotion.unlink()
        self.assertFalse(self.env["product.pricelist.item"].search([
            ("pricelist_id", "=", self.pricelist.id)
        ]))  # fmt: skip

    def test_nobody_pays_more_because_of_a_promotion(self):
        contract = self._create_rule(95.0, kh_partner_id=self.other_dealer.id)
        self._create_rule(90.0, kh_grade_id=self.grade.id)
        self._create_rule(70.0, kh_grade_id=self.cheap_grade.id)
        # steps of the whole product, which a rule of the variant stands before
        whole = {
            "applied_on": "1_product",
            "product_id": False,
            "product_tmpl_id": self.product.product_tmpl_id.id,
        }
        self._create_rule(85.0, min_quantity=10, **whole)
        self._create_rule(60.0, min_quantity=100, **whole)
        cheap = self.env["res.partner"].create(
            {"name": "KH cheap", "grade_id": self.cheap_grade.id}
        )
        self.assertEqual(self._market_prices(), [100, 85, 60])
        grades = self.grade + self.cheap_grade
        lines = self._start(grade_ids=[Command.set(grades.ids)])
        self.assertEqual(
            [self._price(quantity=quantity) for quantity in (1, 10, 100)], [80, 80, 60]
        )
        self.assertEqual(self._price(self.dealer), 80)
        self.assertEqual(self._price(cheap), 70)
        self.assertEqual(self._price(self.other_dealer), contract.fixed_price)
        self.assertEqual(len(lines.item_ids), 4)  # three steps of the market, level gold

    def test_when_one_promotion_ends_another_goes_on(self):
        self._start()
        other = self._create_promotion(name="KH short", discount=30)
        other.line_ids = [Command.create({"product_id": self.product.id, "state": "accepted"})]
        other.action_start()
        self.assertEqual(other.line_ids.price, 56.0)  # 30 % off the market price of 80
        self.assertEqual(self._price(), 56.0)
        self.promotion.zone_to = fields.Datetime.now() + timedelta(days=9)
        self.assertEqual(self._price(), 56.0)
        other.action_close()
        self.assertEqual(self._price(), 80.0)

    def _start_dearer(self, **vals):
        """Run a second promotion at 90 besides that at 80."""
        other = self._create_promotion(name="KH dearer", discount=10, **vals)
        other.line_ids = [Command.create({"product_id": self.product.id, "state": "accepted"})]
        line = self._start()
        other.action_start()
        self.assertEqual((other.line_ids.price, self._price()), (90.0, 80.0))
        return line

    def test_what_one_promotion_gives_up_another_fills_in(self):
        line = self._start_dearer()
        line.price = 95.0
        self.assertEqual(self._price(), 90.0)
        line.price = 80.0
        self.assertEqual(self._price(), 80.0)
        self.promotion.zone_from = fields.Datetime.now() + timedelta(days=1)
        self.assertEqual(self._price(), 90.0)
        self.promotion.zone_from = False
        self.assertEqual(self._price(), 80.0)
        line.unlink()
        self.assertEqual(self._price(), 90.0)

    def test_a_dearer_promotion_that_begins_later_takes_no_lower_price(self):
        later = fields.Datetime.now() + timedelta(days=1)
        self._start_dearer(zone_from=later)
        with freeze_time(later + timedelta(hours=1)):
            self.assertEqual(self._price(), 80.0)

    def test_the_scheduled_action_follows_other_prices(self):
        self._start()
        now = fields.Datetime.now()
        self._create_rule(95.0, date_start=now + timedelta(days=1))
        with freeze_time(now + timedelta(days=2)):
            self.assertEqual(self._price(), 95.0)
            self.env["kh.promotion"]._cron_run_promotions()
            self.assertEqual(self._price(), 80.0)
        with freeze_time(now + timedelta(days=3)):
            self._create_rule(70.0, date_start=now + timedelta(days=1))
            self.env["kh.promotion"]._cron_run_promotions()
            self.assertEqual(self._price(), 70.0)

    def test_a_promotion_stands_before_a_rule_dated_after_its_term_began(self):
        now = fields.Datetime.now()
        self._create_rule(95.0, date_start=now - timedelta(days=1))
        line = self._start(zone_from=now - timedelta(days=7))
        self.assertEqual(self._price(), 76.0)
        later = now + timedelta(days=1)
        self.promotion.zone_from = later
        self.assertEqual(line.item_ids.date_start, later)
        self.assertEqual(self._price(), 95.0)
        with freeze_time(later):
            self.assertEqual(self._price(), 76.0)

    def test_market_prices_are_those_of_the_pricelist(self):
        self._create_rule(150.0)
        promotion = self._create_promotion(name="KH late list", pricelist_id=False)
        promotion.line_ids = [Command.create({"product_id": self.product.id})]
        line = promotion.line_ids
        self.assertEqual((line.market_price, line.price), (100.0, 80.0))
        promotion.pricelist_id = self.pricelist
        self.assertEqual((line.market_price, line.price), (150.0, 120.0))
        line.price = 110.0
        promotion.write({"pricelist_id": self.pricelist.id})
        self.assertEqual(line.price, 110.0, "nothing changed: what staff entered stays")

    def test_lines_take_what_they_are_not_given_from_the_context(self):
        Line = self.env["kh.promotion.line"]
        for name, value in (("promotion_id", self.promotion.id), ("product_id", self.product.id)):
            vals = {"promotion_id": self.promotion.id, "product_id": self.product.id}
            del vals[name]
            line = Line.with_context(**{f"default_{name}": value}).create([vals])
            with self.subTest(name=name):
                self.assertEqual((line.market_price, line.price), (100.0, 80.0))
            line.unlink()

    def test_levels_keep_their_prices_unless_told(self):
        self._create_rule(90.0, kh_grade_id=self.grade.id)
        self._start()
        self.assertEqual(self._price(self.dealer), 90)
        self.assertEqual(self._price(), 80)

    def test_order_lines_name_the_rule(self):
        line = self._start()
        order = self._create_order({self.product: 3}, pricelist_id=self.pricelist.id)
        self.assertEqual(order.order_line.pricelist_item_id, line.item_ids)
        self.assertEqual(order.order_line.price_subtotal, 240.0)

    # === RIGHTS === #
    def test_access_matrix(self):
        line = self._start()
        clerk = self._create_staff("kh_o_clerk2", "kh_b2b_member.group_b2b_order_clerk")
        plain = self._create_staff("kh_o_plain")
        promotion = self.promotion
        self.assertEqual(promotion.with_user(clerk).name, "KH clearance")
        for user in (clerk, plain, self.buyer, self.env.ref("base.public_user").sudo()):
            for record, name in (
                (promotion, "action_propose"),
                (promotion, "action_close"),
                (promotion, "action_accept_all"),
                (line, "action_drop"),
            ):
                with self.subTest(user=user.login, name=name), self.assertRaises(AccessError):
                    getattr(record.with_user(user), name)()
        for user in (plain, self.buyer, self.env.ref("base.public_user").sudo()):
            with self.subTest(user=user.login), self.assertRaises(AccessError):
                promotion.with_user(user).read(["name"])
        self.assertEqual(promotion.state, "running")
        foreign = self._create_staff("kh_o_foreign", "kh_b2b_pricing.group_b2b_price_manager")
        foreign = foreign.sudo()  # of another company from here on
        company = self.env["res.company"].create({"name": "KH second"})
        foreign.write({"company_ids": [Command.set(company.ids)], "company_id": company.id})
        with self.assertRaises(AccessError):
            promotion.with_user(foreign).read(["name"])
