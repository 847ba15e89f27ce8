from odoo import Command

IMPLIED = ("stock.group_stock_user", "account.group_account_invoice")


def uninstall_hook(env):
    """Take back the core groups that the order desk was given."""
    clerk = env.ref("kh_b2b_member.group_b2b_order_clerk", raise_if_not_found=False)
    if clerk:
        clerk.implied_ids = [Command.unlink(env.ref(name).id) for name in IMPLIED]
