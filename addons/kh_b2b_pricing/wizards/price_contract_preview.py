from odoo import fields, models
from odoo.tools import SQL

from ..engine.figures import summarise
from ..models.price_figures import COST_GROUPS

KINDS = [
    ("up", "Dearer"),
    ("down", "Cheaper"),
    ("new", "New"),
    ("gone", "Dropped"),
    ("other", "Changed"),
    ("same", "Unchanged"),
]


def _rounded(rate):
    """Return a fraction as the fields of rates keep it; ``None`` stays unknown."""
    return None if rate is None else round(rate, 4)


class PriceContractPreview(models.TransientModel):
    """Effect of a price contract before it is submitted (生效预览)."""

    _name = "kh.price.contract.preview"
    _description = "Effect of a Price Contract"

    # === FIELDS === #
    contract_id = fields.Many2one(
        "kh.price.contract", required=True, readonly=True, ondelete="cascade"
    )
    contract_state = fields.Selection(related="contract_id.state", string="State")
    replaced_id = fields.Many2one(related="contract_id.supersedes_id", string="Compared with")
    currency_id = fields.Many2one(related="contract_id.currency_id")
    up_count = fields.Integer("Dearer", readonly=True)
    down_count = fields.Integer("Cheaper", readonly=True)
    new_count = fields.Integer("New", readonly=True)
    gone_count = fields.Integer("Dropped", readonly=True)
    same_count = fields.Integer("Unchanged", readonly=True)
    other_count = fields.Integer("Changed", readonly=True)
    max_discount_rate = fields.Float("Deepest discount", readonly=True, digits=(8, 4))
    average_discount_rate = fields.Float("Average discount", readonly=True, digits=(8, 4))
    max_change_rate = fields.Float("Biggest change", readonly=True, digits=(8, 4))
    min_margin_rate = fields.Float(
        "Lowest margin", readonly=True, digits=(8, 4), groups=COST_GROUPS
    )
    below_cost_count = fields.Integer("Lines below cost", readonly=True, groups=COST_GROUPS)
    unchecked_count = fields.Integer("Lines without a margin", readonly=True, groups=COST_GROUPS)
    order_line_count = fields.Integer("Order lines", readonly=True)
    amount_until_now = fields.Monetary("At the prices until now", readonly=True)
    amount_new = fields.Monetary("At the new prices", readonly=True)
    amount_difference = fields.Monetary(
        "Difference", compute="_compute_amount_difference", readonly=True
    )
    line_ids = fields.One2many("kh.price.contract.preview.line", "preview_id", readonly=True)

    # === COMPUTE METHODS === #

    def _compute_amount_difference(self):
        for preview in self:
            preview.amount_difference = preview.amount_new - preview.amount_until_now

    # === ACTION METHODS === #

    def action_submit(self):
        self.ensure_one()
        self.contract_id.action_submit()
        return {"type": "ir.actions.act_window_close"}

    def action_view_lines(self):
        """Open all lines as a list, to filter, group and export."""
        self.ensure_one()
        action = self.env["ir.actions.act_window"]._for_xml_id(
            "kh_b2b_pricing.kh_price_contract_preview_line_action"
        )
        return {**action, "domain": [("preview_id", "=", self.id)]}

    # === BUSINESS METHODS === #

    def _fill(self):
        """Compare, measure and reckon, in a constant number of statements."""
        self.ensure_one()
        contract = self.contract_id
        changes = contract._compare()
        self._insert_lines(changes)
        kinds = [change.kind for change in changes]
        figures = summarise(changes)._asdict()
        count, until_now, new = contract._get_order_effect()
        # sudo: among the figures are those of the cost, which only some may read
        self.sudo().write(
            {
                **{f"{kind}_count": kinds.count(kind) for kind, _label in KINDS},
                **{name: value for name, value in figures.items() if name in self._fields},
                "order_line_count": count,
                "amount_until_now": until_now,
                "amount_new": new,
            }
        )

    def _insert_lines(self, changes):
        if not changes:
            return
        self.flush_recordset()
        columns = [
            [change.kind for change in changes],
            [(change.new or change.old).id for change in changes],
            [change.old and change.old.price for change in changes],
            [change.new and change.new.price for change in changes],
            [_rounded(change.rate) for change in changes],
            [change.new and change.new.market for change in changes],
            [_rounded(change.new and change.new.discount_rate) for change in changes],
            [_rounded(change.new and change.new.margin_rate) for change in changes],
            [KIND_ORDER[change.kind] for change in changes],
        ]
        types = ["text", "int", *["float8"] * 6, "int"]
        self.env.execute_query(
            SQL(
                """
                INSERT INTO kh_price_contract_preview_line
                       (preview_id, kind, item_id, old_price, new_price, change_rate,
                        market_price, discount_rate, margin_rate, sequence, product_id,
                        product_tmpl_id, min_quantity, create_uid, create_date)
                SELECT %(preview)s, v.kind, v.item, v.old, v.new, v.rate, v.market, v.discount,
                       v.margin, v.sequence, i.product_id, i.product_tmpl_id, i.min_quantity,
                       %(user)s, now() AT TIME ZONE 'UTC'
                  FROM unnest(%(columns)s) AS
                       v(kind, item, old, new, rate, market, discount, margin, sequence)
                  JOIN product_pricelist_item i ON i.id = v.item
             RETURNING id
                """,
                preview=self.id,
                user=self.env.uid,
                columns=SQL(", ").join(
                    SQL("%s::%s[]", values, SQL(kind))
                    for kind, values in zip(types, columns, strict=True)
                ),
            )
        )
        self.invalidate_recordset(["line_ids"])


# What needs a look comes first.
KIND_ORDER = {kind: number for number, (kind, _label) in enumerate(KINDS)}


class PriceContractPreviewLine(models.TransientModel):
    """One price, before and after."""

    _name = "kh.price.contract.preview.line"
    _description = "Line of the Effect of a Price Contract"
    _order = "sequence, id"

    # === FIELDS === #
    preview_id = fields.Many2one(
        "kh.price.contract.preview", required=True, index=True, ondelete="cascade"
    )
    sequence = fields.Integer(readonly=True)
    kind = fields.Selection(KINDS, "Effect", readonly=True)
    item_id = fields.Many2one("product.pricelist.item", "Applies to", ondelete="cascade")
    product_id = fields.Many2one("product.product", "Product", ondelete="cascade")
    product_tmpl_id = fields.Many2one("product.template", "Product series", ondelete="cascade")
    min_quantity = fields.Float("Min. quantity", digits="Product Unit", readonly=True)
    old_price = fields.Float("Price until now", readonly=True, min_display_digits="Product Price")
    new_price = fields.Float("New price", readonly=True, min_display_digits="Product Price")
    change_rate = fields.Float("Change", readonly=True, digits=(8, 4))
    market_price = fields.Float("Market price", readonly=True, min_display_digits="Product Price")
    discount_rate = fields.Float("Discount", readonly=True, digits=(8, 4))
    margin_rate = fields.Float("Margin", readonly=True, digits=(8, 4), groups=COST_GROUPS)
