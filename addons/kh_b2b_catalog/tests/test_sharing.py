import io

from PIL import Image

from odoo.tests import HttpCase, TransactionCase, new_test_user, tagged

from ..controllers import sharing
from ..engine.poster import PosterFacts, draw_poster, draw_qr_png


@tagged("post_install", "-at_install")
class TestPoster(TransactionCase):
    def test_poster_and_code_are_pictures(self):
        facts = PosterFacts(
            url="https://shop.example.com/shop/s/5",
            name="GS81-63 断路器 " * 12,
            price="¥34.00",
            price_note="市场价",
            picture=draw_qr_png("any picture"),
        )
        with Image.open(io.BytesIO(draw_poster(facts))) as poster:
            self.assertEqual((poster.format, poster.size), ("PNG", (750, 1200)))
            # the code is there: dark modules at the bottom right
            corner = poster.convert("L").crop((482, 932, 702, 1152))
            self.assertLess(corner.getextrema()[0], 50)


@tagged("post_install", "-at_install")
class TestSharing(HttpCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.website = cls.env["website"].search([], limit=1)
        cls.website.write({"domain": False, "ecommerce_access": "everyone"})
        cls.product, cls.hidden = cls.env["product.template"].create(
            [
                {"name": "K shared", "is_published": True, "list_price": 77.0},
                {"name": "K hidden", "is_published": False},
            ]
        )
        cls.user = new_test_user(
            cls.env, "k_sharer", groups="base.group_portal", password="k_sharer"
        )

    def _get(self, path):
        return self.url_open(path, allow_redirects=False)

    def test_link_leads_to_the_product(self):
        response = self._get(self.product._kh_share_path())
        self.assertEqual(response.status_code, 303)
        self.assertIn(self.product.website_url, response.headers["Location"])

    def test_link_leads_through_the_login(self):
        self.website.ecommerce_access = "logged_in"
        path = self.product._kh_share_path()
        location = self._get(path).headers["Location"]
        self.assertIn("/web/login", location)
        self.assertIn(f"redirect=%2Fshop%2Fs%2F{self.product.id}", location)
        self.authenticate("k_sharer", "k_sharer")
        self.assertIn(self.product.website_url, self._get(path).headers["Location"])

    def test_strangers_do_not_learn_what_exists(self):
        missing = self.hidden.id + 1000
        answers = [self._get(f"/shop/s/{i}") for i in (self.hidden.id, missing)]
        for answer in answers:
            self.assertEqual(answer.status_code, 303)
            self.assertIn("/web/login", answer.headers["Location"])
        self.authenticate("k_sharer", "k_sharer")
        for product_id in (self.hidden.id, missing):
            self.assertEqual(self._get(f"/shop/s/{product_id}").status_code, 404)

    def test_pictures_are_for_who_sees_the_product(self):
        url = "/shop/kh/share/%s/%s.png"
        self.assertEqual(self._get(url % (self.product.id, "poster")).status_code, 303)
        self.authenticate("k_sharer", "k_sharer")
        for name in ("poster", "qr"):
            response = self._get(url % (self.product.id, name))
            self.assertEqual(response.status_code, 200)
            self.assertEqual(response.headers["Content-Type"], "image/png")
            self.assertIn("private", response.headers["Cache-Control"])
            self.assertIn("max-age=3600", response.headers["Cache-Control"])
            self.assertEqual(self._get(url % (self.hidden.id, name)).status_code, 404)
        self.assertEqual(self._get(url % (self.product.id, "other")).status_code, 404)

    def test_an_unchanged_poster_is_not_sent_again(self):
        self.authenticate("k_sharer", "k_sharer")
        url = f"/shop/kh/share/{self.product.id}/poster.png"
        etag = self._get(url).headers["ETag"]
        again = self.url_open(url, headers={"If-None-Match": etag})
        self.assertEqual((again.status_code, again.content), (304, b""))
        self.product.name = "K renamed"
        self.assertEqual(self.url_open(url, headers={"If-None-Match": etag}).status_code, 200)

    def test_poster_carries_no_dealers_price(self):
        facts = self.product._kh_get_poster_facts(self.website)
        self.assertEqual((facts.price, facts.price_note), ("", ""))

    def test_who_draws_too_much_waits(self):
        self.patch(sharing, "PICTURES_PER_HOUR", 2)
        self.authenticate("k_sharer", "k_sharer")
        url = f"/shop/kh/share/{self.product.id}/qr.png"
        self.assertEqual([self._get(url).status_code for _n in range(3)], [200, 200, 429])
