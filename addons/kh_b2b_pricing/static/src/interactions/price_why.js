import { browser } from "@web/core/browser/browser";
import { _t } from "@web/core/l10n/translation";
import { rpc } from "@web/core/network/rpc";
import { registry } from "@web/core/registry";
import { Interaction } from "@web/public/interaction";

const GAP = 4;
const PHONE = "(max-width: 767.98px)";

/**
 * The ⓘ beside a price: says why it is what it is. A popover on the desk, a sheet from below on
 * the phone, where the phone's back closes it too. Focus returns to the button.
 */
export class KhPriceWhy extends Interaction {
    static selector = ".kh_price_why";
    dynamicContent = {
        _root: { "t-on-click.prevent.stop": this.locked(this.onClick) },
    };

    setup() {
        this.dialog = null;
        this.hasHistoryEntry = false;
        this.forgetBack = () => {};
    }

    destroy() {
        this.dialog?.remove();
    }

    async onClick() {
        if (this.dialog) {
            return;
        }
        let html = null;
        try {
            html = await this.waitFor(this.ask());
        } catch {
            // offline, or the session is over: the dialog says so instead of staying shut
        }
        this.open(html);
    }

    /** @returns {Promise<string|undefined>} markup made by the server, escaped there */
    async ask() {
        if (this.el.dataset.khWhyLine) {
            const answer = await rpc("/my/kh/price_why", {
                line_id: Number(this.el.dataset.khWhyLine),
                access_token: new URL(browser.location.href).searchParams.get("access_token"),
            });
            return answer.html;
        }
        const productId = this.productId();
        const answers = await rpc("/shop/kh/price_why", {
            product_ids: [productId],
            quantity: this.quantity(),
        });
        return answers[productId]?.html;
    }

    /** A row stands for its product; on the product page the chosen variant decides. */
    productId() {
        const form = this.el.closest("[data-kh-product], .js_product");
        const input = form?.matches(".js_product") && form.querySelector("input.product_id");
        return Number(input?.value || this.el.dataset.khWhyProduct);
    }

    quantity() {
        const row = this.el.closest("[data-kh-product], .js_product");
        const input = row?.querySelector("[data-kh-qty], input[name='add_qty']");
        const quantity = Number(input?.value);
        return quantity > 0 ? quantity : 1;
    }

    open(html) {
        const dialog = document.createElement("dialog");
        dialog.className = "kh_why";
        dialog.setAttribute("aria-labelledby", "kh_why_title");
        const close = document.createElement("button");
        close.type = "button";
        close.className = "kh_why_close";
        close.setAttribute("aria-label", _t("Close"));
        close.textContent = "×";
        const body = document.createElement("div");
        if (html) {
            body.append(...new DOMParser().parseFromString(html, "text/html").body.childNodes);
        } else {
            body.textContent = _t("This price cannot be explained now.");
        }
        dialog.append(close, body);
        this.insert(dialog, document.body);
        this.dialog = dialog;
        this.addListener(close, "click", () => this.close());
        this.addListener(dialog, "click", (ev) => ev.target === dialog && this.close());
        this.addListener(dialog, "close", () => this.onClosed());
        this.forgetBack = this.addListener(browser, "popstate", () => this.onBack());
        dialog.showModal();
        if (browser.matchMedia(PHONE).matches) {
            browser.history.pushState({ ...browser.history.state, khWhy: true }, "");
            this.hasHistoryEntry = true;
        } else {
            this.place(dialog);
        }
    }

    /** Under the button, or above it where there is no room; inside the window. */
    place(dialog) {
        const anchor = this.el.getBoundingClientRect();
        const box = dialog.getBoundingClientRect();
        const left = Math.min(anchor.left, browser.innerWidth - box.width - GAP);
        const isRoomBelow = anchor.bottom + GAP + box.height <= browser.innerHeight;
        const top = isRoomBelow ? anchor.bottom + GAP : anchor.top - GAP - box.height;
        dialog.style.left = `${Math.max(left, GAP)}px`;
        dialog.style.top = `${Math.max(top, GAP)}px`;
    }

    close() {
        this.dialog?.close();
    }

    onBack() {
        this.hasHistoryEntry = false;
        this.close();
    }

    onClosed() {
        this.forgetBack();
        this.dialog?.remove();
        this.dialog = null;
        this.el.focus();
        if (this.hasHistoryEntry) {
            this.hasHistoryEntry = false;
            browser.history.back();
        }
    }
}

registry.category("public.interactions").add("kh_b2b_pricing.price_why", KhPriceWhy);
