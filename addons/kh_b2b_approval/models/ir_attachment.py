from collections import defaultdict

from odoo import api, models
from odoo.exceptions import UserError
from odoo.fields import Domain

# What makes a file what it is, and whose it is.
CONTENT_FIELDS = {
    "datas",
    "db_datas",
    "mimetype",
    "name",
    "raw",
    "res_field",
    "res_id",
    "res_model",
    "type",
    "url",
}


class IrAttachment(models.Model):
    """Files of a document under review stay as the approvers saw them (附件冻结)."""

    _inherit = "ir.attachment"

    # === CRUD METHODS === #
    def write(self, vals):
        if CONTENT_FIELDS & vals.keys():
            self._approval_ensure_not_frozen()
        return super().write(vals)

    @api.ondelete(at_uninstall=False)
    def _unlink_except_under_review(self):
        self._approval_ensure_not_frozen()

    # === BUSINESS METHODS === #
    def _approval_ensure_not_frozen(self):
        """Raise if one of these files belongs to a document under review.

        Also for superuser rights, with which the chatter deletes files, but for the system
        itself; there a binary field is left to the freeze of its document. One query for all
        files, none where no model of them is under approval.
        """
        if self.env.uid == api.SUPERUSER_ID:
            return
        ids_by_model = defaultdict(set)
        for attachment in self.sudo():  # sudo: whose file it is
            model = self.env.get(attachment.res_model or "")
            if (
                model is None
                or not attachment.res_id
                or "kh_approval_request_id" not in model._fields
            ):
                continue
            if not (self.env.su and attachment.res_field):
                ids_by_model[model._name].add(attachment.res_id)
        if not ids_by_model:
            return
        documents = Domain.OR(
            Domain("res_model", "=", model) & Domain("res_id", "in", sorted(ids))
            for model, ids in ids_by_model.items()
        )
        # sudo: whoever changes a file may know whether its document is under review
        requests_sudo = self.env["kh.approval.request"].sudo()
        pending = requests_sudo.search(documents & Domain("state", "=", "pending"), limit=1)
        if pending:
            raise UserError(
                self.env._(
                    "%(document)s is under review, so its files cannot be changed or deleted. "
                    "Withdraw the request or have it returned first.",
                    document=pending.name,
                )
            )
