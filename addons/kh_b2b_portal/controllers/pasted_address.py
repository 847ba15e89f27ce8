from odoo.http import Controller, request, route

from ..engine.china_regions import PROVINCES
from ..engine.pasted_address import split_address
from .cart_json import ShopCartJson


class PastedAddress(Controller):
    """A whole address pasted into the form of a new one (W6); nothing is saved here."""

    @route(
        "/shop/kh/address/split",
        type="jsonrpc",
        auth="user",
        website=True,
        methods=["POST"],
        readonly=True,
    )
    def kh_address_split(self, text, **_kwargs):
        """Take a pasted Chinese address apart, for the fields of the address form.

        :return: ``{"fields": {name of the field: text or id}, "rest": what found no place}``;
            parts that were not found are absent
        """
        ShopCartJson._ensure_shop()
        parts = split_address(text if isinstance(text, str) else "")
        found = {
            "name": parts.name,
            "phone": parts.phone,
            # there is no field for the district: it goes before the street, as it is written
            "street": parts.district + parts.street,
            "city": parts.city,
            "zip": parts.zip,
        }
        state = request.env["res.country.state"]
        if parts.province:
            domain = [("country_id.code", "=", "CN"), ("code", "=", PROVINCES[parts.province])]
            state = state.search(domain, limit=1)
        if state:
            found.update(country_id=state.country_id.id, state_id=state.id)
        return {"fields": {key: value for key, value in found.items() if value}, "rest": parts.rest}
