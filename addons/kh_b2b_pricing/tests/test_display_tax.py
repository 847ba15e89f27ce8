import random

from odoo.fields import Command
from odoo.tests import tagged

from .common import PricingCommon

AMOUNTS = 40


@tagged("post_install", "-at_install")
class TestDisplayTax(PricingCommon):
    """A price that is shown as it stands is the one core would have reckoned."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.website = cls.env["website"].get_current_website()
        cls.website.kh_is_b2b = True

    def _tax(self, included, amount_type="percent", amount=13.0, **values):
        return self.env["account.tax"].create(
            {
                "name": f"KH {self.env['account.tax'].search_count([])}",
                "amount_type": amount_type,
                "amount": amount,
                "type_tax_use": "sale",
                "price_include_override": "tax_included" if included else "tax_excluded",
                **values,
            }
        )

    def _reverse_charge(self, included):
        lines = [
            Command.create({"repartition_type": kind, "factor_percent": factor})
            for kind, factor in (("base", 100.0), ("tax", 100.0), ("tax", -100.0))
        ]
        return self._tax(
            included,
            amount=6.0,
            invoice_repartition_line_ids=[Command.clear(), *lines],
            refund_repartition_line_ids=[Command.clear(), *lines],
        )

    def _tax_sets(self):
        for included in (True, False):
            yield self._tax(included)
            yield self._tax(included) + self._tax(included, "fixed", 1.37)
            yield self._tax(included, "division", 9.0)
            yield self._tax(included, include_base_amount=True) + self._tax(included, amount=3.3)
            yield self._tax(included, "group", 0.0, children_tax_ids=self._tax(included).ids)
            yield self._reverse_charge(included)
        yield self._tax(True) + self._tax(False, amount=5.0)

    def _compare(self, taxes):
        self.product.taxes_id = taxes
        templates = self.product.product_tmpl_id
        currency = self.website.currency_id
        shown = self.pricelist._kh_display_converter(self.product, self.dealer_a, self.website)
        position = self.pricelist._kh_display_fiscal_position(self.dealer_a)
        chance = random.Random(taxes.ids[0])
        for _turn in range(AMOUNTS):
            amount = round(chance.uniform(0, 3000), chance.choice((0, 2, 2, 4)))
            mapped = position.map_tax(taxes)
            args = amount, currency, taxes, mapped, self.product
            # core's own way: that of a shop which is none of ours
            self.website.kh_is_b2b = False
            reckoned = templates._apply_taxes_to_price(*args, website=self.website)
            self.website.kh_is_b2b = True
            ours = templates._apply_taxes_to_price(*args, website=self.website)
            self.assertAlmostEqual(ours, reckoned, 6, (taxes, amount))
            self.assertAlmostEqual(shown(self.product, amount), reckoned, 6, (taxes, amount))

    def test_shown_as_core_reckons(self):
        plain = set()
        for taxes in self._tax_sets():
            for selection in ("tax_included", "tax_excluded"):
                for method in ("round_per_line", "round_globally"):
                    self.website.show_line_subtotals_tax_selection = selection
                    self.env.company.tax_calculation_rounding_method = method
                    with self.subTest(taxes=taxes.mapped("name"), shown=selection, method=method):
                        self._compare(taxes)
                plain.add(self.pricelist._kh_is_shown_plain(taxes, taxes, self.website))
        self.assertEqual(plain, {True, False}, "only one way was compared")

    def test_a_mapped_tax_is_reckoned(self):
        self.website.show_line_subtotals_tax_selection = "tax_included"
        own, other = self._tax(True), self._tax(True, amount=6.0)
        self.assertTrue(self.pricelist._kh_is_shown_plain(own, own, self.website))
        self.assertFalse(self.pricelist._kh_is_shown_plain(own, other, self.website))
