from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.fields import Domain

STATES = [
    ("draft", "Draft"),
    ("review", "Under review"),
    ("active", "Active"),
    ("expired", "Expired"),
    ("terminated", "Terminated"),
]


class PriceContract(models.Model):
    """Prices agreed with one dealer for a term (价格合同).

    Its lines are the price rules themselves (``product.pricelist.item``), kept out of every
    price while the contract is not active. Transitions of ``state``:

    ======================= ======================= ======================================
    from                    to                      by
    ======================= ======================= ======================================
    draft                   review                  ``action_submit``
    review                  active                  approval granted, or no flow applies
    review                  draft                   refused, returned or withdrawn
    active                  terminated              ``action_terminate``, or superseded
    active                  expired                 cron, after ``date_end``
    ======================= ======================= ======================================

    Whether a line counts is decided by the line alone (its dates, ``kh_is_pending``), so a
    cron that runs late never sells at an expired price.
    """

    _name = "kh.price.contract"
    _description = "Price Contract"
    _inherit = ["mail.thread", "mail.activity.mixin", "kh.approval.mixin"]
    _order = "date_start desc, id desc"
    _check_company_auto = True
    _rec_names_search = ["name", "reference", "partner_id"]

    # === FIELDS === #
    name = fields.Char("Number", default="/", required=True, readonly=True, copy=False)
    reference = fields.Char("Signed contract no.", copy=False, tracking=True)
    state = fields.Selection(
        STATES, default="draft", required=True, readonly=True, copy=False, tracking=True, index=True
    )
    active = fields.Boolean(default=True)
    partner_id = fields.Many2one(
        "res.partner",
        "Dealer",
        required=True,
        check_company=True,
        tracking=True,
        index=True,
        domain="['|', ('parent_id', '=', False), ('is_company', '=', True)]",
    )
    with_branches = fields.Boolean(
        "Also for branches",
        tracking=True,
        help="The prices also hold for companies below this dealer, where they have no price of"
        " their own.",
    )
    company_id = fields.Many2one(
        "res.company", "Company", required=True, default=lambda self: self.env.company, index=True
    )
    pricelist_id = fields.Many2one(
        "product.pricelist",
        "Pricelist",
        required=True,
        check_company=True,
        tracking=True,
        domain="[('kh_is_b2b', '=', True)]",
        compute="_compute_pricelist_id",
        store=True,
        readonly=False,
        precompute=True,
    )
    currency_id = fields.Many2one(related="pricelist_id.currency_id")
    user_id = fields.Many2one(
        "res.users",
        "Salesperson",
        compute="_compute_user_id",
        store=True,
        readonly=False,
        precompute=True,
        domain="[('share', '=', False)]",
    )
    # Term
    date_start = fields.Date(
        "Valid from", required=True, default=fields.Date.context_today, tracking=True
    )
    date_end = fields.Date("Valid until", tracking=True, help="Last day of validity.")
    supersedes_id = fields.Many2one(
        "kh.price.contract",
        "Replaces",
        check_company=True,
        copy=False,
        domain="[('partner_id', '=', partner_id), ('pricelist_id', '=', pricelist_id),"
        " ('state', '=', 'active')]",
        help="The contract that ends when this one becomes active.",
    )
    version = fields.Integer(default=1, readonly=True, copy=False)
    # Lines
    item_ids = fields.One2many(
        "product.pricelist.item",
        "kh_contract_id",
        "Price lines",
        copy=True,
        domain=[("kh_is_past", "=", False)],
    )
    item_count = fields.Integer("Lines", compute="_compute_item_count")
    is_editable = fields.Boolean("Lines can be changed", compute="_compute_is_editable")
    note = fields.Text("Internal note")

    _date_order = models.Constraint(
        "CHECK (date_end IS NULL OR date_end >= date_start)",
        "A price contract cannot end before it starts.",
    )
    _active_idx = models.Index("(partner_id, pricelist_id) WHERE state = 'active'")

    # === COMPUTE METHODS === #

    @api.depends("partner_id", "company_id")
    def _compute_pricelist_id(self):
        for contract in self:
            if contract.pricelist_id:
                continue
            partner = contract.partner_id.with_company(contract.company_id)
            pricelist = partner.specific_property_product_pricelist
            contract.pricelist_id = pricelist if pricelist.kh_is_b2b else False

    @api.depends("partner_id")
    def _compute_user_id(self):
        for contract in self:
            contract.user_id = contract.partner_id.user_id or contract.user_id or self.env.user

    def _compute_item_count(self):
        counts = dict(
            self.env["product.pricelist.item"]._read_group(
                [("kh_contract_id", "in", self.ids), ("kh_is_past", "=", False)],
                ["kh_contract_id"],
                ["__count"],
            )
        )
        for contract in self:
            contract.item_count = counts.get(contract._origin, 0)

    @api.depends("state")
    def _compute_is_editable(self):
        for contract in self:
            contract.is_editable = contract.state in ("draft", "active")

    # === CONSTRAINT METHODS === #

    @api.constrains("pricelist_id")
    def _check_pricelist(self):
        for contract in self:
            if not contract.pricelist_id.kh_is_b2b:
                raise ValidationError(
                    self.env._(
                        "%(pricelist)s is not a B2B pricelist: contract prices cannot be kept"
                        " on it.",
                        pricelist=contract.pricelist_id.display_name,
                    )
                )

    @api.constrains("partner_id")
    def _check_partner(self):
        for contract in self:
            if contract.partner_id != contract.partner_id.commercial_partner_id:
                raise ValidationError(
                    self.env._(
                        "A price contract is made with the company %(company)s, not with a"
                        " contact.",
                        company=contract.partner_id.commercial_partner_id.display_name,
                    )
                )

    # === CRUD METHODS === #

    @api.model_create_multi
    def create(self, vals_list):
        for vals in vals_list:
            vals["state"] = "draft"
            if vals.get("name", "/") == "/":
                company_id = vals.get("company_id") or self.env.company.id
                sequences = self.env["ir.sequence"].with_company(company_id)
                vals["name"] = sequences.next_by_code("kh.price.contract") or "/"
        return super().create(vals_list)

    def write(self, vals):
        if "state" in vals:
            raise UserError(
                self.env._("The state of a price contract changes by its buttons only.")
            )
        head = {
            "partner_id",
            "with_branches",
            "pricelist_id",
            "company_id",
            "date_start",
            "date_end",
        }
        if vals.keys() & head:
            for contract in self:
                if contract.state != "draft":
                    raise UserError(
                        self.env._(
                            "Price contract %(contract)s is no longer a draft: dealer, pricelist"
                            " and term are fixed. Make a contract that replaces it.",
                            contract=contract.name,
                        )
                    )
        result = super().write(vals)
        if vals.keys() & head:
            self._sync_lines()
        return result

    def _move(self, vals):
        """Write what only transitions may write (no context can ask for it from outside).

        Lines change only with what they copy: term, and whether the contract is in force.
        """
        touched = self
        if "date_end" not in vals:
            touched = self.filtered(
                lambda contract: "active" in (contract.state, vals.get("state", contract.state))
            )
        super().write(vals)
        touched._sync_lines()

    @api.ondelete(at_uninstall=False)
    def _unlink_except_not_draft(self):
        for contract in self:
            if contract.state != "draft":
                raise UserError(
                    self.env._(
                        "Price contract %(contract)s is not a draft. Terminate it instead: old"
                        " orders refer to its prices.",
                        contract=contract.name,
                    )
                )

    # === ACTION METHODS === #

    def action_submit(self):
        """Ask for approval; without an approval flow the contract becomes active at once."""
        self.check_access("write")
        for contract in self:
            if contract.state == "draft":
                contract._ensure_can_submit()
                contract._set_state(("draft",), "review")
                contract.action_request_approval()
        return True

    def action_activate(self):
        """Put contracts into force: submits drafts, activates approved ones."""
        self.check_access("write")
        self.filtered(lambda contract: contract.state == "draft").action_submit()
        for contract in self.filtered(lambda contract: contract.state == "review"):
            if contract._is_under_review():
                raise UserError(
                    self.env._(
                        "Price contract %(contract)s is still under review.", contract=contract.name
                    )
                )
        return True

    def action_terminate(self):
        """End contracts in force now."""
        self.check_access("write")
        self._ensure_may_decide()
        self._set_state(("active",), "terminated")
        return True

    def action_view_items(self):
        self.ensure_one()
        action = self.env["ir.actions.act_window"]._for_xml_id(
            "kh_b2b_pricing.kh_contract_line_action"
        )
        return {
            **action,
            "domain": [("kh_contract_id", "=", self.id), ("kh_is_past", "=", False)],
            "context": {"default_kh_contract_id": self.id},
        }

    def action_import(self):
        self.ensure_one()
        self._ensure_lines_editable()
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("Import price lines"),
            "res_model": "kh.price.contract.import",
            "view_mode": "form",
            "target": "new",
            "context": {"default_contract_id": self.id},
        }

    # === BUSINESS METHODS - CHECKS === #

    def _ensure_can_submit(self):
        self.ensure_one()
        if not self.item_count:
            raise UserError(
                self.env._(
                    "Price contract %(contract)s has no lines. Add or import them first.",
                    contract=self.name,
                )
            )
        self._ensure_not_over()
        self._ensure_prices()
        self._find_overlaps()

    def _ensure_not_over(self):
        """A contract whose term is over, perhaps while it waited, cannot come into force."""
        for contract in self:
            if contract.date_end and contract.date_end < contract._today():
                raise UserError(
                    self.env._(
                        "Price contract %(contract)s ended on %(date)s already.",
                        contract=contract.name,
                        date=contract.date_end,
                    )
                )

    def _ensure_prices(self):
        """A fixed price of zero, mostly a forgotten one, would give the goods away."""
        self.ensure_one()
        item = self.env["product.pricelist.item"].search(
            [
                ("kh_contract_id", "=", self.id),
                ("compute_price", "=", "fixed"),
                ("fixed_price", "<=", 0),
            ],
            limit=1,
        )
        if item:
            raise UserError(item._kh_price_problem())

    def _ensure_may_decide(self):
        """Without an approval only those who are responsible for prices may decide."""
        user = self.env.user
        if not user._is_superuser() and not user.has_group(
            "kh_b2b_pricing.group_b2b_price_manager"
        ):
            raise AccessError(
                self.env._(
                    "Only a price manager may put a price contract into force or end it without"
                    " an approval flow."
                )
            )

    def _ensure_lines_editable(self):
        """Lines are free in drafts, adjustable in force, frozen otherwise.

        Marks the contract as changed, so that who submits it at the same moment is retried
        and sees the lines as they are then.
        """
        self._touch_lines()
        for contract in self:
            if contract.state not in ("draft", "active"):
                raise UserError(
                    self.env._(
                        "The lines of price contract %(contract)s cannot be changed: it is"
                        " %(state)s.",
                        contract=contract.name,
                        state=dict(self._fields["state"]._description_selection(self.env))[
                            contract.state
                        ],
                    )
                )
            if contract.state == "active":
                contract._ensure_may_decide()
        self.filtered(lambda contract: contract.state == "active")._ensure_no_flow_decides()
        self._approval_ensure_not_frozen()

    def _ensure_no_flow_decides(self):
        """Where adjustments need an approval, prices in force change by nothing else (M-45)."""
        if self.env.user._is_superuser() or not self:
            return
        decided = self._companies_with_flow("kh.price.adjustment", self.company_id)
        for contract in self:
            if contract.company_id in decided:
                raise UserError(
                    self.env._(
                        "Price contract %(contract)s is in force, and changes of its prices need"
                        " an approval. Use Adjust Prices, or make a new version of the contract.",
                        contract=contract.name,
                    )
                )

    @api.model
    def _companies_with_flow(self, model_name, companies):
        """Return those of ``companies`` in which an approval flow decides on documents."""
        # sudo: who changes prices need not be able to read flows
        flows = self.env["kh.approval.flow"].sudo()
        flows = flows.search([("model_name", "=", model_name), ("active", "=", True)])
        if any(not flow.company_id for flow in flows):
            return companies
        return companies & flows.company_id

    def _approval_get_summary(self):
        return self.env._(
            "%(dealer)s, %(count)s price lines, from %(start)s",
            dealer=self.partner_id.display_name,
            count=self.item_count,
            start=self.date_start,
        )

    def _find_overlaps(self):
        """Return active contracts whose term meets this one's and which it replaces.

        :raise UserError: for an overlapping contract which it does not replace
        """
        self.ensure_one()
        domain = Domain(
            [
                ("id", "!=", self.id),
                ("partner_id", "=", self.partner_id.id),
                ("pricelist_id", "=", self.pricelist_id.id),
                ("company_id", "=", self.company_id.id),
                ("state", "=", "active"),
            ]
        ) & (Domain("date_end", "=", False) | Domain("date_end", ">=", self.date_start))
        if self.date_end:
            domain &= Domain("date_start", "<=", self.date_end)
        # sudo: an overlap counts whether or not the user may read the other contract
        overlaps = self.sudo().with_context(active_test=False).search(domain)
        foreign = overlaps - self.supersedes_id.sudo()
        if foreign:
            raise UserError(
                self.env._(
                    "%(dealer)s already has a price contract for this time: %(contracts)s. Choose"
                    " it under “Replaces”, or change the term.",
                    dealer=self.partner_id.display_name,
                    contracts=", ".join(foreign.mapped("name")),
                )
            )
        return overlaps
