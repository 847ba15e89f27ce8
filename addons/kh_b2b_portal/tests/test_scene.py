from odoo import Command
from odoo.exceptions import AccessError, UserError
from odoo.http import Request
from odoo.tests import JsonRpcException, new_test_user, tagged
from odoo.tools import mute_logger

from .common import PortalCommon


@tagged("post_install", "-at_install")
class TestScene(PortalCommon):
    """Scenes (M-62): who sees what of them, what they cost, one click to the cart."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.first, cls.second, cls.third = cls.variants
        cls.secret = cls._create_template("KH secret pump").product_variant_id
        cls.env["kh.catalog.assortment"].create(
            {
                "name": "KH secret zone",
                "product_tmpl_ids": [Command.set(cls.secret.product_tmpl_id.ids)],
                "partner_ids": [Command.set(cls.stranger.ids)],
            }
        )
        cls.expert = new_test_user(cls.env, "kh_expert", groups="base.group_user", lang="en_US")
        cls.expert.partner_id.phone = "0571-12345678"
        cls.scene = cls._create_scene(
            "KH hospital",
            [
                {"product_id": cls.first.id, "quantity": 10, "minimum": 5},
                {"product_id": cls.second.id, "quantity": 2, "is_optional": True},
                {"product_id": cls.secret.id, "quantity": 1},
            ],
            expert_id=cls.expert.id,
        )
        cls.hidden = cls._create_scene("KH hidden", [{"product_id": cls.secret.id}])
        cls.draft = cls._create_scene("KH draft", [{"product_id": cls.first.id}], False)

    @classmethod
    def _create_scene(cls, name, lines, is_published=True, **vals):
        return cls.env["kh.scene"].create(
            {
                "name": name,
                "is_published": is_published,
                "line_ids": [Command.create(line) for line in lines],
                **vals,
            }
        )

    def _shown(self, user):
        scenes = self.env["kh.scene"].with_user(user)
        website = self.website.with_user(user).with_context(website_id=self.website.id)
        return scenes._kh_find_shown(website)

    def _send(self, path, quantities, scene=None, **kwargs):
        lines = [{"product_id": product.id, "qty": qty} for product, qty in quantities.items()]
        params = {"scene_id": (scene or self.scene).id, "lines": lines, **kwargs}
        return self.make_jsonrpc_request(f"/shop/kh/scene/{path}", params)

    def _refuse(self, *args, **kwargs):
        with mute_logger("odoo.http"), self.assertRaises(JsonRpcException) as caught:
            self._send(*args, **kwargs)
        return caught.exception.args[0]

    # === WHO SEES WHAT === #
    def test_each_sees_of_a_scene_what_he_may_buy(self):
        shown = self._shown(self.user)
        self.assertEqual(shown[self.scene].product_id, self.first + self.second)
        self.assertNotIn(self.hidden, shown)
        self.assertNotIn(self.draft, shown)
        shown = self._shown(self.stranger.child_ids.user_ids)
        self.assertEqual(shown[self.scene].product_id, self.first + self.second + self.secret)
        self.assertIn(self.hidden, shown)

    def test_pages_leak_nothing_and_foreign_scenes_are_not_found(self):
        self.authenticate("kh_dealer", "kh_dealer")
        html = self.url_open("/scenes").text
        self.assertIn("KH hospital", html)
        self.assertNotIn("KH hidden", html)
        html = self.url_open(self.scene.website_url).text
        self.assertIn("KH breaker", html)
        self.assertNotIn("KH secret", html)
        self.assertIn("0571-12345678", html)
        with mute_logger("odoo.http"):
            self.assertEqual(self.url_open(self.hidden.website_url).status_code, 404)
            self.assertEqual(self.url_open(self.draft.website_url).status_code, 404)
            self.assertEqual(self.url_open("/scenes/nonsense").status_code, 404)
        self.authenticate("kh_stranger", "kh_stranger")
        self.assertIn("KH secret pump", self.url_open(self.hidden.website_url).text)

    def test_visitor_sees_market_prices_and_is_asked_to_log_in(self):
        html = self.url_open(self.scene.website_url).text
        self.assertIn("Log in for your price", html)
        self.assertNotIn("data-kh-add-set", html)
        self.assertNotIn("KH secret", html)
        totals = self._send("quote", {self.first: 10})["totals"]
        self.assertEqual(set(totals), {"kinds", "market"})
        sitemap = {row["loc"] for row in self._sitemap()}
        self.assertEqual(
            sitemap & {self.hidden.website_url, self.scene.website_url}, {self.scene.website_url}
        )

    def _sitemap(self):
        from ..controllers.scene import ShopScenes

        public = self.env.ref("base.public_user")
        env = self.env(user=public, context=dict(self.env.context, website_id=self.website.id))
        return list(ShopScenes._kh_sitemap_scenes(env, None, None))

    def test_no_scenes_outside_of_b2b_shops(self):
        self.website.kh_is_b2b = False
        with mute_logger("odoo.http"):
            self.assertEqual(self.url_open("/scenes").status_code, 404)
            self.assertEqual(self.url_open(self.scene.website_url).status_code, 404)

    # === WHAT IT COSTS === #
    def test_set_costs_own_prices_against_the_market(self):
        self.authenticate("kh_dealer", "kh_dealer")
        answer = self._send("quote", {self.first: 10, self.second: 1})
        symbol = self.website.currency_id.symbol
        texts = {name: str(text).replace(symbol, "") for name, text in answer["totals"].items()}
        self.assertEqual(
            texts, {"kinds": "2", "market": "1,100.00", "discount": "-220.00", "payable": "880.00"}
        )
        self.assertEqual(answer["rows"][str(self.first.id)]["price"], "80.00")
        self.assertNotIn(str(self.secret.id), answer["rows"])

    def test_optional_products_start_at_zero(self):
        website = self.website.with_context(website_id=self.website.id)
        lines = self._shown(self.user)[self.scene]
        rows = self.scene.with_user(self.user)._kh_rows(website.with_user(self.user), lines)
        self.assertEqual([row.quantity for row in rows], [10, 0])

    def test_pages_take_no_more_queries_for_more_products(self):
        website = self.website.with_user(self.user).with_context(website_id=self.website.id)
        scene = self.scene.with_user(self.user)

        def count():
            self.env.flush_all()
            self.env.invalidate_all()
            before = self.env.cr.sql_log_count
            lines = scene._kh_shown_lines(website)[scene]
            scene._kh_rows(website, lines)
            return self.env.cr.sql_log_count - before

        count()
        few = count()
        templates = [self._create_template(f"KH part {number}") for number in range(20)]
        self.scene.line_ids = [
            Command.create({"product_id": template.product_variant_id.id}) for template in templates
        ]
        count()
        self.assertLessEqual(count(), few + 1)

    # === ONE CLICK === #
    def test_the_set_goes_into_the_cart_once(self):
        self.authenticate("kh_dealer", "kh_dealer")
        for _click in range(2):
            result = self._send("add", {self.first: 10, self.second: 1}, key="one-and-the-same")
            self.assertFalse(result["refused"])
        cart = self._cart()
        self.assertEqual(cart._kh_cart_quantities(), {self.first.id: 10, self.second.id: 1})
        self.assertEqual(set(cart.order_line.mapped("price_unit")), {80.0})

    def test_an_incomplete_or_foreign_set_is_refused(self):
        self.authenticate("kh_dealer", "kh_dealer")
        error = self._refuse("add", {self.first: 4}, key="too-few-of-them")
        self.assertIn("UserError", error)
        self._refuse("add", {self.secret: 1}, scene=self.hidden, key="a-foreign-scene")
        self._refuse("quote", {self.secret: 1}, scene=self.hidden)
        self._refuse("quote", {self.first: 1}, scene=self.draft)
        result = self._send("add", {self.first: 5, self.secret: 3}, key="a-foreign-product")
        self.assertEqual(set(result["added"]), {str(self.first.id)})
        self.assertEqual(self._cart()._kh_cart_quantities(), {self.first.id: 5})

    def test_visitor_cannot_add_or_ask(self):
        self.assertIn(
            "SessionExpired", self._refuse("add", {self.first: 5}, key="key-of-a-visitor")
        )
        response = self.url_open(f"{self.scene.website_url}/ask", data={"question": "How?"})
        self.assertIn("/web/login", response.url)
        self.assertFalse(self.scene.activity_ids)

    # === EXPERT === #
    def test_a_question_becomes_an_activity_of_the_expert(self):
        self.authenticate("kh_dealer", "kh_dealer")
        token = Request.csrf_token(self)
        data = {"question": "Is it <b>enough</b>?", "csrf_token": token, "key": "one-question"}
        for _tap in range(2):
            html = self.url_open(f"{self.scene.website_url}/ask", data=data).text
            self.assertIn("Your question was sent", html)
        activity = self.scene.activity_ids
        self.assertEqual(activity.user_id, self.expert)
        self.assertIn("&lt;b&gt;enough", activity.note)
        self.assertIn(self.user.name, activity.summary)
        with mute_logger("odoo.http"):
            response = self.url_open(f"{self.hidden.website_url}/ask", data=data)
        self.assertEqual(response.status_code, 404)
        self.assertFalse(self.hidden.activity_ids)

    def test_questions_are_limited(self):
        scene = self.scene.with_user(self.user)
        for number in range(5):
            scene._kh_ask_expert(f"Question {number}")
        with self.assertRaises(UserError):
            scene._kh_ask_expert("One more")
        with self.assertRaises(UserError):
            self.hidden.with_user(self.stranger.child_ids.user_ids)._kh_ask_expert("Nobody there")

    # === RIGHTS === #
    def test_access_matrix(self):
        Scene = self.env["kh.scene"]
        manager = new_test_user(
            self.env, "kh_pm", groups="base.group_user,kh_b2b_member.group_b2b_product_manager"
        )
        designer = new_test_user(
            self.env, "kh_wd", groups="base.group_user,website.group_website_designer"
        )
        for user in (manager, designer):
            line = Command.update(self.scene.line_ids[0].id, {"quantity": 11})
            self.scene.with_user(user).write({"line_ids": [line], "purpose": "New"})
            Scene.with_user(user).create({"name": "Mine"}).unlink()
        for user in (self.user, self.env.ref("base.public_user"), self.expert):
            with self.subTest(user=user.login), self.assertRaises(AccessError):
                self.scene.with_user(user).write({"name": "Foreign"})
        for user in (self.user, self.env.ref("base.public_user")):
            with self.subTest(user=user.login):
                scene = self.scene.with_user(user)
                self.assertEqual(scene.name, "KH hospital")
                for name in ("line_ids", "expert_id"):
                    with self.assertRaises(AccessError):
                        scene.read([name])
                with self.assertRaises(AccessError):
                    self.env["kh.scene.line"].with_user(user).search([])
                for foreign in (self.draft, self.hidden):
                    with self.assertRaises(AccessError):
                        foreign.with_user(user).read(["name"])
        self.assertEqual(self.hidden.with_user(self.stranger.child_ids.user_ids).name, "KH hidden")
