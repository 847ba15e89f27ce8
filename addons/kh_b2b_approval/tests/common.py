from odoo import Command, fields, models
from odoo.orm.model_classes import add_to_registry
from odoo.tests import TransactionCase, new_test_user

MODEL = "kh.test.document"


def make_document_class():
    """Return a model under approval, which exists only while a test class runs."""

    class Document(models.Model):
        _module = None
        _name = MODEL
        _description = "Test Document"
        _inherit = ["mail.thread", "mail.activity.mixin", "kh.approval.mixin"]

        name = fields.Char()
        amount = fields.Float()
        remark = fields.Char()
        outcome = fields.Char(default="open")
        company_id = fields.Many2one("res.company", default=lambda self: self.env.company)

        def _approval_writable_fields(self):
            return super()._approval_writable_fields() | {"remark"}

        def _approval_granted(self):
            super()._approval_granted()
            self.write({"outcome": "granted"})

        def _approval_refused(self, reason):
            super()._approval_refused(reason)
            self.write({"outcome": f"refused: {reason}"})

        def _approval_returned(self, reason):
            super()._approval_returned(reason)
            self.write({"outcome": f"returned: {reason}"})

        def _approval_withdrawn(self):
            super()._approval_withdrawn()
            self.write({"outcome": "withdrawn"})

    return Document


class ApprovalCommon(TransactionCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.env = cls.env(context={**cls.env.context, "tracking_disable": False})
        add_to_registry(cls.registry, make_document_class())
        cls.addClassCleanup(cls._drop_document_model)
        cls.registry._setup_models__(cls.env.cr, [])
        cls.registry.init_models(cls.env.cr, [MODEL], {"module": "kh_b2b_approval"})
        cls.model = cls.env["ir.model"]._get(MODEL)
        cls.env["ir.model.access"].create(
            {
                "name": "test document",
                "model_id": cls.model.id,
                "group_id": cls.env.ref("base.group_user").id,
                "perm_read": True,
                "perm_write": True,
                "perm_create": True,
                "perm_unlink": True,
            }
        )
        cls._create_users()
        cls.role = cls.env["res.users.role"].create(
            {
                "name": "Test approvers",
                "implied_ids": [Command.link(cls.env.ref("base.group_user").id)],
            }
        )
        cls.flow = cls._create_flow(
            [{"name": "First", "user_ids": [Command.set(cls.approver.ids)]}]
        )

    @classmethod
    def _drop_document_model(cls):
        del cls.registry[MODEL]
        cls.registry._setup_models__(cls.env.cr, [])

    @classmethod
    def _create_users(cls):
        def user(login, groups="base.group_user", **values):
            return new_test_user(cls.env, login, groups, name=login, **values)

        cls.requester = user("kh_requester")
        cls.approver = user("kh_approver")
        cls.approver2 = user("kh_approver2")
        cls.stranger = user("kh_stranger")
        cls.manager = user("kh_manager", "kh_b2b_approval.group_approval_manager")
        cls.portal_user = user("kh_portal", "base.group_portal")
        cls.company2 = cls.env["res.company"].create({"name": "KH second company"})
        cls.foreigner = user(
            "kh_foreigner",
            company_id=cls.company2.id,
            company_ids=[Command.set(cls.company2.ids)],
        )

    @classmethod
    def _create_flow(cls, steps, **values):
        return cls.env["kh.approval.flow"].create(
            {
                "name": "Test flow",
                "model_id": cls.model.id,
                "step_ids": [
                    Command.create({"sequence": 10 * number, **step})
                    for number, step in enumerate(steps, 1)
                ],
                **values,
            }
        )

    def _create_document(self, user=None, **values):
        document = self.env[MODEL].with_user(user or self.requester)
        return document.create({"name": "Contract 1", **values})

    def _ask(self, user=None, **values):
        """Return a document under review, as the requester sees it."""
        document = self._create_document(user, **values)
        document.action_request_approval()
        return document
