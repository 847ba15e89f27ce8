import { useEffect } from "@odoo/owl";

import { useHotkey } from "@web/core/hotkeys/hotkey_hook";
import { _t } from "@web/core/l10n/translation";
import { registry } from "@web/core/registry";
import { useService } from "@web/core/utils/hooks";
import { ListController } from "@web/views/list/list_controller";
import { listView } from "@web/views/list/list_view";

const RELEASE = "action_kh_open_release";
const RETURN = "action_kh_open_return";

/**
 * The review board without a mouse: J and K go down and up, A releases, R returns.
 *
 * The row with the focus is the current one; with rows selected, A and R are for those. The
 * hotkey service keeps out of inputs and of words that an input method still composes.
 */
export class ReviewBoardController extends ListController {
    setup() {
        super.setup();
        this.notification = useService("notification");
        // where the focus was last: the row below moves there when an order leaves the board
        this.position = 0;
        const options = {
            isAvailable: (target) => !this.env.isSmall && !target.closest?.("select"),
        };
        useHotkey("j", () => this.moveFocus(1), { ...options, allowRepeat: true });
        useHotkey("k", () => this.moveFocus(-1), { ...options, allowRepeat: true });
        useHotkey("a", () => this.decide(RELEASE), options);
        useHotkey("r", () => this.decide(RETURN), options);
        useEffect(
            (isReady) => isReady && this.enterList(),
            () => [this.model.isReady]
        );
    }

    get keysText() {
        const words = { "J / K": _t("Down / up"), A: _t("Release"), R: _t("Return") };
        return Object.entries(words)
            .map(([key, word]) => `${key} ${word}`)
            .join(" · ");
    }

    get rows() {
        if (this.model.useSampleModel) {
            return [];
        }
        return [...this.rootRef.el.querySelectorAll(".o_data_row")];
    }

    get currentRow() {
        return document.activeElement.closest(".o_kh_review_board .o_data_row");
    }

    /** Begin at the first row, unless somebody is about to type. */
    enterList() {
        const active = document.activeElement;
        const isFree = active === document.body || active.matches(".o_searchview_input");
        if (isFree && !active.value && !this.env.isSmall) {
            this.focusRow(0);
        }
    }

    focusRow(index) {
        const rows = this.rows;
        if (rows.length) {
            this.position = Math.max(0, Math.min(index, rows.length - 1));
            const row = rows[this.position];
            row.querySelector("td.o_data_cell").focus();
            row.scrollIntoView({ block: "nearest" });
        }
    }

    moveFocus(step) {
        const index = this.rows.indexOf(this.currentRow);
        this.focusRow(index < 0 ? this.position : index + step);
    }

    decide(name) {
        const hasSelection = this.model.root.selection.length > 0;
        const row = this.currentRow;
        if (!hasSelection && !row) {
            return this.focusRow(this.position);
        }
        const place = hasSelection ? this.rootRef.el.querySelector(".o_control_panel") : row;
        const button = place.querySelector(`button[name='${name}']`);
        if (button) {
            this.position = row ? this.rows.indexOf(row) : this.position;
            button.click();
        } else {
            this.notification.add(_t("You can release and return only orders on hold."), {
                type: "info",
            });
        }
    }
}

export const reviewBoardView = {
    ...listView,
    Controller: ReviewBoardController,
    buttonTemplate: "kh_b2b_order.ReviewBoard.Buttons",
};

registry.category("views").add("kh_review_board", reviewBoardView);
