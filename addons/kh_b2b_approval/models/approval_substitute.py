from datetime import datetime, time, timedelta

import pytz

from odoo import api, fields, models
from odoo.exceptions import AccessError, ValidationError


class ApprovalSubstitute(models.Model):
    """Who decides in whose name while they are away (代理审批).

    One level only: a substitute's own substitute does not stand in for others. The person who
    is away keeps the right to decide. Days are those of the time zone of who is away.
    """

    _name = "kh.approval.substitute"
    _description = "Approval Substitute"
    _order = "date_from desc, id desc"
    _rec_name = "substitute_id"

    # === FIELDS === #
    user_id = fields.Many2one(
        "res.users",
        "Who Is Away",
        required=True,
        index=True,
        default=lambda self: self.env.user,
        domain=[("share", "=", False)],
        ondelete="cascade",
    )
    substitute_id = fields.Many2one(
        "res.users",
        "Substitute",
        required=True,
        index=True,
        domain=[("share", "=", False)],
        ondelete="cascade",
    )
    date_from = fields.Date("From", required=True, default=fields.Date.context_today)
    date_to = fields.Date("To", help="The last day. Empty: until further notice.")
    reason = fields.Char()
    active = fields.Boolean(default=True)
    # the same as moments (UTC), for the engine
    moment_from = fields.Datetime(compute="_compute_moments", store=True, precompute=True)
    moment_to = fields.Datetime(compute="_compute_moments", store=True, precompute=True)
    is_current = fields.Boolean(compute="_compute_is_current", search="_search_is_current")

    _not_oneself = models.Constraint(
        "CHECK (user_id <> substitute_id)", "Nobody can stand in for themselves."
    )
    _dates_in_order = models.Constraint(
        "CHECK (date_to IS NULL OR date_to >= date_from)", "The last day is before the first."
    )

    # === COMPUTE METHODS === #
    @api.depends("date_from", "date_to", "user_id")
    def _compute_moments(self):
        for substitute in self:
            # sudo: the time zone is on the contact
            zone = pytz.timezone(substitute.user_id.sudo().tz or "UTC")
            last = substitute.date_to
            substitute.moment_from = self._get_midnight(substitute.date_from, zone)
            substitute.moment_to = self._get_midnight(last and last + timedelta(days=1), zone)

    @api.model
    def _get_midnight(self, day, zone):
        if not day:
            return False
        local = zone.localize(datetime.combine(day, time.min))
        return local.astimezone(pytz.utc).replace(tzinfo=None)

    @api.depends("moment_from", "moment_to", "active")
    def _compute_is_current(self):
        now = fields.Datetime.now()
        for substitute in self:
            begun = substitute.moment_from and substitute.moment_from <= now
            over = substitute.moment_to and substitute.moment_to <= now
            substitute.is_current = bool(substitute.active and begun and not over)

    def _search_is_current(self, operator, value):
        if operator != "in":
            return NotImplemented
        now = fields.Datetime.now()
        domain = fields.Domain("active", "=", True) & fields.Domain("moment_from", "<=", now)
        domain &= fields.Domain("moment_to", "=", False) | fields.Domain("moment_to", ">", now)
        return domain if True in value else ~domain

    # === CONSTRAINTS === #
    @api.constrains("user_id", "substitute_id")
    def _check_people(self):
        for substitute in self.sudo():  # sudo: companies of users are not readable for all
            if substitute.user_id.share or substitute.substitute_id.share:
                raise ValidationError(self.env._("Only colleagues can stand in for one another."))
            if not substitute.substitute_id.active:
                raise ValidationError(
                    self.env._(
                        "%(user)s has left and cannot stand in.",
                        user=substitute.substitute_id.name,
                    )
                )
            if not substitute.user_id.company_ids & substitute.substitute_id.company_ids:
                raise ValidationError(
                    self.env._(
                        "%(substitute)s works in no company of %(user)s.",
                        substitute=substitute.substitute_id.name,
                        user=substitute.user_id.name,
                    )
                )

    # === CRUD METHODS === #
    @api.model_create_multi
    def create(self, vals_list):
        substitutes = super().create(vals_list)
        substitutes._ensure_own()
        substitutes._tell_pending()
        return substitutes

    def write(self, vals):
        self._ensure_own()
        result = super().write(vals)
        self._ensure_own()
        self._tell_pending()
        return result

    # === BUSINESS METHODS === #
    def _ensure_own(self):
        """Raise if somebody but an approval manager gives away another person's voice."""
        user = self.env.user
        if self.env.su or user.has_group("kh_b2b_approval.group_approval_manager"):
            return
        if foreign := self.filtered(lambda s: s.user_id != user):
            raise AccessError(
                self.env._(
                    "Only %(user)s or an approval manager can name who stands in for them.",
                    user=foreign[0].user_id.name,
                )
            )

    def _tell_pending(self):
        """Give the substitutes the to-dos of what waits already."""
        users = self.filtered("is_current").substitute_id
        # sudo: the requests are those of another person, and so are the to-dos
        requests_sudo = self.env["kh.approval.request"].sudo()
        for user in users:
            requests_sudo |= requests_sudo.browse(requests_sudo._find_turn_ids(user))
        requests_sudo._sync_turns()
