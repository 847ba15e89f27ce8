import { registry } from "@web/core/registry";

const quantity = (row) => `.kh-p-item:nth-child(${row}) [data-kh-qty]`;

/** A dealer logs in, fills in quantities, orders by bank transfer and looks at the order. */
registry.category("web_tour.tours").add("kh_b2b_portal_dealer", {
    steps: () => [
        {
            content: "A visitor sees market prices and where the own price is",
            trigger: ".kh-p-catalogue[data-kh-visitor] .kh-p-login-price:contains(登录可见)",
        },
        {
            content: "Log in",
            trigger: "[data-kh-nav=login]",
            run: "click",
            expectUnloadPage: true,
        },
        { trigger: "input[name=login]", run: "edit kh_dealer" },
        { trigger: "input[name=password]", run: "edit kh_dealer" },
        {
            trigger: ".oe_login_form button[type=submit]",
            run: "click",
            expectUnloadPage: true,
        },
        {
            content: "Find by item no.",
            trigger: "[data-kh-search]",
            run: "edit KHT-",
        },
        {
            trigger: ".kh-p-search button[type=submit]",
            run: "click",
            expectUnloadPage: true,
        },
        {
            content: "The own price with its reason",
            trigger: ".kh-p-catalogue .kh-p-own:contains(80.00)",
        },
        { content: "Fill in three rows", trigger: quantity(1), run: "edit 10" },
        { trigger: quantity(2), run: "edit ２０个" },
        { trigger: quantity(3), run: "edit 5" },
        { trigger: "[data-kh-sum=kinds]:contains(3)" },
        { trigger: "[data-kh-sum=amount]:contains(2,800.00)" },
        { content: "Add them at once", trigger: "[data-kh-add]", run: "click" },
        { trigger: ".kh-p-item-added:nth-child(3) .kh-p-incart:contains(已加入)" },
        {
            content: "The badge counts kinds",
            trigger:
                "[data-kh-nav=cart]:visible:contains(3), .kh-p-bottombar a[href$='/shop/cart']:visible:contains(3)",
            run: "click",
            expectUnloadPage: true,
        },
        {
            content: "Change one quantity",
            trigger: `[data-kh-cart] ${quantity(1)}`,
            run: "edit 25 && press Enter",
        },
        { trigger: ".kh-p-item:nth-child(1) [data-kh-cell=subtotal]:contains(2,000.00)" },
        { trigger: ".kh-p-summary [data-kh-total=total]:contains(4,000.00)" },
        {
            content: "Zero removes a row, undo brings it back as it was",
            trigger: `[data-kh-cart] ${quantity(3)}`,
            run: "edit 0 && press Enter",
        },
        { trigger: "[data-kh-undo] button", run: "click" },
        { trigger: `[data-kh-cart] ${quantity(3)}:value(5)` },
        { trigger: ".kh-p-summary [data-kh-total=total]:contains(4,000.00)" },
        {
            content: "One piece more, not sent yet when the next step is asked for",
            trigger: ".kh-p-item:nth-child(3) [data-kh-step='1']",
            run: "click",
        },
        {
            content: "Check out",
            trigger: "[data-kh-checkout]",
            run: "click",
            expectUnloadPage: true,
        },
        { trigger: "[name=kh_note]", run: "edit 送到二号门" },
        {
            content: "One button sends the order",
            trigger: "[data-kh-submit]:enabled:contains(提交订单)",
            run: "click",
            expectUnloadPage: true,
        },
        { content: "What to pay, and where", trigger: "[data-kh-result] .kh-p-transfer" },
        {
            content: "Look at the order",
            trigger: "[data-kh-order-link]",
            run: "click",
            expectUnloadPage: true,
        },
        { trigger: "main:contains(KH breaker)" },
    ],
});
