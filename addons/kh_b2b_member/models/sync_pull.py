import json
import logging

from odoo import api, fields, models
from odoo.exceptions import ConcurrencyError, UserError, ValidationError
from odoo.service.model import PG_CONCURRENCY_EXCEPTIONS_TO_RETRY

from ..engine import sync_http, sync_rows

_logger = logging.getLogger(__name__)

MAX_FAILURES = 5
MAX_PAGES = 20000
AUTH_TYPES = [
    ("none", "None"),
    ("basic", "User and Password"),
    ("bearer", "Bearer Token"),
    ("key", "Key in a Header"),
    ("hmac", "Signature (HMAC-SHA256)"),
]
PAGINGS = [
    ("none", "One Page"),
    ("page", "Page Number"),
    ("offset", "Offset"),
    ("cursor", "Cursor"),
    ("link", "Link to the Next Page"),
]


class SyncSource(models.Model):
    """Fetching: where, how, how often. Each page is applied and committed on its own."""

    _inherit = "kh.sync.source"

    # === FIELDS === #
    # connection; set by system administrators
    url = fields.Char(string="Address", help="REST: of the dealers. SOAP: of the WSDL.")
    http_method = fields.Selection([("GET", "GET"), ("POST", "POST")], default="GET")
    params = fields.Text(string="Parameters", help="Sent with each request: a JSON object.")
    soap_operation = fields.Char(string="Operation")
    auth_type = fields.Selection(AUTH_TYPES, string="Authentication", default="none")
    auth_user = fields.Char(string="User or Key Id")
    secret = fields.Char(groups="base.group_system", copy=False)
    key_header = fields.Char(string="Header", default="X-Api-Key")
    allow_http = fields.Boolean(string="Allow Unencrypted HTTP")
    allow_private = fields.Boolean(
        string="Address in Our Network", help="Allow addresses that are not public."
    )
    timeout = fields.Integer(default=30, help="Seconds to wait for an answer.")
    retries = fields.Integer(default=3, help="Tries after the first one, with growing pauses.")
    max_megabytes = fields.Integer(string="Largest Page (MB)", default=20)
    # pages
    records_path = fields.Char(
        string="Path of the Rows", help="E.g. data.items; empty when the answer is the list."
    )
    paging = fields.Selection(PAGINGS, default="none")
    page_param = fields.Char(string="Page Parameter", default="page")
    first_page = fields.Integer(default=1)
    size_param = fields.Char(string="Size Parameter")
    page_size = fields.Integer(default=500)
    cursor_path = fields.Char(
        string="Path of the Cursor", help="Where the answer has the next cursor or link."
    )
    # only what changed
    since_param = fields.Char(string="Changed-since Parameter")
    since_path = fields.Char(
        string="Path of the Change Time", help="In each row; the largest is sent next time."
    )
    watermark = fields.Char(copy=False, help="Sent as “changed since”. Empty: everything.")
    # when
    interval_minutes = fields.Integer(string="Every (Minutes)", default=60)
    next_pull = fields.Datetime(string="Next Pull", copy=False, index="btree_not_null")

    _page_size_positive = models.Constraint(
        "CHECK (page_size > 0 AND timeout > 0 AND retries >= 0 AND max_megabytes > 0)",
        "Page size, timeout and largest page must be above 0.",
    )

    # === CONSTRAINTS === #
    @api.constrains("params", "url", "way", "soap_operation", "paging", "cursor_path")
    def _check_connection(self):
        for source in self:
            if source.way not in ("rest", "soap"):
                continue
            if not source.url:
                raise ValidationError(self.env._("Enter the address of the ERP."))
            if source.way == "soap" and not source.soap_operation:
                raise ValidationError(self.env._("Enter the operation that returns dealers."))
            if source.way == "soap" and source.paging == "link":
                raise ValidationError(self.env._("SOAP sources have no links to the next page."))
            if source.paging in ("cursor", "link") and not source.cursor_path:
                raise ValidationError(self.env._("Enter where the answer has the next page."))
            source._read_params()

    def _read_params(self):
        self.ensure_one()
        try:
            params = json.loads(self.params or "{}")
        except ValueError:
            params = None
        if not isinstance(params, dict):
            raise ValidationError(self.env._("The parameters must be a JSON object."))
        return params

    # === ACTION METHODS === #
    def action_pull_now(self):
        """Have the next pull run at once, in the background."""
        self.check_access("write")
        self._ensure_not_pushed()
        self.write({"next_pull": fields.Datetime.now()})
        # sudo: administrators may not write scheduled actions
        self.env.ref("kh_b2b_member.ir_cron_pull_dealers").sudo()._trigger()

    def action_test_connection(self):
        """Fetch the first page and show what it is read as; nothing is applied."""
        self.ensure_one()
        self.check_access("write")
        self._ensure_not_pushed()
        # sudo: the secret is used, not shown
        source_sudo = self.sudo()
        endpoint = source_sudo._get_endpoint()
        endpoint.retries = 0
        try:
            page = sync_http.fetch(endpoint, endpoint.start)
        except sync_http.FetchError as error:
            raise UserError(source_sudo._get_fetch_message(error)) from None
        engine = self.env["kh.sync.engine"]
        rules, targets = source_sudo._get_rules(), engine._get_targets()
        rows = [
            sync_rows.parse_row(i, row, rules, targets=targets) for i, row in enumerate(page.rows)
        ]
        errors = [engine._get_message(row.error) for row in rows if row.error]
        message = self.env._("%(rows)s row(s), %(good)s readable.", rows=len(rows),
                             good=len(rows) - len(errors))  # fmt: skip
        return {
            "type": "ir.actions.client",
            "tag": "display_notification",
            "params": {
                "type": "warning" if errors else "success",
                "title": self.env._("The source answered"),
                "message": " ".join([message, *errors[:1]]),
            },
        }

    # === BUSINESS METHODS === #
    def _get_endpoint(self):
        self.ensure_one()
        return sync_http.Endpoint(
            url=self.url or "",
            method=self.http_method or "GET",
            params=self._read_params(),
            auth=self.auth_type or "none",
            user=self.auth_user or "",
            secret=self.secret or "",
            key_header=self.key_header or "X-Api-Key",
            allow_http=self.allow_http,
            allow_private=self.allow_private,
            timeout=self.timeout,
            retries=self.retries,
            max_bytes=self.max_megabytes * 1024 * 1024,
            records_path=self.records_path or "",
            paging=self.paging or "none",
            page_param=self.page_param or "page",
            size_param=self.size_param or "",
            page_size=self.page_size,
            first_page=self.first_page,
            cursor_path=self.cursor_path or "",
            since_param=self.since_param or "",
            operation=self.soap_operation or "" if self.way == "soap" else "",
        )

    def _get_fetch_message(self, error):
        """Return one sentence for a `FetchError`; it never holds addresses or secrets."""
        _ = self.env._
        messages = {
            "bad_url": _("The address is no web address."),
            "needs_https": _("The address is not encrypted (https), and that is not allowed."),
            "other_host": _("The source sends us to another host (%(host)s); not followed."),
            "no_host": _("The host %(host)s is not found."),
            "bad_address": _("The address is not allowed."),
            "private_address": _("The address is inside a private network; that is not allowed."),
            "timeout": _("The source did not answer in time."),
            "no_answer": _("The source cannot be reached, or broke off."),
            "bad_request": _("The request cannot be sent as it is set up."),
            "redirect": _(
                "The source sends us elsewhere (%(status)s); redirects are not followed."
            ),
            "refused": _("The source refuses our credentials (%(status)s)."),
            "status": _("The source answered with the error %(status)s."),
            "malformed": _("The answer cannot be read."),
            "no_rows": _("The answer has no list of rows at the path given."),
            "no_operation": _("The source has no operation %(name)s."),
            "fault": _("The source reports a fault."),
            "too_big": _("A page is larger than %(limit)s MB."),
            "repeated": _("The source sent the same page twice; stopped."),
            "too_many": _("The source does not come to an end; stopped after %(limit)s pages."),
        }
        return messages[error.reason] % error.values

    # === CRON === #
    @api.model
    def _cron_pull(self):
        """Fetch what is due, page by page; a run that was killed goes on where it was."""
        due = self.search(
            [("way", "in", ("rest", "soap")), ("next_pull", "<=", fields.Datetime.now())],
            order="next_pull, id",
        )
        if not due:
            return
        self.env["ir.cron"]._commit_progress(remaining=len(due))
        for left, source in zip(range(len(due), 0, -1), due, strict=True):
            if not source._try_pull(left):
                return  # out of time: the scheduler calls again

    def _try_pull(self, left=1):
        """Pull, and keep what breaks one source from the others."""
        try:
            return self._pull(left)
        except (*PG_CONCURRENCY_EXCEPTIONS_TO_RETRY, ConcurrencyError):
            raise  # nobody's fault: the scheduler calls again
        except Exception:
            # rows of an ERP may break whatever handles them; kept, counted, tried again later
            _logger.exception("ERP source %s: a page cannot be applied", self.id)
            cr = self.env.cr
            cr.rollback()  # a job of its own: what came before was committed by its progress
            self.env.registry.clear_all_caches()  # they may know what was rolled back
            message = self.env._("The page cannot be applied; the server's log says why.")
            self._count_failure(self._get_open_run(), message)
            self.env["ir.cron"]._commit_progress(1, remaining=left - 1)
            return True

    def _pull(self, left=1):
        """Fetch and apply the pages of one source, commit after each.

        :param int left: how many sources are due, this one included
        :return: False when time is up and pages are left
        :rtype: bool
        """
        self.ensure_one()
        run = self._get_open_run()
        endpoint = self._get_endpoint()
        cron = self.env["ir.cron"]
        while True:
            position = run.position or {**endpoint.start, "since": self.watermark or None}
            since = position.get("since")
            try:
                page = self._fetch_page(endpoint, run, position, since)
            except sync_http.FetchError as error:
                cron._commit_progress(0)  # as below
                self._set_fetch_failed(run, error)
                cron._commit_progress(1, remaining=left - 1)
                return True
            self._keep_page(run, page)
            cron._commit_progress(0)  # a snapshot of now, not of before the request
            if not self._try_lock():
                self._wait_for_others()
                cron._commit_progress(1, remaining=left - 1)
                return True
            self._apply_page(run, page, position)
            is_over = run.state != "running"
            time_left = cron._commit_progress(1, remaining=left - is_over)
            if is_over or not time_left:
                return is_over

    def _get_open_run(self):
        """Return the run that was left running, or a new one."""
        runs = self.env["kh.sync.run"]
        run = runs.search(
            [("source_id", "=", self.id), ("state", "=", "running"), ("way", "=", self.way)],
            order="id", limit=1,
        )  # fmt: skip
        return run or runs._start(self, self.way)

    def _fetch_page(self, endpoint, run, position, since):
        """Return the next page.

        :raise FetchError: also when the source turns in a circle
        """
        if run.page_count >= MAX_PAGES:
            raise sync_http.FetchError("too_many", limit=MAX_PAGES)
        page = sync_http.fetch(endpoint, position, since)
        digest = sync_rows.get_digest(page.rows)
        if page.rows and digest == position.get("digest"):
            raise sync_http.FetchError("repeated")
        return page

    def _keep_page(self, run, page):
        """Keep the rows as they came; a try that broke may have kept the same before."""
        run.stamp = fields.Datetime.now()
        if page.rows and run.digest != sync_rows.get_digest(page.rows):
            run._store_payload(page.rows)

    def _wait_for_others(self):
        """Call again in a minute. Nothing of ours is written: others hold the sources."""
        _logger.info("ERP source %s is busy, its pull goes on later", self.id)
        # sudo: administrators may not write scheduled actions
        cron_sudo = self.env.ref("kh_b2b_member.ir_cron_pull_dealers").sudo()
        cron_sudo._trigger(fields.Datetime.add(fields.Datetime.now(), minutes=1))

    def _apply_page(self, run, page, position):
        if page.rows:
            run._apply(page.rows)
        top = self._get_top(page.rows, position.get("top"))
        if page.next:
            run.position = {
                **page.next,
                "since": position.get("since"),
                "digest": run.digest,
                "top": top,
            }
            run.failure_count = 0
            return
        run._finish()
        run.position = False
        self.next_pull = fields.Datetime.add(
            fields.Datetime.now(), minutes=max(self.interval_minutes, 1)
        )
        if self.since_param and top:
            self.watermark = top

    def _get_top(self, rows, top):
        """Return the latest change time of the rows seen so far."""
        if not self.since_path:
            return top
        found = [sync_rows.extract(row, self.since_path) for row in rows if isinstance(row, dict)]
        texts = [str(value) for value in found if value and value is not sync_rows.MISSING]
        return max([*texts, *([top] if top else [])], default=None)

    def _set_fetch_failed(self, run, error):
        _logger.info("ERP source %s: %s", self.id, error.reason)
        is_final = error.reason in ("repeated", "too_many")
        self._count_failure(run, self._get_fetch_message(error), is_final)

    def _count_failure(self, run, message, is_final=False):
        """Note what went wrong; try again later, and give up after some times."""
        count = run.failure_count + 1
        run.write({"failure_count": count, "message": message})
        now = fields.Datetime.now()
        if count < MAX_FAILURES and not is_final:
            self.next_pull = fields.Datetime.add(now, minutes=min(2**count, 60))
            return
        run._finish("failed", message)
        self.next_pull = fields.Datetime.add(now, minutes=max(self.interval_minutes, 1))
