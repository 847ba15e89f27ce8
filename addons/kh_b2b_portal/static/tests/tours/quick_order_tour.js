import { rpc } from "@web/core/network/rpc";
import { registry } from "@web/core/registry";

const ROWS = Array.from({ length: 60 }, (_, number) => {
    const code = number === 7 ? "MY-OWN-7" : `KHQ-${String(number).padStart(2, "0")}`;
    return `${code}\t${1 + (number % 9)}个`;
});

/** Another page changes the list: a quantity that is refused is not shown as if it were taken. */
registry.category("web_tour.tours").add("kh_b2b_quick_refused", {
    steps: () => [
        {
            trigger: "[data-kh-row='1'] [data-kh-qty]:value(5)",
            run: () => rpc("/shop/kh/quick/columns", { columns: ["code", "quantity"] }),
        },
        { trigger: "[data-kh-row='1'] [data-kh-qty]", run: "edit 9 && press Enter" },
        { trigger: "[data-kh-row='1'] .kh-q-why:contains(changed on another page)" },
        { trigger: "[data-kh-row='1'] [data-kh-qty]:value(5)" },
    ],
});

/** Sixty rows from Excel: paste, choose the product of one, add all. */
registry.category("web_tour.tours").add("kh_b2b_quick_order", {
    steps: () => [
        {
            trigger: ".kh-p-quick a[href='/shop/quick-order']",
            run: "click",
            expectUnloadPage: true,
        },
        {
            content: "paste",
            trigger: "[data-kh-paste]",
            run() {
                const data = new DataTransfer();
                data.setData("text/plain", ROWS.join("\n"));
                this.anchor.dispatchEvent(
                    new ClipboardEvent("paste", {
                        clipboardData: data,
                        bubbles: true,
                        cancelable: true,
                    })
                );
            },
        },
        { trigger: "[data-kh-counts]:contains('60 row(s)'):contains(59 good)" },
        { trigger: "[data-kh-row='8'] [data-kh-pick]", run: "click" },
        {
            content: "Type as a Chinese keyboard does",
            trigger: "[data-kh-find]",
            run() {
                const press = { key: "Escape", isComposing: true, bubbles: true };
                this.anchor.dispatchEvent(new CompositionEvent("compositionstart"));
                this.anchor.dispatchEvent(new KeyboardEvent("keydown", press));
                this.anchor.value = "KHQ-07";
                this.anchor.dispatchEvent(new InputEvent("input", { isComposing: true }));
                this.anchor.dispatchEvent(new CompositionEvent("compositionend"));
            },
        },
        { trigger: "[data-kh-choose]:contains(KHQ-07)", run: "click" },
        { trigger: "[data-kh-counts]:contains(60 good)" },
        { trigger: "[data-kh-quick-add]:not([disabled]):contains(60)", run: "click" },
        { trigger: "[data-kh-message]:contains('60 row(s) are in the cart')" },
        { trigger: "[data-kh-cart-kinds]:contains(60)" },
    ],
});
