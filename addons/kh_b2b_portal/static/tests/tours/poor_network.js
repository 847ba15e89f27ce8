import { registry } from "@web/core/registry";

/** The server gets the next requests to this address, but their answers never arrive. */
function loseAnswers(url, times) {
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
        { trigger: "[data-kh-add]", run: "click" },
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
        { trigger: ".kh-p-offline[data-kh-unsent='1']" },
        { trigger: ".kh-p-item:nth-child(1) [data-kh-cell=subtotal]:contains(2,000.00)" },
        { trigger: ".kh-p-offline[hidden]:not(:visible)" },
    ],
});
