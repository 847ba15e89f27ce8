from odoo import api, fields, models
from odoo.exceptions import AccessError

SOURCES = [
    ("manual", "By hand"),
    ("admission", "Admission"),
    ("rule", "Level rule"),
    ("order", "Membership order"),
    ("sync", "Synchronisation"),
]


class GrantSource:
    """Why entitlements change; travels in the context as `kh_grant_source`.

    An object and not a text, so that nobody can send one by RPC. With `is_collecting`, rows
    wait in `rows` until whoever made the source books them.
    """

    def __init__(self, kind, reasons=None, is_collecting=False):
        self.kind = kind
        self.reasons = reasons or {}  # {partner id: text}
        self.rows = [] if is_collecting else None


class MemberGrant(models.Model):
    """What a dealer was granted or lost, by whom, when and why (权益变更记录).

    Rows are added by `res.partner` and by the admission as superuser. Nobody has a right to
    create, change or delete them, and the code refuses the latter two to itself, too.
    """

    _name = "kh.member.grant"
    _description = "Entitlement Log"
    _order = "id desc"
    _rec_name = "what"

    # === FIELDS === #
    partner_id = fields.Many2one(
        "res.partner",
        string="Dealer",
        readonly=True,
        index=True,
        ondelete="set null",
    )
    partner_name = fields.Char(
        string="Name of the Dealer",
        readonly=True,
        help="As it was called then; stays when the card is deleted.",
    )
    company_id = fields.Many2one("res.company", required=True, readonly=True, index=True)
    what = fields.Selection("_selection_what", string="Entitlement", required=True, readonly=True)
    old_value = fields.Char(string="Before", readonly=True)
    new_value = fields.Char(string="After", readonly=True)
    source = fields.Selection(SOURCES, required=True, default="manual", readonly=True)
    reason = fields.Char(readonly=True)
    user_id = fields.Many2one(
        "res.users", string="By", required=True, readonly=True, default=lambda self: self.env.uid
    )
    date = fields.Datetime(
        string="When", required=True, readonly=True, default=fields.Datetime.now, index=True
    )
    application_id = fields.Many2one(
        "kh.member.application", readonly=True, index="btree_not_null", ondelete="set null"
    )

    @api.model
    def _selection_what(self):
        """Return the entitlements by name; add-ons extend `_kh_get_entitlement_fields`."""
        partner = self.env["res.partner"]
        names = partner._kh_get_entitlement_fields()
        return [
            *[(name, partner._fields[name]._description_string(self.env)) for name in names],
            ("credit", self.env._("Credit")),
        ]

    # === CRUD METHODS === #
    @api.model_create_multi
    def create(self, vals_list):
        for vals in vals_list:
            partner = self.env["res.partner"].browse(vals.get("partner_id"))
            # sudo: rows are written as superuser; the name is that of the dealer of the row
            vals["partner_name"] = partner.sudo().name
        return super().create(vals_list)

    def write(self, vals):
        if vals:
            self._deny()
        return super().write(vals)

    @api.ondelete(at_uninstall=False)
    def _unlink_except_never(self):
        self._deny()

    def _deny(self):
        raise AccessError(self.env._("The entitlement log is only added to."))
