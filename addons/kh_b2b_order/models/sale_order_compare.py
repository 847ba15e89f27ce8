from collections import defaultdict
from datetime import date
from hashlib import sha256
from typing import Any, NamedTuple

from markupsafe import Markup

from odoo import api, fields, models
from odoo.exceptions import UserError

from odoo.addons.kh_b2b_catalog.engine.order_limits import OrderLimits, check_quantity
from odoo.addons.kh_b2b_pricing.models.product_pricelist_quote import PriceAsk

from ..engine.compare import AskedRow, RowFacts, list_changes, merge_rows
from ..utils import format_price, format_quantity


class ComparedRow(NamedTuple):
    """One row as it would be ordered today, beside how it was (M-65).

    `quantity` and prices are per unit `uom`. `reason` says why the row may not be ordered;
    empty: it may. `note` says why the quantity was changed. `changes` see `list_changes`.
    `promised` is told only as far as the reader's stock policy allows.
    """

    product: Any
    uom: Any
    asked: float
    quantity: float
    price_before: float | None
    price: float
    changes: tuple[str, ...]
    reason: str = ""
    note: str = ""
    promised: date | None = None

    @property
    def order_row(self):
        """The row as `_kh_add_products` takes it."""
        return (self.product.id, self.quantity, self.uom.id)


class SaleOrder(models.Model):
    """Ordering the same again: at today's price, saleability, stock and limits (M-63, M-65)."""

    _inherit = "sale.order"

    # === ACTION METHODS === #
    def action_kh_copy_today(self):
        """Copy one order at today's prices, with a list of what changed (for staff).

        What may not be sold any more stays out; the new order says so in its chatter.

        :return: action that opens the new draft
        :raise UserError: nothing of the order can be sold any more
        """
        self.ensure_one()
        self.check_access("read")
        self.browse().check_access("create")
        copy = self.with_context(kh_source="sales").copy({"order_line": False, "website_id": False})
        # quantities of staff are theirs: no shop caps them
        rows = copy._kh_compare_rows(self._kh_get_asked_rows(with_tax=None))
        kept = [row.order_row for row in rows if not row.reason]
        result = copy._kh_add_products(kept) if kept else None
        if not result or not result.kept:
            raise UserError(self.env._("Nothing of order %s can be sold any more.", self.name))
        products = {row.product.id: row.product for row in rows}
        lines = [copy._kh_word_change(row) for row in rows if row.changes]
        lines += [f"{products[key].display_name}: {reason}" for key, reason in result.refused]
        title = self.env._("Copied from %s at today's prices.", self.name)
        copy.message_post(body=Markup("<br/>").join([title, *lines]))
        return {
            "type": "ir.actions.act_window",
            "res_model": "sale.order",
            "res_id": copy.id,
            "view_mode": "form",
        }

    # === BUSINESS METHODS - COMPARE === #
    @api.model
    def _kh_new_target(self, partner, website, company=None, pricelist=None):
        """Return an order in memory to ask for prices and rules; nothing is saved.

        :param partner: the person who buys
        :param website: the shop; empty: as in the back office
        :param pricelist: by default the one that the order would get
        """
        vals = {
            "partner_id": partner.id,
            "website_id": website.id,
            "company_id": (company or website.company_id).id,
        }
        return self.new({**vals, "pricelist_id": pricelist.id} if pricelist else vals)

    def _kh_get_asked_rows(self, with_tax=None):
        """Return this order's goods as they were bought.

        :param bool with_tax: price with or without tax, after discount; ``None``: as on the
            line, before tax settings
        :rtype: list[AskedRow]
        """
        self.ensure_one()
        # sudo: goods of the reader's own order, some of which may be hidden by now
        order_sudo = self.sudo()
        goods = {row[0] for row in order_sudo._kh_get_reorder_rows()}
        name = {True: "price_reduce_taxinc", False: "price_reduce_taxexcl"}.get(with_tax)
        rows = []
        for line in order_sudo._kh_get_stage_lines():
            if line.product_id.id in goods and line.product_uom_qty > 0:
                price = line[name] if name else line.price_unit * (1 - line.discount / 100)
                row = (line.product_id.id, line.product_uom_qty, line.product_uom_id.id, price)
                rows.append(AskedRow(*row))
        return rows

    def _kh_compare_rows(self, asked):
        """Say for rows what ordering them here and now would mean; nothing is written.

        A constant number of queries, whatever the number of rows. Callers: copy of an order,
        purchase lists, quotes. On a website's order prices are taxed as the website shows
        them, and what the user may not see there is refused.

        :param list asked: :class:`AskedRow`, summed by product and unit
        :rtype: list[ComparedRow] in the order given
        """
        self.ensure_one()
        self = self.with_company(self.company_id)
        asked = merge_rows(asked)
        plain = [(row.product_id, row.quantity, row.uom_id) for row in asked]
        products = self._kh_get_row_products(plain)
        reasons = self._kh_check_rows(plain, products)
        self._kh_refuse_hidden(asked, reasons)
        kept = [row for number, row in enumerate(asked) if number not in reasons]
        quantities, notes = self._kh_fit_rows(kept, products, reasons, asked)
        prices = self._kh_price_rows(quantities, products)
        short = self._kh_find_short(quantities, products)
        digits = self._kh_get_price_digits()
        uoms = self.env["uom.uom"].browse(row.uom_id for row in asked)
        result = []
        for number, (row, uom) in enumerate(zip(asked, uoms, strict=True)):
            key = (row.product_id, row.uom_id)
            quantity, price = quantities.get(key, row.quantity), prices.get(key, 0.0)
            facts = RowFacts(
                row.quantity, quantity, row.price, price, number in reasons, key in short
            )
            result.append(
                ComparedRow(
                    # sudo: named in the list also when it is hidden by now
                    product=products.get(row.product_id) or self.env["product.product"].sudo(),
                    uom=uom,
                    asked=row.quantity,
                    quantity=quantity,
                    price_before=row.price,
                    price=price,
                    changes=list_changes(facts, digits),
                    reason=str(reasons.get(number, "")),
                    note=notes.get(key, ""),
                    promised=short.get(key),
                )
            )
        return result

    def _kh_refuse_hidden(self, asked, reasons):
        """Refuse what the user does not find on the website, by his record rules too."""
        if not self.website_id:
            return
        ids = [row.product_id for row in asked]
        domain = [("id", "in", ids), *self.website_id.sale_product_domain()]
        visible = set(self.sudo(False).env["product.product"].search(domain).ids)
        for number, row in enumerate(asked):
            if row.product_id not in visible:
                reasons.setdefault(number, self.env._("Not for sale any more."))

    def _kh_fit_rows(self, kept, products, reasons, asked):
        """Fit quantities to minimum and multiple; refuse what no quantity fits.

        :return: ``({(product id, uom id): quantity}, {key: why it was changed})``
        """
        quantities = {(row.product_id, row.uom_id): row.quantity for row in kept}
        # sudo: hidden products have limits too
        goods = self.env["product.product"].sudo().browse({row.product_id for row in kept})
        notes = {}
        if not self._kh_has_quantity_limits(goods, self.website_id):
            return quantities, notes
        limits = self._kh_get_quantity_limits(goods)
        totals = defaultdict(float)
        for row in kept:
            own_uom = products[row.product_id].uom_id
            uom = self.env["uom.uom"].browse(row.uom_id)
            totals[row.product_id] += uom._compute_quantity(row.quantity, own_uom, round=False)
        numbers = {(row.product_id, row.uom_id): number for number, row in enumerate(asked)}
        for key in list(quantities):
            product = products[key[0]]
            mine = limits.get(key[0], OrderLimits())
            issue = check_quantity(totals[key[0]], mine)
            if not issue:
                continue
            text = self._kh_word_issue(issue, mine)
            suggested = self._kh_get_suggested(issue, mine)
            fitted = suggested and self._kh_raise_quantity(
                product, key[1], quantities[key], suggested - totals[key[0]]
            )
            if fitted:
                quantities[key], notes[key] = fitted, text
                totals[key[0]] = suggested
            else:
                reasons[numbers[key]] = text
                del quantities[key]
        return quantities, notes

    def _kh_raise_quantity(self, product, uom_id, quantity, difference):
        """Return the quantity changed by a difference in the product's unit, or ``None``."""
        uom = self.env["uom.uom"].browse(uom_id)
        fitted = quantity + product.uom_id._compute_quantity(difference, uom, round=False)
        is_whole = abs(fitted - uom.round(fitted)) < 1e-6
        return fitted if fitted > 0 and is_whole else None

    def _kh_price_rows(self, quantities, products):
        """Price rows as this order would, ``{(product id, uom id): price per unit}``.

        After discount; on a website taxed as it shows prices.

        :param dict quantities: ``{(product id, uom id): quantity}``
        """
        if not quantities:
            return {}
        asks = [
            PriceAsk(products[key[0]], quantity, self.env["uom.uom"].browse(key[1]), {})
            for key, quantity in quantities.items()
        ]
        amounts = self._kh_ask_prices(asks)
        pricelist = self.pricelist_id or self.env["product.pricelist"]
        website, dealer = self.website_id, self.partner_id.commercial_partner_id
        if website:
            # sudo: taxes of products that may be hidden by now
            goods = self.env["product.product"].sudo().union(*(ask.product for ask in asks))
            shown = pricelist._kh_display_converter(goods, dealer, website)
            amounts = [
                shown(ask.product, amount) for ask, amount in zip(asks, amounts, strict=True)
            ]
        return dict(zip(quantities, amounts, strict=True))

    def _kh_ask_prices(self, asks):
        """Return the prices of these questions, before taxes, in the order's currency."""
        pricelist, now = self.pricelist_id, fields.Datetime.now()
        currency = self.currency_id or self.company_id.currency_id
        if pricelist.kh_is_b2b:
            dealer = self.partner_id.commercial_partner_id
            return [quote.price for quote in pricelist._kh_quote(asks, dealer, now, currency)]
        pricelist = pricelist or self.env["product.pricelist"]
        return [
            pricelist._get_product_price(
                ask.product, ask.quantity, currency=currency, uom=ask.uom, date=now
            )
            for ask in asks
        ]

    def _kh_find_short(self, quantities, products):
        """Find rows beyond the free stock, ``{key: promised date or None}``.

        Only what the reader's stock policy allows is told; staff see it all.
        """
        website_sudo = self.website_id.sudo()  # sudo: where the goods come from
        has_dates = True
        if website_sudo:
            rules = website_sudo._kh_get_stock_rules(self._kh_get_reader())
            if rules.display == "none":
                return {}
            has_dates = rules.has_promised_date
        channel = website_sudo or self.sudo()
        goods = self.env["product.product"].sudo().union(*products.values())
        stocked = goods._kh_filter_stocked(self.company_id)
        free = defaultdict(float, stocked._kh_free_quantities(channel)) if stocked else {}
        lacking, keys = defaultdict(float), []
        for key, quantity in quantities.items():
            product = products[key[0]]
            if product not in stocked:
                continue
            uom = self.env["uom.uom"].browse(key[1])
            wanted = uom._compute_quantity(quantity, product.uom_id, round=False)
            missing = min(wanted - max(free[product.id], 0.0), wanted)
            free[product.id] -= wanted
            if product.uom_id.compare(missing, 0.0) > 0:
                lacking[product.id] += missing
                keys.append(key)
        dates = {}
        if lacking and has_dates:
            dates = stocked.browse(lacking)._kh_get_promised_dates(lacking, channel)
        return {key: dates.get(key[0]) for key in keys}

    def _kh_get_price_digits(self):
        currency = self.currency_id or self.company_id.currency_id
        digits = self.env["decimal.precision"].precision_get("Product Price")
        return max(digits, currency.decimal_places)

    # === BUSINESS METHODS - WORDS === #
    def _kh_word_change(self, row):
        """Say in one line what has changed for a row, in the reader's language.

        :param ComparedRow row:
        """
        return f"{row.product.display_name or ''}: {' · '.join(self._kh_word_parts(row))}"

    def _kh_word_parts(self, row, with_price=True):
        """Say what has changed for a row, one sentence for each change.

        :param bool with_price: False where the page shows both prices itself
        """
        _ = self.env._
        digits, minimum = self._kh_get_price_digits(), self.currency_id.decimal_places
        parts = []
        if row.reason:
            parts.append(row.reason)
        if with_price and "price" in row.changes:
            parts.append(
                _(
                    "Price %(before)s → %(now)s",
                    before=format_price(row.price_before, digits, minimum),
                    now=format_price(row.price, digits, minimum),
                )
            )
        if "quantity" in row.changes:
            parts.append(
                _(
                    "Quantity %(before)s → %(now)s: %(reason)s",
                    before=format_quantity(row.asked),
                    now=format_quantity(row.quantity),
                    reason=row.note,
                )
            )
        if "short" in row.changes:
            parts.append(
                _("Short in stock, expected %s", fields.Date.to_string(row.promised))
                if row.promised
                else _("Short in stock")
            )
        return parts

    @api.model
    def _kh_digest_rows(self, rows):
        """Return a short text that changes when what was shown of these rows changes."""
        facts = [
            (row.product.id, row.uom.id, row.quantity, round(row.price, 6), bool(row.reason))
            for row in rows
        ]
        return sha256(repr(facts).encode()).hexdigest()[:16]
