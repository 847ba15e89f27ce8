import { Interaction } from "@web/public/interaction";
import { _t } from "@web/core/l10n/translation";
import { registry } from "@web/core/registry";

/** Copies a product's link; where the clipboard is closed the link is selected instead. */
export class KhShare extends Interaction {
    static selector = "[data-kh-share]";
    dynamicContent = {
        "[data-kh-share-copy]": { "t-on-click": this.onCopy },
        "[data-kh-share-link]": { "t-on-focus": (ev) => ev.target.select() },
    };

    async onCopy(ev) {
        const input = this.el.querySelector("[data-kh-share-link]");
        let text = _t("Copied");
        try {
            await this.waitFor(navigator.clipboard.writeText(input.value));
        } catch {
            input.focus();
            input.select();
            text = _t("Press Ctrl+C to copy");
        }
        ev.target.textContent = text;
        this.el.querySelector("[data-kh-share-status]").textContent = text;
    }
}

registry.category("public.interactions").add("kh_b2b_catalog.share", KhShare);
