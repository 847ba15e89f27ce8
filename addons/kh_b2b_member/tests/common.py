import base64
from io import BytesIO

from PIL import Image
from stdnum.cn import uscc

from odoo import Command
from odoo.tests import TransactionCase

from odoo.addons.kh_b2b_approval.tests.common import create_users


def make_code(number):
    """Return a valid unified social credit code that belongs to nobody."""
    body = f"91330108MA2{number:06d}"
    return body + uscc.calc_check_digit(body)


def make_image(image_format="PNG", size=(60, 40)):
    stream = BytesIO()
    Image.new("RGB", size, "white").save(stream, image_format)
    return stream.getvalue()


class MemberCommon(TransactionCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.company = cls.env.company
        cls.company.kh_registration_open = True
        cls.china = cls.env.ref("base.cn")
        cls.province = cls.env["res.country.state"].search(
            [("country_id", "=", cls.china.id)], limit=1
        )
        cls.grade = cls.env["res.partner.grade"].create({"name": "Test gold", "company_id": False})
        cls.area = cls.env["kh.sales.area"].create({"name": "Test east", "code": "KH-TEST-E"})
        cls._create_users()
        cls.flow = cls.env.ref("kh_b2b_member.kh_approval_flow_admission")

    @classmethod
    def _create_staff(cls, login, role_xmlid, **values):
        return create_users(cls.env, cls._prepare_staff(login, role_xmlid, **values))

    @classmethod
    def _prepare_staff(cls, login, role_xmlid, **values):
        role = cls.env.ref(f"kh_b2b_member.{role_xmlid}")
        return {
            "login": login,
            "role_line_ids": [Command.create({"role_id": role.id})],
            **values,
        }

    @classmethod
    def _create_users(cls):
        (
            cls.clerk,
            cls.clerk2,
            cls.salesperson,
            cls.salesperson2,
            cls.director,
            cls.finance,
            cls.employee,
            cls.portal_user,
        ) = create_users(
            cls.env,
            cls._prepare_staff("kh_clerk", "role_admission_clerk"),
            cls._prepare_staff("kh_clerk2", "role_admission_clerk"),
            cls._prepare_staff("kh_sales", "role_salesperson"),
            cls._prepare_staff("kh_sales2", "role_salesperson"),
            cls._prepare_staff("kh_director", "role_director"),
            cls._prepare_staff("kh_finance", "role_finance"),
            {"login": "kh_employee"},
            {"login": "kh_portal", "groups": "base.group_portal"},
        )

    def _prepare_vals(self, number=1, **values):
        return {
            "name": f"Test dealer {number}",
            "vat": make_code(number),
            "manager_name": f"Manager {number}",
            "manager_phone": f"1380000{number:04d}",
            "manager_email": f"manager{number}@kh-test.example.com",
            "country_id": self.china.id,
            "state_id": self.province.id,
            "city": "Hangzhou",
            "street": f"Road {number}",
            "bank_name": "Test bank, first branch",
            "bank_account": f"62220000{number:08d}",
            "license_file": base64.b64encode(make_image()),
            "license_filename": "licence.png",
            "lang": "en_US",
            **values,
        }

    def _prepare_grant(self, **values):
        return {
            "grade_id": self.grade.id,
            "sales_area_ids": [Command.set(self.area.ids)],
            "salesperson_id": self.salesperson.id,
            **values,
        }

    def _create_application(self, number=1, **values):
        return self.env["kh.member.application"].create(self._prepare_vals(number, **values))

    def _submit(self, number=1, **values):
        application = self._create_application(number, **values)
        application.action_submit()
        return application

    def _admit(self, number=1, **values):
        """Approve an application with everything the installed add-ons ask to be granted."""
        application = self._submit(number, **values)
        application.with_user(self.clerk).write(self._prepare_grant())
        self._fill_required_grant(application)
        application.with_user(self.clerk).action_approve()
        return application

    def _fill_required_grant(self, application):
        """Give a value to grant fields that higher add-ons require (price policy, ...)."""
        for name in application._get_required_grant_fields():
            field = application._fields[name]
            if application[name] or field.type != "many2one":
                continue
            domain = field.domain if isinstance(field.domain, list) else []
            value = self.env[field.comodel_name].search(domain, limit=1)
            application[name] = value or self._create_grant_value(field)

    def _create_grant_value(self, field):
        vals = {"name": "Test grant"}
        if "kh_is_b2b" in self.env[field.comodel_name]._fields:
            vals["kh_is_b2b"] = True
        return self.env[field.comodel_name].create(vals)
