from odoo import api, models
from odoo.exceptions import AccessError

from ..engine.trace import explain, losers_of, replay, steps_of, winner_of


class SaleOrderLine(models.Model):
    """What the price X-ray tells of one order line (价格透视)."""

    _inherit = "sale.order.line"

    # === ACTION METHODS === #

    def kh_explain_price(self):
        """Explain the price of one line to staff, from its trace alone.

        :return: sentences ready to be shown, see `_kh_explain_all`; whoever has no right to
            prices of dealers gets no rules, see `_kh_explain_own`
        :raise AccessError: for portal users, and for lines that the user may not read
        """
        self.ensure_one()
        self.check_access("read")
        if not self.env.user._is_internal():
            raise AccessError(self.env._("The price X-ray of order lines is for staff."))
        if not self._has_field_access(self._fields["kh_price_trace"], "read"):
            return self._kh_explain_own()
        return self._kh_explain_all()

    # === BUSINESS METHODS - STAFF === #

    def _kh_explain_all(self):
        """Return the whole explanation.

        :return: ``{"title", "price", "unit", "source", "date", "steps": [{"label", "price"}],
            "ladder": [{"label", "price"}], "next", "losers": [{"label", "price", "reason"}],
            "more": int, "note", "text"}``; all values are strings unless said otherwise
        """
        trace = self.kh_price_trace
        words = self.env["kh.price.explanation"]
        currency = self.currency_id
        data = {
            # sudo: name of a product of the line, also when it is hidden by now
            "title": self.product_id.sudo().display_name or self.name or "",
            "price": words._format_price(self.price_unit, currency),
            "unit": self.product_uom_id.name or "",
            **{"source": "", "date": "", "next": "", "note": ""},
            **{"steps": [], "ladder": [], "losers": [], "more": 0},
        }
        if trace:
            data.update(self._kh_explain_trace(trace, words, currency))
        else:
            data["note"] = self.env._("No reasons were kept for this price.")
        return {**data, "text": self._kh_explanation_text(data)}

    def _kh_explain_trace(self, trace, words, currency):
        # rules speak of the product's unit, the line perhaps of another
        unit, per, line_unit = trace["n"], *self._kh_explained_units(trace)

        def show(price):
            return "" if price is None else words._format_price(price, currency)

        def show_per(price):
            if price is None or not line_unit:
                return show(price)
            return words._describe_price_per(price, line_unit, currency)

        winner = winner_of(trace)
        ladder = [
            {"label": words._describe_minimum(minimum, unit), "price": show_per(price)}
            for minimum, price in steps_of(trace)
        ]
        source = self.env._("Sales price, no rule applied")
        if winner is not None:
            source = words._describe_rule(winner, currency, unit, per)
        elif trace["k"] == "g":
            source = words._describe_given(currency)
        return {
            "source": source,
            "date": words._format_moment(trace["d"]),
            "steps": [
                {"label": words._describe_step(step, currency), "price": show(step.price)}
                for step in explain(trace)
            ],
            "ladder": ladder,
            "next": self._kh_next_step(trace, words, currency),
            "losers": [
                {
                    "label": words._describe_rule(row, currency, unit, per),
                    "price": show_per(price),
                    "reason": words._describe_reason(reason),
                }
                for row, reason, price in losers_of(trace)
            ],
            "more": trace.get("x", 0),
            "note": self._kh_hand_note(trace, words, currency),
        }

    @api.model
    def _kh_explained_units(self, trace):
        """Return names of the product's unit and the line's; empty where they are the same."""
        return tuple(trace["u"][:2]) if "u" in trace else ("", "")

    def _kh_next_step(self, trace, words, currency, factor=1.0):
        """Say what the next price step asks for; empty where there is none.

        :param float factor: from the line's price to the price that is shown (taxes)
        """
        steps = steps_of(trace)
        if not steps or "m" in trace:
            return ""
        minimum, price = steps[0]
        missing = minimum - trace["q"]
        shown = words._format_price(price * factor, currency)
        _own, line_unit = self._kh_explained_units(trace)
        return words._describe_next(missing, trace["n"], shown, line_unit)

    def _kh_hand_note(self, trace, words, currency):
        if "m" not in trace:
            return ""
        return self.env._(
            "This is not the price of the rules; they gave %(price)s.",
            price=words._format_price(replay(trace), currency),
        )

    def _kh_explanation_text(self, data):
        """Write an explanation as plain text, to be copied."""
        lines = [data["title"], f"{data['price']} / {data['unit']}", data["source"]]
        if data["date"]:
            lines.append(self.env._("Priced: %(date)s", date=data["date"]))
        lines += [f"- {step['label']}: {step['price']}" for step in data["steps"]]
        lines += [f"{step['label']}: {step['price']}" for step in data["ladder"]]
        lines.append(data["next"])
        if data["losers"]:
            lines.append(self.env._("Other rules:"))
            lines += [f"- {loser['label']} ({loser['reason']})" for loser in data["losers"]]
        if data["more"]:
            lines.append(self.env._("%(count)s more rules", count=data["more"]))
        lines.append(data["note"])
        return "\n".join(line for line in lines if line)

    # === BUSINESS METHODS - THE DEALER'S PART === #

    def _kh_explain_own(self):
        """Return what the dealer may know: the own kind of price, its term and its steps.

        :return: as `product.product._kh_explain_own`
        """
        self.ensure_one()
        # sudo: the trace is staff's; only the dealer's own part of it is told here
        line_sudo = self.sudo()
        words = self.env["kh.price.explanation"]
        trace, currency = line_sudo.kh_price_trace, line_sudo.currency_id
        is_taxed = line_sudo._kh_is_explained_taxed()
        price = line_sudo.price_reduce_taxinc if is_taxed else line_sudo.price_reduce_taxexcl
        data = {
            "title": line_sudo.product_id.display_name or line_sudo.name or "",
            "price": words._format_price(price, currency),
            "unit": line_sudo.product_uom_id.name or "",
            "tax": self.env._("tax included") if is_taxed else self.env._("tax excluded"),
            "source": self.env._("Price of this order"),
            **{"facts": [], "ladder": [], "next": "", "is_visitor": False},
        }
        if not trace or "m" in trace:
            return data
        winner = winner_of(trace)
        source, facts = words._describe_own(winner)
        data.update(source=source, facts=facts)
        if line_sudo.state in ("draft", "sent"):
            net = line_sudo.price_unit * (1 - line_sudo.discount / 100)
            factor = price / net if net else 1.0
            data["next"] = line_sudo._kh_next_step(trace, words, currency, factor)
            _own, line_unit = line_sudo._kh_explained_units(trace)
            data["ladder"] = [
                {
                    "label": words._describe_minimum(minimum, trace["n"]),
                    "price": words._describe_price_per(step * factor, line_unit, currency)
                    if line_unit
                    else words._format_price(step * factor, currency),
                }
                for minimum, step in steps_of(trace)
            ]
        return data

    def _kh_is_explained_taxed(self):
        """Whether the page on which the dealer reads this line speaks in prices with tax."""
        website = self.order_id.website_id or self.env["website"].get_current_website()
        return website.show_line_subtotals_tax_selection == "tax_included"
