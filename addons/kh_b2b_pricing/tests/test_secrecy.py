from odoo.exceptions import AccessError
from odoo.tests import HttpCase, tagged

from .common import PricingCommon


@tagged("post_install", "-at_install")
class TestSecrecy(HttpCase, PricingCommon):
    """What portal and public users can learn of prices, by every door of the RPC."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        template = cls.product.product_tmpl_id
        cls.market = cls._create_rule(95.0, product_tmpl_id=template.id)
        cls.rule_a = cls._create_rule(
            61.37, kh_partner_id=cls.dealer_a.id, product_id=cls.product.id
        )
        cls.rule_b = cls._create_rule(
            52.91, kh_partner_id=cls.dealer_b.id, product_id=cls.product.id
        )
        cls.gold_rule = cls._create_rule(
            83.19, kh_grade_id=cls.gold.id, product_tmpl_id=template.id
        )
        cls.silver_rule = cls._create_rule(
            77.77, kh_grade_id=cls.silver.id, product_tmpl_id=template.id
        )
        cls.pending = cls._create_contract(lines=[(cls.product, 11.11, 0)]).item_ids
        cls.all_rules = (
            cls.market + cls.rule_a + cls.rule_b + cls.gold_rule + cls.silver_rule + cls.pending
        )
        cls.portal_a = cls._create_portal_user(cls.dealer_a, "kh_sec_a")
        cls.public = cls.env.ref("base.public_user")

    def _rpc(self, model, method, *args, **kwargs):
        return self.make_jsonrpc_request(
            f"/web/dataset/call_kw/{model}/{method}",
            {"model": model, "method": method, "args": list(args), "kwargs": kwargs},
        )

    def test_dealer_reads_market_own_and_own_level(self):
        self.authenticate("kh_sec_a", "kh_sec_a")
        mine = self.market + self.rule_a + self.gold_rule
        found = self._rpc(
            "product.pricelist.item",
            "search_read",
            [["id", "in", self.all_rules.ids]],
            fields=["fixed_price"],
        )
        self.assertEqual({row["id"] for row in found}, set(mine.ids))
        groups = self._rpc(
            "product.pricelist.item",
            "formatted_read_group",
            [["pricelist_id", "=", self.pricelist.id]],
            groupby=["kh_partner_id"],
            aggregates=["__count"],
        )
        self.assertEqual(sum(group["__count"] for group in groups), len(mine))

    def test_dealer_cannot_probe_by_domains(self):
        self.authenticate("kh_sec_a", "kh_sec_a")
        for rule in (self.rule_b, self.silver_rule, self.pending):
            for field in ("id", "fixed_price"):
                found = self._rpc(
                    "product.template",
                    "search",
                    [
                        [f"pricelist_rule_ids.{field}", "=", rule[field]],
                        ["id", "=", self.product.product_tmpl_id.id],
                    ],
                )
                self.assertFalse(found, f"the {field} of rule {rule.fixed_price} can be probed")
        lists = self._rpc("product.pricelist", "search", [["item_ids.fixed_price", "=", 52.91]])
        self.assertFalse(lists)
        lists = self._rpc("product.pricelist", "search", [["item_ids.kh_partner_id", "!=", False]])
        self.assertFalse(lists)

    def test_dealer_cannot_read_by_id(self):
        for rule in (self.rule_b, self.silver_rule, self.pending):
            with self.assertRaises(AccessError):
                rule.with_user(self.portal_a).read(["fixed_price"])
        for model in ("kh.price.contract", "kh.price.contract.import"):
            with self.assertRaises(AccessError):
                self.env[model].with_user(self.portal_a).search([])

    def test_level_and_company_count_at_once(self):
        """The rule is evaluated for each query: no cache keeps yesterday's level."""
        items = self.env["product.pricelist.item"].with_user(self.portal_a)
        domain = [("id", "in", self.all_rules.ids)]
        self.assertIn(self.gold_rule, items.search(domain))
        self.dealer_a.grade_id = self.silver
        found = items.search(domain)
        self.assertIn(self.silver_rule, found)
        self.assertNotIn(self.gold_rule, found)
        self.portal_a.partner_id.parent_id = self.dealer_b
        found = items.search(domain)
        self.assertIn(self.rule_b, found)
        self.assertNotIn(self.rule_a, found)

    def test_stranger_reads_market_rules_only(self):
        items = self.env["product.pricelist.item"].with_user(self.public)
        self.assertEqual(items.search([("id", "in", self.all_rules.ids)]), self.market)

    def test_staff_read_all(self):
        clerk = self._create_staff()["order_clerk"]
        items = self.env["product.pricelist.item"].with_user(clerk)
        self.assertEqual(items.search_count([("id", "in", self.all_rules.ids)]), 6)
