import { Interaction } from "@web/public/interaction";
import { registry } from "@web/core/registry";
import { rpc } from "@web/core/network/rpc";

const PAUSE_MS = 150;
const LIST_ID = "kh_suggestions";

/**
 * The search of the top bar: "/" puts the cursor there as long as nothing is being typed; while
 * one types, products are proposed, to be chosen with ↑ ↓ and Enter.
 */
export class KhSearch extends Interaction {
    static selector = "[data-kh-search]";
    dynamicContent = {
        _document: { "t-on-keydown": this.onDocumentKeydown },
        _root: {
            "t-on-input": this.onInput,
            "t-on-compositionend": this.onInput,
            "t-on-keydown": this.onKeydown,
            "t-on-blur": () => this.waitForTimeout(() => this.show([]), 200),
        },
    };

    setup() {
        this.asked = 0;
        this.active = -1;
        this.list = document.createElement("ul");
        this.list.id = LIST_ID;
        this.list.className = "kh-p-suggestions";
        this.list.setAttribute("role", "listbox");
        this.list.hidden = true;
        this.insert(this.list, this.el.form);
        for (const [name, value] of Object.entries({
            role: "combobox",
            "aria-autocomplete": "list",
            "aria-controls": LIST_ID,
            "aria-expanded": "false",
        })) {
            this.el.setAttribute(name, value);
        }
    }

    start() {
        this.addListener(this.list, "mousedown", (ev) => ev.preventDefault());
        this.addListener(this.list, "click", (ev) =>
            this.choose(ev.target.closest("[role=option]"))
        );
    }

    onDocumentKeydown(ev) {
        if (ev.key === "/" && !ev.isComposing && !ev.target.closest("input, textarea, select")) {
            ev.preventDefault();
            this.el.focus();
        }
    }

    onInput(ev) {
        if (ev.isComposing) {
            return; // half a pinyin word: the characters are still to come
        }
        const turn = ++this.asked;
        this.waitForTimeout(() => turn === this.asked && this.ask(turn), PAUSE_MS);
    }

    async ask(turn) {
        const text = this.el.value.trim();
        let found = [];
        if (text.length > 1) {
            try {
                found = await this.waitFor(rpc("/shop/kh/suggest", { text }, { silent: true }));
            } catch {
                return; // proposals only: the search itself still works
            }
        }
        if (turn === this.asked) {
            this.show(found);
        }
    }

    show(found) {
        this.active = -1;
        this.list.replaceChildren(...found.map((one, index) => this.option(one, index)));
        this.list.hidden = !found.length;
        this.el.setAttribute("aria-expanded", String(Boolean(found.length)));
        this.el.removeAttribute("aria-activedescendant");
    }

    option({ name, item_no: itemNo, spec, search }, index) {
        const option = document.createElement("li");
        option.id = `${LIST_ID}_${index}`;
        option.setAttribute("role", "option");
        option.dataset.khChoice = search;
        for (const [tag, text] of [
            ["span", name],
            ["small", spec],
            ["code", itemNo],
        ]) {
            if (text) {
                const part = document.createElement(tag);
                part.textContent = text;
                option.append(part);
            }
        }
        return option;
    }

    onKeydown(ev) {
        const step = { ArrowDown: 1, ArrowUp: -1 }[ev.key];
        if (ev.isComposing || this.list.hidden) {
            return;
        }
        if (step) {
            ev.preventDefault();
            const count = this.list.children.length;
            // one place more than there are proposals: back to what was typed
            this.active = ((this.active + 1 + step + count + 1) % (count + 1)) - 1;
            this.mark();
        } else if (ev.key === "Escape") {
            ev.preventDefault();
            this.show([]);
        } else if (ev.key === "Enter" && this.active >= 0) {
            ev.preventDefault();
            this.choose(this.list.children[this.active]);
        }
    }

    mark() {
        [...this.list.children].forEach((option, index) =>
            option.setAttribute("aria-selected", String(index === this.active))
        );
        const id = this.list.children[this.active]?.id;
        if (id) {
            this.el.setAttribute("aria-activedescendant", id);
        } else {
            this.el.removeAttribute("aria-activedescendant");
        }
    }

    choose(option) {
        if (option) {
            this.el.value = option.dataset.khChoice;
            this.el.form.requestSubmit();
        }
    }
}

registry.category("public.interactions").add("kh_b2b_portal.search", KhSearch);
