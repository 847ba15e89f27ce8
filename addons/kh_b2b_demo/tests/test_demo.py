"""The demo company is what the other papers say it is (this add-on is demo data itself)."""

import base64

from stdnum import ean
from stdnum.cn import uscc

from odoo.exceptions import AccessDenied
from odoo.tests import TransactionCase, tagged
from odoo.tools.misc import file_open

from odoo.addons.kh_b2b_demo.const import LOGINS
from odoo.addons.kh_b2b_demo.loader import base, load_demo, members, products

STAGES = {"draft", "review", "hold", "to_pay", "to_ship", "to_receive", "done", "cancel", "closed"}
COUNTED = (
    "res.partner",
    "res.users",
    "product.product",
    "product.pricelist.item",
    "kh.member.application",
    "kh.price.contract",
    "kh.price.adjustment",
    "sale.order",
    "account.move",
    "stock.quant",
)


@tagged("post_install", "-at_install")
class TestDemo(TransactionCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.book = base.Book(cls.env)
        cls.dealers = cls.env["res.partner"].search([("kh_is_dealer", "=", True)])
        refs = [products.product_ref(row["ref"]) for row in base.read_csv("catalog")]
        found = cls.book.get_many("product.template", refs)
        cls.templates = cls.env["product.template"].union(*found.values())

    def _get_orders(self):
        data = self.env["ir.model.data"].search(
            [("module", "=", base.NAMESPACE), ("model", "=", "sale.order")]
        )
        return self.env["sale.order"].browse(data.mapped("res_id"))

    def test_every_stage_is_there(self):
        orders = self._get_orders()
        self.assertGreaterEqual(len(orders), 40)
        self.assertLessEqual(STAGES, set(orders.mapped("kh_stage")))
        states = set(self.env["kh.member.application"].search([]).mapped("state"))
        self.assertLessEqual(
            {"draft", "submitted", "review", "approved", "rejected", "withdrawn"}, states
        )
        states = set(self.env["kh.price.contract"].search([]).mapped("state"))
        self.assertLessEqual({"draft", "active", "expired"}, states)

    def test_all_logins_work(self):
        users = self.env["res.users"]
        for _role, login, password, _url in LOGINS:
            if not login or login == "admin":  # whoever installs chooses admin's password
                continue
            credential = {"login": login, "password": password, "type": "password"}
            info = users.authenticate(credential, {"interactive": False})
            self.assertEqual(users.browse(info["uid"]).login, login)
        with self.assertRaises(AccessDenied):
            users.authenticate(
                {"login": "dealer1", "password": "wrong", "type": "password"},
                {"interactive": False},
            )

    def test_numbers_are_valid_in_form(self):
        self.assertGreaterEqual(len(self.dealers), 12)
        codes = [self.env.company.vat, *self.dealers.mapped("vat")]
        self.assertEqual([code for code in codes if not uscc.is_valid(code)], [])
        self.assertEqual(len(set(codes)), len(codes))
        barcodes = self.templates.product_variant_ids.mapped("barcode")
        self.assertEqual([code for code in barcodes if not ean.is_valid(code)], [])

    def test_products_are_complete(self):
        self.assertGreaterEqual(len(self.templates), 200)
        variants = self.templates.product_variant_ids
        self.assertTrue(all(variants.mapped("default_code")))
        self.assertTrue(all(template.image_128 for template in self.templates))
        self.assertTrue(all(self.templates.mapped("is_published")))
        stock = [variant.qty_available for variant in variants]
        self.assertTrue(any(qty == 0 for qty in stock))
        self.assertTrue(any(0 < qty < 10 for qty in stock))
        chinese = self.templates.with_context(lang="zh_CN")
        english = self.templates.with_context(lang="en_US")
        self.assertFalse([t.name for t in english if not t.name.replace("×", "x").isprintable()])
        self.assertFalse([t.name for t in chinese if t.name == t.with_context(lang="en_US").name])

    def test_prices_include_tax(self):
        tax = self.env.company.account_sale_tax_id
        self.assertEqual((tax.amount, tax.price_include), (13.0, True))
        self.assertEqual(self.templates.taxes_id, tax)
        self.assertEqual(self.env.company.currency_id.name, "CNY")

    def test_contract_prices_are_what_the_engine_returns(self):
        contracts = self.env["kh.price.contract"].search([("state", "=", "active")])
        self.assertGreaterEqual(len(contracts), 4)
        for contract in contracts:
            items = contract.item_ids.filtered(lambda item: not item.min_quantity)
            self.assertGreaterEqual(len(items), 100)
            prices = contract.pricelist_id._get_products_price(
                items.product_id, 1.0, kh_partner=contract.partner_id
            )
            for item in items:
                self.assertAlmostEqual(prices[item.product_id.id], item.fixed_price, 2)

    def test_prices_wait_for_their_approval(self):
        version = self.book.get("contract_yuehua_v2")
        self.assertEqual((version.state, version.version), ("review", 2))
        kinds = {change.kind for change in version._compare()}
        self.assertLessEqual({"up", "down", "new", "gone", "same"}, kinds)
        adjustment = self.book.get("adjustment_mingzhou")
        self.assertEqual((adjustment.state, adjustment.line_count), ("review", 3))
        self.assertGreater(version.max_discount_rate, 0.2)
        self.assertEqual(version.unchecked_count, 0)
        self.assertGreater(version.below_cost_count, 0, "there is something to warn of")
        flow = version.kh_approval_request_id.flow_id
        self.assertIn("max_discount_rate", "".join(flow.step_ids.mapped("domain")))

    def test_branch_buys_at_the_prices_of_its_head_office(self):
        branch = self.book.get("branch_huarui")
        contract = self.book.get("contract_huarui")
        self.assertEqual(branch.commercial_partner_id, branch)
        self.assertEqual(branch.parent_id, contract.partner_id)
        self.assertTrue(all(contract.item_ids.mapped("kh_with_branches")))
        self.assertFalse(branch.kh_price_contract_count)

    def test_nothing_is_left_half_done(self):
        orders = self._get_orders()
        self.assertEqual(set(orders.invoice_ids.mapped("state")), {"posted"})
        payments = orders.transaction_ids.payment_id
        self.assertTrue(all(payments.move_id.mapped("state")))
        self.assertEqual(set(payments.move_id.mapped("state")), {"posted"})
        done = orders.filtered(lambda order: order.kh_stage == "done")
        self.assertEqual(set(done.mapped("invoice_status")), {"invoiced"})
        self.assertFalse(self.env["mail.mail"].search_count([("state", "=", "exception")]))

    def test_loading_again_changes_nothing(self):
        before = {name: self.env[name].search_count([]) for name in COUNTED}
        load_demo(self.env)
        self.assertEqual({name: self.env[name].search_count([]) for name in COUNTED}, before)

    def test_one_price_is_agreed_per_carton(self):
        item = self.book.get("contract_hudong").item_ids.filtered("kh_uom_id")
        self.assertEqual(item.kh_uom_id, self.book.get("uom_carton"))
        self.assertNotEqual(round(item.fixed_price * 12, 2), item.kh_uom_price)
        price = item.pricelist_id._get_product_price(
            item.product_id, 1.0, uom=item.kh_uom_id, kh_partner=item.kh_partner_id
        )
        self.assertEqual(price, item.kh_uom_price)

    def test_sample_contract_imports_cleanly(self):
        dealer = members.dealer(self.env, "sulian")
        contract = self.env["kh.price.contract"].create(
            {"partner_id": dealer.id, "pricelist_id": self.book.get("pricelist_b2b").id}
        )
        for name, bad in (("600_lines", 0), ("with_errors", 6)):
            with file_open(f"kh_b2b_demo/static/xlsx/price_contract_{name}.xlsx", "rb") as handle:
                content = base64.b64encode(handle.read())
            wizard = self.env["kh.price.contract.import"].create(
                {"contract_id": contract.id, "file": content, "file_name": f"{name}.xlsx"}
            )
            wizard.action_check()
            self.assertEqual(wizard.bad_count, bad, name)

    def test_catalogue_differs_by_dealer(self):
        products = self.env["product.template"]
        office = self.book.get("assortment_office")
        wire = products.search([("categ_id", "=", self.book.get("internal_wire").id)])
        crate = self.book.get("product_crate")
        huarui, guilan, jinghe = (
            members.dealer(self.env, ref) for ref in ("huarui", "guilan", "jinghe")
        )
        self.assertTrue(wire)
        self.assertEqual(wire._kh_filter_saleable(huarui), wire)
        self.assertFalse(wire._kh_filter_saleable(jinghe))
        self.assertTrue(office.product_tmpl_ids._kh_filter_saleable(huarui))
        self.assertFalse(office.product_tmpl_ids._kh_filter_saleable(guilan))
        self.assertFalse(crate._kh_filter_saleable(huarui))

    def test_people_know_their_limits(self):
        buyer, approver = (
            self.env["res.users"].search([("login", "=", login)]).partner_id
            for login in ("buyer1", "approver1")
        )
        self.assertEqual((buyer.kh_dealer_role, buyer.kh_order_limit), ("buyer", 5000.0))
        self.assertEqual(approver.kh_dealer_role, "approver")
        stages = set(self.dealers.mapped("kh_life_stage"))
        self.assertIn("active", stages)
        supervisor = self.env["res.users"].search([("login", "=", "supervisor")])
        seen = self.dealers.with_user(supervisor)._filtered_access("read")
        self.assertEqual(seen, self.dealers, "both salespeople work for the supervisor")

    def test_a_large_order_waits_for_the_dealers_approver(self):
        order = self.book.get("order_buyer1")
        self.assertEqual(order.kh_stage, "review")
        self.assertGreater(order.amount_total, 5000)
        approver = self.book.get("user_approver1")
        self.assertIn(approver, order._approval_dealer_users())
