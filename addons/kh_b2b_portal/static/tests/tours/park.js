import { registry } from "@web/core/registry";

/** A dealer parks the cart, with a quantity not sent yet, and takes it up again. */
registry.category("web_tour.tours").add("kh_b2b_portal_park", {
    steps: () => [
        {
            content: "Search in this order",
            trigger: "[data-kh-cart-find]",
            run: "edit ＫＨＴ-1",
        },
        { trigger: "[data-kh-cart] .kh-p-item.d-none:nth-child(1):not(:visible)" },
        { trigger: "[data-kh-cart] .kh-p-item:nth-child(2):not(.d-none)" },
        { trigger: "[data-kh-cart-found]:contains(1)" },
        { trigger: "[data-kh-cart-find]", run: "clear" },
        {
            content: "One piece more, not sent yet when the cart is parked",
            trigger: "[data-kh-cart] .kh-p-item:nth-child(1) [data-kh-step='1']",
            run: "click",
        },
        { trigger: "[data-kh-park] input[name=name]", run: "edit 滨江项目" },
        {
            content: "Park it",
            trigger: "[data-kh-park] button[type=submit]",
            run: "click",
            expectUnloadPage: true,
        },
        { content: "The cart is empty", trigger: "[data-kh-empty]:not(.d-none)" },
        {
            content: "The draft waits",
            trigger: "[data-kh-parked] li:contains(滨江项目)",
        },
        {
            trigger: "[data-kh-take-up]",
            run: "click",
            expectUnloadPage: true,
        },
        { content: "What taking it up means", trigger: "h1:visible:contains(滨江项目)" },
        { trigger: "[data-kh-add-all]", run: "click", expectUnloadPage: true },
        { trigger: "[data-kh-cart] .kh-p-item:nth-child(2)" },
    ],
});
