from odoo import Command, fields
from odoo.exceptions import ValidationError
from odoo.tests import tagged

from .common import PortalCommon


@tagged("post_install", "-at_install")
class TestSceneDiscount(PortalCommon):
    """What a scene bought as a whole earns (M-62): page and order agree to the cent."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        names = (("KH switch", 33.33), ("KH cable", 0.77), ("KH rack", 199.99))
        cls.switch, cls.cable, cls.rack = (
            cls._create_template(name, list_price=price).product_variant_id for name, price in names
        )
        cls.contract = cls.variants[0]
        cls.scene = cls.env["kh.scene"].create(
            {
                "name": "KH hospital",
                "is_published": True,
                "discount": 7.5,
                "line_ids": [
                    Command.create({"product_id": product.id, **vals})
                    for product, vals in (
                        (cls.switch, {"quantity": 3}),
                        (cls.cable, {"quantity": 7}),
                        (cls.rack, {"quantity": 1, "is_optional": True}),
                    )
                ],
            }
        )
        cls.whole = {cls.switch: 3, cls.cable: 7}
        cls.buyer = cls.stranger.child_ids.user_ids

    def _send(self, path, quantities, **kwargs):
        lines = [{"product_id": product.id, "qty": qty} for product, qty in quantities.items()]
        params = {"scene_id": self.scene.id, "lines": lines, **kwargs}
        return self.make_jsonrpc_request(f"/shop/kh/scene/{path}", params)

    def _totals(self, quantities):
        return self._send("quote", quantities)["totals"]

    @staticmethod
    def _amount(text):
        return float("".join(char for char in str(text) if char in "0123456789.-"))

    def _put(self, quantities):
        """Put a set into the cart of whoever is logged in."""
        self.assertFalse(self._send("add", quantities, key="key-of-this-click")["refused"])
        return self._cart(self.buyer)

    def _discounts(self, order):
        return {line.product_id: line.discount for line in order.order_line}

    # === PAGE AND ORDER === #
    def test_page_and_cart_agree_to_the_cent(self):
        self.company.tax_calculation_rounding_method = "round_per_line"
        self.authenticate("kh_stranger", "kh_stranger")
        asked = {self.switch: 3, self.cable: 11, self.rack: 2}
        totals = self._totals(asked)
        # 99.99, 8.47 and 399.98, each less 7.5 %, each rounded
        payable = 92.49 + 7.83 + 369.98
        self.assertEqual(self._amount(totals["market"]), 508.44)
        self.assertEqual(self._amount(totals["payable"]), round(payable, 2))
        self.assertEqual(self._amount(totals["discount"]), -round(508.44 - payable, 2))
        self.assertIn("7.5%", totals["set_note"])
        self.assertIn("38.14", totals["set_note"])
        cart = self._put(asked)
        self.assertEqual(cart.amount_total, self._amount(totals["payable"]))
        self.assertEqual(set(self._discounts(cart).values()), {7.5})
        html = self.url_open("/shop/cart").text
        self.assertEqual(html.count("Whole set: 7.5% off"), 3)

    def test_page_and_cart_agree_however_taxes_are_kept(self):
        self.authenticate("kh_stranger", "kh_stranger")
        asked = {self.switch: 3, self.cable: 11, self.rack: 2}
        number = 0
        for method in ("round_per_line", "round_globally"):
            for included in ("tax_included", "tax_excluded"):
                number += 1
                self._cart(self.buyer).unlink()
                self.company.tax_calculation_rounding_method = method
                self.tax.price_include_override = included
                payable = self._amount(self._totals(asked)["payable"])
                self._send("add", asked, key=f"another-click-{number}")
                with self.subTest(method=method, included=included):
                    self.assertEqual(payable, self._cart(self.buyer).amount_total)

    def test_less_than_the_whole_earns_nothing(self):
        self.authenticate("kh_stranger", "kh_stranger")
        for part in ({self.switch: 3, self.cable: 6}, {self.switch: 9}, {self.rack: 1}):
            totals = self._totals(part)
            self.assertEqual(self._amount(totals["discount"]), 0.0)
            self.assertEqual(totals["set_note"], "7.5% off once you take the whole set")
        cart = self._put({self.switch: 3, self.cable: 6})
        self.assertEqual(set(self._discounts(cart).values()), {0.0})
        self._send("add", {self.cable: 1}, key="the-one-that-lacked")
        self.assertEqual(set(self._discounts(cart).values()), {7.5})

    def test_the_cart_says_when_the_discount_goes_and_comes(self):
        self.authenticate("kh_stranger", "kh_stranger")
        cart = self._put(self.whole)
        switch, cable = cart.order_line

        def update(line, quantity):
            params = {"line_id": line.id, "quantity": quantity}
            return self.make_jsonrpc_request("/shop/kh/cart/update", params)

        answer = update(cable, 6)
        self.assertEqual(set(self._discounts(cart).values()), {0.0})
        self.assertEqual({row["line_id"] for row in answer["others"]}, {switch.id, cable.id})
        self.assertIn("not whole any more", answer["others"][0]["warning"])
        self.assertEqual(answer["others"][0]["price"], "33.33")
        answer = update(cable, 70)
        self.assertEqual(set(self._discounts(cart).values()), {7.5})
        self.assertEqual(answer["others"][0]["price"], "30.83")
        self.assertNotIn("others", update(cable, 71))
        update(switch, 0)
        self.assertEqual(self._discounts(cart), {self.cable: 0.0})

    def test_prices_of_the_dealers_own_stay_unless_told(self):
        self.scene.line_ids = [Command.create({"product_id": self.contract.id, "quantity": 2})]
        self.buyer = self.user
        self.authenticate("kh_dealer", "kh_dealer")
        whole = {**self.whole, self.contract: 2}
        totals = self._totals(whole)
        payable = 92.49 + 4.99 + 160  # 5.39 less 7.5 %
        self.assertEqual(self._amount(totals["payable"]), round(payable, 2))
        cart = self._put(whole)
        self.assertEqual(self._discounts(cart)[self.contract], 0.0)
        self.assertEqual(cart.amount_total, round(payable, 2))
        self.scene.is_discount_on_contract = True
        self.assertEqual(self._amount(self._totals(whole)["payable"]), round(payable - 12, 2))
        cart._kh_refresh_scene_discounts()
        self.assertEqual(cart.amount_total, round(payable - 12, 2))

    def test_a_rule_with_a_discount_of_its_own_keeps_it(self):
        self.company.tax_calculation_rounding_method = "round_per_line"
        self.switch.list_price, self.rack.list_price = 40, 200
        feature = self.env.ref("sale.group_discount_per_so_line")
        self.env.ref("base.group_user").implied_ids += feature
        ratio = {"pricelist_id": self.pricelist.id, "compute_price": "percentage"}
        self.env["product.pricelist.item"].create(
            [
                {
                    **ratio,
                    "applied_on": "1_product",
                    "product_tmpl_id": self.switch.product_tmpl_id.id,
                    "percent_price": 10,
                },
                {
                    **ratio,
                    "applied_on": "1_product",
                    "product_tmpl_id": self.rack.product_tmpl_id.id,
                    "percent_price": 20,
                    "kh_partner_id": self.stranger.id,
                },
            ]
        )
        self.authenticate("kh_stranger", "kh_stranger")
        whole = {**self.whole, self.rack: 1}
        payable = self._amount(self._totals(whole)["payable"])
        # 120 less 10 %, 5.39 less the set's 7.5 %, 200 less 20 %
        self.assertEqual(payable, 108 + 4.99 + 160)
        cart = self._put(whole)
        self.assertEqual(self._discounts(cart), {self.switch: 10, self.cable: 7.5, self.rack: 20})
        self.assertEqual(cart.amount_total, payable)
        self.scene.line_ids.filtered(lambda line: line.product_id == self.cable).unlink()
        totals = self._totals({self.switch: 3})
        self.assertEqual(self._amount(totals["payable"]), 108)
        self.assertIn("Your own prices hold", totals["set_note"])

    def test_a_second_set_says_what_it_takes_from_the_first(self):
        self.authenticate("kh_stranger", "kh_stranger")
        cart = self._put(self.whole)
        first = self.scene
        self.scene = first.copy({"name": "KH clinic", "is_published": True, "line_ids": False})
        self.scene.line_ids = [
            Command.create({"product_id": product.id, "quantity": 1})
            for product in (self.cable, self.rack)
        ]
        answer = self._send("add", {self.cable: 1, self.rack: 1}, key="the-second-set")
        [lost] = answer["others"]
        self.assertEqual(lost["product_id"], self.switch.id)
        self.assertIn(f"“{first.name}” is not whole any more", lost["warning"])
        discounts = {self.switch: 0, self.cable: 7.5, self.rack: 7.5}
        self.assertEqual(self._discounts(cart), discounts)
        self.assertNotIn(
            "others", self._send("add", {self.cable: 1, self.rack: 1}, key="once-more")
        )

    def test_no_promise_that_cannot_be_kept(self):
        secret = self._create_template("KH secret", is_published=False).product_variant_id
        self.scene.line_ids = [Command.create({"product_id": secret.id})]
        self.authenticate("kh_stranger", "kh_stranger")
        totals = self._totals(self.whole)
        self.assertNotIn("set_note", totals)
        self.assertEqual(self._amount(totals["discount"]), 0.0)
        self.scene.line_ids[-1].unlink()
        self.scene.discount_to = fields.Datetime.subtract(fields.Datetime.now(), days=1)
        self.assertNotIn("set_note", self._totals(self.whole))
        self.assertEqual(set(self._discounts(self._put(self.whole)).values()), {0.0})
        with self.assertRaises(ValidationError):
            self.scene.discount_from = fields.Datetime.now()

    def test_visitors_are_told_of_it_without_amounts(self):
        totals = self._totals(self.whole)
        self.assertEqual(set(totals), {"kinds", "market", "set_note"})
        self.assertEqual(totals["set_note"], "7.5% off the whole set")

    # === ORDER === #
    def _order(self, quantities):
        order = self.env["sale.order"].create(
            {
                "partner_id": self.buyer.partner_id.id,
                "pricelist_id": self.pricelist.id,
                "order_line": [
                    Command.create({"product_id": product.id, "product_uom_qty": quantity})
                    for product, quantity in quantities.items()
                ],
            }
        )
        order._kh_set_scene(self.scene, {product.id for product in quantities})
        return order

    def test_discounts_by_hand_stay_and_prices_computed_anew_keep_the_sets(self):
        order = self._order(self.whole)
        switch, cable = order.order_line
        cable.discount = 20
        switch.product_uom_qty = 4
        self.assertEqual(self._discounts(order), {self.switch: 7.5, self.cable: 20})
        cable.product_uom_qty = 1
        self.assertEqual(self._discounts(order)[self.switch], 0)
        cable.product_uom_qty = 7
        order._recompute_prices()
        self.assertEqual(set(self._discounts(order).values()), {7.5})
        cable.unlink()
        self.assertEqual(self._discounts(order), {self.switch: 0})

    def test_a_placed_order_keeps_what_it_was_placed_with(self):
        order = self._order(self.whole)
        order.action_confirm()
        self.scene.discount = 50
        order.order_line[0].product_uom_qty = 1
        self.assertEqual(set(self._discounts(order).values()), {7.5})

    def test_goods_taken_out_of_the_set_lose_its_discount(self):
        order = self._order(self.whole)
        order.order_line[1].kh_scene_id = False
        self.assertEqual(set(self._discounts(order).values()), {0.0})
