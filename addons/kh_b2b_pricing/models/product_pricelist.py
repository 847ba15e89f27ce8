from odoo import api, fields, models
from odoo.fields import Domain
from odoo.http import request
from odoo.tools import SQL

from ..engine import Facts, Owner, Rule, RuleBook

RULE_COLUMNS = SQL(
    "id, applied_on, product_id, product_tmpl_id, categ_id, min_quantity::float8, date_start,"
    " compute_price, fixed_price::float8"
)


class ProductPricelist(models.Model):
    """A price list, which may know dealers and member levels (B2B 价格表).

    For price lists with ``kh_is_b2b`` the winner is chosen by ``engine.rules`` in at most
    three queries for any number of products: facts of the products, rules of the dealer,
    and, for what these leave open, rules of the level and of the market.
    """

    _inherit = "product.pricelist"

    # === FIELDS === #
    kh_is_b2b = fields.Boolean(
        "B2B pricelist",
        tracking=True,
        help="Prices per dealer and per member level can be kept on this pricelist.",
    )
    kh_contract_count = fields.Integer(
        "Price contracts",
        compute="_compute_kh_contract_count",
        groups="kh_b2b_member.group_b2b_user",
    )

    # === COMPUTE METHODS === #

    def _compute_kh_contract_count(self):
        counts = dict(
            self.env["kh.price.contract"]._read_group(
                [("pricelist_id", "in", self.ids)], ["pricelist_id"], ["__count"]
            )
        )
        for pricelist in self:
            pricelist.kh_contract_count = counts.get(pricelist, 0)

    # === CRUD METHODS === #

    @api.model_create_multi
    def create(self, vals_list):
        pricelists = super().create(vals_list)
        if any(vals.get("kh_is_b2b") for vals in vals_list):
            self._kh_enable_pricelists()
        return pricelists

    def write(self, vals):
        result = super().write(vals)
        if vals.get("kh_is_b2b"):
            self._kh_enable_pricelists()
        return result

    @api.model
    def _kh_enable_pricelists(self):
        """Switch core's pricelist feature on: without it no pricelist is ever asked."""
        if self.env["res.groups"]._is_feature_enabled("product.group_product_pricelist"):
            return
        # sudo: groups are an administrator's; a B2B pricelist without them would be mute
        self.env.ref("base.group_user").sudo()._apply_group(
            self.env.ref("product.group_product_pricelist").sudo()
        )

    # === ACTION METHODS === #

    def action_view_kh_contracts(self):
        self.ensure_one()
        action = self.env["ir.actions.act_window"]._for_xml_id(
            "kh_b2b_pricing.kh_price_contract_action"
        )
        return {
            **action,
            "domain": [("pricelist_id", "=", self.id)],
            "context": {"default_pricelist_id": self.id},
        }

    # === BUSINESS METHODS - NEUTRALITY === #

    def _domain_item_ids(self):
        return list(Domain(super()._domain_item_ids()) & self._kh_shared_items_domain())

    @api.model
    def _kh_shared_items_domain(self):
        """Rules which are nobody's in particular: no customer, no level, not pending.

        Whatever walks rules without asking our engine (forms, copies, the point of sale,
        base pricelists) may see these only: a dealer's price must not become everybody's.
        """
        return (
            Domain("kh_partner_id", "=", False)
            & Domain("kh_grade_id", "=", False)
            & Domain("kh_is_pending", "=", False)
        )

    def _get_applicable_rules_domain(self, products, date, **kwargs):
        domain = super()._get_applicable_rules_domain(products, date, **kwargs)
        return list(Domain(domain) & self._kh_shared_items_domain())

    # === BUSINESS METHODS - WHOSE PRICE === #

    @api.model
    def _kh_resolve_partner(self, kh_partner=None):
        """Say for whom prices are asked: explicit, context, shop visitor, nobody.

        :param kh_partner: res.partner; an empty recordset means nobody (market price)
        :return: res.partner, at most one record; not necessarily the commercial partner
        """
        partners = self.env["res.partner"]
        if kh_partner is not None:
            return kh_partner[:1]
        if "kh_partner_id" in self.env.context:
            partner_id = self.env.context["kh_partner_id"]
            if not partner_id:
                return partners
            # Clients can send a context: only staff may ask on behalf of somebody else,
            # whether or not the code in between runs as superuser.
            user = self.env.user
            if user._is_internal() or user._is_superuser():
                return partners.browse(partner_id)
        if request and getattr(request, "is_frontend", False):
            return self._kh_request_partner()
        return partners

    @api.model
    def _kh_request_partner(self):
        """Return the dealer in front of the shop (nobody for visitors).

        Staff who fill a dealer's cart see that dealer's prices.
        """
        user = request.env.user
        if user._is_public():
            return self.env["res.partner"]
        if user._is_internal() and (cart := request.cart):
            return cart.partner_id
        return self.env["res.partner"].browse(user.partner_id.id)

    # === BUSINESS METHODS - ENGINE === #

    def _compute_price_rule(
        self,
        products,
        quantity,
        *,
        currency=None,
        uom=None,
        date=False,
        compute_price=True,
        **kwargs,
    ):
        """Extend `product`: batch engine for B2B pricelists.

        :param kh_partner: (in kwargs) res.partner whose prices are asked, see
            `_kh_resolve_partner`
        """
        known = products.filtered(lambda product: isinstance(product.id, int))
        # sudo: whoever may ask for a price may know which engine answers
        if not self or not known or not self.sudo().kh_is_b2b:
            return super()._compute_price_rule(
                products,
                quantity,
                currency=currency,
                uom=uom,
                date=date,
                compute_price=compute_price,
                **kwargs,
            )
        partner = self._kh_resolve_partner(kwargs.pop("kh_partner", None))
        kwargs["kh_partner"] = partner
        date = date or fields.Datetime.now()
        results = {}
        if others := products - known:
            results = super()._compute_price_rule(
                others,
                quantity,
                currency=currency,
                uom=uom,
                date=date,
                compute_price=compute_price,
                **kwargs,
            )
        facts = self._kh_get_facts(known)
        asked = [
            (facts[product_id], self._kh_product_quantity(facts[product_id], quantity, uom))
            for product_id in known._ids
        ]
        winners = self._kh_choose(asked, partner, date)
        if not compute_price:
            results.update(
                (fact.key, (0.0, winner.id if winner else False))
                for (fact, _qty), winner in zip(asked, winners, strict=True)
            )
            return results
        currency = currency or self.currency_id or self.env.company.currency_id
        results.update(
            self._kh_price_winners(
                known, facts, winners, quantity, uom, date=date, currency=currency, **kwargs
            )
        )
        return results

    def _kh_price_winners(self, products, facts, winners, quantity, uom, **kwargs):
        """Turn winners into prices; records are built only where a rule is not fixed.

        :return: ``{product id: (price per ``uom``, rule id or False)}``
        """
        items = self.env["product.pricelist.item"].browse(
            {winner.id for winner in winners if winner and not winner.is_fixed}
        )
        item_by_id = {item.id: item for item in items}
        uoms = self.env["uom.uom"].browse({fact.uom_id for fact in facts.values()})
        uom_by_id = {product_uom.id: product_uom for product_uom in uoms}
        results = {}
        for product, winner in zip(products, winners, strict=True):
            product_uom = uom_by_id[facts[product.id].uom_id]
            if winner and winner.is_fixed:
                price = winner.fixed_price
                if uom and uom != product_uom:
                    price = product_uom._compute_price(price, uom)
            else:
                item = item_by_id[winner.id] if winner else items.browse()
                price = item._compute_price(product, quantity, uom or product_uom, **kwargs)
            results[product.id] = (price, winner.id if winner else False)
        return results

    @api.model
    def _kh_product_quantity(self, fact, quantity, uom):
        """Convert ``quantity`` of ``uom`` (none: product unit) to the product's unit."""
        if not uom or uom.id == fact.uom_id:
            return quantity
        product_uom = self.env["uom.uom"].browse(fact.uom_id)
        return uom._compute_quantity(quantity, product_uom, raise_if_failure=False)

    @api.model
    def _kh_get_facts(self, products):
        """Read what the engine must know of products or templates, in one query.

        :return: ``{id: Facts}``
        """
        self.env["product.template"].flush_model(["uom_id", "categ_id"])
        self.env["product.product"].flush_model(["product_tmpl_id", "active"])
        self.env["product.category"].flush_model(["parent_path"])
        if products._name == "product.template":
            query = SQL(
                """SELECT t.id,
                          (SELECT CASE WHEN count(*) = 1 THEN min(p.id) END
                             FROM product_product p
                            WHERE p.product_tmpl_id = t.id AND p.active),
                          t.id, t.uom_id, c.parent_path
                     FROM product_template t
                LEFT JOIN product_category c ON c.id = t.categ_id
                    WHERE t.id = ANY(%s)""",
                list(products._ids),
            )
        else:
            query = SQL(
                """SELECT p.id, p.id, t.id, t.uom_id, c.parent_path
                     FROM product_product p
                     JOIN product_template t ON t.id = p.product_tmpl_id
                LEFT JOIN product_category c ON c.id = t.categ_id
                    WHERE p.id = ANY(%s)""",
                list(products._ids),
            )
        paths, facts = {None: ()}, {}
        for key, variant_id, template_id, uom_id, path in self.env.execute_query(query):
            if path not in paths:
                paths[path] = tuple(int(part) for part in reversed(path.split("/")) if part)
            facts[key] = Facts(key, variant_id or 0, template_id, uom_id, paths[path])
        return facts

    def _kh_choose(self, asked, partner, date):
        """Choose the winner for each request, in two queries at most.

        :param list asked: ``[(Facts, quantity in the product's unit)]``; a product may
            occur several times with different quantities
        :param partner: res.partner, empty for market prices
        :param date: date or datetime (UTC) at which rules must be valid
        :return: list of :class:`Rule` or ``None``, in the order of ``asked``
        """
        self.ensure_one()
        self.env["product.pricelist.item"].flush_model()
        winners, left = [None] * len(asked), list(enumerate(asked))
        for owners in ((Owner.CUSTOMER,), (Owner.LEVEL, Owner.MARKET)):
            if not left or (owners[0] == Owner.CUSTOMER and not partner):
                continue
            template_ids = list({fact.template_id for _index, (fact, _qty) in left})
            book = RuleBook(self._kh_load_rules(owners, template_ids, partner, date))
            remaining = []
            for index, (fact, quantity) in left:
                winners[index] = book.choose(fact, quantity, owners)
                if winners[index] is None:
                    remaining.append((index, (fact, quantity)))
            left = remaining
        return winners

    def _kh_load_rules(self, owners, template_ids, partner, date):
        """Fetch the candidate rules of ``owners`` for ``template_ids``, in one query.

        Reads past record rules: the caller asks for one dealer's price, on behalf of him.
        """
        self.env["res.partner"].flush_model(["commercial_partner_id", "grade_id"])
        sources = []
        if Owner.CUSTOMER in owners and partner:
            sources.append((SQL("%s", int(Owner.CUSTOMER)), self._kh_sql_customer(partner)))
        if Owner.MARKET in owners:
            shared = partner if Owner.LEVEL in owners else partner.browse()
            owner = SQL(
                "CASE WHEN kh_grade_id IS NULL THEN %s ELSE %s END",
                int(Owner.MARKET),
                int(Owner.LEVEL),
            )
            sources.append((owner, self._kh_sql_level(shared)))
        if not sources:
            return []
        valid = self._kh_sql_valid(date)
        # Two branches for each source, never an OR: each is one index scan.
        parts = [
            SQL(
                "SELECT %s, %s FROM product_pricelist_item WHERE %s AND product_tmpl_id %s AND %s",
                owner,
                RULE_COLUMNS,
                condition,
                target,
                valid,
            )
            for owner, condition in sources
            for target in (SQL("= ANY(%s)", template_ids), SQL("IS NULL"))
        ]
        rows = self.env.execute_query(SQL(" UNION ALL ").join(parts))
        return [self._kh_rule_from_row(row) for row in rows]

    @api.model
    def _kh_sql_customer(self, partner):
        return SQL(
            "kh_partner_id = (SELECT commercial_partner_id FROM res_partner WHERE id = %s)",
            partner.id,
        )

    @api.model
    def _kh_sql_level(self, partner):
        if not partner:
            return SQL("kh_partner_id IS NULL AND kh_grade_id IS NULL")
        return SQL(
            """kh_partner_id IS NULL AND (kh_grade_id IS NULL OR kh_grade_id = (
                   SELECT company.grade_id FROM res_partner dealer
                     JOIN res_partner company ON company.id = dealer.commercial_partner_id
                    WHERE dealer.id = %s))""",
            partner.id,
        )

    def _kh_sql_valid(self, date):
        moment = fields.Datetime.to_datetime(date)
        company = SQL()
        # sudo: only whether the pricelist is shared; then rules of other companies don't count
        if not self.sudo().company_id:
            company = SQL("AND (company_id IS NULL OR company_id = %s)", self.env.company.id)
        return SQL(
            "pricelist_id = %(pricelist)s AND kh_is_pending IS NOT TRUE"
            " AND (date_start IS NULL OR date_start <= %(moment)s)"
            " AND (date_end IS NULL OR date_end >= %(moment)s) %(company)s",
            pricelist=self.id,
            moment=moment,
            company=company,
        )

    @api.model
    def _kh_rule_from_row(self, row):
        owner, rule_id, applied_on, variant, template, category, minimum, start, kind, price = row
        scope = int(applied_on[0])
        target = (variant, template, category, 0)[scope] or 0
        return Rule(
            rule_id, owner, scope, target, minimum or 0.0, start, kind == "fixed", price or 0.0
        )
