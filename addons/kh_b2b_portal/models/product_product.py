from typing import NamedTuple

from odoo import models


class StockWord(NamedTuple):
    """What a dealer is told about stock: a level, its word, and the quantity if policy allows."""

    level: str  # in, few, out
    label: str
    quantity: float | None


class ProductProduct(models.Model):
    _inherit = "product.product"

    # === BUSINESS METHODS - STOCK === #
    def _kh_get_stock_words(self, partner=None):
        """Say for each product how it is in stock, in the words of the shop's policy.

        One query for the quantities, whatever the number of products.

        :param partner: the viewer, for policies per dealer
        :rtype: dict[int, StockWord]
        """
        website = self.env["website"].get_current_website()
        # sudo: dealers may not read stock; only a word (or the number the policy allows) leaves
        products_sudo = self.sudo()
        storable = products_sudo.filtered("is_storable")
        free = storable._kh_free_quantities(website.sudo())
        return {
            product.id: self._kh_stock_word(website, free.get(product.id, 0.0))
            if product in storable
            else StockWord("in", self.env._("In stock"), None)
            for product in products_sudo
        }

    def _kh_stock_word(self, website, quantity):
        """Word for a free quantity."""
        shown = quantity if website.kh_stock_is_exact and quantity > 0 else None
        if quantity <= 0:
            return StockWord("out", self.env._("Out of stock"), None)
        if quantity <= website.kh_stock_few_quantity:
            return StockWord("few", self.env._("Few left"), shown)
        return StockWord("in", self.env._("In stock"), shown)

    def _kh_free_quantities(self, website):
        """Unreserved quantity in the website's warehouse (or all of its company's)."""
        warehouse = website.warehouse_id
        domain = [("product_id", "in", self.ids), ("company_id", "=", website.company_id.id)]
        if warehouse:
            domain.append(("location_id", "child_of", warehouse.lot_stock_id.id))
        else:
            domain.append(("location_id.usage", "=", "internal"))
        groups = self.env["stock.quant"]._read_group(
            domain, ["product_id"], ["quantity:sum", "reserved_quantity:sum"]
        )
        return {product.id: quantity - reserved for product, quantity, reserved in groups}

    # === BUSINESS METHODS - DISPLAY === #
    def _kh_spec(self):
        """Specification of a variant in one line: the values of its attributes."""
        self.ensure_one()
        return " ".join(self.product_template_attribute_value_ids.mapped("name"))

    def _kh_is_directly_orderable(self):
        """Whether a quantity is all that is needed to order the variant."""
        self.ensure_one()
        if self.type == "combo":
            return False
        lines = self.product_tmpl_id.valid_product_template_attribute_line_ids
        if any(line.attribute_id.create_variant == "no_variant" for line in lines):
            return False
        return not any(self.product_template_attribute_value_ids.mapped("is_custom"))

    def _kh_shop_url(self):
        """Address of the product's page with this variant selected."""
        self.ensure_one()
        slug = self.env["ir.http"]._slug((self.product_tmpl_id.id, self.name))
        values = self.product_template_attribute_value_ids.product_attribute_value_id.ids
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
