from odoo import SUPERUSER_ID, Command, api


def migrate(cr, version):
    """Note who wrote what waits, and who was told already: once all models are loaded."""
    env = api.Environment(cr, SUPERUSER_ID, {})
    requests = env["kh.approval.request"].search([("state", "=", "pending")])
    requests = requests.filtered(lambda request: request.res_model in env)
    for request in requests:
        if document := request._get_document().exists():
            request.author_id = document._approval_author()
    tasks = env["kh.approval.task"]
    for turn in requests._get_turns():
        # their to-dos exist, and the e-mail was sent when the step began
        tasks.browse(turn.task_id).notified_user_ids = [Command.link(turn.user_id)]
