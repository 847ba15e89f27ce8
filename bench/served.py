"""Odoo with its HTTP workers on a database of a bench."""

import os
import re
import socket
import subprocess
import sys
import time
from contextlib import contextmanager
from pathlib import Path

import requests

from tools.kh import process

WORKERS = 2
START_SECONDS = 120
REQUEST_SECONDS = 60
SERVER = str(Path(__file__).with_name("odoo_server.py"))


def free_ports(count):
    probes = [socket.socket() for _number in range(count)]
    for probe in probes:
        probe.bind(("127.0.0.1", 0))
    ports = [probe.getsockname()[1] for probe in probes]
    for probe in probes:
        probe.close()
    return ports


@contextmanager
def served(database):
    """Odoo with its workers on `database` while the block runs; gives its address."""
    http_port, gevent_port = free_ports(2)
    server = subprocess.Popen(
        [
            *(sys.executable, SERVER, "-c", os.environ["ODOO_RC"], "-d", database),
            *(f"--db-filter=^{database}$", f"--workers={WORKERS}", "--max-cron-threads=1"),
            *("--http-interface=127.0.0.1", f"--http-port={http_port}"),
            *(f"--gevent-port={gevent_port}", "--log-level=warn"),
        ],
        stdin=subprocess.DEVNULL,
        stdout=sys.stderr,
        stderr=sys.stderr,
        start_new_session=True,
        preexec_fn=process.die_with_parent(),
    )
    base = f"http://127.0.0.1:{http_port}"
    try:
        wait_until_up(server, base)
        yield base
    finally:
        process.end_group(server)


def wait_until_up(server, base):
    """Ask each worker often enough that all have their registry and the bundles are made."""
    deadline = time.monotonic() + START_SECONDS
    answers = 0
    while answers < 4 * WORKERS:
        if server.poll() is not None or time.monotonic() > deadline:
            raise ValueError("Odoo did not start; its log is above.")
        try:
            page = requests.get(f"{base}/web/login", timeout=REQUEST_SECONDS)
        except requests.ConnectionError:
            time.sleep(0.3)
            continue
        page.raise_for_status()
        answers += 1
        if answers == 1:
            for url in set(re.findall(r"""["'](/web/assets/[^"']+)["']""", page.text)):
                requests.get(base + url, timeout=START_SECONDS).raise_for_status()
