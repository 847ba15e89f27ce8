from odoo import api, fields, models
from odoo.exceptions import UserError, ValidationError


class PriceContractDerive(models.TransientModel):
    """Lines of a contract from another one: as they are, or by a percentage (复制、按比例生成).

    Fills a draft, or makes a new contract, for the same dealer or another. What will be copied
    is counted before; the copy itself is one statement.
    """

    _name = "kh.price.contract.derive"
    _description = "Price Lines from Another Contract"

    # === FIELDS === #
    contract_id = fields.Many2one("kh.price.contract", "Into contract", ondelete="cascade")
    source_id = fields.Many2one("kh.price.contract", "Prices of", required=True, ondelete="cascade")
    # Of a new contract
    partner_id = fields.Many2one(
        "res.partner",
        "Dealer",
        domain="['|', ('parent_id', '=', False), ('is_company', '=', True)]",
    )
    with_branches = fields.Boolean("Also for branches")
    date_start = fields.Date("Valid from", default=fields.Date.context_today)
    date_end = fields.Date("Valid until")
    # Prices
    change_percent = fields.Float(
        "Change of prices (%)", digits=(6, 2), help="−5 makes every price 5 % lower, 0 keeps it."
    )
    rounding_step = fields.Float(
        "Round to",
        digits=(12, 6),
        help="0.1 gives prices like 12.30. Empty: to the precision of prices.",
    )
    category_ids = fields.Many2many(
        "product.category", string="Only categories", help="With the categories below them."
    )
    line_count = fields.Integer("Lines to copy", compute="_compute_line_count")
    left_out_count = fields.Integer("Left out", compute="_compute_line_count")

    # === COMPUTE METHODS === #

    @api.depends("source_id", "contract_id", "change_percent", "category_ids", "date_start")
    def _compute_line_count(self):
        for wizard in self:
            wizard.line_count = wizard.left_out_count = 0
            source = wizard.source_id
            if not source:
                continue
            source.check_access("read")
            target = wizard.contract_id or self.env["kh.price.contract"].new(
                {
                    "company_id": source.company_id.id,
                    "date_start": wizard.date_start or fields.Date.context_today(self),
                }
            )
            wanted, total = target._count_lines_from(
                source, wizard._get_factor(), wizard.category_ids._origin
            )
            wizard.line_count, wizard.left_out_count = wanted, total - wanted

    # === CONSTRAINT METHODS === #

    @api.constrains("change_percent", "rounding_step")
    def _check_prices(self):
        for wizard in self:
            if wizard.change_percent <= -100 or wizard.rounding_step < 0:
                raise ValidationError(
                    self.env._("Prices must stay above zero, and be rounded to a positive step.")
                )

    # === ACTION METHODS === #

    def action_apply(self):
        """Copy the lines and open the contract."""
        self.ensure_one()
        self.source_id.check_access("read")
        contract = self.contract_id or self._make_contract()
        count = contract._copy_lines_from(
            self.source_id, self._get_factor(), self.rounding_step, self.category_ids
        )
        if not count:
            raise UserError(self.env._("There is no line to copy."))
        contract.message_post(
            body=self.env._(
                "%(count)s line(s) from price contract %(other)s, changed by %(percent)s %%.",
                count=count,
                other=self.source_id.name,
                percent=self.change_percent,
            )
        )
        return contract._open_versions()

    # === BUSINESS METHODS === #

    def _get_factor(self):
        """Return by what prices are multiplied; exactly 1.0 keeps them."""
        self.ensure_one()
        return round(1 + self.change_percent / 100, 6)

    def _make_contract(self):
        if not self.partner_id:
            raise UserError(self.env._("Choose the dealer of the new price contract."))
        source = self.source_id
        return self.env["kh.price.contract"].create(
            {
                "partner_id": self.partner_id.id,
                "with_branches": self.with_branches,
                "company_id": source.company_id.id,
                "pricelist_id": source.pricelist_id.id,
                "date_start": self.date_start,
                "date_end": self.date_end,
            }
        )


class PriceContract(models.Model):
    _inherit = "kh.price.contract"

    # === ACTION METHODS === #

    def action_derive(self):
        """Take lines from another contract into this draft."""
        self.ensure_one()
        self.check_access("write")
        self._ensure_draft()
        context = {"default_contract_id": self.id}
        if self.supersedes_id:
            context["default_source_id"] = self.supersedes_id.id
        return self._open_derive(context)

    def action_copy_to_new(self):
        """Make a new contract, for this or another dealer, with these lines."""
        self.ensure_one()
        self.check_access("read")
        return self._open_derive({"default_source_id": self.id})

    def _open_derive(self, context):
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("Price lines from another contract"),
            "res_model": "kh.price.contract.derive",
            "view_mode": "form",
            "target": "new",
            "context": context,
        }
