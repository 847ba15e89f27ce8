from odoo.tests import tagged

from .common import PricingCommon


@tagged("post_install", "-at_install")
class TestMemberApplication(PricingCommon):
    def _create_application(self, **vals):
        return self.env["kh.member.application"].create(
            {
                "name": "New Dealer Ltd",
                "manager_name": "Wang Fang",
                "manager_email": "wang.fang@example.com",
                "manager_phone": "13800001111",
                **vals,
            }
        )

    def test_price_policy_is_needed_once_there_is_one(self):
        self.env["product.pricelist"].search(
            [("kh_is_b2b", "=", True), ("id", "!=", self.pricelist.id)]
        ).kh_is_b2b = False
        application = self._create_application()
        self.assertEqual(application.pricelist_id, self.pricelist, "the only one is proposed")
        label = application._fields["pricelist_id"].get_description(self.env)["string"]
        self.assertNotIn(label, application._check_admission_complete())
        application.pricelist_id = False
        self.assertIn(label, application._check_admission_complete())
        self.pricelist.kh_is_b2b = False
        self.assertNotIn(label, application._check_admission_complete())

    def test_admission_gives_the_pricelist(self):
        other = self.env["product.pricelist"].create({"name": "Other"})
        grade = self.env["res.partner.grade"].create(
            {"name": "Bronze", "default_pricelist_id": other.id}
        )
        partner = self.env["res.partner"].create({"name": "Old customer", "is_company": True})
        application = self._create_application(
            grade_id=grade.id, pricelist_id=self.pricelist.id, partner_id=partner.id
        )
        partner.grade_id = grade
        application._apply_admission()
        dealer = application.partner_id.commercial_partner_id
        self.assertEqual(dealer.specific_property_product_pricelist, self.pricelist)
