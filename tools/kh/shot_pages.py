"""The pages of which `./kh shots` takes pictures: data only.

`role` is a login of the demo company (its password is the same), or None for a stranger. `steps`
are done after the page has come: ``("click", css)``, ``("fill", css, text)``, ``("press", css,
key)``, ``("wait", css)``, ``("open", address)``. A step whose name ends with ``?`` may find
nothing. `url` of the back office may name an action by its XML id: ``action:kh_b2b_order.x``.
"""

from __future__ import annotations

from typing import NamedTuple


class Page(NamedTuple):
    name: str
    role: str | None
    url: str
    steps: tuple[tuple[str, ...], ...] = ()
    #: what must be on the page, or the picture is not of what it should be
    expect: str = "body"
    #: whole page, or only what the first screen shows
    full: bool = True
    #: back office pages are for a desk; the phone is taken where people use one
    widths: tuple[int, ...] = (1280, 390)


FILL_FIRST_ROWS = (
    ("fill", "tr:nth-child(1) [data-kh-qty]", "5"),
    ("fill", "tr:nth-child(2) [data-kh-qty]", "10"),
)
ADD_TO_CART = (
    *FILL_FIRST_ROWS,
    ("click", "[data-kh-add]"),
    ("wait", "[data-kh-cart-kinds]:visible"),
)
ASK_WHY = (("click", "td:visible .kh_price_why"), ("wait", "dialog.kh_why[open]"))
OPEN_FIRST = (("click", ".o_data_row .o_data_cell, .o_kanban_record"), ("wait", ".o_form_view"))

PAGES = (
    # --- a stranger
    Page("01-shop-stranger", None, "/shop"),
    Page("02-register", None, "/b2b/register"),
    Page("03-login", None, "/web/login"),
    # --- a dealer
    Page("10-home", "dealer1", "/my"),
    Page("11-shop", "dealer1", "/shop"),
    Page("12-shop-quantities", "dealer1", "/shop", FILL_FIRST_ROWS, full=False),
    Page("13-shop-search", "dealer1", "/shop?search=GX1-63C2"),
    Page("14-shop-empty", "dealer1", "/shop?search=nothing-has-this-name"),
    Page("15-product", "dealer1", "/shop", (("click", "tbody tr:nth-child(3) a"),)),
    Page("16-cart", "dealer1", "/shop", (*ADD_TO_CART, ("open", "/shop/cart"))),
    Page("17-checkout", "dealer1", "/shop/checkout"),
    Page("18-orders", "dealer1", "/my/orders"),
    Page("19-order", "dealer1", "/my/orders", (("click", "a[href*='/my/orders/']"),)),
    Page("20-shop-buyer", "buyer1", "/shop", full=False),
    Page("21-shop-why", "dealer1", "/shop", ASK_WHY, full=False),
    Page("22-cart-why", "dealer1", "/shop", (*ADD_TO_CART, ("open", "/shop/cart"), *ASK_WHY)),
    Page(
        "23-order-why",
        "dealer1",
        "/my/orders",
        (("click", "a[href*='/my/orders/']"), *ASK_WHY),
        full=False,
    ),
    # --- the back office
    Page("30-applications", "admission", "action:kh_b2b_member.kh_member_application_action"),
    Page(
        "31-application",
        "admission",
        "action:kh_b2b_member.kh_member_application_action",
        OPEN_FIRST,
    ),
    Page("32-contracts", "product", "action:kh_b2b_pricing.kh_price_contract_action"),
    Page(
        "33-contract",
        "product",
        "action:kh_b2b_pricing.kh_price_contract_action",
        OPEN_FIRST,
    ),
    Page(
        "33-contract-effect",
        "product",
        "action:kh_b2b_pricing.kh_price_contract_action",
        (*OPEN_FIRST, ("click", "button[name=action_preview]"), ("wait", ".modal .o_form_view")),
        full=False,
        widths=(1280,),
    ),
    Page(
        "33-contract-copy",
        "product",
        "action:kh_b2b_pricing.kh_price_contract_action",
        (
            *OPEN_FIRST,
            ("click", "button[name=action_copy_to_new]"),
            ("wait", ".modal .o_form_view"),
        ),
        full=False,
        widths=(1280,),
    ),
    Page(
        "33-price-adjustment",
        "product",
        "action:kh_b2b_pricing.kh_price_adjustment_action",
        OPEN_FIRST,
    ),
    Page("33-price-history", "product", "action:kh_b2b_pricing.kh_price_history_action"),
    Page("34-orders-clerk", "order", "action:kh_b2b_order.sale_order_action_kh"),
    Page(
        "35-order-clerk",
        "order",
        "action:kh_b2b_order.sale_order_action_kh",
        OPEN_FIRST,
    ),
    Page(
        "35b-order-why",
        "order",
        "action:kh_b2b_order.sale_order_action_kh",
        (
            *OPEN_FIRST,
            ("click", ".o_data_row .o_kh_price_xray"),
            ("wait", ".o_kh_price_why"),
        ),
        full=False,
        widths=(1280,),
    ),
    Page("36-review", "order", "action:kh_b2b_order.sale_order_action_kh_review"),
    Page("37-approvals", "gm", "action:kh_b2b_approval.kh_approval_request_action"),
)
