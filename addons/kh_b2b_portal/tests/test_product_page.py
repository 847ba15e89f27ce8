import re
from unittest.mock import patch

from odoo import Command
from odoo.tests import tagged

from .common import PortalCommon

CORE_FORM = ('id="add_to_cart"', "o_wsale_product_details_content_section_price")


@tagged("post_install", "-at_install")
class TestProductPage(PortalCommon):
    def _page(self, template=None):
        response = self.url_open((template or self.template).website_url)
        self.assertEqual(response.status_code, 200)
        return response.text

    def _rows(self, html):
        return re.findall(r'data-kh-product="(\d+)"', html)

    def test_rows_replace_the_form_of_core(self):
        self.authenticate("kh_dealer", "kh_dealer")
        html = self._page()
        self.assertEqual(len(self._rows(html)), 3)
        self.assertEqual(html.count(">80.00</b>"), 3)
        for part in (*CORE_FORM, "o_pricelist_dropdown"):
            self.assertNotIn(part, html)

    def test_what_must_be_chosen_first_has_the_form_of_core(self):
        attribute = self.env["product.attribute"].create(
            {
                "name": "KH Engraving",
                "create_variant": "no_variant",
                "value_ids": [
                    Command.create({"name": "None"}),
                    Command.create({"name": "Text", "is_custom": True}),
                ],
            }
        )
        template = self._create_template(
            "KH engraved plate",
            default_code="KHE-1",
            attribute_line_ids=[
                Command.create(
                    {
                        "attribute_id": attribute.id,
                        "value_ids": [Command.set(attribute.value_ids.ids)],
                    }
                )
            ],
        )
        self.authenticate("kh_dealer", "kh_dealer")
        html = self._page(template)
        self.assertFalse(self._rows(html))
        for part in CORE_FORM:
            self.assertIn(part, html)
        self.assertIn("KH Engraving", html)

    def test_who_may_not_write_is_not_told_why(self):
        admin = self.env.ref("base.user_admin")
        self.assertTrue(self.template.with_user(admin).can_publish)
        access = self.env.registry["ir.model.access"]
        with patch.object(access, "_make_access_error") as sentence:
            self.assertFalse(self.template.with_user(self.user).can_publish)
        sentence.assert_not_called()

    def test_structured_data_are_for_who_does_not_log_in(self):
        data = re.findall(r'<script type="application/ld\+json">(.*?)</script>', self._page(), re.S)
        self.assertIn('"price": 100.0', "".join(data))
        self.authenticate("kh_dealer", "kh_dealer")
        self.assertNotIn('"@type": "Product"', self._page())

    def test_other_websites_keep_cores_page(self):
        self.website.kh_is_b2b = False
        self.authenticate("kh_dealer", "kh_dealer")
        html = self._page()
        self.assertFalse(self._rows(html))
        for part in (*CORE_FORM, '"@type": "Product"'):
            self.assertIn(part, html)
