from odoo import fields, models
from odoo.tools import SQL

from .approval_task import STATES


class ApprovalReport(models.Model):
    """Time per step, and who is late (审批统计): one row for each person at each task.

    Closed tasks show who spoke, and when; open ones whose voice is missing, up to now.
    """

    _name = "kh.approval.report"
    _description = "Approval Statistics"
    _auto = False
    _order = "date_start desc, id desc"
    _rec_name = "step_id"

    # === FIELDS === #
    request_id = fields.Many2one("kh.approval.request", "Request", readonly=True)
    task_id = fields.Many2one("kh.approval.task", "Task", readonly=True)
    flow_id = fields.Many2one("kh.approval.flow", "Flow", readonly=True)
    step_id = fields.Many2one("kh.approval.step", "Step", readonly=True)
    res_model = fields.Char("Model Name", readonly=True)
    model_id = fields.Many2one("ir.model", "Document Type", readonly=True)
    company_id = fields.Many2one("res.company", "Company", readonly=True)
    user_id = fields.Many2one("res.users", "Person", readonly=True)
    state = fields.Selection(STATES, "Status", readonly=True)
    date_start = fields.Datetime("Start", readonly=True)
    date_deadline = fields.Datetime("Deadline", readonly=True)
    date_done = fields.Datetime("Spoken on", readonly=True)
    hours = fields.Float("Hours", readonly=True, aggregator="avg")
    hours_late = fields.Float("Hours Late", readonly=True, aggregator="avg")
    is_late = fields.Boolean("Late", readonly=True)
    late_count = fields.Integer("Late Count", readonly=True, aggregator="sum")

    @property
    def _table_query(self):
        requests = self.env["kh.approval.request"]
        requests._flush_turns()
        return SQL(
            """
            SELECT row_number() OVER (ORDER BY x.task_id, x.user_id, x.date_done) AS id,
                   x.task_id, t.request_id, t.step_id, t.flow_id, t.res_model, t.company_id,
                   f.model_id, x.user_id, x.state, t.date_start, t.date_deadline, x.date_done,
                   EXTRACT(EPOCH FROM x.until - t.date_start) / 3600 AS hours,
                   GREATEST(EXTRACT(EPOCH FROM x.until - t.date_deadline), 0) / 3600
                       AS hours_late,
                   COALESCE(x.until > t.date_deadline, FALSE) AS is_late,
                   CASE WHEN x.until > t.date_deadline THEN 1 ELSE 0 END AS late_count
              FROM (
                   SELECT d.task_id, d.user_id, 'done' AS state, d.date AS date_done,
                          d.date AS until
                     FROM kh_approval_decision d
                    WHERE d.task_id IS NOT NULL AND d.decision IN ('approve', 'return', 'refuse')
                    UNION ALL
                   SELECT DISTINCT v.task_id, v.voice_id, 'open', NULL::timestamp, %(now)s
                     FROM (%(turns)s) v
                   ) x
              JOIN kh_approval_task t ON t.id = x.task_id
              JOIN kh_approval_flow f ON f.id = t.flow_id
            """,
            now=fields.Datetime.now(),
            turns=requests._get_turns_sql(),
        )
