"""An order of a dealer, confirmed, and a draft under a hold: both stay as core knows them."""

dealer = env["res.partner"].create({"name": "Dealer", "is_company": True})
product = env["product.product"].create({"name": "Breaker", "list_price": 100.0})
for confirm in (True, False):
    order = env["sale.order"].create({"partner_id": dealer.id})
    result = order._kh_add_products([(product.id, 5.0, None)], source="phone")
    assert result.kept == 1, result
    if confirm:
        order.action_confirm()
        assert order.state == "sale", order.state
