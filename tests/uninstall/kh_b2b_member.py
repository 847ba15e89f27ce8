"""An application with a licence: one is approved, one is still under review when all goes."""

import base64
from io import BytesIO

from PIL import Image
from stdnum.cn import uscc

env.company.kh_registration_open = True
stream = BytesIO()
Image.new("RGB", (60, 40), "white").save(stream, "PNG")
clerk = env["res.users"].create({"name": "Clerk", "login": "uninstall.clerk"})
role = env.ref("kh_b2b_member.role_admission_clerk")
clerk.role_line_ids = [(0, 0, {"role_id": role.id})]
area = env["kh.sales.area"].create({"name": "East", "code": "UNINSTALL-E"})
grade = env["res.partner.grade"].create({"name": "Gold"})
country = env.ref("base.cn")
for number in (1, 2):
    body = f"91330108MA2{number:06d}"
    application = env["kh.member.application"].create(
        {
            "name": f"Applicant {number}",
            "vat": body + uscc.calc_check_digit(body),
            "manager_name": f"Manager {number}",
            "manager_phone": f"1380000{number:04d}",
            "manager_email": f"uninstall{number}@example.com",
            "country_id": country.id,
            "state_id": country.state_ids[0].id,
            "city": "Hangzhou",
            "street": f"Road {number}",
            "bank_name": "Test bank",
            "bank_account": f"62220000{number:08d}",
            "license_file": base64.b64encode(stream.getvalue()),
            "license_filename": "licence.png",
        }
    )
    application.action_submit()
    application.message_post(body="A note", attachments=[("note.txt", b"kept by nobody")])
    assert application.kh_approval_state == "pending", application.kh_approval_state
application = env["kh.member.application"].search([], limit=1)
application.write(
    {"grade_id": grade.id, "sales_area_ids": [(6, 0, area.ids)], "salesperson_id": clerk.id}
)
application.with_user(clerk).action_approve()
assert application.partner_id.kh_is_dealer, application.state
