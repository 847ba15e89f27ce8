from odoo import SUPERUSER_ID, api

RULES = {
    "kh_approval_request_rule_user": (
        '["|", "|", "|", ("requester_id", "=", user.id), ("author_id", "=", user.id),'
        ' ("decision_ids.user_id", "=", user.id), ("is_my_turn", "=", True)]'
    ),
    "kh_approval_decision_rule_user": (
        '["|", "|", "|", "|", ("user_id", "=", user.id),'
        ' ("request_id.requester_id", "=", user.id), ("request_id.author_id", "=", user.id),'
        ' ("request_id.decision_ids.user_id", "=", user.id),'
        ' ("request_id.is_my_turn", "=", True)]'
    ),
    "kh_approval_request_rule_portal": (
        '["|", "|", ("requester_id", "=", user.id), ("decision_ids.user_id", "=", user.id),'
        ' ("is_my_turn", "=", True)]'
    ),
}


def migrate(cr, version):
    """Give requests of before their tasks: one for each step spoken at, one for what waits."""
    cr.execute(
        """
        INSERT INTO kh_approval_task (
               request_id, step_id, flow_id, company_id, res_model, state,
               date_start, date_done, duration_hours, is_late,
               create_uid, create_date, write_uid, write_date)
        SELECT r.id, s.step_id, r.flow_id, r.company_id, r.res_model,
               CASE WHEN r.state = 'pending' AND s.step_id = r.step_id THEN 'open'
                    ELSE 'done' END,
               COALESCE(r.date_requested, r.create_date),
               CASE WHEN r.state = 'pending' AND s.step_id = r.step_id THEN NULL
                    ELSE s.last END,
               CASE WHEN r.state = 'pending' AND s.step_id = r.step_id THEN NULL
                    ELSE EXTRACT(EPOCH FROM s.last - COALESCE(r.date_requested, r.create_date))
                         / 3600 END,
               FALSE, %(root)s, now() AT TIME ZONE 'UTC', %(root)s, now() AT TIME ZONE 'UTC'
          FROM kh_approval_request r
          JOIN (SELECT request_id, step_id, max(date) AS last
                  FROM (SELECT request_id, step_id, date FROM kh_approval_decision
                         WHERE step_id IS NOT NULL AND decision <> 'withdraw'
                        UNION ALL
                        SELECT id, step_id, NULL FROM kh_approval_request
                         WHERE state = 'pending' AND step_id IS NOT NULL) x
                 GROUP BY request_id, step_id) s ON s.request_id = r.id
         WHERE NOT EXISTS (SELECT FROM kh_approval_task t WHERE t.request_id = r.id)
        """,
        {"root": SUPERUSER_ID},
    )
    cr.execute(
        """
        UPDATE kh_approval_decision d SET task_id = t.id
          FROM kh_approval_task t
         WHERE d.task_id IS NULL AND d.decision <> 'withdraw'
           AND t.request_id = d.request_id AND t.step_id = d.step_id
        """
    )
    _update_rules(api.Environment(cr, SUPERUSER_ID, {}))


def _update_rules(env):
    """Rules are not written again on update.

    Whoever wrote the document sees its request too; whoever sees a request sees what was said.
    """
    for name, domain in RULES.items():
        rule = env.ref(f"kh_b2b_approval.{name}", raise_if_not_found=False)
        if rule:
            rule.domain_force = domain
