import { Interaction } from "@web/public/interaction";
import { _t } from "@web/core/l10n/translation";
import { registry } from "@web/core/registry";
import { rpc } from "@web/core/network/rpc";
import { CartSender } from "./kh_send";
import {
    errorText,
    formatQuantity,
    parseQuantity,
    readLimits,
    showTotals,
    stepQuantity,
} from "./kh_quantity";

const QUOTE_MS = 300;

/** A scene: quantities change, the server says what the set costs, one click buys it. */
export class KhScene extends Interaction {
    static selector = "[data-kh-scene]";
    dynamicContent = {
        "[data-kh-qty]": {
            "t-on-focus": (ev) => ev.target.select(),
            "t-on-change": () => this.askQuote(),
        },
        "[data-kh-step]": { "t-on-click": this.onStep },
        "[data-kh-add-set]": { "t-on-click": this.locked(this.onAdd, true) },
    };

    setup() {
        const { khStore, khScene } = this.el.dataset;
        this.sender = new CartSender("scene", `kh_scene_${khStore}_${khScene}_sent`);
        this.askQuote = this.debounced(this.quote, QUOTE_MS);
        this.asked = 0;
    }

    get rows() {
        return [...this.el.querySelectorAll("[data-kh-product]")];
    }

    /** @returns {Object[]|null} null when something typed is not a quantity */
    readLines() {
        const lines = [];
        for (const row of this.rows) {
            const input = row.querySelector("[data-kh-qty]");
            const qty = input ? parseQuantity(input.value) : 0;
            if (qty === null) {
                input.focus();
                return null;
            }
            lines.push({ product_id: Number(row.dataset.khProduct), qty });
        }
        return lines;
    }

    onStep(ev) {
        const button = ev.target.closest("[data-kh-step]");
        const input = button.parentElement.querySelector("[data-kh-qty]");
        const limits = readLimits(button.closest("[data-kh-product]"));
        const step = Number(button.dataset.khStep);
        input.value = formatQuantity(stepQuantity(parseQuantity(input.value) || 0, step, limits));
        this.askQuote();
    }

    async quote() {
        const lines = this.readLines();
        if (!lines) {
            return this.say(_t("This is not a quantity."));
        }
        const number = ++this.asked;
        try {
            const params = { scene_id: Number(this.el.dataset.khScene), lines };
            const answer = await this.waitFor(rpc("/shop/kh/scene/quote", params));
            if (number === this.asked) {
                this.show(answer);
            }
        } catch (error) {
            this.say(errorText(error, _t("The connection failed. Try again.")));
        }
    }

    show({ totals, rows }) {
        for (const [name, value] of Object.entries(totals)) {
            const target = this.el.querySelector(`[data-kh-set="${name}"]`);
            if (target) {
                target.textContent = value;
            }
        }
        for (const row of this.rows) {
            const values = rows[row.dataset.khProduct] || {};
            for (const [name, value] of Object.entries(values)) {
                const target = row.querySelector(`[data-kh-row="${name}"]`);
                if (target) {
                    target.textContent = value;
                }
            }
        }
        this.say("");
    }

    async onAdd() {
        const lines = this.readLines();
        if (!lines) {
            return this.say(_t("This is not a quantity."));
        }
        try {
            const early = await this.waitFor(this.sender.settle());
            if (early && Object.keys(early.answer.added).length) {
                return this.take(early, lines);
            }
            const params = { scene_id: Number(this.el.dataset.khScene), lines };
            const sent = await this.waitFor(this.sender.send("/shop/kh/scene/add", params));
            return sent?.answer.is_dropped ? this.onAdd() : this.take(sent, lines);
        } catch (error) {
            this.say(errorText(error, _t("The connection failed. Nothing was added twice.")));
        }
    }

    /** Shows what came of a request; a set that was changed since then is not added beside it. */
    take(sent, lines) {
        const { totals, refused = [], others = [] } = sent?.answer || {};
        if (totals) {
            showTotals(totals);
        }
        if (sent && JSON.stringify(sent.lines) !== JSON.stringify(lines)) {
            return this.say(
                _t(
                    "The set is in your cart already, with the quantities sent first. Change them in the cart."
                )
            );
        }
        const notes = refused.map((row) => this.name(row));
        notes.push(...others.map((row) => row.warning));
        if (notes.length) {
            this.say([...new Set(notes)].join("\n"));
        } else {
            window.location.assign("/shop/cart");
        }
    }

    /** Which product of the set was refused, and why. */
    name({ product_id, reason }) {
        const product = this.el.querySelector(`[data-kh-product="${product_id}"] [data-kh-name]`);
        return product ? _t("%s: %s", product.textContent.trim(), reason) : reason;
    }

    say(text) {
        const target = this.el.querySelector("[data-kh-message]");
        target.textContent = text;
        target.hidden = !text;
    }
}

registry.category("public.interactions").add("kh_b2b_portal.scene", KhScene);
