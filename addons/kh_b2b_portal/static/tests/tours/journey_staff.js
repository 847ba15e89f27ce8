import { registry } from "@web/core/registry";
import { attachFile, choose } from "./journey_helpers";

const tours = registry.category("web_tour.tours");

/** Step: wait until the import wizard shows the chosen file. */
function uploaded(name) {
    return {
        trigger: `.modal .o_field_widget[name=file] input:value(${name}), .modal .o_field_widget[name=file] span:contains(${name})`,
    };
}

/** The admission clerk grants everything on one page and approves. */
tours.add("kh_b2b_journey_admit", {
    steps: () => [
        {
            content: "the licence stands beside the data",
            trigger: ".kh-review-documents img",
        },
        { content: "the page has settled", trigger: ".o-mail-Thread .o-mail-Message" },
        ...choose("grade_id", "Journey Gold"),
        ...choose("sales_area_ids", "Journey East"),
        ...choose("salesperson_id", "Journey Salesperson"),
        ...choose("pricelist_id", "Journey B2B"),
        { trigger: "button[name=action_approve]", run: "click" },
        {
            content: "approved",
            trigger:
                ".o_statusbar_status .o_arrow_button_current[data-value=approved], .o_field_widget[name=state] [data-value=approved].o_arrow_button_current",
        },
    ],
});

/** Sales staff import the signed contract: first a file with faults, then the clean one. */
tours.add("kh_b2b_journey_contract", {
    steps: () => [
        ...choose("partner_id", "杭州旅程机电有限公司"),
        { trigger: "button[name=action_import]:visible", run: "click" },
        attachFile(
            ".modal .o_field_widget[name=file] input[type=file]",
            "/kh_journey/contract_faulty.xlsx",
            "contract_faulty.xlsx"
        ),
        uploaded("contract_faulty.xlsx"),
        { trigger: ".modal button[name=action_check]", run: "click" },
        {
            content: "the faulty rows are listed and nothing can be imported but the good rows",
            trigger: ".modal .o_field_widget[name=error_ids] .o_data_row",
        },
        { trigger: ".modal button[name=action_back]", run: "click" },
        attachFile(
            ".modal .o_field_widget[name=file] input[type=file]",
            "/kh_journey/contract.xlsx",
            "contract.xlsx"
        ),
        uploaded("contract.xlsx"),
        { trigger: ".modal button[name=action_check]", run: "click" },
        { trigger: ".modal button[name=action_import]", run: "click" },
        { trigger: "body:not(:has(.modal)) button[name=action_submit]", run: "click" },
        {
            content: "active at once",
            trigger: ".o_statusbar_status .o_arrow_button_current[data-value=active]",
        },
    ],
});

/** Finance confirms the transfer. */
tours.add("kh_b2b_journey_transfer", {
    steps: () => [
        { trigger: ".o_form_view button[name=action_kh_confirm_transfer]", run: "click" },
        { trigger: ".modal-footer .btn-primary", run: "click" },
        {
            content: "paid and confirmed: the order waits for shipment",
            trigger:
                "body:not(:has(.modal)) .o_form_view:not(:has(button[name=action_kh_confirm_transfer]))",
        },
    ],
});

/** The order desk ships. */
tours.add("kh_b2b_journey_ship", {
    steps: () => [
        { trigger: ".o_form_view button[name=action_kh_ship]", run: "click" },
        { trigger: ".o_form_view button[name=button_validate]:visible", run: "click" },
        {
            content: "shipped",
            trigger: ".o_statusbar_status .o_arrow_button_current[data-value=done]",
        },
    ],
});

/** Finance invoices what was shipped. */
tours.add("kh_b2b_journey_invoice", {
    steps: () => [
        {
            trigger: ".o_form_view #create_invoice, .o_form_view button[data-hotkey=q]:visible",
            run: "click",
        },
        { trigger: ".modal button[name=create_invoices]", run: "click" },
        { trigger: ".o_form_view button[name=action_post]:visible", run: "click" },
        {
            content: "posted",
            trigger: ".o_statusbar_status .o_arrow_button_current[data-value=posted]",
        },
    ],
});
