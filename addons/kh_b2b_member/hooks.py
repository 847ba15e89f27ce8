from odoo import Command
from odoo.tools import SQL


def uninstall_hook(env):
    """Leave nothing of ours in tables of core and of the approval engine."""
    _keep_core_groups(env)
    model = "kh.member.application"
    env["kh.approval.flow"]._forget_model(model)
    # attachments of applications go with their model, the licences (which are fields) too;
    # users keep their account and core groups, and lose the roles and groups that are ours
    attachments = env["ir.attachment"].with_context(skip_res_field_check=True)
    attachments.search([("res_model", "in", (model, "kh.sync.run"))]).unlink()
    env["mail.message"].search([("model", "=", model)]).unlink()
    env["mail.followers"].search([("res_model", "=", model)]).unlink()
    _remove_care_activities(env)


def _keep_core_groups(env):
    """Let people keep what Odoo gives them (staff, portal, sales, ...) beside our groups.

    `base_user_role` takes every group from who loses the last role: the grants of our roles go
    before, past it. Roles of others that were staff by one of our groups stay that.
    """
    ours = env["ir.model.data"].search(
        [("module", "=like", r"kh\_b2b%"), ("model", "=", "res.users.role")]
    )
    roles = env["res.users.role"].search([])
    ours = roles.filtered(lambda role: role.id in set(ours.mapped("res_id")))
    kinds = env.ref("base.group_user") | env.ref("base.group_portal")
    for role in roles - ours:
        for kind in kinds & role.all_implied_ids - role.implied_ids:
            role.implied_ids = [Command.link(kind.id)]
    env.flush_all()
    env.execute_query(
        SQL("DELETE FROM res_users_role_line WHERE role_id = ANY(%s) RETURNING id", ours.ids)
    )
    env.invalidate_all()


def _remove_care_activities(env):
    """The planned care of dealers goes with its kind of activity."""
    care_type = env.ref("kh_b2b_member.mail_activity_type_care", raise_if_not_found=False)
    if care_type:
        activities = env["mail.activity"].with_context(active_test=False)
        activities.search([("activity_type_id", "=", care_type.id)]).unlink()
