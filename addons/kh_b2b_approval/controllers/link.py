from odoo import http
from odoo.exceptions import UserError
from odoo.http import request

from ..models.approval_link import LINK_DECISIONS

MAX_COMMENT = 5000
# How many wrong links one network address may try in an hour.
HOURLY_LIMIT = 30
WRONG_LINK = "approval_link"
HEADERS = {
    "Cache-Control": "no-store",
    "Referrer-Policy": "no-referrer",
    "X-Robots-Tag": "noindex, nofollow, noarchive",
    "X-Frame-Options": "DENY",
    "Content-Security-Policy": (
        "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self' data:; "
        "font-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
    ),
}


class ApprovalLink(http.Controller):
    """One decision without login, by the link from the e-mail (一键审批).

    Opening the link shows and never decides: mail scanners open every link. The page is not
    a page of the website (no menu, no other link, no login); what the link is worth and what
    may be decided is said by the link model.
    """

    # === ROUTES === #
    @http.route(
        "/b2b/approval/<string:token>", type="http", auth="public", methods=["GET"], sitemap=False
    )
    def approval_link(self, token, choice=None, **_kwargs):
        """Show what is to be decided, or why there is nothing left to decide."""
        link_sudo = self._find_link(token)
        if isinstance(link_sudo, http.Response):
            return link_sudo
        self._speak_like(link_sudo)
        return self._render_page(link_sudo, token, choice=choice)

    @http.route(
        "/b2b/approval/<string:token>", type="http", auth="public", methods=["POST"], sitemap=False
    )
    def approval_link_decide(self, token, decision=None, comment=None, **_kwargs):
        """Decide as the person the link was sent to; the page then shows what is so."""
        link_sudo = self._find_link(token)
        if isinstance(link_sudo, http.Response):
            return link_sudo
        self._speak_like(link_sudo)
        comment = str(comment or "")[:MAX_COMMENT]
        try:
            link_sudo.with_env(request.env(su=True))._use(decision, comment)
        except UserError as error:
            return self._render_page(
                link_sudo, token, choice=decision, comment=comment, error=str(error.args[0])
            )
        return self._redirect(token)

    @http.route(
        "/b2b/approval/<string:token>/renew",
        type="http",
        auth="public",
        methods=["POST"],
        sitemap=False,
    )
    def approval_link_renew(self, token, **_kwargs):
        """Mail a new link to the person of an expired one."""
        link_sudo = self._find_link(token)
        if isinstance(link_sudo, http.Response):
            return link_sudo
        self._speak_like(link_sudo)
        is_sent = link_sudo._renew()
        return self._redirect(token, "?renewed=1" if is_sent else "")

    # === ACCESS === #
    def _find_link(self, token):
        """Return the link of the token, as superuser, or the response that refuses."""
        address = request.httprequest.remote_addr
        # sudo: the visitor has no rights; counting wrong tokens, and the link of a right one
        limiter_sudo = request.env["kh.rate.limit"].sudo()
        # a right token always counts: colleagues share an address with whoever tries wrong ones
        link_sudo = request.env["kh.approval.link"].sudo()._find(token)
        if not link_sudo and limiter_sudo._is_used_up(WRONG_LINK, address, HOURLY_LIMIT):
            return self._render_message("blocked", status=429)
        if not link_sudo:
            limiter_sudo._hit(WRONG_LINK, address, HOURLY_LIMIT)
        if not link_sudo or link_sudo._get_status() == "dead":
            return self._render_message("unknown", status=404)
        return link_sudo

    def _speak_like(self, link_sudo):
        """Use the language and time zone of the person whom the link was sent to."""
        reader = link_sudo.request_id._with_reader(link_sudo.user_id).env
        request.update_context(lang=reader.lang, tz=reader.context["tz"])

    # === PAGES === #
    def _render_page(self, link_sudo, token, choice=None, comment="", error=""):
        link_sudo = link_sudo.with_env(request.env(su=True))
        status = link_sudo._get_status()
        request_sudo = link_sudo.request_id
        values = {
            "status": status,
            "link": link_sudo,
            "approval": request_sudo,
            "last": link_sudo._get_last_decision(),
            "own": link_sudo._get_own_decision(),
            "view": None,
            "choice": choice if choice in LINK_DECISIONS else "approve",
            "comment": comment,
            "error": error,
            "is_renewed": request.params.get("renewed") == "1",
            "action": f"/b2b/approval/{token}",
        }
        if status == "valid":
            values["view"] = request_sudo._present(link_sudo.user_id)
        return self._render("kh_b2b_approval.link_page", values)

    def _render_message(self, reason, status):
        response = self._render("kh_b2b_approval.link_message", {"reason": reason})
        response.status_code = status
        if status == 429:
            response.headers["Retry-After"] = "3600"
        return response

    def _render(self, template, values):
        response = request.render(template, values)
        response.headers.update(HEADERS)
        return response

    def _redirect(self, token, query=""):
        response = request.redirect(f"/b2b/approval/{token}{query}", code=303)
        response.headers.update(HEADERS)
        return response
