from odoo import SUPERUSER_ID, api
from odoo.tools.sql import column_exists

COLUMNS = ("kh_stock_is_exact", "kh_stock_few_quantity")


def migrate(cr, version):
    """Turn the stock settings of B2B websites into their stock policies."""
    if not version or not column_exists(cr, "website", COLUMNS[0]):
        return
    env = api.Environment(cr, SUPERUSER_ID, {})
    cr.execute(
        "SELECT id, kh_stock_is_exact, kh_stock_few_quantity FROM website"
        " WHERE kh_is_b2b AND (kh_stock_is_exact OR kh_stock_few_quantity <> 10)"
    )
    for website_id, is_exact, few_quantity in cr.fetchall():
        env["website"].browse(website_id).write(
            {"kh_stock_is_exact": is_exact, "kh_stock_few_quantity": few_quantity}
        )
    cr.execute("ALTER TABLE website DROP COLUMN kh_stock_is_exact")
    cr.execute("ALTER TABLE website DROP COLUMN IF EXISTS kh_stock_few_quantity")
