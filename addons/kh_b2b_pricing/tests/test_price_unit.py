"""Prices agreed per another unit than the product's: 100.00 per carton of 12."""

from datetime import timedelta

from odoo import fields
from odoo.exceptions import UserError, ValidationError
from odoo.fields import Command
from odoo.tests import Form, tagged

from ..engine.trace import replay
from .common_documents import read_pdf, read_xlsx
from .test_contract_import import HEADER, ImportCommon
from .test_order_trace import TraceCommon


class UnitCommon(TraceCommon):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.env.user.group_ids += cls.env.ref("uom.group_uom")
        cls.carton = cls.env["uom.uom"].create(
            {"name": "Carton 12", "relative_factor": 12, "relative_uom_id": cls.uom_unit.id}
        )
        cls.pallet = cls.env["uom.uom"].create(
            {"name": "Pallet", "relative_factor": 10, "relative_uom_id": cls.carton.id}
        )
        cls.kilogram = cls.env.ref("uom.product_uom_kgm")

    @classmethod
    def _create_carton_rule(cls, price=100.0, **vals):
        values = {"product_id": cls.product.id, "kh_partner_id": cls.dealer_a.id, **vals}
        return cls.env["product.pricelist.item"].create(
            {
                "pricelist_id": cls.pricelist.id,
                "compute_price": "fixed",
                "kh_uom_id": cls.carton.id,
                "kh_uom_price": price,
                **values,
            }
        )

    @classmethod
    def _create_carton_contract(cls, price=100.0, **vals):
        return cls._create_contract(
            item_ids=[
                Command.create(
                    {
                        "product_id": cls.product.id,
                        "applied_on": "0_product_variant",
                        "compute_price": "fixed",
                        "kh_uom_id": cls.carton.id,
                        "kh_uom_price": price,
                    }
                )
            ],
            **vals,
        )


@tagged("post_install", "-at_install")
class TestPriceUnit(UnitCommon):
    # --- what it costs

    def test_no_cent_is_lost_in_any_unit(self):
        rule = self._create_carton_rule()
        half = self.env["uom.uom"].create(
            {"name": "Box of 6", "relative_factor": 6, "relative_uom_id": self.uom_unit.id}
        )
        for uom, price in (
            (None, 8.33),
            (self.uom_unit, 8.33),
            (half, 50.0),
            (self.carton, 100.0),
            (self.uom_dozen, 100.0),
            (self.pallet, 1000.0),
        ):
            with self.subTest(uom=uom and uom.name):
                self.assertEqual(self._price(partner=self.dealer_a, uom=uom), price)
                of_rule = rule._compute_price(
                    self.product, 1.0, uom or self.uom_unit, fields.Datetime.now()
                )
                self.assertEqual(of_rule, price)

    def test_ratio_of_a_market_price_per_carton(self):
        self._create_carton_rule(120.1, kh_partner_id=False)
        self._create_rule(percent=10, base="kh_market", kh_grade_id=self.gold.id)
        self.assertEqual(self._price(partner=self.dealer_a, uom=self.carton), 108.09)
        self.assertEqual(self._price(partner=self.dealer_a), 9.01)  # of 10.01

    def test_order_line_traces_and_replays(self):
        self._create_carton_rule()
        order = self._create_order(
            [
                (self.product, 2.0, {"product_uom_id": uom.id})
                for uom in (self.uom_unit, self.carton, self.pallet)
            ]
        )
        self.assertEqual(order.order_line.mapped("price_unit"), [8.33, 100.0, 1000.0])
        self.assertEqual(order.amount_untaxed, 2216.66)
        for line in order.order_line:
            self.assertEqual(replay(line.kh_price_trace), line.price_unit)
        piece, carton, pallet = (line.kh_explain_price() for line in order.order_line)
        self.assertIn("$100.00 per Carton 12", piece["source"])
        self.assertEqual(
            [(step["label"], step["price"]) for step in piece["steps"]],
            [
                ("Fixed price of the rule, per Carton 12", "$100.00"),
                ("1 Carton 12 = 12 Units", "$8.33"),
            ],
        )
        self.assertEqual([step["price"] for step in carton["steps"]], ["$100.00"])
        self.assertEqual(pallet["steps"][-1]["label"], "1 Pallet = 10 Carton 12")

    def test_xray_of_a_line_per_carton_names_the_units(self):
        """Rules speak per piece, the line per carton: each price beside it says per what."""
        target = {"product_id": self.product.id, "applied_on": "0_product_variant"}
        self._create_rule(90.0, **target)
        for price, minimum in ((80.0, 0), (75.0, 24)):
            self._create_rule(price, kh_partner_id=self.dealer_a.id, min_quantity=minimum, **target)
        order = self._create_order(
            [
                (self.product, 1.0, {"product_uom_id": uom.id})
                for uom in (self.carton, self.uom_unit)
            ]
        )
        carton, piece = order.order_line
        unit = self.uom_unit.name
        told = carton.kh_explain_price()
        self.assertEqual(told["price"], "$960.00")
        self.assertTrue(told["source"].endswith(f"$80.00 per {unit}"), told["source"])
        self.assertEqual([step["price"] for step in told["ladder"]], ["$900.00 per Carton 12"])
        self.assertIn("for $900.00 per Carton 12", told["next"])
        market = next(row for row in told["losers"] if "Market" in row["label"])
        self.assertIn(f"$90.00 per {unit}", market["label"])
        self.assertEqual(market["price"], "$1,080.00 per Carton 12")
        self.assertIn(f"$90.00 per {unit}", told["text"])
        own = carton._kh_explain_own()
        self.assertIn(" per Carton 12", own["next"])
        self.assertIn(" per Carton 12", own["ladder"][0]["price"])
        told = piece.kh_explain_price()
        self.assertTrue(told["source"].endswith("$80.00"), "one unit, nothing to tell apart")
        self.assertTrue(told["next"].endswith("for $75.00 each"), told["next"])

    def test_market_price_beside_an_agreed_price(self):
        rule = self._create_carton_rule()
        self.assertEqual((rule.kh_market_price, rule.kh_uom_market_price), (100.0, 1200.0))
        plain = self._create_rule(80.0, kh_grade_id=self.gold.id, product_id=self.product.id)
        self.assertEqual(plain.kh_uom_market_price, 100.0)

    def test_whatever_else_is_cheaper_in_the_ladder(self):
        self._create_carton_rule()
        self._create_carton_rule(96.0, min_quantity=120)
        self.assertEqual(self._price(partner=self.dealer_a, quantity=9, uom=self.carton), 100.0)
        self.assertEqual(self._price(partner=self.dealer_a, quantity=10, uom=self.carton), 96.0)
        self.assertEqual(self._price(partner=self.dealer_a, quantity=120), 8.0)

    # --- agreed price and price per unit of the product

    def test_prices_follow_each_other(self):
        rule = self._create_carton_rule()
        self.assertEqual(rule.fixed_price, 8.33)
        self.assertEqual(rule.price, "$\xa0100.00 per Carton 12")
        rule.kh_uom_price = 102.0
        self.assertEqual(rule.fixed_price, 8.5)
        rule.fixed_price = 9.0
        self.assertEqual(rule.kh_uom_price, 108.0)
        rule.kh_uom_id = self.pallet
        self.assertEqual(rule.kh_uom_price, 1080.0)
        rule.write({"compute_price": "percentage", "percent_price": 10})
        self.assertFalse(rule.kh_uom_id)

    def test_the_products_own_unit_is_no_agreed_unit(self):
        rule = self._create_carton_rule(7.0, kh_uom_id=self.uom_unit.id)
        self.assertFalse(rule.kh_uom_id)
        self.assertEqual(rule.fixed_price, 7.0)
        self.env.flush_all()
        self.env.cr.execute(
            "SELECT kh_uom_id, kh_uom_price FROM product_pricelist_item WHERE id = %s", [rule.id]
        )
        self.assertEqual(self.env.cr.fetchone(), (None, None), "as small as before")

    def test_unit_must_convert_and_price_be_fixed(self):
        with self.assertRaisesRegex(ValidationError, "kg"):
            self._create_carton_rule(kh_uom_id=self.kilogram.id)
        with self.assertRaises(ValidationError):
            self._create_carton_rule(product_id=False, categ_id=self.category.id)
        rule = self._create_rule(percent=10, product_id=self.product.id)
        rule.kh_uom_id = self.carton
        self.assertFalse(rule.kh_uom_id, "a ratio has no unit")

    def test_an_agreed_unit_keeps_its_size(self):
        self._create_carton_rule()
        with self.assertRaisesRegex(UserError, "Carton 12"):
            self.carton.relative_factor = 10
        self.carton.name = "Big carton"
        self.pallet.relative_factor = 20

    def test_form(self):
        form = Form(
            self.env["product.pricelist.item"].with_context(
                default_pricelist_id=self.pricelist.id, default_applied_on="1_product"
            )
        )
        form.product_tmpl_id = self.product.product_tmpl_id
        form.fixed_price = 9.0
        form.kh_uom_id = self.carton
        self.assertEqual(form.kh_uom_price, 108.0)
        form.kh_uom_price = 100.0
        self.assertEqual(form.fixed_price, 8.33)
        form.kh_uom_min_quantity = 10
        rule = form.save()
        self.assertEqual((rule.fixed_price, rule.kh_uom_price), (8.33, 100.0))
        self.assertEqual((rule.min_quantity, rule.kh_uom_min_quantity), (120.0, 10.0))

    # --- contracts

    def test_contract_line_by_hand(self):
        with Form(self._create_contract()) as form, form.item_ids.new() as line:
            line.product_id = self.product
            line.kh_uom_id = self.carton
            line.kh_uom_price = 100.0
            self.assertEqual(line.fixed_price, 8.33)
        item = form.record.item_ids
        self.assertEqual((item.fixed_price, item.kh_uom_price), (8.33, 100.0))
        form.record.action_activate()
        self.assertEqual(self._price(partner=self.dealer_a, uom=self.carton), 100.0)

    def test_change_in_force_keeps_the_former_price(self):
        contract = self._create_carton_contract(date_start=fields.Date.today() - timedelta(days=30))
        contract.action_activate()
        contract.item_ids.kh_uom_price = 105.0
        items = contract.with_context(active_test=False).item_ids
        everything = items.search([("kh_contract_id", "=", contract.id)], order="id")
        self.assertEqual(sorted(everything.mapped("kh_uom_price")), [100.0, 105.0])
        self.assertEqual(sorted(everything.mapped("fixed_price")), [8.33, 8.75])
        self.assertIn("per Carton 12", contract.message_ids[0].body)

    def test_derived_contract_changes_the_agreed_price(self):
        source = self._create_carton_contract()
        source.write(
            {"item_ids": [Command.create({"product_id": self.product_2.id, "fixed_price": 61.0})]}
        )
        draft = self._create_contract(partner=self.dealer_b)
        draft._copy_lines_from(source, factor=0.95)
        carton, piece = draft.item_ids.sorted("kh_uom_price", reverse=True)
        self.assertEqual((carton.kh_uom_id, carton.kh_uom_price), (self.carton, 95.0))
        self.assertEqual(carton.fixed_price, 7.92)
        self.assertEqual((piece.kh_uom_price, piece.fixed_price), (0.0, 57.95))
        same = self._create_contract(partner=self.dealer_b)
        same._copy_lines_from(source)
        self.assertEqual(sorted(same.item_ids.mapped("kh_uom_price")), [0.0, 100.0])
        copied = source.copy()
        self.assertEqual(sorted(copied.item_ids.mapped("kh_uom_price")), [0.0, 100.0])

    def test_adjustment_is_per_agreed_unit(self):
        contract = self._create_carton_contract(date_start=fields.Date.today() - timedelta(days=30))
        contract.action_activate()
        adjustment = self.env["kh.price.adjustment"].create(
            {
                "contract_id": contract.id,
                "reason": "Copper",
                "line_ids": [Command.create({"item_id": contract.item_ids.id, "new_price": 103})],
            }
        )
        line = adjustment.line_ids
        self.assertEqual((line.old_price, line.uom_id), (100.0, self.carton))
        self.assertEqual(line.market_price, 1200.0, "as the prices beside it")
        self.assertAlmostEqual(line.change_rate, 0.03)
        adjustment.action_submit()
        self.assertEqual(adjustment.state, "applied")
        new = line.new_item_id
        self.assertEqual((new.kh_uom_id, new.kh_uom_price), (self.carton, 103.0))
        self.assertEqual(new.fixed_price, 8.58)
        self.assertEqual(self._price(partner=self.dealer_a, uom=self.carton), 103.0)

    def test_preview_reckons_with_the_agreed_price(self):
        order = self._create_order([(self.product, 3.0, {"product_uom_id": self.carton.id})])
        order.action_confirm()
        contract = self._create_carton_contract()
        self.assertEqual(contract._get_order_effect()[2], 300.0)

    def test_annex_names_the_agreed_unit(self):
        contract = self._create_carton_contract()
        contract.item_ids.min_quantity = 60
        lists = self.env["kh.price.list"]
        with lists._make_annex("xlsx", contract).file as file:
            [row] = [row for row in read_xlsx(file.read()) if row[0] == "KH-P-1"]
        self.assertEqual(row[3:7], ["Carton 12", 5.0, 100.0, 1200.0])
        with lists._make_annex("pdf", contract).file as file:
            text = read_pdf(file.read())
        self.assertIn("Carton 12", text)
        self.assertIn("100.00", text)


@tagged("post_install", "-at_install")
class TestPriceUnitImport(UnitCommon, ImportCommon):
    def _unit_wizard(self, rows, **vals):
        return self._wizard(rows, header=[*HEADER, "Unit"], **vals)

    def test_rows_in_several_units(self):
        wizard = self._unit_wizard(
            [
                ["KH-P-1", "", 0, 100, "", "", "carton 12"],
                ["KH-P-1", "", 10, 98, "", "", "Carton 12"],
                ["KH-P-2", "", 0, 9, "", "", self.uom_unit.name],
                ["KH-P-2", "", 5, 8, "", "", ""],
                ["KH-P-2", "", 1, 950, "", "", "Pallet"],
            ]
        )
        self.assertEqual(wizard.bad_count, 0, wizard.error_ids.mapped("error"))
        wizard.action_import()
        self.assertEqual(
            [
                (item.fixed_price, item.kh_uom_id.name, item.kh_uom_price, item.min_quantity)
                for item in self.contract.item_ids.sorted(
                    lambda item: (item.kh_default_code, item.min_quantity)
                )
            ],
            [
                (8.33, "Carton 12", 100.0, 0.0),
                (8.17, "Carton 12", 98.0, 120.0),
                (9.0, False, 0.0, 0.0),
                (8.0, False, 0.0, 5.0),
                (7.92, "Pallet", 950.0, 120.0),
            ],
        )

    def test_what_is_wrong_with_a_unit(self):
        self.env["uom.uom"].create(
            [
                {"name": name, "relative_factor": size, "relative_uom_id": self.uom_unit.id}
                for name, size in (("Sack", 5), ("Sack", 6), ("Lot", 100_000))
            ]
        )
        wizard = self._unit_wizard(
            [
                ["KH-P-1", "", 0, 100, "", "", "Barrow"],
                ["KH-P-1", "", 1, 100, "", "", "kg"],
                ["KH-P-1", "", 2, 100, "", "", "Sack"],
                ["KH-P-1", "", 3, 1, "", "", "Lot"],
                ["KH-P-1", "", 12, 9, "", "", ""],
                ["KH-P-1", "", 1, 100, "", "", "Carton 12"],
            ]
        )
        self.assertEqual(
            wizard.error_ids.mapped("error"),
            [
                "there is no unit Barrow",
                "unit kg does not convert to the product's unit",
                "several units are called Sack",
                "price must be above zero",
                "same item and quantity as row 6",
            ],
        )
        self.assertEqual(wizard.error_ids[0].unit_text, "Barrow")
        cells = self._cells(wizard.error_file)
        self.assertEqual(cells[0][2], "Unit")
        self.assertEqual(cells[1][2], "Barrow")
