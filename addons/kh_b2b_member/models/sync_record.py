from odoo import api, fields, models


class SyncRecord(models.Model):
    """What an ERP last said about one dealer: the base of the next comparison (同步基准).

    One row for each code and company. Two codes may lead to one dealer, when a person has
    linked them.
    """

    _name = "kh.sync.record"
    _description = "Synchronised Dealer"
    _rec_name = "code"
    _order = "code, id"

    code = fields.Char(string="ERP Code", required=True)
    company_id = fields.Many2one("res.company", required=True, index=True)
    source_id = fields.Many2one("kh.sync.source", required=True, ondelete="cascade", index=True)
    run_id = fields.Many2one("kh.sync.run", string="Last Change", ondelete="set null", index=True)
    partner_id = fields.Many2one("res.partner", required=True, ondelete="cascade", index=True)
    contact_id = fields.Many2one("res.partner", ondelete="set null", index="btree_not_null")
    # {target: value}, as both sides know it since the last sync
    base = fields.Json(prefetch=False)
    # digest of the last row; empty while something of it is open
    digest = fields.Char()
    version = fields.Char(help="The ERP's own version of the row.")
    stamp = fields.Datetime(required=True, help="When the last applied row had arrived.")
    # portal users whose rights the ERP took away, to give them back
    blocked_user_ids = fields.Json(prefetch=False)

    _code_company = models.UniqueIndex("(company_id, code)")


class SyncBatch:
    """Marks writes of a batch of the engine, in the context; cannot be sent by RPC."""

    def __init__(self):
        self.texts = {}


class ResPartner(models.Model):
    _inherit = "res.partner"

    kh_erp_code = fields.Char(
        string="ERP Code", copy=False, tracking=True, help="The dealer's code in the outside ERP."
    )

    _kh_erp_code_company = models.UniqueIndex(
        "(kh_erp_code, COALESCE(company_id, 0)) WHERE kh_erp_code IS NOT NULL",
        "Another dealer has this ERP code.",
    )

    # === BUSINESS METHODS === #
    def _fields_sync(self, values):
        """Leave the contacts of a batch to `_kh_sync_contacts`, which writes them together."""
        if not isinstance(self.env.context.get("kh_sync_contacts_later"), SyncBatch):
            super()._fields_sync(values)

    def _kh_sync_contacts(self, vals):
        """Give the contacts of dealers that were written together what core copies to them."""
        address = {name: vals[name] for name in self._address_fields() if name in vals}
        commercial = {name: vals[name] for name in self._commercial_fields() if name in vals}
        people = self.with_context(active_test=True, tracking_disable=True)
        if commercial:
            people.search(
                [
                    ("commercial_partner_id", "in", self.ids),
                    ("id", "not in", self.ids),
                    ("is_company", "=", False),
                ]
            ).write(commercial)
        if address:
            contacts = people.search([("parent_id", "in", self.ids), ("type", "=", "contact")])
            contacts._update_address(address)

    @api.model
    def _kh_describe(self, name, value):
        """Describe each value once for a batch, whose dealers share levels and areas."""
        batch = self.env.context.get("kh_sync_batch")
        if not isinstance(batch, SyncBatch):
            return super()._kh_describe(name, value)
        if (name, value) not in batch.texts:
            batch.texts[name, value] = super()._kh_describe(name, value)
        return batch.texts[name, value]

    # === HOOKS === #
    def _kh_sync_deactivate(self):
        """Take the rights of dealers away because the ERP says they are no longer active.

        Their portal users are archived (which ends their sessions and API keys), what they hold
        is released as for a colleague who is deactivated, then their cards are archived. Add-ons
        call `super()` and stop what is theirs.

        :return: the users whose account was closed
        """
        users = self.env["res.users"].search(
            [("partner_id", "child_of", self.ids), ("share", "=", True)]
        )
        people = users.partner_id
        people.signup_cancel()
        users.write({"active": False})
        if people:
            people._kh_release_person()
            people._kh_reroute_approvals()
        self.write({"active": False})
        return users

    def _kh_sync_reactivate(self, users):
        """Give dealers back what `_kh_sync_deactivate` took away.

        :param users: the accounts it closed
        """
        self.write({"active": True})
        users = users.filtered("share")
        users.write({"active": True})
        if users:
            users.partner_id._kh_sync_dealer_roles()
            users.partner_id._kh_reroute_approvals()
