from odoo.exceptions import AccessError
from odoo.tests import new_test_user, tagged
from odoo.tools.safe_eval import safe_eval

from .test_stock_policy import StockCommon

MEASURES = ["quantity:sum", "reserved_quantity:sum", "available_quantity:sum"]


@tagged("post_install", "-at_install")
class TestStockByWarehouse(StockCommon):
    """What each warehouse holds, and all together (M-09)."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.second = cls.env["stock.warehouse"].create(
            {"name": "K second", "code": "KS2", "company_id": cls.company.id}
        )
        Quant = cls.env["stock.quant"]
        shelf = cls.env["stock.location"].create(
            {"name": "Shelf", "location_id": cls.warehouse.lot_stock_id.id}
        )
        Quant._update_available_quantity(cls.many, shelf, 20)
        Quant._update_available_quantity(cls.many, cls.second.lot_stock_id, 70)
        Quant._update_reserved_quantity(cls.many, cls.second.lot_stock_id, 30)
        customers = cls.env.ref("stock.stock_location_customers")
        Quant._update_available_quantity(cls.many, customers, 9)
        cls.manager, cls.clerk, cls.plain = (
            new_test_user(cls.env, login, groups=f"kh_b2b_member.{group}")
            for login, group in (
                ("k_quant_manager", "group_b2b_product_manager"),
                ("k_quant_clerk", "group_b2b_order_clerk"),
                ("k_quant_plain", "group_b2b_user"),
            )
        )

    def _domain(self, name="stock_quant_action_kh"):
        action = self.env.ref(f"kh_b2b_catalog.{name}")
        domain = safe_eval(action.domain, {"active_id": self.many.product_tmpl_id.id})
        return [*domain, ("product_id", "in", self.goods.ids)]

    def _read(self, user, by, name="stock_quant_action_kh"):
        quants = self.env["stock.quant"].with_user(user)
        return quants._read_group(self._domain(name), by, MEASURES)

    def test_figures_per_warehouse_and_in_total(self):
        self.assertFalse(self.manager.has_group("stock.group_stock_user"))
        for user in (self.manager, self.clerk):
            rows = self._read(user, ["product_id", "warehouse_id"])
            found = {(product.id, place.id): tuple(rest) for product, place, *rest in rows}
            self.assertEqual(
                found,
                {
                    (self.many.id, self.warehouse.id): (520.0, 0.0, 520.0),
                    (self.many.id, self.second.id): (70.0, 30.0, 40.0),
                    (self.few.id, self.warehouse.id): (3.0, 0.0, 3.0),
                },
            )
            total = {product.id: tuple(rest) for product, *rest in self._read(user, ["product_id"])}
            self.assertEqual(total[self.many.id], (590.0, 30.0, 560.0))
        self.assertEqual(total[self.few.id][2], self.few.with_user(self.env.user).free_qty)

    def test_from_the_product(self):
        rows = self._read(self.manager, ["product_id"], "stock_quant_action_kh_product")
        self.assertEqual([(row[0].id, row[1]) for row in rows], [(self.many.id, 590.0)])

    def test_another_company_is_not_counted(self):
        company = self.env["res.company"].create({"name": "K elsewhere"})
        place = self.env["stock.warehouse"].search([("company_id", "=", company.id)], limit=1)
        self.env["stock.quant"]._update_available_quantity(self.few, place.lot_stock_id, 1000)
        rows = self._read(self.manager, ["product_id"])
        self.assertEqual({row[0].id: row[1] for row in rows}[self.few.id], 3.0)

    def test_by_category_and_warehouse(self):
        parent = self.env["product.category"].create({"name": "K parent"})
        self.few.categ_id = self.env["product.category"].create(
            {"name": "K child", "parent_id": parent.id}
        )
        quants = self.env["stock.quant"].with_user(self.manager)
        found = quants.search([*self._domain(), ("product_categ_id", "child_of", parent.id)])
        self.assertEqual(found.product_id.ids, self.few.ids)
        found = quants.search([*self._domain(), ("warehouse_id", "=", self.second.id)])
        self.assertEqual(sum(found.mapped("available_quantity")), 40.0)
        rows = self._read(self.manager, ["product_categ_id"])
        self.assertIn(self.few.categ_id.id, [row[0].id for row in rows])

    def test_menu_and_views(self):
        menu = self.env.ref("kh_b2b_catalog.menu_stock_quant_kh")
        action = self.env.ref("kh_b2b_catalog.stock_quant_action_kh")
        for user, is_shown in ((self.manager, True), (self.clerk, True), (self.plain, False)):
            visible = self.env["ir.ui.menu"].with_user(user)._visible_menu_ids()
            self.assertEqual(menu.id in visible, is_shown, user.login)
        quants = self.env["stock.quant"].with_user(self.manager)
        views = quants.get_views([*action.views, (action.search_view_id.id, "search")])
        self.assertEqual(set(views["views"]), {"pivot", "list", "search"})
        measure = views["models"]["stock.quant"]["fields"]["available_quantity"]
        self.assertEqual(measure["aggregator"], "sum", "the pivot adds up what is free, too")
        rows = quants.web_search_read(
            self._domain(), {"warehouse_id": {"fields": {"display_name": {}}}, "quantity": {}}
        )
        self.assertEqual(rows["length"], 4)

    def test_staff_read_only_and_dealers_not_at_all(self):
        quant = self.env["stock.quant"].search(self._domain(), limit=1)
        with self.assertRaises(AccessError):
            quant.with_user(self.manager).write({"quantity": 1.0})
        for user in (self.user, self.env.ref("base.public_user")):
            quants = self.env["stock.quant"].with_user(user)
            for call in (
                lambda quants=quants: quants.search_count([]),
                lambda quants=quants: quants.search_read([], ["quantity"]),
                lambda quants=quants: quants.formatted_read_group(
                    [], ["warehouse_id"], ["quantity:sum"]
                ),
                lambda quants=quants: quants.browse(quant.id).read(["quantity"]),
            ):
                with self.assertRaises(AccessError):
                    call()
