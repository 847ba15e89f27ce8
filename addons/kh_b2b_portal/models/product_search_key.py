from collections import defaultdict

from odoo import api, fields, models
from odoo.fields import Domain
from odoo.tools import SQL, escape_psql

from ..engine.search_key import make_search_key


class ProductProduct(models.Model):
    _inherit = "product.product"

    # === FIELDS === #
    kh_search_key = fields.Text(
        "Search Key",
        compute="_compute_kh_search_key",
        store=True,
        index="trigram",
        help="Names in all languages, pinyin initials, item no., bar code and specification: "
        "what a search of the shop looks in.",
    )

    # === COMPUTE METHODS === #
    @api.depends(
        "product_tmpl_id.name",
        "default_code",
        "barcode",
        "product_template_attribute_value_ids.product_attribute_value_id.name",
    )
    def _compute_kh_search_key(self):
        names = self._kh_read_names()
        specs = self._kh_read_specs()
        for product in self:
            texts = names.get(product.product_tmpl_id._origin.id)
            product.kh_search_key = make_search_key(
                [
                    *(texts or [product.name or ""]),
                    product.default_code or "",
                    product.barcode or "",
                    *specs.get(product._origin.id, ()),
                ]
            )

    # === BUSINESS METHODS - SEARCH KEY === #
    def _kh_read_names(self):
        """Names of the products in every language, in one query: ``{template id: [name]}``."""
        templates = self.product_tmpl_id._origin
        if not templates:
            return {}
        templates.flush_model(["name"])
        rows = self.env.execute_query(
            SQL("SELECT id, name FROM product_template WHERE id = ANY(%s)", templates.ids)
        )
        return {key: list(names.values()) for key, names in rows if names}

    def _kh_read_specs(self):
        """Values of the attributes in every language, in one query: ``{product id: [name]}``."""
        specs = defaultdict(list)
        if not self._origin:
            return specs
        self.env["product.attribute.value"].flush_model(["name"])
        self.env["product.template.attribute.value"].flush_model(["product_attribute_value_id"])
        self.flush_model(["product_template_attribute_value_ids"])
        rows = self.env.execute_query(
            SQL(
                """
                SELECT rel.product_product_id, value.name
                  FROM product_variant_combination rel
                  JOIN product_template_attribute_value own
                    ON own.id = rel.product_template_attribute_value_id
                  JOIN product_attribute_value value ON value.id = own.product_attribute_value_id
                 WHERE rel.product_product_id = ANY(%s)
                 ORDER BY rel.product_product_id, own.attribute_line_id
                """,
                self._origin.ids,
            )
        )
        for product_id, names in rows:
            specs[product_id] += (names or {}).values()
        return specs

    @api.model
    def _kh_search_key_domain(self, word):
        """Variants in whose key a word is found, as it was typed or as pinyin initials.

        :param str word: without blanks, see `utils.normalise`
        """
        return Domain("kh_search_key", "like", escape_psql(word.lower()))
