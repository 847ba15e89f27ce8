from datetime import timedelta
from uuid import uuid4

from odoo import api, fields, models
from odoo.tools import SQL

KEEP_DAYS = 14


class ShopRequest(models.Model):
    """A change sent by a page under a key of its own, so that a repeat changes nothing (幂等)."""

    _name = "kh.shop.request"
    _description = "Shop Request"
    _order = "id desc"

    # === FIELDS === #
    user_id = fields.Many2one("res.users", required=True, ondelete="cascade")
    key = fields.Char(required=True)
    order_id = fields.Many2one("sale.order", ondelete="cascade", index=True)
    result = fields.Json(help="The answer given the first time; repeated as it was.")
    _key_unique = models.UniqueIndex("(user_id, key)", "This request was already received.")

    # === BUSINESS METHODS === #
    @api.model
    def _new_key(self):
        """Make a key for a form; pages with scripts make their own."""
        return uuid4().hex

    @api.model
    def _is_key(self, value):
        """Answer whether what a page sent may be a key."""
        return isinstance(value, str) and 8 <= len(value) <= 64

    @api.model
    def _claim(self, key):
        """Take a key for the current user.

        Two requests with one key at the same time: the second waits for the first, then
        fails to serialize and is repeated by the server, and so finds the first one's answer.

        :return: ``(request, is_new)``; a request that is not new carries the first answer
        """
        query = SQL(
            """
            INSERT INTO kh_shop_request (user_id, key, create_uid, write_uid, create_date,
                                         write_date)
            VALUES (%(user)s, %(key)s, %(user)s, %(user)s, now() AT TIME ZONE 'UTC',
                    now() AT TIME ZONE 'UTC')
            ON CONFLICT (user_id, key) DO NOTHING RETURNING id
            """,
            user=self.env.uid,
            key=key,
        )
        rows = self.env.execute_query(query)
        if rows:
            return self.browse(rows[0][0]), True
        return self.search([("user_id", "=", self.env.uid), ("key", "=", key)], limit=1), False

    # === CRON === #
    @api.autovacuum
    def _gc_requests(self):
        limit = fields.Datetime.now() - timedelta(days=KEEP_DAYS)
        self.search([("create_date", "<", limit)], limit=10000).unlink()
