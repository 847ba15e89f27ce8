from collections import defaultdict

from odoo import api, models


class SaleOrderLine(models.Model):
    _inherit = "sale.order.line"

    # === COMPUTE METHODS === #

    @api.depends("product_id", "product_uom_id", "product_uom_qty")
    def _compute_pricelist_item_id(self):
        """Extend `sale`: choose the rules of all B2B lines in a constant number of queries."""
        mine = self.filtered(
            lambda line: (
                line.product_id
                and not line.display_type
                and line.order_id.pricelist_id.kh_is_b2b
                and isinstance(line.product_id._origin.id, int)
            )
        )
        super(SaleOrderLine, self - mine)._compute_pricelist_item_id()
        batches = defaultdict(list)
        for line in mine:
            order = line.order_id
            key = (
                order.pricelist_id,
                order.partner_id.commercial_partner_id,
                order.company_id or self.env.company,
                line._get_order_date(),
            )
            batches[key].append(line)
        for (pricelist, partner, company, date), lines in batches.items():
            self._kh_choose_items(pricelist.with_company(company), partner._origin, date, lines)

    @api.model
    def _kh_choose_items(self, pricelist, partner, date, lines):
        """Set the winning rule on ``lines`` of one pricelist, dealer, company and date."""
        products = self.env["product.product"].union(*(line.product_id._origin for line in lines))
        facts = pricelist._kh_get_facts(products)
        asked = []
        for line in lines:
            fact = facts[line.product_id._origin.id]
            asked.append(
                (
                    fact,
                    pricelist._kh_product_quantity(
                        fact, line.product_uom_qty or 1.0, line.product_uom_id._origin
                    ),
                )
            )
        winners = pricelist._kh_choose(asked, partner, date or self.env.cr.now())
        for line, winner in zip(lines, winners, strict=True):
            line.pricelist_item_id = winner.id if winner else False

    def _compute_analytic_distribution(self):
        """Extend `sale`: no search for each line where no distribution model exists."""
        # sudo: whether any exists, in whatever company
        models_sudo = self.env["account.analytic.distribution.model"].sudo()
        lines = self
        if not models_sudo.search_count([], limit=1):
            lines = self.with_context(kh_no_distribution_models=True)
        super(SaleOrderLine, lines)._compute_analytic_distribution()

    # === BUSINESS METHODS - PRICES === #

    def _get_pricelist_kwargs(self):
        return {**super()._get_pricelist_kwargs(), **self.order_id._kh_price_kwargs()}

    def _get_product_catalog_lines_data(self, **kwargs):
        return super()._get_product_catalog_lines_data(
            **{**self.order_id[:1]._kh_price_kwargs(), **kwargs}
        )
