import { registry } from "@web/core/registry";

/** The server gets the next requests to this address, but their answers never arrive. */
export function loseAnswers(url, times) {
    const { open, send } = XMLHttpRequest.prototype;
    XMLHttpRequest.prototype.open = function (method, target, ...rest) {
        this.khTarget = target;
        return open.call(this, method, target, ...rest);
    };
    XMLHttpRequest.prototype.send = function (body) {
        if (this.khTarget !== url || times-- <= 0) {
            return send.call(this, body);
        }
        const headers = { "Content-Type": "application/json" };
        fetch(url, { method: "POST", headers, body }).then(() =>
            this.dispatchEvent(new Event("error"))
        );
    };
}

/** Changes what is filled in on this device, as another tab does. */
function changeFilled(storage, change) {
    const name = Object.keys(storage).find((key) => /^kh_quantities_.*[^t]$/.test(key));
    const filled = JSON.parse(storage.getItem(name));
    change(filled);
    storage.setItem(name, JSON.stringify(filled));
}

/** The storage of another document: only its changes are told to this one. */
function otherStorage() {
    const frame = document.createElement("iframe");
    document.body.append(frame);
    return frame.contentWindow.localStorage;
}

function thirdProduct() {
    return document.querySelector(".kh-p-item:nth-child(3)").dataset.khProduct;
}

/** Answers get lost; what was ordered is in the cart once. */
registry.category("web_tour.tours").add("kh_b2b_portal_poor_network", {
    steps: () => [
        {
            trigger: ".kh-p-item:nth-child(1) [data-kh-qty]",
            run(helpers) {
                loseAnswers("/shop/kh/cart/add", 2);
                return helpers.edit("10");
            },
        },
        {
            content: "Another tab fills in a row, at a price of long ago",
            trigger: "[data-kh-sum=kinds]:contains(1)",
            run: () =>
                changeFilled(otherStorage(), (filled) => {
                    filled[thirdProduct()] = { qty: 3, price: 1, ladder: [] };
                }),
        },
        { trigger: ".kh-p-item-filled:nth-child(3)" },
        { trigger: "[data-kh-sum=amount]:contains(1,040.00)" },
        {
            content: "It has sent the row, and this tab was not told yet",
            trigger: "[data-kh-add]",
            run(helpers) {
                changeFilled(localStorage, (filled) => delete filled[thirdProduct()]);
                return helpers.click();
            },
        },
        { content: "The reader is told", trigger: ".kh-p-offline[data-kh-unsent='1']" },
        { trigger: ".kh-p-item-added:nth-child(1)" },
        { trigger: ".kh-p-offline[hidden]:not(:visible)" },
        {
            content: "What was not sent survives another page",
            trigger: ".kh-p-item:nth-child(2) [data-kh-qty]",
            run: "edit 7",
        },
        {
            trigger: "[data-kh-nav=cart]:visible",
            run: "click",
            expectUnloadPage: true,
        },
        {
            trigger: "[data-kh-cart] .kh-p-item:nth-child(1) [data-kh-qty]",
            run(helpers) {
                if (!JSON.stringify(localStorage).includes('\\"qty\\":7')) {
                    throw new Error("The quantity that was not sent is lost");
                }
                loseAnswers("/shop/kh/cart/update", 1);
                return helpers.edit("25").then(() => helpers.press("Enter"));
            },
        },
        {
            content: "The network is back while the quantity is typed anew",
            trigger: ".kh-p-offline[data-kh-unsent='1']",
            run() {
                const input = document.querySelector(
                    "[data-kh-cart] .kh-p-item:nth-child(1) [data-kh-qty]"
                );
                input.value = "30";
                window.dispatchEvent(new Event("online"));
                input.dispatchEvent(new Event("change", { bubbles: true }));
            },
        },
        { trigger: ".kh-p-item:nth-child(1) [data-kh-cell=subtotal]:contains(2,400.00)" },
        { trigger: ".kh-p-offline[hidden]:not(:visible)" },
    ],
});
