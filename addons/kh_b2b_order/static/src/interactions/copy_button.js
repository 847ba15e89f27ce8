import { Interaction } from "@web/public/interaction";
import { browser } from "@web/core/browser/browser";
import { registry } from "@web/core/registry";

/** Copies a number (order, parcel, account) and says so on the button itself. */
export class KhCopyButton extends Interaction {
    static selector = "[data-kh-copy]";
    dynamicContent = {
        _root: { "t-on-click.prevent.stop": this.onClick },
    };

    async onClick() {
        const icon = this.el.querySelector(".fa");
        try {
            await this.waitFor(browser.navigator.clipboard.writeText(this.el.dataset.khCopy));
        } catch {
            // the browser does not let us: show the number, ready to be copied by hand
            window.prompt("", this.el.dataset.khCopy);
            return;
        }
        this.el.classList.add("kh-o-copied");
        icon?.classList.replace("fa-clone", "fa-check");
        this.waitForTimeout(() => {
            this.el.classList.remove("kh-o-copied");
            icon?.classList.replace("fa-check", "fa-clone");
        }, 1500);
    }
}

registry.category("public.interactions").add("kh_b2b_order.copy_button", KhCopyButton);
