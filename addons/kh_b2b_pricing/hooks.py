from odoo.tools import SQL


def uninstall_hook(env):
    """Delete the price rules of dealers, levels and contracts, and the approvals of contracts
    and adjustments.

    Their columns go with the add-on; the rows would stay and become everybody's price. Former
    prices go along: nothing would tell them from rules any more.
    """
    for model_name in ("kh.price.contract", "kh.price.adjustment"):
        env["kh.approval.flow"]._forget_model(model_name)
    env["product.pricelist.item"].flush_model()
    env.cr.execute(
        SQL(
            "DELETE FROM product_pricelist_item WHERE kh_partner_id IS NOT NULL"
            " OR kh_grade_id IS NOT NULL OR kh_contract_id IS NOT NULL OR kh_is_pending"
            " OR kh_is_past"
        )
    )
    env["product.pricelist.item"].invalidate_model()
