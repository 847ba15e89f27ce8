from odoo.tests import tagged

from ..hooks import uninstall_hook
from .common import PricingCommon


@tagged("post_install", "-at_install")
class TestHooks(PricingCommon):
    def test_uninstall_leaves_no_personal_price(self):
        """Columns go with the add-on; rows that stayed would be everybody's price."""
        market = self._create_rule(95.0)
        personal = self._create_rule(1.0, kh_partner_id=self.dealer_a.id)
        personal += self._create_rule(2.0, kh_grade_id=self.gold.id)
        personal += self._create_contract(lines=[(self.product, 3.0, 0)]).item_ids
        uninstall_hook(self.env)
        self.assertFalse(personal.exists())
        self.assertTrue(market.exists())
