from odoo import Command
from odoo.tests import tagged

from odoo.addons.kh_b2b_member.tests.routes_common import (
    LOGIN,
    OWN,
    YES,
    RoutesCase,
    Visit,
)

from .common import PortalCommon
from .test_promotion import PIXEL

PRICE = 71.93
KEY = "a-key-of-this-page"
# stranger, foreign dealer, finance of the dealer, salesperson of another area
DEALER = (LOGIN, OWN, YES, OWN)
NOBODY = (LOGIN, 404, 404, 404)
COMPANY = (LOGIN, 404, YES, 404)
REFUSED = (LOGIN, "CheckoutRefused", "CheckoutRefused", "CheckoutRefused")
SHOP = (OWN, OWN, YES, OWN)
SEEN = (404, 404, YES, YES)


@tagged("post_install", "-at_install")
class TestRoutes(RoutesCase, PortalCommon):
    """Every address of the shop, and of what a dealer keeps there.

    Two dealers in two areas; one has an order, carts, lists, inquiries and goods of its own.
    """

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.company.portal_confirmation_pay = False
        east, west = cls.env["kh.sales.area"].create([{"name": "S east"}, {"name": "S west"}])
        cls.dealer.kh_sales_area_ids = east
        cls.stranger.kh_sales_area_ids = west
        cls.dealer.user_id = cls._create_seller(east)
        cls.foreigner = cls.stranger.child_ids.user_ids
        cls.finance = cls._create_colleague("kh_finance", "finance")
        cls.limited = cls._create_colleague("kh_limited", "buyer")
        cls.boss = cls._create_colleague("kh_boss", "admin")
        cls.limited.partner_id.kh_order_limit = 100.0
        cls.persons = {
            "owner": cls.user,
            "foreigner": cls.foreigner,
            "colleague": cls.finance,
            "seller": cls._create_seller(west, lang="en_US"),
        }
        prices = cls.env["product.pricelist.item"].search([("kh_partner_id", "=", cls.dealer.id)])
        prices.fixed_price = PRICE
        cls.product = cls.variants[0]
        cls._set_up_goods()
        cls._set_up_carts()
        cls._set_up_orders()
        cls._set_up_lists()
        cls._set_up_inquiries()
        cls._set_up_codes()
        cls.secrets = (str(PRICE), "Only Huarui", *cls.order.mapped("name"))

    @classmethod
    def _set_up_goods(cls):
        """A product, its zone, its promotion and its scene, for one dealer only."""
        cls.secret = cls._create_template("Goods of Huarui pump", default_code="KHR-S")
        cls.zone = cls.env["kh.catalog.assortment"].create(
            {
                "name": "Goods of Huarui zone",
                "is_zone": True,
                "banner_title": "Goods of Huarui banner",
                "banner_image": PIXEL,
                "product_tmpl_ids": [Command.set(cls.secret.ids)],
                "partner_ids": [Command.set(cls.dealer.ids)],
            }
        )
        line = Command.create({"product_id": cls.secret.product_variant_id.id})
        cls.promotion = cls.env["kh.promotion"].create(
            {
                "name": "Goods of Huarui promotion",
                "company_id": cls.company.id,
                "pricelist_id": cls.pricelist.id,
                "discount": 25,
                "line_ids": [Command.create({**line[2], "state": "accepted"})],
            }
        )
        cls.promotion.action_start()
        cls.scene = cls.env["kh.scene"].create(
            {
                "name": "Goods of Huarui scene",
                "is_published": True,
                "expert_id": cls.dealer.user_id.id,
                "line_ids": [line],
            }
        )

    @classmethod
    def _set_up_carts(cls):
        """The same in everybody's cart, so that a refusal is about the person."""
        cls.carrier = cls.env["delivery.carrier"].create(
            {
                "name": "Truck",
                "is_published": True,
                "fixed_price": 0.0,
                "product_id": cls.env["product.product"]
                .create({"name": "Delivery", "type": "service", "taxes_id": False})
                .id,
            }
        )
        cls.carts = {
            user: cls._create_order(user, kh_source="shop")
            for user in (cls.user, cls.foreigner, cls.finance, cls.limited, cls.persons["seller"])
        }
        for cart in cls.carts.values():
            cart._set_delivery_method(cls.carrier)
        cls.cart = cls.carts[cls.user]
        cls.belongings = {
            person: (
                cls.carts[user],
                cls.carts[user].order_line,
                user,
                user.partner_id,
            )
            for person, user in cls.persons.items()
        }

    @classmethod
    def _create_order(cls, user, **vals):
        return cls.env["sale.order"].create(
            {
                "partner_id": user.partner_id.id,
                "website_id": cls.website.id,
                "company_id": cls.company.id,
                "order_line": [
                    Command.create({"product_id": cls.product.id, "product_uom_qty": 7})
                ],
                **vals,
            }
        )

    @classmethod
    def _set_up_orders(cls):
        cls.order = cls._create_order(cls.user)
        cls.order.action_quotation_sent()
        cls.message = cls.order.message_post(
            body="Only Huarui message", message_type="comment", subtype_xmlid="mail.mt_comment"
        )
        cls.asked = cls._create_order(cls.limited)
        cls.asked.with_user(cls.limited).sudo()._kh_send_for_approval()

    def _find_cart_line(self):
        return self.cart.order_line.filtered(lambda line: line.product_id == self.product)

    @classmethod
    def _set_up_lists(cls):
        Lists = cls.env["kh.purchase.list"].with_user(cls.user)
        cls.list, cls.deleted, cls.shared, cls.parked = Lists.create(
            [
                {"name": "Only Huarui list"},
                {"name": "Only Huarui old list"},
                {"name": "Of the company", "share": "read"},
                {"name": "Only Huarui draft", "is_parked": True},
            ]
        )
        for one in (cls.list, cls.deleted, cls.shared, cls.parked):
            one._kh_add_rows([(cls.product, 5, None)])
        cls.deleted.active = False

    @classmethod
    def _set_up_inquiries(cls):
        cls.sent, cls.quoted = (
            cls.env["kh.price.inquiry"].create(
                {
                    "partner_id": cls.user.partner_id.id,
                    "company_id": cls.company.id,
                    "website_id": cls.website.id,
                    "note": "Only Huarui wish",
                    "line_ids": [Command.create({"product_id": cls.product.id, "quantity": 9})],
                }
            )
            for _n in range(2)
        )
        (cls.sent | cls.quoted)._set_sent()
        cls.quoted.line_ids.quoted_price = PRICE
        cls.quoted.action_quote()

    @classmethod
    def _set_up_codes(cls):
        draft = cls.env["kh.quick.order"].with_user(cls.user)._get_own(cls.website)
        draft._append([["Only Huarui row", "2"], ["KHT-0", "7"]])
        cls.draft = draft.with_env(cls.env)
        cls.code = cls.env["kh.dealer.product.code"].create(
            {
                "partner_id": cls.dealer.id,
                "code": "Only Huarui code",
                "product_id": cls.product.id,
            }
        )

    def _get_secrets(self, person):
        """Staff see all goods."""
        return (*self.secrets, *(() if person == "seller" else ("Goods of Huarui",)))

    def test_every_person_in_the_shop(self):
        self.assert_every_person(self._get_shop_visits())

    def test_every_person_at_home(self):
        self.assert_every_person(self._get_home_visits())

    def test_no_route_without_its_persons(self):
        self.assert_every_route()

    def _get_visits(self):
        return [*self._get_shop_visits(), *self._get_home_visits()]

    # === THE SHOP, UP TO THE ORDER THAT IS SENT === #
    def _get_shop_visits(self):
        return [
            *self._get_page_visits(),
            *self._get_zone_visits(),
            *self._get_scene_visits(),
            *self._get_cart_visits(),
            *self._get_checkout_visits(),
        ]

    def _get_page_visits(self):
        price = str(PRICE)
        category = f"/shop/category/{self.env['ir.http']._slug(self.category)}"
        suggest = {"text": self.secret.name}
        anybody = (OWN,) * 4
        return [
            Visit("GET", "/shop", {}, price, SHOP),
            Visit("GET", "/shop/page/1", {}, price, SHOP),
            Visit("GET", category, {}, price, SHOP),
            Visit("GET", f"{category}/page/1", {}, price, SHOP),
            Visit("GET", "/shop/kh/facets", {}, "", anybody),
            Visit("JSON", "/shop/kh/suggest", suggest, self.secret.name, (OWN, OWN, YES, YES)),
        ]

    def _get_zone_visits(self):
        slug = self.env["ir.http"]._slug
        return [
            Visit("GET", f"/shop/zone/{slug(self.zone)}", {}, "/shop", SEEN),
            Visit("GET", f"/shop/promotion/{slug(self.promotion)}", {}, "/shop", SEEN),
            Visit("GET", f"/shop/zone-banner/{self.zone.id}", {}, "PNG", SEEN),
        ]

    def _get_scene_visits(self):
        name, url = self.scene.name, self.scene.website_url
        lines = [{"product_id": self.secret.product_variant_id.id, "qty": 2}]
        asked = {"scene_id": self.scene.id, "lines": lines}
        added = {**asked, "key": KEY}
        return [
            Visit("GET", "/scenes", {}, name, (OWN, OWN, YES, YES)),
            Visit("GET", url, {}, name, SEEN),
            Visit(
                "POST",
                f"{url}/ask",
                {"question": "Fits?", "key": KEY},
                url,
                (LOGIN, 404, YES, YES),
            ),
            Visit("JSON", "/shop/kh/scene/quote", asked, "payable", SEEN),
            Visit(
                "JSON",
                "/shop/kh/scene/add",
                added,
                '"line_id"',
                (LOGIN, 404, YES, OWN),
                changes=True,
            ),
        ]

    def _get_cart_visits(self):
        lines = [{"product_id": self.secret.product_variant_id.id, "qty": 2}]
        change = {"line_id": self._find_cart_line().id, "quantity": 3}
        lost = (LOGIN, "LineNotFound", "LineNotFound", "LineNotFound")
        add = {"lines": lines, "key": KEY}
        return [
            Visit("GET", "/shop/cart", {}, str(PRICE), SHOP),
            Visit("JSON", "/shop/kh/cart/add", add, '"line_id"', DEALER, changes=True),
            Visit(
                "JSON",
                "/shop/kh/cart/settle",
                {"key": KEY},
                '"is_dropped"',
                (LOGIN, OWN, OWN, OWN),
                changes=True,
            ),
            Visit("JSON", "/shop/kh/cart/update", change, '"row"', lost, changes=True),
            # each parks the own cart; staff keeps no lists
            Visit(
                "POST",
                "/shop/kh/cart/park",
                {"name": "Only Huarui draft", "key": KEY},
                "/shop/cart",
                (LOGIN, OWN, YES, "/shop/cart"),
            ),
        ]

    def _get_checkout_visits(self):
        address = self.dealer.child_ids.filtered(lambda partner: partner.type == "delivery")
        limited = self.carts[self.limited]
        pay = {
            "key": KEY,
            "provider_id": self.provider.id,
            "method_id": self.method.id,
            "amount": self.cart.amount_total,
        }
        approval = {"key": KEY, "amount": limited.amount_total}
        withdraw = f"/my/orders/{self.asked.id}/withdraw"
        goods = {"partner_id": address.id}
        pasted = {"text": "13812345678"}
        checkout = "/shop/kh/checkout"
        return [
            Visit("GET", "/shop/checkout", {}, str(PRICE), ("/shop", OWN, YES, OWN)),
            Visit("GET", "/shop/payment", {}, "/shop/checkout", (OWN, OWN, YES, OWN)),
            Visit(
                "GET",
                "/shop/confirmation",
                {},
                self.order.name,
                ("/shop/cart",) * 4,
                session={"sale_last_order_id": self.order.id},
            ),
            Visit(
                "JSON",
                f"{checkout}/address",
                goods,
                '"total"',
                (LOGIN, "Forbidden", YES, "Forbidden"),
                changes=True,
            ),
            Visit("JSON", "/shop/kh/address/split", pasted, pasted["text"], (LOGIN, YES, YES, YES)),
            Visit(
                "JSON",
                f"{checkout}/delivery",
                {"carrier_id": self.carrier.id},
                '"total"',
                DEALER,
                changes=True,
            ),
            Visit("JSON", f"{checkout}/submit", pay, "/confirmation", REFUSED, changes=True),
            Visit(
                "JSON",
                f"{checkout}/approval",
                approval,
                "/shop/kh/sent",
                REFUSED,
                changes=True,
                owner=self.limited,
            ),
            Visit(
                "GET",
                f"/shop/kh/sent/{self.asked.id}",
                {},
                "data-kh-sent",
                COMPANY,
                owner=self.limited,
            ),
            Visit("POST", withdraw, {}, "/shop/cart", (LOGIN, 404, 403, 404), owner=self.limited),
        ]

    # === WHAT A DEALER KEEPS === #
    def _get_home_visits(self):
        return [
            *self._get_message_visits(),
            *self._get_again_visits(),
            *self._get_list_visits(),
            *self._get_list_change_visits(),
            *self._get_inquiry_visits(),
            *self._get_quick_visits(),
            *self._get_code_visits(),
        ]

    def _get_message_visits(self):
        message = f"/my/messages/{self.message.id}"
        order = f"/my/orders/{self.order.id}"
        text = "Only Huarui message"
        return [
            Visit("GET", "/my", {}, self.order.name, DEALER),
            Visit("GET", "/my/home", {}, self.order.name, DEALER),
            Visit("GET", "/my/messages", {}, text, DEALER),
            Visit("GET", "/my/messages/page/1", {}, text, DEALER),
            Visit("GET", message, {}, order, COMPANY),
            Visit("POST", "/my/messages/read", {}, "/my/messages", DEALER),
        ]

    def _get_again_visits(self):
        again = f"/my/orders/{self.order.id}/again"
        keep = {"mode": "list", "key": KEY}
        keyed = {"order_id": self.order.id, "key": KEY}
        again_core = (keyed, '"cart_quantity"', (404, 404, YES, 404))
        return [
            Visit("GET", again, {}, self.order.name, COMPANY),
            Visit("POST", again, keep, "", COMPANY),
            Visit("JSON", "/my/orders/reorder", *again_core, changes=True),
        ]

    def _get_list_visits(self):
        page, name = f"/my/lists/{self.list.id}", "Only Huarui list"
        shared, parked = (f"/my/lists/{one.id}" for one in (self.shared, self.parked))
        old = {"mode": "swap", "key": KEY, "digest": "of another day"}
        drop = {"what": "delete", "key": KEY}
        return [
            Visit("GET", "/my/lists", {}, name, (LOGIN, OWN, OWN, OWN)),
            Visit("GET", page, {}, name, NOBODY),
            Visit("GET", f"{page}/page/1", {}, name, NOBODY),
            Visit("GET", shared, {}, self.shared.name, COMPANY),
            Visit("GET", f"{page}/print", {}, name, NOBODY),
            Visit("GET", f"{page}/order", {}, name, NOBODY),
            Visit("POST", f"{page}/order", {"mode": "list", "key": KEY}, "", NOBODY),
            Visit("GET", f"{shared}/order", {}, self.shared.name, COMPANY),
            Visit("GET", f"{parked}/order", {}, self.parked.name, NOBODY),
            Visit("POST", f"{parked}/order", old, f"{parked}/order", NOBODY, changes=False),
            Visit("POST", f"{parked}/change", drop, "/shop/cart", NOBODY),
        ]

    def _get_list_change_visits(self):
        page, shared = (f"/my/lists/{one.id}" for one in (self.list, self.shared))
        deleted = f"/my/lists/{self.deleted.id}"
        rows = f"[[{self.product.id}, 3]]"
        add = {"rows": rows, "list_id": self.list.id, "key": KEY}
        line, line_shared = self.list.line_ids, self.shared.line_ids
        save = {f"qty_{line.id}": "8", f"was_{line.id}": "5"}
        save_shared = {f"qty_{line_shared.id}": "8", f"was_{line_shared.id}": "5"}
        kept = {"name": "Renamed", "version": self.list.version}
        back = {"product_id": self.product.id, "quantity": "2"}
        to_read = (LOGIN, 404, shared, 404)

        def change(what, **data):
            return {"what": what, "key": KEY, **data}

        return [
            Visit("POST", "/my/lists/new", {"name": "Mine", "key": KEY}, "", DEALER),
            Visit("POST", "/my/lists/add", add, page, (LOGIN, 404, 404, "/my/lists")),
            Visit("POST", f"{page}/save", save, page, NOBODY),
            Visit("POST", f"{shared}/save", save_shared, shared, to_read),
            Visit("POST", f"{page}/change", change("rename", **kept), page, NOBODY),
            Visit("POST", f"{shared}/change", change("delete"), "/my/lists", to_read),
            Visit("POST", f"{page}/change", change("duplicate"), "", NOBODY),
            Visit("POST", f"{page}/change", change("delete"), "/my/lists", NOBODY),
            Visit("POST", f"{deleted}/change", change("restore"), deleted, NOBODY),
            Visit("POST", f"{page}/change", change("put_back", **back), page, NOBODY),
        ]

    def _get_inquiry_visits(self):
        """The finance of a dealer neither asks nor answers."""
        sent, quoted = (f"/my/inquiries/{inquiry.id}" for inquiry in (self.sent, self.quoted))
        form = {"key": KEY, "note": "Please", f"qty_{self.product.id}": "100"}
        own = (LOGIN, OWN, 404, 404)
        return [
            Visit("GET", "/my/inquiries", {}, self.quoted.name, own),
            Visit("GET", "/my/inquiries/page/1", {}, self.quoted.name, own),
            Visit("GET", "/my/inquiries/new", {"list_id": self.list.id}, "KHT-0", own),
            Visit("POST", "/my/inquiries/new", form, "", own),
            Visit("GET", quoted, {}, str(PRICE), NOBODY),
            Visit("POST", f"{quoted}/answer", {"what": "accept"}, "", NOBODY),
            Visit("POST", f"{quoted}/answer", {"what": "refuse", "reason": "x"}, quoted, NOBODY),
            Visit("POST", f"{sent}/answer", {"what": "cancel"}, sent, NOBODY),
        ]

    def _get_quick_visits(self):
        text = "Only Huarui"
        own = (LOGIN, OWN, OWN, OWN)
        quick = "/shop/kh/quick"
        edit = {"changes": {"2": {"quantity": 9}}, "version": self.draft.version}
        total = {"key": KEY, "total": 7 * PRICE}
        return [
            Visit("GET", "/shop/quick-order", {}, text, own),
            Visit("GET", "/shop/quick-order/template", {}, "PK", (LOGIN, YES, YES, YES)),
            Visit("GET", "/shop/quick-order/problems", {}, text, own),
            Visit("JSON", f"{quick}/check", {"key": KEY, "text": "X\t1"}, text, own, changes=True),
            Visit(
                "JSON",
                f"{quick}/columns",
                {"columns": ["name", "quantity"]},
                text,
                own,
                changes=True,
            ),
            Visit("JSON", f"{quick}/edit", edit, '"rows"', own, changes=True),
            Visit("JSON", f"{quick}/add", total, '"kept": 1', own, changes=True),
            Visit("JSON", f"{quick}/clear", {}, '"rows"', own, changes=True),
            Visit("JSON", f"{quick}/search", {"term": "KHT-0"}, "KHT-0", (LOGIN, YES, YES, YES)),
        ]

    def _get_code_visits(self):
        code = {"code_id": self.code.id}
        return [
            Visit("GET", "/my/codes", {}, "Only Huarui code", DEALER),
            Visit("GET", "/my/codes/page/1", {}, "Only Huarui code", DEALER),
            Visit("POST", "/my/codes/delete", code, "/my/codes", COMPANY),
        ]
