from collections import defaultdict
from dataclasses import dataclass, field

from odoo import models
from odoo.fields import Domain

from ..engine import checks, sync_rows
from .sync_engine import Plan


@dataclass
class Facts:
    """What is known about the dealers of one batch, read in a constant number of queries."""

    records: dict  # {code: kh.sync.record}
    words: dict  # see _look_up
    targets: dict
    country_id: int  # of rows that name none
    china_id: int
    policies: dict
    policy: str
    by_code: dict = field(default_factory=dict)  # {ERP code: partner id}
    by_vat: dict = field(default_factory=dict)  # {tax number: [partner id]}
    codes: dict = field(default_factory=dict)  # {partner id: {ERP code}}
    decided: dict = field(default_factory=dict)  # {conflict key: kh.sync.conflict}
    own_ids: set = field(default_factory=set)  # partners no ERP may touch
    new_vats: dict = field(default_factory=dict)  # {tax number: code}, new in this batch
    ours: dict = field(default_factory=dict)  # {partner id: {target: value}}
    contacts: dict = field(default_factory=dict)  # {partner id: partner's contacts}


class SyncMatch(models.AbstractModel):
    """Who is it, and what changed on which side."""

    _inherit = "kh.sync.engine"

    # === PLAN === #
    def _plan(self, run, rows):
        """Return one `Plan` for each row; the codes of the rows differ."""
        records = self.env["kh.sync.record"].search_fetch(
            [("company_id", "=", run.company_id.id), ("code", "in", [row.code for row in rows])],
            ["code", "digest", "version", "stamp", "partner_id", "contact_id"],
        )
        by_code = {record.code: record for record in records}
        plans, changed, seen = [], [], self.env["kh.sync.record"]
        for row in rows:
            record = by_code.get(row.code)
            if record and record.digest == row.digest:
                plan = Plan(row, "unchanged", match_id=record.partner_id.id, is_applied=False)
                plans.append(plan)
                if not self._is_older(run, row, record):
                    seen += record
                    if row.version and row.version != record.version:
                        record.version = row.version
            else:
                changed.append(row)
        seen.filtered(lambda record: record.stamp < run.stamp).write({"stamp": run.stamp})
        if changed:
            facts = self._load_facts(run, changed, by_code)
            plans += [self._plan_row(run, row, facts) for row in changed]
        return plans

    def _is_older(self, run, row, record):
        return sync_rows.is_older(row.version, run.stamp, record.version, record.stamp)

    def _plan_row(self, run, row, facts):
        record = facts.records.get(row.code)
        match_id, trouble = self._match(row, facts)
        if trouble:
            return self._plan_held(row, trouble, facts)
        if match_id in facts.own_ids:
            return self._plan_error(row, "own_company")
        theirs, unknown = self._resolve(row, facts)
        if ("name" in theirs or not match_id) and not theirs.get("name"):
            return self._plan_error(row, "no_name")
        base = (record.base if record else None) or {}
        ours = dict(facts.ours.get(match_id, {}))
        for name in theirs.keys() & base.keys():
            if facts.targets[name].owner == "bank":
                ours[name] = base[name]  # accounts are added, never compared
        conflicts = self._get_tax_conflict(row, match_id, base, theirs, facts)
        policies = facts.policies
        if theirs.get("active") is False:
            policies = {**policies, "active": "theirs"}  # rights go at once, whoever changed what
        merge = sync_rows.merge(base, ours, theirs, policies, facts.policy)
        plan = Plan(
            row,
            "created" if not match_id else "updated" if merge.write else "unchanged",
            match_id=match_id,
            record_id=record.id if record else 0,
            contact_id=facts.contacts.get(row.code, 0),
            is_first=not base,
            write=merge.write,
            base=merge.base,
        )
        if record and self._is_older(run, row, record):
            return self._set_stale(plan, bool(merge.write or merge.clashes))
        conflicts += [
            self._prepare_conflict(row, "unknown", target, word=word, theirs=word)
            for target, word in unknown
        ]
        conflicts += self._get_clashes(row, merge, base, ours, theirs)
        return self._set_conflicts(plan, conflicts, facts)

    def _get_clashes(self, row, merge, base, ours, theirs):
        return [
            self._prepare_conflict(
                row, "changed", name, base=base.get(name), ours=ours.get(name), theirs=theirs[name]
            )
            for name in merge.clashes
        ]

    def _plan_error(self, row, reason):
        message = self._get_message(sync_rows.RowError(reason))
        return Plan(row, "error", message, is_applied=False)

    def _set_stale(self, plan, is_different):
        plan.is_applied = False
        plan.status = "stale" if is_different else "unchanged"
        if is_different:
            plan.message = self.env._("Older than what is known of this dealer; not applied.")
        return plan

    def _plan_held(self, row, conflict, facts):
        """A row nobody can place: it waits for a person."""
        plan = Plan(row, "unchanged", is_applied=False)
        return self._set_conflicts(plan, [conflict], facts)

    def _set_conflicts(self, plan, conflicts, facts):
        """Keep the conflicts that no person has put aside."""
        ignored = []
        for conflict in conflicts:
            known = facts.decided.get(self._get_conflict_key(conflict))
            is_ignored = known and known.state == "ignored" and known.theirs == conflict["theirs"]
            (ignored if is_ignored else plan.conflicts).append(conflict)
        if plan.conflicts:
            plan.status = "conflict"
            plan.message = " ".join(self._get_conflict_messages(plan.conflicts))
        elif ignored and not plan.is_applied:
            plan.message = self.env._("Left alone, as a person has decided.")
        if conflicts:
            plan.row.digest = ""  # look at this row again next time
        return plan

    # === MATCH === #
    def _match(self, row, facts):
        """Return the dealer's id (0: a new one), and the conflict that keeps us from knowing."""
        if row.code in facts.records:
            return facts.records[row.code].partner_id.id, None
        if row.code in facts.by_code:
            return facts.by_code[row.code], None
        vat = row.values.get("vat")
        if not vat or self._is_kept_apart(row, facts):
            return 0, None
        found = facts.by_vat.get(vat, [])
        if len(found) > 1:
            return 0, self._prepare_conflict(row, "ambiguous_tax", "vat", theirs=vat)
        others = {code for pid in found for code in facts.codes.get(pid, ())} - {row.code}
        first = facts.new_vats.setdefault(vat, row.code) if not found else row.code
        if others or first != row.code:
            conflict = self._prepare_conflict(row, "same_tax", "vat", theirs=vat)
            conflict["other_partner_id"] = found[0] if found else False
            conflict["other_code"] = min(others) if others else first
            return 0, conflict
        return (found[0] if found else 0), None

    def _is_kept_apart(self, row, facts):
        """Whether a person said that this code is a dealer of its own."""
        return any(
            (known := facts.decided.get((row.code, kind, "vat", ""))) and known.state == "theirs"
            for kind in ("same_tax", "ambiguous_tax")
        )

    def _get_tax_conflict(self, row, match_id, base, theirs, facts):
        """A known dealer got a tax number that another one has: take all but that."""
        vat = theirs.get("vat")
        if not match_id or not vat or vat == base.get("vat") or self._is_kept_apart(row, facts):
            return []
        others = [pid for pid in facts.by_vat.get(vat, []) if pid != match_id]
        if not others:
            return []
        del theirs["vat"]
        codes = facts.codes.get(others[0]) or {""}
        conflict = self._prepare_conflict(row, "same_tax", "vat", base=base.get("vat"), theirs=vat)
        return [{**conflict, "other_partner_id": others[0], "other_code": min(codes)}]

    # === LOAD === #
    def _load_facts(self, run, rows, records):
        source, company = run.source_id, run.company_id
        words = self._look_up(rows, company)
        facts = Facts(
            records=records,
            words=words,
            targets=self._get_targets(),
            country_id=company.country_id.id or self._get_china_id(),
            china_id=self._get_china_id(),
            policies=source._get_policies(),
            policy=source.conflict_policy,
        )
        self._load_decided(rows, company, facts)
        self._load_partners(rows, company, facts)
        return facts

    def _load_partners(self, rows, company, facts):
        known_ids = [
            facts.records[row.code].partner_id.id for row in rows if row.code in facts.records
        ]
        codes = [row.code for row in rows if row.code not in facts.records]
        vats = [row.values["vat"] for row in rows if row.values.get("vat")]
        partners = self.env["res.partner"].with_context(active_test=False)
        own = self._get_company_domain(company)
        found = partners.search(
            Domain("id", "in", known_ids)
            | own & Domain("parent_id", "=", False) & Domain("kh_erp_code", "in", codes)
            | own & Domain("parent_id", "=", False) & Domain("vat", "in", vats)
        )
        by_vat = defaultdict(list)
        for partner in found:
            if partner.vat and not partner.parent_id:
                by_vat[checks.normalize_code(partner.vat)].append(partner.id)
            if partner.kh_erp_code:
                facts.by_code[partner.kh_erp_code] = partner.id
                facts.codes.setdefault(partner.id, set()).add(partner.kh_erp_code)
        facts.by_vat = dict(by_vat)
        linked = self.env["kh.sync.record"].search_fetch(
            [("company_id", "=", company.id), ("partner_id", "in", found.ids)],
            ["code", "partner_id"],
        )
        for record in linked:
            facts.codes.setdefault(record.partner_id.id, set()).add(record.code)
        facts.own_ids = self._get_untouchable_ids(found)
        self._load_ours(rows, found, facts)

    def _get_untouchable_ids(self, partners):
        """Our own companies and our staff are no dealers, whatever an ERP says."""
        companies = self.env["res.company"].search([("partner_id", "in", partners.ids)])
        users = self.env["res.users"].with_context(active_test=False)
        staff = users.search([("partner_id", "in", partners.ids), ("share", "=", False)])
        return set(companies.partner_id.ids) | set(staff.partner_id.ids)

    def _load_ours(self, rows, partners, facts):
        children = self.env["res.partner"].search_fetch(
            [("parent_id", "in", partners.ids), ("type", "=", "contact")],
            ["name", "email", "phone", "function", "parent_id"],
        )
        by_parent = children.grouped("parent_id")
        by_id = {partner.id: partner for partner in partners}
        for row in rows:
            match_id, _trouble = self._match(row, facts)
            if match_id not in by_id:
                continue
            partner = by_id[match_id]
            contact = self._find_contact(
                row, by_parent.get(partner, children.browse()), facts.records.get(row.code)
            )
            facts.contacts[row.code] = contact.id or 0
            facts.ours[match_id] = {
                name: self._read_value(contact if target.owner == "contact" else partner, target)
                for name, target in facts.targets.items()
                if target.field
            }
        facts.new_vats.clear()  # the rows are matched again, with all facts

    def _find_contact(self, row, contacts, record):
        """Return the dealer's manager: the one we know, or by e-mail, or by name."""
        known = record.contact_id if record else contacts.browse()
        email, name = row.values.get("manager_email"), row.values.get("manager_name")
        return (
            (known & contacts)
            or contacts.filtered(lambda c: email and (c.email or "").lower() == email)[:1]
            or contacts.filtered(lambda c: name and c.name == name)[:1]
        )

    def _read_value(self, record, target):
        """Return the value of a field of ours in the form rows are compared in."""
        value = record[target.field]
        if target.kind == "flag":
            return bool(value)
        if target.kind == "references":
            return sorted(value.ids) or None
        if target.kind == "reference":
            return value.id or None
        if not value:
            return None
        if target.kind == "vat":
            return checks.normalize_code(value)
        return (
            checks.normalize(value).lower() if target.kind == "email" else checks.normalize(value)
        )

    def _load_decided(self, rows, company, facts):
        conflicts = self.env["kh.sync.conflict"].search(
            [
                ("company_id", "=", company.id),
                ("code", "in", [row.code for row in rows]),
                ("state", "!=", "obsolete"),
            ],
            order="id",
        )
        facts.decided = {
            (conflict.code, conflict.kind, conflict.target, conflict.word or ""): conflict
            for conflict in conflicts
        }
