def uninstall_hook(env):
    """Leave nothing of ours in tables of core and of the approval engine."""
    model = "kh.member.application"
    # requests first: a flow that has any is kept
    env["kh.approval.request"].search([("res_model", "=", model)]).unlink()
    flows = env["kh.approval.flow"].with_context(active_test=False)
    flows.search([("model_name", "=", model)]).unlink()
    # attachments of applications go with their model, the licences (which are fields) too;
    # users keep their account, and lose the roles and groups, which are ours
    attachments = env["ir.attachment"].with_context(skip_res_field_check=True)
    attachments.search([("res_model", "in", (model, "kh.sync.run"))]).unlink()
    env["mail.message"].search([("model", "=", model)]).unlink()
    env["mail.followers"].search([("res_model", "=", model)]).unlink()
    _remove_care_activities(env)


def _remove_care_activities(env):
    """The planned care of dealers goes with its kind of activity."""
    care_type = env.ref("kh_b2b_member.mail_activity_type_care", raise_if_not_found=False)
    if care_type:
        activities = env["mail.activity"].with_context(active_test=False)
        activities.search([("activity_type_id", "=", care_type.id)]).unlink()
