from odoo.tools import SQL


def uninstall_hook(env):
    """Drop the key columns of products, which are no fields of the ORM."""
    env.cr.execute(
        SQL(
            """
            ALTER TABLE product_template
            DROP COLUMN IF EXISTS kh_assortment_keys,
            DROP COLUMN IF EXISTS kh_area_keys,
            DROP COLUMN IF EXISTS kh_deny_area_keys,
            DROP COLUMN IF EXISTS kh_is_timed
            """
        )
    )
