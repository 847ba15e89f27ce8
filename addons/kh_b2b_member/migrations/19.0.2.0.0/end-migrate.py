from odoo import SUPERUSER_ID, api
from odoo.tools import SQL


def migrate(cr, version):
    """Bring dealers of before to where new ones are: names in the log, administrator, stage."""
    if not version:
        return
    env = api.Environment(cr, SUPERUSER_ID, {"tracking_disable": True})
    env.execute_query(
        SQL(
            """
            UPDATE kh_member_grant g SET partner_name = p.name
              FROM res_partner p
             WHERE p.id = g.partner_id AND g.partner_name IS NULL
         RETURNING g.id
            """
        )
    )
    dealers = (
        env["res.partner"].with_context(active_test=False).search([("kh_is_dealer", "=", True)])
    )
    _name_administrators(env, dealers)
    dealers._kh_refresh_life_cycle()


def _name_administrators(env, dealers):
    """Make the person admitted last the administrator of a dealer that has none."""
    dealers = dealers.with_env(env)
    admins = dealers._kh_get_people_with("admin").partner_id.commercial_partner_id
    applications = env["kh.member.application"].search(
        [
            ("state", "=", "approved"),
            ("partner_id", "in", (dealers - admins).ids),
            ("partner_user_id.active", "=", True),
            ("partner_user_id.share", "=", True),
        ],
        order="id desc",
    )
    for dealer, rows in applications.grouped("partner_id").items():
        contacts = rows.partner_user_id.partner_id
        contact = contacts.filtered(lambda c, d=dealer: c.commercial_partner_id == d)[:1]
        contact.write({"kh_dealer_role": "admin"})
