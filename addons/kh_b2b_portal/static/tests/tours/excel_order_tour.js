import { registry } from "@web/core/registry";
import { attachFile } from "./journey_helpers";

const MOST_CLICKS = 6;
const press = (trigger) => ({ trigger, run: "click", expectUnloadPage: true });

/** From home to the confirmed order with the dealer's own Excel file of sixty rows. */
const order = [
    press(".kh-p-quick a[href='/shop/quick-order']"),
    // the button and the choice of the file: one click more, counted below
    attachFile(".kh-q-file input", "/kh_excel/order.xlsx", "order.xlsx"),
    { trigger: "[data-kh-counts]:contains(60):contains(✓ 60)" },
    { trigger: "[data-kh-quick-add]:not([disabled]):contains(60)", run: "click" },
    { trigger: "[data-kh-message]:contains(60)" },
    press(
        "[data-kh-nav=cart]:visible:contains(60), .kh-p-bottombar a[href$='/shop/cart']:visible:contains(60)"
    ),
    press("[data-kh-checkout]"),
    press("[data-kh-submit]:enabled"),
    { trigger: "[data-kh-result] .kh-p-transfer" },
];

registry.category("web_tour.tours").add("kh_b2b_excel_order", {
    steps: () => [
        { trigger: "input[name=login]", run: "edit kh_dealer" },
        { trigger: "input[name=password]", run: "edit kh_dealer" },
        press(".oe_login_form button[type=submit]"),
        {
            content: `No more than ${MOST_CLICKS} clicks from home`,
            trigger: "[data-kh-home]",
            run() {
                const clicks = order.filter((step) => step.run === "click").length + 1;
                if (clicks > MOST_CLICKS) {
                    throw new Error(`The order takes ${clicks} clicks.`);
                }
            },
        },
        ...order,
    ],
});
