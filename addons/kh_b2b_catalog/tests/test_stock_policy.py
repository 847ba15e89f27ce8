from datetime import timedelta

from odoo import Command, fields
from odoo.exceptions import AccessError
from odoo.tests import TransactionCase, new_test_user, tagged

from odoo.addons.website_sale.tests.common import MockRequest

from ..models.stock_policy_shop import PLENTY


class StockCommon(TransactionCase):
    """A shop with its own company and warehouse, two levels, a dealer in each, stock."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.env = cls.env(context={**cls.env.context, "tracking_disable": True})
        cls.env["kh.stock.policy"].search([]).action_archive()
        cls.company = cls.env.company
        cls.website = cls.env["website"].create(
            {"name": "Stock shop", "company_id": cls.company.id}
        )
        cls.warehouse = cls.env["stock.warehouse"].create(
            {"name": "K stock", "code": "KST", "company_id": cls.company.id}
        )
        cls.website.warehouse_id = cls.warehouse
        cls.gold, cls.basic = cls.env["res.partner.grade"].create(
            [{"name": "K gold"}, {"name": "K basic"}]
        )
        cls.dealer, cls.other = cls.env["res.partner"].create(
            [
                {"name": "K dealer", "is_company": True, "grade_id": cls.gold.id},
                {"name": "K other", "is_company": True, "grade_id": cls.basic.id},
            ]
        )
        cls.user = new_test_user(cls.env, "k_stock_buyer", groups="base.group_portal")
        cls.user.partner_id.parent_id = cls.dealer
        cls.many, cls.few, cls.out = (
            cls._create_goods(name, quantity)
            for name, quantity in (("K many", 500), ("K few", 3), ("K out", 0))
        )
        cls.goods = cls.many | cls.few | cls.out
        cls.visitor = cls.env["res.partner"]

    @classmethod
    def _create_goods(cls, name, quantity, **vals):
        product = cls.env["product.product"].create(
            {"name": name, "is_storable": True, "is_published": True, "list_price": 10.0, **vals}
        )
        if quantity:
            cls.env["stock.quant"]._update_available_quantity(
                product, cls.warehouse.lot_stock_id, quantity
            )
        return product

    @classmethod
    def _create_policy(cls, **vals):
        return cls.env["kh.stock.policy"].create(
            {"name": "K policy", "company_id": cls.company.id, **vals}
        )

    def _show(self, partner, products=None):
        shown = (products or self.goods)._kh_get_stock_display(partner, self.website)
        return [(shown[p.id].level, shown[p.id].quantity) for p in products or self.goods]


@tagged("post_install", "-at_install")
class TestStockPolicy(StockCommon):
    def test_each_display(self):
        policy = self._create_policy(audience="all", few_quantity=5, has_promised_date=False)
        for display, expected in (
            ("exact", [("in", 500), ("few", 3), ("out", None)]),
            ("band", [("in", None), ("few", None), ("out", None)]),
            ("yes_no", [("in", None), ("in", None), ("out", None)]),
            ("none", [("hidden", None)] * 3),
        ):
            with self.subTest(display=display):
                policy.display = display
                self.assertEqual(self._show(self.dealer), expected)

    def test_level_before_visitor_before_all(self):
        self._create_policy(audience="all", display="band", has_promised_date=False)
        self._create_policy(audience="visitor", display="none")
        self._create_policy(audience="level", display="exact", grade_ids=[self.gold.id])
        self.assertEqual(self._show(self.dealer, self.many), [("in", 500)])
        self.assertEqual(self._show(self.other, self.many), [("in", None)])
        self.assertEqual(self._show(self.visitor, self.many), [("hidden", None)])
        # people read what their company reads
        self.assertEqual(self._show(self.user.partner_id, self.many), [("in", 500)])

    def test_policy_of_the_website_before_that_of_all(self):
        self._create_policy(display="none")
        self._create_policy(display="exact", website_id=self.website.id)
        self.assertEqual(self._show(self.dealer, self.many), [("in", 500)])

    def test_policy_of_another_company_does_not_count(self):
        company = self.env["res.company"].create({"name": "K other company"})
        self.env["kh.stock.policy"].create(
            {"name": "Foreign", "display": "none", "company_id": company.id}
        )
        self.assertEqual(self._show(self.dealer, self.many), [("in", None)])

    def test_a_number_is_capped(self):
        policy = self._create_policy(display="exact", quantity_cap=200)
        shown = self.many._kh_get_stock_display(self.dealer, self.website)[self.many.id]
        self.assertIsNone(shown.quantity)
        self.assertIn("200", shown.label)
        self.assertNotIn("500", shown.label)
        self.assertTrue(self.website._kh_is_stock_hidden_from(self.dealer))
        policy.quantity_cap = 0
        self.assertFalse(self.website._kh_is_stock_hidden_from(self.dealer))

    def test_goods_without_stock_are_there(self):
        service = self.env["product.product"].create({"name": "K service", "type": "service"})
        self.assertEqual(self._show(self.dealer, service), [("in", None)])

    def test_only_the_shops_warehouse_counts(self):
        elsewhere = self.env["stock.warehouse"].create(
            {"name": "K else", "code": "KEL", "company_id": self.company.id}
        )
        self.env["stock.quant"]._update_available_quantity(self.out, elsewhere.lot_stock_id, 9)
        self._create_policy(display="exact", has_promised_date=False)
        self.assertEqual(self._show(self.dealer, self.out), [("out", None)])
        self.website.warehouse_id = False
        self.assertEqual(self._show(self.dealer, self.out), [("few", 9)])

    def test_counts_as_core_counts(self):
        free = self.goods._kh_free_quantities(self.website)
        for product in self.goods:
            core = product.with_context(warehouse_id=self.warehouse.id).free_qty
            self.assertEqual(free.get(product.id, 0.0), core)

    def test_queries_do_not_grow(self):
        self._create_policy(display="exact")
        products = self.env["product.product"].create(
            [{"name": f"K bulk {n}", "is_storable": True, "sale_delay": n % 2} for n in range(60)]
        )

        def count(some):
            self.env.flush_all()
            self.env.invalidate_all()
            before = self.env.cr.sql_log_count
            shown = some._kh_get_stock_display(self.dealer, self.website)
            self.assertEqual(len(shown), len(some))
            return self.env.cr.sql_log_count - before

        count(products[:2])
        self.assertEqual(count(products[:2]), count(products[10:60]))

    def test_only_the_product_manager_writes(self):
        policy = self._create_policy(display="band")
        clerk = new_test_user(
            self.env, "k_clerk", groups="base.group_user,kh_b2b_member.group_b2b_order_clerk"
        )
        manager = new_test_user(
            self.env, "k_pm", groups="base.group_user,kh_b2b_member.group_b2b_product_manager"
        )
        self.assertEqual(policy.with_user(clerk).display, "band")
        with self.assertRaises(AccessError):
            policy.with_user(clerk).display = "none"
        policy.with_user(manager).display = "none"
        with self.assertRaises(AccessError):
            policy.with_user(self.user).read(["display"])


@tagged("post_install", "-at_install")
class TestPromise(StockCommon):
    def setUp(self):
        super().setUp()
        self._create_policy(display="band")
        self.today = fields.Date.context_today(self.out)

    def _receive(self, quantity, days):
        return self.env["stock.move"].create(
            {
                "product_id": self.out.id,
                "product_uom_qty": quantity,
                "location_id": self.env.ref("stock.stock_location_suppliers").id,
                "location_dest_id": self.warehouse.lot_stock_id.id,
                "date": fields.Datetime.now() + timedelta(days=days),
                "state": "assigned",
            }
        )

    def _promise(self, short=0.0):
        dates = self.out._kh_get_promised_dates({self.out.id: short}, self.website)
        return dates.get(self.out.id) and (dates[self.out.id] - self.today).days

    def test_no_receipt_no_vendor_no_promise(self):
        self.assertIsNone(self._promise())
        shown = self.out._kh_get_stock_display(self.dealer, self.website)[self.out.id]
        self.assertEqual(shown.level, "out")

    def test_vendor_and_customer_lead_time(self):
        self.env["product.supplierinfo"].create(
            {
                "partner_id": self.other.id,
                "product_tmpl_id": self.out.product_tmpl_id.id,
                "delay": 7,
            }
        )
        self.assertEqual(self._promise(), 7)
        self.out.sale_delay = 2
        self.assertEqual(self._promise(), 9)
        shown = self.out._kh_get_stock_display(self.dealer, self.website)[self.out.id]
        self.assertEqual((shown.level, (shown.promised_date - self.today).days), ("later", 9))

    def test_the_receipt_that_covers_the_shortage(self):
        self._receive(10, 3)
        self._receive(10, 6)
        self.assertEqual(self._promise(4), 3)
        self.assertEqual(self._promise(14), 6)

    def test_what_others_wait_for_comes_first(self):
        self._receive(10, 3)
        self._receive(10, 6)
        self.env["stock.move"].create(
            {
                "product_id": self.out.id,
                "product_uom_qty": 8,
                "location_id": self.warehouse.lot_stock_id.id,
                "location_dest_id": self.env.ref("stock.stock_location_customers").id,
                "state": "confirmed",
            }
        )
        self.assertEqual(self._promise(4), 6)

    def test_late_receipts_count_as_today(self):
        self._receive(10, -5)
        self.assertEqual(self._promise(1), 0)

    def test_no_date_where_the_product_is_not_sold_short(self):
        self._receive(10, 3)
        self.out.allow_out_of_stock_order = False
        shown = self.out._kh_get_stock_display(self.dealer, self.website)[self.out.id]
        self.assertEqual(shown.level, "out")


@tagged("post_install", "-at_install")
class TestStockSecrecy(StockCommon):
    def _info(self, product, user=None):
        website = self.website.with_user(user or self.user)
        with MockRequest(website.env, website=website):
            product = product.with_user(user or self.user).with_context(
                website_id=website.id, website_sale_stock_get_quantity=True
            )
            return product.product_tmpl_id._get_combination_info(product_id=product.id)

    def test_core_is_unchanged_without_policy(self):
        self.many.show_availability = True
        info = self._info(self.many)
        self.assertEqual((info["free_qty"], info["show_availability"]), (500, True))

    def test_no_number_leaves_unless_exact(self):
        self.goods.show_availability = True
        policy = self._create_policy(display="band")
        for product, expected in ((self.many, PLENTY), (self.few, PLENTY), (self.out, 0)):
            info = self._info(product)
            self.assertEqual((info["free_qty"], info["show_availability"]), (expected, False))
        policy.display = "exact"
        self.assertEqual(self._info(self.few)["free_qty"], 3)

    def test_configurator_learns_whether_not_how_much(self):
        self.goods.allow_out_of_stock_order = False
        order = self.env["sale.order"].create({"partner_id": self.dealer.id})
        website = self.website.with_user(self.user)

        def most(product):
            with MockRequest(website.env, website=website):
                return product.with_user(self.user)._get_max_quantity(website, order)

        self.assertEqual(most(self.few), 3)
        self._create_policy(display="yes_no")
        self.assertEqual((most(self.few), most(self.out)), (PLENTY, 0))

    def test_structured_data_say_nothing_where_nothing_is_shown(self):
        policy = self._create_policy(display="yes_no")
        website = self.website.with_user(self.user)
        with MockRequest(website.env, website=website):
            product = self.many.with_user(self.user)
            self.assertIn("availability", product._to_markup_data(website)["offers"])
            policy.display = "none"
            self.assertNotIn("availability", product._to_markup_data(website)["offers"])

    def test_portal_users_do_not_read_stock_by_rpc(self):
        env = self.env(user=self.user)
        with self.assertRaises(AccessError):
            env["stock.quant"].search_read([], ["quantity"])
        for field in ("qty_available", "free_qty", "virtual_available"):
            with self.subTest(field=field), self.assertRaises(AccessError):
                self.env.invalidate_all()
                self.many.with_env(env).read([field])
            with self.subTest(search=field), self.assertRaises(AccessError):
                env["product.product"].search_count([(field, ">", 100)])
        for field in ("kh_free_quantity", "kh_warning_line", "kh_is_below_warning"):
            with self.subTest(field=field), self.assertRaises(AccessError):
                self.many.with_env(env).read([field])
        with self.assertRaises(AccessError):
            self.many.product_tmpl_id.with_env(env).read(["kh_warning_quantity"])


@tagged("post_install", "-at_install")
class TestWarningLine(StockCommon):
    def _cap(self, product, partner=None):
        partner = self.dealer if partner is None else partner
        return product._kh_get_order_limits(partner, self.website)[product.id].stock_cap

    def test_the_product_names_the_line(self):
        self.assertIsNone(self._cap(self.many))
        self.many.kh_warning_quantity = 450
        self.assertEqual(self._cap(self.many), 50)
        self.many.kh_warning_quantity = 600
        self.assertEqual(self._cap(self.many), 0)

    def test_the_nearest_category_names_the_line(self):
        parent = self.env["product.category"].create(
            {"name": "K parent", "kh_warning_quantity": 100}
        )
        child = self.env["product.category"].create({"name": "K child", "parent_id": parent.id})
        self.many.categ_id = child
        self.assertEqual(self._cap(self.many), 400)
        child.kh_warning_quantity = 200
        self.assertEqual(self._cap(self.many), 300)
        self.many.kh_warning_quantity = 10
        self.assertEqual(self._cap(self.many), 490)

    def test_stock_caps_where_short_is_not_sold(self):
        self._create_policy(display="band")
        self.few.allow_out_of_stock_order = False
        self.assertEqual(self._cap(self.few), 3)
        self.assertIsNone(self._cap(self.many))

    def test_a_level_may_have_to_order_from_stock(self):
        self._create_policy(audience="level", grade_ids=[self.basic.id], can_order_short=False)
        self.assertEqual(self._cap(self.few, self.other), 3)
        self.assertIsNone(self._cap(self.few))

    def test_alert_lists_what_is_below(self):
        self.many.kh_warning_quantity = 100
        self.few.kh_warning_quantity = 100
        self.website.warehouse_id = False
        below = self.env["product.product"].search([("kh_is_below_warning", "=", True)])
        self.assertEqual(below & self.goods, self.few)
        others = self.env["product.product"].search(
            [("kh_is_below_warning", "=", False), ("id", "in", self.goods.ids)]
        )
        self.assertEqual(others, self.many | self.out)
        self.assertEqual((self.few.kh_warning_line, self.few.kh_free_quantity), (100, 3))

    def test_variants_have_the_line_each(self):
        attribute = self.env["product.attribute"].create(
            {"name": "K", "value_ids": [Command.create({"name": n}) for n in ("a", "b")]}
        )
        template = self.env["product.template"].create(
            {
                "name": "K variants",
                "is_storable": True,
                "kh_warning_quantity": 5,
                "attribute_line_ids": [
                    Command.create(
                        {
                            "attribute_id": attribute.id,
                            "value_ids": [Command.set(attribute.value_ids.ids)],
                        }
                    )
                ],
            }
        )
        first, second = template.product_variant_ids
        self.env["stock.quant"]._update_available_quantity(first, self.warehouse.lot_stock_id, 12)
        self.assertEqual((self._cap(first), self._cap(second)), (7, 0))
