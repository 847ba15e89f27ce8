def uninstall_hook(env):
    """Leave nothing of ours in tables of core."""
    # attachments of applications go with their model; users keep their account, and lose
    # the roles and groups, which are ours
    env["ir.attachment"].sudo().search([("res_model", "=", "kh.member.application")]).unlink()
    env["mail.message"].sudo().search([("model", "=", "kh.member.application")]).unlink()
    env["mail.followers"].sudo().search([("res_model", "=", "kh.member.application")]).unlink()
