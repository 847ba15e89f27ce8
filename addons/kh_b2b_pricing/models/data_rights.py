from odoo import api, models
from odoo.fields import Domain

# Who works with prices of dealers; other employees see the prices that are for everybody.
PRICE_GROUPS = (
    "kh_b2b_member.group_b2b_user",
    "sales_team.group_sale_salesman",
    "account.group_account_readonly",
    "account.group_account_invoice",
    "product.group_product_manager",
)


class PriceContract(models.Model):
    _name = "kh.price.contract"
    _inherit = ["kh.price.contract", "kh.data.scope.mixin"]


class ProductPricelistItem(models.Model):
    """Prices of a dealer follow the data rights on the dealer."""

    _name = "product.pricelist.item"
    _inherit = ["product.pricelist.item", "kh.data.scope.mixin"]
    _kh_scope_field = "kh_partner_id"

    @api.model
    def _kh_get_scope_domain(self):
        """Extend the mixin: employees who have nothing to do with prices see no dealer's."""
        user = self.env.user
        if user._is_internal() and not any(user._has_group(group) for group in PRICE_GROUPS):
            return Domain("kh_partner_id", "=", False)
        return super()._kh_get_scope_domain()
