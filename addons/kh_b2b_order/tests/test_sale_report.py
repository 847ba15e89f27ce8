from odoo import Command, fields
from odoo.exceptions import AccessError
from odoo.fields import Domain
from odoo.tests import tagged

from .test_order_change import ChangeCommon


@tagged("post_install", "-at_install")
class TestSaleReport(ChangeCommon):
    """The sales analysis equals the placed orders, at once and to the cent (M-04)."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.company.tax_calculation_rounding_method = "round_globally"
        cls.product.list_price, cls.product_2.list_price = 0.35, 1.15
        (cls.product | cls.product_2).taxes_id = cls.tax
        Area = cls.env["kh.sales.area"].sudo()
        cls.areas = Area.create([{"name": "East"}, {"name": "West"}])
        cls.city = Area.create({"name": "East city", "parent_id": cls.areas[0].id})
        cls.grade = cls.env["res.partner.grade"].sudo().create({"name": "Gold"})
        cls.dealers = cls.dealer | cls.other_dealer
        cls.dealer.sudo().write(
            {"kh_is_dealer": True, "kh_sales_area_ids": [Command.set(cls.city.ids)]}
            | {"grade_id": cls.grade.id}
        )
        cls.other_dealer.sudo().write(
            {"kh_is_dealer": True, "kh_sales_area_ids": [Command.set(cls.areas.ids)]}
        )

    def _count(self, domain=(("kh_is_placed", "=", True),), by=(), user=None, **context):
        """Return the rows ``[*groups, orders, with tax, without tax]`` of the two dealers."""
        self.env.flush_all()
        report = self.env["sale.report"].with_user(user or self.clerk).with_context(**context)
        report.env.invalidate_all()
        ours = Domain("commercial_partner_id", "in", self.dealers.ids)
        rows = report._read_group(
            ours & Domain(domain),
            by,
            ["order_reference:count_distinct", "kh_amount_total:sum", "kh_amount_untaxed:sum"],
        )
        return [(*row[:-2], round(row[-2], 6), round(row[-1], 6)) for row in rows]

    def _assert_counts(self, *orders):
        """The report counts just these orders, each once, with what it costs."""
        total, untaxed = (
            round(sum(order[name] for order in orders), 6)
            for name in ("amount_total", "amount_untaxed")
        )
        self.assertEqual(self._count(), [(len(orders), total, untaxed)])

    def test_to_the_cent_with_tax_and_discount(self):
        order = self._place({self.product: 1.0, self.product_2: 1.0})
        order.write(
            {
                "order_line": [
                    Command.create(
                        {
                            "product_id": product.id,
                            "product_uom_qty": quantity,
                            "discount": discount,
                        }
                    )
                    for product, quantity, discount in (
                        (self.product, 1.0, 0.0),
                        (self.product, 1.0, 0.0),
                        (self.product, 3.0, 7.5),
                        (self.product_2, 1.0, 33.0),
                        (self.service, 1.0, 0.0),
                    )
                ]
                + [Command.create({"display_type": "line_note", "name": "A note"})],
            }
        )
        lines = sum(order.order_line.mapped("price_total"))
        self.assertNotEqual(
            round(lines, 2),
            order.amount_total,
            "rounded as a whole, not line by line",
        )
        self._assert_counts(order)
        by_line = self._place({self.product: 1.0, self.product_2: 1.0}, company_id=self.company.id)
        self._assert_counts(order, by_line)
        order.action_confirm()
        self._assert_counts(order, by_line)

    def test_at_once_and_no_cart(self):
        cart = self._create_order({self.product: 2.0}, website_id=self.website.id)
        self._assert_counts()
        self.assertEqual(self._count([("kh_stage", "=", "draft")])[0][0], 1, "if asked")
        cart.with_user(self.buyer).sudo().action_quotation_sent()
        self._assert_counts(cart)
        by_source = self._count(by=["kh_source", "kh_stage", "website_id"])
        self.assertEqual(by_source[0][:4], ("shop", "to_pay", self.website, 1))
        cart.order_line.product_uom_qty = 5.0
        self._assert_counts(cart)
        cart._action_cancel()
        self._assert_counts()
        cart.action_draft()
        self._assert_counts()

    def test_an_offer_counts_when_the_dealer_took_it(self):
        order = self._create_order({self.product: 2.0}, user_id=self.clerk.id)
        order.with_user(self.clerk).action_kh_offer()
        self.assertEqual((order.state, order.kh_offer_state), ("sent", "open"))
        self._assert_counts()
        order.with_user(self.buyer).sudo()._kh_accept_offer(order._kh_get_offer_digest())
        self._assert_counts(order)

    def test_split_orders_count_once(self):
        order = self._place({self.product: 7.0, self.product_2: 3.0})
        total = order.amount_total
        self._assert_counts(order)
        child = self._split(order, {self._line(order, self.product): 4.0})
        self._assert_counts(order, child)
        self.assertEqual(self._count()[0][1], round(total, 6))
        (order | child).action_confirm()
        second = self._split(order, {self._line(order, self.product): 1.0})
        self._assert_counts(order, child, second)
        self.assertEqual(self._count()[0][1], round(total, 6))
        quantity = self._count_quantity()
        self.assertEqual(quantity, {self.product: 7.0, self.product_2: 3.0})
        second.with_user(self.clerk).action_kh_undo_split()
        self._assert_counts(order, child)
        self.assertEqual(self._count_quantity(), quantity)
        self.assertEqual(self._count([])[0][0], 2, "not even as a cancelled one")

    def _count_quantity(self):
        self.env.flush_all()
        rows = (
            self.env["sale.report"]
            .with_user(self.clerk)
            ._read_group(
                [
                    ("commercial_partner_id", "in", self.dealers.ids),
                    ("product_id.is_storable", "=", True),
                    ("kh_is_placed", "=", True),
                ],
                ["product_id"],
                ["product_uom_qty:sum"],
            )
        )
        return {product.with_env(self.env): quantity for product, quantity in rows}

    def test_merged_orders_count_once(self):
        orders = self._place({self.product: 3.0}) | self._place({self.product: 4.0})
        total = sum(orders.mapped("amount_total"))
        orders.with_user(self.clerk).action_kh_merge()
        self.assertEqual(orders.mapped("state"), ["sent", "cancel"])
        self._assert_counts(orders[0])
        self.assertEqual(self._count([]), self._count(), "what went into another is there only")
        self.assertEqual(self._count()[0][1], round(total, 6))
        self.assertEqual(self._count_quantity(), {self.product: 7.0})

    def test_cancelled_and_changed(self):
        kept = self._place({self.product: 10.0, self.product_2: 2.0})
        gone = self._place({self.product: 1.0})
        gone._action_cancel()
        self._assert_counts(kept)
        self._change(kept, {self.product: 4.0}).action_submit()
        self.assertEqual(kept.order_line.mapped("product_uom_qty"), [4.0, 2.0])
        self._assert_counts(kept)
        kept.action_confirm()
        kept.order_line[1].product_uom_qty = 9.0
        self._assert_counts(kept)
        kept._action_cancel()
        self._assert_counts()
        self.assertEqual(self._count([("kh_stage", "=", "closed")])[0][0], 1)

    def test_currencies_and_companies(self):
        other = self._enable_currency("KWD" if self.company.currency_id.name != "KWD" else "USD")
        self.env["res.currency.rate"].search([("currency_id", "=", other.id)]).unlink()
        self.env["res.currency.rate"].create(
            {
                "currency_id": other.id,
                "rate": 2.0,
                "name": fields.Date.today(),
                "company_id": self.company.id,
            }
        )
        pricelist = self.env["product.pricelist"].create(
            {"name": "Abroad", "currency_id": other.id, "company_id": self.company.id}
        )
        foreign = self._place({self.product: 3.0, self.product_2: 7.0}, pricelist_id=pricelist.id)
        self.assertEqual((foreign.currency_id, foreign.currency_rate), (other, 2.0))
        own = self._place({self.product: 1.0})
        expected = foreign.amount_total / 2.0 + own.amount_total
        self.assertEqual(self._count()[0][:2], (2, round(expected, 6)))

        branch = (
            self.env["res.company"]
            .sudo()
            .create({"name": "Second", "currency_id": self.company.currency_id.id})
        )
        self.clerk.sudo().company_ids |= branch
        theirs = (
            self.env["sale.order"]
            .sudo()
            .create(
                {
                    "partner_id": self.other_dealer.id,
                    "company_id": branch.id,
                    "order_line": [
                        Command.create(
                            {"product_id": self.service.id, "price_unit": 12.34, "tax_ids": []}
                        )
                    ],
                }
            )
        )
        theirs.action_quotation_sent()
        self.assertEqual(self._count(allowed_company_ids=self.company.ids)[0][0], 2)
        both = self._count(allowed_company_ids=(self.company | branch).ids)
        self.assertEqual(both[0][:2], (3, round(expected + 12.34, 6)))

    def test_by_dealer_level_and_area(self):
        mine = self._place({self.product: 3.0})
        theirs = self._place({self.product_2: 3.0}, partner_id=self.other_dealer.id)
        level = {row[0].id: row[1:3] for row in self._count(by=["kh_grade_id"])}
        self.assertEqual(level[self.grade.id], (1, mine.amount_total))
        self.assertEqual(level[False], (1, theirs.amount_total))
        area = {row[0].name: row[1:3] for row in self._count(by=["kh_sales_area_ids"])}
        self.assertEqual(area["East city"], (1, mine.amount_total))
        self.assertEqual(area["East"], area["West"])
        self.assertEqual(area["West"], (1, theirs.amount_total))
        self._assert_counts(mine, theirs)
        east = [("kh_sales_area_ids", "child_of", self.areas[0].id)]
        self.assertEqual(self._count(east)[0][0], 2)
        west = [("kh_sales_area_ids", "child_of", self.areas[1].id)]
        self.assertEqual(self._count(west)[0][0], 1)

    def test_salespeople_count_their_own(self):
        people = [
            self._create_staff(
                login, "kh_b2b_member.group_b2b_salesperson", "sales_team.group_sale_salesman"
            )
            for login in ("kh_r_first", "kh_r_second")
        ]
        for dealer, user in zip(self.dealers, people, strict=True):
            dealer.sudo().user_id = user
        mine = self._place({self.product: 3.0}, user_id=people[0].id)
        theirs = self._place(
            {self.product_2: 3.0}, partner_id=self.other_dealer.id, user_id=people[1].id
        )
        for user, order in zip(people, (mine, theirs), strict=True):
            self.assertEqual(self._count([], user=user)[0][:2], (1, order.amount_total))
        self._assert_counts(mine, theirs)

    def test_portal_reads_nothing(self):
        self._place({self.product: 3.0})
        report = self.env["sale.report"].with_user(self.buyer)
        for call in (
            lambda: report.search_count([]),
            lambda: report.search_read([], ["kh_amount_total"]),
            lambda: report.formatted_read_group([], ["kh_stage"], ["kh_amount_total:sum"]),
            lambda: report.web_search_read([], {"kh_stage": {}}),
        ):
            with self.assertRaises(AccessError):
                call()

    def test_menu_views_and_the_way_to_the_order(self):
        order = self._place({self.product: 3.0})
        self.env.flush_all()
        menu = self.env.ref("kh_b2b_order.menu_sale_report_kh")
        for user, is_shown in ((self.clerk, True), (self.seller, True)):
            visible = self.env["ir.ui.menu"].with_user(user)._visible_menu_ids()
            self.assertEqual(menu.id in visible, is_shown)
        plain = self._create_staff("kh_r_plain", "kh_b2b_member.group_b2b_user")
        self.assertNotIn(menu.id, self.env["ir.ui.menu"].with_user(plain)._visible_menu_ids())
        action = self.env.ref("kh_b2b_order.sale_report_action_kh")
        report = self.env["sale.report"].with_user(self.clerk)
        views = report.get_views([*action.views, (action.search_view_id.id, "search")])["views"]
        self.assertEqual(set(views), {"pivot", "graph", "list", "search"})
        row = report.search([("order_reference", "=", f"sale.order,{order.id}")], limit=1)
        self.assertEqual(row.action_open_order()["res_id"], order.id)
