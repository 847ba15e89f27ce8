from typing import Any, NamedTuple

from odoo import api, fields, models
from odoo.fields import Domain
from odoo.tools import SQL

from odoo.addons.kh_b2b_order.utils import to_local

# Stages that wait for somebody, in the order of urgency for the dealer.
OPEN_STAGES = ("to_pay", "hold", "to_receive", "to_ship", "review")


class StageCount(NamedTuple):
    """Orders of one stage: how many, worth how much (company currency of the shop)."""

    stage: str
    label: str
    count: int
    amount: float


# What the dealer himself has to do in a stage, most urgent first.
TASK_STAGES = ("to_pay", "to_receive")
# Frequent products are looked for in so many of the dealer's latest orders, of so many days.
FREQUENT_ORDERS = 200
FREQUENT_DAYS = 365
FREQUENT_PRODUCTS = 8


class HomeTask(NamedTuple):
    """Something the dealer has to do now.

    `amount` (company currency of the shop) and `deadline` (the reader's local time) are None
    where there is none.
    """

    kind: str
    label: str
    count: int
    amount: float | None
    deadline: Any
    is_late: bool
    url: str


class HomeTile(NamedTuple):
    """One figure of the dealer's account: a credit limit, a balance, the progress of a rebate.

    `share` is how much of it is used or reached (0-1), None where that has no meaning.
    """

    kind: str
    label: str
    value: str
    note: str
    share: float | None
    url: str
    is_alert: bool


class SaleOrder(models.Model):
    _inherit = "sale.order"

    # === BUSINESS METHODS - HOME === #
    @api.model
    def _kh_home_domain(self, partner, website):
        """Orders of the dealer that were sent; the cart is not one of them."""
        return Domain("partner_id", "child_of", partner.commercial_partner_id.id) & (
            Domain("company_id", "=", website.company_id.id)
            & Domain("kh_stage", "not in", ("draft", False))
        )

    @api.model
    def _kh_home_stages(self, partner, website):
        """What waits for somebody, counted and summed in one query.

        :rtype: list[StageCount]
        """
        domain = self._kh_home_domain(partner, website) & Domain("kh_stage", "in", OPEN_STAGES)
        groups = {
            stage: (count, amount)
            for stage, count, amount in self._read_group(
                domain, ["kh_stage"], ["__count", "amount_total:sum"]
            )
        }
        labels = dict(self._fields["kh_stage"]._description_selection(self.env))
        return [
            StageCount(stage, labels[stage], *groups[stage])
            for stage in OPEN_STAGES
            if stage in groups
        ]

    def _kh_stage_label(self):
        """The stage in the viewer's language."""
        self.ensure_one()
        return dict(self._fields["kh_stage"]._description_selection(self.env)).get(
            self.kh_stage, ""
        )

    # === BUSINESS METHODS - HOME, WHAT TO DO === #
    @api.model
    def _kh_home_tasks(self, partner, website):
        """What the dealer has to do now, most urgent first, in a constant number of queries.

        Add-ons that wait for the dealer (statements, cases) extend it.

        :rtype: list[HomeTask]
        """
        domain = self._kh_home_domain(partner, website) & Domain("kh_stage", "in", TASK_STAGES)
        groups = {
            stage: values
            for stage, *values in self._read_group(
                domain, ["kh_stage"], ["__count", "amount_total:sum", "kh_payment_deadline:min"]
            )
        }
        labels = {"to_pay": self.env._("Pay"), "to_receive": self.env._("Confirm receipt")}
        now = fields.Datetime.now()
        tasks = []
        for stage in TASK_STAGES:
            if stage in groups:
                count, amount, deadline = groups[stage]
                deadline = deadline if stage == "to_pay" else None
                is_late = bool(deadline and deadline < now)
                deadline = to_local(deadline, self._kh_zone()) if deadline else None
                url = f"/my/orders?stage={stage}"
                tasks.append(HomeTask(stage, labels[stage], count, amount, deadline, is_late, url))
        count = self.env["kh.approval.request"]._get_my_turn_count()
        if count:
            label = self.env._("Waiting for my approval")
            task = HomeTask("approve", label, count, None, None, False, "/my/approvals")
            tasks.insert(len(tasks) and tasks[0].kind == "to_pay", task)
        return tasks

    @api.model
    def _kh_home_tiles(self, partner, website):
        """Figures of the dealer's account (hook); without an add-on that knows any: none.

        An add-on extends it and adds its own, only for people who may see them.

        :rtype: list[HomeTile]
        """
        return []

    @api.model
    def _kh_home_frequent(self, partner, website):
        """Find what the dealer orders most often and may still buy, in two queries.

        Counts the orders of the whole company that hold a product, among its latest ones.

        :return: product.product, most frequent first
        """
        self.flush_model(["company_id", "date_order", "kh_stage", "partner_id", "state"])
        self.env["sale.order.line"].flush_model(
            ["display_type", "is_delivery", "is_downpayment", "order_id", "product_id"]
        )
        since = fields.Datetime.subtract(fields.Datetime.now(), days=FREQUENT_DAYS)
        domain = self._kh_home_domain(partner, website) & (
            Domain("kh_stage", "!=", "cancel") & Domain("date_order", ">=", since)
        )
        latest = self._search(domain, order="date_order desc, id desc", limit=FREQUENT_ORDERS)
        rows = self.env.execute_query(
            SQL(
                """
                SELECT l.product_id
                  FROM sale_order_line l
                 WHERE l.order_id IN %s AND l.product_id IS NOT NULL
                   AND l.display_type IS NULL
                   AND NOT COALESCE(l.is_delivery, FALSE)
                   AND NOT COALESCE(l.is_downpayment, FALSE)
                 GROUP BY l.product_id
                 ORDER BY COUNT(DISTINCT l.order_id) DESC, MAX(l.id) DESC
                 LIMIT %s
                """,
                latest.subselect(),
                FREQUENT_PRODUCTS * 3,  # some of them may be gone by now
            )
        )
        ids = [row[0] for row in rows]
        visible = set(
            self.env["product.product"]
            .search([("id", "in", ids), *website.sale_product_domain()])
            .ids
        )
        kept = [product_id for product_id in ids if product_id in visible]
        return self.env["product.product"].browse(kept[:FREQUENT_PRODUCTS])
