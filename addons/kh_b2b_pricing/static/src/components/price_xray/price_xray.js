import { Component, useState } from "@odoo/owl";
import { browser } from "@web/core/browser/browser";
import { _t } from "@web/core/l10n/translation";
import { usePopover } from "@web/core/popover/popover_hook";
import { registry } from "@web/core/registry";
import { useService } from "@web/core/utils/hooks";
import { standardWidgetProps } from "@web/views/widgets/standard_widget_props";

/** What opens: all reasons of one price, in sentences that the server wrote. */
export class PriceXrayPopover extends Component {
    static template = "kh_b2b_pricing.PriceXrayPopover";
    static props = { why: Object, isDirty: Boolean, close: { type: Function, optional: true } };

    setup() {
        this.notification = useService("notification");
        this.state = useState({ isCopied: false });
    }

    async onCopy() {
        try {
            await browser.navigator.clipboard.writeText(this.props.why.text);
            this.state.isCopied = true;
        } catch {
            this.notification.add(_t("The browser does not allow copying."), { type: "warning" });
        }
    }
}

/** The ⓘ on an order line of a dealer. */
export class PriceXray extends Component {
    static template = "kh_b2b_pricing.PriceXray";
    static props = { ...standardWidgetProps };

    setup() {
        this.orm = useService("orm");
        this.popover = usePopover(PriceXrayPopover, { position: "bottom" });
    }

    get isShown() {
        const { resId, data, evalContext } = this.props.record;
        return Boolean(resId && evalContext.parent?.kh_is_b2b_priced && !data.display_type);
    }

    async onClick(ev) {
        if (this.popover.isOpen) {
            this.popover.close();
            return;
        }
        const target = ev.currentTarget;
        const { record } = this.props;
        const why = await this.orm.call("sale.order.line", "kh_explain_price", [[record.resId]]);
        this.popover.open(target, { why, isDirty: record.dirty });
    }
}

export const priceXray = {
    component: PriceXray,
};

registry.category("view_widgets").add("kh_price_xray", priceXray);
