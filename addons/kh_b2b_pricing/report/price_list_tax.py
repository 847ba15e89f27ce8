from odoo import api, models
from odoo.tools import SQL

from ..engine.price_sheet import Column


class PriceList(models.AbstractModel):
    """What price lists say of taxes (含税, 未税): once where all lines agree, else in each."""

    _inherit = "kh.price.list"

    # === BUSINESS METHODS - TAXES === #

    @api.model
    def _own_tax_teller(self, website):
        """Tell taxes as the website shows prices: mapped for the dealer, all in or all out."""
        partner, pricelist = self.env["product.product"]._kh_price_viewer(website)
        position = pricelist._kh_display_fiscal_position(partner)
        is_included = website.show_line_subtotals_tax_selection == "tax_included"
        return self._make_tax_teller(self.env.company, position, is_included)

    @api.model
    def _annex_tax_teller(self, contract):
        """Tell taxes as the figures of the contract contain them, or as orders add them."""
        company = contract.company_id
        # sudo: the rule that maps the dealer's taxes
        positions = self.env["account.fiscal.position"].sudo().with_company(company)
        position = positions._get_fiscal_position(contract.partner_id)
        return self._make_tax_teller(company, position)

    @api.model
    def _make_tax_teller(self, company, position, is_included=None):
        """Return ``f(customer taxes of a product) -> text``, each set worked out once.

        :param bool is_included: whether the prices shown contain their taxes; ``None``: as
            each tax says
        """
        known = {}

        def tell(taxes):
            if taxes._ids not in known:
                own = taxes._filter_taxes_by_company(company)
                known[taxes._ids] = self._tell_taxes(own, position, is_included)
            return known[taxes._ids]

        return tell

    @api.model
    def _tell_taxes(self, own, position, is_included):
        """Say which taxes a price contains and which come on top: "13% incl.".

        A figure that is not converted contains the taxes of the product, whatever the dealer's
        fiscal position makes of them in an order. What comes on top is the dealer's.
        """
        taxes = own.flatten_taxes_hierarchy()
        if is_included is not None or not any(tax.price_include for tax in taxes):
            taxes = position.map_tax(own).flatten_taxes_hierarchy()
        if not taxes:
            return self.env._("no tax")
        inside, on_top = [], []
        for tax in taxes:
            is_inside = tax.price_include if is_included is None else is_included
            name = f"{tax.amount:g}%" if tax.amount_type == "percent" else tax.name
            (inside if is_inside else on_top).append(name)
        texts = []
        if inside:
            texts.append(self.env._("%(taxes)s incl.", taxes=" + ".join(inside)))
        if on_top:
            texts.append(self.env._("%(taxes)s excl.", taxes=" + ".join(on_top)))
        return ", ".join(texts)

    # === BUSINESS METHODS - HEAD === #

    @api.model
    def _with_taxes(self, head, templates, tell):
        """Say the taxes in the head where all lines agree, else in a column of their own.

        :param Head head: head of the document without taxes
        :param SQL templates: query of the ids of all templates on it; NULL: a line on more
            than one product
        """
        texts = self._collect_taxes(templates, tell)
        if not texts:
            return head
        label = self.env._("Tax")
        if len(texts) == 1:
            return head._replace(facts=(*head.facts, (label, texts.pop())))
        place = next(n for n, column in enumerate(head.columns, 1) if column.field == "market")
        column = Column(label, "tax", 8)
        return head._replace(
            facts=(*head.facts, (label, self.env._("as each line says"))),
            columns=(*head.columns[:place], column, *head.columns[place:]),
        )

    @api.model
    def _collect_taxes(self, templates, tell):
        """Return all texts there are, from the distinct sets of taxes, in one query."""
        model = self.env["product.template"]
        model.flush_model(["taxes_id"])
        self.env["account.tax"].flush_model(["active"])
        field = model._fields["taxes_id"]
        rows = self.env.execute_query(
            SQL(
                """SELECT DISTINCT t.id IS NULL,
                          ARRAY(SELECT r.%(tax)s FROM %(relation)s r
                                  JOIN account_tax x ON x.id = r.%(tax)s AND x.active
                                 WHERE r.%(template)s = t.id ORDER BY r.%(tax)s)
                     FROM (%(templates)s) AS t(id)""",
                relation=SQL.identifier(field.relation),
                template=SQL.identifier(field.column1),
                tax=SQL.identifier(field.column2),
                templates=templates,
            )
        )
        # sudo: taxes of products that are on the list; they are named, no more
        taxes_sudo = self.env["account.tax"].sudo()
        return {
            self._tax_of_many() if is_many else tell(taxes_sudo.browse(ids))
            for is_many, ids in rows
        }

    @api.model
    def _tax_of_many(self):
        """Say what holds for a line on a category or on everything."""
        return self.env._("as the product's")
