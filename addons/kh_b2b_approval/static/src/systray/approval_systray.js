import { registry } from "@web/core/registry";
import { user } from "@web/core/user";
import { useService } from "@web/core/utils/hooks";
import { useDebounced } from "@web/core/utils/timing";
import { Component, onWillUnmount, useState } from "@odoo/owl";

const EVENT = "kh_b2b_approval/turn";
const WAIT = 500; // milliseconds; a bulk decision tells many times and is counted once

/** How many requests wait for me: asked once on load, and when the bus says that it changed. */
export class ApprovalSystray extends Component {
    static template = "kh_b2b_approval.ApprovalSystray";
    static props = [];

    setup() {
        this.orm = useService("orm");
        this.action = useService("action");
        this.bus = useService("bus_service");
        this.state = useState({ count: 0 });
        const refresh = useDebounced(() => this.refresh(), WAIT);
        this.bus.subscribe(EVENT, refresh);
        onWillUnmount(() => this.bus.unsubscribe(EVENT, refresh));
        this.refresh();
    }

    async refresh() {
        try {
            this.state.count = await this.orm.silent.call(
                "kh.approval.request",
                "get_my_turn_count",
                []
            );
        } catch {
            this.state.count = 0; // offline: the list itself says what is wrong
        }
    }

    open() {
        this.action.doAction("kh_b2b_approval.kh_approval_request_action", {
            clearBreadcrumbs: true,
        });
    }
}

registry
    .category("systray")
    .add(
        "kh_b2b_approval.systray",
        { Component: ApprovalSystray, isDisplayed: () => user.isInternalUser !== false },
        { sequence: 21 }
    );
