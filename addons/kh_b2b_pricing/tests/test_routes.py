from odoo.fields import Command
from odoo.tests import tagged

from odoo.addons.kh_b2b_member.tests.routes_common import LOGIN, OWN, YES, RoutesCase, Visit

from .common import PricingCommon
from .common_documents import read_pdf

OWN_PRICE = 61.37


@tagged("post_install", "-at_install")
class TestRoutes(RoutesCase, PricingCommon):
    """Every address of prices. Every role of a dealer reads the dealer's own prices."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        east, west = cls.env["kh.sales.area"].create([{"name": "P east"}, {"name": "P west"}])
        cls._set_up_shop()
        cls.seller_here = cls._create_seller(east)
        (cls.dealer_a | cls.dealer_b).kh_is_dealer = True
        cls.dealer_a.write({"user_id": cls.seller_here.id, "kh_sales_area_ids": east.ids})
        cls.dealer_b.kh_sales_area_ids = west
        cls.contract = cls._create_contract(
            lines=[(cls.product, OWN_PRICE, 0)], date_end="2099-06-30"
        )
        cls.contract.action_activate()
        user, foreigner, colleague = (
            cls._create_portal_user(dealer, login)
            for dealer, login in (
                (cls.dealer_a, "kh_r_a"),
                (cls.dealer_b, "kh_r_b"),
                (cls.dealer_a, "kh_r_finance"),
            )
        )
        colleague.partner_id.kh_dealer_role = "finance"
        cls.persons = {
            "owner": user,
            "foreigner": foreigner,
            "colleague": colleague,
            "seller": cls._create_seller(west),
        }
        cls.order = cls.env["sale.order"].create(
            {
                "partner_id": user.partner_id.id,
                "pricelist_id": cls.pricelist.id,
                "website_id": cls.website.id,
                "order_line": [Command.create({"product_id": cls.product.id})],
            }
        )
        cls.secrets = (str(OWN_PRICE), cls.contract.name, cls.dealer_a.name)

    @classmethod
    def _set_up_shop(cls):
        cls.website = cls.env["website"].get_current_website()
        english = cls.env["res.lang"]._activate_lang("en_US")
        cls.website.write(
            {
                "domain": False,
                "kh_is_b2b": True,
                "ecommerce_access": "everyone",
                "language_ids": [Command.set(english.ids)],
                "default_lang_id": english.id,
            }
        )
        cls.website.user_id.partner_id.specific_property_product_pricelist = cls.pricelist

    def test_every_person_on_every_route(self):
        self.assert_every_person()

    def test_no_route_without_its_persons(self):
        self.assert_every_route()

    def _read_answer(self, visit, response):
        answer = super()._read_answer(visit, response)
        if response.content.startswith(b"%PDF"):
            answer = answer._replace(text=" ".join(read_pdf(response.content)))
        return answer

    def _get_visits(self):
        price = str(OWN_PRICE)
        download, annex = "/my/prices/download", f"/kh/price_contract/{self.contract.id}/annex"
        mine = (LOGIN, OWN, YES, "/my")
        staff = (LOGIN, 404, 404, 404)
        products = {"product_ids": self.product.ids}
        line = {"line_id": self.order.order_line.id}
        here = self.seller_here
        return [
            Visit("GET", "/my/prices", {}, "my/prices/download", mine),
            Visit("GET", f"{download}/xlsx", {}, price, mine),
            Visit("GET", f"{download}/pdf", {}, price, mine),
            Visit("GET", f"{annex}/xlsx", {}, price, staff, owner=here),
            Visit("GET", f"{annex}/pdf", {}, price, staff, owner=here),
            Visit("JSON", "/shop/kh/price_why", products, price, (OWN, OWN, YES, OWN)),
            Visit("JSON", "/my/kh/price_why", line, price, (404, 404, YES, 404)),
        ]
