"""A visitor of the website inside the process: what the server does for a page, no network."""

from werkzeug.test import Client

from odoo import api, http
from odoo.service import security


class Visitor:
    """Opens pages through Odoo's WSGI application, logged in as `login` or not at all."""

    def __init__(self, env, login=None):
        session = http.root.session_store.new()
        session.update(http.get_default_session(), db=env.cr.dbname, _trace_disable=True)
        session.context["lang"] = "en_US"
        if login:
            user = env["res.users"].search([("login", "=", login)])
            user_env = api.Environment(env.cr, user.id, {})
            session.uid = user.id
            session.login = login
            session.session_token = security.compute_session_token(session, user_env)
            session.context = dict(user_env["res.users"].context_get())
        http.root.session_store.save(session)
        self.client = Client(http.root)
        self.client.set_cookie("session_id", session.sid, domain="127.0.0.1")

    def get(self, path, expect):
        """Open `path`; it must answer 200 and contain `expect`."""
        answer = self.client.get(path, base_url="http://127.0.0.1")
        body = answer.get_data(as_text=True)
        if answer.status_code != 200 or expect not in body:
            raise ValueError(f"{path} answered {answer.status}: {body[:300]}")
        return body

    def call(self, path, params):
        """Send a JSON request; it must be answered without an error.

        :return: the result
        """
        request = {"jsonrpc": "2.0", "method": "call", "params": params}
        answer = self.client.post(path, base_url="http://127.0.0.1", json=request)
        body = answer.get_json()
        if answer.status_code != 200 or "error" in body:
            raise ValueError(f"{path} answered {answer.status}: {str(body)[:300]}")
        return body["result"]
