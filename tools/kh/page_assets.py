"""Style sheets and scripts of pages, compiled while a template is made.

Odoo compiles a bundle when a browser first asks for it, and a test takes its own back at its end:
each browser test would compile them again. Odoo's own test runner does this in the same way.
"""

from __future__ import annotations

from tools.kh import paths, process
from tools.kh.environment import Environment
from tools.kh.errors import KhError

SHOP = "web.assets_frontend"
#: Bundles that the pages of the back office, the website and a test's browser load.
BUNDLES = (
    SHOP,
    "web.assets_frontend_lazy",
    "web.assets_frontend_minimal",
    "web.assets_tests",
    "web.assets_web",
    "web.report_assets_common",
)
COMPILE_SECONDS = 600
SCRIPT = f"""
bundles = env["ir.qweb"]._get_asset_bundle
for bundle in {BUNDLES!r}:
    for kind in ("css", "js"):
        getattr(bundles(bundle, css=kind == "css", js=kind == "js"), kind)()
if "kh_is_b2b" in env.get("website", env["base"])._fields:
    # Tests open a shop: its styles differ, and of a website's styles only the last are kept.
    for website in env["website"].search([("kh_is_b2b", "=", False)]):
        website.kh_is_b2b = True
        bundles({SHOP!r}, js=False, assets_params={{"website_id": website.id}}).css()
        website.kh_is_b2b = False
env.cr.commit()
"""


def compile_bundles(env: Environment, database: str, log_name: str) -> None:
    """Compile in `database` what its pages load; what is there and has not changed stays.

    :raise KhError: Odoo ended with an error; names the log
    """
    log = paths.log_file(log_name)
    argv = env.odoo_argv("shell", "-d", database, "--no-http", "--log-level", "warn")
    code = process.run(argv, log=log, env=env.odoo_env(), timeout=COMPILE_SECONDS, feed=SCRIPT)
    if code:
        raise KhError(
            f"Odoo could not compile the style sheets and scripts of its pages; the end of {log} "
            "says why."
        )
