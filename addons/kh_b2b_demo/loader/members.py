"""Staff with roles, sales areas, member levels, applications and dealers (会员)."""

import base64
from datetime import timedelta

from odoo import Command, fields

from ..const import COLLEAGUE_LOGINS, DEALER_LOGINS
from .base import Book, make_uscc, read_bytes, read_csv, translate

# The applicants say who decides on them; a clerk takes what is under review or decided.
CLERK = "admission"
RETURN_REASON = "营业执照照片不清晰，请重新上传；开户行请填写到支行。"
REJECT_REASON = "经营范围不含电气产品批发，且所在区域暂不新增经销商。"


def load(env):
    if Book(env).get("user_gm"):
        return
    _load_staff(env)
    _load_areas(env)
    _load_levels(env)
    _load_pricelist(env)
    applications = _load_applications(env)
    _decide(env, applications)
    _load_people(env)
    _note_logins(env)


def staff(env, login):
    """Return a staff user by login."""
    return Book(env).get(f"user_{login}")


def dealer(env, ref):
    """Return an admitted dealer by its reference in dealers.csv."""
    return Book(env).get(f"application_{ref}").partner_id


def _load_staff(env):
    rows = read_csv("staff")
    Book(env).make(
        "res.users",
        {
            f"user_{row['login']}": {
                "name": row["name"],
                "login": row["login"],
                "password": row["login"],
                "email": f"{row['login']}@yunxiu-electric.example",
                "function": row["function"],
                "phone": f"+86 571 8700 {6620 + index}",
                "lang": "zh_CN",
                "tz": "Asia/Shanghai",
                "company_id": env.company.id,
                "role_line_ids": [
                    Command.create({"role_id": env.ref(f"kh_b2b_member.{row['role']}").id})
                ],
            }
            for index, row in enumerate(rows)
        },
        no_reset_password=True,
    )
    admin = env.ref("base.user_admin").partner_id
    admin.write({"name": "系统管理员", "email": "admin@yunxiu-electric.example"})
    members = [row["login"] for row in rows if row["team"]]
    leader = next(row["login"] for row in rows if row["team"] == "lead")
    team = env.ref("sales_team.team_sales_department", raise_if_not_found=False)
    team = team or env["crm.team"].search([], limit=1)
    team.write(
        {
            "user_id": staff(env, leader).id,
            "member_ids": [Command.set([staff(env, login).id for login in members])],
        }
    )
    translate(team, "name", ["渠道销售部"])


def _load_areas(env):
    book = Book(env)
    rows = read_csv("areas")
    for level in (False, True):
        some = [row for row in rows if bool(row["parent"]) is level]
        made = book.make(
            "kh.sales.area",
            {
                f"area_{row['ref']}": {
                    "name": row["name_en"],
                    "code": row["code"],
                    "company_id": env.company.id,
                    "parent_id": level and book.get(f"area_{row['parent']}").id,
                }
                for row in some
            },
        )
        translate(
            env["kh.sales.area"].browse([area.id for area in made.values()]),
            "name",
            [row["name_zh"] for row in some],
        )


def _load_levels(env):
    """Four levels of our own; core's three examples are archived."""
    env["res.partner.grade"].search([]).action_archive()
    rows = read_csv("levels")
    made = Book(env).make(
        "res.partner.grade",
        {
            f"level_{row['ref']}": {"name": row["name_en"], "sequence": 10 * (index + 1)}
            for index, row in enumerate(rows)
        },
    )
    translate(
        env["res.partner.grade"].browse([level.id for level in made.values()]),
        "name",
        [row["name_zh"] for row in rows],
    )


def _load_pricelist(env):
    """The market pricelist for everybody, the B2B pricelist for dealers."""
    website = env["website"].search([("company_id", "=", env.company.id)], limit=1)
    common = {
        "company_id": env.company.id,
        "currency_id": env.company.currency_id.id,
        "website_id": website.id,
        "selectable": False,
    }
    made = Book(env).make(
        "product.pricelist",
        {
            "pricelist_market": {"name": "Market prices", "sequence": 1, **common},
            "pricelist_b2b": {
                "name": "Dealer prices 2026",
                "sequence": 20,
                "kh_is_b2b": True,
                **common,
            },
        },
    )
    translate(made["pricelist_market"], "name", ["市场价"])
    translate(made["pricelist_b2b"], "name", ["经销商批发价 2026"])


def _prepare_application(env, row, index, licence):
    book = Book(env)
    vals = {
        "member_type": row["member_type"],
        "name": row["name"],
        "vat": make_uscc(row["region"], 610200 + 37 * index),
        "legal_person": row["manager"],
        "phone": row["phone"],
        "country_id": env.ref("base.cn").id,
        "state_id": env.ref(f"base.state_cn_{row['province']}").id,
        "city": row["city"],
        "street2": row["district"],
        "street": row["street"],
        "zip": row["zip"],
        "manager_name": row["manager"],
        "manager_phone": row["phone"],
        "manager_email": row["email"],
        "manager_function": "总经理",
        "invoice_title": row["name"],
        "invoice_address": f"{row['city']}{row['district']}{row['street']}",
        "invoice_phone": row["phone"],
        "bank_name": row["bank"],
        "bank_account": f"6228{row['region']}{880011 + 13 * index:09d}",
        "lang": "zh_CN",
        "note": "主营低压电器与工业品分销，希望成为贵司区域经销商。",
    }
    if row["state"] != "draft":
        vals |= {"license_file": licence, "license_filename": "营业执照（样本）.png"}
    if row["level"]:
        vals |= {
            "grade_id": book.get(f"level_{row['level']}").id,
            "sales_area_ids": [Command.set(book.get(f"area_{row['province']}").ids)],
            "salesperson_id": staff(env, row["salesperson"]).id,
            "pricelist_id": book.get("pricelist_b2b").id,
        }
    return vals


def _load_applications(env):
    """Create and submit; return `{state in the file: applications}`."""
    rows = read_csv("dealers")
    licence = base64.b64encode(read_bytes("img", "licence_sample.png"))
    made = Book(env).make(
        "kh.member.application",
        {
            f"application_{row['ref']}": _prepare_application(env, row, index, licence)
            for index, row in enumerate(rows)
        },
    )
    by_state = {}
    for row in rows:
        empty = env["kh.member.application"]
        by_state[row["state"]] = (
            by_state.get(row["state"], empty) | made[f"application_{row['ref']}"]
        )
    submitted = env["kh.member.application"].union(
        *(some for state, some in by_state.items() if state not in ("draft", "withdrawn"))
    )
    submitted.action_submit()
    by_state["withdrawn"].action_withdraw()
    return by_state


def _decide(env, by_state):
    """The admission clerk works through the applications; the dealers joined over a year."""
    clerk = staff(env, CLERK)
    # what is logged is in the clerk's language
    mine = {
        state: some.with_user(clerk).with_context(lang=clerk.lang)
        for state, some in by_state.items()
    }
    mine["review"].action_start_review()
    mine["returned"].action_return(RETURN_REASON)
    mine["rejected"].action_reject(REJECT_REASON)
    mine["approved"].action_approve()
    now = fields.Datetime.now()
    for index, application in enumerate(by_state["approved"]):
        decided = now - timedelta(days=380 - 19 * index, hours=3)
        application.write(
            {"submitted_date": decided - timedelta(days=1, hours=2), "decided_date": decided}
        )


def _load_people(env):
    """Short logins, a colleague, and a delivery address for each dealer."""
    for login, ref in DEALER_LOGINS.items():
        user = Book(env).get(f"application_{ref}").partner_user_id
        user.write({"login": login, "password": login, "tz": "Asia/Shanghai"})
    role = env.ref("kh_b2b_member.role_dealer")
    for login, (ref, name, function, phone, email) in COLLEAGUE_LOGINS.items():
        company = dealer(env, ref)
        user = Book(env).make(
            "res.users",
            {
                f"user_{login}": {
                    "name": name,
                    "login": login,
                    "password": login,
                    "email": email,
                    "lang": "zh_CN",
                    "tz": "Asia/Shanghai",
                    "group_ids": [Command.set(env.ref("base.group_portal").ids)],
                    "role_line_ids": [Command.create({"role_id": role.id})],
                }
            },
            no_reset_password=True,
        )[f"user_{login}"]
        user.partner_id.write({"parent_id": company.id, "function": function, "phone": phone})
    vals_by_ref = {}
    for row in read_csv("dealers"):
        if row["state"] != "approved":
            continue
        partner = dealer(env, row["ref"])
        vals_by_ref[f"delivery_{row['ref']}"] = {
            "parent_id": partner.id,
            "type": "delivery",
            "name": f"{row['district']}仓库 {row['manager'][0]}师傅",
            "phone": row["phone"][:-2] + "88",
            "country_id": partner.country_id.id,
            "state_id": partner.state_id.id,
            "city": row["city"],
            "street2": row["district"],
            "street": f"物流园路 {10 + len(vals_by_ref) * 7} 号 {1 + len(vals_by_ref) % 5} 号库",
            "zip": row["zip"],
            "lang": "zh_CN",
        }
    Book(env).make("res.partner", vals_by_ref)


def _note_logins(env):
    """Everybody has logged in before: at a first login core takes the browser's time zone."""
    for user in env["res.users"].search([]):
        # sudo: portal users may not write the log themselves
        env["res.users.log"].with_user(user).sudo().create({})
