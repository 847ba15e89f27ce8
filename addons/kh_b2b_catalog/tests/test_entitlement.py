from odoo import Command
from odoo.exceptions import AccessError
from odoo.tests import new_test_user, tagged

from .common import CatalogCommon


@tagged("post_install", "-at_install")
class TestEntitlement(CatalogCommon):
    def test_who_sees_which_goods_is_granted_and_logged(self):
        assortment = self._create_assortment(self.p1)
        vals = {"kh_assortment_ids": [Command.link(assortment.id)]}
        staff = new_test_user(
            self.env, "kh_c_contacts", "kh_b2b_member.group_b2b_user,base.group_partner_manager"
        )
        with self.assertRaises(AccessError), self.env.cr.savepoint():
            self.dealer_a.with_user(staff).write(vals)
        self.assertNotIn(assortment, self.dealer_a.kh_assortment_ids)
        staff.group_ids += self.env.ref("kh_b2b_member.group_b2b_entitlement")
        self.dealer_a.with_user(staff).write(vals)
        row = self.env["kh.member.grant"].search(
            [("partner_id", "=", self.dealer_a.id), ("what", "=", "kh_assortment_ids")],
            order="id desc", limit=1,
        )  # fmt: skip
        self.assertEqual(row.user_id, staff)
        self.assertIn(assortment.display_name, row.new_value)
