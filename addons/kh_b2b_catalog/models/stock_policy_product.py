from collections import defaultdict
from datetime import date, timedelta
from typing import NamedTuple

from odoo import api, fields, models
from odoo.fields import Domain
from odoo.http import request
from odoo.tools import SQL, format_date

OPEN_MOVES = ("waiting", "confirmed", "partially_available", "assigned")


class StockDisplay(NamedTuple):
    """What a reader is told about the stock of a product: never more than the policy allows.

    `level` is "in", "few", "out", "later" (out, goods expected) or "hidden".
    """

    level: str
    label: str
    quantity: float | None = None
    promised_date: date | None = None


class ProductProduct(models.Model):
    _inherit = "product.product"

    # === BUSINESS METHODS - STOCK DISPLAY === #
    def _kh_get_stock_display(self, partner=None, website=None):
        """Say for each product what one reader is told about its stock.

        A constant number of queries, whatever the number of products.

        :param partner: the reader; None: whoever asks; an empty recordset: a visitor
        :param website: the shop whose warehouse and policies count; None: the current one
        :rtype: dict[int, StockDisplay]
        """
        website = website or self.env["website"].get_current_website()
        rules = website._kh_get_stock_rules(self._kh_stock_viewer(partner))
        if rules.display == "none":
            return dict.fromkeys(self.ids, StockDisplay("hidden", ""))
        # sudo: dealers may not read stock; only what the policy allows leaves
        stocked_sudo = self.sudo()._kh_filter_stocked(website.sudo().company_id)
        free = stocked_sudo._kh_free_quantities(website.sudo())
        promised = {}
        if rules.has_promised_date:
            short = stocked_sudo.filtered(
                lambda product: (
                    free.get(product.id, 0.0) <= 0 and product._kh_can_order_short(rules)
                )
            )
            promised = short._kh_get_promised_dates(dict.fromkeys(short.ids, 0.0), website.sudo())
        stocked_ids = set(stocked_sudo.ids)
        return {
            product_id: self._kh_prepare_stock_display(
                rules,
                free.get(product_id, 0.0) if product_id in stocked_ids else None,
                promised.get(product_id),
            )
            for product_id in self.ids
        }

    @api.model
    def _kh_prepare_stock_display(self, rules, quantity, promised):
        """Return the display of one quantity; None: stock is not counted, it is always there."""
        if quantity is None:
            return StockDisplay("in", self.env._("In stock"))
        if quantity <= 0:
            if not promised:
                return StockDisplay("out", self.env._("Out of stock"))
            label = self.env._("Expected %s", format_date(self.env, promised))
            return StockDisplay("later", label, None, promised)
        shown = quantity if rules.display == "exact" else None
        if rules.display != "yes_no" and quantity <= rules.few_quantity:
            return StockDisplay("few", self.env._("Few left"), shown)
        if shown and rules.quantity_cap and shown > rules.quantity_cap:
            label = self.env._("In stock, over %s", f"{rules.quantity_cap:g}")
            return StockDisplay("in", label)
        return StockDisplay("in", self.env._("In stock"), shown)

    @api.model
    def _kh_stock_viewer(self, partner=None):
        """Return the commercial partner who is told; empty: a visitor."""
        if partner is not None:
            # sudo: only the company a person belongs to
            return partner.sudo().commercial_partner_id.sudo(False)
        user = self.env.user
        in_shop = request and getattr(request, "is_frontend", False)
        if in_shop:
            user = request.env.user
            cart = getattr(request, "cart", None)
            if user._is_internal() and cart:
                return cart.partner_id.commercial_partner_id.sudo(False)
        if user._is_public():
            return self.env["res.partner"]
        # sudo: the reader's own company
        return user.sudo().partner_id.commercial_partner_id.sudo(False)

    # === BUSINESS METHODS - QUANTITIES === #
    def _kh_filter_stocked(self, company=None):
        """Return the products whose stock is counted (hook: kits count their components).

        :param company: the one that sells; by default the current one
        """
        return self.filtered("is_storable")

    def _kh_get_stock_sources(self, company=None):
        """Return the products whose stock these take (hook: kits take their components)."""
        return self

    def _kh_in_stock_of(self, channel):
        """Return the products with the context that makes core count the stock of a channel.

        :param channel: website or order; its warehouse counts, else all of its company's. An
            empty one: all warehouses of the current company.
        """
        company = channel.company_id or self.env.company
        return self.with_company(company).with_context(
            allowed_company_ids=company.ids, warehouse_id=channel.warehouse_id.id
        )

    def _kh_free_quantities(self, channel):
        """Unreserved quantity where a website or order takes its goods from, in one query.

        The same locations as core's `free_qty`. Runs as superuser.

        :rtype: dict[int, float]
        """
        if not self:
            return {}
        domain = self._kh_in_stock_of(channel)._get_domain_locations()[0]
        groups = self.env["stock.quant"]._read_group(
            Domain("product_id", "in", self.ids) & Domain(domain),
            ["product_id"],
            ["quantity:sum", "reserved_quantity:sum"],
        )
        return {product.id: quantity - reserved for product, quantity, reserved in groups}

    @api.model
    def _kh_in_stock_domain(self, channel):
        """Products of which a website or order has some free, or that are not counted (hook).

        The same stock as in `_kh_free_quantities`. Runs as superuser.

        :rtype: Domain
        """
        locations = self._kh_in_stock_of(channel)._get_domain_locations()[0]
        Quant = self.env["stock.quant"]
        Quant.flush_model(["product_id", "quantity", "reserved_quantity"])
        found = SQL(
            "(SELECT product_id FROM stock_quant WHERE id IN %s"
            " GROUP BY product_id HAVING SUM(quantity - reserved_quantity) > 0)",
            Quant._search(Domain(locations)).subselect(),
        )
        return Domain("is_storable", "=", False) | Domain("id", "in", found)

    def _kh_can_order_short(self, rules):
        """Answer whether one may order more than is there."""
        self.ensure_one()
        return self.allow_out_of_stock_order and rules.can_order_short

    # === BUSINESS METHODS - PROMISE === #
    def _kh_get_promised_dates(self, shortages, channel):
        """Promise a date for quantities that are not in stock (承诺交期).

        Rule: the day on which the receipts under way, added up by date, cover what other
        orders already wait for plus the shortage (late receipts count as today); without such
        receipts today plus the lead time of the first vendor. The product's customer lead time
        is added. Neither receipt, vendor nor lead time: no promise. Runs as superuser, three
        queries.

        :param dict shortages: ``{product id: quantity that is missing}``, in the product's unit
        :rtype: dict[int, date]
        """
        if not self:
            return {}
        receipts, waiting = self._kh_get_open_moves(channel)
        delays = self._kh_get_vendor_delays(channel)
        today = fields.Date.context_today(self)
        promised = {}
        for product in self:
            lead = timedelta(days=product.sale_delay)
            needed = waiting.get(product.id, 0.0) + max(shortages.get(product.id, 0.0), 1e-6)
            arrival = None
            for day, quantity in receipts.get(product.id, ()):
                needed -= quantity
                if needed <= 1e-6:
                    arrival = max(day, today)
                    break
            if arrival is None and product.id in delays:
                arrival = today + timedelta(days=delays[product.id])
            if arrival is None and product.sale_delay:
                arrival = today
            if arrival is not None:
                promised[product.id] = arrival + lead
        return promised

    def _kh_get_open_moves(self, channel):
        """Return receipts ``{product id: [(day, quantity)]}`` and what orders wait for."""
        _quants, incoming, outgoing = self._kh_in_stock_of(channel)._get_domain_locations()
        mine = Domain("product_id", "in", self.ids) & Domain("state", "in", OPEN_MOVES)
        Move = self.env["stock.move"]
        receipts = defaultdict(list)
        for move in Move.search_fetch(
            mine & Domain(incoming), ["product_id", "product_qty", "date"], order="date, id"
        ):
            day = fields.Datetime.context_timestamp(self, move.date).date()
            receipts[move.product_id.id].append((day, move.product_qty))
        waiting = {}
        for move in Move.search_fetch(
            mine & Domain(outgoing), ["product_id", "product_qty", "quantity", "product_uom"]
        ):
            reserved = move.product_uom._compute_quantity(
                move.quantity, move.product_id.uom_id, round=False
            )
            missing = max(move.product_qty - reserved, 0.0)
            waiting[move.product_id.id] = waiting.get(move.product_id.id, 0.0) + missing
        return receipts, waiting

    def _kh_get_vendor_delays(self, channel):
        """Return the lead time in days of the first vendor, ``{product id: days}``."""
        sellers = self.env["product.supplierinfo"].search_fetch(
            [
                ("product_tmpl_id", "in", self.product_tmpl_id.ids),
                ("company_id", "in", ((channel.company_id or self.env.company).id, False)),
            ],
            ["product_tmpl_id", "product_id", "delay"],
        )
        by_template = sellers.grouped("product_tmpl_id")
        delays = {}
        for product in self:
            for seller in by_template.get(product.product_tmpl_id, ()):
                if seller.product_id in (product, product.browse()):
                    delays[product.id] = seller.delay
                    break
        return delays
