import json

from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError

from ..engine import sync_rows
from .sync_source import WAYS

STATES = [("running", "Running"), ("done", "Done"), ("partial", "Done with Problems"),
          ("failed", "Failed")]  # fmt: skip
STATUSES = [
    ("created", "Created"),
    ("updated", "Updated"),
    ("unchanged", "Unchanged"),
    ("conflict", "Conflict"),
    ("stale", "Older than Ours"),
    ("error", "Error"),
]
PROBLEMS = ("conflict", "stale", "error")
KEEP_DAYS = 180


class SyncRun(models.Model):
    """One batch of dealers from an ERP: what came, what became of it (同步记录).

    What came is kept as it came, so that it can be replayed.
    """

    _name = "kh.sync.run"
    _description = "ERP Sync Run"
    _order = "id desc"

    # === FIELDS === #
    name = fields.Char(required=True, readonly=True, default="/")
    source_id = fields.Many2one(
        "kh.sync.source", required=True, readonly=True, ondelete="restrict", index=True
    )
    company_id = fields.Many2one(related="source_id.company_id", store=True)
    way = fields.Selection(WAYS, required=True, readonly=True)
    replay_of_id = fields.Many2one("kh.sync.run", readonly=True, index="btree_not_null")
    state = fields.Selection(STATES, required=True, default="running", readonly=True)
    user_id = fields.Many2one("res.users", string="By", readonly=True)
    # when the rows arrived: a replay keeps the time of the original
    stamp = fields.Datetime(string="Received", required=True, readonly=True)
    started = fields.Datetime(readonly=True)
    ended = fields.Datetime(readonly=True)
    batch_key = fields.Char(readonly=True, help="The ERP's own key of this batch.")
    digest = fields.Char(readonly=True)
    answer = fields.Json(readonly=True, prefetch=False)
    # how far a pull has come; a killed one goes on from here
    position = fields.Json(readonly=True)
    page_count = fields.Integer(string="Pages", readonly=True)
    failure_count = fields.Integer(readonly=True)
    message = fields.Char(readonly=True)
    # counts
    row_count = fields.Integer(string="Rows", readonly=True)
    created_count = fields.Integer(string="Created", readonly=True)
    updated_count = fields.Integer(string="Updated", readonly=True)
    unchanged_count = fields.Integer(string="Unchanged", readonly=True)
    conflict_count = fields.Integer(string="Conflicts", readonly=True)
    stale_count = fields.Integer(string="Older than Ours", readonly=True)
    error_count = fields.Integer(string="Errors", readonly=True)
    line_ids = fields.One2many("kh.sync.run.line", "run_id", string="Problems", readonly=True)

    _batch_key_once = models.UniqueIndex("(source_id, batch_key) WHERE batch_key IS NOT NULL")
    _running_idx = models.Index("(source_id) WHERE state = 'running'")

    # === ACTION METHODS === #
    def action_replay(self):
        """Apply what came in this run once more.

        What has changed since is not overwritten: rows older than what we know are only
        listed. Useful after a cause of errors is gone (an area now exists, ...).
        """
        self.ensure_one()
        self.check_access("read")
        if not self.env.user.has_group("kh_b2b_member.group_b2b_administrator"):
            raise AccessError(self.env._("Only B2B administrators replay a run."))
        if self.state == "running":
            raise UserError(self.env._("%(run)s is still running.", run=self.name))
        # sudo: administrators read runs; only the engine writes them
        original_sudo = self.sudo()
        source_sudo = original_sudo.source_id
        source_sudo._lock()
        run_sudo = original_sudo._start(source_sudo, self.way)
        run_sudo.write({"replay_of_id": (self.replay_of_id or self).id, "stamp": self.stamp})
        for rows in original_sudo._iter_payloads():
            run_sudo._apply(rows)
        run_sudo._finish()
        return {
            "type": "ir.actions.act_window",
            "res_model": self._name,
            "res_id": run_sudo.id,
            "view_mode": "form",
        }

    def action_download(self):
        """Open the rows as they came."""
        self.ensure_one()
        self.check_access("read")
        attachment = (self.replay_of_id or self)._get_payloads()[:1]
        if not attachment:
            raise UserError(self.env._("The rows of %(run)s are no longer kept.", run=self.name))
        return {
            "type": "ir.actions.act_url",
            "url": f"/web/content/{attachment.id}?download=1",
            "target": "new",
        }

    # === BUSINESS METHODS === #
    @api.model
    def _start(self, source, way, batch_key=None):
        """Open a run of `source`; runs are written by the engine only."""
        now = fields.Datetime.now()
        return self.create(
            {
                "name": self.env["ir.sequence"].next_by_code("kh.sync.run") or "/",
                "source_id": source.id,
                "way": way,
                "user_id": self.env.uid,
                "stamp": now,
                "started": now,
                "batch_key": batch_key,
            }
        )

    def _apply(self, rows):
        """Apply rows and count them; lines are kept for problems only.

        :rtype: list[dict]
        """
        self.ensure_one()
        results = self.env["kh.sync.engine"]._apply(self, rows, start=self.row_count)
        counts = self._get_counts()
        for result in results:
            counts[result["status"]] += 1
        vals = {f"{status}_count": counts[status] for status, _label in STATUSES}
        self.write({**vals, "row_count": self.row_count + len(rows)})
        self.env["kh.sync.run.line"].create(
            [
                {
                    "run_id": self.id,
                    "row": result["row"] + 1,
                    "code": result["code"],
                    "status": result["status"],
                    "message": result["message"],
                    "partner_id": result["id"],
                }
                for result in results
                if result["status"] in PROBLEMS
            ]
        )
        return results

    def _finish(self, state=None, message=None):
        self.ensure_one()
        has_problems = self.error_count or self.conflict_count or self.stale_count
        self.write(
            {
                "state": state or ("partial" if has_problems else "done"),
                "message": message,
                "ended": fields.Datetime.now(),
            }
        )

    def _get_counts(self):
        self.ensure_one()
        return {status: self[f"{status}_count"] for status, _label in STATUSES}

    # === PAYLOAD === #
    def _store_payload(self, rows):
        """Keep rows as they came, before anything is done with them."""
        self.ensure_one()
        number = self.page_count + 1
        self.env["ir.attachment"].create(
            {
                "name": f"{self.name}-{number:04d}.json",
                "raw": json.dumps(rows, ensure_ascii=False, default=str).encode(),
                "mimetype": "application/json",
                "res_model": self._name,
                "res_id": self.id,
            }
        )
        self.write({"page_count": number, "digest": sync_rows.get_digest(rows)})

    def _get_payloads(self):
        return self.env["ir.attachment"].search(
            [("res_model", "=", self._name), ("res_id", "in", self.ids)], order="id"
        )

    def _iter_payloads(self):
        """Yield the rows of each page; of a replay, those of the original."""
        for attachment in (self.replay_of_id or self)._get_payloads():
            yield json.loads(attachment.raw)

    # === CRON === #
    @api.autovacuum
    def _gc_runs(self):
        """Delete old runs with their rows."""
        limit = fields.Datetime.subtract(fields.Datetime.now(), days=KEEP_DAYS)
        runs = self.search([("started", "<", limit), ("state", "!=", "running")], limit=1000)
        runs.unlink()  # their attachments go with them


class SyncRunLine(models.Model):
    """One row of a run that needs a look."""

    _name = "kh.sync.run.line"
    _description = "ERP Sync Problem"
    _order = "run_id desc, row, id"
    _rec_name = "code"

    run_id = fields.Many2one("kh.sync.run", required=True, ondelete="cascade", index=True)
    company_id = fields.Many2one(related="run_id.company_id", store=True)
    row = fields.Integer(help="Its place in the batch, from 1.")
    code = fields.Char(string="ERP Code")
    status = fields.Selection(STATUSES, required=True)
    message = fields.Char()
    partner_id = fields.Many2one("res.partner", string="Dealer", index="btree_not_null")
