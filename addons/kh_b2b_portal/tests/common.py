from odoo import Command
from odoo.tests import HttpCase

from odoo.addons.kh_b2b_approval.tests.common import create_users

DEALER_GROUPS = "base.group_portal,kh_b2b_member.group_b2b_dealer_buyer"


class PortalCommon(HttpCase):
    """A B2B shop with products in variants, two dealers and a wire transfer."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.env = cls.env(
            context=dict(cls.env.context, mail_create_nolog=True, tracking_disable=True)
        )
        cls.env["product.pricelist"].search([]).action_archive()
        cls._set_up_website()
        cls._set_up_products()
        cls.dealer = cls._create_dealer("Huarui Electric", "kh_dealer")
        cls.stranger = cls._create_dealer("Hengli Tools", "kh_stranger")
        cls.user = cls.dealer.child_ids.user_ids
        cls._create_contract_prices(cls.dealer, 80.0)

    @classmethod
    def _set_up_website(cls):
        cls.env["website"].search([]).kh_is_b2b = False
        cls.website = cls.env["website"].search([], limit=1)
        english = cls.env["res.lang"]._activate_lang("en_US")
        cls.website.write(
            {
                "kh_is_b2b": True,
                "domain": False,
                "language_ids": [Command.set(english.ids)],
                "default_lang_id": english.id,
                "ecommerce_access": "everyone",
                "show_line_subtotals_tax_selection": "tax_included",
            }
        )
        cls.company = cls.website.company_id
        cls.pricelist = cls.env["product.pricelist"].create(
            {
                "name": "KH test list",
                "kh_is_b2b": True,
                "company_id": cls.company.id,
                "website_id": cls.website.id,
                "currency_id": cls.company.currency_id.id,
            }
        )
        cls.provider = cls.env["payment.provider"].search(
            [("custom_mode", "=", "wire_transfer"), ("company_id", "=", cls.company.id)], limit=1
        )
        cls.provider.write({"state": "enabled", "is_published": True})
        cls.method = cls.provider.payment_method_ids[:1]

    @classmethod
    def _set_up_products(cls):
        cls.tax = cls.env["account.tax"].create(
            {
                "name": "KH 13%",
                "amount": 13.0,
                "type_tax_use": "sale",
                "price_include_override": "tax_included",
                "company_id": cls.company.id,
            }
        )
        cls.category = cls.env["product.public.category"].create({"name": "KH Breakers"})
        attribute = cls.env["product.attribute"].create(
            {
                "name": "KH Current",
                "value_ids": [Command.create({"name": f"{n}A"}) for n in (6, 10, 16)],
            }
        )
        cls.template = cls._create_template(
            "KH breaker",
            attribute_line_ids=[
                Command.create(
                    {
                        "attribute_id": attribute.id,
                        "value_ids": [Command.set(attribute.value_ids.ids)],
                    }
                )
            ],
        )
        cls.variants = cls.template.product_variant_ids.sorted("id")
        for number, variant in enumerate(cls.variants):
            variant.default_code = f"KHT-{number}"
            variant.barcode = f"690000{number}"

    @classmethod
    def _create_template(cls, name, **vals):
        return cls.env["product.template"].create(
            {
                "name": name,
                "list_price": 100.0,
                "is_published": True,
                "sale_ok": True,
                "is_storable": True,
                "allow_out_of_stock_order": True,
                "taxes_id": [Command.set(cls.tax.ids)],
                "public_categ_ids": [Command.set(cls.category.ids)],
                **vals,
            }
        )

    @classmethod
    def _create_colleague(cls, login, role):
        """A person of the first dealer with one of the roles that a dealer gives."""
        other = cls._create_dealer(f"Temporary {login}", login)
        user = other.child_ids.user_ids
        user.partner_id.write({"parent_id": cls.dealer.id, "kh_dealer_role": role})
        return user

    @classmethod
    def _create_dealer(cls, name, login):
        address = {
            "street": "Jiangnan Road 3888",
            "city": "Hangzhou",
            "zip": "310051",
            "state_id": cls.env.ref("base.state_cn_ZJ").id,
            "country_id": cls.env.ref("base.cn").id,
            "phone": "0571-88881111",
        }
        company = cls.env["res.partner"].create(
            {
                "name": name,
                "is_company": True,
                "kh_is_dealer": True,
                "vat": False,
                "email": f"{login}@example.com",
                "specific_property_product_pricelist": cls.pricelist.id,
                **address,
            }
        )
        row = {"login": login, "password": login, "groups": DEALER_GROUPS}
        user = create_users(cls.env, row)
        user.partner_id.write({"parent_id": company.id, "type": "contact", **address})
        cls.env["res.partner"].create(
            {
                "name": f"{name} warehouse",
                "parent_id": company.id,
                "type": "delivery",
                "email": f"{login}.store@example.com",
                **address,
            }
        )
        return company

    @classmethod
    def _create_contract_prices(cls, dealer, price):
        cls.env["product.pricelist.item"].create(
            [
                {
                    "pricelist_id": cls.pricelist.id,
                    "applied_on": "0_product_variant",
                    "product_tmpl_id": variant.product_tmpl_id.id,
                    "product_id": variant.id,
                    "compute_price": "fixed",
                    "fixed_price": price,
                    "kh_partner_id": dealer.id,
                }
                for variant in cls.variants
            ]
        )

    def _add(self, lines, key="key-of-this-click", **kwargs):
        """Add ``{product: quantity}`` over HTTP as whoever is logged in."""
        rows = [{"product_id": product.id, "qty": qty} for product, qty in lines.items()]
        return self.make_jsonrpc_request("/shop/kh/cart/add", {"lines": rows, "key": key, **kwargs})

    def _cart(self, user=None):
        """The open carts of a user."""
        partner = (user or self.user).partner_id
        return self.env["sale.order"].search(
            [("partner_id", "=", partner.id), ("state", "=", "draft"), ("website_id", "!=", False)]
        )
