import { Interaction } from "@web/public/interaction";
import { _t } from "@web/core/l10n/translation";
import { registry } from "@web/core/registry";
import { DeviceStore, sendSafely, showUnsent } from "./kh_send";
import {
    errorText,
    formatQuantity,
    makeKey,
    moveFocus,
    parseQuantity,
    readLimits,
    showTotals,
    stepQuantity,
} from "./kh_quantity";

/** Capitals and full-width letters are as good as others. */
const fold = (text) => text.normalize("NFKC").toLowerCase();

const STEP_MS = 300;
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
        "[data-kh-fix]": { "t-on-click": this.onFix },
        "[data-kh-remove]": { "t-on-click": this.onRemove },
        "[data-kh-undo] button": { "t-on-click": this.onUndo },
        "[data-kh-checkout]": { "t-on-click.prevent": this.locked(this.onCheckout) },
        _window: { "t-on-online": this.sendWaiting },
    };

    setup() {
        this.queue = Promise.resolve();
        this.confirmed = new WeakMap();
        this.timers = new Map(); // by input: clicks on the stepper not sent yet
        this.removed = null;
        this.seenWarnings = "";
        for (const input of this.el.querySelectorAll("[data-kh-qty]")) {
            this.confirmed.set(input, input.value);
        }
        this.store = new DeviceStore(`kh_cart_${this.el.dataset.khStore}`);
        this.pending = this.store.load({}); // by line: the quantity that was not sent, its key
    }

    start() {
        this.sendWaiting();
        const form = document.querySelector("[data-kh-park]"); // below the cart
        if (form) {
            this.addListener(form, "submit", this.onPark);
        }
        this.find = document.querySelector("[data-kh-cart-find]"); // above the cart
        if (this.find) {
            this.find.hidden = false; // of no use without a script
            this.addListener(this.find, "input", this.onFind);
        }
    }

    /** What an earlier visit could not send is sent now, under the keys of then. */
    sendWaiting() {
        for (const [id, { quantity, base }] of Object.entries(this.pending)) {
            const row = this.el.querySelector(`[data-kh-line="${id}"]`);
            const input = row?.querySelector("[data-kh-qty]");
            if (input && this.confirmed.get(input) === base) {
                if (input.value === base) {
                    input.value = formatQuantity(quantity); // else something newer is typed
                }
                this.enqueue(() => {
                    const now = this.pending[id]; // may be sent by then, or changed once more
                    return now && this.send(row, now.quantity);
                });
            } else {
                this.forget(id); // it arrived after all, or was changed elsewhere since
            }
        }
    }

    /** The key of a change: the same for the same quantity, until there is an answer. */
    keep(row, quantity) {
        const id = row.dataset.khLine;
        if (this.pending[id]?.quantity !== quantity) {
            const base = this.confirmed.get(row.querySelector("[data-kh-qty]"));
            this.pending[id] = { quantity, base, key: makeKey() };
            this.store.save(this.pending);
        }
        return this.pending[id].key;
    }

    forget(id) {
        delete this.pending[id];
        this.store.save(this.pending);
        showUnsent("cart", this.isLost ? Object.keys(this.pending).length : 0);
    }

    onKeydown(ev) {
        if (ev.isComposing) {
            return;
        }
        if (ev.key === "Escape") {
            this.stopTimer(ev.target);
            ev.target.value = this.confirmed.get(ev.target);
            this.warn(ev.target.closest("tr"), "");
        } else if (moveFocus(ev, this.el)) {
            this.update(ev.target); // the last row has no next one to leave for
        }
    }

    onStep(ev) {
        const button = ev.target.closest("[data-kh-step]");
        const input = button.parentElement.querySelector("[data-kh-qty]");
        const quantity = stepQuantity(
            parseQuantity(input.value) || 0,
            Number(button.dataset.khStep),
            readLimits(input.closest("tr"))
        );
        if (quantity > 0) {
            input.value = formatQuantity(quantity);
            this.stopTimer(input);
            this.timers.set(
                input,
                setTimeout(() => this.update(input), STEP_MS)
            );
        }
    }

    stopTimer(input) {
        clearTimeout(this.timers.get(input));
        this.timers.delete(input);
    }

    onRemove(ev) {
        const row = ev.target.closest("tr");
        const input = row.querySelector("[data-kh-qty]");
        this.stopTimer(input);
        return this.enqueue(async () => {
            const quantity = parseQuantity(this.confirmed.get(input));
            if (!row.hidden && (await this.send(row, 0))) {
                this.offerUndo(row, quantity);
            }
        });
    }

    /** Sends everything that was changed; returns a row that could not be sent, if any. */
    async flush() {
        for (const input of [...this.timers.keys()]) {
            this.update(input);
        }
        await this.waitFor(this.queue);
        const isUnsent = (input) => input.value !== this.confirmed.get(input);
        return this.shownRows().find((row) => isUnsent(row.querySelector("[data-kh-qty]")));
    }

    shownRows() {
        return [...this.el.querySelectorAll("[data-kh-line]:not([hidden])")];
    }

    // --- search in this order -----------------------------------------------------------------

    /** Shows the rows that hold every word typed: name, item no. or specification. */
    onFind() {
        const words = fold(this.find.value).split(/\s+/).filter(Boolean);
        let found = 0;
        for (const row of this.shownRows()) {
            const text = fold(row.dataset.khText || this.readText(row));
            const isFound = words.every((word) => text.includes(word));
            row.classList.toggle("d-none", !isFound);
            found += isFound;
        }
        const count = words.length ? _t("%s found", found) : "";
        this.find.parentElement.querySelector("[data-kh-cart-found]").textContent = count;
    }

    readText(row) {
        const cells = [".kh-p-c-name", ".kh-p-c-code", ".kh-p-c-spec"];
        row.dataset.khText = cells.map((cell) => row.querySelector(cell).textContent).join(" ");
        return row.dataset.khText;
    }

    /** Goes to a quantity, also of a row that the search hides. */
    focusRow(row) {
        if (this.find?.value) {
            this.find.value = "";
            this.onFind();
        }
        row.querySelector("[data-kh-qty]").focus();
    }

    // --- on to the next page ------------------------------------------------------------------

    /** What is parked is what was typed. */
    async onPark(ev) {
        ev.preventDefault();
        const unsent = await this.flush();
        if (unsent) {
            this.focusRow(unsent);
        } else {
            ev.target.submit();
        }
    }

    /** Everything that was changed is sent before the next page is asked for. */
    async onCheckout() {
        const unsent = await this.flush();
        const warned = this.shownRows().filter((row) => this.warning(row).textContent);
        const warnings = warned.map((row) => this.warning(row).textContent).join("\n");
        const stop = unsent || (warnings !== this.seenWarnings && warned[0]);
        this.seenWarnings = warnings; // read once, a warning about what was kept stops no more
        if (stop) {
            this.focusRow(stop);
        } else {
            window.location.assign(this.el.querySelector("[data-kh-checkout]").href);
        }
    }

    /** One request after the other, so that the last one wins. */
    enqueue(step) {
        this.queue = this.queue.then(step);
        return this.queue;
    }

    /** Sends what was typed. */
    update(input) {
        this.stopTimer(input);
        const row = input.closest("tr");
        const quantity = parseQuantity(input.value);
        if (quantity === null) {
            return this.warn(row, _t("This is not a quantity."));
        }
        if (quantity === 0) {
            return this.onRemove({ target: input });
        }
        return this.enqueue(() => {
            if (formatQuantity(quantity) !== this.confirmed.get(input)) {
                return this.send(row, quantity);
            }
            input.value = this.confirmed.get(input);
            this.warn(row, "");
        });
    }

    async send(row, quantity) {
        const id = row.dataset.khLine;
        const key = this.keep(row, quantity);
        row.setAttribute("aria-busy", "true");
        try {
            const {
                row: values,
                totals,
                others = [],
            } = await this.waitFor(
                sendSafely(
                    "cart",
                    "/shop/kh/cart/update",
                    { line_id: Number(id), quantity, key },
                    Object.keys(this.pending).length
                )
            );
            this.isLost = false;
            this.forget(id);
            this.patch(row, values);
            for (const other of others) {
                this.patchOther(other);
            }
            showTotals(totals);
            this.showEmpty(!totals.kinds);
            return true;
        } catch (error) {
            this.warn(
                row,
                errorText(error, _t("Not sent yet: the connection failed. It is kept here."))
            );
            if (error?.data) {
                const input = row.querySelector("[data-kh-qty]");
                input.value = this.confirmed.get(input);
                this.forget(id);
            } else {
                this.isLost = true; // stays on this device until it can be sent
            }
            return false;
        } finally {
            row.removeAttribute("aria-busy");
        }
    }

    showPrices(row, values) {
        for (const name of ["price", "subtotal", "discount"]) {
            row.querySelector(`[data-kh-cell="${name}"]`).textContent = values[name];
        }
    }

    /** A row whose price changed with another's quantity; what is typed in it stays. */
    patchOther(values) {
        const row = this.el.querySelector(`[data-kh-line="${values.line_id}"]`);
        if (row) {
            this.showPrices(row, values);
            this.warn(row, values.warning);
        }
    }

    patch(row, values) {
        row.hidden = !values.quantity;
        if (!values.quantity) {
            return;
        }
        this.showPrices(row, values);
        const input = row.querySelector("[data-kh-qty]");
        const text = formatQuantity(values.quantity);
        this.confirmed.set(input, text);
        input.value = text;
        this.warn(row, values.warning);
        if (values.suggested) {
            const button = document.createElement("button");
            button.type = "button";
            button.className = "btn btn-link btn-sm";
            button.dataset.khFix = values.suggested;
            button.textContent = _t("Change to %s", formatQuantity(values.suggested));
            this.warning(row).append(" ", button);
        }
    }

    /** Takes the quantity that the warning offers. */
    onFix(ev) {
        const input = ev.target.closest("tr").querySelector("[data-kh-qty]");
        input.value = formatQuantity(Number(ev.target.dataset.khFix));
        return this.update(input);
    }

    warn(row, text) {
        this.warning(row).textContent = text;
    }

    warning(row) {
        return row.querySelector('[data-kh-cell="warning"]');
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

    onUndo() {
        clearTimeout(this.undoTimer);
        this.el.querySelector("[data-kh-undo]").hidden = true;
        return this.enqueue(() => this.removed && this.undo(this.removed));
    }

    async undo({ row, quantity, key }) {
        const lines = [{ product_id: Number(row.dataset.khProduct), qty: quantity }];
        let result;
        try {
            result = await this.waitFor(
                sendSafely("undo", "/shop/kh/cart/add", { lines, key }, lines.length)
            );
        } catch (error) {
            // once more with the same key: the goods come back once, whatever got lost
            const toast = this.el.querySelector("[data-kh-undo]");
            toast.querySelector("span").textContent = errorText(
                error,
                _t("The connection failed. Try again.")
            );
            toast.hidden = false;
            return;
        }
        this.removed = null;
        this.afterUndo(row, result);
    }

    afterUndo(row, { added, totals }) {
        const state = added[row.dataset.khProduct];
        if (state) {
            const input = row.querySelector("[data-kh-qty]");
            row.dataset.khLine = state.line_id;
            row.hidden = false;
            input.value = this.confirmed.get(input); // "0" may have been typed
            input.focus();
        }
        showTotals(totals);
        this.showEmpty(!totals.kinds);
    }
}

registry.category("public.interactions").add("kh_b2b_portal.cart", KhCart);
