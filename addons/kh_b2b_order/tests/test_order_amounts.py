import random

from odoo import Command
from odoo.tests import tagged

from odoo.addons.sale.models.sale_order import SaleOrder

from .common import OrderCommon

AMOUNTS = ("amount_untaxed", "amount_tax", "amount_total")
ORDERS, LINES = 15, 12


@tagged("post_install", "-at_install")
class TestOrderAmounts(OrderCommon):
    """What an order costs is what core finds, to the cent, whatever its taxes and lines are."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.company.tax_calculation_rounding_method = "round_per_line"
        cls.taxes = cls.env["account.tax"].create(
            [
                {
                    "name": f"KH {number}",
                    "type_tax_use": "sale",
                    "company_id": cls.company.id,
                    **vals,
                }
                for number, vals in enumerate(
                    (
                        {"amount": 13.0, "price_include_override": "tax_included"},
                        {"amount": 13.0, "price_include_override": "tax_excluded"},
                        {"amount": 6.0, "price_include_override": "tax_excluded"},
                        {
                            "amount": 1.0,
                            "price_include_override": "tax_excluded",
                            "include_base_amount": True,
                        },
                        {"amount": 0.37, "amount_type": "fixed"},
                        {"amount": 9.0, "amount_type": "division"},
                    )
                )
            ]
        )

    def _create_orders(self, **vals):
        chance = random.Random(7)
        return self.env["sale.order"].create(
            [
                {
                    "partner_id": self.buyer.partner_id.id,
                    "company_id": self.company.id,
                    "order_line": [
                        Command.create(self._random_line(chance)) for _line in range(LINES)
                    ]
                    + [Command.create({"display_type": "line_note", "name": "Handle with care"})],
                    **vals,
                }
                for _order in range(ORDERS)
            ]
        )

    def _random_line(self, chance):
        taxes = chance.sample(self.taxes.ids, chance.choice((0, 1, 1, 1, 2)))
        return {
            "product_id": self.product.id,
            "product_uom_qty": chance.choice((1, 3, 7.5, 120, -2)),
            "price_unit": round(chance.uniform(0.01, 99), 2),
            "discount": chance.choice((0, 0, 3.3, 15)),
            "tax_ids": [Command.set(taxes)],
        }

    def _amounts(self, orders):
        return [[order[name] for name in AMOUNTS] for order in orders]

    def _check(self, orders):
        """Compare what is stored with what core alone computes; give how many orders are by sum."""
        self.env.flush_all()
        ours = self._amounts(orders)
        SaleOrder._compute_amounts(orders)
        for mine, core in zip(ours, self._amounts(orders), strict=True):
            for my_amount, core_amount in zip(mine, core, strict=True):
                self.assertAlmostEqual(my_amount, core_amount, places=6)
        return len(orders.filtered(lambda order: order._kh_costs_sum_of_lines()))

    def test_rounded_by_line(self):
        orders = self._create_orders()
        self.assertEqual(self._check(orders), ORDERS)
        orders.order_line.filtered("product_id")[::3].product_uom_qty = 11
        self.assertEqual(self._check(orders), ORDERS)

    def test_in_another_currency(self):
        yen = self.setup_other_currency("JPY", rates=[("2020-01-01", 20.0)])
        pricelist = self.env["product.pricelist"].create(
            {"name": "Yen", "currency_id": yen.id, "company_id": self.company.id}
        )
        orders = self._create_orders(pricelist_id=pricelist.id)
        self.assertEqual(orders.currency_id, yen)
        self.assertEqual(self._check(orders), ORDERS)

    def test_rounded_for_the_whole_order_is_cores(self):
        self.company.tax_calculation_rounding_method = "round_globally"
        orders = self._create_orders()
        self.assertEqual(self._check(orders), 0)
        sums = [round(sum(order.order_line.mapped("price_total")), 2) for order in orders]
        self.assertNotEqual(sums, orders.mapped("amount_total"), "the two ways differ somewhere")

    def test_early_payment_is_cores(self):
        term = self.env["account.payment.term"].create(
            {
                "name": "2 % in 10 days",
                "early_discount": True,
                "early_pay_discount_computation": "mixed",
                "discount_percentage": 2.0,
                "discount_days": 10,
            }
        )
        self.assertEqual(self._check(self._create_orders(payment_term_id=term.id)), 0)
