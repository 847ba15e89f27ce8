from datetime import datetime, time, timedelta

from odoo import fields
from odoo.fields import Command

from .common import PricingCommon


class SimulationCommon(PricingCommon):
    """Orders of the last months, and scenarios over them."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.today = fields.Date.today()
        cls.last_month = datetime.combine(cls.today - timedelta(days=30), time(8, 30))
        cls.product.standard_price = 60.0
        cls.product_2.standard_price = 50.0

    @classmethod
    def _sell(cls, dealer, lines, moment=None, **vals):
        """Create a confirmed order; ``lines`` are ``(product, quantity, price or None, vals)``."""
        order = cls.env["sale.order"].create(
            {
                "partner_id": dealer.id,
                "pricelist_id": cls.pricelist.id,
                "order_line": [
                    Command.create(
                        {
                            "product_id": product.id,
                            "product_uom_qty": quantity,
                            "tax_ids": False,
                            **({} if price is None else {"price_unit": price}),
                            **(more[0] if more else {}),
                        }
                    )
                    for product, quantity, price, *more in lines
                ],
                **vals,
            }
        )
        order.write({"state": "sale", "date_order": moment or cls.last_month})
        cls.env.flush_all()
        return order

    @classmethod
    def _create_simulation(cls, lines=(), **vals):
        return cls.env["kh.price.simulation"].create(
            {
                "name": "What if",
                "pricelist_id": cls.pricelist.id,
                "line_ids": [Command.create(line) for line in lines],
                **vals,
            }
        )

    @classmethod
    def _gold_discount(cls, percent, **vals):
        return {"kind": "percentage", "grade_id": cls.gold.id, "percent_price": percent, **vals}

    def _row(self, simulation, record):
        """Return the result of one dealer or product."""
        field = "partner_id" if record._name == "res.partner" else "product_id"
        row = simulation.result_ids.filtered(lambda result: result[field] == record)
        return row.ensure_one()

    def _assert_amounts(self, row, actual, present, scenario):
        found = (row.amount_actual, row.amount_present, row.amount_scenario)
        self.assertEqual(found, (actual, present, scenario))
        self.assertAlmostEqual(row.amount_change, scenario - present, places=2)

    def _assert_reconciles(self, simulation):
        """Dealers, products and the scenario itself say the same, to the cent."""
        for field in ("amount_actual", "amount_present", "amount_scenario", "amount_change"):
            for kind in ("dealer", "product"):
                rows = simulation.result_ids.filtered(lambda row, kind=kind: row.kind == kind)
                total = sum(rows.mapped(field))
                self.assertAlmostEqual(total, simulation[field], places=2, msg=f"{kind} {field}")
