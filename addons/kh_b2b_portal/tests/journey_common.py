import io
import re
from unittest.mock import patch

import openpyxl
from PIL import Image

from odoo import Command
from odoo.tests import HttpCase, new_test_user

from odoo.addons.kh_b2b_member import const as member_const

PRODUCTS = 24
CONTRACT_PRICE = 61.8
MARKET_PRICE = 100.0
DEALER_LOGIN = "journey.dealer@example.com"


class JourneyCommon(HttpCase):
    """A brand company in Chinese: what the dealers' journeys in the browser start from."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.env = cls.env(context={**cls.env.context, "tracking_disable": True})
        cls.env["res.lang"]._activate_lang("zh_CN")
        cls.company = cls.env.company
        cls.company.write({"kh_registration_open": True, "country_id": cls.env.ref("base.cn").id})
        cls.website = cls.env["website"].get_current_website()
        chinese = cls.env.ref("base.lang_zh_CN")
        cls.website.write(
            {
                "kh_is_b2b": True,
                "language_ids": [Command.link(chinese.id)],
                "default_lang_id": chinese.id,
                "show_line_subtotals_tax_selection": "tax_included",
            }
        )
        cls._create_grants()
        cls._create_products()
        cls._create_staff()
        cls._create_transfer()
        cls._create_files()

    # === DATA === #
    @classmethod
    def _create_grants(cls):
        cls.pricelist = cls.env["product.pricelist"].create(
            {
                "name": "Journey B2B",
                "kh_is_b2b": True,
                "currency_id": cls.company.currency_id.id,
                "selectable": True,
                "sequence": 0,
            }
        )
        cls.env["res.partner.grade"].create({"name": "Journey Gold"})
        cls.env["kh.sales.area"].create({"name": "Journey East", "code": "JE"})

    @classmethod
    def _create_products(cls):
        cls.tax = cls.env["account.tax"].create(
            {
                "name": "13% incl.",
                "amount": 13.0,
                "type_tax_use": "sale",
                "price_include_override": "tax_included",
            }
        )
        cls.products = cls.env["product.product"].create(
            [
                {
                    "name": f"旅程断路器 {index:02}",
                    "default_code": f"KHJ-{index:03}",
                    "list_price": MARKET_PRICE,
                    "taxes_id": [Command.set(cls.tax.ids)],
                    "type": "consu",
                    "is_storable": True,
                    "is_published": True,
                    "sale_ok": True,
                    "invoice_policy": "delivery",
                }
                for index in range(1, PRODUCTS + 1)
            ]
        )
        location = (
            cls.env["stock.warehouse"]
            .search([("company_id", "=", cls.company.id)], limit=1)
            .lot_stock_id
        )
        for product in cls.products:
            cls.env["stock.quant"]._update_available_quantity(product, location, 500)

    @classmethod
    def _create_staff(cls):
        def staff(login, name, *roles):
            user = new_test_user(cls.env, login, "base.group_user", name=name, lang="zh_CN")
            user.role_line_ids = [
                Command.create({"role_id": cls.env.ref(f"kh_b2b_member.{role}").id})
                for role in roles
            ]
            return user

        cls.clerk = staff("journey_clerk", "Journey Clerk", "role_admission_clerk")
        cls.sales = staff("journey_sales", "Journey Salesperson", "role_director")
        cls.finance = staff("journey_finance", "Journey Finance", "role_finance")
        cls.desk = staff("journey_desk", "Journey Desk", "role_order_clerk")

    @classmethod
    def _create_transfer(cls):
        cls.bank = cls.env["account.journal"].create(
            {"name": "Journey Bank", "type": "bank", "code": "JBNK"}
        )
        provider = cls.env["payment.provider"].search(
            [("custom_mode", "=", "wire_transfer"), ("company_id", "=", cls.company.id)], limit=1
        )
        provider.write({"state": "enabled", "is_published": True})
        provider.journal_id = cls.bank

    @classmethod
    def _create_files(cls):
        picture = io.BytesIO()
        Image.new("RGB", (640, 400), "#f4f1e8").save(picture, "PNG")
        codes = cls.products.mapped("default_code")
        clean = [(code, "", 1, CONTRACT_PRICE) for code in codes]
        faulty = [
            *clean[:3],
            ("UNKNOWN-1", "", 1, 10.0),
            clean[0],
            (codes[4], "", 1, -5),
            (codes[5], "", 1, None),
        ]
        files = {
            "licence.png": (picture.getvalue(), "image/png"),
            "contract.xlsx": (cls._make_sheet(clean), ""),
            "contract_faulty.xlsx": (cls._make_sheet(faulty), ""),
        }
        cls.env["ir.attachment"].create(
            [
                {
                    "name": name,
                    "url": f"/kh_journey/{name}",
                    "raw": content,
                    "mimetype": mimetype
                    or "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
                    "public": True,
                }
                for name, (content, mimetype) in files.items()
            ]
        )

    @staticmethod
    def _make_sheet(rows):
        book = openpyxl.Workbook()
        book.active.append(["货号", "品名", "起订量", "协议价"])
        for row in rows:
            book.active.append(row)
        stream = io.BytesIO()
        book.save(stream)
        return stream.getvalue()

    # === STEPS === #
    def _apply(self):
        # a tour types faster than any person; that the door stays shut for it is tested there
        self.startPatcher(patch.object(member_const, "MIN_FILL_TIME", 0))
        page = self.url_open("/shop?search=KHJ").text
        self.assertIn("KHJ-001", page)
        self.assertNotIn(str(CONTRACT_PRICE), page)
        self.start_tour("/shop?search=KHJ", "kh_b2b_journey_apply", login=None)
        self.application = self.env["kh.member.application"].search(
            [("manager_email", "=", DEALER_LOGIN)]
        )
        self.assertEqual(len(self.application), 1, "one application, whatever was clicked")
        self.assertEqual(self.application.state, "submitted")
        self.assertTrue(self.application.license_file)

    # === MAIL === #
    def _get_mail(self, login, holding):
        """Return the newest mail to an address whose text holds `holding`."""
        return self.env["mail.mail"].search(
            [
                "|",
                ("email_to", "ilike", login),
                ("recipient_ids.email", "ilike", login),
                ("body_html", "ilike", holding),
            ],
            order="id desc",
            limit=1,
        )

    def _get_link(self, login, path):
        """Return the link below `path` in the newest mail to an address, without the host."""
        mail = self._get_mail(login, path)
        links = re.findall(rf'href="[^"]*?({re.escape(path)}[^"]*)"', mail.body_html or "")
        self.assertTrue(links, f"no mail to {login} leads to {path}")
        return links[0].replace("&amp;", "&")
