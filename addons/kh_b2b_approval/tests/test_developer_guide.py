import re

from odoo import Command
from odoo.exceptions import UserError
from odoo.orm.model_classes import add_to_registry
from odoo.tests import Form, TransactionCase, new_test_user, tagged
from odoo.tools import file_open

MODELS = ("my.contract", "my.contract.line")


@tagged("post_install", "-at_install")
class TestDeveloperGuide(TransactionCase):
    """Runs the code of `readme/DEVELOP.md`, as it stands there."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        with file_open("kh_b2b_approval/readme/DEVELOP.md") as guide:
            text = guide.read()
        code, arch = (
            re.search(rf"```{language}\n(.*?)```", text, re.S).group(1)
            for language in ("python", "xml")
        )
        # not of any module, so that the models go with the test
        code = code.replace("    _name =", "    _module = None\n    _name =")
        names = {"__name__": __name__}
        exec(compile(code, "DEVELOP.md", "exec"), names)
        for name in ("Contract", "ContractLine"):
            add_to_registry(cls.registry, names[name])
        cls.addClassCleanup(cls._drop_models)
        cls.registry._setup_models__(cls.env.cr, [])
        cls.registry.init_models(cls.env.cr, list(MODELS), {"module": "kh_b2b_approval"})
        cls.clerk = new_test_user(cls.env, "kh_guide_clerk", "base.group_user")
        cls.boss = new_test_user(cls.env, "kh_guide_boss", "base.group_user")
        for model in MODELS:
            cls.env["ir.model.access"].create(
                {
                    "name": model,
                    "model_id": cls.env["ir.model"]._get_id(model),
                    "group_id": cls.env.ref("base.group_user").id,
                    **dict.fromkeys(("perm_read", "perm_write", "perm_create"), True),
                }
            )
        cls.view = cls.env["ir.ui.view"].create({"model": MODELS[0], "type": "form", "arch": arch})
        cls.env["kh.approval.flow"].create(
            {
                "name": "Contracts",
                "model_id": cls.env["ir.model"]._get_id(MODELS[0]),
                "step_ids": [
                    Command.create({"name": "Boss", "user_ids": [Command.set(cls.boss.ids)]})
                ],
            }
        )

    @classmethod
    def _drop_models(cls):
        for model in MODELS:
            del cls.registry[model]
        cls.registry._setup_models__(cls.env.cr, [])

    def test_the_guide_does_what_it_says(self):
        form = Form(self.env["my.contract"].with_user(self.clerk), self.view)
        form.name = "Contract 1"
        contract = form.save()
        contract.line_ids = [Command.create({"quantity": 1})]
        contract.action_request_approval()
        self.assertEqual((contract.kh_approval_state, contract.is_active), ("pending", False))
        for attempt in (
            lambda: contract.write({"name": "Contract 2"}),
            lambda: contract.line_ids.write({"quantity": 2}),
            contract.action_approval_approve,
        ):
            with self.assertRaises(UserError):
                attempt()
        self.assertEqual(contract.sudo().activity_ids.user_id, self.boss)
        self.assertTrue(contract.with_user(self.boss).kh_can_decide)
        contract.with_user(self.boss).action_approval_approve()
        self.assertEqual((contract.kh_approval_state, contract.is_active), ("approved", True))
        contract.line_ids.quantity = 2
