import { registry } from "@web/core/registry";

const quantity = (row) => `.kh-p-item:nth-child(${row}) [data-kh-qty]`;
const cell = (row, column) =>
    `[data-kh-grid] tbody tr:nth-child(${row}) td:nth-of-type(${column}) [data-kh-qty]`;

const open = (url) => ({
    trigger: "body",
    run: () => window.location.assign(url),
    expectUnloadPage: true,
});
const follow = (trigger) => ({ trigger, run: "click", expectUnloadPage: true });
/** So many kinds are in the cart, says whichever of the two navigations is shown. */
const inCart = (count) => ({ trigger: `[data-kh-cart-kinds]:contains(${count})` });
const checked = { trigger: ".kh-q-ok:contains(1)" };

/** Hands over a file as the button for it does. */
function upload(input, name, text) {
    const data = new DataTransfer();
    data.items.add(new File([text], name, { type: "text/csv" }));
    input.files = data.files;
    input.dispatchEvent(new Event("change", { bubbles: true }));
}

/**
 * Each way to order, one after the other, by marks in the pages alone: the test runs it in both
 * languages, at the desk and on the phone.
 */
registry.category("web_tour.tours").add("kh_b2b_every_way", {
    steps: () => [
        { content: "The list", trigger: quantity(1), run: "edit 5" },
        { trigger: "[data-kh-add]", run: "click" },
        inCart(1),

        { content: "The grid of specifications", ...open("/shop?search=KH grid") },
        follow(".kh-p-item .kh-p-c-name a"),
        { trigger: cell(1, 1), run: "edit 2" },
        { trigger: cell(2, 3), run: "edit 3" },
        { trigger: "[data-kh-add]", run: "click" },
        inCart(3),

        { content: "Rows that are pasted", ...open("/shop/quick-order") },
        { trigger: "[data-kh-paste]", run: "edit KHT-1 4" },
        { trigger: "[data-kh-check]", run: "click" },
        checked,
        { trigger: "[data-kh-quick-add]:enabled", run: "click" },
        inCart(4),

        { content: "A file", ...open("/shop/quick-order") },
        {
            trigger: ".kh-q-file",
            run() {
                const input = this.anchor.querySelector("input");
                upload(input, "order.csv", "item no.,quantity\nKHT-2,6\n");
            },
        },
        checked,
        { trigger: "[data-kh-quick-add]:enabled", run: "click" },
        inCart(5),

        { content: "A purchase list", ...open("/my/lists") },
        follow(".kh-p-list-cards a[href$='/order']"),
        follow("[data-kh-add-all]"),
        { trigger: "[data-kh-cart]" },
        inCart(6),

        { content: "An order again", ...open("/my/orders") },
        follow(".kh-o-no a:contains(KH-OLD)"),
        follow("a[href$='/again']"),
        follow("[data-kh-add-all]"),
        { trigger: "[data-kh-cart]" },
        inCart(7),

        { content: "A scene", ...open("/scenes") },
        follow(".kh-p-scene-card"),
        follow("[data-kh-add-set]"),
        inCart(8),

        { content: "Ask for a price", ...open("/my/inquiries/new?source=cart") },
        follow("form[data-kh-inquiry] [type=submit]"),
        { trigger: ".kh-p-inquiry-sent" },

        { content: "Order what was quoted", ...open("/my/inquiries") },
        follow(".kh-p-list-cards a.btn-primary"),
        follow("button[value=accept]"),
        { trigger: ".kh-o-page" },

        { content: "Confirm what a salesperson built", ...open("/my/orders") },
        follow(".kh-o-no a:contains(KH-OFFER)"),
        follow("[data-kh-offer] button[value=confirm]"),
        { trigger: ".kh-o-page:not(:has([data-kh-offer] button))" },

        { content: "Send the cart", ...open("/shop/cart") },
        follow("[data-kh-checkout]"),
        follow("[data-kh-submit]:enabled"),
        { trigger: "[data-kh-result]" },
    ],
});
