import { registry } from "@web/core/registry";

registry.category("web_tour.tours").add("kh_b2b_approval_bulk", {
    url: "/odoo",
    steps: () => [
        {
            content: "the badge says how many wait for me",
            trigger: ".o_kh_approval_count:contains(/^3$/)",
            run: "click",
        },
        {
            content: "select all",
            trigger: ".o_list_view thead .o_list_record_selector input",
            run: "click",
        },
        {
            content: "approve what is selected",
            trigger: ".o_control_panel button[name=action_open_bulk].btn-primary",
            run: "click",
        },
        {
            content: "the wizard says what will pass",
            trigger: ".modal .o_field_widget[name=ready_count]:contains(/^3$/)",
        },
        {
            content: "decide",
            trigger: ".modal footer button[name=action_confirm]:visible",
            run: "click",
        },
        {
            content: "nothing is left",
            trigger: ".o_nocontent_help",
        },
        {
            content: "the badge is gone",
            trigger: ".o_menu_systray:not(:has(.o_kh_approval_count))",
        },
    ],
});
