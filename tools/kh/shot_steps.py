"""Steps that several pages of `shot_pages` share: data only."""

from __future__ import annotations

FILL_FIRST_ROWS = (
    ("fill", "tr:nth-child(1) [data-kh-qty]", "5"),
    ("fill", "tr:nth-child(2) [data-kh-qty]", "10"),
)
ADD_TO_CART = (
    *FILL_FIRST_ROWS,
    ("click", "[data-kh-add]"),
    ("wait", "[data-kh-cart-kinds]:visible"),
)
# also where the cart holds something already
ADD_MORE = (*FILL_FIRST_ROWS, ("click", "[data-kh-add]"), ("wait", ".kh-p-item-added"))
PARK_CART = (
    *ADD_MORE,
    ("open", "/shop/cart"),
    ("fill", "[data-kh-park] [name=name]", "滨江项目"),
    ("click", "[data-kh-park] button[type=submit]"),
    ("wait", "[data-kh-draft]"),
    ("open", "/shop"),
    *ADD_MORE,
    ("open", "/shop/cart"),
)
PASTE_ADDRESS = (
    *ADD_MORE,
    ("open", "/shop/address?address_type=delivery"),
    ("click", "[data-kh-paste-address] summary"),
    (
        "fill",
        "[data-kh-paste-address] textarea",
        "王芳 13812345678 浙江省杭州市滨江区江南大道3888号",
    ),
    ("click", "[data-kh-paste-fill]"),
    ("wait", "[data-kh-paste-result] p"),
)
ASK_WHY = (("click", "td:visible .kh_price_why"), ("wait", "dialog.kh_why[open]"))
# what a dealer's yearly order looks like
MANY = tuple(
    f"{series}{curve}{poles}P{current}A"
    for series in ("GX1-63", "GX3-63", "GX5-125", "GX7-40")
    for curve in "BCD"
    for poles in (1, 2, 3, 4)
    for current in (10, 16, 25, 32, 63)
)
PASTE_MANY = (
    ("fill", "[data-kh-paste]", "\n".join(f"{code}\t{10 + n}" for n, code in enumerate(MANY * 2))),
    ("click", "[data-kh-check]"),
    ("wait", "[data-kh-counts]:has-text('480')"),
)
OPEN_FIRST = (
    ("click", ".o_data_row .o_data_cell:not(.o_handle_cell), .o_kanban_record"),
    ("wait", ".o_form_view"),
)
