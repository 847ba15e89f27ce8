"""Price lists as documents: a dealer's own prices, and the annex of a price contract."""

import tempfile
from typing import NamedTuple

import pytz

from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.fields import Domain
from odoo.tools import SQL, split_every

from ..engine import Owner, RuleBook, source_of
from ..engine.price_sheet import WRITERS, Column, Head, Line

# Products read, priced and written at a time: what a document holds in memory.
CHUNK = 500
# Lines of one document; a longer one is refused, with a word on what to choose.
MAX_LINES = 50_000
CONTENT_TYPES = {
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "pdf": "application/pdf",
}
# First number of the advisory lock that keeps one user to one document at a time.
LOCK = 0x4B48504C


class Document(NamedTuple):
    """A finished document: an open temporary file at its start, its size, name and type."""

    file: object
    size: int
    name: str
    content_type: str
    line_count: int


class PriceList(models.AbstractModel):
    """Writes price lists line by line into temporary files (价格表)."""

    _name = "kh.price.list"
    _description = "Price List Document"

    # === BUSINESS METHODS - DOCUMENTS === #

    @api.model
    def _make_own(self, kind, website, *, only_contract=False, category=None):
        """Write the current user's own price list, of the products sold to this user.

        :param str kind: "xlsx" or "pdf"
        :param website: website whose products, currency and tax display count
        :param bool only_contract: leave out what has no price by contract
        :param category: product.public.category, with all below it; empty for all
        :rtype: Document
        :raise UserError: while another document of the user is being made, or for too many
            products
        """
        self._ensure_alone()
        products = self.env["product.product"]
        product_ids = products._search(
            self._own_domain(website, category), order="default_code, id"
        ).get_result_ids()
        if len(product_ids) > MAX_LINES:
            raise UserError(
                self.env._(
                    "This list would have more than %(count)s products. Choose a category or"
                    " contract prices only.",
                    count=MAX_LINES,
                )
            )
        lines = self._own_lines(product_ids, website, only_contract)
        name = self.env._("Price list %(date)s", date=fields.Date.context_today(self))
        head = self._with_taxes(
            self._own_head(website),
            SQL(
                "SELECT DISTINCT product_tmpl_id FROM product_product WHERE id = ANY(%s)",
                list(product_ids),
            ),
            self._own_tax_teller(website),
        )
        return self._write(kind, name, head, lines)

    @api.model
    def _make_annex(self, kind, contract):
        """Write the price annex of a contract.

        :param contract: kh.price.contract, one record the user may read
        :rtype: Document
        """
        contract.ensure_one()
        contract.check_access("read")
        self._ensure_alone()
        name = self.env._("Price annex %(contract)s", contract=contract.name)
        head = self._with_taxes(
            self._annex_head(contract),
            SQL(
                "SELECT DISTINCT product_tmpl_id FROM product_pricelist_item WHERE id IN %s",
                self._get_annex_query(contract).subselect(),
            ),
            self._annex_tax_teller(contract),
        )
        return self._write(kind, name, head, self._annex_lines(contract))

    @api.model
    def _ensure_alone(self):
        """Let one user make one document at a time (until the transaction ends).

        :raise UserError: if another request of the user is at it, in whatever process
        """
        query = SQL("SELECT pg_try_advisory_xact_lock(%s, %s)", LOCK, self.env.uid)
        [[is_free]] = self.env.execute_query(query)
        if not is_free:
            raise UserError(
                self.env._("Your last price list is still being made. Try again in a moment.")
            )

    @api.model
    def _write(self, kind, name, head, lines):
        """Write to a temporary file, which vanishes when it is closed."""
        target = tempfile.TemporaryFile(prefix="kh_price_list_")  # noqa: SIM115 - sent later
        try:
            count = WRITERS[kind](target, head, lines)
            size = target.tell()
            target.seek(0)
        except BaseException:
            target.close()
            raise
        return Document(target, size, f"{name}.{kind}", CONTENT_TYPES[kind], count)

    # === BUSINESS METHODS - OWN PRICES === #

    @api.model
    def _own_domain(self, website, category):
        domain = Domain(website.sale_product_domain())
        if category:
            domain &= Domain("public_categ_ids", "child_of", category.id)
        return domain

    @api.model
    def _own_head(self, website):
        partner = self.env.user.partner_id
        # sudo: the name of the user's own company and of the website's
        dealer_sudo, company_sudo = partner.sudo().commercial_partner_id, website.sudo().company_id
        _ = self.env._
        tax_word = self._tax_word(website.show_line_subtotals_tax_selection == "tax_included")
        currency = website.currency_id.name
        unit_price = {"currency": currency, "tax": tax_word}
        return Head(
            title=_("Price list"),
            facts=(
                (_("Supplier"), company_sudo.name),
                (_("Dealer"), dealer_sudo.name),
                (_("Date"), str(fields.Date.context_today(self))),
                (_("Currency"), f"{currency}, {tax_word}"),
            ),
            columns=(
                *self._product_columns(),
                Column(_("My price (%(currency)s, %(tax)s)", **unit_price), "price", 9, "price"),
                Column(
                    _("Market price (%(currency)s, %(tax)s)", **unit_price), "market", 9, "price"
                ),
                Column(_("Source"), "source", 12),
                Column(_("Valid until"), "date_end", 8, "date"),
            ),
            notes=(_("Prices of this day; an order counts at the price of its day."),),
            page_label=_("Page %(page)s", page="{page}"),
            digits=self._price_digits(),
        )

    @api.model
    def _own_lines(self, product_ids, website, only_contract):
        """Give the lines of products, a chunk at a time; what was read is forgotten again."""
        products, tell = self.env["product.product"], self._own_tax_teller(website)
        for chunk in split_every(CHUNK, product_ids):
            yield from self._own_chunk(products.browse(chunk), website, only_contract, tell)
            self.env.invalidate_all()

    @api.model
    def _own_chunk(self, products, website, only_contract, tell):
        partner, pricelist = products._kh_price_viewer(website)
        displays = products._kh_get_display_prices(partner=partner, website=website)
        winners = self._get_winners(products, partner, pricelist)
        terms = self._get_terms(rule for rules in winners.values() for rule in rules if rule)
        agreed = self._get_agreed(products, winners, partner, website, pricelist)
        # sudo: unit, taxes and attribute values of products the user was found to see
        for product in products.sudo():
            display, rules = displays[product.id], winners[product.id]
            steps = ((1.0, display.price), *display.ladder)
            for (minimum, price), rule in zip(steps, rules, strict=True):
                if only_contract and source_of(rule) != "contract":
                    continue
                source, date_end = self._tell_source(rule, terms)
                values = {
                    **self._product_values(product),
                    "minimum": minimum,
                    "price": price,
                    "market": display.market,
                    **agreed(product, rule, display.market),
                    "tax": tell(product.taxes_id),
                }
                yield Line(**values, source=source, date_start=None, date_end=date_end)

    @api.model
    def _get_agreed(self, products, winners, partner, website, pricelist):
        """Return ``f(product, rule, market) -> {field of Line: value}``.

        It tells unit, minimum and prices of a price agreed per a unit of its own; of others
        nothing.
        """
        rules = [rule for found in winners.values() for rule in found if rule and rule.uom_id]
        if not rules:
            return lambda product, rule, market: {}
        shown = pricelist._kh_display_converter(products, partner, website)
        uoms = self.env["uom.uom"].browse({rule.uom_id for rule in rules})
        uom_by_id = {uom.id: uom for uom in uoms}

        def agreed(product, rule, market):
            if not rule or not rule.uom_id:
                return {}
            own, uom = product.uom_id, uom_by_id[rule.uom_id]
            return {
                "uom": uom.name,
                "minimum": own._compute_quantity(rule.min_quantity, uom, round=False) or 1.0,
                "price": shown(product, rule.uom_price),
                "market": own._compute_price(market, uom),
            }

        return agreed

    @api.model
    def _get_winners(self, products, partner, pricelist):
        """Choose the rule at one piece and at each further step.

        :return: ``{product id: [Rule or None]}``, as many as `_kh_get_display_prices` has
            prices
        """
        if not pricelist or not pricelist.kh_is_b2b:
            return {product.id: [None] for product in products}
        owners = tuple(Owner) if partner else (Owner.MARKET,)
        facts = pricelist._kh_get_facts(products)
        template_ids = list({fact.template_id for fact in facts.values()})
        book = RuleBook(
            pricelist._kh_load_rules(owners, template_ids, partner, fields.Datetime.now())
        )
        return {
            key: [
                book.choose(fact, 1.0, owners),
                *(rule for _minimum, rule in book.steps(fact, 1.0, owners)),
            ]
            for key, fact in facts.items()
        }

    @api.model
    def _get_terms(self, rules):
        """Read contract and last day of rules: ``{rule id: (contract number, last day)}``."""
        # sudo: number and end of the viewer's own contracts, which portal users cannot read
        items_sudo = self.env["product.pricelist.item"].sudo()
        items_sudo = items_sudo.browse({rule.id for rule in rules})
        return {
            item.id: (
                item.kh_contract_id.name,
                self._to_day(item.date_end, item.kh_contract_id),
            )
            for item in items_sudo
        }

    @api.model
    def _to_day(self, moment, contract):
        """Turn the last moment of a rule into its last day, where the contract is kept."""
        if not moment:
            return None
        if contract:
            return pytz.utc.localize(moment).astimezone(contract._timezone()).date()
        return fields.Datetime.context_timestamp(self, moment).date()

    @api.model
    def _tell_source(self, rule, terms):
        labels = self.env["product.template"]
        contract, date_end = terms[rule.id] if rule else (False, None)
        if contract:
            return self.env._("Contract %(number)s", number=contract), date_end
        return labels._kh_source_label(source_of(rule)), date_end

    # === BUSINESS METHODS - CONTRACT ANNEX === #

    @api.model
    def _annex_head(self, contract):
        _ = self.env._
        term = f"{contract.date_start} – {contract.date_end or '…'}"
        states = dict(contract._fields["state"]._description_selection(self.env))
        facts = [
            (_("Dealer"), contract.partner_id.name),
            (_("Contract no."), contract.name),
            (_("Signed contract no."), contract.reference),
            (_("Version"), str(contract.version)),
            (_("Term"), term),
            (_("Currency"), contract.currency_id.name),
            (_("State"), states[contract.state]),
        ]
        if contract.with_branches:
            facts.append((_("Also for branches"), _("Yes")))
        return Head(
            title=_("Price annex to contract %(contract)s", contract=contract.name),
            facts=tuple(facts),
            columns=(
                *self._product_columns(),
                Column(
                    _("Contract price (%(currency)s)", currency=contract.currency_id.name),
                    "price",
                    11,
                    "price",
                ),
                Column(
                    _("Market price (%(currency)s)", currency=contract.currency_id.name),
                    "market",
                    9,
                    "price",
                ),
                Column(_("Valid from"), "date_start", 8, "date"),
                Column(_("Valid until"), "date_end", 8, "date"),
            ),
            notes=(_("Prices are per unit as named in the line."),),
            signatures=(
                (_("Supplier"), contract.company_id.name),
                (_("Dealer"), contract.partner_id.name),
            ),
            signature_lines=(_("Signature"), _("Seal"), _("Date")),
            page_label=_("Page %(page)s", page="{page}"),
            digits=self._price_digits(),
        )

    @api.model
    def _annex_lines(self, contract):
        """Give the lines of a contract by item no., a chunk at a time."""
        items, tell = self.env["product.pricelist.item"], self._annex_tax_teller(contract)
        for chunk in split_every(CHUNK, self._get_annex_ids(contract)):
            for item in items.browse(chunk):
                yield self._annex_line(item, contract, tell)
            self.env.invalidate_all()

    @api.model
    def _get_annex_query(self, contract):
        """Return the query of the lines the user may read."""
        items = self.env["product.pricelist.item"]
        return items._search([("kh_contract_id", "=", contract.id), ("kh_is_past", "=", False)])

    @api.model
    def _get_annex_ids(self, contract):
        """Return the ids of the lines the user may read, by item no. and quantity."""
        query = self._get_annex_query(contract)
        self.env["product.product"].flush_model(["default_code"])
        rows = self.env.execute_query(
            SQL(
                """
                SELECT item.id
                  FROM product_pricelist_item item
             LEFT JOIN product_product p ON p.id = item.product_id
             LEFT JOIN product_template t ON t.id = item.product_tmpl_id
                 WHERE item.id IN %s
              ORDER BY item.applied_on, COALESCE(p.default_code, t.default_code),
                       COALESCE(item.product_id, item.product_tmpl_id, item.categ_id),
                       item.min_quantity, item.date_start NULLS FIRST, item.id
                """,
                query.subselect(),
            )
        )
        return [item_id for [item_id] in rows]

    @api.model
    def _annex_line(self, item, contract, tell):
        product = item._kh_target()
        values = {"code": "", "name": item.name, "spec": "", "uom": ""}
        if product:
            values = {**self._product_values(product), "uom": item._kh_agreed_uom().name}
        return Line(
            **values,
            minimum=item._kh_convert_minimum(item.min_quantity) or 1.0,
            price=item._kh_agreed_price() if item.compute_price == "fixed" else item.price,
            market=item._kh_market_price_per_agreed() if product else None,
            source="",
            date_start=self._to_day(item.date_start, contract),
            date_end=self._to_day(item.date_end, contract),
            # sudo: the taxes of the product, which are named, no more
            tax=tell(product.sudo().taxes_id) if product else self._tax_of_many(),
        )

    # === BUSINESS METHODS - WORDS === #

    @api.model
    def _price_digits(self):
        return self.env["decimal.precision"].precision_get("Product Price")

    @api.model
    def _tax_word(self, is_included):
        return self.env._("tax included") if is_included else self.env._("tax excluded")

    @api.model
    def _product_columns(self):
        _ = self.env._
        return (
            Column(_("Item no."), "code", 11),
            Column(_("Product"), "name", 25),
            Column(_("Specification"), "spec", 13),
            Column(_("Unit"), "uom", 6),
            Column(_("From quantity"), "minimum", 7, "quantity"),
        )

    @api.model
    def _product_values(self, product):
        """Item no., name, specification and unit of a variant or a template."""
        spec = ""
        if product._name == "product.product":
            spec = product.product_template_attribute_value_ids._get_combination_name()
        return {
            "code": product.default_code or "",
            "name": product.name,
            "spec": spec,
            "uom": product.uom_id.name,
        }
