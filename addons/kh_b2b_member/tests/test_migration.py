from odoo.modules.module import load_script
from odoo.tests import tagged
from odoo.tools import SQL
from odoo.tools.misc import file_path

from .common import MemberCommon


@tagged("post_install", "-at_install")
class TestMigration(MemberCommon):
    def _migrate(self):
        self.env.flush_all()
        path = file_path("kh_b2b_member/migrations/19.0.2.0.0/end-migrate.py")
        load_script(path, "kh_b2b_member_end_migrate").migrate(self.env.cr, "19.0.1.0.0")
        self.env.invalidate_all()

    def test_dealers_of_before_get_administrator_stage_and_names(self):
        dealers = (self._admit(1) | self._admit(2)).partner_id
        users = dealers.child_ids.user_ids
        ids = dealers.ids
        self.env.flush_all()
        self.env.execute_query(
            SQL(
                "UPDATE res_partner SET kh_dealer_role = NULL, kh_life_stage = NULL"
                " WHERE commercial_partner_id = ANY(%s) RETURNING id",
                ids,
            )
        )
        self.env.execute_query(
            SQL(
                "UPDATE kh_member_grant SET partner_name = NULL"
                " WHERE partner_id = ANY(%s) RETURNING id",
                ids,
            )
        )
        self.env.invalidate_all()
        users.partner_id._kh_sync_dealer_roles()
        users[1].active = False
        self._migrate()
        self.assertEqual(users[0].partner_id.kh_dealer_role, "admin")
        self.assertTrue(users[0].has_group("kh_b2b_member.group_b2b_dealer_admin"))
        self.assertFalse(users[1].partner_id.kh_dealer_role)
        self.assertEqual(dealers.mapped("kh_life_stage"), ["admitted"] * 2)
        self.assertEqual(
            set(dealers.kh_grant_ids.mapped("partner_name")), set(dealers.mapped("name"))
        )
        self._migrate()
        self.assertEqual(dealers[0]._kh_get_administrators(), users[0])
