from odoo.fields import Command
from odoo.tests import TransactionCase

from odoo.addons.kh_b2b_approval.tests.common import create_users


class PricingCommon(TransactionCase):
    """Two dealers of different levels, a B2B pricelist and a few products."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.env = cls.env(context={**cls.env.context, "tracking_disable": True})
        cls.company = cls.env.company
        cls.uom_unit = cls.env.ref("uom.product_uom_unit")
        cls.uom_dozen = cls.env.ref("uom.product_uom_dozen")
        cls.pricelist = cls.env["product.pricelist"].create(
            {
                "name": "Dealers",
                "kh_is_b2b": True,
                "company_id": cls.company.id,
                "selectable": True,
                "website_id": False,
                "sequence": 1,
            }
        )
        cls.gold, cls.silver = cls.env["res.partner.grade"].create(
            [{"name": "Gold"}, {"name": "Silver"}]
        )
        cls.dealer_a, cls.dealer_b = cls.env["res.partner"].create(
            [
                {"name": "Dealer A", "is_company": True, "grade_id": cls.gold.id},
                {"name": "Dealer B", "is_company": True, "grade_id": cls.silver.id},
            ]
        )
        for dealer in (cls.dealer_a, cls.dealer_b):
            dealer.specific_property_product_pricelist = cls.pricelist
        cls.buyer_a = cls.env["res.partner"].create(
            {"name": "Buyer A", "parent_id": cls.dealer_a.id, "email": "buyer.a@example.com"}
        )
        cls.parent_category = cls.env["product.category"].create({"name": "Breakers"})
        cls.category = cls.env["product.category"].create(
            {"name": "Miniature", "parent_id": cls.parent_category.id}
        )
        cls.product = cls._create_product("Breaker 6A", "KH-P-1")
        cls.product_2 = cls._create_product("Breaker 10A", "KH-P-2")
        cls.nobody = cls.env["res.partner"]

    @classmethod
    def _create_product(cls, name, code, **vals):
        return cls.env["product.product"].create(
            {
                "name": name,
                "default_code": code,
                "list_price": 100.0,
                "categ_id": cls.category.id,
                "uom_id": cls.uom_unit.id,
                "taxes_id": False,
                "type": "consu",
                "is_published": True,
                **vals,
            }
        )

    @classmethod
    def _create_template_with_variants(cls, name="Series", count=3, mode="always"):
        attribute = cls.env["product.attribute"].create(
            {
                "name": "Current",
                "create_variant": mode,
                "value_ids": [Command.create({"name": f"{n} A"}) for n in range(count)],
            }
        )
        return cls.env["product.template"].create(
            {
                "name": name,
                "list_price": 100.0,
                "categ_id": cls.category.id,
                "taxes_id": False,
                "is_published": True,
                "attribute_line_ids": [
                    Command.create(
                        {
                            "attribute_id": attribute.id,
                            "value_ids": [Command.set(attribute.value_ids.ids)],
                        }
                    )
                ],
            }
        )

    @classmethod
    def _create_rule(cls, price=None, percent=None, **vals):
        values = {"pricelist_id": cls.pricelist.id, **vals}
        if percent is None:
            values.update(compute_price="fixed", fixed_price=price or 0.0)
        else:
            values.update(compute_price="percentage", percent_price=percent)
        return cls.env["product.pricelist.item"].create(values)

    @classmethod
    def _create_contract(cls, partner=None, lines=(), **vals):
        partner = partner or cls.dealer_a
        return cls.env["kh.price.contract"].create(
            {
                "partner_id": partner.id,
                "pricelist_id": cls.pricelist.id,
                "item_ids": [
                    Command.create(
                        {
                            "product_id": product.id,
                            "applied_on": "0_product_variant",
                            "compute_price": "fixed",
                            "fixed_price": price,
                            "min_quantity": minimum,
                        }
                    )
                    for product, price, minimum in lines
                ],
                **vals,
            }
        )

    def _price(self, product=None, partner=None, quantity=1.0, **kwargs):
        product = product or self.product
        partner = self.nobody if partner is None else partner
        return self.pricelist._get_product_price(product, quantity, kh_partner=partner, **kwargs)

    @classmethod
    def _create_staff(cls):
        """One user for each role that meets prices."""
        groups = {
            "salesperson": "kh_b2b_member.group_b2b_salesperson",
            "supervisor": "kh_b2b_member.group_b2b_supervisor",
            "order_clerk": "kh_b2b_member.group_b2b_order_clerk",
            "product_manager": "kh_b2b_member.group_b2b_product_manager",
        }
        rows = [
            {"login": f"kh_price_{role}", "groups": f"base.group_user,{group}"}
            for role, group in groups.items()
        ]
        return dict(zip(groups, create_users(cls.env, *rows), strict=True))

    @classmethod
    def _create_portal_user(cls, partner, login):
        contact = cls.env["res.partner"].create(
            {"name": login, "parent_id": partner.id, "email": f"{login}@example.com"}
        )
        return create_users(
            cls.env,
            {
                "login": login,
                "password": login,
                "partner_id": contact.id,
                "email": contact.email,
                "groups": "kh_b2b_member.group_b2b_dealer",
            },
        )
