from odoo import api, models
from odoo.tools import SQL


class ApprovalLineMixin(models.AbstractModel):
    """Freezes the lines of a document under approval (明细冻结).

    A line model inherits this and names its link to the document; nothing more is needed.
    Documents that were never under review pay at most the reading of their link; those that
    were (returned ones that are corrected) are locked, so that none is sent again meanwhile.
    """

    _name = "kh.approval.line.mixin"
    _description = "Approval Line Mixin"

    # name of the many2one that leads to the document (a model with `kh.approval.mixin`)
    _approval_parent_field = None

    # === CRUD METHODS === #
    @api.model_create_multi
    def create(self, vals_list):
        # before, where the document is told; after, where a default has set it
        self._approval_ensure_open(self._approval_get_new_parents(vals_list))
        lines = super().create(vals_list)
        lines._approval_get_parents()._approval_ensure_not_frozen()
        return lines

    def write(self, vals):
        if vals.keys() - self._approval_line_writable_fields():
            parents = self._approval_get_parents() | self._approval_get_new_parents([vals])
            self._approval_ensure_open(parents)
        return super().write(vals)

    @api.ondelete(at_uninstall=False)
    def _unlink_except_under_review(self):
        self._approval_ensure_open(self._approval_get_parents())

    # === BUSINESS METHODS === #
    @api.model
    def _approval_ensure_open(self, parents):
        """Raise if one of these documents is under review; keep them from being sent meanwhile.

        Whoever asks for the approval writes the document, and so waits for this transaction;
        where they were first, this one is retried and finds the document frozen.
        """
        # sudo: whoever writes a document may know whether it is under review
        linked = parents.filtered(lambda r: r.sudo().kh_approval_request_id)
        if linked.ids:
            self.env.execute_query(
                SQL(
                    "SELECT id FROM %s WHERE id IN %s ORDER BY id FOR NO KEY UPDATE",
                    SQL.identifier(parents._table),
                    tuple(linked.ids),
                )
            )
        parents._approval_ensure_not_frozen()

    def _approval_get_parents(self):
        return self[self._approval_parent_field]

    def _approval_get_new_parents(self, vals_list):
        """Return the documents that `vals_list` would put lines on."""
        name = self._approval_parent_field
        ids = {vals[name] for vals in vals_list if vals.get(name)}
        return self.env[self._fields[name].comodel_name].browse(ids)

    # === HOOKS === #
    def _approval_line_writable_fields(self):
        """Return the names of line fields that stay writable under review."""
        return set()
