from odoo.tools import SQL


def pre_init_hook(env):
    """Make the column empty, so that no product without a kit is computed at install."""
    env.cr.execute(
        SQL("ALTER TABLE product_template ADD COLUMN IF NOT EXISTS kh_has_missing_part boolean")
    )


def post_init_hook(env):
    """Name the kits that exist bundles."""
    kits = env["mrp.bom"].search([("type", "=", "phantom")]).product_tmpl_id
    kits._compute_kh_kind()
    # in the order in which bundles hold each other
    env.add_to_compute(kits._fields["kh_has_missing_part"], kits)
    kits.flush_recordset(["kh_has_missing_part"])
