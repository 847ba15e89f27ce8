from datetime import MAXYEAR, datetime, time, timedelta

import pytz

from odoo import fields, models
from odoo.exceptions import UserError
from odoo.tools import SQL

SECOND = timedelta(seconds=1)


class PriceContract(models.Model):
    _inherit = "kh.price.contract"

    # === BUSINESS METHODS - STATE === #

    def _set_state(self, allowed_states, target):
        """Move contracts to ``target``; those already there are left alone.

        :raise UserError: if the state of a contract does not allow the step
        """
        todo = self.filtered(lambda contract: contract.state in allowed_states)
        refused = (self - todo).filtered(lambda contract: contract.state != target)
        if refused:
            labels = dict(self._fields["state"]._description_selection(self.env))
            raise UserError(
                self.env._(
                    "Price contract %(contract)s is %(state)s; this step is not possible.",
                    contract=refused[0].name,
                    state=labels[refused[0].state],
                )
            )
        if todo:
            vals = {"state": target}
            if target in ("expired", "terminated"):
                vals["date_ended"] = fields.Datetime.now()
            todo._move(vals)
        return todo

    def _activate(self):
        """Put contracts under review into force, with all lines in one statement.

        Takes the dealers' rows first and changes them, so that two contracts of one dealer
        cannot become active side by side.
        """
        self._ensure_not_over()
        self._lock_dealers()
        for contract in self:
            replaced = contract._find_overlaps()
            later = contract.date_start > contract._today()
            for old in replaced:
                if later and old.date_start < contract.date_start:
                    old._move({"date_end": contract.date_start - timedelta(days=1)})
                else:
                    old._set_state(("active",), "terminated")
            contract._set_state(("review",), "active")

    def _lock_dealers(self):
        partner_ids = self.partner_id.ids
        self.env["res.partner"].flush_model(["kh_price_version"])
        self.env.cr.execute(
            SQL(
                "UPDATE res_partner SET kh_price_version = COALESCE(kh_price_version, 0) + 1"
                " WHERE id IN (SELECT id FROM res_partner WHERE id = ANY(%s)"
                " ORDER BY id FOR UPDATE)",
                partner_ids,
            )
        )
        self.env["res.partner"].browse(partner_ids).invalidate_recordset(["kh_price_version"])

    def _sync_lines(self):
        """Write dealer, pricelist, term and force of the contracts onto their lines.

        One statement for each contract, whatever the number of lines. A line may keep a
        term of its own inside the contract's; in drafts, terms are left as typed. Lines of a
        contract that has ended hold until then: an order of that time keeps its price.
        """
        items = self.env["product.pricelist.item"]
        items.flush_model()
        self.flush_recordset()
        for contract in self:
            term, pending = SQL(), SQL("%s", contract.state != "active")
            if contract._is_over():
                ended = contract.date_ended
                term = SQL(
                    ", date_end = CASE WHEN date_start >= %s THEN date_end"
                    " ELSE LEAST(date_end, %s) END",
                    ended,
                    ended - SECOND,
                )
                pending = SQL("kh_is_pending IS TRUE OR COALESCE(date_start >= %s, FALSE)", ended)
            elif contract.state == "active":
                start, end = contract._term_utc()
                term = SQL(
                    ", date_start = GREATEST(date_start, %s), date_end = LEAST(date_end, %s)",
                    start,
                    end,
                )
            pricelist = contract.pricelist_id
            # values are bound by SQL(); execute_query would fetch, and an UPDATE has no rows
            self.env.cr.execute(
                SQL(
                    """UPDATE product_pricelist_item
                          SET kh_partner_id = %(partner)s, kh_with_branches = %(branches)s,
                              pricelist_id = %(pricelist)s,
                              currency_id = %(currency)s, company_id = %(company)s,
                              kh_is_pending = %(pending)s, write_uid = %(user)s,
                              write_date = now() AT TIME ZONE 'UTC' %(term)s
                        WHERE kh_contract_id = %(contract)s AND kh_is_past IS NOT TRUE""",
                    partner=contract.partner_id.id,
                    branches=contract.with_branches,
                    pricelist=pricelist.id,
                    currency=pricelist.currency_id.id,
                    company=(pricelist.company_id or contract.company_id).id,
                    pending=pending,
                    user=self.env.uid,
                    contract=contract.id,
                    term=term,
                )
            )
        items.invalidate_model()

    def _prepare_line_vals(self):
        """What every line of this contract has in common."""
        self.ensure_one()
        return {
            "pricelist_id": self.pricelist_id.id,
            "kh_partner_id": self.partner_id.id,
            "kh_with_branches": self.with_branches,
            "kh_grade_id": False,
            "kh_is_pending": self.state != "active",
        }

    def _is_over(self):
        """Whether the contract was in force and is no more."""
        self.ensure_one()
        return self.state in ("expired", "terminated") and bool(self.date_ended)

    def _timezone(self):
        self.ensure_one()
        # sudo: the company's own contact, for its time zone only
        return pytz.timezone(self.company_id.sudo().partner_id.tz or self.env.user.tz or "UTC")

    def _today(self):
        """The current day where the company is."""
        now = pytz.utc.localize(fields.Datetime.now())
        return now.astimezone(self._timezone()).date()

    def _term_utc(self):
        """Return first and last moment of the term, naive UTC (``None``: open).

        The year 9999 means no end; elsewhere its last day would not be in any calendar.
        """
        zone = self._timezone()

        def moment(day, clock):
            local = zone.localize(datetime.combine(day, clock))
            return local.astimezone(pytz.utc).replace(tzinfo=None)

        is_open = not self.date_end or self.date_end.year == MAXYEAR
        end = None if is_open else moment(self.date_end, time(23, 59, 59))
        return moment(self.date_start, time.min), end

    def _last_moment(self):
        """Until when lines without an end of their own hold, naive UTC (``None``: open)."""
        _start, end = self._term_utc()
        if self._is_over():
            ended = self.date_ended - SECOND
            return min(end, ended) if end else ended
        return end

    # === HOOKS - APPROVAL === #

    def _approval_granted(self):
        result = super()._approval_granted()
        if any(contract.kh_approval_state != "approved" for contract in self):
            self._ensure_may_decide()
        self._activate()
        return result

    def _approval_refused(self, reason):
        result = super()._approval_refused(reason)
        self._set_state(("review",), "draft")
        return result

    def _approval_returned(self, reason):
        result = super()._approval_returned(reason)
        self._set_state(("review",), "draft")
        return result

    def _approval_withdrawn(self):
        result = super()._approval_withdrawn()
        self._set_state(("review",), "draft")
        return result

    def _approval_writable_fields(self):
        return super()._approval_writable_fields() | {
            "state",
            "date_ended",
            "reference",
            "note",
        }

    # === CRON === #

    def _cron_expire(self):
        """Set contracts whose last day is over to expired (their lines ended by date)."""
        for company, contracts in (
            self.with_context(active_test=False)
            .search([("state", "=", "active"), ("date_end", "!=", False)])
            .grouped("company_id")
            .items()
        ):
            today = contracts[0].with_company(company)._today()
            over = contracts.filtered(lambda contract, today=today: contract.date_end < today)
            over._set_state(("active",), "expired")
