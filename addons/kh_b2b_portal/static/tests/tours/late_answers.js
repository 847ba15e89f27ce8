import { registry } from "@web/core/registry";
import { loseAnswers } from "./poor_network";

// tours are loaded in the back office, too, where there is no shop
const countTries = () =>
    odoo.loader.modules.get("@kh_b2b_portal/interactions/kh_send").PAUSES.length + 1;
const quantity = (row) => `.kh-p-item:nth-child(${row}) [data-kh-qty]`;
const fill = (row, text) => ({ trigger: quantity(row), run: `edit ${text}` });

/** The next requests to this address get lost on their way to the server. */
function loseRequests(url, times) {
    const { send } = XMLHttpRequest.prototype;
    XMLHttpRequest.prototype.send = function (body) {
        if (this.khTarget !== url || times-- <= 0) {
            return send.call(this, body);
        }
        setTimeout(() => this.dispatchEvent(new Event("error")));
    };
}

/** Click until the page gives up: every pause is cut short as by a network that comes back. */
function clickInVain(button, url, lose, message) {
    return [
        {
            trigger: button,
            run(helpers) {
                lose(url, countTries());
                return helpers.click();
            },
        },
        {
            trigger: ".kh-p-offline:not([hidden])",
            async run() {
                const said = document.querySelector("[data-kh-message]");
                while (!said.textContent.includes(message)) {
                    window.dispatchEvent(new Event("online"));
                    await new Promise((resolve) => setTimeout(resolve, 100));
                }
            },
        },
        { trigger: `[data-kh-message]:contains(${message})` },
    ];
}
const addInVain = (lose) =>
    clickInVain("[data-kh-add]:enabled", "/shop/kh/cart/add", lose, "The connection failed");
const add = { trigger: "[data-kh-add]:enabled", run: "click" };
const inCart = (row, text) => ({
    trigger: `.kh-p-item:nth-child(${row}) .kh-p-incart:contains(in cart ${text})`,
});

/** No answer came, and the reader changed what is filled in: the cart holds what he wants. */
registry.category("web_tour.tours").add("kh_b2b_portal_late_answers", {
    steps: () => [
        fill(1, 10),
        ...addInVain(loseAnswers),
        fill(1, 15),
        fill(2, 7),
        add,
        inCart(1, 15),
        inCart(2, 7),
        // more arrived than is wanted by now: it is said
        fill(3, 4),
        ...addInVain(loseAnswers),
        fill(3, 1),
        add,
        { trigger: "[data-kh-message]:contains(1 rows were in the cart already)" },
        inCart(3, 4),
        // what did not arrive, and is not wanted any more, does not come later
        fill(1, 5),
        ...addInVain(loseRequests),
        { trigger: "[data-kh-clear]", run: "click" },
        fill(2, 2),
        add,
        inCart(2, 9),
        // the page is left before the answer
        {
            trigger: quantity(3),
            run(helpers) {
                loseAnswers("/shop/kh/cart/add", 1);
                return helpers.edit("6");
            },
        },
        add,
        {
            trigger: ".kh-p-offline[data-kh-unsent='1']",
            run: () => window.location.reload(),
            expectUnloadPage: true,
        },
        inCart(3, 10),
        { trigger: "[data-kh-add]:disabled:not(:visible)" },
    ],
});

/** The same for a scene: a set that was changed is not added beside the one that arrived. */
registry.category("web_tour.tours").add("kh_b2b_portal_late_scene", {
    steps: () => [
        ...clickInVain(
            "[data-kh-add-set]",
            "/shop/kh/scene/add",
            loseAnswers,
            "The connection failed"
        ),
        {
            trigger: "[data-kh-scene] [data-kh-product]:first [data-kh-qty]",
            run: "edit 12 && press Enter",
        },
        { trigger: "[data-kh-set=payable]:contains(960.00)" },
        { trigger: "[data-kh-add-set]", run: "click" },
        { trigger: "[data-kh-message]:contains(in your cart already)" },
    ],
});

/** Going to the next page of a list saves; a list takes what was filled in on several pages. */
registry.category("web_tour.tours").add("kh_b2b_portal_list_pages", {
    steps: () => [
        fill(1, 8),
        {
            trigger: ".pagination button:contains(2)",
            run: "click",
            expectUnloadPage: true,
        },
        { trigger: ".kh-p-item [data-kh-qty]:value(2)" },
        {
            trigger: "body",
            run: () => window.location.assign("/shop?search=KHT-0"),
            expectUnloadPage: true,
        },
        fill(1, 3),
        {
            trigger: "[data-kh-sum=kinds]:contains(1)",
            run: () => window.location.assign("/shop?search=KHT-1"),
            expectUnloadPage: true,
        },
        fill(1, 4),
        { trigger: "[data-kh-to-list]", run: "click", expectUnloadPage: true },
        { trigger: "h1:contains(Add 2 SKU to a list)" },
    ],
});
