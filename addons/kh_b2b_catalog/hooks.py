from odoo.tools import SQL


def uninstall_hook(env):
    """Drop the key columns of products, which are no fields of the ORM.

    Packaging auxiliaries leave the shop: nothing else would keep them from being sold alone.
    """
    env["product.template"].flush_model()
    env.cr.execute(
        SQL("UPDATE product_template SET is_published = false WHERE kh_kind = 'auxiliary'")
    )
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
