from odoo import models
from odoo.tools import SQL

from ..engine.replay import Draft, Period


class ProductPricelist(models.Model):
    _inherit = "product.pricelist"

    # === BUSINESS METHODS - REPLAY === #

    def _kh_sql_valid(self, date):
        """Extend for a :class:`Period`: rules in force at some moment of it; for a
        :class:`Draft`: the rules of one contract, whether in force or not.
        """
        if isinstance(date, Draft):
            return SQL("kh_contract_id = %s", date.contract_id)
        if not isinstance(date, Period):
            return super()._kh_sql_valid(date)
        company = SQL()
        # sudo: only whether the pricelist is shared; then rules of other companies don't count
        if not self.sudo().company_id:
            company = SQL("AND (company_id IS NULL OR company_id = %s)", self.env.company.id)
        return SQL(
            "pricelist_id = %s AND kh_is_pending IS NOT TRUE"
            " AND (date_start IS NULL OR date_start <= %s)"
            " AND (date_end IS NULL OR date_end >= %s)"
            " AND (kh_price_since IS NULL OR kh_price_since <= %s) %s",
            self.id,
            date.end,
            date.start,
            date.end,
            company,
        )

    def _kh_load_options(self, owners, template_ids, partner, period):
        """Fetch the rules of a period, and for what time those hold that do not hold always.

        :return: ``([Rule], {rule id: (first moment or None, last moment or None)})``
        """
        rules = self._kh_load_rules(owners, template_ids, partner, period)
        # greatest of what is known: a price changed since holds from then on
        terms = self.env.execute_query(
            SQL(
                "SELECT id, GREATEST(date_start, kh_price_since), date_end"
                " FROM product_pricelist_item WHERE id = ANY(%s)"
                " AND COALESCE(date_start, kh_price_since, date_end) IS NOT NULL",
                [rule.id for rule in rules],
            )
        )
        return rules, {rule_id: term for rule_id, *term in terms}
