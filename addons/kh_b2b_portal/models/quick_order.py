from odoo import api, models

from odoo.addons.kh_b2b_order.engine.quick_rows import clean, find_header, guess_columns
from odoo.addons.kh_b2b_order.utils import format_amount, format_money, format_price

SAMPLE_CELLS = 3


class QuickOrder(models.Model):
    _inherit = "kh.quick.order"

    # === BUSINESS METHODS - PAGE === #
    def _get_page(self, buyer, numbers=None):
        """Return the draft as its page shows it.

        :param numbers: only these rows, and those of the same products; None: all
        :rtype: dict
        """
        self.ensure_one()
        matches = self._evaluate(buyer, numbers)
        mine = self.sudo(False)
        currency = mine._get_currency(buyer)
        digits = mine.env["decimal.precision"].precision_get("Product Price")
        seen = self.prices or {}
        page = {
            "rows": [
                mine._get_page_row(match, currency, digits, seen.get(str(match.row.number)))
                for match in matches
            ],
            "skipped": self._count_skipped(),
            "version": self.version,
        }
        if numbers is None:
            page |= {
                "columns": self._get_page_columns(),
                "labels": mine._get_column_labels(),
                "money": format_money(0, currency),
                "digits": currency.decimal_places,
            }
        return page

    @api.model
    def _get_column_labels(self):
        _ = self.env._
        return {
            "code": _("My code / item no."),
            "name": _("Name"),
            "model": _("Model / specification"),
            "quantity": _("Quantity"),
            "unit": _("Unit"),
            "note": _("Note"),
        }

    def _get_page_columns(self):
        """Return what each column is taken for, with its first cells: ``[(name, [text])]``."""
        table = self.table or []
        header = find_header(table)
        columns = self.columns or (header[1] if header else guess_columns(table))
        samples = table[header[0] + 1 if header else 0 :][:SAMPLE_CELLS]
        return [
            [name, [clean(cells[place]) for cells in samples if place < len(cells)]]
            for place, name in enumerate(columns)
        ]

    @api.model
    def _get_page_row(self, match, currency, digits, seen):
        """Return one row, ready to show; what there is nothing to say about is left out."""
        texts = match.row.texts
        row = {
            "n": match.row.number,
            "t": " · ".join(filter(None, (texts["code"], texts["name"], texts["model"]))),
            "qt": " ".join(filter(None, (texts["quantity"], texts["unit"]))).lstrip("×✕xX* "),
            "st": match.state,
            "q": match.quantity or match.row.quantity or 0,
        }
        if texts["note"]:
            row["note"] = texts["note"]
        if match.reason:
            row["why"] = str(match.reason)
        if match.proposals:
            row["pp"] = [self._get_page_proposal(kind, value) for kind, value in match.proposals]
        if match.product:
            row |= self._get_page_product(match, currency, digits)
            if seen and match.price and abs(seen - match.price) > 1e-6:
                row["old"] = format_price(seen, digits, currency.decimal_places)
        return row

    @api.model
    def _get_page_product(self, match, currency, digits):
        # sudo: facts of a product that the user was found to see, read at once before
        product_sudo = match.product.sudo()
        uoms = product_sudo.uom_id + product_sudo.uom_ids
        facts = {
            **self._get_offer(match.product),
            "u": match.uom.id,
            "un": match.uom.name,
            "pr": format_price(match.price, digits, currency.decimal_places),
            "sub": match.subtotal,
            "ss": format_amount(match.subtotal, currency.decimal_places),
        }
        if len(uoms) > 1:
            facts["us"] = [[uom.id, uom.name] for uom in uoms]
        if match.stock and match.stock.label:
            facts["sk"] = str(match.stock.label)
        if match.is_learnt:
            facts["l"] = 1
        return facts

    @api.model
    def _get_offer(self, product):
        """Return a product to choose, as the page shows it."""
        product_sudo = product.sudo()  # sudo: see `_get_page_product`
        return {
            "id": product.id,
            "name": product_sudo.name,
            "code": product_sudo.default_code or "",
            "spec": product_sudo._kh_variant_words(),
        }

    @api.model
    def _get_page_proposal(self, kind, value):
        if kind == "product":
            return {"k": kind, **self._get_offer(value)}
        if kind == "uom":
            return {"k": kind, "v": value.id, "name": value.name}
        return {"k": kind, "v": value}
