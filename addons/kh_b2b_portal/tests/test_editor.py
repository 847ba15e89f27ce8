from odoo.tests import HttpCase, tagged


@tagged("post_install", "-at_install")
class TestEditor(HttpCase):
    """Whoever may edit the website sees marked templates: they must render, switched on or off."""

    def test_pages_render_for_an_editor(self):
        product = self.env["product.template"].create(
            {"name": "Editor Breaker", "list_price": 10.0, "is_published": True}
        )
        website = self.env["website"].get_current_website()
        self.authenticate("admin", "admin")
        for is_b2b in (False, True):
            website.kh_is_b2b = is_b2b
            for path in ("/", "/shop", product.website_url, "/shop/cart", "/my", "/my/orders"):
                with self.subTest(path=path, is_b2b=is_b2b):
                    self.assertEqual(self.url_open(path).status_code, 200)
