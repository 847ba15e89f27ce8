from werkzeug.exceptions import NotFound

from odoo import http
from odoo.exceptions import AccessError, UserError
from odoo.fields import Domain
from odoo.http import request

from odoo.addons.portal.controllers.portal import CustomerPortal

from ..engine import checks
from ..models.res_partner_people import DEALER_ROLES

NOTICE_KEY = "kh_company_notice"
# What is kept of a form that was refused, so that nothing is typed twice.
KEPT_FIELDS = ("name", "email", "phone", "role", "lang", "order_limit", "month_limit")
MAX_KEPT = 200


class CompanyPortal(CustomerPortal):
    """Company and colleagues (公司与同事): who works for the dealer, and what each may do.

    The rules are in `res.partner` (`_kh_…_colleague`); here forms are read and pages shown.
    """

    # === ROUTES === #
    @http.route("/my/company", type="http", auth="user", website=True, methods=["GET"])
    def my_company(self, **_kwargs):
        dealer = self._get_dealer()
        if not dealer:
            return request.redirect("/my")
        return request.render("kh_b2b_member.portal_my_company", self._prepare_company(dealer))

    @http.route("/my/company/update", type="http", auth="user", website=True, methods=["POST"])
    def my_company_update(self, **post):
        """Change what a dealer may change of its own card."""
        return self._run(
            lambda dealer: dealer._kh_update_company(post), request.env._("Company data saved.")
        )

    @http.route("/my/company/invite", type="http", auth="user", website=True, methods=["POST"])
    def my_company_invite(self, **post):
        """Invite a colleague by e-mail."""
        kept = {name: (post.get(name) or "")[:MAX_KEPT] for name in KEPT_FIELDS}

        return self._run(
            lambda dealer: dealer._kh_invite_colleague(self._parse_colleague(post)),
            request.env._("The invitation to %s is on its way.", kept["email"]),
            form="invite",
            values=kept,
            check=self._count_invitation,
        )

    @http.route(
        "/my/company/colleague/<int:contact_id>/<any(save,deactivate,reactivate,resend):action>",
        type="http",
        auth="user",
        website=True,
        methods=["POST"],
    )
    def my_company_colleague(self, contact_id, action, **post):
        """Change, deactivate, reactivate or invite again one colleague."""
        calls = {
            "save": lambda dealer, contact: dealer._kh_change_colleague(
                contact, self._parse_colleague(post)
            ),
            "deactivate": lambda dealer, contact: dealer._kh_deactivate_colleague(contact),
            "reactivate": lambda dealer, contact: dealer._kh_reactivate_colleague(contact),
            "resend": lambda dealer, contact: dealer._kh_resend_invitation(contact),
        }
        _ = request.env._
        done = {
            "save": _("Saved."),
            "deactivate": _("Deactivated. This person is logged out and can no longer log in."),
            "reactivate": _("Activated again."),
            "resend": _("The invitation was sent again."),
        }
        return self._run(
            lambda dealer: calls[action](dealer, self._get_colleague(dealer, contact_id)),
            done[action],
            form=str(contact_id),
            check=self._count_invitation if action == "resend" else None,
        )

    # === HELPERS === #
    @staticmethod
    def _get_dealer():
        """Return the dealer the user works for, empty for everybody else."""
        dealer = request.env.user.partner_id.commercial_partner_id
        return dealer if dealer.kh_is_dealer else dealer.browse()

    @staticmethod
    def _get_colleague(dealer, contact_id):
        """Return a contact of the dealer, as the user; whatever else does not exist."""
        dealer._kh_ensure_manages()
        contact = (
            request.env["res.partner"]
            .with_context(active_test=False)
            .search(Domain("id", "=", contact_id) & Domain("commercial_partner_id", "=", dealer.id))
        )
        if not contact:
            raise NotFound
        return contact

    @staticmethod
    def _count_invitation(dealer):
        """Count whatever comes of it: that an address is refused must not be tried at will."""
        dealer._kh_ensure_manages()
        if not dealer._kh_may_invite():
            raise UserError(
                request.env._("That was a lot of invitations. Go on in an hour, please.")
            )

    def _run(self, call, done, form="", values=None, check=None):
        """Do it wholly or not at all and go back to the page, with what came of it.

        Rights are checked by `call`; `check` comes first and is kept if `call` refuses.
        """
        dealer = self._get_dealer()
        if not dealer:
            raise NotFound
        notice = {"kind": "done", "text": str(done), "form": "", "values": {}}
        try:
            if check:
                check(dealer)
            with request.env.cr.savepoint():
                call(dealer)
        except AccessError:  # no right is not a mistake to correct
            raise
        except UserError as error:
            notice = {"kind": "stop", "text": str(error), "form": form, "values": values or {}}
        request.session[NOTICE_KEY] = notice
        return request.redirect("/my/company#kh_notice", code=303)

    @staticmethod
    def _parse_colleague(post):
        values = {name: post.get(name) or "" for name in ("name", "email", "phone", "role", "lang")}
        for name in ("order_limit", "month_limit"):
            text = (post.get(name) or "").strip()
            limit = checks.parse_amount(text) if text else 0.0
            if limit is None:
                raise UserError(request.env._("“%s” is not an amount of money.", text[:40]))
            values[name] = limit
        return values

    def _prepare_company(self, dealer):
        manages = dealer._kh_manages_people()
        # sudo: level, areas, bank accounts and people of one's own company, read by the page
        dealer_sudo = dealer.sudo()
        people = dealer_sudo.with_user(request.env.user).sudo()._kh_get_people()
        currency = request.env.company.currency_id
        return {
            "page_name": "b2b_people",
            "dealer": dealer_sudo,
            "people": people if manages else [p for p in people if p.status != "off"],
            "administrators": [p for p in people if p.role == "admin" and p.status != "off"],
            "manages": manages,
            "roles": dict(
                request.env["res.partner"]
                ._fields["kh_dealer_role"]
                ._description_selection(request.env)
            ),
            "role_hints": self._get_role_hints(),
            "languages": request.env["res.lang"].get_installed(),
            "currency": currency,
            "notice": request.session.pop(NOTICE_KEY, None) or {},
        }

    @staticmethod
    def _get_role_hints():
        """Say in one line each what a role may do, in the order in which they are offered."""
        _ = request.env._
        hints = {
            "buyer": _("Puts goods into the cart and sends orders, up to the limit."),
            "approver": _("Approves the orders of colleagues, and may order too."),
            "finance": _("Sees bills and payments; does not send orders."),
            "admin": _("May do everything, and manages the colleagues."),
        }
        return [(role, hints[role]) for role, _label in DEALER_ROLES]
