from odoo import Command

IMPLIED = {
    "kh_b2b_member.group_b2b_order_clerk": (
        "stock.group_stock_user",
        "account.group_account_invoice",
    ),
    "kh_b2b_member.group_b2b_finance": ("account.group_account_invoice",),
}


def uninstall_hook(env):
    """Take back what core tables got from us: groups of staff, approvals of orders."""
    env = env(su=True)  # whoever uninstalls need not manage approvals
    for model_name in ("sale.order", "kh.price.inquiry"):
        env["kh.approval.flow"]._forget_model(model_name)
    for group_name, implied in IMPLIED.items():
        group = env.ref(group_name, raise_if_not_found=False)
        if group:
            group.implied_ids = [Command.unlink(env.ref(name).id) for name in implied]
