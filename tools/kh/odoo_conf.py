"""Reads `odoo.conf` of the checkout and writes the one that Odoo is started with."""

from __future__ import annotations

import configparser
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from tools.kh import paths
from tools.kh.errors import KhError

CONFIG_FILE = "odoo.conf"


@dataclass(frozen=True)
class DbSettings:
    """How to reach PostgreSQL: `host` is a name or the folder of a Unix socket.

    `embedded` says that the server is ours below `.kh`; `client` is the folder of psql;
    `prefix` starts the name of every database of this checkout.
    """

    host: str
    port: int
    user: str
    password: str
    embedded: bool = False
    client: Path | None = None
    prefix: str = "kh"

    def variables(self) -> dict[str, str]:
        """The same as PG variables, for psql and libpq."""
        values = {"PGPORT": str(self.port), "PGUSER": self.user, "PGCONNECT_TIMEOUT": "10"}
        if self.host:
            values["PGHOST"] = self.host
        if self.password:
            values["PGPASSWORD"] = self.password
        return values

    def program(self, name: str) -> str:
        """Path of a client program such as psql; its bare name when it comes from the PATH."""
        return str(Path(self.client) / name) if self.client else name


def read_options(file: Path | None = None) -> dict[str, str]:
    """The `[options]` of the checkout's odoo.conf; empty when there is no such file.

    :raise KhError: when it is not in Odoo's form
    """
    file = file or paths.ROOT / CONFIG_FILE
    parser = configparser.RawConfigParser()
    try:
        parser.read(file, encoding="utf-8")
    except (configparser.Error, UnicodeDecodeError) as error:
        reason = str(error).splitlines()[0]
        raise KhError(f"{file} is not a settings file of Odoo ({reason}); correct it.") from error
    return dict(parser["options"]) if parser.has_section("options") else {}


def named_server(options: Mapping[str, str]) -> DbSettings | None:
    """The PostgreSQL that odoo.conf or the PG variables name; None when neither does.

    :raise KhError: when the port is no number or the role is one that Odoo refuses
    """

    def value(option: str, variable: str, default: str) -> str:
        found = options.get(option, "")
        if found and found.lower() != "false":
            return found
        return os.environ.get(variable) or default

    if not value("db_host", "PGHOST", "") and not value("db_port", "PGPORT", ""):
        return None
    user = value("db_user", "PGUSER", os.environ.get("USER", "odoo"))
    port = value("db_port", "PGPORT", "5432")
    if not port.isdigit():
        raise KhError(f"The database port '{port}' is no number; correct db_port or PGPORT.")
    if user == "postgres":
        raise KhError(
            "Odoo refuses the database role 'postgres'; name another role that may create "
            "databases in db_user (odoo.conf) or PGUSER."
        )
    return DbSettings(
        host=value("db_host", "PGHOST", ""),
        port=int(port),
        user=user,
        password=value("db_password", "PGPASSWORD", ""),
        prefix=f"kh_{paths.checkout_id()}",
    )


def write(
    options: Mapping[str, str], db: DbSettings, data_dir: Path, addons_path: list[Path]
) -> Path:
    """Write `.kh/odoo.conf`, readable by its owner only; untouched when nothing changed."""
    extra = [p for p in options.get("addons_path", "").split(",") if p.strip()]
    values = {
        **{k: v for k, v in options.items() if k != "addons_path"},
        "addons_path": ",".join([*map(str, addons_path), *extra]),
        "data_dir": str(data_dir),
        "db_host": db.host,
        "db_port": str(db.port),
        "db_user": db.user,
        "db_password": db.password,
    }
    # Odoo warns about an option without a value, and about a password that reads False.
    text = "[options]\n" + "".join(f"{k} = {v}\n" for k, v in sorted(values.items()) if v)
    path = paths.below(CONFIG_FILE)
    if not path.exists() or path.read_text(encoding="utf-8") != text:
        paths.write_atomically(path, text, mode=0o600)
    return path
