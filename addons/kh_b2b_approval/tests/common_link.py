import re

from .common import ApprovalCommon, create_users

TOKEN = re.compile(r"/b2b/approval/([\w-]{20,})")


class LinkCommon(ApprovalCommon):
    """Documents under review whose approvers have got their e-mail."""

    @classmethod
    def _create_users(cls):
        super()._create_users()
        cls.env["res.lang"]._activate_lang("en_US")
        dealers = {"groups": "base.group_portal"}
        cls.dealer_user, cls.other_dealer_user = create_users(
            cls.env,
            {"login": "kh_dealer_user", "name": "Dealer Buyer", **dealers},
            {"login": "kh_other_dealer_user", "name": "Other Dealer", **dealers},
        )
        readers = cls.requester | cls.approver | cls.approver2 | cls.stranger | cls.manager
        (readers | cls.dealer_user | cls.other_dealer_user).lang = "en_US"

    def _send_links(self):
        self.env["kh.approval.link"].search([("date_sent", "=", False)])._send_safely()

    def _get_link(self, document, user):
        return self.env["kh.approval.link"].search(
            [("request_id", "=", self._request(document).id), ("user_id", "=", user.id)], limit=1
        )

    def _get_mail(self, user):
        return self.env["mail.mail"].search(
            [("recipient_ids", "=", user.partner_id.id)], order="id desc", limit=1
        )

    def _ask_by_mail(self, user=None, **values):
        """Return a document under review, the approver's link and its token."""
        document = self._ask(**values)
        self._send_links()
        user = user or self.approver
        token = TOKEN.search(self._get_mail(user).body_html).group(1)
        return document, self._get_link(document, user), token
