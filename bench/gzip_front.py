"""A web server in front of Odoo that compresses, as nginx does; Odoo itself never does."""

import gzip
import threading
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import requests

SECONDS = 60
# Belong to one connection, or are written anew.
OWN_HEADERS = {"connection", "content-encoding", "content-length", "transfer-encoding"}
COMPRESSED = ("text/", "application/javascript", "application/json", "image/svg")


class Front(BaseHTTPRequestHandler):
    """Passes each request on and compresses the answer for who reads gzip."""

    protocol_version = "HTTP/1.1"
    back = ""

    def do_GET(self):
        self._pass_on()

    def do_POST(self):
        self._pass_on()

    def _pass_on(self):
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        answer = requests.request(
            self.command,
            self.back + self.path,
            headers={**self.headers, "Accept-Encoding": "identity"},
            data=body,
            allow_redirects=False,
            timeout=SECONDS,
        )
        content = answer.content
        self.send_response(answer.status_code)
        for name, value in answer.raw.headers.items():
            if name.lower() not in OWN_HEADERS:
                self.send_header(name, value)
        kind = answer.headers.get("Content-Type", "")
        if kind.startswith(COMPRESSED) and "gzip" in self.headers.get("Accept-Encoding", ""):
            content = gzip.compress(content, 6)
            self.send_header("Content-Encoding", "gzip")
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, *args):
        """Say nothing: a bench prints its figures only."""


@contextmanager
def compressed(back):
    """Stand in front of the server at `back` while the block runs; gives the new address."""
    front = ThreadingHTTPServer(("127.0.0.1", 0), type("Front", (Front,), {"back": back}))
    thread = threading.Thread(target=front.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{front.server_port}"
    finally:
        front.shutdown()
        front.server_close()
