import re

from odoo import Command
from odoo.tests import tagged

from odoo.addons.website_sale.tests.common import MockRequest

from .common import PortalCommon


@tagged("post_install", "-at_install")
class TestMatrix(PortalCommon):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.poles = cls._create_attribute("KH Poles", ("1P", "2P"))
        cls.current = cls.template.attribute_line_ids.attribute_id
        cls.grid = cls._create_grid("KH grid", cls.poles, cls.current)

    @classmethod
    def _create_attribute(cls, name, values, **vals):
        values = [Command.create({"name": value}) for value in values]
        return cls.env["product.attribute"].create({"name": name, "value_ids": values, **vals})

    @classmethod
    def _create_grid(cls, name, *attributes):
        return cls._create_template(
            name,
            attribute_line_ids=[
                Command.create(
                    {
                        "sequence": sequence,
                        "attribute_id": attribute.id,
                        "value_ids": [Command.set(attribute.value_ids.ids)],
                    }
                )
                for sequence, attribute in enumerate(attributes)
            ],
        )

    def _matrix(self, template, user=None):
        website = self.website.with_user(user or self.user)
        with MockRequest(website.env, website=website):
            template = template.with_env(website.env)
            rows = website._kh_catalogue_rows(template.product_variant_ids)
            return website._kh_variant_matrix(template, rows)

    def test_two_attributes_make_a_grid(self):
        matrix = self._matrix(self.grid)
        self.assertEqual((matrix.row_label, matrix.column_label), ("KH Poles", "KH Current"))
        self.assertEqual(matrix.columns, ("6A", "10A", "16A"))
        self.assertEqual([line.label for line in matrix.lines], ["1P", "2P"])
        ids = [cell.product_id for line in matrix.lines for cell in line.cells]
        self.assertEqual(set(ids), set(self.grid.product_variant_ids.ids))
        for line in matrix.lines:
            for column, cell in zip(matrix.columns, line.cells, strict=True):
                variant = self.env["product.product"].browse(cell.product_id)
                names = variant.product_template_attribute_value_ids.mapped("name")
                self.assertEqual(set(names), {line.label, column})

    def test_what_is_not_made_is_an_empty_cell(self):
        gone = self.grid.product_variant_ids[0]
        gone.active = False
        self.grid.invalidate_recordset()
        cells = [cell for line in self._matrix(self.grid).lines for cell in line.cells]
        self.assertEqual(cells.count(None), 1)

    def test_one_or_three_attributes_make_a_list(self):
        self.assertIsNone(self._matrix(self.template))
        third = self._create_attribute("KH Curve", ("B", "C"))
        self.assertIsNone(
            self._matrix(self._create_grid("KH cube", self.poles, self.current, third))
        )

    def test_a_fixed_attribute_does_not_count(self):
        brand = self._create_attribute("KH Maker", ("One",))
        template = self._create_grid("KH branded", self.poles, self.current, brand)
        self.assertEqual(len(self._matrix(template).lines), 2)

    def test_a_wide_grid_is_laid_on_its_side(self):
        many = self._create_attribute("KH Many", [f"{n}mm" for n in range(12)])
        matrix = self._matrix(self._create_grid("KH wide", self.poles, many))
        self.assertEqual((len(matrix.lines), len(matrix.columns)), (12, 2))

    def test_page_shows_own_prices_in_the_cells(self):
        variant = self.grid.product_variant_ids[0]
        variant.default_code = "KHG-1"
        self.env["product.pricelist.item"].create(
            {
                "pricelist_id": self.pricelist.id,
                "applied_on": "0_product_variant",
                "product_tmpl_id": self.grid.id,
                "product_id": variant.id,
                "compute_price": "fixed",
                "fixed_price": 71.5,
                "kh_partner_id": self.dealer.id,
            }
        )
        for login, is_own in (("kh_dealer", True), ("kh_stranger", False), (None, False)):
            self.authenticate(login, login)
            html = self.url_open(variant._kh_shop_url()).text
            with self.subTest(login=login):
                self.assertIn("data-kh-grid", html)
                self.assertEqual(">71.50</b>" in html, is_own)
                self.assertEqual(html.count("data-kh-qty"), 6 if login else 0)
                self.assertIn("KHG-1", html)

    def test_cells_carry_what_the_script_needs(self):
        variant = self.grid.product_variant_ids[0]
        self.env["kh.order.limit"].create({"product_tmpl_id": self.grid.id, "multiple": 5})
        self.authenticate("kh_dealer", "kh_dealer")
        html = self.url_open(variant._kh_shop_url()).text
        [cell] = re.findall(rf'<td[^>]*data-kh-product="{variant.id}"[^>]*>', html)
        self.assertIn('data-kh-multiple="5', cell)
        self.assertIn('data-kh-price="100', cell)
        self.assertIn(f'data-kh-why-product="{variant.id}"', html)

    def test_filled_in_with_the_keyboard_alone(self):
        path = self.grid.product_variant_ids[0]._kh_shop_url()
        self.start_tour(path, "kh_b2b_portal_matrix", login="kh_dealer", timeout=60)
        [first, second] = [line.cells for line in self._matrix(self.grid).lines]
        self.assertEqual(
            {line.product_id.id: line.product_uom_qty for line in self._cart().order_line},
            {
                first[0].product_id: 5,
                first[1].product_id: 10,
                first[2].product_id: 20,
                second[2].product_id: 40,
            },
        )

    def test_cells_cost_a_constant_number_of_queries(self):
        wide = self._create_attribute("KH Wide", [f"{n}cm" for n in range(9)])
        templates = [self.grid, self._create_grid("KH more", self.poles, wide)]
        counts = []
        for template in templates:
            for _turn in range(2):
                self.env.flush_all()
                self.env.invalidate_all()
                before = self.cr.sql_log_count
                self.assertTrue(self._matrix(template))
                count = self.cr.sql_log_count - before
            counts.append(count)
        self.assertEqual(counts[0], counts[1])
