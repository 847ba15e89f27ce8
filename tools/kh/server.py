"""`./kh run` and `./kh stop`: the server, in front or in the background."""

from __future__ import annotations

import argparse
import json
import os
import signal
import socket
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path

from tools.kh import console, locks, paths, postgres, process, sql
from tools.kh.addons import Addons
from tools.kh.environment import Environment, prepare
from tools.kh.errors import KhError, disk_full, says_disk_full

HOST = "127.0.0.1"
PORT = 8069
LANGUAGES = ("zh_CN", "en_US")
START_SECONDS = 300


@dataclass(frozen=True)
class Running:
    """A server of ours; `started` tells its process from a later one with the same number."""

    pid: int
    started: str
    port: int
    database: str
    log: str

    @property
    def url(self) -> str:
        return f"http://{HOST}:{self.port}"

    def is_alive(self) -> bool:
        return process.start_time(self.pid) == self.started


def register(subparsers: argparse._SubParsersAction) -> None:
    run_parser = subparsers.add_parser(
        "run", help="prepare everything and start the server with the demo company"
    )
    run_parser.add_argument("--port", type=port_number, default=PORT, help="port (8069)")
    run_parser.add_argument("--detach", action="store_true", help="leave it in the background")
    run_parser.add_argument("--no-demo", action="store_true", help="without the demo company")
    run_parser.add_argument("--lang", choices=LANGUAGES, default="zh_CN", help="language of people")
    run_parser.add_argument("--modules", help=argparse.SUPPRESS)
    run_parser.set_defaults(run=run)
    stop_parser = subparsers.add_parser("stop", help="stop server and private database")
    stop_parser.set_defaults(run=stop)


def port_number(text: str) -> int:
    """A TCP port, for argparse."""
    if not text.isdigit() or not 1 <= int(text) <= 65535:
        raise argparse.ArgumentTypeError(f"'{text}' is no port from 1 to 65535")
    return int(text)


def run(args: argparse.Namespace) -> int:
    from tools.kh import databases, run_database

    Addons([paths.ADDONS]).own_names()  # a broken manifest is told before the long steps
    demo = not args.no_demo
    ours = find(args.port)
    if ours is None:
        ensure_port_free(args.port)
    env = prepare()
    databases.clean(env)
    modules = run_database.modules_to_run(env, demo=demo)
    if args.modules:
        modules = args.modules.split(",")
    wanted = run_database.name_of(env, demo=demo, lang=args.lang)
    if ours is not None:
        return already_running(env, ours, wanted, demo)
    for other in all_running():
        if other.database == wanted:
            raise KhError(
                f"The database {wanted} is in use by our server on port {other.port}; "
                f"open {other.url}, or ./kh stop first."
            )
    database = run_database.ensure(env, modules, demo=demo, lang=args.lang)
    with locks.exclusive(f"port-{args.port}"):
        ensure_port_free(args.port)
        run_database.tell_address(env, database, f"http://127.0.0.1:{args.port}")
        child, running = launch(env, database, args.port, detach=args.detach)
    announce(running, demo)
    if args.detach:
        console.say(f"The server runs in the background; ./kh stop ends it (log: {running.log}).")
        return 0
    console.say(f"Ctrl-C stops it (log: {running.log}).")
    return wait_for_end(env, child, running)


def already_running(env: Environment, ours: Running, wanted: str, demo: bool) -> int:
    """Answer a second `./kh run` on the same port."""
    if ours.database != wanted:
        raise KhError(
            f"Our server on port {ours.port} has the database {ours.database} open instead of "
            f"{wanted}; ./kh stop first, or choose another port with --port."
        )
    from tools.kh import databases

    has = sql.list_databases(env).get(wanted, {}).get("modules", {})
    addons = Addons(env.addons_path)
    if databases.stale(addons, has):
        console.say("Add-ons have changed since it started: ./kh stop, then ./kh run updates it.")
    console.say(f"The server is already running (process {ours.pid}).")
    wait_until_ready(ours.is_alive, ours, 0)
    announce(ours, demo)
    return 0


def stop(_args: argparse.Namespace) -> int:
    """Stop our servers and the private PostgreSQL; what others use stays."""
    stopped = [server for server in all_running() if end(server)]
    for server in stopped:
        console.out(f"Stopped the server on port {server.port}.")
    if postgres.stop():
        console.out("Stopped the private PostgreSQL.")
    elif not stopped:
        console.out("Nothing was running.")
    return 0


def end(server: Running) -> bool:
    """End a server of ours; say whether it was alive."""
    alive = server.is_alive()
    if alive:
        process.end_process(server.pid)
    pid_file(server.port).unlink(missing_ok=True)
    return alive


def pid_file(port: int) -> Path:
    return paths.below("run", f"server-{port}.json")


def find(port: int) -> Running | None:
    """Our living server on that port."""
    try:
        running = Running(**json.loads(pid_file(port).read_text()))
    except (OSError, ValueError, TypeError):
        return None
    return running if running.is_alive() else None


def all_running() -> list[Running]:
    """All living servers of ours."""
    ports = (file.stem.rpartition("-")[2] for file in (paths.KH / "run").glob("server-*.json"))
    found = [find(int(port)) for port in ports if port.isdigit()]
    return [running for running in found if running is not None]


def ensure_port_free(port: int) -> None:
    """:raise KhError: another program listens on the port, or we may not"""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, port))
        except PermissionError as error:
            raise KhError(
                f"You may not open port {port}; choose one above 1023 with --port."
            ) from error
        except OSError as error:
            raise KhError(
                f"Port {port} is in use by another program; end that, or choose another port "
                f"with --port {port + 1 if port < 65535 else PORT}."
            ) from error


def launch(
    env: Environment, database: str, port: int, *, detach: bool
) -> tuple[subprocess.Popen[bytes], Running]:
    """Start the server and wait until its pages answer.

    :raise KhError: it ended, or did not answer in time
    """
    log = paths.log_file(f"server-{port}")
    start = log.stat().st_size if log.exists() else 0
    argv = env.odoo_argv(
        "-d", database, "--db-filter", f"^{database}$", "--no-database-list",
        "--http-interface", HOST, "--http-port", str(port), "--workers", "0",
    )  # fmt: skip
    with console.step(f"Start the server on port {port}"), log.open("ab") as output:
        child = subprocess.Popen(
            argv,
            cwd=paths.ROOT,
            env=env.odoo_env(),
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
            preexec_fn=None if detach else process.die_with_parent(signal.SIGTERM),
        )
        started = process.start_time(child.pid) or ""
        running = Running(child.pid, started, port, database, str(log))
        try:
            paths.write_atomically(pid_file(port), json.dumps(asdict(running)))
            wait_until_ready(lambda: child.poll() is None, running, start)
        except BaseException:
            process.end_group(child)
            pid_file(port).unlink(missing_ok=True)
            raise
    return child, running


def wait_until_ready(is_alive: Callable[[], bool], running: Running, log_start: int) -> None:
    """Ask for the log-in page until it is there: then the add-ons are loaded, too.

    :raise KhError: the server ended, answers with an error, or needs too long
    """
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline:
        if not is_alive():
            with Path(running.log).open("rb") as file:
                file.seek(log_start)
                text = file.read().decode(errors="replace")
            if says_disk_full(text):
                raise disk_full(paths.KH)
            raise KhError(f"The server ended at once; the end of {running.log} says why.")
        status = answer_of(f"{running.url}/web/login")
        if status is not None and status < 500:
            return
        if status is not None:
            raise KhError(
                f"The server answers with an error ({status}); the end of {running.log} says why."
            )
        time.sleep(0.2)
    raise KhError(f"The server did not answer within {START_SECONDS} seconds; see {running.log}.")


def answer_of(url: str) -> int | None:
    """The HTTP status of a page; None when nobody answers."""
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    try:
        with opener.open(url, timeout=120) as answer:
            return int(answer.status)
    except urllib.error.HTTPError as error:
        return error.code
    except (urllib.error.URLError, OSError):
        return None


def announce(running: Running, demo: bool) -> None:
    """Print READY and who may log in."""
    from tools.kh.run_database import logins

    console.out(f"\nREADY {running.url}\n")
    rows = [(who.role, who.login, who.password, running.url + who.url) for who in logins(demo)]
    console.out(console.table(rows, ("Role", "Login", "Password", "Start")))
    console.out()


def wait_for_end(env: Environment, child: subprocess.Popen[bytes], running: Running) -> int:
    """Wait for Ctrl-C or for the server's end; then stop the private database if it is idle."""
    code = 0
    try:
        code = child.wait()
        console.say(f"The server has ended (exit code {code}); see {running.log}.")
    except KeyboardInterrupt:
        with console.step("Stop the server"):
            process.end_group(child, patience=20)
    if find(running.port) is None:
        pid_file(running.port).unlink(missing_ok=True)
    if env.db.embedded and not all_running() and is_idle(env):
        postgres.stop(env.python)
    return 1 if code > 0 else 0


def is_idle(env: Environment) -> bool:
    """Whether nobody else works in the private database, and no other kh is at it."""
    with locks.attempt("setup") as free:
        return free and os.path.exists(env.db.host) and sql.sessions(env) == 0
