"""The pages of which `./kh shots` takes pictures: data only.

`role` is a login of the demo company (its password is the same), or None for a stranger. `steps`
are done after the page has come: ``("click", css)``, ``("fill", css, text)``, ``("press", css,
key)``, ``("wait", css)``, ``("open", address)``, ``("lose", address)``: its requests find no
network, ``("hang", address)``: they get no answer, ``("elsewhere", address, quantity)``: the same
person orders in another tab. A step whose name ends with ``?`` may find nothing. `url` of the back
office may name an action by its XML id: ``action:kh_b2b_order.x``.
"""

from __future__ import annotations

from typing import NamedTuple

from tools.kh.shot_steps import (
    ADD_TO_CART,
    ASK_WHY,
    FILL_FIRST_ROWS,
    OPEN_FIRST,
    PARK_CART,
    PASTE_ADDRESS,
    PASTE_MANY,
)


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


# pages on which nobody works with a phone
DESK = (1280,)

PAGES = (
    # --- a stranger
    Page("01-shop-stranger", None, "/shop"),
    Page("02-register", None, "/b2b/register"),
    Page("03-login", None, "/web/login"),
    Page(
        "04-register-data",
        None,
        "/b2b/register",
        (("click?", "[data-goto='2'] button"),),
        expect="input[name='manager_phone']",
    ),
    Page("05-register-resume", None, "/b2b/register", (("click?", "details summary"),)),
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
    Page("27-shop-why", "dealer1", "/shop", ASK_WHY, full=False),
    Page("28-cart-why", "dealer1", "/shop", (*ADD_TO_CART, ("open", "/shop/cart"), *ASK_WHY)),
    Page(
        "29-order-why",
        "dealer1",
        "/my/orders",
        (("click", "a[href*='/my/orders/']"), *ASK_WHY),
        full=False,
    ),
    Page(
        "21-category",
        "dealer1",
        "/shop",
        (("click?", ".kh-p-sidebar .kh-p-tree li + li a"),),
        widths=DESK,
    ),
    Page("22-member", "dealer1", "/my/b2b"),
    Page("23-company", "dealer1", "/my/company"),
    Page("24-approvals", "approver1", "/my/approvals"),
    Page(
        "25-approval", "approver1", "/my/approvals", (("click?", "main a[href*='/my/approvals/']"),)
    ),
    Page("26-company-buyer", "buyer1", "/my/company"),
    Page("26-price-list", "dealer1", "/my/prices"),
    Page("26-shop-by-price", "dealer1", "/shop?order=price", full=False),
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
    Page("36-what-if", "director", "action:kh_b2b_pricing.kh_price_simulation_action"),
    Page("36-review", "order", "action:kh_b2b_order.sale_order_action_kh_review"),
    Page("36-sales-analysis", "director", "action:kh_b2b_order.sale_report_action_kh"),
    Page("36-stock-by-warehouse", "product", "action:kh_b2b_catalog.stock_quant_action_kh"),
    Page("37-approvals", "supervisor", "action:kh_b2b_approval.kh_approval_request_action"),
    Page(
        "38-approval",
        "supervisor",
        "action:kh_b2b_approval.kh_approval_request_action",
        OPEN_FIRST,
    ),
    Page("39-approval-flows", "admin", "action:kh_b2b_approval.kh_approval_flow_action"),
    Page(
        "40-approval-flow",
        "admin",
        "action:kh_b2b_approval.kh_approval_flow_action",
        OPEN_FIRST,
        widths=DESK,
    ),
    Page("41-dealers", "sales1", "action:kh_b2b_member.res_partner_action_dealer"),
    Page("42-life-cycle", "supervisor", "action:kh_b2b_member.res_partner_action_lifecycle"),
    Page("43-entitlements", "director", "action:kh_b2b_member.kh_member_grant_action"),
    Page("44-level-rules", "director", "action:kh_b2b_member.kh_grade_rule_action", widths=DESK),
    Page("45-role-matrix", "it", "action:kh_b2b_member.kh_role_matrix_action", widths=DESK),
    Page("46-roles", "it", "action:kh_b2b_member.res_users_role_action", widths=DESK),
    Page("47-sync-runs", "it", "action:kh_b2b_member.kh_sync_run_action", widths=DESK),
    Page("48-sync-sources", "it", "action:kh_b2b_member.kh_sync_source_action", widths=DESK),
    Page("49-sync-conflicts", "it", "action:kh_b2b_member.kh_sync_conflict_action", widths=DESK),
    Page("50-assortments", "product", "action:kh_b2b_catalog.kh_catalog_assortment_action"),
    Page(
        "51-assortment",
        "product",
        "action:kh_b2b_catalog.kh_catalog_assortment_action",
        OPEN_FIRST,
    ),
    Page("52-listing-times", "product", "action:kh_b2b_catalog.kh_product_listing_action"),
    Page(
        "53-stock-policy",
        "product",
        "action:kh_b2b_catalog.kh_stock_policy_action",
        OPEN_FIRST,
        widths=DESK,
    ),
    Page("54-order-limits", "product", "action:kh_b2b_catalog.kh_order_limit_action", widths=DESK),
    Page(
        "55-attribute-template",
        "product",
        "action:kh_b2b_catalog.kh_attribute_template_action",
        OPEN_FIRST,
        widths=DESK,
    ),
    # --- the same again, lists, inquiries, orders to confirm
    Page(
        "60-order-again",
        "dealer1",
        "/my",
        (("click", "a[data-kh-reorder]"), ("wait", "[data-kh-again]")),
    ),
    Page("61-lists", "dealer1", "/my/lists"),
    Page(
        "62-list",
        "dealer1",
        "/my/lists",
        (("click", ".kh-p-list-cards a"), ("wait", "[data-kh-list]")),
    ),
    Page("63-inquiries", "dealer1", "/my/inquiries"),
    Page(
        "64-inquiry",
        "dealer1",
        "/my/inquiries",
        (("click", "a.btn-primary[href*='/my/inquiries/']"), ("wait", "[data-kh-turn]")),
    ),
    Page(
        "65-inquiry-new",
        "dealer1",
        "/shop",
        (*ADD_TO_CART, ("open", "/my/inquiries/new?source=cart")),
    ),
    Page(
        "66-order-to-confirm",
        "dealer1",
        "/my/orders",
        (("click", "a[href*='/my/orders/']"), ("wait", ".kh-o-page")),
    ),
    Page("67-inquiries-staff", "sales1", "action:kh_b2b_order.kh_price_inquiry_action"),
    Page(
        "68-inquiry-staff",
        "sales1",
        "action:kh_b2b_order.kh_price_inquiry_action",
        OPEN_FIRST,
    ),
    Page("60-quick-order", "dealer1", "/shop/quick-order", expect="[data-kh-counts]", full=False),
    Page(
        "61-quick-order-choose",
        "dealer1",
        "/shop/quick-order",
        (("click", "[data-kh-pick]"), ("wait", "[data-kh-find]")),
        full=False,
    ),
    Page("62-dealer-codes", "dealer1", "/my/codes"),
    Page("63-dealers-codes", "order", "action:kh_b2b_order.kh_dealer_product_code_action"),
    Page("90-scenes", "dealer1", "/scenes"),
    Page("91-scene", "dealer1", "/scenes", (("click", ".kh-p-scene-card"),)),
    Page("92-messages", "dealer1", "/my/messages"),
    Page("93-scenes-back-office", "product", "action:kh_b2b_order.kh_scene_action", OPEN_FIRST),
    # --- split, change and unpaid orders
    Page("94-order-changes", "order", "action:kh_b2b_order.kh_order_change_action", widths=DESK),
    Page("95-order-change", "order", "action:kh_b2b_order.kh_order_change_action", OPEN_FIRST),
    Page(
        "96-order-parts",
        "dealer1",
        "/my/orders?stage=to_ship",
        (("click", "tbody tr:last-child a[href*='/my/orders/']"),),
    ),
    Page(
        "97-change-order",
        "dealer1",
        "/my/orders?stage=to_ship",
        (("click", "a[href*='/my/orders/']"), ("click", "a[href$='/change']")),
    ),
    Page(
        "98-order-difference",
        "dealer2",
        "/my/orders?stage=to_ship",
        (("click", "a[href*='/my/orders/']"), ("click", "a[href*='/my/orders/changes/']")),
    ),
    Page(
        "99-order-to-pay",
        "dealer1",
        "/my/orders?stage=to_pay",
        (("click", "tbody tr:last-child a[href*='/my/orders/']"),),
    ),
    Page(
        "86-split-order",
        "order",
        "action:kh_b2b_order.sale_order_action_kh",
        (
            *OPEN_FIRST,
            ("click", "button[name='action_kh_open_split']"),
            ("wait", ".modal .o_data_row"),
        ),
        widths=DESK,
    ),
    Page(
        "87-order-parts-staff",
        "order",
        "action:kh_b2b_order.sale_order_action_kh",
        (
            ("click", ".o_searchview_dropdown_toggler"),
            (
                "click",
                ".o_filter_menu .o_menu_item:has-text('Split Orders'),"
                " .o_filter_menu .o_menu_item:has-text('拆分的订单')",
            ),
            ("wait", ".o_searchview_facet:nth-child(2)"),
            ("press", ".o_searchview_input", "Escape"),
            *OPEN_FIRST,
        ),
        widths=DESK,
    ),
    # --- orders that rules stopped
    Page("80-review-board", "order", "action:kh_b2b_order.sale_order_action_kh_review"),
    Page(
        "81-release",
        "order",
        "action:kh_b2b_order.sale_order_action_kh_review",
        (
            ("click", "thead .o_list_record_selector input"),
            ("click", "button[name='action_kh_open_release']:visible"),
            ("wait", ".modal .o_form_view"),
        ),
        full=False,
        widths=DESK,
    ),
    Page(
        "82-held-order",
        "order",
        "action:kh_b2b_order.sale_order_action_kh_review",
        (
            (
                "click",
                ".o_data_row:has-text('数量异常') .o_data_cell,"
                " .o_data_row:has-text('Unusual quantity') .o_data_cell",
            ),
            ("wait", ".o_form_view"),
        ),
        widths=DESK,
    ),
    Page("83-rules", "supervisor", "action:kh_b2b_order.kh_order_rule_action", widths=DESK),
    Page(
        "84-rule",
        "supervisor",
        "action:kh_b2b_order.kh_order_rule_action",
        OPEN_FIRST,
        widths=DESK,
    ),
    Page("85-intercepted", "order", "action:kh_b2b_order.kh_order_rule_hit_action", widths=DESK),
    Page("100-tickets", "dealer1", "/my/tickets"),
    Page(
        "101-ticket",
        "dealer1",
        "/my/tickets",
        (("click", ".kh-o-tickets a"), ("wait", ".kh-o-talk")),
    ),
    Page("102-ticket-new", "dealer1", "/my/tickets/new"),
    Page(
        "103-order-parcels",
        "dealer1",
        "/my/orders?stage=to_receive",
        (("click", ".kh-o-no a"), ("wait", ".kh-o-parcel")),
    ),
    Page("104-orders-parcels", "dealer1", "/my/orders?stage=to_receive"),
    Page("105-tickets-staff", "order", "action:kh_b2b_order.kh_order_ticket_action"),
    Page(
        "106-ticket-staff",
        "order",
        "action:kh_b2b_order.kh_order_ticket_action",
        OPEN_FIRST,
    ),
    Page(
        "107-parcels-staff",
        "order",
        "action:kh_b2b_order.kh_express_tracking_action",
        expect=".o_data_row",
    ),
    Page(
        "108-parcel-staff",
        "order",
        "action:kh_b2b_order.kh_express_tracking_action",
        OPEN_FIRST,
        widths=DESK,
    ),
    Page(
        "109-order-fulfilment-staff",
        "order",
        "action:kh_b2b_order.sale_order_action_kh",
        (*OPEN_FIRST, ("click", "[name=kh_fulfilment]"), ("wait", ".kh-o-staff")),
        widths=DESK,
    ),
    Page("120-promotion", "dealer1", "/shop", (("click", "[data-kh-zones] li:nth-child(2) a"),)),
    Page(
        "121-promotions-back-office",
        "product",
        "action:kh_b2b_order.kh_promotion_action",
        OPEN_FIRST,
    ),
    Page("122-promotions-list", "product", "action:kh_b2b_order.kh_promotion_action"),
    Page("123-set-discount", "dealer1", "/scenes", (("click", ".kh-p-scene-card"),)),
    Page(
        "124-set-in-cart",
        "dealer1",
        "/scenes",
        (
            ("click", ".kh-p-scene-card"),
            ("click", "[data-kh-add-set]"),
            ("wait", "[data-kh-cart], [data-kh-message]:not([hidden])"),
        ),
    ),
    # --- filters, proposals, the grid of specifications, a poor connection
    Page(
        "110-shop-filters",
        "dealer1",
        "/shop?search=GX1-63&stock=1",
        (
            ("click", "[data-kh-facets] summary"),
            ("wait", "[data-kh-value]"),
            ("click", "[data-kh-value]"),
            ("wait", "[data-kh-chosen]"),
            ("click", "[data-kh-facets] summary"),
            ("wait", "[data-kh-value]"),
        ),
        full=False,
    ),
    Page(
        "111-suggestions",
        "dealer1",
        "/shop",
        (("fill", "[data-kh-search]", "dlq"), ("wait", ".kh-p-suggestions [role=option]")),
        full=False,
    ),
    Page(
        "112-matrix",
        "dealer1",
        "/shop?search=GX1-63C2",
        (
            ("click", "tbody tr:nth-child(1) a"),
            ("wait", "[data-kh-grid]"),
            ("fill", "tbody tr:nth-child(2) [data-kh-qty]", "20"),
        ),
    ),
    Page(
        "117-checkout-stale",
        "dealer1",
        "/shop",
        (
            *ADD_TO_CART,
            ("open", "/shop/checkout"),
            ("elsewhere", "/shop?order=code", "7"),
            ("click", "[data-kh-submit]"),
            ("wait", "[data-kh-error]:not(:empty)"),
        ),
        full=False,
    ),
    Page(
        "113-cart-offline",
        "dealer1",
        "/shop",
        (
            *ADD_TO_CART,
            ("open", "/shop/cart"),
            ("lose", "/shop/kh/cart/update"),
            ("fill", "tr:nth-child(1) [data-kh-qty]", "15"),
            ("press", "tr:nth-child(1) [data-kh-qty]", "Enter"),
            ("wait", ".kh-p-offline"),
        ),
        full=False,
    ),
    # --- waiting, and much
    Page(
        "114-cart-loading",
        "dealer1",
        "/shop",
        (
            *FILL_FIRST_ROWS,
            ("hang", "/shop/kh/cart/add"),
            ("click", "[data-kh-add]"),
            ("wait", "[data-kh-add] .fa-spin"),
        ),
        full=False,
    ),
    Page("125-cart-parked", "dealer1", "/shop", PARK_CART),
    Page("126-address-pasted", "dealer1", "/shop", PASTE_ADDRESS),
    Page("115-quick-order-many", "dealer3", "/shop/quick-order", PASTE_MANY, full=False),
    Page(
        "116-cart-many",
        "buyer1",
        "/shop/quick-order",
        (
            *PASTE_MANY,
            ("click", "[data-kh-quick-add]"),
            ("wait", "[data-kh-message]"),
            ("open", "/shop/cart"),
        ),
        full=False,
    ),
    Page("118-orders-to-chase", "order", "action:kh_b2b_order.sale_order_action_kh_chase"),
)
