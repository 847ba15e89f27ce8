"""Everything that Odoo needs, prepared once below `.kh` and found again in milliseconds."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from tools.kh import locks, odoo_conf, odoo_source, paths, postgres, python_env, system_packages
from tools.kh.odoo_conf import DbSettings

__all__ = ["DbSettings", "Environment", "prepare"]

SUBCOMMANDS = ("shell", "db", "i18n", "cloc", "populate", "scaffold", "neutralize")


@dataclass(frozen=True)
class Environment:
    """A prepared place to run Odoo in.

    `platform` is a digest of what databases depend on beside the add-ons: Odoo, requirements.
    """

    python: Path
    odoo_home: Path
    addons_path: list[Path]
    db: DbSettings
    data_dir: Path
    config: Path
    platform: str
    options: dict[str, str] = field(default_factory=dict)

    def odoo_argv(self, *args: str) -> list[str]:
        """The command line of Odoo with our settings; `args` may begin with a subcommand."""
        subcommand: Sequence[str] = args[:1] if args and args[0] in SUBCOMMANDS else ()
        rest = args[len(subcommand) :]
        return [str(self.python), "-m", "odoo", *subcommand, "-c", str(self.config), *rest]

    def odoo_env(self) -> dict[str, str]:
        """Environment variables for Odoo and for tools that import it."""
        env = {k: v for k, v in os.environ.items() if k not in ("PYTHONPATH", "PYTHONHOME")}
        env.update(self.db.variables())
        env["PATH"] = f"{self.python.parent}{os.pathsep}{env.get('PATH', os.defpath)}"
        env["VIRTUAL_ENV"] = str(self.python.parent.parent)
        env["PYTHONWARNINGS"] = "ignore"
        env["PYTHONUNBUFFERED"] = "1"
        env["ODOO_RC"] = str(self.config)
        # Fewer allocator arenas: threads of the server otherwise keep memory of their own.
        env.setdefault("MALLOC_ARENA_MAX", "2")
        return env


def prepare(*, dev: bool = False) -> Environment:
    """Make what is missing (system packages, Odoo, Python packages, PostgreSQL); idempotent.

    :param dev: the tools of `requirements-dev.txt` (tests, shots) too
    :raise KhError: one sentence, what is wrong and what to do
    """
    options = odoo_conf.read_options()
    with locks.exclusive("setup"):
        system_packages.ensure()
        source = odoo_source.ensure()
        python = python_env.ensure(source, dev=dev)
        db = postgres.ensure(python, options)
        data_dir = paths.folder("data")
        addons_path = odoo_source.addons_path(source, python)
        config = odoo_conf.write(options, db, data_dir, addons_path)
    return Environment(
        python=python,
        odoo_home=source.home,
        addons_path=addons_path,
        db=db,
        data_dir=data_dir,
        config=config,
        platform=python_env.platform_digest(source),
        options=options,
    )
