from odoo.tests import BaseCase, tagged

from ..engine.figures import PriceLine, compare, summarise


def line(number, price, minimum=0.0, **vals):
    return PriceLine(number, ("0_product_variant", number, number, 0, minimum), price, **vals)


@tagged("post_install", "-at_install")
class TestFigures(BaseCase):
    def test_kinds(self):
        old = [line(1, 10.0), line(2, 10.0), line(3, 10.0), line(4, 10.0), line(5, None)]
        new = [line(1, 12.0), line(2, 8.0), line(3, 10.0), line(6, 1.0), line(5, 3.0)]
        kinds = [(change.kind, (change.new or change.old).id) for change in compare(new, old)]
        self.assertEqual(
            kinds, [("up", 1), ("down", 2), ("same", 3), ("new", 6), ("other", 5), ("gone", 4)]
        )

    def test_another_minimum_is_another_price(self):
        kinds = [change.kind for change in compare([line(1, 9.0, 50.0)], [line(1, 10.0)])]
        self.assertEqual(kinds, ["new", "gone"])

    def test_ratios_compare_by_their_discount(self):
        old = [line(1, None, discount=0.2), line(2, None, discount=0.2)]
        new = [line(1, None, discount=0.1), line(2, None, discount=0.2)]
        up, same = compare(new, old)
        self.assertEqual((up.kind, same.kind), ("up", "same"))
        self.assertAlmostEqual(up.rate, 0.125)

    def test_figures(self):
        old = [line(1, 100.0)]
        new = [
            line(1, 80.0, market=100.0, cost=60.0),
            line(2, 50.0, market=100.0, cost=60.0),
            line(3, 130.0, market=100.0),
            line(4, None, discount=0.3),
        ]
        figures = summarise(compare(new, old))
        self.assertAlmostEqual(figures.max_discount_rate, 0.5)
        self.assertAlmostEqual(figures.average_discount_rate, (0.2 + 0.5 - 0.3 + 0.3) / 4)
        self.assertAlmostEqual(figures.max_change_rate, 0.2)
        self.assertAlmostEqual(figures.min_margin_rate, -0.2)
        self.assertEqual((figures.below_cost_count, figures.unchecked_count), (1, 2))

    def test_margin_is_of_the_price_without_tax(self):
        taxed = line(1, 113.0, cost=90.0, net_factor=1 / 1.13)
        self.assertAlmostEqual(taxed.margin_rate, 0.1)

    def test_nothing_known(self):
        figures = summarise(compare([line(1, 5.0)], []))
        self.assertEqual(figures.min_margin_rate, 0.0)
        self.assertEqual((figures.below_cost_count, figures.unchecked_count), (0, 1))
        self.assertEqual(summarise([]).line_count, 0)

    def test_a_markup_on_the_cost_tells_the_margin_and_no_discount(self):
        key = ("2_product_category", 0, 0, 9, 0.0)
        thin = PriceLine(1, key, None, -0.01, is_on_cost=True)
        self.assertIsNone(thin.discount_rate)
        self.assertAlmostEqual(thin.margin_rate, 1 - 1 / 1.01)
        given = PriceLine(2, key, None, 1.0, is_on_cost=True)
        self.assertEqual(given.margin_rate, -1.0)
        figures = summarise(compare([thin], [PriceLine(3, key, None, 0.1)]))
        self.assertEqual((figures.max_discount_rate, figures.unchecked_count), (0.0, 0))
        self.assertLess(figures.min_margin_rate, 0.1)
        self.assertEqual(figures.max_change_rate, 0.0)
