"""Starting and stopping the server: ports, answers, pid files."""

import argparse
import json
import os
import socket
import sys

import pytest
from conftest import FakeOdooEnvironment, make_environment

from tools.kh import odoo_conf, server
from tools.kh.errors import KhError

# Answers like Odoo on the port that --http-port names.
ANSWERS = """
import http.server, sys
class Page(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response({status}); self.end_headers(); self.wfile.write(b"page")
    def log_message(self, *args):
        pass
port = int(sys.argv[sys.argv.index("--http-port") + 1])
http.server.HTTPServer(("127.0.0.1", port), Page).serve_forever()
"""


class Fake(FakeOdooEnvironment):
    script = ANSWERS.format(status=200)

    def odoo_argv(self, *args):
        return [sys.executable, "-c", self.script, *args]

    def odoo_env(self):
        return dict(os.environ)


@pytest.fixture
def port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


@pytest.fixture
def env(kh_home, checkout):
    plain = make_environment(kh_home, checkout, odoo_conf.DbSettings("nowhere", 1, "odoo", ""))
    yield Fake(**vars(plain))
    for running in server.all_running():
        server.end(running)


def test_started_found_and_ended(env, port):
    child, running = server.launch(env, "kh_demo", port, detach=True)
    assert server.answer_of(running.url) == 200
    assert server.find(port) == running
    assert server.all_running() == [running]
    os.kill(running.pid, 15)
    child.wait()
    assert server.find(port) is None


def test_a_server_that_ends_at_once_is_one_sentence(env, port):
    env.__class__.script, script = "raise SystemExit(3)", env.script
    try:
        with pytest.raises(KhError, match="ended at once"):
            server.launch(env, "kh_demo", port, detach=False)
    finally:
        env.__class__.script = script
    assert not server.pid_file(port).exists()


def test_a_server_that_answers_with_an_error_is_ended(env, port):
    env.__class__.script, script = ANSWERS.format(status=500), env.script
    try:
        with pytest.raises(KhError, match=r"answers with an error \(500\)"):
            server.launch(env, "kh_demo", port, detach=False)
    finally:
        env.__class__.script = script
    server.ensure_port_free(port)


def test_a_port_in_use_is_one_sentence(port):
    with socket.socket() as other:
        other.bind(("127.0.0.1", port))
        other.listen()
        with pytest.raises(KhError, match=f"Port {port} is in use by another program") as caught:
            server.ensure_port_free(port)
    assert "--port" in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_pid_file_of_a_dead_server_counts_for_nothing(kh_home, port):
    row = {"pid": os.getpid(), "started": "1", "port": port, "database": "x", "log": "x"}
    server.pid_file(port).write_text(json.dumps(row))
    assert server.find(port) is None
    server.pid_file(port).write_text("{half a fi")
    assert server.find(port) is None
    assert server.all_running() == []


@pytest.mark.parametrize("text", ["0", "65536", "http", "-1"])
def test_no_port(text):
    with pytest.raises(argparse.ArgumentTypeError, match="is no port"):
        server.port_number(text)


def test_our_server_with_another_database_is_one_sentence(env, port):
    child, running = server.launch(env, "kh_demo", port, detach=True)
    with pytest.raises(KhError, match="has the database kh_demo open instead of kh_plain"):
        server.already_running(env, running, "kh_plain", demo=False)
    child.terminate()
    child.wait()


def test_stop_without_anything_running(kh_home, capsys):
    assert server.stop(argparse.Namespace()) == 0
    assert "Nothing was running" in capsys.readouterr().out
