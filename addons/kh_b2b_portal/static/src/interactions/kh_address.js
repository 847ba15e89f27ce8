import { Interaction } from "@web/public/interaction";
import { _t } from "@web/core/l10n/translation";
import { registry } from "@web/core/registry";
import { rpc } from "@web/core/network/rpc";
import { errorText } from "./kh_quantity";

const WAIT_MS = 5000;
// the states of a country are there only after it was chosen
const FIELDS = ["name", "phone", "country_id", "state_id", "city", "street", "zip"];

/** A whole address in one text: fills in the fields, says what it changed, and takes it back. */
export class KhPasteAddress extends Interaction {
    static selector = "[data-kh-paste-address]";
    dynamicContent = {
        "[data-kh-paste-fill]": { "t-on-click": this.locked(this.onFill) },
        "[data-kh-paste-undo]": { "t-on-click": this.locked(this.onUndo) },
    };

    setup() {
        this.form = this.el.closest("form");
        this.changed = [];
    }

    async onFill() {
        const text = this.el.querySelector("textarea").value;
        let answer;
        try {
            answer = await this.waitFor(rpc("/shop/kh/address/split", { text }));
        } catch (error) {
            return this.show([errorText(error, _t("The connection failed. Try again."))]);
        }
        this.changed = [];
        const lines = [];
        for (const name of FIELDS) {
            const value = answer.fields[name];
            const input = this.form.elements[name];
            if (!value || !input || input.readOnly) {
                continue;
            }
            if (input.value === String(value)) {
                if (name !== "country_id") {
                    lines.push(this.describe(input)); // found, and as it is
                }
                continue;
            }
            const before = input.value;
            const shownBefore = this.shown(input);
            if (await this.waitFor(this.fill(input, value))) {
                this.changed.push({ name, value: before });
                lines.push(this.describe(input, shownBefore));
            }
        }
        if (answer.rest) {
            lines.push(_t("Found no field for: %s", answer.rest));
        }
        this.show(lines.length ? lines : [_t("Nothing new was found in this text.")]);
    }

    async onUndo() {
        const changed = this.changed;
        this.changed = [];
        for (const { name, value } of changed) {
            await this.waitFor(this.fill(this.form.elements[name], value));
        }
        this.show([]);
    }

    /** Writes into a field; answers whether it took the value. */
    async fill(input, value) {
        if (input.tagName === "SELECT" && !(await this.whenOffered(input, value))) {
            return false;
        }
        input.value = value;
        input.dispatchEvent(new Event("change", { bubbles: true }));
        return true;
    }

    /** Waits until a choice is offered: those of another country are loaded first. */
    async whenOffered(select, value) {
        const end = Date.now() + WAIT_MS;
        const isThere = () => [...select.options].some((one) => one.value === String(value));
        while (!isThere() && Date.now() < end) {
            await new Promise((resolve) => setTimeout(resolve, 100));
        }
        return isThere();
    }

    shown(input) {
        return input.tagName === "SELECT"
            ? input.value && input.selectedOptions[0].textContent.trim()
            : input.value;
    }

    describe(input, before = "") {
        const label = this.form.querySelector(`label[for="${input.id}"]`);
        const after = this.shown(input);
        const change = before ? `${before} → ${after}` : after;
        return `${label?.textContent.trim() || input.name}: ${change}`;
    }

    show(lines) {
        const result = this.el.querySelector("[data-kh-paste-result]");
        result.replaceChildren(
            ...lines.map((line) => {
                const row = document.createElement("p");
                row.textContent = line;
                return row;
            })
        );
        this.el.querySelector("[data-kh-paste-undo]").hidden = !this.changed.length;
    }
}

registry.category("public.interactions").add("kh_b2b_portal.paste_address", KhPasteAddress);
