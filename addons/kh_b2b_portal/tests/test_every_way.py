from odoo import Command
from odoo.tests import new_test_user, tagged

from .common import PortalCommon

SALES_GROUPS = "kh_b2b_member.group_b2b_salesperson,sales_team.group_sale_salesman"


@tagged("post_install", "-at_install")
class TestEveryWay(PortalCommon):
    """A tour through every way to order, in both languages, at the desk and on the phone."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        chinese = cls.env["res.lang"]._activate_lang("zh_CN")
        cls.website.language_ids = [Command.link(chinese.id)]
        cls.company.portal_confirmation_pay = False
        cls.first = cls.variants[0]
        cls._create_grid()
        cls.listed, cls.bought, cls.staged, cls.quoted, cls.offered = (
            cls._create_template(f"KH {name}", default_code=f"KHE-{name}").product_variant_id
            for name in ("listed", "bought", "staged", "quoted", "offered")
        )
        cls.salesperson = new_test_user(cls.env, "kh_seller", groups=SALES_GROUPS)
        cls.dealer.user_id = cls.salesperson
        cls._create_ways()

    @classmethod
    def _create_grid(cls):
        poles = cls.env["product.attribute"].create(
            {"name": "KH Poles", "value_ids": [Command.create({"name": n}) for n in ("1P", "2P")]}
        )
        current = cls.template.attribute_line_ids.attribute_id
        return cls._create_template(
            "KH grid",
            attribute_line_ids=[
                Command.create(
                    {
                        "sequence": sequence,
                        "attribute_id": attribute.id,
                        "value_ids": [Command.set(attribute.value_ids.ids)],
                    }
                )
                for sequence, attribute in enumerate((poles, current))
            ],
        )

    @classmethod
    def _create_ways(cls):
        """A purchase list, an old order, a scene, a quoted inquiry, an order of a salesperson."""
        plist = cls.env["kh.purchase.list"].with_user(cls.user).create({"name": "Weekly"})
        plist._kh_add_rows([(cls.listed.id, 3, None)])
        cls._create_order("KH-OLD", cls.bought, 7).action_quotation_sent()
        cls.env["kh.scene"].create(
            {
                "name": "KH hospital",
                "is_published": True,
                "line_ids": [Command.create({"product_id": cls.staged.id, "quantity": 8})],
            }
        )
        cls.inquiry = cls.env["kh.price.inquiry"].create(
            {
                "partner_id": cls.user.partner_id.id,
                "company_id": cls.company.id,
                "website_id": cls.website.id,
                "line_ids": [Command.create({"product_id": cls.quoted.id, "quantity": 9})],
            }
        )
        cls.inquiry.action_send()
        cls.inquiry.line_ids.quoted_price = 72.0
        cls.inquiry.action_quote()
        cls.offer = cls._create_order("KH-OFFER", cls.offered, 10, user_id=cls.salesperson.id)
        cls.offer.action_kh_offer()

    @classmethod
    def _create_order(cls, name, product, quantity, **vals):
        return cls.env["sale.order"].create(
            {
                "name": name,
                "partner_id": cls.user.partner_id.id,
                "website_id": cls.website.id,
                "company_id": cls.company.id,
                "order_line": [
                    Command.create({"product_id": product.id, "product_uom_qty": quantity})
                ],
                **vals,
            }
        )

    def _order_every_way(self, lang, size):
        self.browser_size = size
        self.touch_enabled = size.startswith("390")
        self.user.lang = lang
        cart = self._cart()
        self.start_tour(
            "/shop?search=KHT",
            "kh_b2b_every_way",
            login="kh_dealer",
            timeout=180,
            cookies={"frontend_lang": lang},
        )
        order = self.env["sale.order"].search(
            [("partner_id", "=", self.user.partner_id.id), ("transaction_ids", "!=", False)]
        )
        self.assertEqual(len(order - cart), 1)
        quantities = sorted(order._kh_cart_lines().mapped("product_uom_qty"))
        self.assertEqual(quantities, [2, 3, 3, 4, 5, 6, 7, 8])
        self.assertEqual(self.offer.kh_offer_state, "confirmed")
        self.assertEqual(self.inquiry.state, "accepted")
        self.assertEqual(self.inquiry.order_id.order_line.price_unit, 72.0)
        asked = self.env["kh.price.inquiry"].search([("dealer_id", "=", self.dealer.id)])
        self.assertEqual(len((asked - self.inquiry).line_ids), 8)

    def test_chinese_at_the_desk(self):
        self._order_every_way("zh_CN", "1280x900")

    def test_chinese_on_the_phone(self):
        self._order_every_way("zh_CN", "390x844")

    def test_english_at_the_desk(self):
        self._order_every_way("en_US", "1280x900")

    def test_english_on_the_phone(self):
        self._order_every_way("en_US", "390x844")
