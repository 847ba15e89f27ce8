from unittest.mock import patch

from odoo.tests import tagged
from odoo.tools.misc import hash_sign

from .. import const
from ..controllers.registration import SCOPE
from .common import MemberCommon
from .people_common import PeopleMixin
from .routes_common import LOGIN, OWN, YES, RoutesCase, Visit

NOT_STAFF = (LOGIN, 403, 403, 403)


@tagged("post_install", "-at_install")
class TestRoutes(RoutesCase, PeopleMixin, MemberCommon):
    """Every address of admission and of the dealer's own company."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls._set_up_people()
        west = cls.env["kh.sales.area"].create({"name": "Routes west"})
        cls.dealer.write({"kh_sales_area_ids": cls.area.ids, "user_id": cls.salesperson.id})
        cls.other_dealer.kh_sales_area_ids = west
        cls.administrator = cls._create_staff("kh_r_admin", "role_b2b_administrator")
        cls.left = cls._create_person("kh_left", cls.dealer, "buyer")
        cls.invited = cls._create_person("kh_invited", cls.dealer, "buyer")
        cls.dealer.with_user(cls.boss)._kh_deactivate_colleague(cls.left.partner_id)
        cls.persons = {
            "owner": cls.boss,
            "foreigner": cls.foreign_boss,
            "colleague": cls.buyer,
            "seller": cls._create_seller(west),
        }
        others = cls.other_dealer | cls.other_dealer.child_ids
        cls.belongings = {"foreigner": (others, others.user_ids)}
        cls._set_up_applications()
        cls.secrets = (cls.dealer.name, cls.buyer.email, "Routes Applicant")

    @classmethod
    def _set_up_applications(cls):
        Application = cls.env["kh.member.application"]
        cls.draft, cls.sent, cls.withdrawn = (
            Application.create(cls._prepare_vals(cls, number, name=f"Routes Applicant {number}"))
            for number in (7001, 7002, 7003)
        )
        for application in (cls.draft, cls.sent, cls.withdrawn):
            application._portal_ensure_token()
        cls.attachment = cls.env["ir.attachment"].create(
            {
                "name": "paper.txt",
                "raw": b"Routes paper",
                "res_model": cls.draft._name,
                "res_id": cls.draft.id,
            }
        )
        cls.draft.attachment_ids = cls.attachment
        (cls.sent | cls.withdrawn).action_submit()
        cls.withdrawn.action_withdraw()

    def setUp(self):
        super().setUp()
        self.startPatcher(patch.object(const, "MIN_FILL_TIME", 0))
        limits = dict.fromkeys(const.HOURLY_LIMITS, 100000)
        self.startPatcher(patch.dict(const.HOURLY_LIMITS, limits))

    def test_every_person_on_every_route(self):
        self.assert_every_person()

    def test_no_route_without_its_persons(self):
        self.assert_every_route()

    def _get_visits(self):
        return [*self._get_company_visits(), *self._get_registration_visits()]

    def _get_company_visits(self):
        name = self.dealer.name

        def on(person, action):
            return f"/my/company/colleague/{person.partner_id.id}/{action}"

        role = {"role": "approver", "name": "Renamed"}
        refused = (LOGIN, 404, 403, 404)
        own = (LOGIN, OWN, 403, 404)
        matrix = "/kh_b2b_member/role_matrix.xlsx"
        return [
            Visit("GET", "/my/company", {}, name, (LOGIN, OWN, YES, "/my")),
            Visit("GET", "/my/b2b", {}, name, (LOGIN, OWN, YES, "/my")),
            Visit("POST", "/my/company/update", {"phone": "0571-88887777"}, "/my/company", own),
            Visit("POST", "/my/company/invite", self._prepare_invitation(), "/my/company", own),
            Visit("POST", on(self.buyer, "save"), role, "/my/company", refused),
            Visit("POST", on(self.buyer, "deactivate"), {}, "/my/company", refused),
            Visit("POST", on(self.left, "reactivate"), {}, "/my/company", refused),
            Visit("POST", on(self.invited, "resend"), {}, "/my/company", refused, changes=False),
            Visit("GET", matrix, {}, "PK", NOT_STAFF, owner=self.administrator),
            Visit(
                "GET",
                matrix,
                {"user_id": self.salesperson.id},
                "PK",
                NOT_STAFF,
                owner=self.administrator,
            ),
        ]

    def _get_registration_visits(self):
        """The applicant is the owner: a stranger who has the link."""
        public = self.env.ref("base.public_user")
        opened = hash_sign(
            self.env(su=True),
            SCOPE,
            self.env["kh.member.application"]._get_now_timestamp(),
            expiration_hours=1,
        )
        form = {"opened": opened, "name": "Routes newcomer", "member_type": "company"}
        begin = "/b2b/register"

        def at(application, way=""):
            return f"/b2b/register/{application.id}{way}"

        def applicant(method, path, data, proof, others, application, **values):
            key = {"access_token": application.access_token}
            return Visit(method, path, data, proof, others, key=key, owner=public, **values)

        led = (begin,) * 4
        file = at(self.draft, f"/file/{self.attachment.id}")
        named = {**form, "application_id": self.draft.id, "name": "Renamed"}
        check = {"field": "vat", "value": self.draft.vat, "application_id": self.draft.id}
        resume = {"opened": opened, "email": self.draft.manager_email}
        anybody = (YES, YES, YES, YES)
        return [
            Visit("GET", begin, {}, 'name="opened"', (YES, "/my", "/my", YES), owner=public),
            Visit("POST", begin, form, "", (YES, "/my", "/my", YES), owner=public, changes=True),
            applicant("GET", at(self.draft), {}, self.draft.name, led, self.draft),
            applicant("GET", at(self.sent), {}, self.sent.number, led, self.sent),
            applicant("POST", at(self.draft), {**form, "name": "Renamed"}, "", led, self.draft),
            Visit("POST", "/b2b/register/save", form, '"saved"', anybody, owner=public),
            applicant("POST", "/b2b/register/save", named, '"saved"', (409,) * 4, self.draft),
            applicant("JSON", "/b2b/register/check", check, '"status"', anybody, self.draft),
            applicant("POST", at(self.sent, "/withdraw"), {}, at(self.sent), led, self.sent),
            applicant(
                "POST", at(self.withdrawn, "/reopen"), {}, at(self.withdrawn), led, self.withdrawn
            ),
            applicant("GET", at(self.draft, "/license"), {}, "PNG", (404,) * 4, self.draft),
            applicant("GET", file, {}, "Routes paper", (404,) * 4, self.draft),
            Visit(
                "POST",
                "/b2b/register/resume",
                resume,
                "history.back()",
                anybody,
                owner=public,
                changes=False,
            ),
        ]
