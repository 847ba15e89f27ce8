from odoo import Command, fields, models
from odoo.orm.model_classes import add_to_registry
from odoo.tests import TransactionCase

MODEL = "kh.test.document"
LINE_MODEL = "kh.test.document.line"
PLAIN_MODEL = "kh.test.plain"


def create_users(env, *rows):
    """Make several users at once and without invitation mails, which core's `new_test_user` sends.

    :param rows: values of each user: ``login``, ``groups`` (XML ids with commas), other fields
    :return: users in this order; the password is the login, filled up with x to eight characters
    """
    vals_list = []
    for row in rows:
        vals = {"name": row["login"], "password": row["login"].ljust(8, "x"), **row}
        groups = vals.pop("groups", "base.group_user").split(",")
        vals["group_ids"] = [Command.set([env.ref(group).id for group in groups])]
        vals.setdefault("email", f"{vals['login']}@example.com")
        vals_list.append(vals)
    return env["res.users"].with_context(no_reset_password=True).create(vals_list).with_env(env)


def make_document_class():
    """Return a model under approval, which lives as long as a test class."""

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
        owner_id = fields.Many2one("res.users")
        partner_id = fields.Many2one("res.partner")
        dealer_user_id = fields.Many2one("res.users")
        line_ids = fields.One2many(LINE_MODEL, "document_id")

        def _approval_dealer_users(self):
            return super()._approval_dealer_users() | self.dealer_user_id

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


def make_line_class():
    """Return the lines of the document, frozen with it."""

    class DocumentLine(models.Model):
        _module = None
        _name = LINE_MODEL
        _description = "Test Document Line"
        _inherit = ["kh.approval.line.mixin"]
        _approval_parent_field = "document_id"

        document_id = fields.Many2one(MODEL, ondelete="cascade")
        quantity = fields.Float()
        remark = fields.Char()

        def _approval_line_writable_fields(self):
            return super()._approval_line_writable_fields() | {"remark"}

    return DocumentLine


def make_plain_class():
    """Return a model without approval, to compare with."""

    class Plain(models.Model):
        _module = None
        _name = PLAIN_MODEL
        _description = "Test Document without Approval"
        _inherit = ["mail.thread", "mail.activity.mixin"]

        name = fields.Char()
        amount = fields.Float()

    return Plain


class ApprovalCommon(TransactionCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.env = cls.env(context={**cls.env.context, "tracking_disable": False})
        for make_class in (make_document_class, make_line_class, make_plain_class):
            add_to_registry(cls.registry, make_class())
        cls.addClassCleanup(cls._drop_document_model)
        cls.registry._setup_models__(cls.env.cr, [])
        cls.registry.init_models(
            cls.env.cr, [MODEL, LINE_MODEL, PLAIN_MODEL], {"module": "kh_b2b_approval"}
        )
        cls.model = cls.env["ir.model"]._get(MODEL)
        cls._grant(MODEL, "base.group_user", "rwcd")
        cls._grant(MODEL, "base.group_portal", "r")
        cls._grant(LINE_MODEL, "base.group_user", "rwcd")
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
        for model in (PLAIN_MODEL, LINE_MODEL, MODEL):
            del cls.registry[model]
        cls.registry._setup_models__(cls.env.cr, [])

    @classmethod
    def _grant(cls, model, group, rights):
        cls.env["ir.model.access"].create(
            {
                "name": f"{model} {group}",
                "model_id": cls.env["ir.model"]._get_id(model),
                "group_id": cls.env.ref(group).id,
                "perm_read": "r" in rights,
                "perm_write": "w" in rights,
                "perm_create": "c" in rights,
                "perm_unlink": "d" in rights,
            }
        )

    @classmethod
    def _create_users(cls):
        cls.company2 = cls.env["res.company"].create({"name": "KH second company"})
        foreign = {"company_id": cls.company2.id, "company_ids": [Command.set(cls.company2.ids)]}
        (
            cls.requester,
            cls.approver,
            cls.approver2,
            cls.stranger,
            cls.manager,
            cls.portal_user,
            cls.foreigner,
        ) = create_users(
            cls.env,
            {"login": "kh_requester"},
            {"login": "kh_approver"},
            {"login": "kh_approver2"},
            {"login": "kh_stranger"},
            {"login": "kh_manager", "groups": "kh_b2b_approval.group_approval_manager"},
            {"login": "kh_portal", "groups": "base.group_portal"},
            {"login": "kh_foreigner", **foreign},
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

    @classmethod
    def _users(cls, users):
        return [Command.set(users.ids)]

    def _set_steps(self, *steps):
        """Give the flow these steps instead of its own."""
        self.flow.step_ids = [
            Command.clear(),
            *(
                Command.create({"sequence": 10 * number, "name": f"S{number}", **step})
                for number, step in enumerate(steps, 1)
            ),
        ]

    def _request(self, document):
        return document.sudo().kh_approval_request_id

    def _deciders(self, document):
        return self._request(document)._get_deciders()

    def _approve(self, document, user, comment=None):
        document.with_user(user).action_approval_approve(comment)

    def _stand_in(self, user, substitute, **values):
        return self.env["kh.approval.substitute"].create(
            {"user_id": user.id, "substitute_id": substitute.id, **values}
        )

    def _ask(self, user=None, **values):
        """Return a document under review, as the requester sees it."""
        document = self._create_document(user, **values)
        document.action_request_approval()
        return document
