import { _t } from "@web/core/l10n/translation";
import { registry } from "@web/core/registry";
import { session } from "@web/session";
import { standardFieldProps } from "@web/views/fields/standard_field_props";
import { Component } from "@odoo/owl";

const UNKNOWN = ["idle", "fa-circle-o"];

/** Shows a stage as icon and word, from the one status table of the server. */
export class KhStatusField extends Component {
    static template = "kh_b2b_approval.StatusField";
    static props = {
        ...standardFieldProps,
        object: { type: String, optional: true },
    };

    get value() {
        return this.props.record.data[this.props.name];
    }

    get label() {
        const selection = this.props.record.fields[this.props.name].selection || [];
        const option = selection.find(([value]) => value === this.value);
        return option ? option[1] : this.value || "";
    }

    get badge() {
        const stages = (session.kh_status || {})[this.props.object] || {};
        return stages[this.value] || UNKNOWN;
    }
}

export const khStatusField = {
    component: KhStatusField,
    displayName: _t("Status (KH B2B)"),
    supportedTypes: ["selection", "char"],
    supportedOptions: [{ label: _t("Object"), name: "object", type: "string" }],
    extractProps: ({ options }) => ({ object: options.object }),
};

registry.category("fields").add("kh_status", khStatusField);
