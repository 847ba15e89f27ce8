import base64

from odoo.tests import tagged

from odoo.addons.kh_b2b_member.tests.routes_common import (
    LOGIN,
    LOOK,
    OWN,
    REFUSED,
    YES,
    RoutesCase,
    Visit,
)

from .express_common import ExpressCommon
from .test_order_change import ChangeCommon
from .test_order_ticket import PNG

PRICE = 987.65
# stranger, foreign dealer, finance of the dealer, salesperson of another area
READERS = (LOGIN, "/my", YES, "/my")
COMPANY = (LOGIN, OWN, YES, OWN)
TICKET = (LOGIN, 404, YES, 404)
BY_LINK = ("/my",) * 4


@tagged("post_install", "-at_install")
class TestRoutes(RoutesCase, ChangeCommon, ExpressCommon):
    """Every address of orders and tickets, core's among them."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        # dealers and people are for others than the accountant, who sets up the rest
        cls.env = cls.env(su=True)
        cls._set_up_shop()
        cls.company.portal_confirmation_pay = False
        east, west = cls.env["kh.sales.area"].create([{"name": "O east"}, {"name": "O west"}])
        seller_here = cls._create_seller(east)
        for dealer, area in ((cls.dealer, east), (cls.other_dealer, west)):
            dealer.sudo().write({"kh_is_dealer": True, "kh_sales_area_ids": area.ids})
        cls.dealer.sudo().user_id = seller_here
        cls.colleague.sudo().partner_id.kh_dealer_role = "finance"
        (cls.buyer | cls.foreigner | cls.colleague).sudo().lang = "en_US"
        cls.persons = {
            "owner": cls.buyer,
            "foreigner": cls.foreigner,
            "colleague": cls.colleague,
            "seller": cls._create_seller(west, lang="en_US"),
        }
        others = cls.other_dealer | cls.foreigner.partner_id
        cls.belongings = {"foreigner": (others, cls.foreigner)}
        cls._set_up_orders()
        cls._set_up_tickets()
        orders = cls.env["sale.order"].search([("partner_id", "=", cls.buyer.partner_id.id)])
        cls.secrets = (str(PRICE), "Only Huarui complaint", *orders.mapped("name"))

    @classmethod
    def _set_up_orders(cls):
        cls.shipped = cls.order
        for line in cls.shipped.order_line:
            line.price_unit = PRICE
        cls.placed, cls.drafted, cls.submitted = (cls._place_priced() for _n in range(3))
        cls.draft, cls.change = (cls._draft_change(order) for order in (cls.drafted, cls.submitted))
        cls.change.action_submit()
        cls.offer, cls.quote = (
            cls._create_order({cls.product: 10.0}, require_signature=True) for _n in range(2)
        )
        (cls.offer | cls.quote).order_line.price_unit = PRICE
        cls.offer.action_kh_offer()
        cls.quote.action_quotation_sent()

    @classmethod
    def _place_priced(cls):
        order = cls._place()
        order.order_line.price_unit = PRICE
        return order

    @classmethod
    def _draft_change(cls, order):
        order = order.with_user(cls.buyer).sudo()
        vals = order._kh_prepare_change_vals({order.order_line.id: 12.0})
        change = order.kh_change_ids.create(vals)
        change._refresh_amounts()
        return change

    @classmethod
    def _set_up_tickets(cls):
        Ticket = cls.env["kh.order.ticket"].with_user(cls.buyer)
        values = {"kind": "complaint", "subject": "Only Huarui complaint", "text": "Broken"}
        cls.ticket, cls.solved = (
            Ticket._create_for_dealer(
                cls.buyer, cls.company, values, [("a.png", PNG)], f"key-{number}"
            )
            for number in range(2)
        )
        cls.photo = cls.ticket._get_first_photos()
        solved = cls.solved.with_env(cls.env)
        solved.solution = "New ones left today."
        solved.action_solve()

    def test_every_person_on_every_route(self):
        self.assert_every_person()

    def test_no_route_without_its_persons(self):
        self.assert_every_route()

    def _get_visits(self):
        return [
            *self._get_list_visits(),
            *self._get_order_visits(),
            *self._get_change_visits(),
            *self._get_offer_visits(),
            *self._get_ticket_visits(),
            self._get_callback_visit(),
        ]

    def _get_list_visits(self):
        name = self.shipped.name
        return [
            Visit("GET", "/my/orders", {}, name, COMPANY),
            Visit("GET", "/my/orders/page/1", {}, name, COMPANY),
            Visit("GET", "/my/quotes", {}, "/my/orders", COMPANY),
            Visit("GET", "/my/quotes/page/1", {}, "/my/orders", COMPANY),
        ]

    def _get_order_visits(self):
        order, page = self.shipped, f"/my/orders/{self.shipped.id}"
        placed = f"/my/orders/{self.placed.id}"
        pay = {
            "provider_id": self.provider.id,
            "payment_method_id": self.provider.payment_method_ids.id,
            "token_id": None,
            "amount": self.placed.amount_total,
            "flow": "redirect",
            "tokenization_requested": False,
            "landing_route": placed,
            "access_token": "",
        }
        told = {"order_id": order.id, "kept": 0, "refused": [(self.product.id, "Gone.")]}
        papers = {"report_type": "pdf", "download": "true"}
        by_buyer = (LOGIN, "/my", placed, "/my")
        return [
            Visit("GET", page, {}, order.name, ("/my", "/my", YES, "/my")),
            Visit("GET", page, papers, order.name, ("/my", "/my", YES, "/my")),
            Visit("GET", f"{page}/download/order", {}, order.name, ("/my", "/my", YES, "/my")),
            Visit("POST", f"{page}/receive", {}, page, READERS),
            Visit("POST", f"{page}/reorder", {"key": "key-of-the-reorder"}, "/shop/cart", READERS),
            Visit(
                "GET",
                f"{page}/reorder/result",
                {},
                order.name,
                READERS,
                session={"kh_reorder": told},
            ),
            Visit("POST", f"{placed}/cancel", {}, placed, by_buyer),
            Visit(
                "JSON",
                f"{placed}/transaction",
                pay,
                "reference",
                ("ValidationError", "ValidationError", YES, "ValidationError"),
                changes=True,
            ),
        ]

    def _get_change_visits(self):
        placed = f"/my/orders/{self.placed.id}"
        line = {f"line_{self.placed.order_line.id}": "4"}
        draft, change = (f"/my/orders/changes/{c.id}" for c in (self.draft, self.change))
        by_buyer = (LOGIN, "/my", placed, "/my")
        looked_at = (LOGIN, "/my", LOOK, "/my")
        return [
            Visit("GET", f"{placed}/change", {}, self.placed.name, by_buyer),
            Visit("POST", f"{placed}/change", line, "", by_buyer),
            Visit("GET", draft, {}, self.drafted.name, READERS),
            Visit("POST", f"{draft}/send", {}, "", looked_at),
            Visit("POST", f"{change}/withdraw", {}, "", looked_at),
        ]

    def _get_offer_visits(self):
        offer, quote = (f"/my/orders/{order.id}" for order in (self.offer, self.quote))
        answer = {"what": "confirm", "digest": self.offer._kh_get_offer_digest()}
        reason = {"decline_message": "Too dear"}
        signed = {"name": "Somebody", "signature": base64.b64encode(PNG).decode()}
        by_link = {
            "key": {"access_token": self.quote._portal_ensure_token()},
            "owner": self.env.ref("base.public_user"),
        }
        refused = (REFUSED,) * 4
        return [
            Visit("POST", f"{offer}/offer", answer, offer, BY_LINK),
            Visit("POST", f"{offer}/decline", reason, offer, BY_LINK),
            Visit("POST", f"{quote}/decline", reason, quote, BY_LINK),
            Visit("JSON", f"{quote}/accept", signed, "redirect_url", refused, True),
            Visit("JSON", f"{quote}/accept", signed, "redirect_url", refused, True, **by_link),
        ]

    def _get_ticket_visits(self):
        ticket, solved = (f"/my/tickets/{t.id}" for t in (self.ticket, self.solved))
        subject = self.ticket.subject
        form = {
            "order_id": self.shipped.id,
            "kind": "question",
            "subject": "When?",
            "text": "Soon?",
            "key": "a-key-of-this-form",
        }
        mine = (LOGIN, OWN, YES, 404)
        return [
            Visit("GET", "/my/tickets", {}, subject, mine),
            Visit("GET", "/my/tickets/page/1", {}, subject, mine),
            Visit("GET", ticket, {}, subject, TICKET),
            Visit("GET", f"{ticket}/file/{self.photo.id}", {}, "PNG", TICKET),
            Visit("GET", "/my/tickets/new", {"order_id": self.shipped.id}, self.shipped.name, mine),
            Visit("POST", "/my/tickets/new", form, "", mine),
            Visit("POST", f"{ticket}/reply", {"text": "And now?"}, ticket, TICKET),
            Visit("POST", f"{solved}/rate", {"rating": "5"}, solved, TICKET),
        ]

    def _get_callback_visit(self):
        """The courier service is the owner: a stranger who signs."""
        param = self._push_param(events=2)
        return Visit(
            "POST",
            f"/kh/express/callback?company={self.company.id}",
            {"param": param},
            "true",
            (403,) * 4,
            key={"sign": self._sign(param)},
            owner=self.env.ref("base.public_user"),
        )
