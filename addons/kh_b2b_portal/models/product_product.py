from odoo import models


class ProductProduct(models.Model):
    _inherit = "product.product"

    # === BUSINESS METHODS - STOCK === #
    def _kh_get_stock_words(self, partner=None):
        """Say for each product how it is in stock, as the policy of the reader's level allows.

        :param partner: the reader; None: whoever asks
        :rtype: dict[int, StockDisplay]
        """
        return self._kh_get_stock_display(partner)

    # === BUSINESS METHODS - DISPLAY === #
    def _kh_spec(self):
        """Specification of a variant in one line: the values of its attributes."""
        self.ensure_one()
        return " ".join(self._kh_attribute_values().mapped("name"))

    def _kh_attribute_values(self):
        """The values of the variant's attributes; nothing is read where it has none."""
        self.ensure_one()
        values = self.env["product.template.attribute.value"]
        return self.product_template_attribute_value_ids if self.combination_indices else values

    def _kh_is_directly_orderable(self):
        """Whether a quantity is all that is needed to order the variant."""
        self.ensure_one()
        if self.type == "combo":
            return False
        lines = self.product_tmpl_id.attribute_line_ids
        if any(
            line.attribute_id.create_variant == "no_variant" and line.value_ids for line in lines
        ):
            return False
        return not any(self._kh_attribute_values().mapped("is_custom"))

    def _kh_shop_url(self):
        """Address of the product's page with this variant selected."""
        self.ensure_one()
        slug = self.env["ir.http"]._slug((self.product_tmpl_id.id, self.name))
        values = self._kh_attribute_values().product_attribute_value_id.ids
        query = f"?attribute_values={','.join(map(str, values))}" if values else ""
        return f"/shop/{slug}{query}"

    def _kh_picture_urls(self):
        """Small pictures of the products that have one: ``{product_id: url}``.

        Products without a picture are absent, so that no page asks for a placeholder.
        """
        rows = self.env["ir.attachment"].search_fetch(
            [
                ("res_field", "in", ("image_128", "image_variant_128")),
                "|",
                "&",
                ("res_model", "=", "product.template"),
                ("res_id", "in", self.product_tmpl_id.ids),
                "&",
                ("res_model", "=", "product.product"),
                ("res_id", "in", self.ids),
            ],
            ["res_model", "res_id", "checksum"],
        )
        found = {(row.res_model, row.res_id): row.checksum for row in rows}
        urls = {}
        for product in self:
            checksum = found.get(("product.product", product.id)) or found.get(
                ("product.template", product.product_tmpl_id.id)
            )
            if checksum:
                urls[product.id] = (
                    f"/web/image/product.product/{product.id}/image_128?unique={checksum[:8]}"
                )
        return urls
