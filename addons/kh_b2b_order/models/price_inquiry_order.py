from odoo import Command, api, fields, models
from odoo.exceptions import UserError
from odoo.tools import float_compare

from ..utils import to_local

ANSWERABLE = ("quoted",)


class PriceInquiry(models.Model):
    _inherit = "kh.price.inquiry"

    # === BUSINESS METHODS - THE DEALER'S ANSWER === #
    def _kh_accept(self):
        """The dealer takes the quote: an order with the quoted prices, on its normal way.

        Lines without a price, and those whose day is over, stay out. Runs as superuser for a
        page that checked who asks; the user of the environment is the person. Locks the
        inquiry: twice is refused.

        :return: the order
        :raise UserError: not quoted, over, or against limits and saleability
        """
        self.ensure_one()
        self._lock()
        self._ensure_state(ANSWERABLE)
        today = self._today()
        lines = self.line_ids.filtered(lambda line: line._is_valid_on(today))
        if not lines:
            raise UserError(
                self.env._("The quote %s is over. Ask for the prices again.", self.name)
            )
        person = self.env["sale.order"]._kh_get_author() or self.partner_id
        orders = self.env["sale.order"].with_company(self.company_id)
        order = orders.create(self._prepare_order_vals(lines, person))
        order._kh_ensure_offer_limits()
        order._kh_ensure_saleable()
        self._move({"state": "accepted", "order_id": order.id, "answered_by_id": person.id})
        order.action_quotation_sent()
        order.write({"kh_placed_date": fields.Datetime.now(), "kh_placed_by_id": person.id})
        order._kh_send_on()
        return order

    def _prepare_order_vals(self, lines, person):
        """Return the values of the order that a quote becomes."""
        dealer = self.partner_id.commercial_partner_id
        is_own = person.commercial_partner_id == dealer
        vals = {
            "partner_id": person.id if is_own else self.partner_id.id,
            "company_id": self.company_id.id,
            "website_id": self.website_id.id,
            "user_id": self.user_id.id,
            "origin": self.name,
            "kh_source": "sales",
            "require_signature": False,
            "validity_date": min(lines.mapped("valid_until")),
            "order_line": [Command.create(line._prepare_order_line_vals()) for line in lines],
        }
        if self.pricelist_id:
            vals["pricelist_id"] = self.pricelist_id.id
        return vals

    def _kh_refuse(self, reason):
        """The dealer does not take the quote, and says why. Runs as superuser, locks."""
        self.ensure_one()
        self._lock()
        self._ensure_state(ANSWERABLE)
        self._set_refused(reason)

    # === BUSINESS METHODS - TERM === #
    def _today(self):
        """Return the day on which a quote is judged: where the seller is, else where the user."""
        # sudo: the company's place, for its dealers too
        zone = self.company_id.sudo().partner_id.tz or self.env.user.tz
        return to_local(fields.Datetime.now(), zone).date()

    # === CRON METHODS === #
    @api.model
    def _cron_expire(self):
        """End quotes after the last day of their lines, where their company is."""
        # in the east it is tomorrow already; who is over is asked below
        soon = fields.Date.add(fields.Date.today(), days=1)
        due = self.search([("state", "=", "quoted"), ("valid_until", "<", soon)])
        for inquiries in due.grouped("company_id").values():
            today = inquiries[0]._today()
            over = inquiries.filtered(lambda inquiry, today=today: inquiry.valid_until < today)
            over._move({"state": "expired"})


class PriceInquiryLine(models.Model):
    _inherit = "kh.price.inquiry.line"

    def _prepare_order_line_vals(self):
        self.ensure_one()
        return {
            "product_id": self.product_id.id,
            "product_uom_qty": self.quantity,
            "product_uom_id": self.product_uom_id.id,
            "kh_inquiry_line_id": self.id,
        }


class SaleOrderLine(models.Model):
    """A line's price is given by the quote it comes from, and its X-ray says so."""

    _inherit = "sale.order.line"

    # === FIELDS === #
    kh_inquiry_line_id = fields.Many2one(
        "kh.price.inquiry.line",
        "Quote",
        readonly=True,
        copy=False,
        index="btree_not_null",
        ondelete="set null",
    )

    # === COMPUTE METHODS === #
    @api.depends("kh_inquiry_line_id")
    def _compute_price_unit(self):
        """Extend `sale`: quoted lines cost what was quoted, for that quantity or more."""
        quoted = self.filtered(lambda line: line._kh_get_quote())
        super(SaleOrderLine, self - quoted)._compute_price_unit()
        for line in quoted.with_context(sale_write_from_compute=True):
            if line._kh_is_price_due():
                # sudo: the quote of the line, whoever changes its quantity
                price = line._kh_get_quote().sudo().quoted_price
                line.update({"price_unit": price, "technical_price_unit": price})

    @api.depends("kh_inquiry_line_id")
    def _compute_discount(self):
        quoted = self.filtered(lambda line: line._kh_get_quote())
        super(SaleOrderLine, self - quoted)._compute_discount()
        for line in quoted:
            if line._kh_is_price_due():
                line.discount = 0.0

    # === CRUD METHODS === #
    @api.model_create_multi
    def create(self, vals_list):
        """Extend: which quote a line comes from is set by accepting it."""
        if not self.env.su:
            vals_list = [
                {name: value for name, value in vals.items() if name != "kh_inquiry_line_id"}
                for vals in vals_list
            ]
        return super().create(vals_list)

    def write(self, vals):
        if "kh_inquiry_line_id" in vals and not self.env.su:
            vals = {name: value for name, value in vals.items() if name != "kh_inquiry_line_id"}
        return super().write(vals)

    # === BUSINESS METHODS - QUOTE === #
    def _kh_get_quote(self):
        """Return the quote that gives this line its price; empty: the rules do."""
        self.ensure_one()
        # sudo: whether the line still is what was quoted
        quote_sudo = self.kh_inquiry_line_id.sudo()
        if not quote_sudo:
            return self.kh_inquiry_line_id
        digits = self.env["decimal.precision"].precision_get("Product Unit")
        is_meant = (
            quote_sudo.product_id == self.product_id._origin
            and quote_sudo.product_uom_id == self.product_uom_id._origin
            and float_compare(self.product_uom_qty, quote_sudo.quantity, digits) >= 0
        )
        return self.kh_inquiry_line_id if is_meant else self.kh_inquiry_line_id.browse()

    def _kh_is_rule_priced(self):
        """Extend: the price of a quoted line is given, not that of a rule."""
        return super()._kh_is_rule_priced() and not self._kh_get_quote()

    def _kh_trace_given(self):
        """Extend: keep with the line which quote gave the price, and until when it was valid."""
        trace = super()._kh_trace_given()
        # sudo: see `_kh_get_quote`
        quote_sudo = self._kh_get_quote().sudo()
        if trace and quote_sudo:
            until = fields.Date.to_string(quote_sudo.valid_until) or ""
            trace["o"] = [quote_sudo.inquiry_id.name, until]
        return trace

    def _kh_explain_trace(self, trace, words, currency):
        data = super()._kh_explain_trace(trace, words, currency)
        if "o" in trace:
            number, until = trace["o"]
            text = self.env._(
                "Quoted in %(inquiry)s, valid until %(date)s", inquiry=number, date=until
            )
            data["source"] = text
            if data["steps"]:
                data["steps"][0]["label"] = text
        return data

    def _kh_explain_own(self):
        data = super()._kh_explain_own()
        # sudo: the dealer's own part of the trace
        trace = self.sudo().kh_price_trace or {}
        if "o" in trace and "m" not in trace:
            number, until = trace["o"]
            data["source"] = self.env._("Price of our quote")
            data["facts"] = [
                {"label": self.env._("Inquiry"), "value": number},
                {"label": self.env._("Valid until"), "value": until},
            ]
        return data
