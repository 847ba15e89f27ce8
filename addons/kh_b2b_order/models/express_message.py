import hashlib

from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.tools import SQL

from ..engine.express import ExpressError, parse_push
from ..utils import run_apart

STATES = [
    ("applied", "Applied"),
    ("waiting", "Waiting"),
    ("unknown", "Unknown Parcel"),
    ("garbage", "Unreadable"),
]
# All of it: what was signed stays as it came.
GUARDED = {"company_id", "body", "digest", "courier_code", "number", "state", "hits"}
KEEP_DAYS = 90
BATCH = 200


class ExpressMessage(models.Model):
    """What a courier service pushed to us, word for word, each message once (推送原文).

    Only messages with the right signature get here. Applying one again changes nothing.

    ========= =========== =======================================================
    from      to          by
    ========= =========== =======================================================
    (new)     applied     the parcel is followed
    (new)     waiting     its courier is being asked right now
    (new)     unknown     no shipment bears this number yet
    (new)     garbage     it cannot be read
    waiting   applied     the scheduler, or the parcel is followed anew
    unknown   applied     the parcel is followed by now, or `action_apply`
    unknown   waiting     as above, and its courier is being asked right now
    waiting   unknown     the parcel is followed no longer
    ========= =========== =======================================================
    """

    _name = "kh.express.message"
    _description = "Express Message"
    _inherit = ["kh.guarded.mixin"]
    _order = "id desc"
    _kh_guarded_fields = frozenset(GUARDED)
    _rec_name = "number"

    # === FIELDS === #
    company_id = fields.Many2one("res.company", required=True, readonly=True, ondelete="cascade")
    body = fields.Text(required=True, readonly=True)
    digest = fields.Char(required=True, readonly=True)
    courier_code = fields.Char(readonly=True)
    number = fields.Char("Parcel Number", readonly=True, index=True)
    state = fields.Selection(STATES, required=True, readonly=True)
    hits = fields.Integer("Times Received", default=1, readonly=True, help="How often it came.")
    _digest_uniq = models.UniqueIndex("(company_id, digest)")

    # === CRUD METHODS === #
    @api.model
    def _kh_get_guard_text(self):
        return self.env._("What a courier says cannot be changed by hand.")

    # === ACTION METHODS === #
    def action_apply(self):
        """Apply messages of parcels that were not followed when they came."""
        self.check_access("write")
        for message in self:
            if message.state != "unknown":
                raise UserError(self.env._("This message was applied, or cannot be read."))
        self.sudo()._apply()  # sudo: parcels are written by couriers only
        return True

    # === BUSINESS METHODS === #
    @api.model
    def _receive(self, company, body):
        """Store one message with a right signature, and apply it; runs as superuser.

        :param str body: the form field `param`, as it came
        :return: the message; the one that is there when it came before
        """
        body = body.replace("\x00", "")  # cannot be stored, and stands in no JSON
        digest = hashlib.sha256(body.encode()).hexdigest()
        known = self.search([("company_id", "=", company.id), ("digest", "=", digest)])
        if known:
            known.hits += 1
            return known
        vals = {"company_id": company.id, "body": body, "digest": digest, "state": "garbage"}
        try:
            news = parse_push(body)
        except ExpressError:
            return self._insert(vals)
        message = self._insert(
            {**vals, "state": "unknown", "courier_code": news.courier, "number": news.number}
        )
        message._apply()
        return message

    @api.model
    def _insert(self, vals):
        """Create a message; two equal ones at once make the second request try again."""
        now, uid = fields.Datetime.now(), self.env.uid
        vals = {
            **vals, "hits": 1, "create_date": now, "write_date": now,
            "create_uid": uid, "write_uid": uid,
        }  # fmt: skip
        # by hand: the ORM's error on a double key is final, that of ON CONFLICT is repeated
        rows = self.env.execute_query(
            SQL(
                "INSERT INTO kh_express_message (%s) VALUES %s"
                " ON CONFLICT (company_id, digest) DO UPDATE"
                " SET hits = kh_express_message.hits + 1 RETURNING id",
                SQL(", ").join(SQL.identifier(name) for name in vals),
                tuple(vals.values()),
            )
        )
        return self.browse(rows[0][0])

    def _apply(self):
        """Pass messages of followed parcels on; the others wait for their parcel.

        A parcel whose courier is being asked is locked for some seconds: who pushes does not
        wait for that, the scheduler applies the message afterwards.
        """
        Tracking = self.env["kh.express.tracking"]
        trackings = Tracking.search(
            [("number", "in", self.mapped("number")), ("state", "!=", "stopped")]
        )
        free = trackings.try_lock_for_update()
        free.invalidate_recordset()
        by_parcel = trackings.grouped(lambda one: (one.company_id, one.number, one.courier_code))
        for message in self.sorted("id"):
            news = parse_push(message.body)
            found = by_parcel.get((message.company_id, news.number, news.courier), Tracking)
            for tracking in found & free:
                tracking._apply_news(news)
            if not found:
                message.state = "unknown"
            else:
                message.state = "applied" if found <= free else "waiting"
        if any(message.state == "waiting" for message in self):
            self.env.ref("kh_b2b_order.ir_cron_follow_parcels").sudo()._trigger()  # sudo: a cron

    # === CRON === #
    @api.model
    def _apply_waiting(self):
        """Apply what came while a courier was being asked."""
        waiting = self.search([("state", "=", "waiting")], order="id", limit=BATCH)
        run_apart(waiting, lambda messages: messages._apply())

    @api.autovacuum
    def _gc_messages(self):
        limit = fields.Datetime.subtract(fields.Datetime.now(), days=KEEP_DAYS)
        self.search([("create_date", "<", limit)], limit=10000).unlink()
