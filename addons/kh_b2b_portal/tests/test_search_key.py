import time

from odoo.fields import Domain
from odoo.tests import BaseCase, TransactionCase, tagged

from ..engine.search_key import make_search_key, pinyin_initials


@tagged("post_install", "-at_install")
class TestMakeSearchKey(BaseCase):
    def test_initials_of_words(self):
        for text, initials in (
            ("断路器", "dlq"),
            ("GS81-63 直流微型断路器", "gs81-63 zlwxdlq"),
            ("重庆长城", "cqcc"),  # both read otherwise on their own: zhong, zhang
            ("Breaker", ""),
            ("", ""),
        ):
            with self.subTest(text=text):
                self.assertEqual(pinyin_initials(text), initials)

    def test_each_text_stands_alone_and_once(self):
        key = make_search_key(["ＧＳ 断路器", "A-1", "", None, "a-1"])
        self.assertEqual(key, "gs 断路器\ngs dlq\na-1")


@tagged("post_install", "-at_install")
class TestSearchKey(TransactionCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        attribute = cls.env["product.attribute"].create(
            {"name": "极数", "value_ids": [(0, 0, {"name": "两极"}), (0, 0, {"name": "三极"})]}
        )
        cls.template = cls.env["product.template"].create(
            {
                "name": "塑壳断路器",
                "attribute_line_ids": [
                    (
                        0,
                        0,
                        {
                            "attribute_id": attribute.id,
                            "value_ids": [(6, 0, attribute.value_ids.ids)],
                        },
                    )
                ],
            }
        )
        cls.variant = cls.template.product_variant_ids[0]
        cls.value = cls.variant.product_template_attribute_value_ids.product_attribute_value_id

    def _find(self, word):
        Product = self.env["product.product"]
        mine = Domain("product_tmpl_id", "=", self.template.id)
        return Product.search(Product._kh_search_key_domain(word) & mine)

    def test_found_by_all_that_it_is_called(self):
        self.variant.write({"default_code": "KM-100%", "barcode": "69012345"})
        for word, is_found in (
            ("断路", True),
            ("skdlq", True),
            ("SKDLQ", True),
            ("km-100%", True),
            ("901234", True),
            ("两极", True),
            ("lj", True),
            ("三极", False),
            ("skdlqx", False),
            ("km_100", False),  # not a wild card
        ):
            with self.subTest(word=word):
                self.assertEqual(self.variant in self._find(word), is_found)

    def test_follows_what_changes(self):
        self.template.name = "漏电保护器"
        self.assertEqual(self._find("ldbhq"), self.template.product_variant_ids)
        self.assertFalse(self._find("skdlq"))
        self.value.name = "四极"
        self.assertEqual(self._find("sj") & self.variant, self.variant)

    def test_found_in_every_language(self):
        for code in ("en_US", "fr_FR"):  # while English is off, it follows what is written
            self.env["res.lang"]._activate_lang(code)
        self.template.with_context(lang="fr_FR").name = "Disjoncteur"
        self.assertIn(self.variant, self._find("disjoncteur"))
        self.assertIn(self.variant, self._find("断路"))

    def test_many_keys_cost_a_constant_number_of_queries(self):
        counts = []
        field = self.env["product.product"]._fields["kh_search_key"]
        for number in (2, 40):
            products = self.env["product.product"].create(
                [{"name": f"接触器 {number} {n}"} for n in range(number)]
            )
            self.env.flush_all()
            products.invalidate_recordset()
            self.env.add_to_compute(field, products)
            before = self.cr.sql_log_count
            products._recompute_field(field)
            counts.append(self.cr.sql_log_count - before)
        self.assertEqual(counts[0], counts[1])

    def test_a_thousand_keys_take_no_time(self):
        started = time.perf_counter()
        for number in range(1000):
            make_search_key(
                [f"GS81-63 系列直流微型断路器 C 型 6kA 导轨安装 {number}", f"GS-{number}"]
            )
        self.assertLess(time.perf_counter() - started, 2.0)
