from .const import FONT_ASSET_KEY


def post_init_hook(env):
    """Free the fonts of shops that were B2B before this add-on came."""
    env["website"].search([])._kh_sync_font_asset()


def uninstall_hook(env):
    """Remove our rows from core's asset table."""
    env["ir.asset"].search([("key", "=", FONT_ASSET_KEY)]).unlink()
