from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError

from odoo.addons.kh_b2b_pricing.engine.figures import Change, PriceLine, summarise

STATES = [
    ("draft", "Draft"),
    ("sent", "Awaiting Quote"),
    ("review", "Under Review"),
    ("quoted", "Quoted"),
    ("accepted", "Accepted"),
    ("refused", "Refused"),
    ("expired", "Expired"),
    ("cancelled", "Cancelled"),
]
QUOTE_DAYS = 7
# Moved by the actions only; the rest of an inquiry is open to whoever may write it.
GUARDED = {"state", "order_id", "date_sent", "date_quoted", "answered_by_id", "reason"}


class PriceInquiry(models.Model):
    """A dealer asks for a price, a salesperson quotes it (询价报价, M-101).

    =============== =========== ==========================================================
    from            to          by
    =============== =========== ==========================================================
    draft           sent        `action_send`, or the dealer's page
    sent            review      `action_quote`, where a flow is meant for the quote (M-99)
    sent            quoted      `action_quote`, where none is
    review          quoted      approval granted
    review          sent        approval refused, returned or withdrawn
    quoted          sent        `action_revise`
    quoted          accepted    the dealer's page: `_kh_accept`; makes the order
    quoted          refused     the dealer's page: `_kh_refuse`
    sent            refused     `action_refuse`, by staff who do not quote
    draft, sent     cancelled   `action_cancel`, or the dealer's page
    quoted          expired     the scheduler, after the last day of all lines
    =============== =========== ==========================================================
    """

    _name = "kh.price.inquiry"
    _description = "Price Inquiry"
    _inherit = [
        "kh.guarded.mixin",
        "mail.thread",
        "mail.activity.mixin",
        "kh.approval.mixin",
        "kh.data.scope.mixin",
        "kh.price.figures.mixin",
    ]
    _order = "id desc"
    _kh_guarded_fields = frozenset(GUARDED)
    _check_company_auto = True

    # === FIELDS === #
    name = fields.Char("Number", default="/", required=True, readonly=True, copy=False)
    state = fields.Selection(
        STATES, default="draft", required=True, readonly=True, copy=False, tracking=True, index=True
    )
    partner_id = fields.Many2one("res.partner", "Asked By", required=True, index=True)
    dealer_id = fields.Many2one(
        related="partner_id.commercial_partner_id", string="Dealer", store=True, index=True
    )
    user_id = fields.Many2one(
        "res.users",
        "Salesperson",
        compute="_compute_user_id",
        store=True,
        readonly=False,
        precompute=True,
        index=True,
    )
    company_id = fields.Many2one(
        "res.company", required=True, default=lambda self: self.env.company
    )
    website_id = fields.Many2one("website", readonly=True, help="The shop it came from.")
    pricelist_id = fields.Many2one(
        "product.pricelist",
        compute="_compute_pricelist_id",
        store=True,
        precompute=True,
        check_company=True,
    )
    currency_id = fields.Many2one(
        "res.currency", compute="_compute_currency_id", store=True, precompute=True
    )
    note = fields.Text("Dealer's Note")
    reason = fields.Char("Reason of the Refusal", readonly=True, copy=False)
    line_ids = fields.One2many("kh.price.inquiry.line", "inquiry_id", "Products", copy=True)
    line_count = fields.Integer("Kinds", compute="_compute_line_count")
    valid_until = fields.Date(
        "Quote Valid Until",
        compute="_compute_valid_until",
        store=True,
        help="The last day of all its lines.",
    )
    order_id = fields.Many2one("sale.order", "Order", readonly=True, copy=False)
    date_sent = fields.Datetime("Sent On", readonly=True, copy=False)
    date_quoted = fields.Datetime("Quoted On", readonly=True, copy=False)
    answered_by_id = fields.Many2one("res.partner", "Answered By", readonly=True, copy=False)
    # figures of a quote that is not given yet are none of the dealer's business
    max_discount_rate = fields.Float(groups="base.group_user")
    average_discount_rate = fields.Float(groups="base.group_user")
    max_change_rate = fields.Float(groups="base.group_user")

    # === COMPUTE METHODS === #
    @api.depends("partner_id")
    def _compute_user_id(self):
        for inquiry in self:
            # sudo: who looks after the dealer, for whoever asks
            inquiry.user_id = inquiry.partner_id.sudo().commercial_partner_id.user_id

    @api.depends("partner_id", "company_id")
    def _compute_pricelist_id(self):
        for inquiry in self:
            # sudo: the dealer's pricelist, whoever makes the inquiry
            partner_sudo = inquiry.partner_id.sudo().with_company(inquiry.company_id)
            inquiry.pricelist_id = partner_sudo.property_product_pricelist

    @api.depends("pricelist_id", "company_id")
    def _compute_currency_id(self):
        for inquiry in self:
            currency = inquiry.pricelist_id.currency_id or inquiry.company_id.currency_id
            inquiry.currency_id = currency

    @api.depends("line_ids")
    def _compute_line_count(self):
        groups = self.env["kh.price.inquiry.line"]._read_group(
            [("inquiry_id", "in", self.ids)], ["inquiry_id"], ["__count"]
        )
        counts = {inquiry.id: count for inquiry, count in groups}
        for inquiry in self:
            inquiry.line_count = counts.get(inquiry._origin.id, 0)

    @api.depends("line_ids.valid_until", "line_ids.quoted_price")
    def _compute_valid_until(self):
        for inquiry in self:
            days = [line.valid_until for line in inquiry.line_ids if line.valid_until]
            inquiry.valid_until = max(days, default=False)

    # === CRUD METHODS === #
    @api.model_create_multi
    def create(self, vals_list):
        sequence = self.env["ir.sequence"]
        for vals in vals_list:
            if vals.get("name", "/") == "/":
                # sudo: numbers are drawn for whoever asks
                vals["name"] = sequence.sudo().next_by_code("kh.price.inquiry") or "/"
        return super().create(vals_list)

    def write(self, vals):
        if not self.env.su:
            self._deny_figures(vals)
        return super().write(vals)

    @api.model
    def _kh_get_guard_text(self):
        return self.env._("The state of an inquiry is moved by its buttons only.")

    @api.ondelete(at_uninstall=False)
    def _unlink_except_sent(self):
        if any(inquiry.state not in ("draft", "cancelled") for inquiry in self):
            raise UserError(self.env._("Only drafts and cancelled inquiries can be deleted."))

    # === ACTION METHODS - STAFF === #
    def action_send(self):
        """Send drafts: from now on a quote is awaited."""
        self.check_access("write")
        self._set_sent()
        return True

    def action_quote(self):
        """Quote the prices that were entered; where a flow is meant, it is approved first."""
        self.check_access("write")
        self._ensure_staff()
        self._lock()
        self._ensure_state(("sent",))
        for inquiry in self:
            inquiry._ensure_quotable()
        self._write_figures()
        self.action_request_approval()
        self.filtered(lambda i: i._is_under_review())._move({"state": "review"})
        return True

    def action_revise(self):
        """Take a quote back to change it; the dealer cannot accept it meanwhile."""
        self.check_access("write")
        self._ensure_staff()
        self._lock()
        self._ensure_state(("quoted",))
        self._move({"state": "sent", "date_quoted": False})
        return True

    def action_refuse(self, reason=None):
        """Say that nothing is quoted, and why; the dealer reads it."""
        self.check_access("write")
        self._ensure_staff()
        self._lock()
        self._ensure_state(("sent",))
        self._set_refused(reason)
        return True

    def action_cancel(self):
        """Give up inquiries that were not quoted yet."""
        self.check_access("write")
        self._set_cancelled()
        return True

    def action_open_order(self):
        """Open the order that came of this inquiry."""
        self.ensure_one()
        self.check_access("read")
        return {
            "type": "ir.actions.act_window",
            "res_model": "sale.order",
            "res_id": self.order_id.id,
            "view_mode": "form",
        }

    # === BUSINESS METHODS - STATE === #
    def _lock(self):
        """Lock the rows of these inquiries: who waits is repeated and sees the other's step."""
        self.lock_for_update()
        self.invalidate_recordset(["state"])

    def _ensure_state(self, allowed):
        labels = dict(self._fields["state"]._description_selection(self.env))
        for inquiry in self:
            if inquiry.state not in allowed:
                raise UserError(
                    self.env._(
                        "Inquiry %(inquiry)s is “%(state)s”; this step is not possible.",
                        inquiry=inquiry.name,
                        state=labels[inquiry.state],
                    )
                )

    def _ensure_staff(self):
        if not self.env.su and not self.env.user._is_internal():
            raise AccessError(self.env._("Prices are quoted by the seller's staff."))

    def _move(self, vals):
        # sudo: fields of the workflow, after the caller's checks
        self.sudo().write(vals)

    def _set_sent(self):
        self._lock()
        self._ensure_state(("draft",))
        for inquiry in self:
            if not inquiry.line_ids:
                raise UserError(self.env._("Inquiry %s names no product yet.", inquiry.name))
        self.line_ids._note_prices()
        self._move({"state": "sent", "date_sent": fields.Datetime.now()})
        self._tell_staff()

    def _set_cancelled(self):
        self._lock()
        self._ensure_state(("draft", "sent"))
        self._move({"state": "cancelled"})

    def _set_refused(self, reason):
        reason = (reason or "").strip()[:500]
        if not reason:
            raise UserError(self.env._("Say why, so that the other side can go on."))
        author = self.env["sale.order"]._kh_get_author()
        self._move({"state": "refused", "reason": reason, "answered_by_id": author.id})
        for inquiry in self:
            inquiry.message_post(body=self.env._("Refused: %s", reason))

    def _set_quoted(self):
        self._move({"state": "quoted", "date_quoted": fields.Datetime.now()})
        for inquiry in self:
            inquiry._mail("kh_b2b_order.mail_template_inquiry_quoted")

    def _mail(self, template_name):
        """Queue an e-mail to who asked, in the customer's language."""
        if self.partner_id.email:
            # sudo: templates are rendered as superuser; the mail goes to who asked only
            self.env.ref(template_name).sudo().send_mail(self.id)

    def _tell_staff(self):
        """Give the dealer's salesperson a to-do."""
        for inquiry in self.filtered("user_id"):
            # sudo: the to-do is made for the salesperson, also when the dealer asks
            inquiry.sudo().activity_schedule(
                "mail.mail_activity_data_todo",
                user_id=inquiry.user_id.id,
                summary=self.env._("Quote a price: %s", inquiry.dealer_id.name or ""),
            )

    # === BUSINESS METHODS - QUOTE === #
    def _ensure_quotable(self):
        self.ensure_one()
        quoted = self.line_ids.filtered("is_quoted")
        if not quoted:
            raise UserError(self.env._("Inquiry %s: enter at least one price.", self.name))
        today = self._today()
        for line in quoted:
            if not line.valid_until or line.valid_until < today:
                raise UserError(
                    self.env._(
                        "%(product)s: say until when the price is valid, today or later.",
                        product=line.product_id.display_name,
                    )
                )

    def _write_figures(self):
        """Measure discounts and margins of the quotes, by which flows decide (M-99)."""
        for inquiry in self:
            lines = inquiry.line_ids.filtered("is_quoted")
            measured = self._measure(
                [line._to_price_line() for line in lines],
                inquiry.pricelist_id,
                inquiry.company_id,
            )
            changes = [
                Change("other", new, new._replace(price=line.price_today or None))
                for line, new in zip(lines, measured, strict=True)
            ]
            # sudo: margins are written for approvers, also by who may not read them
            inquiry.sudo().write(self._prepare_figures_vals(summarise(changes)))

    # === HOOKS - APPROVAL === #
    def _approval_granted(self):
        super()._approval_granted()
        self._set_quoted()

    def _approval_refused(self, reason):
        super()._approval_refused(reason)
        self._move({"state": "sent"})

    def _approval_returned(self, reason):
        super()._approval_returned(reason)
        self._move({"state": "sent"})

    def _approval_withdrawn(self):
        super()._approval_withdrawn()
        self._move({"state": "sent"})

    def _approval_writable_fields(self):
        return super()._approval_writable_fields() | {"state", "date_quoted"}

    def _approval_author(self):
        return self.user_id or super()._approval_author()

    def _approval_get_summary(self):
        return self.env._(
            "%(dealer)s asks for %(count)s price(s)",
            dealer=self.dealer_id.display_name,
            count=self.line_count,
        )

    def _approval_summary(self):
        return [*super()._approval_summary(), *self._figures_summary(self)]


class PriceInquiryLine(models.Model):
    """One product of an inquiry: what the dealer hopes for, and what is quoted.

    Prices are per unit `product_uom_id`, in the inquiry's currency. `target_price` is as the
    dealer's pages show prices; the others are as on order lines, before tax settings.
    """

    _name = "kh.price.inquiry.line"
    _description = "Price Inquiry Line"
    _inherit = ["kh.approval.line.mixin"]
    _approval_parent_field = "inquiry_id"
    _order = "sequence, id"

    # === FIELDS === #
    inquiry_id = fields.Many2one("kh.price.inquiry", required=True, ondelete="cascade", index=True)
    sequence = fields.Integer(default=10)
    product_id = fields.Many2one("product.product", required=True, ondelete="restrict")
    product_uom_id = fields.Many2one(
        "uom.uom",
        "Unit",
        compute="_compute_product_uom_id",
        store=True,
        readonly=False,
        precompute=True,
        required=True,
    )
    quantity = fields.Float(digits="Product Unit", required=True, default=1.0)
    target_price = fields.Float("Target Price", digits="Product Price")
    note = fields.Char()
    price_today = fields.Float(
        "Price Today",
        digits="Product Price",
        readonly=True,
        copy=False,
        help="What the dealer paid for that quantity when the inquiry was sent.",
    )
    quoted_price = fields.Float(
        "Quoted Price", digits="Product Price", copy=False, help="For this quantity or more."
    )
    discount_rate = fields.Float(
        "Below Today's Price",
        compute="_compute_discount_rate",
        help="As a fraction of the dealer's price of today.",
    )
    valid_until = fields.Date(
        copy=False,
        default=lambda self: fields.Date.add(fields.Date.context_today(self), days=QUOTE_DAYS),
    )
    is_quoted = fields.Boolean("Quoted", compute="_compute_is_quoted")
    state = fields.Selection(related="inquiry_id.state")
    currency_id = fields.Many2one(related="inquiry_id.currency_id")
    _quantity_positive = models.Constraint(
        "CHECK (quantity > 0)", "The quantity of an inquiry must be above zero."
    )
    _price_not_negative = models.Constraint(
        "CHECK (COALESCE(quoted_price, 0) >= 0 AND COALESCE(target_price, 0) >= 0)",
        "A price cannot be negative.",
    )

    # === COMPUTE METHODS === #
    @api.depends("product_id")
    def _compute_product_uom_id(self):
        for line in self:
            # sudo: the unit of a product that may be hidden by now
            line.product_uom_id = line.product_uom_id or line.product_id.sudo().uom_id

    @api.depends("quoted_price", "price_today")
    def _compute_discount_rate(self):
        for line in self:
            today = line.price_today
            is_known = today and line.quoted_price
            line.discount_rate = 1 - line.quoted_price / today if is_known else 0.0

    @api.depends("quoted_price")
    def _compute_is_quoted(self):
        for line in self:
            line.is_quoted = line.quoted_price > 0

    # === CRUD METHODS === #
    @api.model_create_multi
    def create(self, vals_list):
        lines = super().create(vals_list)
        lines._ensure_open()
        return lines

    def write(self, vals):
        if vals.keys() - {"sequence"}:
            self.check_access("write")
            self._ensure_open()
        return super().write(vals)

    @api.ondelete(at_uninstall=False)
    def _unlink_except_quoted(self):
        self._ensure_open()

    def _ensure_open(self):
        """Raise if one of the inquiries has left the hands of who writes it."""
        if not self.env.su:
            self.inquiry_id._ensure_state(("draft", "sent"))

    # === BUSINESS METHODS === #
    def _note_prices(self):
        """Keep what the dealer pays today for each line, one batch for each inquiry."""
        for inquiry, lines in self.grouped("inquiry_id").items():
            # sudo: the dealer's own price, for goods that may be hidden from who asks
            order = (
                self.env["sale.order"]
                .sudo()
                ._kh_new_target(
                    inquiry.partner_id,
                    self.env["website"],
                    inquiry.company_id,
                    inquiry.pricelist_id,
                )
            )
            keys = [(line.product_id.id, line.product_uom_id.id) for line in lines]
            # sudo: as above
            products = {product.id: product for product in lines.sudo().product_id}
            quantities = {key: line.quantity for key, line in zip(keys, lines, strict=True)}
            prices = order._kh_price_rows(quantities, products)
            # sudo: the price is kept by us, whoever sends the inquiry
            for key, line_sudo in zip(keys, lines.sudo(), strict=True):
                line_sudo.price_today = prices[key]

    def _to_price_line(self):
        """Return the quote as the figures of prices measure it, per product unit."""
        self.ensure_one()
        product_sudo = self.product_id.sudo()  # sudo: also for products hidden by now
        price = self.product_uom_id._compute_price(self.quoted_price, product_sudo.uom_id)
        key = ("0_product_variant", product_sudo.id, product_sudo.product_tmpl_id.id, 0, 0.0)
        return PriceLine(self.id, key, price)

    def _is_valid_on(self, day):
        self.ensure_one()
        return self.is_quoted and bool(self.valid_until) and self.valid_until >= day
