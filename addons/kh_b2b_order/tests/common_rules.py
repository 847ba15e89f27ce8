from .common import OrderCommon


class OrderRuleCommon(OrderCommon):
    """Interception rules, and the people who decide on what they stop."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.env.user.group_ids += cls.env.ref("kh_b2b_member.group_b2b_supervisor")
        cls.env.user.group_ids += cls.env.ref("kh_b2b_member.group_b2b_finance")
        cls.clerk = cls._create_staff("kh_r_clerk", "kh_b2b_member.group_b2b_order_clerk")
        cls.stranger = cls._create_staff("kh_r_stranger")
        cls.salesperson = cls._create_staff(
            "kh_r_sales", "kh_b2b_member.group_b2b_salesperson", "sales_team.group_sale_salesman"
        )

    @classmethod
    def _create_rule(cls, kind="amount", **vals):
        defaults = {"name": f"Rule {kind}", "kind": kind, "company_id": cls.company.id}
        return cls.env["kh.order.rule"].create({**defaults, **vals})

    def _assert_caught(self, order, rule):
        order.action_confirm()
        self.assertEqual(order.state, "draft")
        self.assertEqual(order.kh_stage, "hold")
        self.assertEqual(order.kh_rule_hit_ids.rule_id, rule)
        self.assertTrue(order.kh_rule_hit_ids.evidence)

    def _assert_passed(self, order):
        order.action_confirm()
        self.assertEqual(order.state, "sale")
        self.assertFalse(order.kh_rule_hit_ids)
