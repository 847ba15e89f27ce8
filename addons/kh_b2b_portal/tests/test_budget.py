import gzip
import re

from odoo.tests import tagged

from .common import PortalCommon

ROWS = 50
# UX.md, budget: bytes after gzip, and requests before the reader scrolls
MOST_HTML = 60 * 1024
MOST_CSS = 20 * 1024
MOST_JS = 40 * 1024
MOST_REQUESTS = 20

BUNDLE = re.compile(r"""["'](/web/assets/[^"']+\.(?:css|js))["']""")
# A file of a bundle begins with its address in a comment, a template of a component with a call.
FILE = re.compile(r"^/\* (\S+) \*/$", re.M)
TEMPLATE = re.compile(r"""registerTemplate\("(kh_b2b_[^"]*)".*?(?=registerTemplate\(|\Z)""", re.S)


def packed(text):
    """Bytes of a text after gzip, as a proxy in front of Odoo sends it."""
    return len(gzip.compress(text.encode(), 6))


@tagged("post_install", "-at_install")
class TestBudget(PortalCommon):
    """What the list of the shop costs on a poor line, against core's in the same run."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.env["product.template"].create(
            [
                {
                    "name": f"KH terminal block number {number}",
                    "default_code": f"KHB-{number:02}",
                    "list_price": 10.0 + number,
                    "is_published": True,
                    "taxes_id": [],
                }
                for number in range(ROWS)
            ]
        )

    def _requests(self, html):
        """What a browser asks for before anything scrolls: the page, styles, scripts, pictures."""
        tags = re.findall(r"<(?:link|script|img)\b[^>]*>", html)
        wanted = [
            tag
            for tag in tags
            if ("rel=" in tag and "stylesheet" in tag)
            or (tag.startswith("<script") and " src=" in tag)
            or (tag.startswith("<img") and " src=" in tag and 'loading="lazy"' not in tag)
        ]
        return 1 + len(wanted)

    def test_the_list_of_the_shop(self):
        self.authenticate("kh_dealer", "kh_dealer")
        html = self.url_open("/shop?search=KHB").text
        self.assertGreaterEqual(html.count("data-kh-product="), ROWS)
        self.assertLessEqual(packed(html), MOST_HTML)
        own = self._requests(html)
        self.assertLessEqual(own, MOST_REQUESTS)
        self.website.kh_is_b2b = False
        self.assertLessEqual(own, self._requests(self.url_open("/shop?search=KHB").text))

    def test_own_share_of_the_common_bundle(self):
        html = self.url_open("/shop").text
        texts = {"css": [], "js": []}
        for url in set(BUNDLE.findall(html)):
            text = self.url_open(url).text
            _before, *parts = FILE.split(text)
            files = zip(parts[::2], parts[1::2], strict=True)
            own = [content for path, content in files if path.startswith("/kh_b2b_")]
            own += [match.group(0) for match in TEMPLATE.finditer(text)]
            texts[url.rpartition(".")[2]] += own
        styles, scripts = ("\n".join(texts[kind]) for kind in ("css", "js"))
        self.assertIn("kh-p-", styles)
        self.assertIn("kh_b2b_portal.quick_order", scripts)
        self.assertLessEqual(packed(styles), MOST_CSS)
        self.assertLessEqual(packed(scripts), MOST_JS)
