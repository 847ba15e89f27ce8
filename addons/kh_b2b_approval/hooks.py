def uninstall_hook(env):
    """Leave nothing of ours in tables of core: the to-dos of approvers go with their type."""
    activity_type = env.ref("kh_b2b_approval.mail_activity_type_approval", False)
    if activity_type:
        env["mail.activity"].with_context(active_test=False).search(
            [("activity_type_id", "=", activity_type.id)]
        ).unlink()
    # sudo: settings have no owner that would remove them
    env["ir.config_parameter"].sudo().search([("key", "=like", "kh_b2b_approval.%")]).unlink()
