from odoo import fields, models
from odoo.tools import SQL

from ..engine import Owner, Rule, RuleBook
from .product_pricelist_rows import Dealer


class ProductPricelist(models.Model):
    _inherit = "product.pricelist"

    # === BUSINESS METHODS - LEVELS === #

    def _kh_get_level_ladders(self, products, grade=None):
        """Price ``products`` for a member level, or for nobody in particular, with all steps.

        What a dealer of the level pays who has no price of his own. Reads past record rules,
        in a constant number of queries.

        :param products: product.product
        :param grade: res.partner.grade; empty: market prices
        :return: ``{product id: [(minimum, price)]}``, the first with minimum 0; quantities in
            the product's unit, prices in the pricelist's currency, before taxes
        """
        self.ensure_one()
        facts = self._kh_get_facts(products)
        owners = (Owner.LEVEL, Owner.MARKET) if grade else (Owner.MARKET,)
        dealer = Dealer(SQL("'{}'::int[]"), SQL("%s", grade.id), alone=True) if grade else None
        templates = SQL("(SELECT %s)::int[]", list({fact.template_id for fact in facts.values()}))
        self._kh_flush_rules()
        rows = self.env.execute_query(
            self._kh_sql_rules(owners, templates, dealer, fields.Datetime.now())
        )
        rules = [Rule._make(row) for row in rows]
        book = RuleBook(rules)
        nobody = self.env["res.partner"]
        price = self._kh_display_pricer(products, facts, rules, book, nobody)
        ladders = {}
        for key, fact in facts.items():
            steps = [(0.0, book.choose(fact, 0.0, owners)), *book.steps(fact, 0.0, owners)]
            ladders[key] = [(minimum, price(fact, rule, minimum)) for minimum, rule in steps]
        return ladders
