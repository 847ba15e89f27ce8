from odoo import api, fields, models
from odoo.tools import SQL

SOURCES = [
    ("contract", "Contract"),
    ("adjustment", "Adjustment"),
    ("direct", "Changed directly"),
    ("single", "Without contract"),
]


OWNERS = [("dealer", "Dealer"), ("level", "Member level"), ("market", "Market")]


class PriceHistory(models.Model):
    """Every price of a product: for whom, from, until, by which contract, who and why.

    One row for each price of a dealer, and each level or market price of a B2B pricelist, that
    is or was in force (价格历史, M-45). Rows of contracts that never came into force are no
    history.
    """

    _name = "kh.price.history"
    _description = "Price History"
    _inherit = ["kh.data.scope.mixin"]
    _kh_scope_is_commercial = True
    _auto = False
    _order = "date_start desc nulls last, id desc"
    _rec_name = "product_tmpl_id"

    # === FIELDS === #
    owner = fields.Selection(OWNERS, "Kind of price", readonly=True)
    owner_name = fields.Char("For whom", compute="_compute_names")
    target_name = fields.Char("Applies to", compute="_compute_names")
    partner_id = fields.Many2one("res.partner", "Dealer", readonly=True)
    grade_id = fields.Many2one("res.partner.grade", "Member level", readonly=True)
    product_id = fields.Many2one("product.product", "Variant", readonly=True)
    product_tmpl_id = fields.Many2one("product.template", "Product", readonly=True)
    categ_id = fields.Many2one("product.category", "Category", readonly=True)
    item_id = fields.Many2one("product.pricelist.item", "Price", readonly=True)
    min_quantity = fields.Float("Min. quantity", digits="Product Unit", readonly=True)
    default_code = fields.Char(related="item_id.kh_default_code", string="Item no.")
    price = fields.Char(related="item_id.price", string="Price shown")
    fixed_price = fields.Float("Unit price", readonly=True, min_display_digits="Product Price")
    date_start = fields.Datetime("From", readonly=True)
    date_end = fields.Datetime("Until", readonly=True)
    is_current = fields.Boolean("In force", readonly=True)
    source = fields.Selection(SOURCES, readonly=True)
    contract_id = fields.Many2one("kh.price.contract", "Price contract", readonly=True)
    version = fields.Integer(readonly=True)
    adjustment_id = fields.Many2one("kh.price.adjustment", "Adjustment", readonly=True)
    reason = fields.Text(readonly=True)
    user_id = fields.Many2one("res.users", "Set by", readonly=True)
    pricelist_id = fields.Many2one("product.pricelist", "Pricelist", readonly=True)
    currency_id = fields.Many2one("res.currency", "Currency", readonly=True)
    company_id = fields.Many2one("res.company", "Company", readonly=True)

    # === COMPUTE METHODS === #

    @api.depends("owner", "partner_id", "grade_id", "item_id")
    def _compute_names(self):
        kinds = dict(self._fields["owner"]._description_selection(self.env))
        for row in self:
            owner = row.partner_id or row.grade_id
            row.owner_name = owner.display_name or kinds.get(row.owner)
            target = row.item_id._kh_target().with_context(display_default_code=False)
            row.target_name = target.display_name or row.item_id.name

    @property
    def _table_query(self):
        """One scan of a dealer's rules: conditions on its columns reach the tables."""
        self.env["product.pricelist.item"].flush_model()
        self.env["product.pricelist"].flush_model(["kh_is_b2b"])
        self.env["kh.price.contract"].flush_model()
        self.env["kh.price.adjustment"].flush_model()
        return SQL(
            """
            SELECT i.id, i.id AS item_id, i.kh_partner_id AS partner_id,
                   i.kh_grade_id AS grade_id,
                   CASE WHEN i.kh_partner_id IS NOT NULL THEN 'dealer'
                        WHEN i.kh_grade_id IS NOT NULL THEN 'level'
                        ELSE 'market' END AS owner,
                   i.product_id, i.product_tmpl_id, i.categ_id, i.min_quantity, i.fixed_price,
                   GREATEST(i.date_start, i.kh_price_since) AS date_start,
                   LEAST(i.date_end, c.date_ended) AS date_end,
                   i.kh_is_past IS NOT TRUE AND i.kh_is_pending IS NOT TRUE
                       AND COALESCE(i.date_start <= %(now)s, TRUE)
                       AND COALESCE(i.date_end >= %(now)s, TRUE) AS is_current,
                   CASE WHEN i.kh_contract_id IS NULL AND i.kh_changed_uid IS NULL THEN 'single'
                        WHEN i.kh_adjustment_id IS NOT NULL THEN 'adjustment'
                        WHEN i.kh_changed_uid IS NOT NULL THEN 'direct'
                        ELSE 'contract' END AS source,
                   i.kh_contract_id AS contract_id, c.version, i.kh_adjustment_id AS adjustment_id,
                   a.reason,
                   COALESCE(i.kh_changed_uid, c.user_id, i.create_uid) AS user_id,
                   i.pricelist_id, i.currency_id, i.company_id
              FROM product_pricelist_item i
              JOIN product_pricelist list ON list.id = i.pricelist_id
         LEFT JOIN kh_price_contract c ON c.id = i.kh_contract_id
         LEFT JOIN kh_price_adjustment a ON a.id = i.kh_adjustment_id
             WHERE (i.kh_partner_id IS NOT NULL OR list.kh_is_b2b)
               AND (c.id IS NULL OR c.state IN ('active', 'expired', 'terminated'))
               AND (i.date_end IS NULL OR i.date_start IS NULL OR i.date_start <= i.date_end)
               AND (c.date_ended IS NULL OR i.date_start IS NULL
                    OR i.date_start <= c.date_ended)
            """,
            now=fields.Datetime.now(),
        )


class PriceContract(models.Model):
    _inherit = "kh.price.contract"

    # === ACTION METHODS === #

    def action_view_history(self):
        """Open what the dealer has paid for the products of this contract, now and before."""
        self.ensure_one()
        self.check_access("read")
        action = self.env["ir.actions.act_window"]._for_xml_id(
            "kh_b2b_pricing.kh_price_history_action"
        )
        return {
            **action,
            "domain": [("partner_id", "=", self.partner_id.id)],
            "context": {"search_default_contract_id": self.id},
        }
