from odoo.fields import Command
from odoo.tests import TransactionCase, new_test_user


class CatalogCommon(TransactionCase):
    """Two dealers in two areas, people who log in for them, and a few products."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.env = cls.env(
            context={**cls.env.context, "tracking_disable": True, "no_reset_password": True}
        )
        cls.company = cls.env.company
        cls.website = cls.env["website"].get_current_website()
        cls.Product = cls.env["product.template"]
        cls.Assortment = cls.env["kh.catalog.assortment"]
        cls.Listing = cls.env["kh.product.listing"]
        cls.nobody = cls.env["res.partner"]
        Area = cls.env["kh.sales.area"]
        cls.south = Area.create({"name": "South"})
        cls.guangdong = Area.create({"name": "Guangdong", "parent_id": cls.south.id})
        cls.guangzhou = Area.create({"name": "Guangzhou", "parent_id": cls.guangdong.id})
        cls.shanghai = Area.create({"name": "Shanghai"})
        cls.gold, cls.silver = cls.env["res.partner.grade"].create(
            [{"name": "Gold"}, {"name": "Silver"}]
        )
        cls.dealer_a = cls._create_dealer("Dealer A", cls.gold, cls.guangzhou)
        cls.dealer_b = cls._create_dealer("Dealer B", cls.silver, cls.shanghai)
        cls.user_a = cls._create_portal_user(cls.dealer_a, "kh_catalog_a")
        cls.user_b = cls._create_portal_user(cls.dealer_b, "kh_catalog_b")
        cls.public_user = cls.env.ref("base.public_user")
        cls.parent_category = cls.env["product.category"].create({"name": "Breakers"})
        cls.category = cls.env["product.category"].create(
            {"name": "Miniature", "parent_id": cls.parent_category.id}
        )
        cls.products = cls._create_products(4)
        cls.p1, cls.p2, cls.p3, cls.p4 = cls.products

    @classmethod
    def _create_dealer(cls, name, grade, areas, **vals):
        return cls.env["res.partner"].create(
            {
                "name": name,
                "is_company": True,
                "kh_is_dealer": True,
                "grade_id": grade.id,
                "kh_sales_area_ids": [Command.set(areas.ids)],
                **vals,
            }
        )

    @classmethod
    def _create_portal_user(cls, dealer, login):
        contact = cls.env["res.partner"].create(
            {"name": login, "parent_id": dealer.id, "email": f"{login}@example.com"}
        )
        return new_test_user(
            cls.env,
            login=login,
            password=login,
            partner_id=contact.id,
            groups="kh_b2b_member.group_b2b_dealer",
        )

    @classmethod
    def _create_products(cls, count, name="Secret breaker", **vals):
        return cls.env["product.template"].create(
            [
                {
                    "name": f"{name} {number}",
                    "default_code": f"KHC-{name[:3].upper()}-{number}",
                    "list_price": 100.0 + number,
                    "categ_id": cls.category.id,
                    "taxes_id": False,
                    "type": "consu",
                    "is_published": True,
                    "website_sequence": number,
                    **vals,
                }
                for number in range(1, count + 1)
            ]
        )

    @classmethod
    def _create_assortment(cls, products, partners=None, grades=None, **vals):
        return cls.Assortment.create(
            {
                "name": vals.pop("name", "Assortment"),
                "product_tmpl_ids": [Command.set(products.ids)],
                "partner_ids": [Command.set(partners.ids if partners else [])],
                "grade_ids": [Command.set(grades.ids if grades else [])],
                **vals,
            }
        )

    @classmethod
    def _create_listing(cls, product, date_from=False, date_to=False, website=None):
        return cls.Listing.create(
            {
                "product_tmpl_id": product.id,
                "date_from": date_from,
                "date_to": date_to,
                "website_id": website.id if website else False,
            }
        )

    @classmethod
    def _create_order(cls, partner, products, website=None, **vals):
        return cls.env["sale.order"].create(
            {
                "partner_id": partner.id,
                "website_id": website.id if website else False,
                "order_line": [
                    Command.create(
                        {"product_id": product.product_variant_id.id, "product_uom_qty": 2}
                    )
                    for product in products
                ],
                **vals,
            }
        )

    def _saleable(self, partner, date=None, **kwargs):
        """What the batch method says, after checking that the domain says the same."""
        kept = self.products._kh_filter_saleable(partner, date, **kwargs)
        domain = self.Product._kh_saleable_domain(partner, date, **kwargs)
        self.assertEqual(self.Product.search(domain) & self.products, kept)
        self.assertEqual(self.products.filtered_domain(domain), kept)
        variants = self.products.product_variant_ids
        self.assertEqual(
            variants._kh_filter_saleable(partner, date, **kwargs).product_tmpl_id, kept
        )
        refused = self.products._kh_explain_unsaleable(partner, date, **kwargs)
        self.assertEqual(set(refused), set((self.products - kept).ids))
        return kept

    def _visible(self, user):
        """What a user reads, after checking that search and access agree."""
        found = self.Product.with_user(user).search([("id", "in", self.products.ids)])
        readable = self.products.with_user(user)._filtered_access("read")
        self.assertEqual(found, readable)
        variants = (
            self.env["product.product"]
            .with_user(user)
            .search([("product_tmpl_id", "in", self.products.ids)])
        )
        self.assertEqual(variants.product_tmpl_id, found)
        return self.products.browse(found.ids)

    def _warm(self):
        """Fill the caches that a running server has filled long ago."""
        self.website._product_domain()
        self.Product._kh_saleable_domain(self.dealer_a)
        self.env.flush_all()
