from odoo.tools import SQL


def uninstall_hook(env):
    """Drop the table of product keys, which is no model of the ORM.

    Packaging auxiliaries leave the shop: nothing else would keep them from being sold alone.
    """
    env["product.template"].flush_model()
    env.cr.execute(
        SQL("UPDATE product_template SET is_published = false WHERE kh_kind = 'auxiliary'")
    )
    env.cr.execute(SQL("DROP TABLE IF EXISTS kh_product_key"))
