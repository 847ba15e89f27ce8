import { registry } from "@web/core/registry";

const current = (name) => `.o_data_row:contains(${name}):has(td:focus)`;
const press = (key, name) => ({
    content: `${key} at ${name}`,
    trigger: current(name),
    run: `press ${key}`,
});

registry.category("web_tour.tours").add("kh_b2b_review_board", {
    url: "/odoo/b2b-review",
    steps: () => [
        { content: "the keys are said", trigger: ".o_kh_review_keys" },
        press("k", "KHR-1"),
        press("j", "KHR-1"),
        press("j", "KHR-2"),
        press("k", "KHR-3"),
        press("a", "KHR-2"),
        {
            content: "the dialog is for this order alone",
            trigger: ".modal .o_data_row:contains(KHR-2)",
        },
        {
            content: "it takes its words",
            trigger: ".modal .o_field_widget[name=reason] :is(input, textarea)",
            run: "edit jar",
        },
        {
            content: "release",
            trigger: ".modal footer button[name=action_apply].btn-primary",
            run: "click",
        },
        {
            content: "it is not on hold any more",
            trigger: "body:not(:has(.modal)) .o_data_row:contains(KHR-2):not(:has(button[name]))",
            run: () => document.activeElement.blur(),
        },
        {
            content: "on where one was",
            trigger: "body:not(:has(.o_data_row td:focus))",
            run: "press j",
        },
        press("j", "KHR-2"),
        press("r", "KHR-3"),
        {
            content: "the dialog of the return",
            trigger: ".modal .o_data_row:contains(KHR-3)",
        },
        {
            content: "close it",
            trigger: ".modal footer button[special=cancel]:visible",
            run: "click",
        },
        {
            content: "whoever types a search decides nothing",
            trigger: "body:not(:has(.modal)) .o_searchview_input",
            run: "click",
        },
        { trigger: ".o_searchview_input", run: "press a" },
        { trigger: ".o_searchview_input:value(a)", run: "clear" },
        {
            content: "an order that is not on hold is only looked at",
            trigger: "body:not(:has(.modal)) .o_data_row:contains(KHR-4) .o_list_record_selector",
            run: (helpers) => helpers.anchor.nextElementSibling.focus(),
        },
        press("a", "KHR-4"),
        {
            content: "it says so",
            trigger: ".o_notification",
        },
        { trigger: "body:not(:has(.modal))" },
    ],
});
