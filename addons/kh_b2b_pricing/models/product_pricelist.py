from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.fields import Domain
from odoo.http import request

from .data_rights import PRICE_GROUPS


class ProductPricelist(models.Model):
    """A price list, which may know dealers and member levels (B2B 价格表).

    For price lists with ``kh_is_b2b`` the engine answers, see `product_pricelist_engine`.
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
        if "kh_is_b2b" in vals or "currency_id" in vals:
            self._kh_ensure_contracts_hold(vals)
        result = super().write(vals)
        if vals.get("kh_is_b2b"):
            self._kh_enable_pricelists()
        return result

    def _kh_ensure_contracts_hold(self, vals):
        """What contracts in force were agreed in stays: dealers' prices, and their currency."""
        changed = self.filtered(
            lambda pricelist: (
                (pricelist.kh_is_b2b and not vals.get("kh_is_b2b", True))
                or vals.get("currency_id", pricelist.currency_id.id) != pricelist.currency_id.id
            )
        )
        # sudo: a contract counts whether or not the user may read it
        contracts_sudo = self.env["kh.price.contract"].sudo().with_context(active_test=False)
        contract_sudo = contracts_sudo.search(
            [("pricelist_id", "in", changed.ids), ("state", "in", ("review", "active"))], limit=1
        )
        if contract_sudo:
            raise UserError(
                self.env._(
                    "Pricelist %(pricelist)s has price contracts in force or under review, such"
                    " as %(contract)s. End them before you change its currency or make it a"
                    " pricelist without dealers' prices.",
                    pricelist=contract_sudo.pricelist_id.display_name,
                    contract=contract_sudo.name,
                )
            )

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
        """Rules which are nobody's in particular: no customer, no level, not pending, not past.

        Whatever walks rules without asking our engine (forms, copies, the point of sale,
        base pricelists) may see these only: a dealer's price must not become everybody's.
        """
        return (
            Domain("kh_partner_id", "=", False)
            & Domain("kh_grade_id", "=", False)
            & Domain("kh_is_pending", "=", False)
            & Domain("kh_is_past", "=", False)
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
            partner = partners.browse(partner_id)
            if self._kh_may_ask_for(partner):
                return partner
        if request and getattr(request, "is_frontend", False):
            return self._kh_request_partner()
        return partners

    @api.model
    def _kh_may_ask_for(self, partner):
        """Whether the user may ask on behalf of ``partner``, of whom a client can send the id.

        Those who work with prices, for the dealers in their range; whether or not the code in
        between runs as superuser.
        """
        user = self.env.user
        if user._is_superuser():
            return True
        if not user._is_internal() or not any(user._has_group(group) for group in PRICE_GROUPS):
            return False
        return partner.with_user(user).has_access("read")

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
