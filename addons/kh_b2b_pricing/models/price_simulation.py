import logging

from dateutil.relativedelta import relativedelta

from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.fields import Domain

from ..engine import MARKET

_logger = logging.getLogger(__name__)

STATES = [("draft", "Draft"), ("queued", "Waiting"), ("done", "Done")]
#: Who may see what goods cost, and therefore margins.
COST_GROUPS = "kh_b2b_pricing.group_b2b_price_manager"
#: Larger replays run in the background.
DIRECT_LINES = 40_000
#: Written by the replay, by nobody else.
RESULT_FIELDS = {
    *("run_date", "error", "result_ids", "dealer_count", "product_count", "line_count"),
    *("touched_count", "kept_count", "amount_actual", "amount_present", "amount_scenario"),
    *("amount_change", "margin_present", "margin_scenario"),
}


class PriceSimulation(models.Model):
    """Orders of a past time under prices which are not in force (价格模拟).

    Draft contracts, level prices that do not exist yet and changes by percent are put beside
    the present price rules, in memory. What was ordered in the period is priced twice, with
    and without them. Nothing is written but the result.

    ======== ========= ==============================================
    from     to        by
    ======== ========= ==============================================
    draft    done      ``action_run``, small replays
    draft    queued    ``action_run``, large ones
    queued   done      cron
    queued   draft     ``action_reset``, or the replay was not possible
    done     draft     ``action_reset``
    ======== ========= ==============================================
    """

    _name = "kh.price.simulation"
    _description = "Price Scenario"
    _inherit = ["kh.data.scope.mixin"]
    _order = "id desc"
    _check_company_auto = True

    # === FIELDS === #
    name = fields.Char("Scenario", required=True)
    state = fields.Selection(STATES, default="draft", required=True, readonly=True, copy=False)
    user_id = fields.Many2one(
        "res.users",
        "Made by",
        required=True,
        readonly=True,
        copy=False,
        default=lambda self: self.env.user,
    )
    company_id = fields.Many2one(
        "res.company", "Company", required=True, default=lambda self: self.env.company
    )
    currency_id = fields.Many2one(related="company_id.currency_id")
    # Orders replayed
    date_from = fields.Date(
        "Orders from", required=True, default=lambda self: self._default_date_from()
    )
    date_to = fields.Date("Orders until", required=True, default=fields.Date.context_today)
    rules_at = fields.Selection(
        [("order", "On the day of each order"), ("today", "Today")],
        "Present rules as of",
        default="order",
        required=True,
        help="Present price rules count as they are in force on the day of each order, or as"
        " they are in force today. Those of the scenario always count for the whole time.",
    )
    # What changes
    contract_ids = fields.Many2many(
        "kh.price.contract",
        string="Draft contracts",
        check_company=True,
        domain="[('state', 'in', ('draft', 'review')), ('company_id', '=', company_id)]",
        help="Each takes the place of the contract in force of the same dealer.",
    )
    pricelist_id = fields.Many2one(
        "product.pricelist",
        "Pricelist",
        check_company=True,
        domain="[('kh_is_b2b', '=', True), ('company_id', 'in', (False, company_id))]",
        compute="_compute_pricelist_id",
        store=True,
        readonly=False,
        precompute=True,
        help="To which the level prices and changes below are added.",
    )
    line_ids = fields.One2many(
        "kh.price.simulation.line", "simulation_id", "Level prices and changes", copy=True
    )
    # Result
    run_date = fields.Datetime("Replayed on", readonly=True, copy=False)
    error = fields.Text("Why it was not possible", readonly=True, copy=False)
    result_ids = fields.One2many("kh.price.simulation.result", "simulation_id", copy=False)
    dealer_count = fields.Integer("Dealers", readonly=True, copy=False)
    product_count = fields.Integer("Products", readonly=True, copy=False)
    line_count = fields.Integer("Order lines", readonly=True, copy=False)
    touched_count = fields.Integer("Lines with another price", readonly=True, copy=False)
    kept_count = fields.Integer(
        "Lines not priced again",
        readonly=True,
        copy=False,
        help="Combinations, and products with extras that are no variants: they keep the"
        " price they were ordered at.",
    )
    amount_actual = fields.Monetary("As ordered", readonly=True, copy=False)
    amount_present = fields.Monetary(
        "At present prices",
        readonly=True,
        copy=False,
        help="Lines which the scenario does not touch count as they were ordered.",
    )
    amount_scenario = fields.Monetary("In the scenario", readonly=True, copy=False)
    amount_change = fields.Monetary("Difference", readonly=True, copy=False)
    change_rate = fields.Float("Difference in percent", compute="_compute_change_rate")
    margin_present = fields.Monetary(
        "Margin at present prices",
        readonly=True,
        copy=False,
        groups=COST_GROUPS,
        help="Revenue less quantity × the cost of the product today.",
    )
    margin_scenario = fields.Monetary(
        "Margin in the scenario", readonly=True, copy=False, groups=COST_GROUPS
    )
    dealer_down_ids = fields.Many2many(
        "kh.price.simulation.result", compute="_compute_tops", string="Dealers who pay less"
    )
    dealer_up_ids = fields.Many2many(
        "kh.price.simulation.result", compute="_compute_tops", string="Dealers who pay more"
    )
    product_down_ids = fields.Many2many(
        "kh.price.simulation.result", compute="_compute_tops", string="Products that bring less"
    )
    product_up_ids = fields.Many2many(
        "kh.price.simulation.result", compute="_compute_tops", string="Products that bring more"
    )

    _period = models.Constraint(
        "CHECK (date_from <= date_to)",
        "The period of a price scenario cannot end before it starts.",
    )

    # === COMPUTE METHODS === #

    @api.model
    def _default_date_from(self):
        return fields.Date.context_today(self) - relativedelta(years=1, days=-1)

    @api.depends("company_id")
    def _compute_pricelist_id(self):
        for company, simulations in self.grouped("company_id").items():
            pricelist = self.env["product.pricelist"].search(
                [("kh_is_b2b", "=", True), ("company_id", "in", (False, company.id))], limit=1
            )
            for simulation in simulations:
                simulation.pricelist_id = simulation.pricelist_id or pricelist

    @api.depends("amount_change", "amount_present")
    def _compute_change_rate(self):
        for simulation in self:
            base = simulation.amount_present
            simulation.change_rate = simulation.amount_change / base if base else 0.0

    @api.depends("state")
    def _compute_tops(self):
        tops = {
            "dealer_down_ids": ("dealer", "<", "amount_change"),
            "dealer_up_ids": ("dealer", ">", "amount_change desc"),
            "product_down_ids": ("product", "<", "amount_change"),
            "product_up_ids": ("product", ">", "amount_change desc"),
        }
        for simulation in self:
            for field, (kind, sign, order) in tops.items():
                simulation[field] = simulation.result_ids.search(
                    [
                        ("simulation_id", "=", simulation._origin.id),
                        ("kind", "=", kind),
                        ("amount_change", sign, 0),
                    ],
                    order=f"{order}, id",
                    limit=5,
                )

    @api.model
    def _kh_get_scope_domain(self):
        """Extend the mixin: scenarios sum up many dealers, so who sees only some sees own ones.

        What a user ran was summed up over the dealers in this user's range.
        """
        if self.env.user._kh_get_data_scope().is_everything:
            return Domain.TRUE
        return Domain("user_id", "=", self.env.uid)

    @api.model
    def _kh_get_scope_depends(self):
        return ["user_id"]

    # === CRUD METHODS === #

    @api.model_create_multi
    def create(self, vals_list):
        for vals in vals_list:
            # The replay sums up what its user may see: nobody makes one in another's name.
            for name in RESULT_FIELDS & vals.keys():
                del vals[name]
            vals.update(user_id=self.env.uid, state="draft")
        return super().create(vals_list)

    def write(self, vals):
        if vals.keys() & {"state", "user_id"}:
            raise UserError(
                self.env._("The state of a price scenario changes by its buttons only.")
            )
        if vals.keys() & RESULT_FIELDS:
            raise UserError(self.env._("The figures of a price scenario come from its replay."))
        inputs = vals.keys() - {"name"}
        if inputs and any(simulation.state != "draft" for simulation in self):
            raise UserError(
                self.env._("This scenario has been replayed. Choose “Change the scenario” first.")
            )
        return super().write(vals)

    def _move(self, vals):
        """Write what only transitions may write."""
        super().write(vals)

    # === ACTION METHODS === #

    def action_run(self):
        """Replay at once, or in the background where there is much to replay."""
        self.check_access("write")
        queued = self.browse()
        for simulation in self.filtered(lambda simulation: simulation.state == "draft"):
            simulation._ensure_owner()
            simulation._ensure_can_run()
            if simulation._has_more_lines_than(self._direct_line_limit()):
                queued |= simulation
            else:
                simulation.with_company(simulation.company_id)._run()
        if queued:
            queued._move({"state": "queued", "error": False})
            # sudo: scheduled jobs are an administrator's
            self.env.ref("kh_b2b_pricing.ir_cron_run_price_simulations").sudo()._trigger()
            return {
                "type": "ir.actions.client",
                "tag": "display_notification",
                "params": {
                    "type": "info",
                    "message": self.env._(
                        "There is much to replay: it runs in the background. You are told when"
                        " it is done."
                    ),
                    "next": {"type": "ir.actions.client", "tag": "soft_reload"},
                },
            }
        return True

    def action_reset(self):
        """Open scenarios for changes; their results go."""
        self.check_access("write")
        for simulation in self:
            simulation._ensure_owner()
        # sudo: results are nobody's to write, and these are of scenarios the user may write
        self.sudo().result_ids.unlink()
        self._move({"state": "draft", "run_date": False, "error": False})
        return True

    def action_view_dealers(self):
        return self._action_view_results("dealer", self.env._("Dealers"))

    def action_view_products(self):
        return self._action_view_results("product", self.env._("Products"))

    def _action_view_results(self, kind, name):
        self.ensure_one()
        action = self.env["ir.actions.act_window"]._for_xml_id(
            "kh_b2b_pricing.kh_price_simulation_result_action"
        )
        return {
            **action,
            "name": name,
            "domain": [("simulation_id", "=", self.id), ("kind", "=", kind)],
            "context": {f"kh_by_{kind}": True},
        }

    # === BUSINESS METHODS === #

    @api.model
    def _direct_line_limit(self):
        return DIRECT_LINES

    def _ensure_owner(self):
        """Another user's range may differ: a copy is the way to replay a foreign scenario."""
        self.ensure_one()
        if self.user_id != self.env.user and not self.env.user._is_superuser():
            raise UserError(
                self.env._(
                    "%(scenario)s was made by %(user)s and sums up the dealers in this person's"
                    " range. Duplicate it to replay it yourself.",
                    scenario=self.name,
                    user=self.user_id.name,
                )
            )

    def _ensure_can_run(self):
        self.ensure_one()
        if not self.contract_ids and not self.line_ids:
            raise UserError(
                self.env._(
                    "Scenario %(scenario)s changes nothing yet. Choose a draft contract, or add a"
                    " level price or a change.",
                    scenario=self.name,
                )
            )
        if self.line_ids and not self.pricelist_id:
            raise UserError(
                self.env._(
                    "Choose the B2B pricelist to which the level prices and changes are added."
                )
            )
        foreign = self.line_ids.item_id.filtered(
            lambda item: item.pricelist_id != self.pricelist_id
        )
        if foreign:
            raise UserError(
                self.env._(
                    "“%(rule)s” is a rule of pricelist %(pricelist)s: it cannot be replaced in"
                    " this scenario.",
                    rule=foreign[0].display_name,
                    pricelist=foreign[0].pricelist_id.display_name,
                )
            )
        self._ensure_not_built_upon()
        self.contract_ids.check_access("read")
        for contract in self.contract_ids:
            if contract.state not in ("draft", "review"):
                raise UserError(
                    self.env._(
                        "Price contract %(contract)s is no longer a draft: its prices are among"
                        " the present rules.",
                        contract=contract.name,
                    )
                )

    def _ensure_not_built_upon(self):
        """Refuse what a replay of one pricelist does not see: prices of others built on it."""
        if not self.line_ids.filtered(lambda line: line.kind != "change" and not line.grade_id):
            return
        # sudo: another pricelist counts whether or not the user may read it
        items_sudo = self.env["product.pricelist.item"].sudo()
        domain = Domain(
            [
                ("base", "=", "pricelist"),
                ("base_pricelist_id", "=", self.pricelist_id.id),
                ("compute_price", "!=", "fixed"),
            ]
        ) | Domain(
            [
                ("base", "=", MARKET),
                ("pricelist_id", "=", self.pricelist_id.id),
                ("compute_price", "=", "formula"),
            ]
        )
        item_sudo = items_sudo.search(domain, limit=1)
        if item_sudo:
            raise UserError(
                self.env._(
                    "Prices of pricelist %(other)s are built on %(pricelist)s: another market"
                    " price would change them too, which cannot be replayed. Choose a level.",
                    other=item_sudo.pricelist_id.display_name,
                    pricelist=self.pricelist_id.display_name,
                )
            )

    # === CRON === #

    @api.model
    def _cron_run(self):
        """Replay what waits, each as its user, and tell the user."""
        waiting = self.search([("state", "=", "queued")], order="id")
        for number, simulation in enumerate(waiting, 1):
            simulation._run_as_its_user()
            if not self.env["ir.cron"]._commit_progress(1, remaining=len(waiting) - number):
                break

    def _run_as_its_user(self):
        self.ensure_one()
        user, company = self.user_id, self.company_id
        mine = self.with_user(user).with_company(company)
        mine = mine.with_context(allowed_company_ids=company.ids, lang=user.lang)
        try:
            with self.env.cr.savepoint():
                mine._ensure_can_run()
                mine._run()
            kind, message = "success", mine.env._("Scenario %(name)s is done.", name=self.name)
        except UserError as error:  # access and validation errors are among them
            kind, message = "danger", str(error)
        except Exception:  # the user must hear of it, and those who wait have their turn
            _logger.exception("Price scenario %s could not be replayed", self.id)
            kind = "danger"
            message = mine.env._(
                "Scenario %(name)s could not be replayed. Your administrator finds the reason in"
                " the log of the server.",
                name=self.name,
            )
        if kind == "danger":
            self._move({"state": "draft", "error": message})
        user._bus_send("simple_notification", {"type": kind, "message": message, "sticky": True})
