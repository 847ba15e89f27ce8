from odoo.fields import Command
from odoo.tests import tagged

from odoo.addons.kh_b2b_member.tests.routes_common import LOGIN, OWN, YES, RoutesCase, Visit

from .common import CatalogCommon


@tagged("post_install", "-at_install")
class TestRoutes(RoutesCase, CatalogCommon):
    """Every address of the catalogue: a product that only one dealer may see.

    Products have no area and no roles: colleagues see what the dealer sees, staff see all.
    """

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.website.write({"domain": False, "kh_is_b2b": True, "ecommerce_access": "everyone"})
        cls.secret = cls.p1
        cls.secret.name = "Only Huarui breaker"
        cls._create_assortment(cls.secret, partners=cls.dealer_a)
        combo = cls.env["product.combo"].create(
            {
                "name": "Choice",
                "combo_item_ids": [
                    Command.create({"product_id": template.product_variant_id.id})
                    for template in (cls.secret, cls.p2)
                ],
            }
        )
        cls.set = cls._create_products(1, "Set", type="combo", combo_ids=[Command.set(combo.ids)])
        cls.persons = {
            "owner": cls.user_a,
            "foreigner": cls.user_b,
            "colleague": cls._create_portal_user(cls.dealer_a, "kh_catalog_colleague"),
            "seller": cls._create_seller(cls.shanghai),
        }
        cls.secrets = (cls.secret.name, cls.secret.default_code)

    def test_every_person_on_every_route(self):
        self.assert_every_person()

    def test_no_route_without_its_persons(self):
        self.assert_every_route()

    def _get_visits(self):
        link = f"/shop/s/{self.secret.id}"
        picture = f"/shop/kh/share/{self.secret.id}"
        asked = {
            "product_tmpl_id": self.set.id,
            "quantity": 1,
            "date": "2026-01-01",
            "currency_id": self.company.currency_id.id,
        }
        name = self.secret.name
        seller = self.persons["seller"]
        unseen = (LOGIN, 404, YES, YES)
        return [
            Visit("GET", link, {}, self.secret.website_url, unseen),
            Visit("GET", f"{picture}/qr.png", {}, "PNG", unseen),
            Visit("GET", f"{picture}/poster.png", {}, "PNG", unseen),
            Visit(
                "JSON",
                "/website_sale/combo_configurator/get_data",
                asked,
                name,
                (OWN, OWN, YES, YES),
            ),
            Visit(
                "JSON",
                "/sale/combo_configurator/get_data",
                asked,
                name,
                (LOGIN, OWN, YES, YES),
                owner=seller,
            ),
        ]
