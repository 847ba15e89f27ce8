from odoo import api, fields, models
from odoo.tools import SQL

REASONS = ("assortment", "area", "deny_area", "listing")


class ProductTemplate(models.Model):
    _inherit = "product.template"

    # === BUSINESS METHODS - WHY NOT === #
    def _kh_explain_unsaleable(self, partner, date=None, *, website=None, company=None):
        """Say why the dealer may not buy some of these products, ``{id: sentence}``.

        Products that may be bought are absent. Parameters as `_kh_saleable_domain`.
        """
        viewer = self._kh_make_viewer(partner, website, company)
        condition = self._kh_get_condition(viewer, date)
        return {
            product_id: reason
            for (_condition, product_id), reason in self._kh_find_refused({condition: self}).items()
        }

    @api.model
    def _kh_find_refused(self, asked):
        """Find what may not be bought, for many viewers in a constant number of queries.

        :param dict asked: ``{SaleableCondition: products}``
        :return: ``{(condition, product id): sentence}``
        """
        wanted = [(condition, products) for condition, products in asked.items() if products]
        refused = self._kh_find_unsold_kinds(wanted)
        parts = [
            self._kh_get_refused_sql(number, condition, products.ids)
            for number, (condition, products) in enumerate(wanted)
            if not condition.is_open()
        ]
        if parts:
            for number, product_id, *checks, listed_from in self.env.execute_query(
                SQL(" UNION ALL ").join(parts)
            ):
                failed = {name for name, is_met in zip(REASONS, checks, strict=True) if not is_met}
                key = (wanted[number][0], product_id)
                refused[key] = self._kh_get_reason(failed, listed_from)
        return refused

    @api.model
    def _kh_find_unsold_kinds(self, wanted):
        if not wanted or self._kh_kind_domain().is_true():
            return {}
        products = self.union(*(products for _condition, products in wanted))
        unsold = set((products - products._kh_filter_domain(self._kh_kind_domain()))._ids)
        return {
            (condition, product_id): self.env._("This is not sold by itself.")
            for condition, products in wanted
            for product_id in products._ids
            if product_id in unsold
        }

    @api.model
    def _kh_get_refused_sql(self, number, condition, product_ids):
        parts = condition.get_parts("k")
        checks = [parts.get(reason, SQL("TRUE")) for reason in REASONS]
        return SQL(
            "SELECT %s, k.product_tmpl_id, %s, %s FROM kh_product_key k"
            " WHERE k.product_tmpl_id = ANY(%s) AND NOT (%s)",
            number,
            SQL(", ").join(checks),
            condition.get_next_listing_sql("k"),
            product_ids,
            SQL(" AND ").join(parts.values()),
        )

    @api.model
    def _kh_get_reason(self, failed, listed_from):
        """Word the reason for a reader who knows the product already.

        What is outside a dealer's assortments is not described any further: a stranger must
        not learn when something he does not see will be listed.
        """
        if "assortment" in failed:
            return self.env._("Not in your catalogue.")
        if failed & {"area", "deny_area"}:
            return self.env._("Not sold in your sales area.")
        if "listing" in failed and listed_from:
            shown = fields.Datetime.context_timestamp(self, listed_from)
            return self.env._("Not for sale before %s.", shown.strftime("%Y-%m-%d %H:%M"))
        return self.env._("Not for sale any more.")
