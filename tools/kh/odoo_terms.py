"""Inside Odoo: write the .pot of installed add-ons, as Odoo exports it.

``python -m tools.kh.odoo_terms -c CONF -d DB --into DIR ADDON...``
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="tools.kh.odoo_terms")
    parser.add_argument("-c", "--config", required=True)
    parser.add_argument("-d", "--database", required=True)
    parser.add_argument("--into", type=Path, required=True)
    parser.add_argument("names", nargs="+")
    options = parser.parse_args(arguments)

    # Odoo reads its configuration while it is imported into a registry: import after the options.
    from odoo import SUPERUSER_ID, api
    from odoo.modules.registry import Registry
    from odoo.tools import config
    from odoo.tools.translate import trans_export

    config.parse_config(
        ["-c", options.config, "-d", options.database, "--no-http", "--log-level=warn"],
        setup_logging=True,
    )
    options.into.mkdir(parents=True, exist_ok=True)
    with Registry(options.database).cursor() as cr:
        env = api.Environment(cr, SUPERUSER_ID, {})
        installed = set(
            env["ir.module.module"]
            .search([("name", "in", options.names), ("state", "=", "installed")])
            .mapped("name")
        )
        for name in options.names:
            if name not in installed:
                print(f"{name} is not installed in {options.database}", file=sys.stderr)
                return 1
            with (options.into / f"{name}.pot").open("wb") as target:
                trans_export(None, [name], target, "po", env)
        cr.rollback()
    return 0


if __name__ == "__main__":
    sys.exit(main())
