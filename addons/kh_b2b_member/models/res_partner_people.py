from odoo import api, fields, models
from odoo.exceptions import AccessError, ValidationError

DEALER_ROLES = [
    ("buyer", "Buyer"),
    ("approver", "Approver"),
    ("finance", "Finance"),
    ("admin", "Administrator"),
]
# The role that gives the users of a contact their groups.
ROLE_XMLIDS = {
    "buyer": "kh_b2b_member.role_dealer",
    "approver": "kh_b2b_member.role_dealer_approver",
    "finance": "kh_b2b_member.role_dealer_finance",
    "admin": "kh_b2b_member.role_dealer_admin",
}
PEOPLE_FIELDS = {
    "kh_dealer_role",
    "kh_order_limit",
    "kh_month_limit",
    "kh_limit_currency_id",
    "kh_buyers_need_approval",
}
LIMIT_FIELDS = {"kh_order_limit", "kh_month_limit"}
# A write of these may give a person other groups.
ROLE_FIELDS = {"kh_dealer_role", "parent_id", "is_company"}
# Staff who may say what a dealer's person may do, beside the dealer's own administrator.
STAFF_GROUPS = (
    "kh_b2b_member.group_b2b_administrator",
    "kh_b2b_member.group_b2b_admission_clerk",
    "kh_b2b_member.group_b2b_supervisor",
)


class ResPartner(models.Model):
    """The people of a dealer and what each of them may do (同事与权限)."""

    _inherit = "res.partner"

    # === FIELDS === #
    # on a contact: what this person may do for the dealer
    kh_dealer_role = fields.Selection(
        DEALER_ROLES,
        string="Role at the Dealer",
        copy=False,
        tracking=True,
        groups="base.group_user",
        help="What this person may do in the dealer's portal. It gives the portal user its "
        "rights; an administrator may do everything and manages the colleagues.",
    )
    kh_order_limit = fields.Monetary(
        string="Limit per Order",
        currency_field="kh_limit_currency_id",
        copy=False,
        tracking=True,
        groups="base.group_user",
        help="An order of this person above it, tax included, needs the approval of a colleague. "
        "0: no limit. Administrators have none.",
    )
    kh_month_limit = fields.Monetary(
        string="Limit per Month",
        currency_field="kh_limit_currency_id",
        copy=False,
        tracking=True,
        groups="base.group_user",
        help="The same for all orders of this person in one month together, tax included.",
    )
    kh_limit_currency_id = fields.Many2one(
        "res.currency",
        string="Currency of Limits",
        copy=False,
        groups="base.group_user",
        help="The currency of the company in which the first limit was set; orders in another "
        "currency are converted at the day's rate.",
    )
    kh_works_for_dealer = fields.Boolean(
        related="commercial_partner_id.kh_is_dealer", string="Works for a Dealer"
    )
    # on the dealer
    kh_buyers_need_approval = fields.Boolean(
        string="All Orders of Buyers Need Approval",
        copy=False,
        tracking=True,
        groups="base.group_user",
        help="Every order of a buyer is approved by a colleague of the dealer, whatever it costs.",
    )

    _limits_not_negative = models.Constraint(
        "CHECK (COALESCE(kh_order_limit, 0) >= 0 AND COALESCE(kh_month_limit, 0) >= 0)",
        "A limit cannot be negative.",
    )

    # === CRUD METHODS === #
    @api.model_create_multi
    def create(self, vals_list):
        context = self.env.context
        named = {name for vals in vals_list for name in PEOPLE_FIELDS if vals.get(name)}
        has_people = named or any(context.get(f"default_{name}") for name in PEOPLE_FIELDS)
        if has_people:
            self._ensure_may_set_people()
        partners = super().create(vals_list)
        if has_people:
            partners._set_limit_currency()
        return partners

    def write(self, vals):
        if PEOPLE_FIELDS & vals.keys():
            self._ensure_may_set_people()
        has_limits = LIMIT_FIELDS & vals.keys() and "kh_limit_currency_id" not in vals
        if has_limits:
            # a first limit is in the currency of the company in which it is set; a later one
            # stays in the currency that the card shows
            # sudo: limits are for internal users only
            fresh = self.sudo().filtered(lambda p: not p._kh_has_limit())
            fresh.filtered("kh_limit_currency_id").kh_limit_currency_id = False
        before = self._kh_get_role_facts() if ROLE_FIELDS & vals.keys() else None
        result = super().write(vals)
        if before is not None:
            self._after_role_change(before)
        if has_limits:
            self._set_limit_currency()
        return result

    def _kh_get_role_facts(self):
        # sudo: the role is for internal users only, also where a person's card is moved
        return {
            partner: (partner.kh_dealer_role, partner.commercial_partner_id)
            for partner in self.sudo()
        }

    # === BUSINESS METHODS - ROLE === #
    def _ensure_may_set_people(self):
        """Raise unless a dealer's administrator (as superuser) or our staff is at work."""
        if self.env.su or any(self.env.user.has_group(group) for group in STAFF_GROUPS):
            return
        raise AccessError(
            self.env._("Only the dealer's administrator says what the colleagues may do.")
        )

    def _kh_has_limit(self):
        self.ensure_one()
        return bool(self.kh_order_limit or self.kh_month_limit)

    def _kh_get_limit_currency(self):
        """Return the currency in which limits of this person are, or would be."""
        self.ensure_one()
        kept = self.kh_limit_currency_id if self._kh_has_limit() else self.kh_limit_currency_id[:0]
        return kept or self.env.company.currency_id

    def _set_limit_currency(self):
        """Say in which currency limits are that have none yet."""
        # sudo: limits are for internal users only; who may set them was checked
        fresh = self.sudo().filtered(lambda p: p._kh_has_limit() and not p.kh_limit_currency_id)
        if fresh:
            fresh.write({"kh_limit_currency_id": self.env.company.currency_id.id})

    def _after_role_change(self, before):
        """Take the role from who changed the company; give users what their role says.

        :param dict before: `{contact: (role, commercial partner)}`
        """
        moved = self.browse()
        demoted_from = self.browse()
        changed = self.browse()
        for contact, (role, dealer) in before.items():
            if role and contact.commercial_partner_id != dealer:
                moved |= contact
            if contact.kh_dealer_role != role or contact in moved:
                changed |= contact
            if role == "admin" and contact.kh_dealer_role != "admin":
                demoted_from |= dealer
        if moved:
            # a role in one company says nothing about another one
            super(ResPartner, moved).write({"kh_dealer_role": False})
        changed._kh_sync_dealer_roles()
        demoted_from._ensure_has_administrator()

    def _ensure_has_administrator(self):
        """Raise for a dealer whose last administrator was just taken away."""
        for dealer in self:
            if not dealer._kh_get_administrators():
                raise ValidationError(
                    self.env._(
                        "%(dealer)s needs at least one administrator: name another one first.",
                        dealer=dealer.name,
                    )
                )

    def _kh_get_administrators(self):
        """Return the active users who manage the colleagues of this dealer."""
        self.ensure_one()
        return self._kh_get_people_with("admin")

    def _kh_get_people_with(self, right):
        """Return the active portal users of these dealers with one right; as superuser.

        :param str right: "admin", "approver", "buyer" or "finance" (an administrator has all)
        :rtype: res.users recordset
        """
        if not self:
            return self.env["res.users"]
        group = self.env.ref(f"kh_b2b_member.group_b2b_dealer_{right}")
        # sudo: who has which right is not readable for portal users; names are all they see
        return (
            self.env["res.users"]
            .sudo()
            .search(
                [
                    ("partner_id.commercial_partner_id", "in", self.commercial_partner_id.ids),
                    ("all_group_ids", "in", group.ids),
                    ("share", "=", True),
                ]
            )
        )

    def _kh_sync_dealer_roles(self):
        """Give the portal users of these contacts the one role that their card names.

        The only place where a dealer's rights are set; staff are never touched. A contact
        without a role keeps what it has, as a buyer if it had more.
        """
        # sudo: roles and groups belong to administration; who may set a role was checked
        partners_sudo = self.sudo().with_context(active_test=False)
        users_sudo = partners_sudo.user_ids.filtered(lambda u: u.share and not u._is_public())
        if not users_sudo:
            return
        roles = {key: self.env.ref(xmlid).sudo() for key, xmlid in ROLE_XMLIDS.items()}
        all_roles = self.env["res.users.role"].union(*roles.values())
        Line = users_sudo.role_line_ids
        new_vals, stale, reopened = [], Line.browse(), Line.browse()
        for user in users_sudo:
            lines = user.role_line_ids.filtered(lambda line: line.role_id in all_roles)
            wanted = roles.get(user.partner_id.kh_dealer_role) or (lines and roles["buyer"])
            if not wanted:
                continue
            stale |= lines.filtered(lambda line, role=wanted: line.role_id != role)
            kept = lines - stale
            reopened |= kept.filtered(lambda line: line.date_from or line.date_to)
            if not kept:
                new_vals.append({"user_id": user.id, "role_id": wanted.id})
        reopened.write({"date_from": False, "date_to": False})
        Line.browse().create(new_vals)
        stale.unlink()
        users_sudo.set_groups_from_roles()
