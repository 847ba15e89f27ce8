import { Interaction } from "@web/public/interaction";
import { registry } from "@web/core/registry";
import { DeviceStore } from "./kh_send";
import { formatQuantity, moveFocus, parseQuantity, readLimits, stepQuantity } from "./kh_quantity";

/** A purchase list: steppers and the keys of a spreadsheet; saving is a plain form. */
export class KhPurchaseList extends Interaction {
    static selector = "[data-kh-list]";
    dynamicContent = {
        "[data-kh-qty]": {
            "t-on-focus": (ev) => ev.target.select(),
            "t-on-keydown": (ev) => !ev.isComposing && moveFocus(ev, this.el),
        },
        "[data-kh-step]": { "t-on-click": this.onStep },
    };

    onStep(ev) {
        const button = ev.target.closest("[data-kh-step]");
        const input = button.parentElement.querySelector("[data-kh-qty]");
        if (input.readOnly) {
            return;
        }
        const quantity = stepQuantity(
            parseQuantity(input.value) || 0,
            Number(button.dataset.khStep),
            readLimits(input.closest("tr"))
        );
        if (quantity > 0) {
            input.value = formatQuantity(quantity);
        }
    }
}

/** Sends all quantities filled in on this device, of whichever page, to a purchase list. */
export class KhToList extends Interaction {
    static selector = ".kh-p-catalogue:not([data-kh-visitor])";
    dynamicContent = {
        "[data-kh-to-list]": { "t-on-click": this.onClick },
    };

    onClick() {
        const store = new DeviceStore(`kh_quantities_${this.el.dataset.khStore}`);
        const filled = Object.entries(store.load({}));
        const rows = filled.map(([id, { qty }]) => [Number(id), qty]);
        const form = document.createElement("form");
        form.method = "post";
        form.action = "/my/lists/add";
        const fields = { rows: JSON.stringify(rows), csrf_token: odoo.csrf_token };
        for (const [name, value] of Object.entries(fields)) {
            const input = document.createElement("input");
            Object.assign(input, { type: "hidden", name, value });
            form.append(input);
        }
        document.body.append(form);
        form.submit();
    }
}

registry.category("public.interactions").add("kh_b2b_portal.purchase_list", KhPurchaseList);
registry.category("public.interactions").add("kh_b2b_portal.to_list", KhToList);
