from odoo import Command
from odoo.exceptions import AccessError
from odoo.tests import new_test_user, tagged

from .common import CatalogCommon


@tagged("post_install", "-at_install")
class TestDeliveryScope(CatalogCommon):
    """Deliveries follow the data rights on dealers, also where goods go to somebody else."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.supervisor = cls._create_staff("kd_supervisor", "role_supervisor")
        cls.seller = cls._create_staff("kd_seller", "role_salesperson")
        cls.seller.kh_supervisor_id = cls.supervisor
        cls.rival = cls._create_staff("kd_rival", "role_salesperson")
        cls.order_clerk = cls._create_staff("kd_clerk", "role_order_clerk")
        cls.keeper = new_test_user(cls.env, "kd_keeper", "stock.group_stock_user")
        cls.dealer_a.user_id = cls.seller
        cls.dealer_b.user_id = cls.rival
        cls.site = cls.env["res.partner"].create({"name": "Building site"})
        cls.vendor = cls.env["res.partner"].create({"name": "Vendor", "is_company": True})
        cls.products.is_storable = True
        cls.of_a = cls._deliver(cls.dealer_a)
        cls.of_b = cls._deliver(cls.dealer_b)
        # ordered by B, delivered to who is no dealer
        cls.to_site = cls._deliver(cls.dealer_b, partner_shipping_id=cls.site.id)
        picking_type = cls.of_a.picking_type_id
        cls.receipt = cls.env["stock.picking"].create(
            {
                "partner_id": cls.vendor.id,
                "picking_type_id": picking_type.warehouse_id.in_type_id.id,
                "location_id": cls.env.ref("stock.stock_location_suppliers").id,
                "location_dest_id": picking_type.default_location_src_id.id,
            }
        )
        cls.deliveries = cls.of_a | cls.of_b | cls.to_site
        cls.everything = cls.deliveries | cls.receipt

    @classmethod
    def _create_staff(cls, login, role):
        role = cls.env.ref(f"kh_b2b_member.{role}")
        line = Command.create({"role_id": role.id})
        return new_test_user(cls.env, login, "base.group_user", role_line_ids=[line])

    @classmethod
    def _deliver(cls, dealer, **vals):
        product = cls.p1.product_variant_id
        order = cls._create_order(dealer, cls.p1, **vals)
        order.action_confirm()
        picking = order.picking_ids
        picking.ensure_one()
        cls.env["stock.quant"]._update_available_quantity(product, picking.location_id, 2)
        picking.action_assign()
        return picking

    def _seen(self, user):
        self.env.flush_all()
        self.env.invalidate_all()
        found = (
            self.env["stock.picking"].with_user(user).search([("id", "in", self.everything.ids)])
        )
        readable = self.everything.with_user(user)._filtered_access("read")
        self.assertEqual(set(found.ids), set(readable.ids))
        return self.everything.browse(found.ids)

    def test_who_sees_which_deliveries(self):
        cases = {
            self.seller: self.of_a | self.receipt,
            self.supervisor: self.of_a | self.receipt,
            self.rival: self.of_b | self.to_site | self.receipt,
            self.order_clerk: self.everything,
            self.keeper: self.everything,
        }
        for user, expected in cases.items():
            with self.subTest(user=user.login):
                self.assertEqual(set(self._seen(user).ids), set(expected.ids))

    def test_areas_limit_clerks(self):
        self.order_clerk.kh_data_area_ids = self.south
        self.assertEqual(self._seen(self.order_clerk), self.of_a | self.receipt)
        self.order_clerk.kh_data_area_ids = self.shanghai
        self.assertEqual(
            set(self._seen(self.order_clerk).ids),
            set((self.of_b | self.to_site | self.receipt).ids),
        )

    def test_foreign_deliveries_are_neither_read_nor_written(self):
        for picking in (self.of_b, self.to_site):
            record = picking.with_user(self.seller)
            record.invalidate_recordset()
            self.assertFalse(record.has_access("read"))
            with self.assertRaises(AccessError):
                record.read(["name"])
            with self.assertRaises(AccessError):
                record.write({"note": "mine now"})
        self.of_a.with_user(self.seller).write({"note": "please ring"})

    def test_lines_follow(self):
        lines = self.deliveries.move_line_ids
        self.assertEqual(len(lines), 3)
        domain = [("id", "in", lines.ids)]
        for user, expected in (
            (self.seller, self.of_a),
            (self.rival, self.of_b | self.to_site),
            (self.keeper, self.deliveries),
        ):
            found = self.env["stock.move.line"].with_user(user).search(domain)
            self.assertEqual(set(found.ids), set(expected.move_line_ids.ids), user.login)
        with self.assertRaises(AccessError):
            self.of_b.move_line_ids.with_user(self.seller).read(["quantity"])

    def test_a_change_counts_at_once(self):
        record = self.of_b.with_user(self.seller)
        self.assertFalse(record.has_access("read"))
        self.dealer_b.user_id = self.seller
        self.assertTrue(record.has_access("read"))
        self.of_b.sale_id.partner_id = self.dealer_a
        self.dealer_b.user_id = self.rival
        self.assertTrue(record.has_access("read"))

    def test_a_salesperson_confirms_the_own_dealers_order(self):
        order = self._create_order(self.dealer_a, self.p2, user_id=self.seller.id)
        order.with_user(self.seller).action_confirm()
        self.assertTrue(order.picking_ids)
        order.with_user(self.seller)._action_cancel()
        self.assertEqual(order.picking_ids.state, "cancel")

    def test_no_cost_in_the_warehouse(self):
        for model in ("stock.picking", "stock.move.line"):
            records = self.env[model].with_user(self.keeper)
            self.assertTrue(records._kh_get_scope_domain().is_true())
            self.assertNotIn("kh_is_dealer", str(records._search([]).select().code))
