import { Component, onWillStart, useState } from "@odoo/owl";
import { _t } from "@web/core/l10n/translation";
import { registry } from "@web/core/registry";
import { useService } from "@web/core/utils/hooks";
import { Layout } from "@web/search/layout";
import { standardActionServiceProps } from "@web/webclient/actions/action_service";

const OPERATIONS = ["read", "write", "create", "unlink"];

/**
 * What roles, or one user by which role, may do. The server computes; this page filters.
 */
export class RoleMatrix extends Component {
    static template = "kh_b2b_member.RoleMatrix";
    static components = { Layout };
    static props = { ...standardActionServiceProps };

    setup() {
        this.orm = useService("orm");
        this.action = useService("action");
        const params = this.props.action.params || {};
        const context = this.props.action.context || {};
        this.roleIds = params.role_ids || [];
        this.userId = params.user_id || context.user_id || false;
        this.state = useState({
            matrix: null,
            isComplete: false,
            query: "",
            kind: "",
            hidden: [],
        });
        onWillStart(() => this.load());
    }

    get display() {
        return { controlPanel: {} };
    }

    async load() {
        this.state.matrix = await this.orm.call("kh.role.matrix", "get_matrix", [], {
            role_ids: this.roleIds,
            user_id: this.userId,
            is_complete: this.state.isComplete,
        });
        this.env.config.setDisplayName(this.state.matrix.title);
    }

    async toggleComplete() {
        this.state.isComplete = !this.state.isComplete;
        await this.load();
    }

    toggleColumn(key) {
        const hidden = this.state.hidden;
        this.state.hidden = hidden.includes(key)
            ? hidden.filter((other) => other !== key)
            : [...hidden, key];
    }

    /** Indexes of the columns that are shown. */
    get indexes() {
        return this.state.matrix.columns
            .map((column, index) => (this.state.hidden.includes(column.key) ? -1 : index))
            .filter((index) => index >= 0);
    }

    get sections() {
        const query = this.state.query.trim().toLowerCase();
        return this.state.matrix.sections
            .filter((section) => !this.state.kind || section.key === this.state.kind)
            .map((section) => ({
                ...section,
                rows: section.rows.filter(
                    (row) => !query || `${row.name} ${row.note}`.toLowerCase().includes(query)
                ),
            }))
            .filter((section) => section.rows.length);
    }

    get operationNames() {
        return {
            read: _t("Read"),
            write: _t("Write"),
            create: _t("Create"),
            unlink: _t("Delete"),
        };
    }

    /** The operations of a cell with their word, in a fixed order. */
    operations(cell) {
        const names = this.operationNames;
        return OPERATIONS.map((key) => ({
            key,
            name: names[key],
            short: names[key].slice(0, 1),
            isAllowed: cell.operations.includes(key),
        }));
    }

    describe(cell) {
        if (cell.operations) {
            const names = this.operationNames;
            return cell.operations.length
                ? OPERATIONS.filter((key) => cell.operations.includes(key))
                      .map((key) => names[key])
                      .join(", ")
                : _t("No right");
        }
        return cell.title || (cell.yes ? cell.text || _t("Yes") : _t("No"));
    }

    openRole(column) {
        if (!column.role_id || this.props.action.params?.is_own) {
            return;
        }
        this.action.doAction("kh_b2b_member.res_users_role_action", {
            viewType: "form",
            props: { resId: column.role_id },
        });
    }

    export() {
        const params = new URLSearchParams();
        if (this.userId) {
            params.set("user_id", this.userId);
        }
        if (this.roleIds.length) {
            params.set("role_ids", this.roleIds.join(","));
        }
        if (this.state.isComplete) {
            params.set("is_complete", "1");
        }
        this.action.doAction({
            type: "ir.actions.act_url",
            url: `/kh_b2b_member/role_matrix.xlsx?${params}`,
            target: "download",
        });
    }
}

registry.category("actions").add("kh_b2b_member.role_matrix", RoleMatrix);
