import hashlib
import hmac
import ipaddress

from odoo import api, fields, models
from odoo.tools import SQL

WINDOW_HOURS = 1


def get_network(address):
    """Return what is counted as one caller: an IPv4 address, a /64 network of IPv6."""
    try:
        parsed = ipaddress.ip_address(address)
    except ValueError:  # not an address: an e-mail, or all of them
        return address
    if parsed.version == 4:
        return address
    if parsed.ipv4_mapped:
        return str(parsed.ipv4_mapped)
    return str(ipaddress.ip_network((parsed, 64), strict=False))


class RateLimit(models.Model):
    """How often one address did one thing in one hour (频率限制).

    One for all doors of the suite at which strangers may knock. Kept in the database so that
    all worker processes count together; the address itself is not stored, only a keyed digest
    of it.
    """

    _name = "kh.rate.limit"
    _description = "Rate Limit"
    _order = "id desc"

    key = fields.Char(required=True)
    hour = fields.Datetime(required=True, index=True)
    hits = fields.Integer(required=True, default=0)

    _key_hour = models.UniqueIndex("(key, hour)")

    @api.model
    def _hit(self, action, address, limit, amount=1):
        """Count one more `action` of `address` in this hour; answer whether it may go on.

        :param str action: what is limited, e.g. "submit"
        :param str address: the caller's network address (of IPv6 the network, which one
            customer has), or another name of who is counted
        :param int limit: how many an hour are allowed
        :param int amount: how many this is
        :rtype: bool
        """
        self.env.cr.execute(
            SQL(
                """
                INSERT INTO kh_rate_limit (key, hour, hits)
                     VALUES (%(key)s, %(hour)s, %(amount)s)
                ON CONFLICT (key, hour)
                  DO UPDATE SET hits = kh_rate_limit.hits + %(amount)s
                  RETURNING hits
                """,
                key=self._get_key(action, get_network(address)),
                hour=self._get_hour(),
                amount=amount,
            ),
            # two at once: the second one is tried again by the caller, which is no error
            log_exceptions=False,
        )
        [(hits,)] = self.env.cr.fetchall()
        self.invalidate_model(["hits"])
        return hits <= limit

    @api.model
    def _is_used_up(self, action, address, limit):
        """Answer whether `address` did `action` as often as allowed; nothing is counted.

        Parameters as `_hit`.
        """
        rows = self.env.execute_query(
            SQL(
                "SELECT hits FROM kh_rate_limit WHERE key = %s AND hour = %s",
                self._get_key(action, get_network(address)),
                self._get_hour(),
            )
        )
        return bool(rows) and rows[0][0] >= limit

    @api.model
    def _get_hour(self):
        return fields.Datetime.now().replace(minute=0, second=0, microsecond=0)

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
