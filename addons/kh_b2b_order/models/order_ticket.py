from datetime import timedelta

from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.fields import Domain
from odoo.tools import SQL, plaintext2html

KINDS = [("question", "Question"), ("complaint", "Complaint"), ("suggestion", "Suggestion")]
STATES = [
    ("new", "New"),
    ("progress", "In Progress"),
    ("waiting", "Waiting for Dealer"),
    ("solved", "Solved"),
    ("closed", "Ended"),
]
RATINGS = [
    ("1", "Very dissatisfied"),
    ("2", "Dissatisfied"),
    ("3", "Neutral"),
    ("4", "Satisfied"),
    ("5", "Very satisfied"),
]
OPEN_STATES = ("new", "progress", "waiting")
OUR_TURN = ("new", "progress")
# Step: states it leaves, state it leads to.
MOVES = {
    "start": (("new",), "progress"),
    "wait": (("new", "progress"), "waiting"),
    "resume": (("waiting",), "progress"),
    "solve": (("new", "progress", "waiting"), "solved"),
    "reopen": (("solved",), "progress"),
    "close": (("solved",), "closed"),
}
# Moved by the steps only; the rest of a ticket is open to whoever may write it.
GUARDED = {
    "state",
    "date_turn",
    "date_answered",
    "date_solved",
    "rating",
    "is_escalated",
    "date_message",
    "client_key",
    "dealer_id",
    "deadline",
    "is_urgent",
}
CLOSE_DAYS = 7  # after the solution, without a word of the dealer
BATCH = 100
DEFAULT_GRADES = {"complaint": "kh_b2b_order.kh_order_ticket_grade_3"}
DEFAULT_GRADE = "kh_b2b_order.kh_order_ticket_grade_4"


class OrderTicket(models.Model):
    """A question, complaint or suggestion of a dealer (客户服务工单, M-06, M-149).

    ===================== ========= ===================================================
    from                  to        by
    ===================== ========= ===================================================
    new                   progress  `action_start`, or the first answer of staff
    new, progress         waiting   `action_wait`: the dealer has to say something
    waiting               progress  `action_resume`, or the dealer writes
    new, progress,        solved    `action_solve`, with the solution
    waiting
    solved                progress  `action_reopen`, or the dealer writes
    solved                closed    `action_close`, the dealer rates it, or the
                                    scheduler after seven days
    ===================== ========= ===================================================

    While it is our turn a deadline runs: so many hours after our turn began, by grade.
    """

    _name = "kh.order.ticket"
    _description = "Service Ticket"
    _inherit = ["kh.guarded.mixin", "mail.thread", "mail.activity.mixin", "kh.data.scope.mixin"]
    _kh_scope_field = "dealer_id"
    _kh_scope_is_commercial = True
    _order = "is_urgent desc, deadline, id desc"
    _kh_guarded_fields = frozenset(GUARDED)
    _check_company_auto = True

    # === FIELDS === #
    name = fields.Char("Number", default="/", required=True, readonly=True, copy=False)
    subject = fields.Char(required=True, tracking=True)
    kind = fields.Selection(KINDS, required=True, default="question", tracking=True)
    text = fields.Text("What Happened", required=True)
    order_id = fields.Many2one("sale.order", "Order", index=True, check_company=True)
    order_name = fields.Char("Order No.", related="order_id.name", compute_sudo=True)
    partner_id = fields.Many2one("res.partner", "Reported By", required=True, index=True)
    dealer_id = fields.Many2one(
        related="partner_id.commercial_partner_id", string="Dealer", store=True, index=True
    )
    company_id = fields.Many2one(
        "res.company", required=True, default=lambda self: self.env.company
    )
    user_id = fields.Many2one(
        "res.users", "Responsible", tracking=True, index=True, domain=[("share", "=", False)]
    )
    grade_id = fields.Many2one(
        "kh.order.ticket.grade", "Grade", required=True, tracking=True,
        default=lambda self: self._default_grade_id(),
    )  # fmt: skip
    state = fields.Selection(
        STATES,
        default="new",
        required=True,
        readonly=True,
        copy=False,
        tracking=True,
        index=True,
        group_expand=True,
    )
    # until when
    date_turn = fields.Datetime(
        "Our Turn Since", default=fields.Datetime.now, readonly=True, copy=False
    )
    deadline = fields.Datetime(compute="_compute_deadline", store=True, index="btree_not_null")
    is_urgent = fields.Boolean("Has a Deadline", compute="_compute_deadline", store=True)
    is_overdue = fields.Boolean(
        "Overdue", compute="_compute_is_overdue", search="_search_is_overdue"
    )
    is_escalated = fields.Boolean("Escalated", readonly=True, copy=False)
    date_message = fields.Datetime("Last Message On", readonly=True, copy=False)
    date_answered = fields.Datetime("First Answer On", readonly=True, copy=False)
    date_solved = fields.Datetime("Solved On", readonly=True, copy=False)
    solution = fields.Text(copy=False, help="The dealer reads it.")
    rating = fields.Selection(RATINGS, "Satisfaction", readonly=True, copy=False, tracking=True)
    client_key = fields.Char(readonly=True, copy=False, help="Sent twice, made once.")
    _client_key_uniq = models.UniqueIndex("(partner_id, client_key) WHERE client_key IS NOT NULL")

    # === DEFAULT METHODS === #
    def _default_grade_id(self):
        kind = self.env.context.get("default_kind")
        return self._find_grade(kind)

    @api.model
    def _find_grade(self, kind):
        """Return the grade of new tickets of a kind; staff may raise it (M-149)."""
        name = DEFAULT_GRADES.get(kind, DEFAULT_GRADE)
        Grade = self.env["kh.order.ticket.grade"]
        # a grade of ours may have been deleted: the mildest one then
        return self.env.ref(name, raise_if_not_found=False) or Grade.search(
            [], order="level desc", limit=1
        )

    # === COMPUTE METHODS === #
    @api.depends("state", "date_turn", "grade_id.hours")
    def _compute_deadline(self):
        for ticket in self:
            is_ours = ticket.state in OUR_TURN and ticket.date_turn
            ticket.deadline = is_ours and ticket.date_turn + timedelta(hours=ticket.grade_id.hours)
            ticket.is_urgent = bool(is_ours)

    @api.depends("deadline")
    def _compute_is_overdue(self):
        now = fields.Datetime.now()
        for ticket in self:
            ticket.is_overdue = bool(ticket.deadline) and ticket.deadline < now

    @api.model
    def _search_is_overdue(self, operator, value):
        if operator != "in":
            return NotImplemented
        overdue = Domain("deadline", "<", fields.Datetime.now())
        return overdue if True in value else ~overdue

    # === CRUD METHODS === #
    @api.model_create_multi
    def create(self, vals_list):
        sequence = self.env["ir.sequence"]
        for vals in vals_list:
            if vals.get("name", "/") == "/":
                # sudo: numbers are drawn for whoever asks
                vals["name"] = sequence.sudo().next_by_code("kh.order.ticket") or "/"
            if not vals.get("grade_id"):
                vals["grade_id"] = self._find_grade(vals.get("kind", "question")).id
        tickets = super().create(vals_list)
        tickets._ensure_order_of_dealer()
        tickets.filtered(lambda ticket: not ticket.user_id)._assign()
        for ticket in tickets:
            # sudo: dealers hear of their ticket, whoever made it
            ticket.sudo().message_subscribe(ticket.partner_id.ids)
        return tickets

    def write(self, vals):
        if "partner_id" in vals:
            self._ensure_person_of_dealer(vals["partner_id"])
        result = super().write(vals)
        if {"order_id", "partner_id"} & vals.keys():
            self._ensure_order_of_dealer()
        if "partner_id" in vals:
            # sudo: who reported it hears of it, whoever wrote that down
            self.sudo().message_subscribe([vals["partner_id"]])
        if "grade_id" in vals:
            now = fields.Datetime.now()
            regraded = self.filtered(lambda ticket: ticket.deadline and ticket.deadline > now)
            regraded.sudo().is_escalated = False  # sudo: a field of the workflow
        return result

    @api.model
    def _kh_get_guard_text(self):
        return self.env._("The state of a ticket is moved by its buttons only.")

    def _ensure_person_of_dealer(self, partner_id):
        """A ticket stays with its dealer: who wrote on it goes on reading it."""
        # sudo: whose person it is, also for staff with a limited range
        dealer = self.env["res.partner"].sudo().browse(partner_id).commercial_partner_id
        for ticket in self:
            if ticket.dealer_id.id != dealer.id:
                raise UserError(
                    self.env._(
                        "Ticket %s stays with its dealer: choose a person of that company.",
                        ticket.name,
                    )
                )

    def _ensure_order_of_dealer(self):
        for ticket in self.filtered("order_id"):
            # sudo: whose order it is, for staff who see tickets only
            order_sudo = ticket.order_id.sudo()
            if order_sudo.partner_id.commercial_partner_id != ticket.dealer_id:
                raise UserError(self.env._("Order %s belongs to another dealer.", order_sudo.name))

    @api.ondelete(at_uninstall=False)
    def _unlink_except_used(self):
        raise UserError(self.env._("Tickets are kept; close them instead."))

    # === ACTION METHODS === #
    def action_start(self):
        """Take tickets up; who has no owner becomes mine."""
        self._check_step("start")
        self.filtered(lambda ticket: not ticket.user_id).user_id = self.env.user
        self._move("start")
        return True

    def action_wait(self):
        """Hand tickets to the dealer: an answer of his is awaited, our deadline stops."""
        self._check_step("wait")
        self._move("wait")
        return True

    def action_resume(self):
        """Go on with tickets although the dealer has not written."""
        self._check_step("resume")
        self._move("resume")
        return True

    def action_solve(self):
        """Tell the dealer the solution that was entered."""
        self._check_step("solve")
        for ticket in self:
            if not (ticket.solution or "").strip():
                raise UserError(
                    self.env._("Ticket %s: enter the solution, the dealer reads it.", ticket.name)
                )
        self._move("solve")
        for ticket in self:
            # in the words of who reads it, not of who presses the button
            _ = ticket.with_context(lang=ticket.partner_id.lang).env._
            ticket.message_post(
                body=_("Solution: %s", plaintext2html(ticket.solution, with_paragraph=False)),
                message_type="comment",
                subtype_xmlid="mail.mt_comment",
            )
        return True

    def action_reopen(self):
        """Take solved tickets up again."""
        self._check_step("reopen")
        self._move("reopen")
        return True

    def action_close(self):
        """End solved tickets."""
        self._check_step("close")
        self._move("close")
        return True

    # === BUSINESS METHODS - STATE === #
    def _check_step(self, step):
        self.check_access("write")
        self._lock()
        self._ensure_can(step)

    def _lock(self):
        """Queue for the rows of these tickets: who comes second sees the first one's step.

        The rows are written: only then whoever waited is repeated with what he missed.
        """
        if not self.ids:
            return
        self.flush_recordset()
        self.env.execute_query(
            SQL(
                """
                UPDATE kh_order_ticket SET write_date = write_date WHERE id IN (
                    SELECT id FROM kh_order_ticket WHERE id IN %s ORDER BY id FOR UPDATE
                ) RETURNING id
                """,
                tuple(self.ids),
            )
        )
        self.invalidate_recordset(["state"])

    def _ensure_can(self, step):
        sources, _target = MOVES[step]
        labels = dict(self._fields["state"]._description_selection(self.env))
        for ticket in self:
            if ticket.state not in sources:
                raise UserError(
                    self.env._(
                        "Ticket %(ticket)s is “%(state)s”; this step is not possible.",
                        ticket=ticket.name,
                        state=labels[ticket.state],
                    )
                )

    def _move(self, step):
        """Move checked tickets; our deadline begins anew where it becomes our turn."""
        _sources, target = MOVES[step]
        vals = {"state": target}
        if step in ("resume", "reopen"):
            vals |= {"date_turn": fields.Datetime.now(), "is_escalated": False}
        if step == "solve":
            vals["date_solved"] = fields.Datetime.now()
        # sudo: fields of the workflow, after the caller's checks
        self.sudo().write(vals)

    # === BUSINESS METHODS - MESSAGES === #
    def _message_post_after_hook(self, message, msg_vals):
        """Extend `mail`: whoever writes moves the ticket, from whatever door."""
        result = super()._message_post_after_hook(message, msg_vals)
        comment = self.env.ref("mail.mt_comment")
        if message.message_type in ("comment", "email") and message.subtype_id == comment:
            # sudo: dealers may not write tickets; these are the steps their words stand for
            self.sudo()._note_message(message.author_id)
        return result

    def _note_message(self, author):
        """Move the ticket as the words of its dealer or of staff ask for."""
        self.ensure_one()
        self.date_message = fields.Datetime.now()
        step = None
        if author.commercial_partner_id == self.dealer_id:
            step = {"waiting": "resume", "solved": "reopen"}.get(self.state)
        elif any(not user.share for user in author.user_ids):
            step = "start" if self.state == "new" else None
            if not self.date_answered:
                self.date_answered = fields.Datetime.now()
        if step:
            self._lock()
            self._ensure_can(step)
            self._move(step)

    def _notify_get_recipients_groups(self, message, model_description, msg_vals=False):
        """Extend `mail`: dealers get a button to their page, without a token: they log in."""
        groups = super()._notify_get_recipients_groups(
            message, model_description, msg_vals=msg_vals
        )
        url = f"{self.get_base_url()}/my/tickets/{self.id}"
        for name, _is_meant, values in groups:
            if name == "portal" and self:
                values |= {
                    "active": True,
                    "has_button_access": True,
                    "button_access": {"url": url},
                }
        return groups

    # === BUSINESS METHODS - OWNER === #
    def _assign(self):
        """Give each ticket an owner: who has least to do of those who are meant.

        A complaint goes to the after-sale clerks, the rest to the dealer's salesperson; where
        there is none, to the order clerks. Nobody gets what lies out of his range.
        """
        clerks = {}
        loads = self._count_open()
        for ticket in self:
            # sudo: who looks after the dealer, for whoever asks
            owner = ticket.dealer_id.sudo().user_id.filtered(ticket._can_be_read_by)
            if ticket.kind == "complaint" or not owner:
                owner = ticket._pick_clerk(clerks, loads) or owner
            if owner:
                loads[owner.id] = loads.get(owner.id, 0) + 1
                ticket.sudo().user_id = owner  # sudo: the dealer may not choose, we do

    def _pick_clerk(self, clerks, loads):
        """Return the clerk with the least to do who may open this ticket, or nobody.

        :param dict clerks: found ones by company and kind, filled on the way
        :param dict loads: `{user id: count of open tickets}`
        """
        self.ensure_one()
        for kind in dict.fromkeys((self.kind, "question")):  # the order desk is asked at last
            key = (self.company_id, kind)
            if key not in clerks:
                clerks[key] = self._find_clerks(*key)
            for clerk in clerks[key].sorted(lambda user: (loads.get(user.id, 0), user.id)):
                if self._can_be_read_by(clerk):
                    return clerk
        return self.env["res.users"]

    def _can_be_read_by(self, user):
        """Answer whether this user works here and may open the ticket."""
        if not user.active or self.company_id not in user.company_ids:
            return False
        ticket = self.with_user(user).with_context(allowed_company_ids=self.company_id.ids)
        return ticket.has_access("read")

    @api.model
    def _count_open(self):
        """Return how many open tickets each owner has, `{user id: count}`."""
        # sudo: all tickets count, also those out of the asking user's range
        groups = self.sudo()._read_group(
            [("state", "in", OPEN_STATES), ("user_id", "!=", False)], ["user_id"], ["__count"]
        )
        return {user.id: count for user, count in groups}

    @api.model
    def _find_clerks(self, company, kind):
        """Return who may own a ticket of this kind; administrators only if nobody else is."""
        names = ["kh_b2b_member.group_b2b_order_clerk"]
        if kind == "complaint":
            names.insert(0, "kh_b2b_member.group_b2b_aftersale_clerk")
        for name in names:
            # sudo: who works at a desk, for whoever asks
            users = (
                self.env.ref(name)
                .sudo()
                .all_user_ids.filtered(
                    lambda user: user.active and not user.share and company in user.company_ids
                )
            )
            chiefs = users.filtered(
                lambda user: user.has_group("kh_b2b_member.group_b2b_administrator")
            )
            if users:
                return users - chiefs or users
        return self.env["res.users"]

    # === CRON === #
    @api.model
    def _cron_follow_up(self):
        """Escalate what is overdue, and close what nobody objected to."""
        now = fields.Datetime.now()
        overdue = Domain("deadline", "<", now) & Domain("is_escalated", "=", False)
        silent = Domain("state", "=", "solved") & Domain(
            "date_solved", "<", now - timedelta(days=CLOSE_DAYS)
        )
        due = self.search(overdue | silent, limit=BATCH, order="id")
        progress = self.env["ir.cron"]
        progress._commit_progress(remaining=self.search_count(overdue | silent))
        for start in range(0, len(due), 20):
            tickets = due[start : start + 20].try_lock_for_update()
            tickets.invalidate_recordset()
            tickets.filtered_domain(silent)._move("close")
            tickets.filtered_domain(overdue)._escalate()
            if not progress._commit_progress(len(due[start : start + 20])):
                break

    def _escalate(self):
        """Give the owner's supervisor a to-do, once for each deadline.

        Without one the owner himself or a clerk; as long as there is nobody it stays open.
        """
        clerks, loads = {}, self._count_open()
        chiefs = self.grouped(lambda ticket: ticket._find_chief(clerks, loads))
        for chief, tickets in chiefs.items():
            if chief:
                tickets.is_escalated = True
                tickets.activity_schedule(
                    "mail.mail_activity_data_todo",
                    user_id=chief.id,
                    summary=tickets.with_context(lang=chief.lang).env._("Answer overdue ticket"),
                )

    def _find_chief(self, clerks, loads):
        """Return who is told that this ticket is late, or nobody."""
        chief, owner = self.user_id.kh_supervisor_id, self.user_id
        return (
            chief.filtered("active") or owner.filtered("active") or self._pick_clerk(clerks, loads)
        )


class OrderTicketGrade(models.Model):
    """How urgent a ticket is, and how soon it is answered (问题分级, M-149)."""

    _name = "kh.order.ticket.grade"
    _description = "Ticket Grade"
    _order = "level"

    name = fields.Char(required=True, translate=True)
    level = fields.Integer(required=True, help="1 is the most urgent.")
    hours = fields.Float(
        "Answered Within (Hours)", required=True, help="By the clock, day and night."
    )
    note = fields.Char("Meant For", translate=True)
    _level_uniq = models.UniqueIndex("(level)", "There is a grade of this level already.")
    _hours_positive = models.Constraint("CHECK (hours > 0)", "The time must be above zero.")
