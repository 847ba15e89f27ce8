from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError

from ..engine import sync_rows
from .sync_engine import Plan

KINDS = [
    ("changed", "Changed on both sides"),
    ("unknown", "Unknown here"),
    ("same_tax", "Tax number of another dealer"),
    ("ambiguous_tax", "Tax number of several customers"),
]
STATES = [
    ("open", "To decide"),
    ("ours", "Ours stays"),
    ("theirs", "ERP taken"),
    ("linked", "Linked"),
    ("ignored", "Ignored"),
    ("obsolete", "No longer"),
]


class SyncConflict(models.Model):
    """What the ERP and we do not agree on; nothing is overwritten until a person decides.

    open → ours (the ERP's value is known and not taken) | theirs (taken) | linked (the code or
    the word means the chosen record) | ignored (not asked again for this value);
    open → obsolete by itself, when both agree again. Decided ones open again only when the
    ERP says something else.
    """

    _name = "kh.sync.conflict"
    _description = "ERP Conflict"
    _order = "id desc"
    _rec_name = "code"

    # === FIELDS === #
    run_id = fields.Many2one("kh.sync.run", string="Last Run", ondelete="set null", index=True)
    source_id = fields.Many2one("kh.sync.source", required=True, ondelete="cascade", index=True)
    company_id = fields.Many2one(related="source_id.company_id", store=True)
    code = fields.Char(string="ERP Code", required=True)
    partner_id = fields.Many2one("res.partner", string="Dealer", ondelete="cascade", index=True)
    kind = fields.Selection(KINDS, required=True)
    target = fields.Char(required=True)
    target_label = fields.Char(string="Field", compute="_compute_target_label")
    word = fields.Char(help="What the ERP calls it.")
    state = fields.Selection(STATES, required=True, default="open", readonly=True)
    # values as they are compared
    base = fields.Json(string="Base Value")
    ours = fields.Json(string="Our Value")
    theirs = fields.Json(string="ERP Value")
    base_text = fields.Char(string="Last Agreed", compute="_compute_texts")
    ours_text = fields.Char(string="Ours", compute="_compute_texts")
    theirs_text = fields.Char(string="ERP", compute="_compute_texts")
    # the whole row, to apply it after the decision
    row = fields.Json(prefetch=False)
    stamp = fields.Datetime(string="Received")
    other_partner_id = fields.Many2one(
        "res.partner", string="Link to", index="btree_not_null",
        domain=[("is_company", "=", True), ("parent_id", "=", False)],
    )  # fmt: skip
    other_code = fields.Char(string="Other Code")
    meaning_ref = fields.Reference(selection="_selection_meaning", string="Means")
    decided_uid = fields.Many2one("res.users", string="Decided by", readonly=True)
    decided_date = fields.Datetime(string="Decided on", readonly=True)

    _open_once = models.UniqueIndex(
        "(company_id, code, kind, target, COALESCE(word, '')) WHERE state != 'obsolete'"
    )

    # === COMPUTE METHODS === #
    def _compute_target_label(self):
        labels = self.env["kh.sync.mapping"]._get_target_labels()
        for conflict in self:
            conflict.target_label = labels.get(conflict.target, conflict.target)

    @api.depends("base", "ours", "theirs")
    def _compute_texts(self):
        names = self._get_names()
        for conflict in self:
            for side in ("base", "ours", "theirs"):
                conflict[f"{side}_text"] = self._to_text(
                    conflict.target, conflict[side], names if conflict.kind == "changed" else {}
                )

    def _get_names(self):
        """Return `{(target, id): name}` of the records the values mean."""
        names = {}
        models_by_target = self.env["kh.sync.engine"]._get_reference_models()
        for target, conflicts in self.grouped("target").items():
            if target not in models_by_target:
                continue
            ids = set()
            for conflict in conflicts.filtered(lambda c: c.kind == "changed"):
                for value in (conflict.base, conflict.ours, conflict.theirs):
                    ids.update(value if isinstance(value, list) else [value] if value else [])
            # sudo: names of records of the conflict, to whoever may read the conflict
            records = self.env[models_by_target[target]].sudo().browse(ids).exists()
            names.update({(target, record.id): record.display_name for record in records})
        return names

    @api.model
    def _to_text(self, target, value, names):
        if value is None or value is False and target != "active":
            return ""
        if isinstance(value, bool):
            return self.env._("Yes") if value else self.env._("No")
        values = value if isinstance(value, list) else [value]
        return ", ".join(str(names.get((target, item), item)) for item in values)

    @api.model
    def _selection_meaning(self):
        models_by_target = self.env["kh.sync.engine"]._get_reference_models()
        # sudo: names of models are no secret
        names = self.env["ir.model"].sudo()
        return [(model, names._get(model).name) for model in models_by_target.values()]

    # === CRUD METHODS === #
    def write(self, vals):
        if not self.env.su and vals.keys() - {"other_partner_id", "meaning_ref"}:
            raise AccessError(self.env._("A conflict is decided by its buttons only."))
        return super().write(vals)

    # === ACTION METHODS === #
    def action_take_ours(self):
        """Keep our values; the ERP's are known from now on and no longer asked about."""
        conflicts = self._prepare_decision()
        if any(conflict.kind != "changed" for conflict in conflicts):
            raise UserError(self.env._("“Ours stays” is for values changed on both sides."))
        conflicts._set_base()
        conflicts._set_decided("ours")

    def action_take_theirs(self):
        """Take the ERP's values; a held row becomes a dealer of its own."""
        conflicts = self._prepare_decision()
        changed = conflicts.filtered(lambda conflict: conflict.kind == "changed")
        changed._write_theirs()
        changed._set_decided("theirs")
        unknown = conflicts.filtered(lambda conflict: conflict.kind == "unknown")
        if unknown:
            unknown._reapply()
            still = unknown.filtered(lambda conflict: conflict.state == "open")
            if still:
                raise UserError(
                    self.env._(
                        "“%(word)s” is still unknown here. Create it, or choose what it means and "
                        "link it.",
                        word=still[0].word,
                    )
                )
            unknown._set_decided("theirs")
        taxes = conflicts - changed - unknown
        taxes._set_decided("theirs")
        taxes._reapply()

    def action_link(self):
        """Say what an unknown word means, or which dealer a code belongs to."""
        conflicts = self._prepare_decision()
        for conflict in conflicts:
            if conflict.kind == "unknown":
                conflict._link_word()
            elif conflict.kind in ("same_tax", "ambiguous_tax") and not conflict.partner_id:
                conflict._link_code()
            else:
                raise UserError(self.env._("There is nothing to link."))

    def action_ignore(self):
        """Leave it as it is, and do not ask again for this value."""
        self._prepare_decision()._set_decided("ignored")

    # === BUSINESS METHODS === #
    def _prepare_decision(self):
        """Check that the user may decide, and lock the dealers.

        :return: the conflicts as superuser of the engine
        """
        self.check_access("write")
        if any(conflict.state != "open" for conflict in self):
            raise UserError(self.env._("This is decided already. Reload the page."))
        # sudo: the decision is applied by the engine, which B2B administrators may not write
        conflicts_sudo = self.sudo()
        for source_sudo in conflicts_sudo.source_id.sorted("id").grouped("company_id").values():
            source_sudo[0]._lock()
        return conflicts_sudo

    def _set_decided(self, state):
        self.write(
            {"state": state, "decided_uid": self.env.uid, "decided_date": fields.Datetime.now()}
        )

    def _get_records(self):
        """Return `{(company id, code): kh.sync.record}` of the conflicts."""
        records = self.env["kh.sync.record"].search(
            [("company_id", "in", self.company_id.ids), ("code", "in", self.mapped("code"))]
        )
        return {(record.company_id.id, record.code): record for record in records}

    def _set_base(self):
        records = self._get_records()
        for conflict in self:
            record = records.get((conflict.company_id.id, conflict.code))
            if record:
                record.base = {**(record.base or {}), conflict.target: conflict.theirs}

    def _write_theirs(self):
        records = self._get_records()
        dealers = self.grouped(lambda conflict: (conflict.company_id.id, conflict.code))
        for key, conflicts in dealers.items():
            record = records[key]
            engine = self.env["kh.sync.engine"]._with_company_env(record.company_id)
            values = {conflict.target: conflict.theirs for conflict in conflicts}
            engine._write_targets(record.with_env(engine.env), values)
        self._set_base()

    def _reapply(self):
        """Apply the rows of the conflicts once more, now that a person has decided."""
        for company, conflicts in self.grouped("company_id").items():
            engine = self.env["kh.sync.engine"]._with_company_env(company)
            engine._reapply_conflicts(conflicts.with_env(engine.env))
        self.invalidate_recordset()

    def _link_word(self):
        self.ensure_one()
        model = self.env["kh.sync.engine"]._get_reference_models()[self.target]
        if not self.meaning_ref or self.meaning_ref._name != model:
            name = self.env["ir.model"]._get(model).name
            raise UserError(
                self.env._(
                    "Choose what “%(word)s” means: a record of “%(model)s”.",
                    word=self.word,
                    model=name,
                )
            )
        self.env["kh.sync.alias"]._set_meaning(self)
        same = self.search(
            [
                ("company_id", "=", self.company_id.id),
                ("state", "=", "open"),
                ("kind", "=", "unknown"),
                ("target", "=", self.target),
                ("word", "=", self.word),
            ]
        )
        same._set_decided("linked")
        same._reapply()

    def _link_code(self):
        self.ensure_one()
        partner = self.other_partner_id
        if not partner:
            raise UserError(
                self.env._("Choose the dealer the code %(code)s belongs to.", code=self.code)
            )
        if partner.company_id and partner.company_id != self.company_id:
            raise UserError(self.env._("This dealer belongs to another company."))
        self.env["kh.sync.record"].create(
            {
                "code": self.code,
                "company_id": self.company_id.id,
                "source_id": self.source_id.id,
                "partner_id": partner.id,
                "stamp": self.stamp,
            }
        )
        self._set_decided("linked")
        self._reapply()


class SyncAlias(models.Model):
    """What a word of the ERP means here, as a person has decided (同步别名)."""

    _name = "kh.sync.alias"
    _description = "ERP Word"
    _rec_name = "word"
    _order = "target, word, id"

    company_id = fields.Many2one("res.company", required=True, index=True)
    target = fields.Char(required=True)
    word = fields.Char(string="In the ERP", required=True)
    res_model = fields.Char(compute="_compute_res_model")
    res_id = fields.Many2oneReference(string="Means", model_field="res_model", required=True)

    _word_once = models.UniqueIndex("(company_id, target, word)")

    @api.depends("target")
    def _compute_res_model(self):
        models_by_target = self.env["kh.sync.engine"]._get_reference_models()
        for alias in self:
            alias.res_model = models_by_target.get(alias.target)

    @api.model
    def _set_meaning(self, conflict):
        key = {
            "company_id": conflict.company_id.id,
            "target": conflict.target,
            "word": conflict.word,
        }
        domain = [(name, "=", value) for name, value in key.items()]
        alias = self.search(domain, limit=1)
        if alias:
            alias.res_id = conflict.meaning_ref.id
        else:
            self.create({**key, "res_id": conflict.meaning_ref.id})


class SyncConflictEngine(models.AbstractModel):
    _inherit = "kh.sync.engine"

    # === CONFLICTS === #
    def _prepare_conflict(self, row, kind, target, *, word="", base=None, ours=None, theirs=None):
        return {
            "code": row.code,
            "kind": kind,
            "target": target,
            "word": word,
            "base": base,
            "ours": ours,
            "theirs": theirs,
            "row": {"values": row.values, "version": row.version, "portal": row.portal},
        }

    def _get_conflict_key(self, conflict):
        return conflict["code"], conflict["kind"], conflict["target"], conflict["word"] or ""

    def _get_conflict_messages(self, conflicts):
        """Return one sentence for each kind of conflict of a row."""
        labels = self.env["kh.sync.mapping"]._get_target_labels()
        changed = [
            labels.get(c["target"], c["target"]) for c in conflicts if c["kind"] == "changed"
        ]
        messages = []
        if changed:
            names = ", ".join(changed)
            messages.append(self.env._("Changed here and in the ERP: %(fields)s.", fields=names))
        for conflict in conflicts:
            name = labels.get(conflict["target"], conflict["target"])
            if conflict["kind"] == "unknown":
                messages.append(
                    self.env._(
                        "%(field)s “%(word)s” is unknown.", field=name, word=conflict["word"]
                    )
                )
            elif conflict["kind"] == "same_tax":
                messages.append(
                    self.env._(
                        "The tax number belongs to another dealer (%(code)s).",
                        code=conflict.get("other_code") or self.env._("without ERP code"),
                    )
                )
            elif conflict["kind"] == "ambiguous_tax":
                messages.append(self.env._("Several customers have this tax number."))
        return messages

    def _save_conflicts(self, run, plans):
        """List new conflicts, refresh known ones, close those that are over."""
        conflicts = self.env["kh.sync.conflict"]
        known = {
            self._get_conflict_key(conflict): conflict
            for conflict in conflicts.search(
                [
                    ("company_id", "=", run.company_id.id),
                    ("code", "in", [plan.row.code for plan in plans]),
                    ("state", "!=", "obsolete"),
                ]
            )
        }
        new = []
        for plan in plans:
            for vals in plan.conflicts:
                full = {
                    **vals,
                    "run_id": run.id,
                    "source_id": run.source_id.id,
                    "partner_id": plan.partner_id or False,
                    "stamp": run.stamp,
                    "state": "open",
                }
                conflict = known.pop(self._get_conflict_key(vals), None)
                if conflict:
                    conflict.write(full)
                else:
                    new.append(full)
        conflicts.create(new)
        rows = {plan.row.code: plan.row for plan in plans if plan.is_applied}
        over = [
            conflict.id
            for conflict in known.values()
            if conflict.state == "open"
            and conflict.code in rows
            and conflict.target in rows[conflict.code].values
        ]
        conflicts.browse(over).write({"state": "obsolete"})

    def _reapply_conflicts(self, conflicts):
        """Apply the stored rows of conflicts of one company, once for each code."""
        latest = {}
        for conflict in conflicts.sorted("id"):
            latest[conflict.code] = conflict
        for (run, stamp), same in (
            self.env["kh.sync.conflict"]
            .browse([conflict.id for conflict in latest.values()])
            .grouped(lambda conflict: (conflict.run_id, conflict.stamp))
            .items()
        ):
            rows = [
                sync_rows.Incoming(
                    index,
                    conflict.code,
                    dict(conflict.row["values"]),
                    conflict.row["version"],
                    conflict.row["portal"],
                )
                for index, conflict in enumerate(same)
            ]
            for row in rows:
                row.digest = sync_rows.get_digest([row.values, row.portal])
            if run.stamp != stamp:
                raise UserError(self.env._("The run of this conflict is gone; send the row again."))
            for result in self._apply_incomings(run, rows).values():
                if result["status"] == "error":
                    message = f"{result['code']}: {result['message']}"
                    raise UserError(message)

    def _write_targets(self, record, values):
        """Write values of the ERP (by target) to the dealer of a record, as a row would."""
        vals = self._to_field_vals(values, "partner")
        vals.pop("active", None)  # see _switch_dealer
        if vals:
            record.partner_id.write(vals)
        if self._to_field_vals(values, "contact"):
            self._write_manager(record, values)
        if "active" in values:
            self._switch_dealer(record, values["active"])

    def _write_manager(self, record, values):
        """Write values of the ERP to the manager; one who is gone is made anew."""
        targets = self._get_targets()
        known = {
            name: value
            for name, value in {**(record.base or {}), **values}.items()
            if name in targets and targets[name].owner == "contact"
        }
        dealer = record.partner_id
        contacts = dealer.child_ids.filtered(lambda contact: contact.type == "contact")
        row = sync_rows.Incoming(0, record.code, known)
        contact = self._find_contact(row, contacts, record)
        plan = Plan(row, "updated", match_id=dealer.id, contact_id=contact.id or 0)
        plan.write = values if contact else known
        self._write_contacts([plan])
        if not plan.contact_id and any(self._to_field_vals(values, "contact").values()):
            raise UserError(
                self.env._(
                    "%(code)s has no manager any more, and the ERP gives neither name nor e-mail.",
                    code=record.code,
                )
            )
        record.contact_id = plan.contact_id or False
