from odoo import models


class ProductProduct(models.Model):
    """What the price X-ray tells in the shop (价格透视): the viewer's own part, live."""

    _inherit = "product.product"

    # === BUSINESS METHODS - PRICE X-RAY === #

    def _kh_explain_own(self, website, quantity=1.0):
        """Explain the prices that the shop shows to whoever asks, in a constant number of queries.

        :param website: website whose currency and tax display count
        :param float quantity: in the product's unit
        :return: ``{product id: {"title", "price", "unit", "tax", "source", "next",
            "facts": [{"label", "value"}], "ladder": [{"label", "price"}], "is_visitor"}}``;
            sentences, ready to be shown; never other rules, other dealers, or costs
        """
        displays = self._kh_get_display_prices(quantity=quantity, website=website)
        facts = self._kh_explain_own_facts(displays)
        # sudo: names and units of products that the viewer was found to see
        return {
            product.id: {
                **product._kh_explain_display(displays[product.id], quantity),
                "facts": facts.get(product.id, []),
            }
            for product in self.sudo()
        }

    def _kh_explain_display(self, display, quantity):
        """Put one `DisplayPrice` into sentences, see `_kh_explain_own`."""
        words = self.env["kh.price.explanation"]
        unit, currency = self.uom_id.name, display.currency
        ladder = [
            {
                "label": words._describe_minimum(minimum, unit),
                "price": words._format_price(price, currency),
            }
            for minimum, price in display.ladder
        ]
        next_step = ""
        if display.source and display.ladder:
            missing = display.ladder[0][0] - quantity
            next_step = words._describe_next(missing, unit, ladder[0]["price"])
        included, excluded = self.env._("tax included"), self.env._("tax excluded")
        return {
            "title": self.display_name,
            "price": words._format_price(display.price, currency),
            "unit": unit,
            "tax": included if display.tax_included else excluded,
            "source": self.product_tmpl_id._kh_source_label(display.source or "market"),
            "ladder": ladder,
            "next": next_step,
            "is_visitor": not display.source,
        }

    def _kh_explain_own_facts(self, displays):
        """Name contract and level behind the viewer's own prices.

        :return: ``{product id: [{"label", "value"}]}``, only what is the viewer's own
        """
        words = self.env["kh.price.explanation"]
        rules = {key: display.rule_id for key, display in displays.items() if display.rule_id}
        # sudo: the engine chose these for the viewer; a portal user reads no contracts
        items_sudo = self.env["product.pricelist.item"].sudo().browse(set(rules.values()))
        item_by_id = {item.id: item for item in items_sudo}
        result = {}
        for product_id, rule_id in rules.items():
            item, source = item_by_id[rule_id], displays[product_id].source
            contract = item.kh_contract_id
            if source == "contract" and contract:
                result[product_id] = words._describe_own_contract(contract.name, contract.date_end)
            elif source == "level":
                result[product_id] = words._describe_own_level(item.kh_grade_id.name)
        return result
