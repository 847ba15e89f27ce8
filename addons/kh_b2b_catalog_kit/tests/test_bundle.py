from unittest.mock import patch

from odoo import Command
from odoo.exceptions import ValidationError
from odoo.tests import TransactionCase, tagged


@tagged("post_install", "-at_install")
class TestBundle(TransactionCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.env = cls.env(context={**cls.env.context, "tracking_disable": True})
        cls.company = cls.env.company
        cls.warehouse = cls.env["stock.warehouse"].create(
            {"name": "K kits", "code": "KKI", "company_id": cls.company.id}
        )
        cls.website = cls.env["website"].create(
            {
                "name": "K kits",
                "company_id": cls.company.id,
                "warehouse_id": cls.warehouse.id,
            }
        )
        cls.partner = cls.env["res.partner"].create({"name": "K dealer", "is_company": True})
        cls.breaker = cls._create_goods("K breaker", 30.0, 10)
        cls.rail = cls._create_goods("K rail", 5.0, 7)
        cls.kit = cls._create_kit("K bundle", {cls.breaker: 2, cls.rail: 1}, list_price=60.0)

    @classmethod
    def _create_goods(cls, name, price, quantity=0, **vals):
        product = cls.env["product.product"].create(
            {
                "name": name,
                "is_storable": True,
                "list_price": price,
                "taxes_id": [Command.clear()],
                "invoice_policy": "delivery",
                **vals,
            }
        )
        if quantity:
            cls.env["stock.quant"]._update_available_quantity(
                product, cls.warehouse.lot_stock_id, quantity
            )
        return product

    @classmethod
    def _create_kit(cls, name, parts, **vals):
        kit = cls._create_goods(name, vals.pop("list_price", 1.0), is_storable=False, **vals)
        cls.env["mrp.bom"].create(
            {
                "product_tmpl_id": kit.product_tmpl_id.id,
                "type": "phantom",
                "bom_line_ids": [
                    Command.create({"product_id": part.id, "product_qty": quantity})
                    for part, quantity in parts.items()
                ],
            }
        )
        return kit

    def _order(self, quantity):
        order = self.env["sale.order"].create(
            {
                "partner_id": self.partner.id,
                "warehouse_id": self.warehouse.id,
                "order_line": [
                    Command.create({"product_id": self.kit.id, "product_uom_qty": quantity})
                ],
            }
        )
        order.action_confirm()
        return order

    def _ship(self, picking, quantities):
        for move in picking.move_ids:
            move.quantity = quantities.get(move.product_id, 0.0)
            move.picked = bool(move.quantity)
        picking.with_context(skip_backorder=True, skip_sms=True).button_validate()

    def test_a_kit_is_a_bundle(self):
        self.assertEqual(self.kit.kh_kind, "bundle")
        self.assertEqual(self.breaker.kh_kind, "normal")
        bom = self.kit.product_tmpl_id.bom_ids
        bom.type = "normal"
        self.assertEqual(self.kit.kh_kind, "normal")
        bom.type = "phantom"
        bom.action_archive()
        self.assertEqual(self.kit.kh_kind, "normal")
        auxiliary = self.env["product.template"].create({"name": "K box", "kh_kind": "auxiliary"})
        with self.assertRaises(ValidationError):
            self.env["mrp.bom"].create({"product_tmpl_id": auxiliary.id, "type": "phantom"})
        self.env["mrp.bom"].create({"product_tmpl_id": auxiliary.id, "type": "normal"})
        self.assertEqual(auxiliary.kh_kind, "auxiliary")

    def test_a_bundle_is_no_auxiliary(self):
        with self.assertRaises(ValidationError):
            self.kit.product_tmpl_id.kh_kind = "auxiliary"

    def test_stock_comes_from_the_parts(self):
        free = (self.kit | self.breaker)._kh_free_quantities(self.website)
        self.assertEqual((free[self.kit.id], free[self.breaker.id]), (5, 10))
        self.assertNotIn(self.rail.id, free)
        core = self.kit.with_context(warehouse_id=self.warehouse.id).free_qty
        self.assertEqual(free[self.kit.id], core)

    def test_units_and_kits_within_kits(self):
        cable = self._create_goods("K cable", 1.0, 30)
        inner = self._create_kit("K inner", {cable: 3})
        outer = self._create_kit("K outer", {inner: 2, self.rail: 1})
        bom = outer.product_tmpl_id.bom_ids
        self.assertEqual(outer._kh_get_kit_parts()[outer], {cable: 6, self.rail: 1})
        self.assertEqual(outer._kh_free_quantities(self.website)[outer.id], 5)
        bom.bom_line_ids[1].product_uom_id = self.env.ref("uom.product_uom_dozen")
        self.assertEqual(outer._kh_get_kit_parts()[outer][self.rail], 12)
        self.assertEqual(outer._kh_free_quantities(self.website)[outer.id], 0)

    def test_in_stock_is_what_the_parts_allow(self):
        rare = self._create_goods("K rare", 9.0)
        stored = self._create_kit("K stored", {self.breaker: 1})
        stored.is_storable = True  # its own stock is never there
        missing = self._create_kit("K missing", {rare: 1})
        scarce = self._create_kit("K scarce", {self.rail: 8})
        service = self._create_goods("K advice", 1.0, type="service", is_storable=False)
        uncounted = self._create_kit("K uncounted", {service: 1})
        asked = self.kit | self.rail | rare | stored | missing | scarce | service | uncounted
        domain = self.env["product.product"]._kh_in_stock_domain(self.website)
        found = asked.search([("id", "in", asked.ids), *domain])
        self.assertEqual(found, self.kit | self.rail | stored | service | uncounted)

    def test_the_shop_tells_what_the_parts_allow(self):
        self.env["kh.stock.policy"].create(
            {"name": "K", "display": "exact", "website_id": self.website.id}
        )
        shown = self.kit._kh_get_stock_display(self.partner, self.website)[self.kit.id]
        self.assertEqual((shown.level, shown.quantity), ("few", 5))
        self.env["stock.quant"]._update_available_quantity(
            self.rail, self.warehouse.lot_stock_id, -7
        )
        shown = self.kit._kh_get_stock_display(self.partner, self.website)[self.kit.id]
        self.assertEqual(shown.level, "out")

    def test_a_bundle_without_a_part_is_not_sold(self):
        template = self.kit.product_tmpl_id
        self.assertTrue(template._kh_filter_saleable(self.partner))
        self.rail.action_archive()
        self.assertTrue(template.kh_has_missing_part)
        self.assertFalse(template._kh_filter_saleable(self.partner))
        self.rail.action_unarchive()
        self.assertTrue(template._kh_filter_saleable(self.partner))

    def test_a_bundle_within_a_bundle_misses_the_same_part(self):
        outer = self._create_kit("K outer", {self.kit: 1}).product_tmpl_id
        self.assertTrue(outer._kh_filter_saleable(self.partner))
        self.rail.action_archive()
        self.assertTrue(outer.kh_has_missing_part)
        self.assertFalse(outer._kh_filter_saleable(self.partner))
        self.rail.action_unarchive()
        self.assertFalse(outer.kh_has_missing_part)

    def test_only_a_flip_empties_the_caches(self):
        with patch.object(type(self.env.registry), "clear_cache", autospec=True) as clear:
            products = self.env["product.template"].create([{"name": "K plain"}, {"name": "K 2"}])
            field = products._fields["kh_has_missing_part"]
            self.env.add_to_compute(field, products)
            clear.reset_mock()
            self.env.flush_all()
            clear.assert_not_called()
            self.rail.active = False
            clear.reset_mock()
            self.env.flush_all()
            clear.assert_called()

    def test_a_kit_of_another_company_does_not_count_stock(self):
        other = self.env["res.company"].create({"name": "K elsewhere"})
        self.kit.product_tmpl_id.bom_ids.company_id = self.company
        self.assertTrue(self.kit._kh_filter_stocked(self.company))
        self.assertFalse(self.kit._kh_filter_stocked(other))
        website = self.website.with_company(other)
        self.env["kh.stock.policy"].create(
            {"name": "K", "display": "exact", "website_id": self.website.id}
        )
        kit = self.kit.with_company(other)
        self.assertEqual(kit._kh_get_stock_display(self.partner, website)[kit.id].quantity, 5)

    def test_partial_delivery_and_return(self):
        order = self._order(2)
        line = order.order_line
        picking = order.picking_ids
        self.assertEqual(
            {move.product_id: move.product_uom_qty for move in picking.move_ids},
            {self.breaker: 4, self.rail: 2},
        )
        self._ship(picking, {self.breaker: 2, self.rail: 1})
        self.assertEqual(line.qty_delivered, 1)
        rest = order.picking_ids - picking
        self._ship(rest, {self.breaker: 2})
        self.assertEqual(line.qty_delivered, 1)  # half a bundle is none
        last = order.picking_ids - picking - rest
        self._ship(last, {self.rail: 1})
        self.assertEqual(line.qty_delivered, 2)
        wizard = (
            self.env["stock.return.picking"]
            .with_context(active_model="stock.picking", active_id=picking.id)
            .create({})
        )
        returned = self.env["stock.picking"].browse(wizard.action_create_returns_all()["res_id"])
        self._ship(returned, {self.breaker: 2, self.rail: 1})
        self.assertEqual(line.qty_delivered, 1)

    def test_the_price_of_the_parts_adds_up(self):
        line = self._order(3).order_line
        line.price_unit = 55.55
        shares = line._kh_split_bundle_price()[line]
        self.assertEqual(round(sum(shares.values()), 2), line.price_total)
        # 2 × 30 against 1 × 5 of 166.65
        self.assertEqual(shares, {self.breaker: 153.83, self.rail: 12.82})

    def test_queries_do_not_grow_with_the_bundles(self):
        kits = self.kit.union(
            *(self._create_kit(f"K {n}", {self.breaker: 1, self.rail: n + 1}) for n in range(20))
        )

        def count(some):
            self.env.flush_all()
            self.env.invalidate_all()
            before = self.env.cr.sql_log_count
            self.assertEqual(len(some._kh_filter_stocked()), len(some))
            self.assertEqual(len(some._kh_free_quantities(self.website)), len(some))
            return self.env.cr.sql_log_count - before

        count(kits[:1])
        many = count(kits[1:])
        self.assertEqual(many, count(kits[1:3]))  # 20 instead of 2
        # core looks for the bill of materials of a single product in another way
        self.assertLessEqual(many, count(kits[:1]) + 1)
