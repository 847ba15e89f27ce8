from typing import Any, NamedTuple

from odoo import api, fields, models
from odoo.fields import Domain
from odoo.tools import SQL

from ..utils import (
    format_amount,
    format_date,
    format_money,
    format_price,
    format_quantity,
    format_time,
    to_local,
)

TABS = ("to_pay", "review", "hold", "to_ship", "to_receive", "done", "cancel", "closed")
# Tabs that are shown although nothing is in them, so that they keep their place.
FIXED_TABS = ("to_pay", "to_ship", "to_receive", "done")
LINES_PER_PAGE = 50
# The list counts, and leafs through, no more orders of one stage; search and dates find the rest.
COUNT_LIMIT = 10_000


class OrderRow(NamedTuple):
    """One order in the dealer's list (W7), ready to show."""

    order: Any
    summary: str
    kinds: int
    pieces: str
    placed: str
    amount: str
    shipped: str
    step: Any
    deadline: str = ""
    parcel: Any = None


class StageTab(NamedTuple):
    """One tab of the dealer's list; `stage` is empty for all orders.

    `count` is at most `COUNT_LIMIT`; `is_more` says that there are more.
    """

    stage: str
    label: str
    count: int
    is_more: bool = False

    @property
    def text(self):
        """Return the count as it is shown."""
        return f"{format_quantity(self.count)}{'+' if self.is_more else ''}"


class SaleOrder(models.Model):
    _inherit = "sale.order"

    # === BUSINESS METHODS - LIST === #
    @api.model
    def _kh_portal_domain(self, partner):
        """Return the orders a dealer's person sees: sent ones of the whole company.

        :param partner: res.partner of the person
        :rtype: Domain
        """
        family = partner.commercial_partner_id._kh_family_ids()
        return Domain("partner_id", "in", family) & Domain("kh_stage", "not in", ("draft", False))

    @api.model
    def _kh_portal_search_domain(self, partner, text="", date_from=None, date_to=None):
        """Return the domain of a search by number, product, item code or tracking number.

        :param date date_from, date_to: days in the reader's time zone, both included
        """
        domain = self._kh_portal_domain(partner)
        if text:
            found = Domain.OR(
                Domain(name, "ilike", text)
                for name in (
                    "name",
                    "client_order_ref",
                    "order_line.name",
                    "order_line.product_id.default_code",
                    "picking_ids.carrier_tracking_ref",
                )
            )
            # sudo: products of old orders may be hidden from the dealer by now; the result is
            # limited to his own orders, here and by his record rule
            domain &= Domain("id", "in", self.sudo()._search(domain & found))
        if date_from:
            domain &= Domain("date_order", ">=", self._kh_from_local(date_from))
        if date_to:
            after = fields.Date.add(date_to, days=1)
            domain &= Domain("date_order", "<", self._kh_from_local(after))
        return domain

    @api.model
    def _kh_portal_tabs(self, domain):
        """Count the orders of each stage in one query, each as far as `COUNT_LIMIT`.

        :rtype: list[StageTab]
        """
        counts = self._kh_count_stages(domain)
        labels = dict(self._fields["kh_stage"]._description_selection(self.env))
        found = [("", self.env._("All"), sum(counts.values()))]
        found += [
            (stage, labels[stage], counts[stage])
            for stage in TABS
            if counts[stage] or stage in FIXED_TABS
        ]
        return [
            StageTab(stage, label, min(count, COUNT_LIMIT), count > COUNT_LIMIT)
            for stage, label, count in found
        ]

    @api.model
    def _kh_count_stages(self, domain):
        """Count the orders of each stage: exact up to `COUNT_LIMIT`, one more if there are more.

        :return: ``{stage: count}`` for each of `TABS`
        """
        query = self._search(domain)
        stage = self._field_to_sql(self._table, "kh_stage", query)
        return dict(
            self.env.execute_query(
                SQL(
                    """
                    SELECT tab, (SELECT count(*)
                                   FROM (SELECT FROM %s WHERE %s AND %s = tab LIMIT %s) AS found)
                      FROM unnest(%s) AS tab
                    """,
                    query.from_clause,
                    query.where_clause or SQL("TRUE"),
                    stage,
                    COUNT_LIMIT + 1,
                    list(TABS),
                )
            )
        )

    def _kh_portal_rows(self):
        """Return these orders ready to show, in a constant number of queries.

        :rtype: list[OrderRow]
        """
        lines = self._kh_count_lines()
        shipments = self._kh_count_shipments()
        # sudo: names of products that may be hidden by now
        firsts_sudo = self.env["sale.order.line"].sudo().browse(row[2] for row in lines.values())
        names = {line.order_id.id: line._kh_portal_name() for line in firsts_sudo}
        rows = []
        for order in self:
            kinds, quantity, _line_id = lines.get(order.id, (0, 0.0, False))
            done, total = shipments.get(order.id, (0, 0))
            rows.append(
                OrderRow(
                    order=order,
                    summary=names.get(order.id, ""),
                    kinds=kinds,
                    pieces=format_quantity(quantity),
                    placed=order._kh_format_time(order.kh_placed_date or order.date_order),
                    amount=format_amount(order.amount_total, order.currency_id.decimal_places),
                    shipped=f"{done}/{total}" if 0 < done < total else "",
                    step=order._kh_next_step("dealer"),
                    deadline=order._kh_get_deadline_text(),
                )
            )
        return rows

    def _kh_count_lines(self):
        """Return ``{order id: (kinds, pieces, id of the first line)}`` in one query."""
        groups = self.env["sale.order.line"]._read_group(
            Domain("order_id", "in", self.ids)
            & Domain("display_type", "=", False)
            & Domain("is_delivery", "=", False)
            & Domain("is_downpayment", "=", False)
            & Domain("kh_is_split_rounding", "=", False)
            & Domain("product_uom_qty", "!=", 0),  # went to another order
            ["order_id"],
            ["__count", "product_uom_qty:sum", "id:min"],
        )
        return {order.id: tuple(values) for order, *values in groups}

    def _kh_count_shipments(self):
        """Return ``{order id: (shipped, all shipments)}`` in one query."""
        # sudo: dealers may not read shipments, only how many of their order left
        groups = (
            self.env["stock.picking"]
            .sudo()
            ._read_group(
                [
                    ("sale_id", "in", self.ids),
                    ("state", "!=", "cancel"),
                    ("picking_type_id.code", "=", "outgoing"),
                ],
                ["sale_id", "state"],
                ["__count"],
            )
        )
        counts = {}
        for order, state, count in groups:
            done, total = counts.get(order.id, (0, 0))
            counts[order.id] = (done + (count if state == "done" else 0), total + count)
        return counts

    # === BUSINESS METHODS - ONE ORDER === #
    def _kh_portal_lines(self, text="", is_open_only=False, page=1):
        """Return one page of the order's lines, and how many there are in all.

        :param str text: in the product's name or item number
        :param bool is_open_only: only what was not wholly delivered
        :rtype: tuple[list[dict], int]
        """
        self.ensure_one()
        lines = self._get_order_lines_to_report().filtered(lambda line: not line.is_downpayment)
        if text:
            lower = text.lower()
            lines = lines.filtered(
                lambda line: (
                    lower in (line.name or "").lower()
                    or lower in (line.product_id.default_code or "").lower()
                )
            )
        if is_open_only:
            lines = lines.filtered(lambda line: line.product_id and not line._kh_is_delivered())
        start = (max(page, 1) - 1) * LINES_PER_PAGE
        shown = lines[start : start + LINES_PER_PAGE]
        return [line._kh_portal_values() for line in shown], len(lines)

    def _kh_portal_totals(self):
        """Return the totals as strings: untaxed, tax, total, paid, due (order currency)."""
        self.ensure_one()
        status = self._kh_payment_status()
        amounts = {
            "untaxed": self.amount_untaxed,
            "tax": self.amount_tax,
            "total": self.amount_total,
            "paid": status.paid,
            "pending": status.pending,
            "due": status.due,
        }
        totals = {key: format_money(value, self.currency_id) for key, value in amounts.items()}
        return {**totals, "is_paid": not status.due, "has_pending": bool(status.pending)}

    def _kh_is_b2b_order(self):
        """Answer whether this order belongs to a B2B website or was priced for a dealer."""
        self.ensure_one()
        return bool(self.website_id.kh_is_b2b or self.pricelist_id.kh_is_b2b)

    def _kh_is_shown_tax_included(self):
        """Answer whether prices are shown with tax on the order's pages."""
        self.ensure_one()
        website = self.website_id or self.env["website"].get_current_website()
        return website.show_line_subtotals_tax_selection == "tax_included"

    # === TOOLS === #
    def _kh_zone(self):
        company = self[:1].company_id or self.env.company
        # sudo: a dealer may not read the contact of the company he buys from, only its zone
        company_zone = company.sudo().partner_id.tz
        return self.env.context.get("tz") or self.env.user.tz or company_zone or "UTC"

    def _kh_format_time(self, moment):
        """Write a stored moment in the reader's time zone."""
        if not moment:
            return ""
        zone = self._kh_zone()
        return format_time(to_local(moment, zone), to_local(fields.Datetime.now(), zone))

    def _kh_format_date(self, moment):
        return format_date(to_local(moment, self._kh_zone())) if moment else ""

    @api.model
    def _kh_format_address(self, partner):
        """Write an address in Chinese order: province, city, street."""
        parts = (partner.state_id.name, partner.city, partner.street, partner.street2)
        return " ".join(part for part in parts if part)

    @api.model
    def _kh_from_local(self, day):
        """Return the stored moment at which a day of the reader begins."""
        begin = fields.Datetime.to_datetime(day)
        return begin - to_local(begin, self._kh_zone()).utcoffset()


class SaleOrderLine(models.Model):
    _inherit = "sale.order.line"

    def _kh_portal_name(self):
        """Return the product's name without its code, else the first line of the text."""
        self.ensure_one()
        return self.product_id.name or (self.name or "").split("\n")[0]

    def _kh_get_document_name(self):
        """Return the line's text without the item number that core puts before it."""
        self.ensure_one()
        prefix = f"[{self.product_id.default_code}] "
        return (self.name or "").removeprefix(prefix)

    def _kh_portal_spec(self):
        """Return the chosen specification, for example ``2P 6A``."""
        self.ensure_one()
        values = self.product_id.product_template_attribute_value_ids
        return " ".join((values | self.product_no_variant_attribute_value_ids).mapped("name"))

    def _kh_portal_values(self):
        """Return one line as the order page shows it (strings)."""
        self.ensure_one()
        is_taxed = self.order_id._kh_is_shown_tax_included()
        digits = self.currency_id.decimal_places
        precision = self.env["decimal.precision"].precision_get("Product Price")
        price = self.price_reduce_taxinc if is_taxed else self.price_reduce_taxexcl
        return {
            "line": self,
            "is_section": bool(self.display_type),
            "name": self._kh_portal_name() if self.product_id else self.name,
            "spec": self._kh_portal_spec() if self.product_id else "",
            "code": self.product_id.default_code or "",
            "price": format_price(price, precision, digits),
            "quantity": format_quantity(self.product_uom_qty),
            "unit": self.product_uom_id.name or "",
            "delivered": format_quantity(self.qty_delivered),
            "is_delivered": self._kh_is_delivered(),
            "subtotal": format_amount(
                self.price_total if is_taxed else self.price_subtotal, digits
            ),
        }
