import logging

from odoo.http import Controller, request, route

from ..engine.express import is_signed

_logger = logging.getLogger(__name__)

MAX_BYTES = 256 * 1024  # of the field; its form is up to four times as long
BAD_PER_HOUR = 60  # wrong signatures of one address, before it is not listened to


class ExpressCallback(Controller):
    @route(
        "/kh/express/callback",
        type="http",
        auth="public",
        methods=["POST"],
        csrf=False,  # nobody's session counts here, only the signature
        save_session=False,
        max_content_length=4 * MAX_BYTES,
    )
    def kh_express_callback(self, company="", param="", sign="", **_kwargs):
        """Take what a courier service pushes: signed, stored once, then applied (M-109).

        Answers as 快递100 wants it. Who signs wrongly is counted by network address; right
        signatures are taken all the same, for behind a proxy all share one address.
        """
        company_sudo = self._find_company(company)
        salt = company_sudo.kh_express_salt
        # a file of that name is no text
        is_text = isinstance(param, str) and len(param.encode()) <= MAX_BYTES
        if not is_text or not is_signed(param, sign, salt):
            return self._refuse()
        # sudo: the sender proved that it knows the company's salt
        request.env["kh.express.message"].sudo()._receive(company_sudo, param)
        return self._answer(200, "成功")

    def _refuse(self):
        """Answer who signed wrongly, and count him as long as he is listened to."""
        limiter = request.env["kh.rate.limit"].sudo()  # sudo: counts of strangers
        address = request.httprequest.remote_addr or ""
        if limiter._is_used_up("express", address, BAD_PER_HOUR):
            return self._answer(429, "Too many requests")
        limiter._hit("express", address, BAD_PER_HOUR)
        _logger.info("A push of a courier service with a wrong signature was refused")
        return self._answer(403, "Wrong signature")

    @staticmethod
    def _find_company(text):
        """Return the company of an address as superuser, if it uses the service."""
        is_id = isinstance(text, str) and text.isdecimal() and len(text) < 10
        company_id = int(text) if is_id else 0
        # sudo: salts are for system administrators; it is only compared with a signature
        return (
            request.env["res.company"]
            .sudo()
            .search([("id", "=", company_id), ("kh_express_provider", "=", "kuaidi100")])
        )

    @staticmethod
    def _answer(status, message):
        is_taken = status == 200
        code = str(status if is_taken else 500)
        content = {"result": is_taken, "returnCode": code, "message": message}
        return request.make_json_response(content, status=status)
