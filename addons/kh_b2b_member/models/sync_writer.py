from collections import defaultdict

from odoo import Command, models
from odoo.exceptions import UserError
from odoo.service.model import PG_CONCURRENCY_EXCEPTIONS_TO_RETRY

from odoo.addons.auth_signup.models.res_partner import SignupError

from ..engine import sync_rows
from .sync_notes import SyncNotes


class SyncWriter(models.AbstractModel):
    """Write what was planned: one create or write for many dealers."""

    _inherit = "kh.sync.engine"

    # === HOOKS === #
    def _prepare_dealer_vals(self, run, plan):
        """Return the values of a new dealer's card; add-ons add what they grant."""
        company = run.company_id
        return {
            "is_company": True,
            "kh_is_dealer": True,
            "kh_erp_code": plan.row.code,
            "company_id": False if run.source_id.is_shared else company.id,
            "country_id": company.country_id.id or self._get_china_id(),
            "lang": company.partner_id.lang or self.env.lang,
            **self._to_field_vals(plan.write, "partner"),
        }

    def _to_field_vals(self, values, owner):
        """Turn `{target: value}` into values of the fields of one owner."""
        targets = self._get_targets()
        vals = {}
        for name, value in values.items():
            target = targets[name]
            if target.owner != owner or not target.field:
                continue
            if target.kind == "references":
                vals[target.field] = [Command.set(value or [])]
            else:
                vals[target.field] = False if value is None else value
        return vals

    # === WRITE === #
    def _write_plans(self, run, plans):
        todo = [plan for plan in plans if plan.is_applied]
        self._create_dealers(run, [plan for plan in todo if not plan.match_id])
        self._update_dealers(run, [plan for plan in todo if plan.match_id])
        self._write_contacts(todo)
        self._write_banks(todo)
        self._save_records(run, todo)
        if run.source_id.create_portal:
            self._open_portals(run, todo)
        self._switch_dealers([plan for plan in todo if plan.match_id])
        self._save_conflicts(run, plans)

    def _create_dealers(self, run, plans):
        partners = (
            self.env["res.partner"]
            .with_context(tracking_disable=True)
            .create([self._prepare_dealer_vals(run, plan) for plan in plans])
        )
        targets = self._get_targets()
        for plan, partner in zip(plans, partners, strict=True):
            plan.partner_id = partner.id
            # all of a new dealer is known to both sides, our defaults, too
            plan.base = {
                **{
                    name: self._read_value(partner, target)
                    for name, target in targets.items()
                    if target.owner == "partner" and name not in plan.base
                },
                **plan.base,
            }
        # core gives the pricelist of a level on write only
        for grade, members in partners.grouped("grade_id").items():
            if grade.default_pricelist_id:
                members.write({"grade_id": grade.id})

    def _update_dealers(self, run, plans):
        """Write what changed; dealers with the same change are written together."""
        groups = defaultdict(list)
        partners = self.env["res.partner"].browse([plan.match_id for plan in plans])
        for plan, partner in zip(plans, partners, strict=True):
            vals = self._to_field_vals(plan.write, "partner")
            vals.pop("active", None)  # see _switch_dealers
            if plan.is_first:
                vals["kh_is_dealer"] = True
                if not partner.kh_erp_code:
                    vals["kh_erp_code"] = plan.row.code
            if vals:
                groups[sync_rows.get_digest(vals)].append((plan.match_id, vals))
        for group in groups.values():
            ids, vals = [partner_id for partner_id, _vals in group], group[0][1]
            same = partners.browse(ids).with_prefetch(partners.ids)
            same.with_context(kh_sync_contacts_later=self.env.context["kh_sync_batch"]).write(vals)
            self._sync_contacts(same, vals)

    def _sync_contacts(self, partners, vals):
        contacts = partners._address_fields() + partners._commercial_fields()
        if vals.keys() & set(contacts):
            partners._kh_sync_contacts(vals)

    def _write_contacts(self, plans):
        """Bring the manager up to date, or create it with what a contact has of its company."""
        new = []
        known_ids = [plan.contact_id for plan in plans if plan.contact_id]
        known = self.env["res.partner"].browse(known_ids)
        for plan in plans:
            vals = self._to_field_vals(plan.write, "contact")
            if plan.contact_id and vals:
                if "name" in vals and not vals["name"]:
                    del vals["name"]
                known.browse(plan.contact_id).with_prefetch(known_ids).write(vals)
            elif not plan.contact_id and (vals.get("name") or vals.get("email")):
                new.append((plan, vals))
        dealers = self.env["res.partner"].browse([plan.partner_id for plan, _vals in new])
        # what _fields_sync would copy one by one
        contacts = (
            self.env["res.partner"]
            .with_context(tracking_disable=True, _partners_skip_fields_sync=True)
            .create(
                [
                    {
                        **dealer._get_commercial_values(),
                        **dealer._get_address_values(),
                        "parent_id": dealer.id,
                        "type": "contact",
                        "company_id": dealer.company_id.id,
                        "lang": dealer.lang,
                        **vals,
                        "name": vals.get("name") or vals["email"],
                    }
                    for dealer, (_plan, vals) in zip(dealers, new, strict=True)
                ]
            )
        )
        for contact, (plan, _vals) in zip(contacts, new, strict=True):
            plan.contact_id = contact.id

    def _write_banks(self, plans):
        """Add bank accounts. None is ever changed or deleted by an ERP, nor trusted to pay to."""
        changed = [
            plan
            for plan in plans
            if plan.base.get("bank_account") and {"bank_account", "bank_name"} & plan.write.keys()
        ]
        if not changed:
            return
        banks = self._find_banks({plan.base.get("bank_name") for plan in changed} - {None})
        accounts = self.env["res.partner.bank"].with_context(active_test=False)
        known = accounts.search([("partner_id", "in", [plan.partner_id for plan in changed])])
        by_number = {(bank.partner_id.id, bank.sanitized_acc_number): bank for bank in known}
        new = []
        for plan in changed:
            number, name = plan.base["bank_account"], plan.base.get("bank_name")
            account = by_number.get((plan.partner_id, number))
            if account and name and account.bank_id != banks[name]:
                account.bank_id = banks[name]
            elif not account:
                bank_id = banks[name].id if name else False
                partner_id = plan.partner_id
                new.append({"partner_id": partner_id, "acc_number": number, "bank_id": bank_id})
        notes = SyncNotes()
        accounts.with_context(tracking_disable=True, kh_sync_notes=notes).create(new)
        notes.post(self.env["res.partner"])

    def _find_banks(self, names):
        """Return `{name: bank}`, creating those that are not there."""
        banks = {
            bank.name: bank for bank in self.env["res.bank"].search([("name", "in", list(names))])
        }
        new = sorted(names - banks.keys())
        created = self.env["res.bank"].create([{"name": name} for name in new])
        return banks | dict(zip(new, created, strict=True))

    def _save_records(self, run, plans):
        """Keep what both sides know now."""
        new = []
        for plan in plans:
            vals = {
                "base": plan.base,
                "digest": plan.row.digest or False,
                "version": plan.row.version or False,
                "stamp": run.stamp,
                "run_id": run.id,
                "contact_id": plan.contact_id,
            }
            if plan.record_id:
                self.env["kh.sync.record"].browse(plan.record_id).write(vals)
            else:
                vals.update(
                    code=plan.row.code,
                    company_id=run.company_id.id,
                    source_id=run.source_id.id,
                    partner_id=plan.partner_id,
                )
                new.append(vals)
        self.env["kh.sync.record"].create(new)

    # === ACTIVE === #
    def _switch_dealers(self, plans):
        """Close what the ERP closed, open what it opened again."""
        records = self.env["kh.sync.record"]
        for plan in plans:
            if "active" not in plan.write:
                continue
            record = records.search(
                [("code", "=", plan.row.code), ("partner_id", "=", plan.partner_id)], limit=1
            )
            self._switch_dealer(record, plan.write["active"])

    def _switch_dealer(self, record, is_active):
        if is_active:
            users = self.env["res.users"].browse(record.blocked_user_ids or []).exists()
            record.partner_id._kh_sync_reactivate(users)
            record.blocked_user_ids = False
        else:
            record.blocked_user_ids = record.partner_id._kh_sync_deactivate().ids

    # === PORTAL === #
    def _open_portals(self, run, plans):
        """Open portal accounts for managers whose row asks for it."""
        asked = [
            plan
            for plan in plans
            if plan.row.portal
            and plan.contact_id
            and plan.base.get("manager_email")
            and plan.base.get("active") is not False
        ]
        users = self.env["res.users"].with_context(active_test=False)
        known = users.search([("login", "in", [plan.base["manager_email"] for plan in asked])])
        by_login = {user.login: user for user in known}
        opened = users.browse()
        for plan in asked:
            login = plan.base["manager_email"]
            user = by_login.get(login)
            if not user:
                by_login[login] = self._create_portal_user(run, plan)
                opened += by_login[login]
            elif user.partner_id.commercial_partner_id.id != plan.partner_id:
                raise UserError(
                    self.env._(
                        "%(email)s is the login of another customer; no account was opened.",
                        email=login,
                    )
                )
        if run.source_id.send_invitation:
            self._send_invitations(opened)

    def _create_portal_user(self, run, plan):
        company, login = run.company_id, plan.base["manager_email"]
        users = self.env["res.users"].with_company(company).with_context(no_reset_password=True)
        try:
            user = users._create_user_from_template(
                {
                    "login": login,
                    "email": login,
                    "partner_id": plan.contact_id,
                    "company_id": company.id,
                    "company_ids": [Command.set(company.ids)],
                }
            )
        except SignupError as error:
            if isinstance(error.__context__, PG_CONCURRENCY_EXCEPTIONS_TO_RETRY):
                raise error.__context__ from None  # the server runs the call again
            raise UserError(
                self.env._("%(email)s cannot be a login; no account was opened.", email=login)
            ) from error
        role = self.env.ref("kh_b2b_member.role_dealer")
        user.write({"active": True, "role_line_ids": [Command.create({"role_id": role.id})]})
        dealer = user.partner_id.commercial_partner_id
        if not dealer._kh_get_administrators():
            user.partner_id.kh_dealer_role = "admin"  # as the first person admitted
        return user

    def _send_invitations(self, users):
        """Queue the invitations to set a password."""
        template = self.env.ref("auth_signup.set_password_email")
        for user in users:
            user.partner_id.signup_prepare()
            template.send_mail(user.id, email_values={"email_to": user.email})
