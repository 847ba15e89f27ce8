from odoo import models


class ProductImage(models.Model):
    _inherit = "product.image"

    def _can_return_content(self, field_name=None, access_token=None):
        """Extend `website_sale`: extra pictures are as secret as their product."""
        # sudo: whether the product is hidden is asked for the person, not for the system
        image_sudo = self.sudo()
        product_sudo = image_sudo.product_tmpl_id or image_sudo.product_variant_id
        if product_sudo and not product_sudo.kh_is_visible:
            return False
        return super()._can_return_content(field_name, access_token)
