import { Interaction } from "@web/public/interaction";
import { _t } from "@web/core/l10n/translation";
import { registry } from "@web/core/registry";
import { moveInGrid, readBlock, spreadBlock } from "./kh_grid";
import { CartSender, DeviceStore } from "./kh_send";
import {
    errorText,
    fitQuantity,
    formatAmount,
    formatQuantity,
    parseQuantity,
    readLimits,
    showTotals,
    stepQuantity,
} from "./kh_quantity";

/**
 * Rows to order from: quantities are kept on this device until they are in the cart, so that
 * filtering, paging and going back lose nothing; one click adds them all.
 */
export class KhCatalogue extends Interaction {
    static selector = ".kh-p-catalogue:not([data-kh-visitor])";
    dynamicContent = {
        "[data-kh-qty]": {
            "t-on-input": this.onInput,
            "t-on-compositionend": this.onInput,
            "t-on-focus": (ev) => ev.target.select(),
            "t-on-change": this.onChange,
            "t-on-keydown": this.onKeydown,
            "t-on-paste": this.onPaste,
        },
        "[data-kh-step]": { "t-on-click": this.onStep },
        "[data-kh-fix]": { "t-on-click": this.onFix },
        "[data-kh-add]": { "t-on-click": this.locked(this.onAdd, true) },
        "[data-kh-clear]": { "t-on-click": this.onClear },
        _window: { "t-on-pageshow": this.restore, "t-on-storage": this.onStorage },
    };

    setup() {
        const name = `kh_quantities_${this.el.dataset.khStore}`;
        this.quantities = new DeviceStore(name);
        this.sender = new CartSender("catalogue", `${name}_sent`);
        this.filled = this.quantities.load({});
    }

    start() {
        for (const input of this.el.querySelectorAll("[data-kh-qty]")) {
            if (input.value) {
                this.onChange({ target: input }); // typed before this script was there
            }
        }
        this.restore();
        this.settle();
        const inputs = this.el.querySelectorAll("[data-kh-qty]");
        if (inputs.length === 1 && this.el.closest(".kh-p-shop")) {
            inputs[0].focus(); // one product was looked for: its quantity comes next
        }
    }

    // --- kept on the device ---------------------------------------------------------------

    /** What is filled in by now: another tab may have changed it. */
    read() {
        this.filled = this.quantities.load(this.filled);
    }

    save() {
        this.quantities.save(this.filled);
        this.showBar();
    }

    rows() {
        return this.el.querySelectorAll("[data-kh-product]");
    }

    /** The row of a list or the cell of a grid. */
    rowOf(el) {
        return el.closest("[data-kh-product]");
    }

    rowFor(id) {
        return this.el.querySelector(`[data-kh-product="${id}"]`);
    }

    restore() {
        this.filled = this.quantities.load({});
        for (const row of this.rows()) {
            const input = row.querySelector("[data-kh-qty]");
            const kept = this.filled[row.dataset.khProduct];
            if (input) {
                Object.assign(kept || {}, readPrice(row)); // kept for weeks, prices change
                input.value = kept ? formatQuantity(kept.qty) : "";
                this.offerFix(input, kept?.qty || 0);
                row.classList.toggle("kh-p-item-filled", Boolean(kept));
            }
        }
        this.showBar();
    }

    /** Another tab of this device filled in, sent or cleared something. */
    onStorage(ev) {
        if (ev.key === this.quantities.name) {
            this.restore();
        }
    }

    // --- one row ----------------------------------------------------------------------------

    setQuantity(input, quantity) {
        const row = this.rowOf(input);
        const id = row.dataset.khProduct;
        input.classList.toggle("is-invalid", quantity === null);
        this.read();
        if (quantity) {
            this.filled[id] = { qty: quantity, ...readPrice(row) };
        } else {
            delete this.filled[id];
        }
        row.classList.toggle("kh-p-item-filled", Boolean(quantity));
        this.save();
    }

    onInput(ev) {
        if (!ev.isComposing) {
            this.setQuantity(ev.target, parseQuantity(ev.target.value));
        }
    }

    onChange(ev) {
        const quantity = parseQuantity(ev.target.value);
        this.setQuantity(ev.target, quantity);
        if (quantity !== null) {
            ev.target.value = quantity ? formatQuantity(quantity) : "";
        }
        this.offerFix(ev.target, quantity);
    }

    /** Says what would fit beside a quantity that does not; nothing is changed silently. */
    offerFix(input, quantity) {
        const row = this.rowOf(input);
        const el = row.querySelector("[data-kh-fix]");
        const fitting = quantity ? fitQuantity(quantity, readLimits(row)) : 0;
        const isWrong = Boolean(quantity) && Math.abs(fitting - quantity) > 1e-6;
        input.classList.toggle("is-invalid", isWrong || quantity === null);
        el.replaceChildren();
        el.dataset.khFix = isWrong ? fitting : "";
        if (isWrong && fitting) {
            const button = document.createElement("button");
            button.type = "button";
            button.className = "btn btn-link btn-sm";
            button.textContent = _t("Change to %s", formatQuantity(fitting));
            el.append(button);
        } else if (isWrong) {
            el.textContent = _t("Cannot be ordered now.");
        }
    }

    onFix(ev) {
        if (ev.target.closest("button")) {
            const el = ev.target.closest("[data-kh-fix]");
            const input = this.rowOf(el).querySelector("[data-kh-qty]");
            input.value = el.dataset.khFix;
            this.onChange({ target: input });
            input.focus();
        }
    }

    onKeydown(ev) {
        if (ev.isComposing) {
            return;
        }
        if (ev.key === "Escape") {
            ev.target.value = "";
            this.setQuantity(ev.target, 0);
            this.offerFix(ev.target, 0);
        } else {
            moveInGrid(ev, this.el);
        }
    }

    /** Spreads what was copied from a spreadsheet; a single value is pasted as ever. */
    onPaste(ev) {
        const block = readBlock(ev.clipboardData.getData("text/plain"));
        if (block) {
            ev.preventDefault();
            const lost = spreadBlock(this.el, ev.target, block, (input, text) => {
                input.value = text.trim();
                this.onChange({ target: input });
            });
            this.showMessage(lost ? _t("%s pasted quantities found no place.", lost) : "", true);
        }
    }

    onStep(ev) {
        const button = ev.target.closest("[data-kh-step]");
        const input = button.parentElement.querySelector("[data-kh-qty]");
        const quantity = stepQuantity(
            parseQuantity(input.value) || 0,
            Number(button.dataset.khStep),
            readLimits(this.rowOf(input))
        );
        input.value = quantity ? formatQuantity(quantity) : "";
        this.setQuantity(input, quantity);
        this.offerFix(input, quantity);
    }

    // --- the sum and the button -------------------------------------------------------------

    showBar() {
        const bar = this.el.querySelector("[data-kh-bar]");
        const rows = Object.values(this.filled);
        if (!bar) {
            return;
        }
        bar.hidden = !rows.length && bar.dataset.khKeep !== "1";
        document.body.classList.toggle("kh-p-has-bar", !bar.hidden);
        const amount = rows.reduce((sum, row) => sum + row.qty * priceFor(row), 0);
        const sums = {
            kinds: rows.length,
            pieces: formatQuantity(rows.reduce((sum, row) => sum + row.qty, 0)),
            amount: this.el.dataset.khCurrency + formatAmount(amount, +this.el.dataset.khDigits),
        };
        for (const el of bar.querySelectorAll("[data-kh-sum]")) {
            el.textContent = sums[el.dataset.khSum];
        }
        bar.querySelector("[data-kh-add]").disabled = !rows.length;
    }

    showMessage(text, isError = false) {
        const el = this.el.querySelector("[data-kh-message]");
        el.hidden = !text;
        el.textContent = text;
        el.classList.toggle("kh-p-is-error", isError);
        this.el.querySelector("[data-kh-bar]").dataset.khKeep = text && isError ? "1" : "";
    }

    onClear() {
        this.filled = {};
        this.showMessage("");
        this.save();
        this.restore();
    }

    async onAdd() {
        try {
            let surplus = this.take(await this.waitFor(this.sender.settle()));
            this.read(); // without what another tab has sent
            const lines = Object.entries(this.filled).map(([id, row]) => ({
                product_id: Number(id),
                qty: row.qty,
            }));
            if (lines.length) {
                const sent = this.sender.send("/shop/kh/cart/add", { lines });
                const result = await this.waitFor(sent);
                surplus += this.take(result);
                if (result?.answer.is_dropped) {
                    return this.onAdd();
                }
            }
            this.restore();
            this.tell(surplus);
        } catch (error) {
            this.showMessage(
                errorText(error, _t("The connection failed. Your quantities are kept; try again.")),
                true
            );
        }
    }

    /** An earlier page left before the answer came: what is in the cart is not offered again. */
    async settle() {
        try {
            this.tell(this.take(await this.waitFor(this.sender.settle())));
        } catch {
            // still no connection: asked again with the next click
        }
    }

    /**
     * Shows what came of a request; what is filled in by now beyond that stays.
     *
     * @returns {number} rows of which more is in the cart than is filled in by now
     */
    take(result) {
        if (!result) {
            return 0;
        }
        const { added, refused, totals } = result.answer;
        let surplus = 0;
        this.read();
        for (const { product_id: id, qty } of result.lines.filter(
            (line) => added[line.product_id]
        )) {
            const left = Math.round(((this.filled[id]?.qty || 0) - qty) * 1000) / 1000;
            surplus += left < 0;
            if (left > 0) {
                this.filled[id].qty = left;
            } else {
                delete this.filled[id];
            }
            const row = this.rowFor(id);
            if (row) {
                row.classList.add("kh-p-item-added");
                row.querySelector(".kh-p-incart").textContent = _t(
                    "✓ Added · in cart %s",
                    added[id].in_cart
                );
            }
        }
        for (const { product_id: id, reason } of refused) {
            const row = this.rowFor(id);
            if (row) {
                row.querySelector(".kh-p-incart").textContent = reason;
                row.classList.add("kh-p-item-refused");
            }
        }
        this.showMessage(
            refused.length
                ? _t("%(added)s added, %(refused)s to correct: %(reason)s", {
                      added: Object.keys(added).length,
                      refused: refused.length,
                      reason: refused[0].reason,
                  })
                : "",
            Boolean(refused.length)
        );
        showTotals(totals);
        this.save();
        this.restore();
        return surplus;
    }

    /** Says that an earlier request had arrived after all, where the reader took some back. */
    tell(surplus) {
        if (surplus) {
            const text = _t(
                "%s rows were in the cart already, with the quantity sent first. Check them there.",
                surplus
            );
            const shown = this.el.querySelector("[data-kh-message]").textContent;
            this.showMessage([text, shown].filter(Boolean).join(" "), true);
            this.showBar();
        }
    }
}

/** What a row of the page costs, with its steps. */
function readPrice(row) {
    return {
        price: parseFloat(row.dataset.khPrice || 0),
        ladder: JSON.parse(row.dataset.khLadder || "[]"),
    };
}

/** The price of a filled row at its quantity. */
function priceFor(row) {
    return (row.ladder || []).reduce(
        (price, [minimum, step]) => (row.qty >= minimum ? step : price),
        row.price
    );
}

export class KhSort extends Interaction {
    static selector = "[data-kh-sort]";
    dynamicContent = { _root: { "t-on-change": () => this.el.form.submit() } };
}

registry.category("public.interactions").add("kh_b2b_portal.catalogue", KhCatalogue);
registry.category("public.interactions").add("kh_b2b_portal.sort", KhSort);
