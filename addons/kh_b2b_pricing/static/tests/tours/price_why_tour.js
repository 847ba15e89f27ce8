import { registry } from "@web/core/registry";

/** A dealer asks the product page why the price is what it is. */
registry.category("web_tour.tours").add("kh_b2b_pricing_why_shop", {
    steps: () => [
        {
            content: "Ask why",
            trigger: ".kh_price_why:visible",
            run: "click",
        },
        { trigger: "dialog.kh_why[open] .kh_why_price:contains(61.37)" },
        { trigger: "dialog.kh_why[open] .kh_why_facts:contains(2099)" },
        { trigger: "dialog.kh_why[open] .kh_why_ladder:contains(58.13)" },
        {
            content: "Close it",
            trigger: "dialog.kh_why[open] .kh_why_close",
            run: "click",
        },
        {
            content: "It is gone, and the focus is back where it was",
            trigger: "body:not(:has(dialog.kh_why))",
            run() {
                if (!document.activeElement.matches(".kh_price_why")) {
                    throw new Error("The focus did not return to the button.");
                }
            },
        },
    ],
});

/** Staff asks an order line. */
registry.category("web_tour.tours").add("kh_b2b_pricing_why_order", {
    steps: () => [
        {
            content: "Ask why",
            trigger: ".o_data_row:first-child .o_kh_price_xray",
            run: "click",
        },
        { trigger: ".o_kh_price_why .o_kh_why_source:contains(Contract)" },
        { trigger: ".o_kh_price_why .o_kh_why_steps:contains(61.37)" },
        { trigger: ".o_kh_price_why .o_kh_why_losers:contains(minimum quantity not reached)" },
        { trigger: ".o_kh_price_why .o_kh_why_copy:contains(Copy as text)" },
        {
            content: "Close it",
            trigger: ".o_data_row:first-child .o_kh_price_xray",
            run: "click",
        },
        { trigger: "body:not(:has(.o_kh_price_why))" },
    ],
});

/** A visitor on the phone: the sheet says where to log in, and back closes it. */
registry.category("web_tour.tours").add("kh_b2b_pricing_why_phone", {
    steps: () => [
        { trigger: ".kh_price_why:visible", run: "click" },
        {
            trigger: "dialog.kh_why[open] a[href*='/web/login']",
            run() {
                const box = document.querySelector("dialog.kh_why").getBoundingClientRect();
                if (Math.round(box.bottom) !== window.innerHeight || box.left !== 0) {
                    throw new Error("The sheet does not stand at the lower edge.");
                }
                window.history.back();
            },
        },
        { trigger: "body:not(:has(dialog.kh_why)) .kh_price_why:visible" },
    ],
});
