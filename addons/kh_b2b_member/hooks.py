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
    attachments.search([("res_model", "=", model)]).unlink()
    env["mail.message"].search([("model", "=", model)]).unlink()
    env["mail.followers"].search([("res_model", "=", model)]).unlink()
