import { Interaction } from "@web/public/interaction";
import { _t } from "@web/core/l10n/translation";
import { registry } from "@web/core/registry";
import { rpc } from "@web/core/network/rpc";
import {
    errorText,
    formatQuantity,
    makeKey,
    moveFocus,
    parseQuantity,
    showTotals,
} from "./kh_quantity";

const UNDO_MS = 5000;

/** The cart: a new quantity changes its row and the totals, nothing else moves. */
export class KhCart extends Interaction {
    static selector = "[data-kh-cart]";
    dynamicContent = {
        "[data-kh-qty]": {
            "t-on-focus": (ev) => ev.target.select(),
            "t-on-change": (ev) => this.update(ev.target),
            "t-on-keydown": this.onKeydown,
        },
        "[data-kh-step]": { "t-on-click": this.onStep },
        "[data-kh-remove]": { "t-on-click": this.onRemove },
        "[data-kh-undo] button": { "t-on-click": this.onUndo },
    };

    setup() {
        this.queue = Promise.resolve();
        this.confirmed = new WeakMap();
        this.removed = null;
        for (const input of this.el.querySelectorAll("[data-kh-qty]")) {
            this.confirmed.set(input, input.value);
        }
    }

    onKeydown(ev) {
        if (ev.isComposing) {
            return;
        }
        if (ev.key === "Escape") {
            ev.target.value = this.confirmed.get(ev.target);
        } else if (moveFocus(ev, this.el)) {
            this.update(ev.target); // the last row has no next one to leave for
        }
    }

    onStep(ev) {
        const button = ev.target.closest("[data-kh-step]");
        const input = button.parentElement.querySelector("[data-kh-qty]");
        const quantity = (parseQuantity(input.value) || 0) + Number(button.dataset.khStep);
        if (quantity > 0) {
            input.value = formatQuantity(quantity);
            clearTimeout(this.stepTimer);
            this.stepTimer = setTimeout(() => this.update(input), 300);
        }
    }

    async onRemove(ev) {
        const row = ev.target.closest("tr");
        const input = row.querySelector("[data-kh-qty]");
        const quantity = parseQuantity(this.confirmed.get(input));
        if (await this.send(row, 0)) {
            this.offerUndo(row, quantity);
        }
    }

    /** Sends what was typed; one request after the other, so that the last one wins. */
    update(input) {
        const row = input.closest("tr");
        const quantity = parseQuantity(input.value);
        if (quantity === null) {
            return this.warn(row, _t("This is not a quantity."));
        }
        if (quantity === 0) {
            return this.onRemove({ target: input });
        }
        if (formatQuantity(quantity) === this.confirmed.get(input)) {
            input.value = this.confirmed.get(input);
            return;
        }
        this.queue = this.queue.then(
            () => formatQuantity(quantity) !== this.confirmed.get(input) && this.send(row, quantity)
        );
        return this.queue;
    }

    async send(row, quantity) {
        row.setAttribute("aria-busy", "true");
        try {
            const { row: values, totals } = await this.waitFor(
                rpc(
                    "/shop/kh/cart/update",
                    { line_id: Number(row.dataset.khLine), quantity },
                    { silent: true }
                )
            );
            this.patch(row, values);
            showTotals(totals);
            this.showEmpty(!totals.kinds);
            return true;
        } catch (error) {
            this.warn(row, errorText(error, _t("The connection failed. Try again.")));
            const input = row.querySelector("[data-kh-qty]");
            input.value = this.confirmed.get(input);
            return false;
        } finally {
            row.removeAttribute("aria-busy");
        }
    }

    patch(row, values) {
        row.hidden = !values.quantity;
        if (!values.quantity) {
            return;
        }
        for (const name of ["price", "subtotal"]) {
            row.querySelector(`[data-kh-cell="${name}"]`).textContent = values[name];
        }
        const input = row.querySelector("[data-kh-qty]");
        const text = formatQuantity(values.quantity);
        this.confirmed.set(input, text);
        input.value = text;
        this.warn(row, values.warning);
    }

    warn(row, text) {
        row.querySelector('[data-kh-cell="warning"]').textContent = text;
    }

    showEmpty(isEmpty) {
        this.el.classList.toggle("kh-p-is-empty", isEmpty);
        this.el.parentElement.querySelector("[data-kh-empty]").classList.toggle("d-none", !isEmpty);
    }

    // --- undo -------------------------------------------------------------------------------

    offerUndo(row, quantity) {
        const toast = this.el.querySelector("[data-kh-undo]");
        this.removed = { row, quantity, key: makeKey() };
        toast.querySelector("span").textContent = _t("Removed from the cart.");
        toast.hidden = false;
        clearTimeout(this.undoTimer);
        this.undoTimer = setTimeout(() => (toast.hidden = true), UNDO_MS);
    }

    async onUndo() {
        const { row, quantity, key } = this.removed;
        const productId = Number(row.dataset.khProduct);
        this.el.querySelector("[data-kh-undo]").hidden = true;
        const lines = [{ product_id: productId, qty: quantity }];
        const { added, totals } = await this.waitFor(rpc("/shop/kh/cart/add", { lines, key }));
        const state = added[productId];
        if (state) {
            row.dataset.khLine = state.line_id;
            row.hidden = false;
            row.querySelector("[data-kh-qty]").focus();
        }
        showTotals(totals);
        this.showEmpty(!totals.kinds);
    }
}

registry.category("public.interactions").add("kh_b2b_portal.cart", KhCart);
