from odoo import http
from odoo.http import request, route


class ShopSuggest(http.Controller):
    """Proposals under the search of a B2B shop while somebody types."""

    @route("/shop/kh/suggest", type="jsonrpc", auth="public", website=True, readonly=True)
    def kh_suggest(self, text, **_kwargs):
        """Propose up to eight products; nothing on other websites or where one must log in.

        :param str text: name, model, item no., bar code or pinyin initials, or a part of it
        :return: ``[{"name", "item_no", "spec", "search"}]``; `search` is what finds the row
        """
        website = request.website
        if not website.kh_is_b2b or not website.has_ecommerce_access():
            return []
        return [
            {
                "name": found.name,
                "item_no": found.item_no,
                "spec": found.spec,
                "search": found.item_no or found.name,
            }
            for found in website._kh_suggest(str(text)[:100])
        ]
