import { registry } from "@web/core/registry";
import { Interaction } from "@web/public/interaction";

/** Asks for the comment that a decision needs, and sends a decision only once. */
export class ApprovalDecision extends Interaction {
    static selector = "form[data-kh-decide], form[data-kh-approvals]";
    dynamicContent = {
        _root: { "t-on-submit": this.onSubmit },
    };

    setup() {
        this.sent = false;
    }

    onSubmit(ev) {
        const comment = this.el.querySelector("[name=comment]");
        const decision = ev.submitter?.value;
        comment.value = comment.value.trim();
        comment.required = ["return", "refuse"].includes(decision);
        if (comment.required && !comment.value) {
            ev.preventDefault();
            comment.reportValidity();
            return;
        }
        if (this.sent) {
            ev.preventDefault();
            return;
        }
        this.sent = true;
        // after the browser has read which button was pressed
        this.waitForTimeout(() => {
            for (const button of this.el.querySelectorAll("button[name=decision]")) {
                button.disabled = true;
            }
        }, 0);
    }
}

/** Counts what is selected in the list, selects all, and opens the buttons when there is some. */
export class ApprovalSelection extends Interaction {
    static selector = "form[data-kh-approvals]";
    dynamicContent = {
        "[data-kh-all]": {
            "t-on-change": this.onSelectAll,
            "t-att-checked": () => this.selected === this.boxes.length,
        },
        "[name=request_ids]": { "t-on-change": this.count },
        "[data-kh-selected]": { "t-out": () => `${this.selected}` },
        "button[name=decision]": {
            "t-att-disabled": () => (this.selected ? undefined : "disabled"),
        },
    };

    setup() {
        this.boxes = [...this.el.querySelectorAll("[name=request_ids]")];
        this.count();
    }

    count() {
        this.selected = this.boxes.filter((box) => box.checked).length;
    }

    onSelectAll(ev) {
        for (const box of this.boxes) {
            box.checked = ev.currentTarget.checked;
        }
        this.count();
    }
}

registry
    .category("public.interactions")
    .add("kh_b2b_approval.decision", ApprovalDecision)
    .add("kh_b2b_approval.selection", ApprovalSelection);
