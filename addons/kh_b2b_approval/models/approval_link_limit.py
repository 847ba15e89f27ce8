import hashlib
import hmac

from odoo import api, fields, models
from odoo.tools import SQL

# How many wrong links one network address may try in an hour.
HOURLY_LIMIT = 30


class ApprovalLinkLimit(models.Model):
    """How many wrong links one address has tried in one hour (频率限制).

    Kept in the database so that all worker processes count together; the address itself is
    not stored, only a keyed digest of it.
    """

    _name = "kh.approval.link.limit"
    _description = "Approval Link Rate Limit"
    _order = "id desc"

    key = fields.Char(required=True)
    hour = fields.Datetime(required=True, index=True)
    hits = fields.Integer(required=True, default=0)

    _key_hour = models.UniqueIndex("(key, hour)")

    @api.model
    def _is_blocked(self, address):
        """Answer whether this address has tried too many wrong links in this hour."""
        rows = self.env.execute_query(
            SQL(
                "SELECT hits FROM kh_approval_link_limit WHERE key = %s AND hour = %s",
                self._get_key(address),
                self._get_hour(),
            )
        )
        return bool(rows) and rows[0][0] >= HOURLY_LIMIT

    @api.model
    def _hit(self, address):
        """Count one more wrong link of this address."""
        self.env.execute_query(
            SQL(
                """
                INSERT INTO kh_approval_link_limit (key, hour, hits)
                     VALUES (%s, %s, 1)
                ON CONFLICT (key, hour)
                  DO UPDATE SET hits = kh_approval_link_limit.hits + 1
                  RETURNING hits
                """,
                self._get_key(address),
                self._get_hour(),
            )
        )
        self.invalidate_model(["hits"])

    @api.model
    def _get_hour(self):
        return fields.Datetime.now().replace(minute=0, second=0, microsecond=0)

    @api.model
    def _get_key(self, address):
        # sudo: the database's secret is readable by administrators only
        secret = self.env["ir.config_parameter"].sudo().get_param("database.secret")
        return hmac.new(secret.encode(), (address or "").encode(), hashlib.sha256).hexdigest()[:32]

    @api.autovacuum
    def _gc_limits(self):
        limit = fields.Datetime.subtract(fields.Datetime.now(), hours=2)
        self.search([("hour", "<", limit)], limit=10000).unlink()
