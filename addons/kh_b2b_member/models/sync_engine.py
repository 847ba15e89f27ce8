import logging
from dataclasses import dataclass, field

import psycopg2

from odoo import api, models
from odoo.exceptions import RedirectWarning, UserError
from odoo.service.model import PG_CONCURRENCY_EXCEPTIONS_TO_RETRY
from odoo.tools.misc import clean_context

from ..engine import sync_rows
from .member_grant import GrantSource
from .sync_record import SyncBatch

_logger = logging.getLogger(__name__)

BATCH = 1000


@dataclass
class Plan:
    """What is to be done for one row. Holds ids and plain values, no records."""

    row: sync_rows.Incoming
    status: str
    message: str = ""
    match_id: int = 0  # the dealer it was found to be, 0 for a new one
    record_id: int = 0  # its kh.sync.record, 0 if there is none yet
    contact_id: int = 0
    is_first: bool = False  # nothing of its code was ever applied
    write: dict = field(default_factory=dict)  # {target: value}
    base: dict = field(default_factory=dict)  # {target: value} after the row
    conflicts: list = field(default_factory=list)  # values of kh.sync.conflict
    is_applied: bool = True  # false: nothing of the row is taken over
    partner_id: int = 0  # the dealer after the row

    def __post_init__(self):
        self._found = self.contact_id, self.base
        self.reset()

    def reset(self):
        """Forget what was made and then rolled back."""
        self.partner_id = self.match_id
        self.contact_id, self.base = self._found

    def get_result(self):
        return {
            "row": self.row.index,
            "code": self.row.code,
            "status": self.status,
            "message": self.message,
            "id": self.partner_id or False,
        }


class SyncEngine(models.AbstractModel):
    """The one way of all rows: read, match, compare, write in batches.

    Split by subject: `sync_match` (who is it, what changed), `sync_lookup` (words of the ERP
    to our records), `sync_writer` (create and write).
    """

    _name = "kh.sync.engine"
    _description = "ERP Sync Engine"

    # === HOOKS === #
    @api.model
    def _get_targets(self):
        """Return `{name: Target}` of what a row may say; add-ons add theirs."""
        return dict(sync_rows.TARGETS)

    @api.model
    def _get_messages(self):
        """Return `{reason: sentence}` of `RowError`."""
        _ = self.env._
        return {
            "not_a_row": _("A row must be an object with named values."),
            "unknown_names": _("Unknown names: %(names)s."),
            "no_code": _("The ERP code is missing."),
            "no_name": _("The name is missing."),
            "not_simple": _("“%(name)s” must be a simple value."),
            "too_long": _("“%(name)s” is longer than %(limit)s characters."),
            "flag": _("“%(value)s” in “%(name)s” is neither yes nor no."),
            "email": _("“%(value)s” in “%(name)s” is no e-mail address."),
            "account": _("“%(name)s” is no bank account number (8 to 30 digits)."),
            "vat": _("“%(value)s” is no valid unified social credit code."),
            "choice": _("“%(value)s” in “%(name)s” is not one of: %(choices)s."),
            "date": _("“%(value)s” is no date of the given form."),
            "own_company": _("This tax number or code belongs to one of our own companies."),
        }

    @api.model
    def _get_message(self, error):
        # values come last: they are texts of the ERP and must not be read as a form
        return self._get_messages()[error.reason] % error.values

    # === APPLY === #
    @api.model
    def _apply(self, run, rows, start=0):
        """Apply rows in batches, with the memory of one batch.

        :param run: the `kh.sync.run` they belong to, whose company's dealers are locked
        :param list rows: as the ERP sent them
        :param int start: place of the first row in the run
        :return: one result for each row, in their order
        :rtype: list[dict]
        """
        engine = self._with_company_env(run.company_id)
        run = run.with_env(engine.env)
        results = []
        for place in range(0, len(rows), BATCH):
            batch = rows[place : place + BATCH]
            results += engine._apply_batch(run, batch, start + place)
            self.env.cr.flush()
            self.env.invalidate_all(flush=False)
        return results

    def _with_company_env(self, company):
        """Return the engine as superuser of one company, without the caller's context."""
        context = {
            **clean_context(self.env.context),
            "allowed_company_ids": company.ids,
            "mail_create_nolog": True,
            "mail_create_nosubscribe": True,
            "mail_auto_subscribe_no_notify": True,
            "kh_grant_source": GrantSource("sync"),
            "kh_sync_batch": SyncBatch(),
        }
        return self.with_env(self.env(su=True, context=context))

    def _apply_batch(self, run, rows, start):
        source = run.source_id
        rules = source._get_rules()
        targets = self._get_targets()
        allow_legacy = source.company_id.kh_allow_legacy_code
        incomings = [
            sync_rows.parse_row(
                start + place, row, rules, targets=targets, allow_legacy=allow_legacy
            )
            for place, row in enumerate(rows)
        ]
        results = {}
        for incoming in incomings:
            if incoming.error:
                plan = Plan(incoming, "error", self._get_message(incoming.error))
                results[incoming.index] = plan.get_result()
        good = [incoming for incoming in incomings if not incoming.error]
        results.update(self._apply_incomings(run, good))
        return [results[incoming.index] for incoming in incomings]

    def _apply_incomings(self, run, incomings):
        """Apply rows that have been read.

        :rtype: dict[int, dict]
        """
        results = {}
        for wave in sync_rows.split_waves(incomings):
            plans = self._plan(run, wave)
            self._execute(run, [plan for plan in plans if plan.is_applied or plan.conflicts])
            results.update({plan.row.index: plan.get_result() for plan in plans})
        return results

    def _execute(self, run, plans):
        """Write plans together; when that fails, halve them until the bad rows stand alone."""
        if not plans:
            return
        try:
            with self.env.cr.savepoint():
                self._write_plans(run, plans)
        except PG_CONCURRENCY_EXCEPTIONS_TO_RETRY:
            raise
        except (UserError, RedirectWarning, psycopg2.Error, ValueError) as error:
            for plan in plans:
                plan.reset()
            if len(plans) > 1:
                middle = len(plans) // 2
                self._execute(run, plans[:middle])
                self._execute(run, plans[middle:])
                return
            self._set_failed(plans[0], error)

    def _set_failed(self, plan, error):
        plan.status = "error"
        plan.message = self._get_failure(error)
        _logger.info("Row %s of an ERP sync was refused: %s", plan.row.index, type(error).__name__)

    def _get_failure(self, error):
        """Return one sentence for an error of the ORM or the database."""
        if isinstance(error, psycopg2.IntegrityError):
            return self.env._("The data breaks a rule of the database: %s", self._explain(error))
        if isinstance(error, (psycopg2.Error, ValueError)):
            return self.env._("The data cannot be stored.")
        return " ".join(str(error.args[0]).split())[:500]

    def _explain(self, error):
        """Return the rule an integrity error broke, in words, without the row's data."""
        table = error.diag.table_name
        for model in self.env.registry.values():
            if model._table == table and not model._abstract:
                return self.env[model._name]._sql_error_to_message(error)
        return error.diag.constraint_name or ""
