from psycopg2.errors import UniqueViolation

from odoo.exceptions import UserError
from odoo.tests import tagged
from odoo.tools import mute_logger

from .common import MemberCommon


@tagged("post_install", "-at_install")
class TestSalesArea(MemberCommon):
    def setUp(self):
        super().setUp()
        self.city = self.env["kh.sales.area"].create(
            {"name": "Test city", "parent_id": self.area.id}
        )

    def test_names_show_the_tree(self):
        self.assertEqual(self.city.display_name, "Test east / Test city")
        self.area.name = "Test north"
        self.assertEqual(self.city.complete_name, "Test north / Test city")

    def test_no_area_is_part_of_itself(self):
        with self.assertRaises(UserError):
            self.area.parent_id = self.city

    @mute_logger("odoo.sql_db")
    def test_codes_are_unique(self):
        with self.assertRaises(UniqueViolation), self.env.cr.savepoint():
            self.env["kh.sales.area"].create({"name": "Again", "code": "KH-TEST-E"})

    def test_dealers_of_an_area_and_below(self):
        dealer = self._admit().partner_id
        self.assertEqual((self.area.dealer_count, self.city.dealer_count), (1, 0))
        dealer.kh_sales_area_ids = self.city
        (self.area | self.city).invalidate_recordset()
        self.assertEqual((self.area.dealer_count, self.city.dealer_count), (1, 1))
        found = self.env["res.partner"].search(self.area.action_open_dealers()["domain"])
        self.assertEqual(found, dealer)
