import { Interaction } from "@web/public/interaction";
import { _t } from "@web/core/l10n/translation";
import { registry } from "@web/core/registry";

/** The specifications to choose from are counted when the reader opens their panel. */
export class KhFacets extends Interaction {
    static selector = "[data-kh-facets]";
    dynamicContent = { _root: { "t-on-toggle": this.onToggle } };

    async onToggle() {
        if (!this.el.open || this.asked) {
            return;
        }
        this.asked = true;
        const panel = this.el.querySelector("[data-kh-panel]");
        try {
            panel.replaceChildren(...(await this.waitFor(this.load())));
        } catch {
            this.asked = false; // opened again, it is asked for again
            panel.textContent = _t("The connection failed. Close and open this to try again.");
        }
    }

    async load() {
        const answer = await fetch(this.el.dataset.khFacets);
        if (!answer.ok) {
            throw new Error(answer.statusText);
        }
        const parsed = new DOMParser().parseFromString(await answer.text(), "text/html");
        return parsed.body.childNodes;
    }
}

registry.category("public.interactions").add("kh_b2b_portal.facets", KhFacets);
