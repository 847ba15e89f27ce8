"""What price lists and annexes say of taxes."""

from odoo import fields
from odoo.fields import Command
from odoo.tests import tagged

from ..report import price_list
from .common_documents import read_pdf, read_xlsx
from .test_price_list import PriceListCommon


@tagged("post_install", "-at_install")
class TestPriceListTax(PriceListCommon):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.vat_in, cls.vat_out, cls.vat_6 = (
            cls._create_tax(13.0, "tax_included"),
            cls._create_tax(13.0, "tax_excluded"),
            cls._create_tax(6.0, "tax_excluded"),
        )
        cls.products = cls.product | cls.product_2
        cls.wide = cls._create_contract(
            partner=cls.dealer_b, lines=[(cls.product, 90.4, 0), (cls.product_2, 56.5, 0)]
        )

    @classmethod
    def _create_tax(cls, amount, include, **values):
        return cls.env["account.tax"].create(
            {
                "name": f"KH {amount} {include}",
                "amount": amount,
                "type_tax_use": "sale",
                "price_include_override": include,
                **values,
            }
        )

    def _annex(self, contract=None, kind="xlsx"):
        document = self.lists._make_annex(kind, contract or self.wide)
        with document.file as target:
            return target.read()

    def _split(self, content):
        """Return the facts of the head as a dictionary, heads of columns, and the lines."""
        rows = read_xlsx(content)
        start = next(index for index, row in enumerate(rows) if row[0] == "Item no.")
        lines = [row for row in rows[start + 1 :] if row[0] and row[4]]
        return {row[0]: row[1] for row in rows[1:start]}, rows[start], lines

    def test_annex_says_it_once_where_all_agree(self):
        for taxes, text in (
            (self.vat_in, "13% incl."),
            (self.vat_out, "13% excl."),
            (self.env["account.tax"], "no tax"),
        ):
            self.products.taxes_id = taxes
            facts, columns, _lines = self._split(self._annex())
            self.assertEqual(facts["Tax"], text)
            self.assertNotIn("Tax", columns)
            self.assertIn(f"Tax {text}", read_pdf(self._annex(kind="pdf")))

    def test_annex_says_it_in_each_line_where_they_differ(self):
        self.product.taxes_id = self.vat_in
        self.product_2.taxes_id = self.vat_6
        facts, columns, lines = self._split(self._annex())
        self.assertEqual(facts["Tax"], "as each line says")
        place = columns.index("Tax")
        self.assertEqual(
            {line[0]: line[place] for line in lines},
            {"KH-P-1": "13% incl.", "KH-P-2": "6% excl."},
        )
        texts = read_pdf(self._annex(kind="pdf"))
        self.assertIn("13% incl.", texts)
        self.assertIn("6% excl.", texts)

    def test_taxes_of_another_company_and_archived_ones_do_not_count(self):
        other = self.env["res.company"].create({"name": "Other company"})
        foreign = self._create_tax(
            3.0,
            "tax_excluded",
            company_id=other.id,
            country_id=self.vat_in.country_id.id,
            tax_group_id=self.env["account.tax.group"]
            .create(
                {
                    "name": "Other",
                    "company_id": other.id,
                    "country_id": self.vat_in.country_id.id,
                }
            )
            .id,
        )
        self.product.taxes_id = self.vat_in + foreign
        self.product_2.taxes_id = self.vat_in + self.vat_6
        self.vat_6.active = False
        facts, _columns, _lines = self._split(self._annex())
        self.assertEqual(facts["Tax"], "13% incl.")

    def test_line_on_a_category(self):
        self.products.taxes_id = self.vat_in
        self._create_rule(
            percent=15,
            kh_contract_id=self.wide.id,
            kh_partner_id=self.dealer_b.id,
            categ_id=self.category.id,
        )
        facts, columns, _lines = self._split(self._annex())
        self.assertEqual(facts["Tax"], "as each line says")
        self.assertIn("Tax", columns)
        self.assertIn("as the product's", str(read_xlsx(self._annex())))

    def test_what_comes_on_top_is_the_dealers(self):
        """A price with tax in it is what it says; one without gets the tax of the dealer."""
        position = self.env["account.fiscal.position"].create({"name": "Zone"})
        self.vat_6.write(
            {
                "fiscal_position_ids": [Command.link(position.id)],
                "original_tax_ids": [Command.set((self.vat_in | self.vat_out).ids)],
            }
        )
        self.dealer_b.property_account_position_id = position
        self.product.taxes_id = self.vat_in
        self.product_2.taxes_id = self.vat_out
        _facts, columns, lines = self._split(self._annex())
        place = columns.index("Tax")
        self.assertEqual(
            {line[0]: line[place] for line in lines},
            {"KH-P-1": "13% incl.", "KH-P-2": "6% excl."},
        )

    def test_dealers_list(self):
        """Of a dealer's list prices are shown with or without taxes, as its website does."""
        self.env["product.product"].search([("is_published", "=", True)]).taxes_id = self.vat_out
        self.authenticate("kh_list_a", "kh_list_a")
        facts, columns, _lines = self._split(self._download().content)
        self.assertEqual(facts["Tax"], "13% incl.")
        self.assertNotIn("Tax", columns)
        self.product_2.taxes_id = self.vat_6
        self.website.show_line_subtotals_tax_selection = "tax_excluded"
        facts, columns, lines = self._split(self._download().content)
        place = columns.index("Tax")
        texts = {line[0]: line[place] for line in lines}
        self.assertEqual((texts["KH-P-1"], texts["KH-P-2"]), ("13% excl.", "6% excl."))

    def test_queries_of_taxes_do_not_grow_with_lines(self):
        self.patch(price_list, "CHUNK", 100)
        taxes = self.vat_in, self.vat_out, self.vat_6
        counts = []
        for size, dealer in ((10, "C"), (60, "D")):
            products = [
                self._create_product(f"T {n}", f"KH-T-{n}", taxes_id=taxes[n % 3].ids)
                for n in range(size)
            ]
            contract = self._create_contract(
                partner=self.env["res.partner"].create({"name": dealer, "is_company": True}),
                lines=[(product, 5.0, 0) for product in products],
                date_start=fields.Date.today(),
            )
            for _warm in range(2):
                self.env.flush_all()
                self.env.invalidate_all()
                before = self.env.cr.sql_log_count
                self._annex(contract)
                count = self.env.cr.sql_log_count - before
            counts.append(count)
        self.assertLessEqual(counts[1], counts[0] + 3)
