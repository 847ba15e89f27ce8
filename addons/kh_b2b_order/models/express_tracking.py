from datetime import timedelta

from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.fields import Domain

from ..engine.express import (
    PHONE_COURIERS,
    ExpressError,
    has_moved,
    is_current,
    pick_phone,
    pick_state,
)
from ..engine.express_client import DemoCourier, Kuaidi100, Parcel
from ..utils import try_apart

STATES = [
    ("pending", "To Subscribe"),
    ("active", "Followed"),
    ("failed", "Needs the Desk"),
    ("done", "Ended"),
    ("stopped", "Stopped"),
]
COURIER_STATES = [
    ("collected", "Collected"),
    ("transit", "In transit"),
    ("delivering", "Out for delivery"),
    ("signed", "Signed for"),
    ("problem", "Problem"),
    ("refused", "Refused by receiver"),
    ("returning", "On the way back"),
]
ENDED = ("signed",)
# Moved by the shipment, the scheduler, the courier's messages and the buttons only.
GUARDED = {
    "picking_id",
    "order_id",
    "partner_id",
    "company_id",
    "courier_code",
    "number",
    "state",
    "courier_state",
    "last_event_date",
    "signed_date",
    "attempts",
    "next_try",
    "reason",
    "detail",
}
NO_ERROR = {"reason": False, "detail": False}
BATCH = 100
MAX_ATTEMPTS = 6
FIRST_WAIT = timedelta(minutes=10)  # doubled with each try
POLL_WAIT = timedelta(hours=12)  # without a push for so long, it is asked
GIVE_UP = timedelta(days=30)


class ExpressTracking(models.Model):
    """One parcel that is followed at its courier (快递跟踪, M-109).

    ========= ================ ========================================================
    from      to               by
    ========= ================ ========================================================
    pending   active           the scheduler: the subscription was accepted
    pending   failed           the scheduler: refused, or tried too often
    pending,  done             the courier says “signed for”
    active
    active    failed           a query was refused, or the service gave the parcel up
    done      active           the courier takes “signed for” back
    failed    pending          `action_retry`
    failed    active           the courier tells of something new
    failed    done             the courier says “signed for” after all
    any       stopped          the shipment bears another number by now
    stopped   pending          the number is on the shipment again
    ========= ================ ========================================================
    """

    _name = "kh.express.tracking"
    _description = "Express Tracking"
    _inherit = ["kh.guarded.mixin", "kh.data.scope.mixin"]
    _order = "id desc"
    _kh_guarded_fields = frozenset(GUARDED)
    _rec_name = "number"

    # === FIELDS === #
    picking_id = fields.Many2one(
        "stock.picking", "Shipment", required=True, readonly=True, ondelete="cascade", index=True
    )
    order_id = fields.Many2one(related="picking_id.sale_id", store=True, index=True)
    partner_id = fields.Many2one(related="order_id.partner_id", store=True, index=True)
    company_id = fields.Many2one(related="picking_id.company_id", store=True)
    carrier_id = fields.Many2one(related="picking_id.carrier_id")
    courier_code = fields.Char("Courier Code", readonly=True, help="As 快递100 names it.")
    number = fields.Char("Parcel Number", required=True, readonly=True, index=True)
    state = fields.Selection(STATES, default="pending", required=True, readonly=True, index=True)
    courier_state = fields.Selection(COURIER_STATES, readonly=True)
    last_event_date = fields.Datetime("Last Event", readonly=True)
    signed_date = fields.Datetime("Signed For On", readonly=True)
    event_ids = fields.One2many("kh.express.event", "tracking_id", "Events", readonly=True)
    # for the scheduler
    attempts = fields.Integer(readonly=True)
    next_try = fields.Datetime(default=fields.Datetime.now, readonly=True)
    # why it failed, told to each reader in his language
    reason = fields.Char(readonly=True)
    detail = fields.Char(readonly=True)
    error = fields.Char("What Is Wrong", compute="_compute_error")
    _number_uniq = models.UniqueIndex(
        "(picking_id, number)", "A parcel of a shipment is followed only once."
    )
    _due_idx = models.Index("(next_try) WHERE state IN ('pending', 'active')")

    # === COMPUTE METHODS === #
    @api.depends("reason", "detail")
    @api.depends_context("lang")
    def _compute_error(self):
        for tracking in self:
            tracking.error = tracking.reason and self._explain(tracking.reason, tracking.detail)

    # === CRUD METHODS === #
    @api.model
    def _kh_get_guard_text(self):
        return self.env._("What a courier says cannot be changed by hand.")

    # === ACTION METHODS === #
    def action_retry(self):
        """Try again what needed the desk: with the courier code and phone of now."""
        self.check_access("write")
        for tracking in self:
            if tracking.state != "failed":
                raise UserError(self.env._("Parcel %s does not need the desk.", tracking.number))
        changed_sudo = self.sudo().browse()
        for tracking_sudo in self.sudo():  # sudo: fields of the workflow, after the check above
            code = tracking_sudo.carrier_id.kh_express_code or tracking_sudo.courier_code
            if code != tracking_sudo.courier_code:
                changed_sudo |= tracking_sudo
            tracking_sudo.write({**self._prepare_pending_vals(), "courier_code": code})
        changed_sudo._kh_catch_up()
        self.env.ref("kh_b2b_order.ir_cron_follow_parcels").sudo()._trigger()  # sudo: a cron
        return True

    def action_refresh(self):
        """Ask the courier now what is known of these parcels."""
        self.check_access("write")
        for tracking in self.filtered(lambda one: one.state in ("pending", "active", "failed")):
            # sudo: the company's key is read, and what the courier says written
            tracking_sudo = tracking.sudo()
            tracking_sudo.lock_for_update()
            try:
                news = tracking_sudo._get_service().query(tracking_sudo._get_parcel())
            except ExpressError as error:
                raise UserError(self._explain(error.reason, error.detail)) from error
            tracking_sudo._apply_news(news)
        return True

    # === BUSINESS METHODS - NEWS === #
    @api.model
    def _prepare_pending_vals(self):
        return {
            "state": "pending",
            "attempts": 0,
            "next_try": fields.Datetime.now(),
            **NO_ERROR,
        }

    def _apply_news(self, news):
        """Keep what a courier says of this parcel; runs as superuser, on a locked row.

        The same news twice, or late ones, change nothing but add events that are missing.

        :param ExpressNews news:
        """
        self.ensure_one()
        known = set(self.event_ids.mapped("digest"))
        self.env["kh.express.event"].create(
            [
                {
                    "tracking_id": self.id,
                    "date": event.moment,
                    "name": event.text,
                    "digest": event.digest,
                }
                for event in news.events
                if event.digest not in known
            ]
        )
        self.write(self._prepare_news_vals(news))

    def _prepare_news_vals(self, news):
        """Return what changes by these news; never empty, for who waits must see a change."""
        vals = {"attempts": 0}
        if self.state == "active":  # trouble of an earlier query is over
            vals |= NO_ERROR
        if self.state != "pending":  # it is still to be subscribed
            vals["next_try"] = fields.Datetime.now() + POLL_WAIT
        last, state = self.last_event_date, self.courier_state or ""
        if not is_current(news, last):
            return vals
        newest = news.events[0].moment if news.events else False
        state = pick_state(news, last, state)
        vals |= {"last_event_date": newest, "courier_state": state}
        if state in ENDED:
            vals |= {"state": "done", "signed_date": newest, **NO_ERROR}
        elif self.state == "done":
            vals |= {"state": "active", "signed_date": False}
        elif news.is_ended and self.state in ("pending", "active"):
            vals |= {"state": "failed", "reason": "given_up", "detail": False}
        elif self.state == "failed" and has_moved(news, last):
            vals |= {"state": "active", **NO_ERROR}
        return vals

    @api.model
    def _explain(self, reason, detail):
        """Return one sentence for the desk."""
        reasons = self._get_reasons()
        text = reasons.get(reason) or reasons["unavailable"]
        return f"{text} ({detail})" if detail else text

    @api.model
    def _get_reasons(self):
        """Return ``{reason of an ExpressError: sentence}``."""
        _ = self.env._
        return {
            "unavailable": _("The courier service cannot be reached; it is tried again."),
            "garbage": _("The courier service answered something that cannot be read."),
            "bad_key": _("The courier service refuses our customer number or key: check them."),
            "needs_phone": _("This courier asks for the receiver's phone: complete the address."),
            "unknown_courier": _("The courier service does not know this courier code."),
            "no_courier": _("The delivery method has no courier code: enter it, then try again."),
            "no_service": _("No courier service is set up for this company."),
            "refused": _("The courier service refuses this parcel number."),
            "given_up": _("The courier has had no news of this parcel for long."),
        }

    # === BUSINESS METHODS - SERVICE === #
    def _get_service(self):
        """Return who is asked for these parcels' company; runs as superuser.

        :raise ExpressError: none is set up
        """
        company = self.company_id
        if company.kh_express_provider == "demo":
            return DemoCourier(fields.Datetime.now())
        is_complete = company.kh_express_url and company.kh_express_key
        if company.kh_express_provider != "kuaidi100" or not is_complete:
            raise ExpressError("no_service")
        base = company.get_base_url()
        return Kuaidi100(
            url=company.kh_express_url,
            customer=company.kh_express_customer or "",
            key=company.kh_express_key,
            salt=company.kh_express_salt or "",
            callback=f"{base}/kh/express/callback?company={company.id}",
            is_local=company.kh_express_is_local,
        )

    def _get_parcel(self):
        """Return what is asked for.

        :raise ExpressError: a courier code, or a phone that the courier asks for, is missing
        """
        self.ensure_one()
        if not self.courier_code:
            raise ExpressError("no_courier")
        phone = ""
        if self.courier_code in PHONE_COURIERS:
            phone = pick_phone(self.picking_id.partner_id.phone, self.company_id.phone)
            if not phone:
                raise ExpressError("needs_phone")
        shipped = self.picking_id.date_done or fields.Datetime.now()
        return Parcel(self.courier_code, self.number, phone, shipped)

    # === CRON === #
    @api.model
    def _cron_follow(self):
        """Subscribe to new parcels, and ask for those nobody told us of for long.

        A parcel that fails stops no other; it is tried again as late as one without news.
        """
        self.env["kh.express.message"]._apply_waiting()
        now = fields.Datetime.now()
        domain = Domain("state", "in", ("pending", "active")) & Domain("next_try", "<=", now)
        due = self.search(domain, order="next_try, id", limit=BATCH)
        progress = self.env["ir.cron"]
        progress._commit_progress(remaining=self.search_count(domain))
        for tracking in due:
            free = tracking.try_lock_for_update()  # a push may be at it
            is_due = free.state in ("pending", "active")
            if is_due and not try_apart(free, lambda parcel: parcel._follow()):
                free.next_try = fields.Datetime.now() + POLL_WAIT
            if not progress._commit_progress(1):
                break

    def _follow(self):
        """Do the next thing for one locked parcel."""
        self.ensure_one()
        try:
            service, parcel = self._get_service(), self._get_parcel()
            if self.state == "pending":
                service.subscribe(parcel)
                self.write({"state": "active", "attempts": 0, **NO_ERROR})
                wait = timedelta(0) if isinstance(service, DemoCourier) else POLL_WAIT
                self.next_try = fields.Datetime.now() + wait
            if self.next_try <= fields.Datetime.now():
                self._apply_news(service.query(parcel))
                self._stop_if_old()
        except ExpressError as error:
            self._note_failure(error)

    def _stop_if_old(self):
        """Leave a parcel to the desk that nobody has seen for a month."""
        since = self.last_event_date or self.create_date
        if self.state == "active" and since < fields.Datetime.now() - GIVE_UP:
            self.write({"state": "failed", "reason": "given_up", "detail": False})

    def _note_failure(self, error):
        """Try later, or leave it to the desk with one clear sentence."""
        attempts = self.attempts + 1
        vals = {"attempts": attempts, "reason": error.reason, "detail": error.detail}
        if error.is_transient and attempts < MAX_ATTEMPTS:
            vals["next_try"] = fields.Datetime.now() + FIRST_WAIT * 2 ** (attempts - 1)
        else:
            vals["state"] = "failed"
        self.write(vals)


class ExpressEvent(models.Model):
    """One scan of a parcel, as its courier told it (物流轨迹)."""

    _name = "kh.express.event"
    _description = "Express Event"
    _order = "date desc, id desc"

    tracking_id = fields.Many2one(
        "kh.express.tracking", required=True, ondelete="cascade", index=True
    )
    date = fields.Datetime(required=True)
    name = fields.Char("Event", required=True)
    digest = fields.Char(required=True)
    _digest_uniq = models.UniqueIndex("(tracking_id, digest)")
