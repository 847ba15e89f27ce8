"""Inside Odoo: installs, uses and uninstalls add-ons of one database, one step after another.

One process for all steps loads Odoo once; between them it holds no connection, so that the
database can be copied. Commands are `install`, `use` and `uninstall`.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from tools.kh.odoo_worker import serve


class Installer:
    """The database that the steps work on."""

    def __init__(self, options: argparse.Namespace) -> None:
        from odoo.service.server import load_server_wide_modules
        from odoo.tools import config

        alone = ["-d", options.database, "--no-http", "--max-cron-threads=0"]
        config.parse_config(["-c", options.config, *alone], setup_logging=True)
        load_server_wide_modules()
        self.database = options.database

    def handle(self, command: dict[str, Any]) -> dict[str, Any]:
        from odoo import sql_db

        do = command.pop("do")
        try:
            getattr(self, do)(**command)
        finally:
            sql_db.close_db(self.database)
        return {"done": do}

    def install(self, names: Sequence[str], bridges: bool) -> None:
        """As ``-i`` does, with or without what comes by itself when its parts are there."""
        from odoo.modules.registry import Registry
        from odoo.tools import config

        config["skip_auto_install"] = not bridges
        Registry.new(self.database, update_module=True, install_modules=names)

    def use(self, script: str) -> None:
        """Run a script on `env`, as a shell does, and commit what it has made."""
        code = compile(Path(script).read_text(encoding="utf-8"), script, "exec")
        with self._registry().cursor() as cr:
            exec(code, {"env": self._environment(cr)})

    def uninstall(self, name: str) -> None:
        """As ``odoo module uninstall`` does."""
        with self._registry().cursor() as cr:
            modules = self._environment(cr)["ir.module.module"]
            modules.search([("name", "=", name)]).button_immediate_uninstall()

    def _registry(self) -> Any:
        from odoo.modules.registry import Registry

        return Registry(self.database)

    def _environment(self, cr: Any) -> Any:
        from odoo import SUPERUSER_ID, api

        return api.Environment(cr, SUPERUSER_ID, {})


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="tools.kh.install_worker")
    parser.add_argument("-c", "--config", required=True)
    parser.add_argument("-d", "--database", required=True)
    options = parser.parse_args(arguments)
    return serve(lambda: Installer(options).handle)


if __name__ == "__main__":
    sys.exit(main())
