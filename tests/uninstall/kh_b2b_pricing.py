"""Prices of a dealer, of a level and of a contract that is in force: none may stay."""

dealer = env["res.partner"].create({"name": "Dealer", "is_company": True})
grade = env["res.partner.grade"].create({"name": "Gold"})
product = env["product.product"].create({"name": "Breaker", "list_price": 100.0})
pricelist = env["product.pricelist"].create({"name": "Dealers", "kh_is_b2b": True})
dealer.specific_property_product_pricelist = pricelist
price = {
    "pricelist_id": pricelist.id,
    "applied_on": "0_product_variant",
    "product_id": product.id,
    "compute_price": "fixed",
}
env["product.pricelist.item"].create(
    [
        {**price, "fixed_price": 61.0, "kh_partner_id": dealer.id},
        {**price, "fixed_price": 81.0, "kh_grade_id": grade.id},
    ]
)
contract = env["kh.price.contract"].create(
    {
        "partner_id": dealer.id,
        "pricelist_id": pricelist.id,
        "item_ids": [(0, 0, {**price, "fixed_price": 71.0})],
    }
)
contract.action_submit()
if contract.state == "review":
    contract.action_approve()
contract.message_post(body="A note", attachments=[("note.txt", b"kept by nobody")])
