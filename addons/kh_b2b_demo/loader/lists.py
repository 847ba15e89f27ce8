"""Purchase lists, inquiries, an order that waits for its dealer (采购清单, 询价, 代客下单)."""

from odoo import Command, fields

from .base import Book
from .members import staff

DEALER = "huarui"
LISTS = (("list_weekly", "每周补货", "private", 0, 8), ("list_site", "滨江工地常备", "edit", 8, 14))
# reference, note, quoted share of today's price (0: not answered yet)
INQUIRIES = (
    ("inquiry_sent", "某医院改造项目，百点位，预计 12 月中旬供货。", 0.0),
    ("inquiry_quoted", "年底备货，量大，请给最优价格。", 0.94),
)


def load(env):
    book = Book(env)
    if book.get("list_weekly"):
        return
    buyer = book.get(f"application_{DEALER}").partner_user_id
    products = env["product.product"].search([("barcode", "=like", "697099%")], order="barcode")
    goods = products.filtered(lambda product: product.sale_ok)[:40]
    website = env["website"].search([("company_id", "=", env.company.id)], limit=1)
    _make_lists(env, buyer, goods)
    _make_inquiries(env, buyer, goods, website)
    _make_offer(env, buyer, goods)


def _make_lists(env, buyer, goods):
    made = Book(env).make(
        "kh.purchase.list",
        {
            ref: {
                "name": name,
                "share": share,
                "owner_id": buyer.id,
                "partner_id": buyer.partner_id.commercial_partner_id.id,
                "line_ids": [
                    Command.create(
                        {
                            "product_id": product.id,
                            "product_uom_id": product.uom_id.id,
                            "quantity": 5 * (1 + number % 4),
                        }
                    )
                    for number, product in enumerate(goods[start:end])
                ],
            }
            for ref, name, share, start, end in LISTS
        },
    )
    made["list_weekly"].line_ids[:1].note = "送到二号仓"


def _make_inquiries(env, buyer, goods, website):
    made = Book(env).make(
        "kh.price.inquiry",
        {
            ref: {
                "partner_id": buyer.partner_id.id,
                "company_id": env.company.id,
                "website_id": website.id,
                "note": note,
                "line_ids": [
                    Command.create({"product_id": product.id, "quantity": 200.0})
                    for product in goods[14 + 3 * number : 17 + 3 * number]
                ],
            }
            for number, (ref, note, _share) in enumerate(INQUIRIES)
        },
    )
    for ref, _note, share in INQUIRIES:
        inquiry = made[ref]
        inquiry.action_send()
        for line in inquiry.line_ids:
            line.target_price = round(line.price_today * 0.9, 2)
            if share:
                line.write(
                    {
                        "quoted_price": round(line.price_today * share, 2),
                        "valid_until": fields.Date.add(fields.Date.today(), days=10),
                    }
                )
        if share:
            inquiry.action_quote()


def _make_offer(env, buyer, goods):
    partner = buyer.partner_id.commercial_partner_id
    order = Book(env).make(
        "sale.order",
        {
            "order_offer": {
                "partner_id": buyer.partner_id.id,
                "partner_invoice_id": partner.id,
                "pricelist_id": partner.property_product_pricelist.id,
                "user_id": staff(env, "sales1").id,
                "order_line": [
                    Command.create({"product_id": product.id, "product_uom_qty": 10 * (1 + number)})
                    for number, product in enumerate(goods[:5])
                ],
            }
        },
    )["order_offer"]
    order.action_kh_offer()
