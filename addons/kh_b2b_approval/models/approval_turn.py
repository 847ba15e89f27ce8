from collections import defaultdict
from typing import NamedTuple

from odoo import api, fields, models
from odoo.fields import Domain
from odoo.tools import SQL

# Somebody decides in their own name, or in another's because that one passed it on or is away.
NAMED_KINDS = ("own", "delegate", "substitute")


class Turn(NamedTuple):
    """`user_id` may speak now for `voice_id` at one task of one request."""

    request_id: int
    task_id: int
    voice_id: int
    user_id: int
    kind: str  # "own", "delegate", "substitute", "escalated", "manager"


class ApprovalRequest(models.Model):
    """Whose turn it is (轮到谁审批): one statement of SQL, the only truth about it.

    Every approver of a step has a *voice*, except who asked for the approval and who wrote the
    document. A voice is held by the approver, or by whom they delegated it to, and by the
    substitutes of that person while they are away. Where the time is over, those it was
    escalated to may decide as well; where nobody is left, the approval managers do.
    """

    _inherit = "kh.approval.request"

    # === BUSINESS METHODS - TURNS === #
    def _get_current_approvers(self):
        """Return who may act now on each request.

        :rtype: dict[int, res.users recordset], by request id; empty where it is decided
        Constant number of queries. Includes portal users (dealer steps).
        """
        found = defaultdict(set)
        for turn in self._get_turns():
            found[turn.request_id].add(turn.user_id)
        users = self.env["res.users"].sudo()  # sudo: names of approvers, for whoever asks
        return {request.id: users.browse(sorted(found[request.id])) for request in self}

    def _get_deciders(self):
        """Return who may act now on this request."""
        self.ensure_one()
        return self._get_current_approvers()[self.id]

    def _get_turns(self, user=None):
        """Return whose turn it is on these requests.

        :param user: only this user's turns
        :rtype: list[Turn]
        """
        if not self.ids:
            return []
        self._flush_turns()
        query = self._get_turns_sql(user, SQL("r.id IN %s", tuple(self.ids)))
        return [Turn(*row) for row in self.env.execute_query(query)]

    @api.model
    def _find_turn_ids(self, user):
        """Return the ids of all requests that `user` may decide now."""
        self._flush_turns()
        rows = self.env.execute_query(
            SQL("SELECT DISTINCT request_id FROM (%s) turn", self._get_turns_sql(user))
        )
        return [row[0] for row in rows]

    @api.model
    def _get_turn_domain(self, user):
        """Return the domain of the requests that `user` may decide now."""
        self._flush_turns()
        turns = self._get_turns_sql(user)

        def to_sql(_model, alias, _query):
            return SQL(
                "%s IN (SELECT request_id FROM (%s) turn)", SQL.identifier(alias, "id"), turns
            )

        def predicate(record):
            return record.with_user(user).is_my_turn

        return Domain.custom(to_sql=to_sql, predicate=predicate)

    @api.model
    def _flush_turns(self):
        """Write out what the statement reads."""
        for name in ("kh.approval.request", "kh.approval.task", "kh.approval.step"):
            self.env[name].flush_model()
        for name in ("kh.approval.decision", "kh.approval.substitute"):
            self.env[name].flush_model()
        self.env["res.users"].flush_model(["active", "share", "company_ids", "group_ids"])
        self.env["res.users.role.line"].flush_model()

    # === BUSINESS METHODS - SQL === #
    @api.model
    def _get_turns_sql(self, user=None, where=None):
        """Return the statement that lists whose turn it is (columns as in `Turn`).

        :param user: only this user's turns (then only the voices they may hold are looked at)
        :param SQL where: condition on requests `r`
        """
        is_manager = not user or user.has_group("kh_b2b_approval.group_approval_manager")
        narrow = SQL("TRUE") if is_manager else self._get_own_voices_sql(user)
        parts = [SQL("SELECT * FROM held"), self._get_escalated_sql()]
        if is_manager:
            parts.append(self._get_manager_sql())
        return SQL(
            """
            WITH task AS (%(task)s), member AS (%(member)s), voice AS (%(voice)s),
                 actor AS (%(actor)s), held AS (%(held)s)
            SELECT request_id, task_id, voice_id, user_id, kind
              FROM (%(parts)s) all_turns
             WHERE %(whose)s
            """,
            task=self._get_task_sql(where),
            member=self._get_member_sql(),
            voice=self._get_voice_sql(narrow),
            actor=self._get_actor_sql(),
            held=self._get_held_sql(),
            parts=SQL(" UNION ").join(parts),
            whose=SQL("user_id = %s", user.id) if user else SQL("TRUE"),
        )

    @api.model
    def _get_task_sql(self, where):
        return SQL(
            """
            SELECT t.id AS task_id, t.request_id, t.step_id, s.mode,
                   r.requester_id, r.author_id, r.company_id
              FROM kh_approval_task t
              JOIN kh_approval_request r ON r.id = t.request_id
              JOIN kh_approval_step s ON s.id = t.step_id
             WHERE t.state = 'open' AND r.state = 'pending' AND %s
            """,
            where or SQL("TRUE"),
        )

    @api.model
    def _get_member_sql(self):
        """Who is an approver of a step by name, role or group."""
        steps = self.env["kh.approval.step"]
        users, roles = steps._fields["user_ids"], steps._fields["role_ids"]
        step_ids, group_ids = self._get_step_groups()
        return SQL(
            """
            SELECT %(u1)s AS step_id, %(u2)s AS user_id FROM %(users)s
             UNION
            SELECT rel.%(r1)s, line.user_id
              FROM %(roles)s rel
              JOIN res_users_role_line line ON line.role_id = rel.%(r2)s
             WHERE (line.date_from IS NULL OR line.date_from <= %(today)s)
               AND (line.date_to IS NULL OR line.date_to >= %(today)s)
             UNION
            SELECT g.step_id, rel.uid
              FROM unnest(%(step_ids)s::int[], %(group_ids)s::int[]) AS g (step_id, group_id)
              JOIN res_groups_users_rel rel ON rel.gid = g.group_id
            """,
            users=SQL.identifier(users.relation),
            u1=SQL.identifier(users.column1),
            u2=SQL.identifier(users.column2),
            roles=SQL.identifier(roles.relation),
            r1=SQL.identifier(roles.column1),
            r2=SQL.identifier(roles.column2),
            today=fields.Date.today(),
            step_ids=step_ids,
            group_ids=group_ids,
        )

    @api.model
    def _get_step_groups(self):
        """Return parallel lists of steps in use and the groups that make an approver of them."""
        # sudo: steps of every company, groups; nothing of it is shown
        steps = self.env["kh.approval.step"].sudo()
        rows = self.env.execute_query(
            SQL(
                """
                SELECT s.id, s.group_id FROM kh_approval_step s
                 WHERE s.group_id IS NOT NULL AND EXISTS (
                       SELECT FROM kh_approval_task t WHERE t.step_id = s.id AND t.state = 'open')
                """
            )
        )
        pairs = [
            (step_id, implied_id)
            for step_id, group_id in rows
            for implied_id in steps.env["res.groups"].browse(group_id).all_implied_by_ids.ids
        ]
        return [pair[0] for pair in pairs], [pair[1] for pair in pairs]

    @api.model
    def _get_able_sql(self, user_id):
        """Condition: `user_id` may act on the row's request (`x` has its columns)."""
        return SQL(
            """
            EXISTS (SELECT FROM res_users u WHERE u.id = %(user)s AND u.active AND u.id <> %(root)s)
            AND %(user)s <> x.requester_id AND %(user)s IS DISTINCT FROM x.author_id
            AND (x.company_id IS NULL OR EXISTS (
                SELECT FROM res_company_users_rel c
                 WHERE c.user_id = %(user)s AND c.cid = x.company_id))
            """,
            user=user_id,
            root=api.SUPERUSER_ID,
        )

    @api.model
    def _get_voice_sql(self, narrow):
        """The approvers of each open task, and whether they have spoken."""
        return SQL(
            """
            SELECT x.*, n.user_id AS voice_id
              FROM (SELECT x.task_id, m.user_id
                      FROM task x
                      JOIN member m ON m.step_id = x.step_id
                      JOIN res_users u ON u.id = m.user_id AND NOT u.share
                     UNION
                    SELECT x.task_id, a.user_id
                      FROM task x JOIN kh_approval_task_assigned_rel a ON a.task_id = x.task_id
                   ) n
              JOIN task x ON x.task_id = n.task_id
             WHERE %(able)s
               AND %(narrow)s
               AND NOT EXISTS (
                   SELECT FROM kh_approval_decision d
                    WHERE d.task_id = x.task_id AND d.decision = 'approve'
                      AND COALESCE(d.on_behalf_of_id, d.user_id) = n.user_id)
            """,
            able=self._get_able_sql(SQL("n.user_id")),
            narrow=narrow,
        )

    @api.model
    def _get_own_voices_sql(self, user):
        """Condition: `user` may hold the voice `n.user_id` of task `x`."""
        return SQL(
            """
            (n.user_id = %(user)s
             OR n.user_id IN (SELECT user_id FROM kh_approval_substitute
                               WHERE substitute_id = %(user)s AND active)
             OR x.task_id IN (
                SELECT d.task_id FROM kh_approval_decision d
                 WHERE d.decision = 'delegate'
                   AND (d.delegate_to_id = %(user)s OR d.delegate_to_id IN (
                        SELECT user_id FROM kh_approval_substitute
                         WHERE substitute_id = %(user)s AND active))))
            """,
            user=user.id,
        )

    @api.model
    def _get_actor_sql(self):
        """Whoever acts for a voice: its owner, or the last one it was delegated to."""
        return SQL(
            """
            SELECT x.*, CASE WHEN %(able)s THEN p.delegate_to_id ELSE x.voice_id END AS actor_id
              FROM voice x
              LEFT JOIN LATERAL (
                   SELECT d.delegate_to_id FROM kh_approval_decision d
                    WHERE d.task_id = x.task_id AND d.decision = 'delegate'
                      AND COALESCE(d.on_behalf_of_id, d.user_id) = x.voice_id
                    ORDER BY d.id DESC LIMIT 1
                   ) p ON TRUE
            """,
            able=SQL(
                "p.delegate_to_id IS NOT NULL AND %s",
                self._get_able_sql(SQL("p.delegate_to_id")),
            ),
        )

    @api.model
    def _get_held_sql(self):
        """Who may speak for which voice. Where a number decides, nobody speaks twice."""
        now = fields.Datetime.now()
        return SQL(
            """
            SELECT x.request_id, x.task_id, x.voice_id, h.user_id, h.kind
              FROM actor x
              JOIN LATERAL (
                   SELECT x.actor_id AS user_id,
                          CASE WHEN x.actor_id = x.voice_id THEN 'own' ELSE 'delegate' END AS kind
                    UNION
                   SELECT s.substitute_id, 'substitute'
                     FROM kh_approval_substitute s
                    WHERE s.user_id = x.actor_id AND s.active AND s.moment_from <= %(now)s
                      AND (s.moment_to IS NULL OR s.moment_to > %(now)s)
                   ) h ON TRUE
             WHERE %(able)s
               AND NOT (x.mode = 'count' AND EXISTS (
                   SELECT FROM kh_approval_decision d
                    WHERE d.task_id = x.task_id AND d.decision = 'approve'
                      AND d.user_id = h.user_id))
            """,
            now=now,
            able=self._get_able_sql(SQL("h.user_id")),
        )

    @api.model
    def _get_escalated_sql(self):
        """Those the open tasks were escalated to and who have not spoken; one is enough."""
        return SQL(
            """
            SELECT x.request_id, x.task_id, e.user_id AS voice_id, e.user_id, 'escalated' AS kind
              FROM task x JOIN kh_approval_task_escalated_rel e ON e.task_id = x.task_id
             WHERE %(able)s AND %(silent)s
            """,
            able=self._get_able_sql(SQL("e.user_id")),
            silent=self._get_silent_sql(SQL("e.user_id")),
        )

    @api.model
    def _get_silent_sql(self, user_id):
        """Condition: `user_id` has not approved task `x`, nor has anybody in their name."""
        return SQL(
            """
            NOT EXISTS (
                SELECT FROM kh_approval_decision d
                 WHERE d.task_id = x.task_id AND d.decision = 'approve'
                   AND (d.user_id = %(user)s OR d.on_behalf_of_id = %(user)s))
            """,
            user=user_id,
        )

    @api.model
    def _get_manager_sql(self):
        """Approval managers, where nobody (else) is left at a task."""
        # sudo: what implies a group is not readable for everybody
        group = self.env.ref("kh_b2b_approval.group_approval_manager").sudo()
        return SQL(
            """
            SELECT x.request_id, x.task_id, m.uid AS voice_id, m.uid AS user_id, 'manager' AS kind
              FROM task x
              CROSS JOIN (SELECT DISTINCT rel.uid FROM res_groups_users_rel rel
                            JOIN res_users u ON u.id = rel.uid AND NOT u.share
                           WHERE rel.gid IN %(groups)s) m
             WHERE NOT EXISTS (SELECT FROM held h WHERE h.task_id = x.task_id)
               AND NOT EXISTS (SELECT FROM (%(escalated)s) e WHERE e.task_id = x.task_id)
               AND %(able)s AND %(silent)s
            """,
            groups=tuple(group.all_implied_by_ids.ids),
            escalated=self._get_escalated_sql(),
            able=self._get_able_sql(SQL("m.uid")),
            silent=self._get_silent_sql(SQL("m.uid")),
        )

    @api.model
    def _get_managers(self, company=None):
        """Return the approval managers (of one company), as superuser."""
        group = self.env.ref("kh_b2b_approval.group_approval_manager")
        # sudo: who is in a group is not readable for everybody who asks
        return group.sudo().all_user_ids.filtered(
            lambda u: u.active and not u.share and (not company or company in u.company_ids)
        )
