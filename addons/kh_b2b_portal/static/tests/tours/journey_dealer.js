import { registry } from "@web/core/registry";

const tours = registry.category("web_tour.tours");

/** Type a quantity as a person does: into the cell, then on. */
function typeQuantity(input, quantity) {
    input.focus();
    input.value = String(quantity);
    input.dispatchEvent(new InputEvent("input", { bubbles: true }));
    input.dispatchEvent(new Event("change", { bubbles: true }));
}

/** The dealer finds products in the table, adds twenty lines at once and orders. */
tours.add("kh_b2b_journey_order", {
    steps: () => [
        {
            content: "own prices, from the contract",
            trigger:
                ".kh-p-catalogue:not([data-kh-visitor]) tr[data-kh-product] .kh-p-tag-contract",
        },
        {
            content: "fill in twenty quantities",
            trigger: "tr[data-kh-product]:has([data-kh-qty]):eq(19)",
            run() {
                const inputs = [...document.querySelectorAll("tr[data-kh-product] [data-kh-qty]")];
                inputs.slice(0, 20).forEach((input, index) => typeQuantity(input, index + 1));
            },
        },
        { trigger: "[data-kh-bar]:not([hidden]) [data-kh-sum=kinds]:contains(20)" },
        { trigger: "[data-kh-add]:not([disabled])", run: "click" },
        {
            content: "all twenty are in the cart, without leaving the page",
            trigger: "tr.kh-p-item-added:eq(19)",
            run: () => {
                window.location.assign("/shop/cart");
            },
            expectUnloadPage: true,
        },
        { trigger: "[data-kh-cart] tr[data-kh-line]:eq(19)" },
        {
            content: "on to the checkout",
            trigger: "[data-kh-checkout]",
            run: "click",
            expectUnloadPage: true,
        },
        {
            content: "one page, one button",
            trigger: "[data-kh-checkout-form] [data-kh-submit]:not([disabled])",
            run: "click",
            expectUnloadPage: true,
        },
        {
            content: "the result says what happens next, with the reference of the transfer",
            trigger: "[data-kh-result] .kh-p-transfer",
        },
    ],
});

/** The dealer follows the order and confirms the receipt. */
tours.add("kh_b2b_journey_receive", {
    steps: () => [
        { trigger: ".kh-o-timeline .kh-o-node-now" },
        { trigger: "#documents a[href*='/download/']" },
        {
            trigger: "form[action$='/receive'] button",
            run: "click",
            expectUnloadPage: true,
        },
        { trigger: ".kh-o-head .kh-status-done" },
    ],
});
