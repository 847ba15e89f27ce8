import base64
import contextlib
import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from odoo import Command
from odoo.tests import new_test_user

from .common import MemberCommon, make_code


class SyncCommon(MemberCommon):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.source = cls.env["kh.sync.source"].create({"name": "Test ERP", "code": "kh-test"})
        cls.erp_user = new_test_user(
            cls.env, "kh_erp", "base.group_user,kh_b2b_member.group_b2b_erp_api"
        )
        cls.administrator = new_test_user(
            cls.env, "kh_admin", "base.group_user,kh_b2b_member.group_b2b_administrator"
        )
        cls.area2 = cls.env["kh.sales.area"].create({"name": "Test west", "code": "KH-TEST-W"})
        cls.silver = cls.env["res.partner.grade"].create(
            {"name": "Test silver", "company_id": False}
        )

    def _row(self, number=1, **values):
        return {
            "code": f"K{number:05d}",
            "name": f"Dealer {number}",
            "vat": make_code(number),
            "state": "浙江省",
            "city": "Hangzhou",
            "level": "Test gold",
            "areas": ["KH-TEST-E"],
            "salesperson": "kh_sales",
            "manager_name": f"Manager {number}",
            "manager_email": f"m{number}@kh-sync.example.com",
            "bank_name": "Test bank",
            "bank_account": f"62220000{number:08d}",
            **values,
        }

    def _push(self, *rows, source=None, **kwargs):
        sources = self.env["kh.sync.source"].with_user(self.erp_user)
        code = (source or self.source).code
        return sources.upsert_dealers(source=code, rows=list(rows), **kwargs)

    def _status(self, answer):
        return [result["status"] for result in answer["results"]]

    def _dealer(self, code):
        partners = self.env["res.partner"].with_context(active_test=False)
        return partners.search([("kh_erp_code", "=", code)])

    def _conflicts(self, *codes, state="open"):
        return self.env["kh.sync.conflict"].search(
            [("code", "in", codes), ("state", "=", state)], order="id"
        )

    def _decide(self, conflicts):
        return conflicts.with_user(self.administrator)

    @classmethod
    def _map(cls, source, **paths):
        source.mapping_ids = [
            Command.create({"path": path, "target": target}) for target, path in paths.items()
        ]


class Erp:
    """An ERP over real HTTP on this machine: answers by `reply(request)`, notes requests."""

    def __init__(self):
        self.requests = []
        self.replies = []  # one for each request, else `reply`
        self.reply = None
        erp = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self):
                length = int(self.headers.get("Content-Length") or 0)
                body = self.rfile.read(length)
                erp.requests.append((self.path, dict(self.headers), body))
                reply = erp.replies.pop(0) if erp.replies else erp.reply
                status, content = reply(self.path, body) if callable(reply) else reply
                if status is None:
                    return  # break off without an answer
                if not isinstance(content, bytes):
                    content = json.dumps(content).encode()
                self.send_response(status)
                self.send_header("Content-Length", str(len(content)))
                self.send_header("Content-Type", erp.mimetype)
                if 300 <= status < 400:
                    self.send_header("Location", "http://localhost:1/elsewhere")
                self.end_headers()
                self.wfile.write(content)

            do_POST = do_GET

            def log_message(self, *args):
                pass

        self.mimetype = "application/json"
        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self.server.server_address[1]}"

    @classmethod
    @contextlib.contextmanager
    def running(cls):
        erp = cls()
        thread = threading.Thread(target=erp.server.serve_forever, args=(0.02,), daemon=True)
        thread.start()
        try:
            yield erp
        finally:
            erp.server.shutdown()
            erp.server.server_close()
            thread.join(5)

    @property
    def paths(self):
        return [path for path, _headers, _body in self.requests]


def to_base64(content):
    return base64.b64encode(content)
