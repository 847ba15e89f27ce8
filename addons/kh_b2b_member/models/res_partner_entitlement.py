from odoo import api, fields, models
from odoo.exceptions import AccessError

from .member_grant import GrantSource

GROUP = "kh_b2b_member.group_b2b_entitlement"
# Entitlements that a contact of a dealer could have of its own, beside those of its company.
PERSONAL_FIELDS = {"specific_property_product_pricelist", "grade_id"}


class Watch:
    """Dealers whose entitlements an outer `write` compares already."""

    def __init__(self, ids):
        self.ids = frozenset(ids)


class ResPartner(models.Model):
    """Entitlements of a dealer (权益): who may change them, and the log of every change."""

    _inherit = "res.partner"

    # === FIELDS === #
    kh_payment_method_ids = fields.Many2many(
        "payment.method",
        "kh_res_partner_payment_method_rel",
        "partner_id",
        "method_id",
        string="Ways to Pay",
        domain=[("is_primary", "=", True)],
        copy=False,
        tracking=True,
        help="What this dealer may pay with. Empty: everything the shop offers.",
    )
    kh_grade_locked = fields.Boolean(
        string="Level Set by Hand",
        copy=False,
        help="Level rules leave this dealer alone.",
    )
    kh_grant_ids = fields.One2many(
        "kh.member.grant",
        "partner_id",
        string="Entitlement Log",
        groups="kh_b2b_member.group_b2b_user",
    )
    kh_grant_count = fields.Integer(
        string="Changes of Entitlements",
        compute="_compute_kh_grant_count",
        groups="kh_b2b_member.group_b2b_user",
    )

    # === COMPUTE METHODS === #
    def _compute_kh_grant_count(self):
        counts = dict(
            self.env["kh.member.grant"]._read_group(
                [("partner_id", "in", self.ids)], ["partner_id"], ["__count"]
            )
        )
        for partner in self:
            partner.kh_grant_count = counts.get(partner._origin, 0)

    # === CRUD METHODS === #
    @api.model_create_multi
    def create(self, vals_list):
        partners = super().create(vals_list)
        # sudo: the log of a new dealer is written whoever may create it
        if dealers_sudo := partners.sudo().filtered("kh_is_dealer"):
            partners.browse(dealers_sudo.ids)._kh_book_changes({})
        return partners

    def write(self, vals):
        watched = self._kh_get_watched(vals)
        if not watched:
            return super().write(vals)
        before = watched._kh_get_entitlements()
        inner = self.with_context(kh_entitlement_watch=Watch(watched.ids))
        result = super(ResPartner, inner).write(vals)
        watched._kh_book_changes(before)
        return result

    # === ACTION METHODS === #
    def action_open_kh_grants(self):
        """Open the log of this dealer's entitlements."""
        self.ensure_one()
        action = self.env["ir.actions.act_window"]._for_xml_id(
            "kh_b2b_member.kh_member_grant_action"
        )
        return {
            **action,
            "domain": [("partner_id", "=", self.commercial_partner_id.id)],
            "context": {},
        }

    # === HOOKS === #
    @api.model
    def _kh_get_entitlement_fields(self):
        """Return the fields that say what a dealer may do, in the order of the log.

        Changing one on a dealer needs the right to change entitlements and is logged.
        Add-ons that grant more add theirs (stored fields of `res.partner`).
        """
        return [
            "kh_is_dealer", "kh_member_type", "grade_id", "kh_grade_locked",
            "specific_property_product_pricelist", "kh_sales_area_ids", "user_id",
            "kh_payment_method_ids", "parent_id",
        ]  # fmt: skip

    # === BUSINESS METHODS === #
    def _kh_with_grant_source(self, kind, reasons=None):
        """Return `self` such that changes of entitlements are logged as made by `kind`.

        :param str kind: a value of `kh.member.grant.source`
        :param dict reasons: text for the log by partner id
        """
        return self.with_context(kh_grant_source=GrantSource(kind, reasons))

    def _kh_get_watched(self, vals):
        """Return whom of `self` a write of `vals` may give or take entitlements.

        These are dealers, and for level and price list their contacts, too: orders of a
        contact follow its own card.
        """
        if not vals.keys() & set(self._kh_get_entitlement_fields()):
            return self.browse()
        # sudo: whether it is a dealer decides what is checked, whoever writes
        watched_sudo = self.sudo()
        if "kh_is_dealer" not in vals:
            is_personal = bool(PERSONAL_FIELDS & vals.keys())
            watched_sudo = watched_sudo.filtered(
                lambda p: (p.commercial_partner_id if is_personal else p).kh_is_dealer
            )
        outer = self.env.context.get("kh_entitlement_watch")
        if isinstance(outer, Watch):
            # contacts that take over what their company was given come with it
            watched_sudo = watched_sudo.filtered(
                lambda p: not {p.id, p.commercial_partner_id.id} & outer.ids
            )
        return self.browse(watched_sudo.ids)

    def _kh_get_entitlements(self):
        """Return the entitlements as plain values, `{partner id: {field name: value}}`."""
        names = self._kh_get_entitlement_fields()
        # sudo: compared and logged whoever may read them
        return {
            partner.id: {name: partner._kh_get_plain(name) for name in names}
            for partner in self.sudo().with_context(active_test=False)
        }

    def _kh_get_plain(self, name):
        value = self[name]
        return tuple(sorted(value.ids)) if self._fields[name].relational else value or False

    def _kh_book_changes(self, before):
        """Log what has changed since `before`; refuse it to who may not change entitlements.

        :param dict before: what `_kh_get_entitlements` has returned; empty for new dealers
        :raise AccessError: something has changed, and the user has no right to it
        """
        rows = []
        for partner_id, values in self._kh_get_entitlements().items():
            old_values = before.get(partner_id, {})
            for name, value in values.items():
                old = old_values.get(name) or False
                if (value or False) != old:
                    rows.append((partner_id, name, old, value))
        if rows and not self.env.su and not self.env.user.has_group(GROUP):
            raise AccessError(
                self.env._(
                    "You may not change the %(entitlement)s of %(dealer)s. Ask somebody who "
                    "admits dealers, or a director.",
                    entitlement=self._fields[rows[0][1]]._description_string(self.env),
                    # sudo: the writer sees the dealer, or could not have written it
                    dealer=self.browse(rows[0][0]).sudo().display_name,
                )
            )
        self._kh_log_changes(rows)

    def _kh_log_changes(self, rows):
        source = self.env.context.get("kh_grant_source")
        if not isinstance(source, GrantSource):
            source = GrantSource("manual")
        # sudo: nobody has rights to write the log; this is its one writer
        self_sudo = self.sudo().with_context(active_test=False)
        companies = {partner.id: partner.company_id.id for partner in self_sudo}
        values = {(name, value) for _id, name, *pair in rows for value in pair}
        texts = {(name, value): self_sudo._kh_describe(name, value) for name, value in values}
        vals_list = [
            {
                "partner_id": partner_id,
                "company_id": companies[partner_id] or self.env.company.id,
                "what": name,
                "old_value": texts[name, old],
                "new_value": texts[name, new],
                "source": source.kind,
                "reason": source.reasons.get(partner_id),
            }
            for partner_id, name, old, new in rows
        ]
        if source.rows is not None:
            source.rows += vals_list
        else:
            self_sudo.env["kh.member.grant"].create(vals_list)

    @api.model
    def _kh_describe(self, name, value):
        """Return the text of a plain value."""
        field = self._fields[name]
        if not value:
            return False
        if field.relational:
            records = self.env[field.comodel_name].browse(value).exists()
            return ", ".join(record.display_name or "" for record in records)
        if field.type == "selection":
            return dict(field._description_selection(self.env)).get(value, value)
        return self.env._("Yes") if field.type == "boolean" else str(value)

    def _kh_get_allowed_payment_methods(self):
        """Return what a payer may pay with; empty: everything.

        Archived methods stay in the answer: a restriction must not end by archiving.
        """
        # sudo: payers need not read their own card; asked for one payer at a time
        dealer_sudo = self.sudo().commercial_partner_id.with_context(active_test=False)
        return dealer_sudo.kh_payment_method_ids
