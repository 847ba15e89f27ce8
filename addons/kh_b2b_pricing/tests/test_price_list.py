"""Price lists: what stands in them, and who may have which."""

from contextlib import closing
from datetime import date, datetime

from odoo.exceptions import AccessError, UserError
from odoo.fields import Command
from odoo.sql_db import db_connect
from odoo.tests import HttpCase, new_test_user, tagged

from ..report import price_list
from .common import PricingCommon
from .common_documents import read_pdf, read_xlsx

PRICE_A, PRICE_B, LEVEL = 61.37, 7654.32, 83.19


class PriceListCommon(HttpCase, PricingCommon):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.website = cls.env["website"].get_current_website()
        english = cls.env["res.lang"]._activate_lang("en_US")
        cls.website.write(
            {
                "kh_is_b2b": True,
                "language_ids": [Command.set(english.ids)],
                "default_lang_id": english.id,
                "show_line_subtotals_tax_selection": "tax_included",
                "ecommerce_access": "everyone",
            }
        )
        cls.env["product.pricelist"].search([("id", "!=", cls.pricelist.id)]).write(
            {"selectable": False, "website_id": False}
        )
        cls.website.user_id.partner_id.specific_property_product_pricelist = cls.pricelist
        (cls.dealer_a | cls.dealer_b).kh_is_dealer = True
        cls.shelf = cls.env["product.public.category"].create({"name": "KH shelf"})
        cls.series = cls._create_template_with_variants(count=3)
        cls.series.is_published = True
        cls.product.product_tmpl_id.public_categ_ids = [Command.set(cls.shelf.ids)]
        cls.hidden = cls._create_product("Hidden", "KH-HIDDEN", is_published=False)
        cls.contract = cls._create_contract(
            lines=[(cls.product, PRICE_A, 0), (cls.product, 58.13, 10)],
            date_start=date(2026, 1, 1),
            date_end=date(2099, 6, 30),
            reference="HT-77",
        )
        cls.contract.action_activate()
        cls._create_rule(PRICE_B, kh_partner_id=cls.dealer_b.id, product_id=cls.product.id)
        cls._create_rule(
            LEVEL, kh_grade_id=cls.gold.id, product_tmpl_id=cls.product_2.product_tmpl_id.id
        )
        cls.users = {
            "a": cls._create_portal_user(cls.dealer_a, "kh_list_a"),
            "b": cls._create_portal_user(cls.dealer_b, "kh_list_b"),
        }
        cls.lists = cls.env["kh.price.list"]

    def _rows(self, content):
        """The lines of an Excel list: ``{(item no., from quantity): row}``."""
        rows = read_xlsx(content)
        start = next(index for index, row in enumerate(rows) if row[0] == "Item no.")
        return {(row[0], row[4]): row for row in rows[start + 1 :] if row[0] and row[4]}

    def _download(self, kind="xlsx", query=""):
        response = self.url_open(f"/my/prices/download/{kind}{query}")
        self.assertEqual(response.status_code, 200)
        return response


@tagged("post_install", "-at_install")
class TestPriceList(PriceListCommon):
    # === CONTENT === #

    def test_dealers_list_as_excel(self):
        self.authenticate("kh_list_a", "kh_list_a")
        response = self._download()
        self.assertIn("attachment", response.headers["Content-Disposition"])
        self.assertIn(".xlsx", response.headers["Content-Disposition"])
        self.assertEqual(response.headers["Cache-Control"], "private, no-store")
        self.assertEqual(int(response.headers["Content-Length"]), len(response.content))
        rows = self._rows(response.content)
        source, until = f"Contract {self.contract.name}", date(2099, 6, 30)
        unit = self.uom_unit.name
        self.assertEqual(
            rows["KH-P-1", 1.0],
            ["KH-P-1", self.product.name, "", unit, 1.0, PRICE_A, 100.0, source, until],
        )
        self.assertEqual(
            rows["KH-P-1", 10.0],
            ["KH-P-1", self.product.name, "", unit, 10.0, 58.13, 100.0, source, until],
        )
        self.assertEqual(rows["KH-P-2", 1.0][5:8], [LEVEL, 100.0, "Member price"])
        self.assertNotIn(("KH-HIDDEN", 1.0), rows)
        self.assertNotIn(PRICE_B, [cell for row in rows.values() for cell in row])

    def test_agreed_units_in_the_dealers_list(self):
        carton = self.env["uom.uom"].create(
            {"name": "Carton 12", "relative_factor": 12, "relative_uom_id": self.uom_unit.id}
        )
        self._create_rule(
            kh_grade_id=self.gold.id,
            product_id=self.product_2.id,
            min_quantity=60,
            kh_uom_id=carton.id,
            kh_uom_price=500.0,
        )
        self.authenticate("kh_list_a", "kh_list_a")
        rows = self._rows(self._download().content)
        self.assertEqual(rows["KH-P-2", 1.0][3:7], [self.uom_unit.name, 1.0, LEVEL, 100.0])
        self.assertEqual(rows["KH-P-2", 5.0][3:7], ["Carton 12", 5.0, 500.0, 1200.0])
        texts = read_pdf(self._download("pdf").content)
        self.assertIn("Carton 12", texts)
        self.assertIn("500.00", texts)

    def test_dealers_list_as_pdf(self):
        self.authenticate("kh_list_a", "kh_list_a")
        texts = read_pdf(self._download("pdf").content)
        for text in ("KH-P-1", f"{PRICE_A:.2f}", "58.13", "2099-06-30", "Member price"):
            self.assertIn(text, texts)
        for text in ("KH-HIDDEN", "7,654.32"):
            self.assertNotIn(text, texts)

    def test_category_and_contract_prices_only(self):
        self.authenticate("kh_list_a", "kh_list_a")
        only = self._rows(self._download(query="?only_contract=1").content)
        self.assertEqual(set(only), {("KH-P-1", 1.0), ("KH-P-1", 10.0)})
        shelf = self._rows(self._download(query=f"?category={self.shelf.id}").content)
        self.assertEqual(set(shelf), {("KH-P-1", 1.0), ("KH-P-1", 10.0)})

    def test_variants_are_told_apart(self):
        self.series.product_variant_ids[1].default_code = "KH-V-2"
        self.authenticate("kh_list_a", "kh_list_a")
        rows = self._rows(self._download().content)
        self.assertEqual(rows["KH-V-2", 1.0][2], "1 A")

    def test_list_tells_whether_taxes_are_included(self):
        self.authenticate("kh_list_a", "kh_list_a")
        self.assertIn("tax included", str(read_xlsx(self._download().content)))
        self.website.show_line_subtotals_tax_selection = "tax_excluded"
        self.assertIn("tax excluded", str(read_xlsx(self._download().content)))

    def test_annex_of_a_contract(self):
        manager = self._create_staff()["product_manager"]
        document = self.lists.with_user(manager)._make_annex("xlsx", self.contract)
        with document.file as target:
            content = target.read()
        self.assertEqual(document.size, len(content))
        self.assertEqual(document.line_count, 2)
        rows = self._rows(content)
        self.assertEqual(
            rows["KH-P-1", 10.0][4:], [10.0, 58.13, 100.0, date(2026, 1, 1), date(2099, 6, 30)]
        )
        self.contract.item_ids[0].fixed_price += 1.0
        changed = self.lists.with_user(manager)._make_annex("xlsx", self.contract)
        self.assertEqual(changed.line_count, 2, "the former price is not signed for again")
        document = self.lists.with_user(manager)._make_annex("pdf", self.contract)
        with document.file as target:
            texts = read_pdf(target.read())
        text = " ".join(texts)
        for word in (self.contract.name, "HT-77", "Dealer A", "2026-01-01", "Seal", "61.37"):
            self.assertIn(word, text)

    def test_annex_names_what_has_no_single_price(self):
        contract = self._create_contract(self.dealer_b)
        self._create_rule(
            percent=15,
            kh_contract_id=contract.id,
            kh_partner_id=self.dealer_b.id,
            categ_id=self.category.id,
        )
        document = self.lists._make_annex("xlsx", contract)
        with document.file as target:
            rows = read_xlsx(target.read())
        [row] = [row for row in rows if self.category.display_name in str(row[1])]
        self.assertIn("15", row[5])

    # === MANY LINES === #

    def test_queries_and_memory_go_by_chunks(self):
        """Twice as many chunks cost twice as many queries, not one more for each line."""
        counts = []
        self.patch(price_list, "CHUNK", 20)
        for number in range(80):
            self._create_rule(
                1 + number,
                kh_partner_id=self.dealer_a.id,
                product_id=self._create_product(f"Many {number}", f"KH-M-{number}").id,
            )
        products = self.env["product.product"].search([("default_code", "like", "KH-M-")])
        lists = self.lists.with_user(self.users["a"])
        for amount in (20, 40, 80):
            for _warm in range(2):
                self.env.flush_all()
                self.env.invalidate_all()
                before = self.env.cr.sql_log_count
                lines = list(lists._own_lines(products.ids[:amount], self.website, False))
                count = self.env.cr.sql_log_count - before
            self.assertEqual(len(lines), amount)
            counts.append(count)
        self.assertLessEqual(counts[2] - counts[1], 2 * (counts[1] - counts[0]) + 2)
        self.assertLess(counts[1] - counts[0], 60)

    def test_too_many_products_are_refused(self):
        self.patch(price_list, "MAX_LINES", 1)
        with self.assertRaisesRegex(UserError, "Choose a category"):
            self.lists.with_user(self.users["a"])._make_own("xlsx", self.website)

    def test_one_list_of_a_user_at_a_time(self):
        user = self.users["a"]
        self.authenticate("kh_list_a", "kh_list_a")
        with closing(db_connect(self.env.cr.dbname).cursor()) as other:
            other.execute("SELECT pg_advisory_xact_lock(%s, %s)", (price_list.LOCK, user.id))
            response = self.url_open("/my/prices/download/xlsx")
            self.assertEqual(response.status_code, 429)
            self.assertIn("still being made", response.text)
            self.lists.with_user(self.users["b"])._ensure_alone()
            other.rollback()
        self._download()

    # === WHO === #

    def test_every_role_of_a_dealer_gets_the_list_of_its_own_company(self):
        for role in ("approver", "finance", "admin"):
            login = f"kh_list_{role}"
            user = self._create_portal_user(self.dealer_b, login)
            user.partner_id.kh_dealer_role = role
            self.authenticate(login, login)
            rows = self._rows(self._download().content)
            self.assertEqual(rows["KH-P-1", 1.0][5], PRICE_B, role)
            self.assertNotIn(PRICE_A, [cell for row in rows.values() for cell in row])

    def test_nobody_names_another_dealer(self):
        self.authenticate("kh_list_b", "kh_list_b")
        query = f"?partner_id={self.dealer_a.id}&dealer={self.dealer_a.id}&kh_partner_id=1"
        rows = self._rows(self._download(query=query).content)
        self.assertEqual(rows["KH-P-1", 1.0][5], PRICE_B)

    def test_strangers_and_people_of_no_dealer_get_nothing(self):
        paths = ("/my/prices", "/my/prices/download/xlsx", "/my/prices/download/pdf")
        for path in paths:
            response = self.url_open(path, allow_redirects=False)
            self.assertIn(response.status_code, (302, 303), path)
            self.assertIn("/web/login", response.headers["Location"])
        nobody = "kh_list_none"
        new_test_user(self.env, login=nobody, password=nobody, groups="base.group_portal")
        staff = self._create_staff()["order_clerk"]
        staff.password = staff.login
        for login in (nobody, staff.login):
            self.authenticate(login, login)
            for path in paths:
                response = self.url_open(path, allow_redirects=False)
                self.assertIn(response.status_code, (302, 303), path)
                self.assertTrue(response.headers["Location"].endswith("/my"), path)

    def test_other_websites_have_no_lists(self):
        self.website.kh_is_b2b = False
        self.authenticate("kh_list_a", "kh_list_a")
        response = self.url_open("/my/prices/download/xlsx", allow_redirects=False)
        self.assertIn(response.status_code, (302, 303))

    def test_unknown_category_and_kind_do_not_exist(self):
        self.authenticate("kh_list_a", "kh_list_a")
        for path in (
            "/my/prices/download/xlsx?category=999999",
            "/my/prices/download/xlsx?category=x",
            "/my/prices/download/csv",
        ):
            self.assertEqual(self.url_open(path).status_code, 404, path)

    def test_annex_for_staff_who_may_read_the_contract(self):
        path = f"/kh/price_contract/{self.contract.id}/annex/"
        staff = self._create_staff()["product_manager"]
        staff.password = staff.login
        self.authenticate(staff.login, staff.login)
        for kind in ("xlsx", "pdf"):
            response = self.url_open(path + kind)
            self.assertEqual(response.status_code, 200)
            self.assertIn(f".{kind}", response.headers["Content-Disposition"])
        self.assertEqual(self.url_open("/kh/price_contract/999999/annex/pdf").status_code, 404)

    def test_annex_for_nobody_else(self):
        path = f"/kh/price_contract/{self.contract.id}/annex/"
        new_test_user(
            self.env, login="kh_list_staff", password="kh_list_staff", groups="base.group_user"
        )
        for login in ("kh_list_a", "kh_list_b", "kh_list_staff"):
            self.authenticate(login, login)
            for kind in ("xlsx", "pdf"):
                self.assertEqual(self.url_open(path + kind).status_code, 404, login)
        self.authenticate(None, None)
        response = self.url_open(f"{path}pdf", allow_redirects=False)
        self.assertIn(response.status_code, (302, 303))
        for user in (*self.users.values(), self.env.ref("base.public_user")):
            with self.assertRaises(AccessError):
                self.contract.with_user(user).action_print_annex_pdf()
            with self.assertRaises(AccessError):
                self.lists.with_user(user)._make_annex("pdf", self.contract.with_user(user))

    def test_annex_of_another_company(self):
        other = self.env["res.company"].create({"name": "Other company"})
        manager = self._create_staff()["product_manager"]
        manager.write({"company_id": other.id, "company_ids": [Command.set(other.ids)]})
        with self.assertRaises(AccessError):
            self.lists.with_user(manager)._make_annex("pdf", self.contract.with_user(manager))

    def test_buttons_lead_to_the_annex(self):
        action = self.contract.action_print_annex_xlsx()
        self.assertEqual(action["url"], f"/kh/price_contract/{self.contract.id}/annex/xlsx")
        self.assertTrue(self.contract.action_print_annex_pdf()["url"].endswith("/pdf"))

    def test_page_and_entry(self):
        self.authenticate("kh_list_a", "kh_list_a")
        page = self.url_open("/my/prices").text
        self.assertIn("data-kh-price-list", page)
        self.assertIn("KH shelf", page)
        self.assertIn('href="/my/prices"', self.url_open("/my").text)

    def test_last_day_is_the_contracts(self):
        self.company.partner_id.tz = "Asia/Shanghai"
        day = self.lists._to_day(datetime(2026, 12, 31, 15, 59, 59), self.contract)
        self.assertEqual(day, date(2026, 12, 31))
        self.assertEqual(
            self.lists._to_day(datetime(2026, 12, 31, 16, 0, 1), self.contract), date(2027, 1, 1)
        )
