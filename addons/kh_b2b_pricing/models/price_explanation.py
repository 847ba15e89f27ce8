from odoo import api, fields, models
from odoo.tools import format_date, format_datetime, formatLang
from odoo.tools.misc import get_lang

from ..engine import Owner, Scope
from ..engine.trace import Kind, Reason


class PriceExplanation(models.AbstractModel):
    """The words of the price X-ray (价格透视): what ``engine.trace`` knows, as sentences.

    Amounts get the currency's symbol without a space and as many decimals as they need, up
    to the precision of prices.
    """

    _name = "kh.price.explanation"
    _description = "Words of the Price X-ray"

    # === BUSINESS METHODS - NUMBERS === #

    @api.model
    def _format_price(self, amount, currency):
        """Write a unit price: ``¥8.60``, ``¥0.1255``."""
        precision = self.env["decimal.precision"].precision_get("Product Price")
        digits = max(precision, currency.decimal_places)
        text = self._format_number(abs(amount), digits, currency.decimal_places)
        sign = "-" if amount < 0 and any(digit in text for digit in "123456789") else ""
        symbol = currency.symbol or currency.name or ""
        return f"{sign}{text}{symbol}" if currency.position == "after" else f"{sign}{symbol}{text}"

    @api.model
    def _format_number(self, number, digits=3, minimum=0):
        """Write a number without needless zeros after ``minimum`` decimals."""
        text = formatLang(self.env, number or 0.0, digits=digits)
        point = get_lang(self.env).decimal_point
        if point not in text:
            return text
        whole, decimals = text.rsplit(point, 1)
        decimals = decimals.rstrip("0").ljust(minimum, "0")
        return f"{whole}{point}{decimals}" if decimals else whole

    @api.model
    def _format_day(self, day):
        return format_date(self.env, day) if day else "…"

    @api.model
    def _format_moment(self, moment):
        return format_datetime(self.env, moment, dt_format="short")

    # === BUSINESS METHODS - RULES === #

    @api.model
    def _describe_whose(self, row):
        """Say for whom a rule was made, with its contract and version."""
        if row.contract:
            number, version, start, end = row.contract
            return self.env._(
                "Contract %(number)s, version %(version)s, %(start)s – %(end)s",
                number=number,
                version=version,
                start=self._format_day(start),
                end=self._format_day(end),
            )
        if row.owner == Owner.CUSTOMER:
            return self.env._("Price of this dealer, without contract")
        if row.owner == Owner.LEVEL:
            return self.env._("Member level %(level)s", level=row.level or "–")
        return self.env._("Market price")

    @api.model
    def _describe_own(self, row):
        """Say to the dealer what kind of price it is, and what the contract says of its term.

        :param RuleRow row: the winning rule; ``None``: the sales price
        :return: ``(kind, [{"label", "value"}])``; nothing of other dealers, levels or rules
        """
        label_of = self.env["product.template"]._kh_source_label
        if row is None or row.owner == Owner.MARKET:
            return label_of("market"), []
        if row.owner == Owner.LEVEL:
            return label_of("level"), self._describe_own_level(row.level)
        if not row.contract:
            return label_of("contract"), []
        number, _version, _start, end = row.contract
        return label_of("contract"), self._describe_own_contract(number, end)

    @api.model
    def _describe_own_level(self, level):
        return [{"label": self.env._("Member level"), "value": level}] if level else []

    @api.model
    def _describe_own_contract(self, number, end):
        until = self._format_day(end) if end else self.env._("until further notice")
        return [
            {"label": self.env._("Contract no."), "value": number},
            {"label": self.env._("Valid until"), "value": until},
        ]

    @api.model
    def _describe_scope(self, row):
        if row.scope == Scope.VARIANT:
            return self.env._("this variant")
        if row.scope == Scope.TEMPLATE:
            return self.env._("this product")
        if row.scope == Scope.CATEGORY:
            return self.env._("category %(category)s", category=row.category or "–")
        return self.env._("all products")

    @api.model
    def _describe_kind(self, row, currency, per=""):
        if row.kind == Kind.FIXED and row.agreed:
            unit, price, _pieces = row.agreed
            return self._describe_price_per(price, unit, currency)
        if row.kind == Kind.FIXED and per:
            return self._describe_price_per(row.value, per, currency)
        if row.kind == Kind.FIXED:
            return self._format_price(row.value, currency)
        percent = row.value if row.kind == Kind.PERCENT else row.value[0]
        number = self._format_number(abs(percent), 2)
        text = (
            self.env._("%(percent)s%% added", percent=number)
            if percent < 0
            else self.env._("%(percent)s%% off", percent=number)
        )
        if row.kind == Kind.FORMULA:
            text = self.env._("formula, %(discount)s", discount=text)
        return text

    @api.model
    def _describe_price_per(self, price, unit, currency):
        return self.env._(
            "%(price)s per %(unit)s", price=self._format_price(price, currency), unit=unit
        )

    @api.model
    def _describe_rule(self, row, currency, unit, per=""):
        """Describe one rule in one line.

        :param str unit: the product's unit, in which minimum quantities are
        :param str per: the same where the reader has prices of another unit before him: the
            fixed price of a rule then names it
        """
        parts = [
            self._describe_whose(row),
            self._describe_scope(row),
            self._describe_kind(row, currency, per),
        ]
        if row.min_quantity:
            parts.insert(2, self._describe_minimum(row.min_quantity, unit))
        return " · ".join(parts)

    @api.model
    def _describe_minimum(self, minimum, unit):
        return self.env._(
            "from %(quantity)s %(unit)s", quantity=self._format_number(minimum), unit=unit
        )

    @api.model
    def _describe_reason(self, reason):
        return {
            Reason.MINIMUM: self.env._("minimum quantity not reached"),
            Reason.OWNER: self.env._("made for more dealers than the winner"),
            Reason.BRANCH: self.env._("belongs to the head office, the dealer has its own"),
            Reason.SCOPE: self.env._("made for more products than the winner"),
            Reason.CATEGORY: self.env._("the category is farther from the product"),
            Reason.STEP: self.env._("a larger minimum quantity is reached"),
            Reason.START: self.env._("the winner starts later"),
            Reason.NEWER: self.env._("the winner was entered later"),
        }[reason]

    # === BUSINESS METHODS - STEPS === #

    @api.model
    def _describe_step(self, step, currency):
        """Say what one step from the rule to the price did."""
        describe = {
            "fixed": self._describe_fixed,
            "agreed": self._describe_agreed,
            "base": self._describe_base,
            "percent": self._describe_percent,
            "formula": self._describe_formula,
            "round": self._describe_round,
            "unit": self._describe_unit,
            "discount": self._describe_discount,
            "tax": self._describe_tax,
            "given": self._describe_given,
            "hand": self._describe_hand,
        }[step.code]
        return describe(currency, *step.values)

    @api.model
    def _describe_fixed(self, currency, amount):
        return self.env._("Fixed price of the rule")

    @api.model
    def _describe_agreed(self, currency, unit):
        return self.env._("Fixed price of the rule, per %(unit)s", unit=unit)

    @api.model
    def _describe_base(self, currency, amount, source, name="", origin="", rate=0.0):
        texts = {
            "list_price": self.env._("Sales price of the product"),
            "standard_price": self.env._("Cost of the product"),
            "pricelist": self.env._("Price of pricelist %(pricelist)s", pricelist=name or "–"),
        }
        text = texts.get(source) or self.env._("Market price of the product")
        if not origin:
            return text
        return self.env._(
            "%(base)s, %(origin)s 1 = %(currency)s %(rate)s",
            base=text,
            origin=origin,
            currency=currency.name,
            rate=self._format_number(rate, 6),
        )

    @api.model
    def _describe_percent(self, currency, percent):
        number = self._format_number(abs(percent), 2)
        if percent < 0:
            return self.env._("%(percent)s%% added", percent=number)
        return self.env._("%(percent)s%% off", percent=number)

    @api.model
    def _describe_formula(self, currency, discount, rounding, surcharge, lowest, highest):
        parts = [self._describe_percent(currency, discount)]
        if rounding:
            number = self._format_number(rounding)
            parts.append(self.env._("rounded to %(step)s", step=number))
        for amount, text in (
            (surcharge, self.env._("surcharge")),
            (lowest, self.env._("lowest margin")),
            (highest, self.env._("highest margin")),
        ):
            if amount:
                parts.append(f"{text} {self._format_price(amount, currency)}")
        return " · ".join(parts)

    @api.model
    def _describe_round(self, currency, digits):
        return self.env._("Rounded to %(digits)s decimals", digits=digits)

    @api.model
    def _describe_unit(self, currency, product_unit, line_unit, factor):
        return self.env._(
            "1 %(line_unit)s = %(factor)s %(product_unit)s",
            line_unit=line_unit,
            factor=self._format_number(factor, 6),
            product_unit=product_unit,
        )

    @api.model
    def _describe_discount(self, currency, amount):
        return self.env._("Shown before the discount, which has its own column")

    @api.model
    def _describe_tax(self, currency, before, after):
        return self.env._(
            "Taxes of the fiscal position: %(before)s → %(after)s",
            before=before or "–",
            after=after or "–",
        )

    @api.model
    def _describe_given(self, currency):
        return self.env._("Not set by a price rule: part of a set, a fee or a deposit")

    @api.model
    def _describe_hand(self, currency, who, when):
        return self.env._(
            "Changed or brought along: %(user)s, %(date)s",
            user=who,
            date=self._format_moment(fields.Datetime.to_datetime(when)),
        )

    @api.model
    def _describe_next(self, quantity, unit, price, per=""):
        """Say what the next step of the ladder asks for: ``12 more Units for ¥8.60 each``.

        :param str per: unit of the price where that is not the one of the quantity
        """
        if per:
            return self.env._(
                "%(quantity)s more %(unit)s for %(price)s per %(per)s",
                quantity=self._format_number(quantity),
                unit=unit,
                price=price,
                per=per,
            )
        return self.env._(
            "%(quantity)s more %(unit)s for %(price)s each",
            quantity=self._format_number(quantity),
            unit=unit,
            price=price,
        )
