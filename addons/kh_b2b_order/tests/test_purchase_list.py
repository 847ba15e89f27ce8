from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.tests import tagged
from odoo.tools import mute_logger

from ..engine.compare import AskedRow, RowFacts, list_changes, merge_rows
from .common import OrderCommon


@tagged("post_install", "-at_install")
class TestPurchaseList(OrderCommon):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.list = cls._as(cls.buyer, cls.env["kh.purchase.list"]).create({"name": "Weekly"})
        cls.list._kh_add_rows([(cls.product, 5, None), (cls.product_2.id, 2, False)])

    @classmethod
    def _as(cls, user, records):
        return records.with_user(user).with_context(lang="en_US")

    def _goods(self):
        return {line.product_id: line.quantity for line in self.list.sudo().line_ids}

    # === RIGHTS === #
    def test_a_private_list_is_its_owners_only(self):
        self.assertEqual(self.list.partner_id, self.dealer)
        for user in (self.colleague, self.foreigner):
            with self.subTest(user.login), self.assertRaises(AccessError):
                self._as(user, self.list).read(["name"])

    def test_shared_for_reading_is_read_by_colleagues_only(self):
        self.list.share = "read"
        colleague = self._as(self.colleague, self.list)
        self.assertEqual(colleague.read(["name"])[0]["name"], "Weekly")
        self.assertEqual(len(colleague.line_ids), 2)
        with self.assertRaises(AccessError):
            colleague.name = "Mine now"
        with self.assertRaises(AccessError):
            colleague._kh_add_rows([(self.product_3, 1, None)])
        with self.assertRaises(AccessError):
            colleague.line_ids[0].quantity = 9
        with self.assertRaises(AccessError):
            self._as(self.foreigner, self.list).read(["name"])

    def test_shared_for_editing_is_changed_but_neither_shared_nor_deleted(self):
        self.list.share = "edit"
        colleague = self._as(self.colleague, self.list)
        colleague._kh_add_rows([(self.product_3, 1, None)])
        self.assertEqual(self._goods()[self.product_3], 1)
        for vals in ({"share": "private"}, {"active": False}, {"owner_id": self.colleague.id}):
            with self.subTest(vals), self.assertRaises(AccessError):
                colleague.write(vals)
        with self.assertRaises(AccessError), mute_logger("odoo.models.unlink"):
            colleague.unlink()
        with self.assertRaises(AccessError):
            self._as(self.foreigner, self.list)._kh_add_rows([(self.product, 1, None)])

    def test_nobody_makes_a_list_for_another_company(self):
        for vals in ({"partner_id": self.other_dealer.id}, {"owner_id": self.colleague.id}):
            with self.subTest(vals), self.assertRaises(AccessError):
                self._as(self.buyer, self.list.browse()).create({"name": "X", **vals})

    def test_a_list_stays_where_it_was_made(self):
        for vals in ({"partner_id": self.other_dealer.id}, {"owner_id": self.colleague.id}):
            with self.subTest(vals), self.assertRaises(AccessError):
                self.list.write(vals)
        theirs = self._as(self.foreigner, self.list.browse()).create({"name": "Theirs"})
        with self.assertRaises(AccessError):
            self.list.line_ids[0].list_id = theirs.id

    def test_a_list_names_no_product_its_reader_may_not_see(self):
        self.product_3.sudo().is_published = False
        line = self.list.line_ids[0]
        vals = {"list_id": self.list.id, "product_id": self.product_3.id, "product_uom_id": 1}
        with self.assertRaises(AccessError):
            line.create(vals)
        with self.assertRaises(AccessError):
            line.product_id = self.product_3.id
        # but goods of one's own orders stay on it
        self.product.sudo().is_published = False
        self.list._kh_add_rows([(self.product, 1, None)])
        self.assertEqual(self._goods()[self.product], 6)

    def test_staff_reads_what_is_shared_and_changes_nothing(self):
        clerk = self._create_staff("kh_o_list_clerk", "kh_b2b_member.group_b2b_order_clerk")
        with self.assertRaises(AccessError):
            self._as(clerk, self.list).read(["name"])
        self.list.share = "read"
        self.assertTrue(self._as(clerk, self.list).read(["name"]))
        with self.assertRaises(AccessError):
            self._as(clerk, self.list).name = "Staff's"

    def test_a_salesperson_of_another_area_reads_no_list(self):
        self.dealer.sudo().kh_is_dealer = True
        self.list.share = "read"
        mine, other = (
            self._create_staff(f"kh_o_list_{n}", "kh_b2b_member.group_b2b_salesperson")
            for n in (1, 2)
        )
        self.dealer.sudo().user_id = mine
        self.assertTrue(self._as(mine, self.list).read(["name"]))
        with self.assertRaises(AccessError):
            self._as(other, self.list).read(["name"])
        with self.assertRaises(AccessError):
            self._as(other, self.list.line_ids).read(["quantity"])

    # === CHANGES === #
    def test_rows_of_one_product_are_summed(self):
        self.list._kh_add_rows([(self.product, 1, None), (self.product, 2, None)])
        self.assertEqual(self._goods(), {self.product: 8, self.product_2: 2})
        with self.assertRaises(ValidationError):
            self.list._kh_add_rows([(self.product, 0, None)])

    def test_quantities_change_where_nobody_else_changed_them(self):
        first, second = self.list.line_ids
        self.assertFalse(self.list._kh_set_quantities({first.id: (5, 6), second.id: (2, 0)}))
        self.assertEqual(self._goods(), {self.product: 6})

    def test_a_colleagues_change_is_not_overwritten(self):
        first, second = self.list.line_ids
        first.quantity = 50
        conflicts = self.list._kh_set_quantities({first.id: (5, 6), second.id: (2, 3), 0: (1, 7)})
        self.assertEqual(self._goods(), {self.product: 50, self.product_2: 3})
        self.assertEqual([(c.mine, c.theirs) for c in conflicts], [(6, 50), (7, 0)])
        # untouched rows are no conflict, whatever a colleague did to them
        self.assertFalse(self.list._kh_set_quantities({first.id: (5, 5)}))

    def test_rename_is_refused_after_a_change(self):
        seen = self.list.version
        self.list._kh_rename({"name": "Monthly", "share": "edit"}, seen)
        self.assertEqual(self.list.name, "Monthly")
        with self.assertRaises(UserError):
            self._as(self.colleague, self.list)._kh_rename({"name": "Other"}, seen)
        self.assertEqual(self.list.name, "Monthly")

    def test_duplicate_is_private_and_ones_own(self):
        self.list.share = "read"
        copy = self._as(self.colleague, self.list).copy({"owner_id": self.colleague.id})
        self.assertEqual((copy.name, copy.share), ("Weekly (copy)", "private"))
        self.assertEqual(copy.owner_id, self.colleague)
        self.assertEqual(len(copy.line_ids), 2)

    def test_deleted_lists_are_swept_later(self):
        self.list.active = False
        lists = self.env["kh.purchase.list"].sudo()  # as the scheduler
        lists._gc_deleted()
        self.assertTrue(self.list.exists())
        self.env.flush_all()
        self.cr.execute(
            "UPDATE kh_purchase_list SET write_date = now() - interval '40 days' WHERE id = %s",
            [self.list.id],
        )
        self.list.invalidate_recordset()
        lists._gc_deleted()
        self.assertFalse(self.list.sudo().exists())

    def test_history_counts_orders_in_one_query(self):
        for quantities in ({self.product: 3, self.product_2: 9}, {self.product_2: 4}):
            self._create_order(quantities).action_confirm()
        self._create_order({self.product_3: 1})  # a draft is no purchase
        foreign = self._create_order({self.product_3: 7})
        foreign.partner_id = self.foreigner.partner_id
        foreign.action_confirm()
        self.env.flush_all()
        with self.assertQueryCount(1):
            rows = self.env["kh.purchase.list"]._kh_find_history(
                self.buyer.partner_id, self.company
            )
        self.assertEqual(
            [(row[0], row[1]) for row in rows], [(self.product_2.id, 4.0), (self.product.id, 3.0)]
        )


@tagged("post_install", "-at_install")
class TestOrderCompare(OrderCommon):
    """Copying an order: at today's price, saleability, stock and quantities (M-65)."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.env = cls.env(context={**cls.env.context, "lang": "en_US"})
        cls.dealer.sudo().kh_is_dealer = True
        cls.pricelist = cls.env["product.pricelist"].create(
            {
                "name": "B2B",
                "kh_is_b2b": True,
                "company_id": cls.company.id,
                "currency_id": cls.company.currency_id.id,
            }
        )
        cls.order = cls._create_order(
            {cls.product: 10.0, cls.product_2: 2.0, cls.product_3: 3.0},
            pricelist_id=cls.pricelist.id,
        )
        cls.order.action_confirm()

    def _target(self):
        order = self._create_order(
            {self.service: 1}, pricelist_id=self.pricelist.id, website_id=self.website.id
        )
        return order.with_user(self.buyer).sudo()  # as the shop reads a cart

    def _compare(self, asked=None):
        asked = asked or self.order._kh_get_asked_rows(with_tax=False)
        rows = self._target()._kh_compare_rows(asked)
        return {row.product: row for row in rows}

    def test_nothing_changed_changes_nothing(self):
        rows = self._compare()
        self.assertEqual(len(rows), 3)
        self.assertFalse([row for row in rows.values() if row.changes or row.reason])
        self.assertEqual(
            rows[self.product].order_row, (self.product.id, 10.0, self.product.uom_id.id)
        )

    def test_price_change_is_told_old_and_new(self):
        self.product.list_price = 110.0
        row = self._compare()[self.product]
        self.assertEqual((row.price_before, row.price, row.changes), (100.0, 110.0, ("price",)))
        self.assertIn("100.00 → 110.00", self._target()._kh_word_change(row))

    def test_own_price_at_the_rows_quantity(self):
        self.env["product.pricelist.item"].create(
            {
                "pricelist_id": self.pricelist.id,
                "applied_on": "0_product_variant",
                "product_id": self.product.id,
                "product_tmpl_id": self.product.product_tmpl_id.id,
                "compute_price": "fixed",
                "fixed_price": 70.0,
                "min_quantity": 10,
                "kh_partner_id": self.dealer.id,
            }
        )
        self.assertEqual(self._compare()[self.product].price, 70.0)
        few = AskedRow(self.product.id, 9.0, self.product.uom_id.id)
        self.assertEqual(self._compare([few])[self.product].price, 100.0)

    def test_not_saleable_any_more_has_a_reason(self):
        self.product_2.sale_ok = False
        self.product_3.is_published = False
        rows = self._compare()
        for product in (self.product_2, self.product_3):
            self.assertEqual(rows[product].changes, ("gone",))
            self.assertTrue(rows[product].reason)
        self.assertFalse(rows[self.product].reason)

    def test_quantity_is_raised_to_the_multiple(self):
        self.env["kh.order.limit"].sudo().create(
            {"product_tmpl_id": self.product.product_tmpl_id.id, "multiple": 8.0}
        )
        row = self._compare()[self.product]
        self.assertEqual((row.asked, row.quantity, row.changes), (10.0, 16.0, ("quantity",)))
        self.assertIn("8", row.note)

    def test_shortage_is_told_as_the_policy_allows(self):
        asked = [AskedRow(self.product.id, 5000.0, self.product.uom_id.id)]
        self.assertEqual(self._compare(asked)[self.product].changes, ("short",))
        self.env["kh.stock.policy"].sudo().create(
            {
                "name": "Nothing",
                "company_id": self.company.id,
                "website_id": self.website.id,
                "audience": "all",
                "display": "none",
            }
        )
        self.assertFalse(self._compare(asked)[self.product].changes)

    def test_queries_do_not_grow_with_the_rows(self):
        goods = self.env["product.product"].union(
            *(self._create_goods(f"Many {n}", f"KH-M-{n}", is_storable=False) for n in range(30))
        )
        target = self._target()
        asked = [AskedRow(product.id, 1.0, product.uom_id.id) for product in goods]

        def count(rows):
            self.env.flush_all()
            self.env.invalidate_all()
            start = self.cr.sql_log_count
            target._kh_compare_rows(rows)
            return self.cr.sql_log_count - start

        count(asked)  # caches of the registry
        few, many = count(asked[:2]), count(asked)
        self.assertLessEqual(many, few + 1)

    def test_back_office_copy_is_priced_anew_with_a_report(self):
        self.product.list_price = 120.0
        self.product_2.sale_ok = False
        action = self.order.action_kh_copy_today()
        copy = self.env["sale.order"].browse(action["res_id"])
        self.assertEqual(copy.state, "draft")
        self.assertEqual(copy.order_line.product_id, self.product | self.product_3)
        self.assertEqual(copy.order_line[0].price_unit, 120.0)
        self.assertEqual(self.order.order_line[0].price_unit, 100.0)
        report = copy.message_ids[0].body
        self.assertIn("100.00 → 120.00", report)
        self.assertIn("KH-O-2", report)

    def test_copy_in_the_back_office_needs_rights(self):
        plain = self._create_staff("kh_o_copy_plain")
        with self.assertRaises(AccessError):
            self.order.with_user(plain).action_kh_copy_today()
        with self.assertRaises(AccessError):
            self.order.with_user(self.foreigner).action_kh_copy_today()
        with self.assertRaises(AccessError):
            self.order.with_user(self.buyer).action_kh_copy_today()

    def test_merge_and_changes(self):
        rows = [AskedRow(1, 2.0, 1, 5.0), AskedRow(2, 1.0, 1), AskedRow(1, 3.0, 1, 6.0)]
        self.assertEqual(merge_rows(rows), [AskedRow(1, 5.0, 1, 6.0), AskedRow(2, 1.0, 1)])
        for facts, expected in (
            (RowFacts(1, 1, None, 5.0), ()),
            (RowFacts(1, 1, 5.001, 5.0), ()),
            (RowFacts(1, 2, 4.0, 5.0, is_short=True), ("price", "quantity", "short")),
            (RowFacts(1, 2, 4.0, 5.0, is_refused=True), ("gone",)),
        ):
            self.assertEqual(list_changes(facts), expected)
