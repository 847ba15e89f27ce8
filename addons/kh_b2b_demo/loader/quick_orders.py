"""What a dealer calls our products in his own lists, and a list he is working on (快速下单)."""

from odoo.addons.kh_b2b_order.engine.quick_rows import split_text

from .base import Book
from .members import dealer

CODES = ("HR-MCB-001", "HR-MCB-002", "断路器2P10")
# rows that are known, by the dealer's code and by ours, and rows that need a look
ROWS = """货号\t名称\t数量\t单位
HR-MCB-001\t小型断路器\t20\t个
断路器2P10\t\t１０个\t
{code}\t\t× 5\t
{typo}\t\t12\t
小型断路器 D型\t\t6\t
HR-IES-618\t8 口工业交换机\t3\t台"""


def load(env):
    if Book(env).get("dealer_code_0"):
        return
    products = env["product.product"].search(
        [("default_code", "=like", "GX1-63C%")], order="default_code", limit=len(CODES) + 1
    )
    Book(env).make(
        "kh.dealer.product.code",
        {
            f"dealer_code_{index}": {
                "partner_id": dealer(env, "huarui").id,
                "code": code,
                "product_id": product.id,
            }
            for index, (code, product) in enumerate(zip(CODES, products, strict=False))
        },
    )
    _load_draft(env, products[-1].default_code)


def _load_draft(env, code):
    website = env["website"].search([("kh_is_b2b", "=", True)], limit=1)
    user = env["res.users"].search([("login", "=", "dealer1")])
    draft = env["kh.quick.order"].with_user(user)._get_own(website)
    draft._append(split_text(ROWS.format(code=code, typo=f"{code}x")))
