import { Interaction } from "@web/public/interaction";
import { _t } from "@web/core/l10n/translation";
import { registry } from "@web/core/registry";
import { rpc } from "@web/core/network/rpc";
import { errorText, makeKey, showTotals } from "./kh_quantity";

/** The order on one page: every choice is kept at once, one button sends it once. */
export class KhCheckout extends Interaction {
    static selector = "[data-kh-checkout-form]";
    dynamicContent = {
        "[name=kh_address]": {
            "t-on-change": (ev) =>
                this.keep("/shop/kh/checkout/address", { partner_id: Number(ev.target.value) }),
        },
        "[name=kh_invoice]": {
            "t-on-change": (ev) =>
                this.keep("/shop/kh/checkout/address", {
                    partner_id: Number(ev.target.value),
                    is_invoice: true,
                }),
        },
        "[name=kh_carrier]": {
            "t-on-change": (ev) =>
                this.keep("/shop/kh/checkout/delivery", { carrier_id: Number(ev.target.value) }),
        },
        "[data-kh-submit]": { "t-on-click": this.locked(this.onSubmit, true) },
    };

    setup() {
        this.key = makeKey();
        this.button = this.el.querySelector("[data-kh-submit]");
        this.isBlocked = this.button.disabled; // by the server: no choice here changes it
    }

    async keep(url, params) {
        this.showError("");
        this.button.disabled = true;
        try {
            const totals = await this.waitFor(rpc(url, params, { silent: true }));
            this.button.dataset.amount = totals.amount;
            showTotals(totals);
        } catch (error) {
            this.showError(errorText(error, _t("The connection failed. Try again.")));
        }
        this.button.disabled = this.isBlocked;
    }

    async onSubmit() {
        const payment = this.el.querySelector("[name=kh_payment]:checked");
        // a colleague has to approve first: the order is paid afterwards
        const route = this.button.dataset.route;
        if (!payment && !route) {
            return this.showError(_t("Choose how to pay."));
        }
        this.showError("");
        const params = {
            key: this.key,
            ...(payment && {
                method_id: Number(payment.value),
                provider_id: Number(payment.dataset.provider),
            }),
            amount: parseFloat(this.button.dataset.amount),
            address_id: this.chosen("kh_address"),
            invoice_id: this.chosen("kh_invoice"),
            carrier_id: this.chosen("kh_carrier"),
            note: this.el.querySelector("[name=kh_note]").value,
            date: this.el.querySelector("[name=kh_date]").value,
        };
        try {
            const { redirect } = await this.waitFor(
                rpc(route || "/shop/kh/checkout/submit", params, { silent: true })
            );
            window.location.assign(redirect);
            return new Promise(() => {}); // stay locked until the next page is there
        } catch (error) {
            this.key = error?.data ? makeKey() : this.key; // a lost answer: same key, same order
            this.showError(
                errorText(error, _t("The connection failed. Nothing is lost; try again."))
            );
        }
    }

    /** The id chosen on the page; 0 where there is nothing to choose. */
    chosen(name) {
        return Number(this.el.querySelector(`[name=${name}]:checked`)?.value || 0);
    }

    showError(text) {
        const el = this.el.querySelector("[data-kh-error]");
        el.hidden = !text;
        el.textContent = text;
    }
}

registry.category("public.interactions").add("kh_b2b_portal.checkout", KhCheckout);
