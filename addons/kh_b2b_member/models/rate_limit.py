import hashlib
import hmac

from odoo import api, fields, models
from odoo.tools import SQL

WINDOW_HOURS = 1


class MemberRateLimit(models.Model):
    """How often one address did one thing in one hour (频率限制).

    Kept in the database so that all worker processes count together; the address itself is
    not stored, only a keyed digest of it.
    """

    _name = "kh.member.rate.limit"
    _description = "Registration Rate Limit"
    _order = "id desc"

    key = fields.Char(required=True)
    hour = fields.Datetime(required=True, index=True)
    hits = fields.Integer(required=True, default=0)

    _key_hour = models.UniqueIndex("(key, hour)")

    @api.model
    def _hit(self, action, address, limit):
        """Count one more `action` of `address` in this hour; answer whether it may go on.

        :param str action: what is limited, e.g. "submit"
        :param str address: the caller's network address
        :param int limit: how many an hour are allowed
        :rtype: bool
        """
        now = fields.Datetime.now()
        hour = now.replace(minute=0, second=0, microsecond=0)
        rows = self.env.execute_query(
            SQL(
                """
                INSERT INTO kh_member_rate_limit (key, hour, hits)
                     VALUES (%s, %s, 1)
                ON CONFLICT (key, hour)
                  DO UPDATE SET hits = kh_member_rate_limit.hits + 1
                  RETURNING hits
                """,
                self._get_key(action, address),
                hour,
            )
        )
        self.invalidate_model(["hits"])
        return rows[0][0] <= limit

    @api.model
    def _get_key(self, action, address):
        # sudo: the database's secret is readable by administrators only
        secret = self.env["ir.config_parameter"].sudo().get_param("database.secret")
        digest = hmac.new(secret.encode(), f"{action}|{address}".encode(), hashlib.sha256)
        return f"{action}:{digest.hexdigest()[:32]}"

    @api.autovacuum
    def _gc_rate_limits(self):
        limit = fields.Datetime.subtract(fields.Datetime.now(), hours=2 * WINDOW_HOURS)
        self.search([("hour", "<", limit)], limit=10000).unlink()
