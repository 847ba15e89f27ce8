from odoo import Command
from odoo.exceptions import AccessError
from odoo.fields import Domain
from odoo.tests import new_test_user, tagged

from .common import MemberCommon


class DataRightsCommon(MemberCommon):
    """Two areas with a city each, two salespeople, their supervisor, a director, a clerk."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        areas = cls.env["kh.sales.area"]
        cls.east = areas.create({"name": "DR east"})
        cls.west = areas.create({"name": "DR west"})
        cls.city = areas.create({"name": "DR east city", "parent_id": cls.east.id})
        cls.supervisor = cls._create_staff("dr_supervisor", "role_supervisor")
        cls.boss = cls._create_staff("dr_boss", "role_director")
        cls.order_clerk = cls._create_staff("dr_clerk", "role_order_clerk")
        cls.seller = cls._create_staff("dr_seller", "role_salesperson")
        cls.seller.kh_supervisor_id = cls.supervisor
        cls.rival = cls._create_staff("dr_rival", "role_salesperson")
        cls.mine = cls._create_dealer("DR mine", cls.seller, cls.city)
        cls.theirs = cls._create_dealer("DR theirs", cls.rival, cls.west)
        cls.nobodys = cls._create_dealer("DR nobody's", cls.env["res.users"], cls.west)
        cls.vendor = cls.env["res.partner"].create({"name": "DR vendor", "is_company": True})
        cls.contact = cls.env["res.partner"].create(
            {"name": "DR contact", "parent_id": cls.theirs.id}
        )
        cls.all_dealers = cls.mine | cls.theirs | cls.nobodys

    @classmethod
    def _create_dealer(cls, name, salesperson, area, **vals):
        return cls.env["res.partner"].create(
            {
                "name": name,
                "is_company": True,
                "kh_is_dealer": True,
                "user_id": salesperson.id,
                "kh_sales_area_ids": [Command.set(area.ids)],
                **vals,
            }
        )

    def _seen(self, user):
        self.env.invalidate_all()
        found = self.env["res.partner"].with_user(user).search([("id", "in", self.all_dealers.ids)])
        return found.sudo(False).with_env(self.env)


@tagged("post_install", "-at_install")
class TestDataRights(DataRightsCommon):
    def test_who_sees_which_dealers(self):
        cases = {
            self.seller: self.mine,
            self.rival: self.theirs,
            self.supervisor: self.mine,
            self.boss: self.all_dealers,
            self.order_clerk: self.all_dealers,
            self.employee: self.all_dealers,
        }
        for user, dealers in cases.items():
            with self.subTest(user=user.login):
                self.assertEqual(self._seen(user), dealers)

    def test_areas_reach_down_and_limit_clerks(self):
        self.order_clerk.kh_data_area_ids = self.east
        self.boss.kh_data_area_ids = self.west
        self.rival.kh_data_area_ids = self.east
        self.assertEqual(self._seen(self.order_clerk), self.mine)
        self.assertEqual(self._seen(self.boss), self.theirs | self.nobodys)
        self.assertEqual(self._seen(self.rival), self.theirs | self.mine)
        self.order_clerk.kh_data_area_ids = self.city
        self.assertEqual(self._seen(self.order_clerk), self.mine)
        self.order_clerk.kh_data_area_ids = False
        self.assertEqual(self._seen(self.order_clerk), self.all_dealers)

    def test_hierarchy_of_any_depth(self):
        top = self._create_staff("dr_top", "role_supervisor")
        self.supervisor.kh_supervisor_id = top
        self.assertEqual(self._seen(top), self.mine)
        self.assertEqual(top._kh_get_team(), top | self.supervisor | self.seller)
        self.rival.kh_supervisor_id = top
        self.assertEqual(self._seen(top), self.mine | self.theirs)
        self.assertEqual(self._seen(self.supervisor), self.mine)
        # a salesperson without the right of supervisors sees no team
        self.seller.kh_supervisor_id = self.rival
        self.assertEqual(self._seen(self.rival), self.theirs)

    def test_every_way_of_reading(self):
        partners = self.env["res.partner"].with_user(self.seller)
        domain = Domain("name", "=like", "DR %")
        # nobody but dealers and their contacts is under data rights
        allowed = self.mine | self.vendor
        self.assertEqual(partners.search_count(domain), len(allowed))
        self.assertEqual(set(partners.search(domain).ids), set(allowed.ids))
        self.assertEqual(partners._read_group(domain, [], ["__count"])[0][0], len(allowed))
        groups = partners.formatted_read_group(domain, ["user_id"], ["__count"])
        self.assertEqual(sum(group["__count"] for group in groups), len(allowed))
        self.assertFalse(partners.name_search("DR theirs"))
        self.assertFalse(partners.name_search("DR contact"))
        self.assertTrue(partners.name_search("DR mine"))
        self.assertEqual(self.mine.with_user(self.seller).read(["name"])[0]["name"], "DR mine")
        for hidden in (self.theirs, self.contact):
            record = hidden.with_user(self.seller)
            record.invalidate_recordset()
            self.assertFalse(record.has_access("read"))
            with self.assertRaises(AccessError):
                record.read(["name"])
        mixed = (self.mine | self.theirs).with_user(self.seller)
        self.assertEqual(mixed._filtered_access("read").ids, self.mine.ids)

    def test_writing(self):
        for user in (self.seller, self.supervisor):
            user.group_ids += self.env.ref("base.group_partner_manager")
        self.mine.with_user(self.seller).write({"phone": "1"})
        with self.assertRaises(AccessError):
            self.theirs.with_user(self.seller).write({"phone": "1"})
        with self.assertRaises(AccessError):
            self.contact.with_user(self.supervisor).write({"phone": "1"})
        contacts = self.env["res.partner"].with_user(self.seller)
        contacts.create({"name": "DR new contact", "parent_id": self.mine.id})
        with self.assertRaises(AccessError):
            contacts.create({"name": "DR foreign contact", "parent_id": self.theirs.id})

    def test_change_of_salesperson_counts_at_once(self):
        record = self.theirs.with_user(self.seller)
        self.assertFalse(record.has_access("read"))
        self.theirs.user_id = self.seller
        self.assertTrue(record.has_access("read"))
        self.assertFalse(self.theirs.with_user(self.rival).has_access("read"))

    def test_orders(self):
        orders = {}
        for dealer in self.all_dealers:
            orders[dealer] = self.env["sale.order"].create(
                {"partner_id": dealer.id, "user_id": self.order_clerk.id}
            )
        plain = self.env["sale.order"].create(
            {"partner_id": self.vendor.id, "user_id": self.rival.id}
        )
        everything = self.env["sale.order"].union(*orders.values(), plain)
        cases = {
            self.seller: orders[self.mine],
            self.rival: orders[self.theirs] | plain,
            self.supervisor: orders[self.mine] | plain,
            self.boss: everything,
            self.order_clerk: everything,
        }
        for user, expected in cases.items():
            with self.subTest(user=user.login):
                found = self.env["sale.order"].with_user(user)
                found = found.search([("id", "in", everything.ids)])
                self.assertEqual(set(found.ids), set(expected.ids))
        foreign = orders[self.theirs].with_user(self.seller)
        self.assertFalse(foreign.has_access("read") or foreign.has_access("write"))
        # not even as the salesperson of the order
        orders[self.theirs].user_id = self.seller
        self.assertFalse(foreign.has_access("read"))

    def test_order_lines_and_analysis_follow(self):
        product = self.env["product.product"].create({"name": "DR product"})
        for dealer in (self.mine, self.theirs):
            self.env["sale.order"].create(
                {
                    "partner_id": dealer.id,
                    "user_id": self.order_clerk.id,
                    "order_line": [Command.create({"product_id": product.id})],
                }
            )
        self.env.flush_all()
        domain = [("product_id", "=", product.id)]
        for model in ("sale.order.line", "sale.report"):
            with self.subTest(model=model):
                records = self.env[model]
                self.assertEqual(records.with_user(self.seller).search_count(domain), 1)
                self.assertEqual(records.with_user(self.supervisor).search_count(domain), 1)
                self.assertEqual(records.with_user(self.order_clerk).search_count(domain), 2)

    def test_invoice_lines_payments_and_tokens_follow(self):
        moves = self.env["account.move"].create(
            [
                {
                    "move_type": "out_invoice",
                    "partner_id": dealer.id,
                    "invoice_line_ids": [Command.create({"name": "DR line", "price_unit": 7.0})],
                }
                for dealer in (self.mine, self.theirs)
            ]
        )
        bookkeeper = self._create_staff("dr_bookkeeper", "role_finance")
        bookkeeper.kh_data_area_ids = self.east
        payments = self.env["account.payment"].create(
            [{"partner_id": dealer.id, "amount": 7.0} for dealer in (self.mine, self.theirs)]
        )
        for records, user in (
            (moves.invoice_line_ids, self.supervisor),
            (moves.invoice_line_ids, bookkeeper),
            (payments, bookkeeper),
        ):
            model, domain = records._name, [("id", "in", records.ids)]
            with self.subTest(model=model, user=user.login):
                found = self.env[model].with_user(user).search(domain)
                self.assertEqual(found.sudo().partner_id, self.mine)
                self.assertEqual(self.env[model].with_user(self.finance).search_count(domain), 2)
                with self.assertRaises(AccessError):
                    records[1:].with_user(user).read(["partner_id"])
        # outside the suite and for portal users the rule is no part of the statement
        for model in ("account.move.line", "account.payment", "payment.token"):
            for user in (self.employee, self.portal_user):
                self.assertTrue(self.env[model].with_user(user)._kh_get_scope_domain().is_true())
            tokens = self.env[model].with_user(self.seller)
            self.assertFalse(tokens._kh_get_scope_domain().is_true(), model)

    def test_every_document_forgets_at_once(self):
        """What was seen in this transaction is asked again when the range changes."""
        order = self.env["sale.order"].create(
            {"partner_id": self.theirs.id, "user_id": self.order_clerk.id}
        )
        record = order.with_user(self.seller)

        def seen():
            self.env.flush_all()
            return record.kh_in_scope

        self.assertFalse(seen())
        self.theirs.user_id = self.seller
        self.assertTrue(seen(), "salesperson of the dealer")
        self.theirs.user_id = self.rival
        self.assertFalse(seen())
        self.seller.kh_data_area_ids = self.east
        self.assertFalse(seen())
        self.west.parent_id = self.east
        self.assertTrue(seen(), "the area moved")
        self.west.parent_id = False
        order.partner_id = self.mine
        self.assertTrue(seen(), "the document's own dealer")

    def test_bank_accounts(self):
        banks = self.env["res.partner.bank"].create(
            [
                {"partner_id": dealer.id, "acc_number": f"DR{dealer.id}"}
                for dealer in (self.mine, self.theirs)
            ]
        )
        domain = [("id", "in", banks.ids)]
        found = self.env["res.partner.bank"].with_user(self.seller).search(domain)
        self.assertEqual(found.sudo().partner_id.ids, self.mine.ids)
        self.assertEqual(self.env["res.partner.bank"].with_user(self.boss).search_count(domain), 2)

    def test_applications(self):
        east = self._submit(1, sales_area_ids=[Command.set(self.city.ids)])
        east.salesperson_id = self.seller
        west = self._submit(2, sales_area_ids=[Command.set(self.west.ids)])
        west.salesperson_id = self.rival
        new = self._submit(3)
        applications = east | west | new
        self.clerk.kh_data_area_ids = self.east
        self.boss.kh_data_area_ids = self.west
        cases = {
            self.seller: east,
            self.supervisor: east,
            self.rival: west,
            self.boss: west,
            self.clerk: east | new,
            self.clerk2: applications,
            self.director: applications,
        }
        for user, expected in cases.items():
            with self.subTest(user=user.login):
                records = self.env["kh.member.application"].with_user(user)
                found = records.search([("id", "in", applications.ids)])
                self.assertEqual(set(found.ids), set(expected.ids))
        self.assertFalse(west.with_user(self.clerk).has_access("write"))
        self.assertTrue(new.with_user(self.clerk).has_access("write"))

    def test_two_companies(self):
        other = self.env["res.company"].create({"name": "DR second company"})
        foreign = self._create_dealer(
            "DR foreign", self.env["res.users"], self.city, company_id=other.id
        )
        both = self.mine | foreign
        self.assertFalse(foreign.with_user(self.order_clerk).has_access("read"))
        self.order_clerk.write({"company_ids": [Command.link(other.id)]})
        clerk = self.env["res.partner"].with_user(self.order_clerk)
        clerk = clerk.with_context(allowed_company_ids=(self.company | other).ids)
        self.assertEqual(clerk.search_count([("id", "in", both.ids)]), 2)
        self.order_clerk.kh_data_area_ids = self.west
        self.assertEqual(clerk.search_count([("id", "in", both.ids)]), 0)

    def test_portal_user_is_held_by_core_alone(self):
        buyer = new_test_user(self.env, "dr_buyer", "base.group_portal")
        buyer.partner_id.parent_id = self.mine
        self.assertEqual(self._seen(buyer), self.mine)
        self.assertTrue(self.mine.with_user(buyer).kh_in_scope)

    def test_constant_queries(self):
        """Areas and team cost the same for one dealer and for many."""
        self.seller.kh_data_area_ids = self.west
        dealers = self.env["res.partner"].create(
            [
                {
                    "name": f"DR many {number}",
                    "is_company": True,
                    "kh_is_dealer": True,
                    "kh_sales_area_ids": [Command.set(self.west.ids)],
                }
                for number in range(50)
            ]
        )
        self.env.flush_all()
        counts = []
        for records in (dealers[:1], dealers):
            with_user = records.with_user(self.seller)
            with_user.has_access("read")  # groups and rules are cached for all
            self.env.invalidate_all()
            before = self.env.cr.sql_log_count
            self.assertTrue(with_user.has_access("read"))
            self.assertEqual(len(with_user.search([("id", "in", records.ids)])), len(records))
            counts.append(self.env.cr.sql_log_count - before)
        self.assertEqual(counts[0], counts[1])

    def test_no_cost_for_others(self):
        """Employees outside the suite pay no query, and the rule leaves their SQL."""
        partners = self.env["res.partner"].with_user(self.employee)
        domain = partners._search([])
        self.assertNotIn("kh_is_dealer", str(domain.select().code))
        record = self.theirs.with_user(self.employee)
        self.assertTrue(record._kh_get_scope_domain().is_true())
        record.has_access("read")
        with self.assertQueryCount(0):
            self.assertTrue(record.kh_in_scope)
