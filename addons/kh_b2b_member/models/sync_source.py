import logging

from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.tools import SQL

from ..engine import sync_rows

_logger = logging.getLogger(__name__)

WAYS = [
    ("push", "Push (API)"),
    ("rest", "Pull (REST)"),
    ("soap", "Pull (SOAP)"),
    ("file", "File"),
]
POLICIES = [("ask", "Ask a person"), ("theirs", "ERP wins"), ("ours", "Ours stays")]
# Who may change these decides where the secret is sent, what is asked there and how much.
CONNECTION_FIELDS = {
    "url", "http_method", "soap_operation", "params", "auth_type", "auth_user", "secret",
    "key_header", "allow_http", "allow_private", "timeout", "retries", "max_megabytes",
    "records_path", "paging", "page_param", "first_page", "size_param", "page_size",
    "cursor_path", "since_param", "since_path", "watermark", "way",
}  # fmt: skip


class SyncSource(models.Model):
    """An outside ERP that says who our dealers are (ERP 同步来源).

    Rows reach us by push, pull or file, and go one way from there: `kh.sync.engine`.
    """

    _name = "kh.sync.source"
    _description = "ERP Source"
    _order = "sequence, id"

    # === FIELDS === #
    name = fields.Char(required=True)
    code = fields.Char(required=True, help="How the ERP names this source in its calls.")
    sequence = fields.Integer(default=10)
    active = fields.Boolean(default=True)
    company_id = fields.Many2one(
        "res.company", required=True, default=lambda self: self.env.company, index=True
    )
    way = fields.Selection(WAYS, required=True, default="push")
    mapping_ids = fields.One2many("kh.sync.mapping", "source_id", string="Mapping", copy=True)
    run_ids = fields.One2many("kh.sync.run", "source_id", string="Runs")
    # what happens to dealers
    is_shared = fields.Boolean(
        string="Dealers for All Companies", help="New dealers belong to no company."
    )
    conflict_policy = fields.Selection(
        POLICIES,
        string="Changed on Both Sides",
        required=True,
        default="ask",
        help="When a field was changed here and in the ERP since the last sync. A mapping line "
        "may decide otherwise for its field.",
    )
    create_portal = fields.Boolean(
        string="Open Portal Accounts",
        help="Rows that ask for it (“portal”) get an account for the manager's e-mail.",
    )
    send_invitation = fields.Boolean(string="Invite by E-mail")
    # one counter: whoever applies rows writes it, see _lock()
    serial = fields.Integer(default=0, readonly=True, copy=False)
    last_run_id = fields.Many2one("kh.sync.run", compute="_compute_last_run", string="Last Run")
    open_conflict_count = fields.Integer(
        compute="_compute_open_conflict_count", string="Open Conflicts"
    )

    _code_company = models.UniqueIndex(
        "(company_id, lower(code))", "Another source of this company has this code."
    )

    # === COMPUTE METHODS === #
    def _compute_last_run(self):
        latest = dict(
            self.env["kh.sync.run"]._read_group(
                [("source_id", "in", self.ids)], ["source_id"], ["id:max"]
            )
        )
        for source in self:
            source.last_run_id = latest.get(source, False)

    def _compute_open_conflict_count(self):
        counts = dict(
            self.env["kh.sync.conflict"]._read_group(
                [("source_id", "in", self.ids), ("state", "=", "open")], ["source_id"], ["__count"]
            )
        )
        for source in self:
            source.open_conflict_count = counts.get(source, 0)

    # === CRUD METHODS === #
    @api.model_create_multi
    def create(self, vals_list):
        sources = super().create(vals_list)
        # sudo: the secret is compared, not shown
        if any(source_sudo._has_connection() for source_sudo in sources.sudo()):
            self._ensure_can_connect()
        return sources

    def write(self, vals):
        if CONNECTION_FIELDS & vals.keys():
            self._ensure_can_connect()
        return super().write(vals)

    def _has_connection(self):
        """Answer whether a new source has a connection, given or by defaults of the caller."""
        self.ensure_one()
        for name in CONNECTION_FIELDS - {"way"}:
            default = self._fields[name].default
            if self[name] != (default(self) if default else False):
                return True
        return self.way in ("rest", "soap")

    def _ensure_can_connect(self):
        """Raise unless the user may say where the secret goes."""
        if not self.env.su and not self.env.user.has_group("base.group_system"):
            raise AccessError(
                self.env._("Only a system administrator can set the connection of an ERP source.")
            )

    # === ACTION METHODS === #
    def action_open_runs(self):
        self.ensure_one()
        action = self.env["ir.actions.act_window"]._for_xml_id("kh_b2b_member.kh_sync_run_action")
        return {**action, "domain": [("source_id", "=", self.id)], "context": {}}

    def action_open_conflicts(self):
        self.ensure_one()
        action = self.env["ir.actions.act_window"]._for_xml_id(
            "kh_b2b_member.kh_sync_conflict_action"
        )
        return {
            **action,
            "domain": [("source_id", "=", self.id)],
            "context": {"search_default_open": 1},
        }

    # === API === #
    @api.model
    def upsert_dealers(self, source, rows, batch_key=None):
        """Create or update dealers by their ERP code; see readme/SYNC.md.

        Called by the ERP over `/json/2/kh.sync.source/upsert_dealers`. Safe to repeat: the
        same rows change nothing, and the same `batch_key` returns the first answer.

        :param str source: code of the source
        :param list rows: dictionaries, at most `_get_max_push_rows()`
        :param str batch_key: the ERP's own key of this batch (optional)
        :return: run, state, whether it is a repeated answer, counts, and one result for each
            row: row, code, status, message, id
        :rtype: dict
        :raise AccessError: without the group ERP Interface
        :raise ValidationError: when the call as such is wrong; nothing is applied then
        """
        self._ensure_can_push()
        # sudo: the ERP's user has no right on models, only on this method
        source_sudo = self.sudo()._find_source(source)
        self._check_push(rows, batch_key)
        source_sudo._lock()
        run_sudo = source_sudo._find_batch(batch_key, rows)
        is_repeated = bool(run_sudo)
        if not is_repeated:
            run_sudo = source_sudo.env["kh.sync.run"]._start(source_sudo, "push", batch_key)
            run_sudo._store_payload(rows)
            results = run_sudo._apply(rows)
            run_sudo._finish()
            run_sudo.answer = results
        return {
            "run": run_sudo.name,
            "state": run_sudo.state,
            "repeated": is_repeated,
            "counts": run_sudo._get_counts(),
            "results": run_sudo.answer,
        }

    def _ensure_can_push(self):
        user = self.env.user
        groups = ("kh_b2b_member.group_b2b_erp_api", "kh_b2b_member.group_b2b_administrator")
        if not (self.env.su or any(user.has_group(group) for group in groups)):
            raise AccessError(self.env._("Dealers are sent by users of the group ERP Interface."))

    @api.model
    def _find_source(self, code):
        """Return the source of this code in the user's companies.

        :raise ValidationError: if there is none
        """
        if not isinstance(code, str):
            raise ValidationError(self.env._("“source” must be the code of an ERP source."))
        companies = self.env.user.company_ids & self.env.companies
        source = self.search([("code", "=ilike", code), ("company_id", "in", companies.ids)])
        source = source.filtered(lambda s: s.code.lower() == code.lower())
        if len(source) != 1:
            raise ValidationError(
                self.env._("There is no ERP source “%(code)s” for this user.", code=code[:60])
            )
        return source

    @api.model
    def _check_push(self, rows, batch_key):
        if not isinstance(rows, list):
            raise ValidationError(self.env._("“rows” must be a list of objects."))
        if len(rows) > self._get_max_push_rows():
            raise ValidationError(
                self.env._(
                    "A call may have %(limit)s rows at most. Send the rest in the next call.",
                    limit=self._get_max_push_rows(),
                )
            )
        if batch_key is not None and not (isinstance(batch_key, str) and 0 < len(batch_key) <= 128):
            raise ValidationError(self.env._("“batch_key” must be a text of 1 to 128 characters."))

    @api.model
    def _get_max_push_rows(self):
        return 10000

    def _find_batch(self, batch_key, rows):
        """Return the run that has answered this batch, if any."""
        self.ensure_one()
        runs = self.env["kh.sync.run"]
        if not batch_key:
            return runs
        run = runs.search([("source_id", "=", self.id), ("batch_key", "=", batch_key)], limit=1)
        if run and run.digest != sync_rows.get_digest(rows):
            raise ValidationError(
                self.env._("The key %(key)s was used for other rows before.", key=batch_key)
            )
        return run

    # === BUSINESS METHODS === #
    def _lock(self):
        """Let one transaction at a time apply rows to the dealers of a company.

        The locked rows are written, so whoever waited does not go on with an old snapshot:
        PostgreSQL refuses it and the server runs the request again.
        """
        self.ensure_one()
        self.flush_recordset()
        self.env.execute_query(
            SQL(
                "SELECT id FROM kh_sync_source WHERE company_id = %s ORDER BY id FOR UPDATE",
                self.company_id.id,
            )
        )
        self._count_serial()

    def _try_lock(self):
        """Lock as `_lock` does, without waiting; answer whether it is ours."""
        self.ensure_one()
        sources = self.with_context(active_test=False).search(
            [("company_id", "=", self.company_id.id)], order="id"
        )
        if len(sources.try_lock_for_update()) < len(sources):
            return False
        self._count_serial()
        return True

    def _count_serial(self):
        self.env.cr.execute(
            SQL(
                "UPDATE kh_sync_source SET serial = COALESCE(serial, 0) + 1 WHERE company_id = %s",
                self.company_id.id,
            )
        )
        self.invalidate_model(["serial"], flush=False)

    def _get_rules(self):
        """Return the mapping as pure data; empty: rows use our names."""
        self.ensure_one()
        return [
            sync_rows.Rule(line.path or "", line.target, line.transform, line.argument or "")
            for line in self.mapping_ids
        ]

    def _get_policies(self):
        """Return `{target: policy}` of the lines that decide for their field."""
        self.ensure_one()
        return {line.target: line.policy for line in self.mapping_ids if line.policy}

    def _ensure_not_pushed(self):
        if any(source.way == "push" for source in self):
            raise UserError(self.env._("The ERP sends these dealers itself; nothing is fetched."))
