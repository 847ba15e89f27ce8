import logging

from odoo import http
from odoo.exceptions import AccessError, MissingError, UserError
from odoo.http import request
from odoo.tools import consteq
from odoo.tools.misc import hash_sign, verify_hash_signed

from odoo.addons.portal.controllers.portal import CustomerPortal

from .. import const
from ..models.member_application import OPEN_STATES
from ..utils import parse_id

_logger = logging.getLogger(__name__)

SCOPE = "kh_b2b_member.registration"
COOKIE_SCOPE = "kh_b2b_member.draft"


class Registration(CustomerPortal):
    """Companies apply to become dealers (入驻).

    A form of five steps which is saved at each step as a draft; its address with the token
    is the way back to it, also on another device. Shows and asks only: what is right or
    complete is decided by the application model.
    """

    # === ROUTES === #
    @http.route("/b2b/register", type="http", auth="public", website=True, sitemap=True)
    def register(self, **post):
        self._ensure_open()
        if request.env.user.partner_id.commercial_partner_id.kh_is_dealer:
            return request.redirect("/my")
        # sudo: strangers have no rights; the form is written through _prepare_applicant_vals only
        if request.httprequest.method == "POST":
            return self._handle_post(request.env["kh.member.application"].sudo(), post)
        application = request.env["kh.member.application"].sudo()  # empty: nothing is read
        return self._render_form(application, begun=self._get_begun(post))

    @http.route(
        "/b2b/register/<int:application_id>",
        type="http",
        auth="public",
        website=True,
        sitemap=False,
    )
    def register_state(self, application_id, access_token=None, **post):
        application_sudo = self._get_application(application_id, access_token)
        if not application_sudo:
            return request.redirect("/b2b/register")
        if request.httprequest.method == "POST":
            return self._handle_post(application_sudo, post)
        if application_sudo.state in ("draft", "rejected"):
            # one who has begun may finish, also after registration was closed
            check = bool(post.get("check"))
            return self._render_form(application_sudo, check)
        return request.render(
            "kh_b2b_member.registration_state", self._prepare_page_values(application_sudo)
        )

    @http.route(
        "/b2b/register/save",
        type="http",
        auth="public",
        methods=["POST"],
        website=True,
        sitemap=False,
    )
    def register_save(self, application_id=None, access_token=None, **post):
        """Save a step; answers with the address of the draft and what is wrong so far."""
        application_sudo = request.env["kh.member.application"].sudo()
        if not application_id:
            self._ensure_open()
        else:
            application_sudo = self._get_application(parse_id(application_id), access_token)
            if not application_sudo or not self._is_editable(application_sudo):
                return request.make_json_response({"state": "gone"}, status=409)
        if not self._is_human(post) or not self._may("save") or not self._may_upload():
            return request.make_json_response(
                {"state": "busy", "message": self._get_busy_text()}, status=429
            )
        application_sudo, errors = self._save(application_sudo, post)
        if not application_sudo:
            return request.make_json_response(
                {"state": "busy", "message": self._get_busy_text()}, status=429
            )
        return request.make_json_response(self._prepare_saved(application_sudo, errors))

    @http.route("/b2b/register/check", type="jsonrpc", auth="public", website=True)
    def register_check(self, field, value, application_id=None, access_token=None):
        """Check one value as it is typed.

        :return: `{"status": "ok"|"invalid"|"known"|"busy", "message": str}`; never who it is
        """
        application_sudo = self._get_application(parse_id(application_id), access_token)
        if not application_sudo:
            self._ensure_open()
        if not self._may("check"):
            return {"status": "busy", "message": ""}
        # sudo: strangers have no rights; the answer says no more than known or not
        status, message = (
            request.env["kh.member.application"]
            .sudo()
            ._check_value(str(field), str(value or "")[: const.MAX_TEXT], application_sudo)
        )
        return {"status": status, "message": message}

    @http.route(
        "/b2b/register/<int:application_id>/<any(withdraw, reopen):move>",
        type="http",
        auth="public",
        methods=["POST"],
        website=True,
        sitemap=False,
    )
    def register_move(self, application_id, move, access_token=None, **post):
        application_sudo = self._get_application(application_id, access_token)
        if not application_sudo:
            return request.redirect("/b2b/register")
        try:
            if move == "withdraw":
                application_sudo.action_withdraw()
            else:
                application_sudo.action_reopen()
        except UserError:
            # somebody else moved it first: the page below shows where it is now
            _logger.info("Application %s could not %s", application_sudo.id, move)
        return request.redirect(application_sudo.get_portal_url())

    @http.route(
        [
            "/b2b/register/<int:application_id>/license",
            "/b2b/register/<int:application_id>/file/<int:attachment_id>",
        ],
        type="http",
        auth="public",
        readonly=True,
        website=True,
        sitemap=False,
    )
    def register_file(self, application_id, attachment_id=None, access_token=None):
        """Show the applicant a file of the application."""
        application_sudo = self._get_application(application_id, access_token)
        if not application_sudo:
            raise request.not_found()
        binary = request.env["ir.binary"]
        if attachment_id is None:
            if not application_sudo.license_filename:
                raise request.not_found()
            stream = binary._get_stream_from(application_sudo, "license_file")
        else:
            attachment = application_sudo.attachment_ids.filtered(lambda a: a.id == attachment_id)
            if not attachment:
                raise request.not_found()
            stream = binary._get_stream_from(attachment, "raw")
        return stream.get_response(
            as_attachment=False, content_security_policy="default-src 'none'"
        )

    @http.route(
        "/b2b/register/resume",
        type="http",
        auth="public",
        methods=["POST"],
        website=True,
        sitemap=False,
    )
    def register_resume(self, email="", **post):
        """Send the links of begun applications to their address.

        The answer is the same whether there are any.
        """
        email = str(email)[: const.MAX_TEXT].strip().lower()
        if not self._is_human(post) or not self._may("mail"):
            return self._render_message(self._get_busy_text(), status=429)
        # sudo: nobody may write the counters; strangers may not read applications, and do not
        env_sudo = request.env(su=True)
        if env_sudo["kh.rate.limit"]._hit("mail_to", email, const.MAILS_TO_ONE):
            env_sudo["kh.member.application"]._send_resume_links(email)
        return self._render_message(
            request.env._("If there is an application with this address, its link is on the way.")
        )

    # === ACCESS AND LIMITS === #
    def _ensure_open(self):
        # sudo: strangers may not read companies; this is the one switch of the page
        if not request.env.company.sudo().kh_registration_open:
            raise request.not_found()

    def _get_application(self, application_id, access_token):
        """Return the application as superuser if the token is its token, else an empty one."""
        application_sudo = request.env["kh.member.application"].sudo()
        if not access_token:
            return application_sudo
        try:
            found_sudo = self._document_check_access(
                "kh.member.application", application_id, access_token
            )
        except (AccessError, MissingError):
            return application_sudo
        # staff pass the check above without the token; this page is the applicant's
        if not found_sudo.access_token or not consteq(found_sudo.access_token, access_token):
            return application_sudo
        # keep the visitor as the one who acts: the check answers with OdooBot's record
        return application_sudo.browse(found_sudo.id)

    def _is_editable(self, application_sudo):
        return not application_sudo or application_sudo.state in ("draft", "rejected")

    def _may(self, action, amount=1):
        """Count an action of the caller's address, and of all; answer whether the limits allow it.

        Who is over the own limit does not use up that of all.
        """
        # sudo: nobody may write the counters; strangers only raise their own
        limiter_sudo = request.env["kh.rate.limit"].sudo()
        address = request.httprequest.remote_addr
        total = const.HOURLY_TOTALS.get(action)
        return limiter_sudo._hit(action, address, const.HOURLY_LIMITS[action], amount) and (
            not total or limiter_sudo._hit(f"{action}.all", "*", total)
        )

    def _may_upload(self):
        """Count the megabytes that come with the request."""
        size = request.httprequest.content_length or 0
        return self._may("megabyte", 1 + size // (1024 * 1024))

    def _is_human(self, post):
        """The hidden field is empty and the form was opened by us, not a moment ago.

        A form that is sent too fast is answered like any other; only its sending waits.
        """
        if post.get("fax_extension"):
            return False
        return self._get_form_age(post) is not None

    def _get_form_age(self, post):
        """Return for how many seconds the form has been open, None if it is not ours."""
        try:
            opened = verify_hash_signed(request.env(su=True), SCOPE, post.get("opened") or "")
        except ValueError:  # not something we signed
            return None
        if opened is None:
            return None
        return request.env["kh.member.application"]._get_now_timestamp() - opened

    def _get_busy_text(self):
        return request.env._("Too many requests. Please wait a while and try again.")

    # === GOING ON WITH A DRAFT === #
    def _remember(self, application_sudo):
        """Let this browser find its draft again (signed, not readable by scripts)."""
        value = hash_sign(
            request.env(su=True),
            COOKIE_SCOPE,
            application_sudo.id,
            expiration_hours=const.COOKIE_DAYS * 24,
        )
        request.future_response.set_cookie(
            const.COOKIE, value, max_age=const.COOKIE_DAYS * 24 * 3600, httponly=True,
            secure=request.httprequest.scheme == "https", samesite="Lax", path="/b2b/register",
        )  # fmt: skip

    def _get_begun(self, post):
        """Return the open application that this browser began, else an empty one."""
        application_sudo = request.env["kh.member.application"].sudo()
        value = request.cookies.get(const.COOKIE)
        if not value:
            return application_sudo
        if post.get("new"):
            request.future_response.set_cookie(const.COOKIE, "", max_age=0, path="/b2b/register")
            return application_sudo
        try:
            application_id = verify_hash_signed(request.env(su=True), COOKIE_SCOPE, value)
        except ValueError:  # not something we signed
            application_id = None
        # sudo: the signature says that this browser began it
        begun_sudo = application_sudo.browse(application_id or 0).exists()
        is_open = begun_sudo.state in OPEN_STATES
        return begun_sudo if is_open and begun_sudo.access_token else application_sudo

    # === SAVING === #
    def _handle_post(self, application_sudo, post):
        """The whole form, sent without JavaScript or by its last button."""
        if not self._is_editable(application_sudo):
            return request.redirect(application_sudo.get_portal_url())
        is_human = self._is_human(post) and self._get_form_age(post) >= const.MIN_FILL_TIME
        if not is_human or not self._may("submit") or not self._may_upload():
            return self._render_message(self._get_busy_text(), status=429)
        application_sudo, errors = self._save(application_sudo, post)
        if not application_sudo:
            return self._render_message(self._get_busy_text(), status=429)
        problems = {**application_sudo._get_problems(), **errors}
        if problems:
            return request.redirect(application_sudo.get_portal_url(query_string="&check=1"))
        application_sudo.action_submit()
        return request.redirect(application_sudo.get_portal_url())

    def _save(self, application_sudo, post):
        """Write what was typed and uploaded; create the draft with the first save.

        :return: the application (empty if one may not be opened now) and file errors
        """
        if not application_sudo and not self._may("open"):
            return application_sudo, {}
        model_sudo = application_sudo.browse().sudo()
        vals = model_sudo._prepare_applicant_vals(post)
        if application_sudo:
            application_sudo.write(vals)
        else:
            application_sudo = model_sudo.create(
                {**vals, "lang": request.env.lang, "company_id": request.env.company.id}
            )
            application_sudo._portal_ensure_token()
            self._remember(application_sudo)
        files = request.httprequest.files
        errors = application_sudo._save_files(
            files.get("license_file"), files.getlist("documents"), self._get_removed(post)
        )
        return application_sudo, errors

    def _get_removed(self, post):
        removed = post.get("removed_documents") or ""
        return {parse_id(part) for part in removed.split(",")} - {0}

    def _prepare_saved(self, application_sudo, errors):
        return {
            "state": "saved",
            "id": application_sudo.id,
            "access_token": application_sudo.access_token,
            "url": application_sudo.get_portal_url(),
            "license": application_sudo.license_filename or "",
            "documents": [
                {"id": attachment.id, "name": attachment.name}
                for attachment in application_sudo.attachment_ids
            ],
            "errors": errors,
        }

    # === PAGES === #
    def _render_form(self, application_sudo, check=False, begun=None):
        values = self._prepare_page_values(application_sudo)
        values["begun"] = begun
        values["problems"] = application_sudo._get_problems() if check else {}
        values["opened"] = hash_sign(
            request.env(su=True),
            SCOPE,
            request.env["kh.member.application"]._get_now_timestamp(),
            expiration_hours=const.MAX_FORM_AGE,
        )
        return request.render("kh_b2b_member.registration_form", values)

    def _prepare_page_values(self, application_sudo):
        company_sudo = application_sudo.company_id or request.env.company.sudo()
        country = company_sudo.country_id or request.env.ref("base.cn").sudo()
        return {
            "application": application_sudo,
            "company": company_sudo,
            "states": country.state_ids.sorted("code"),
            "member_types": request.env["kh.member.application"]
            ._fields["member_type"]
            ._description_selection(request.env),
            "access_token": application_sudo.access_token,
            "problems": {},
            "page_name": "registration",
            "no_footer": True,
        }

    def _render_message(self, text, status=200):
        return request.render("kh_b2b_member.registration_message", {"text": text}, status=status)
