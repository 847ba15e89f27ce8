import { registry } from "@web/core/registry";
import { choose, fill } from "./journey_helpers";

const tours = registry.category("web_tour.tours");
const SETTLED = {
    content: "the page has settled",
    trigger: ".o-mail-Thread .o-mail-Message",
};
const GRANTS = [
    ["grade_id", "Journey Gold"],
    ["sales_area_ids", "Journey East"],
    ["salesperson_id", "Journey Salesperson"],
    ["pricelist_id", "Journey B2B"],
];

/** The admission clerk refuses, with a reason that the applicant reads. */
tours.add("kh_b2b_member_journey_refuse", {
    steps: () => [
        SETTLED,
        { trigger: "button[name=action_reject]:visible", run: "click" },
        fill(".modal .o_field_widget[name=reason] textarea", "请补充门牌号后重新提交"),
        { trigger: ".modal button[name=action_confirm]:visible", run: "click" },
        {
            content: "refused",
            trigger: "body:not(:has(.modal)) .o_form_view:not(:has(button[name=action_reject]))",
        },
    ],
});

/** The applicant opens the link of the e-mail on a phone, reads why, corrects and sends again. */
tours.add("kh_b2b_member_journey_correct", {
    steps: () => [
        {
            content: "the reason stands on top",
            trigger: ".kh-reason:contains(请补充门牌号)",
        },
        { trigger: ".kh-steps [data-goto='2'] button", run: "click" },
        fill("#kh-street", "江南大道 3888 号 2 幢"),
        { trigger: ".kh-next:not([disabled])", run: "click" },
        { trigger: "#kh-manager_name:visible" },
        { trigger: ".kh-next:not([disabled])", run: "click" },
        { trigger: "#kh-bank_name:visible" },
        { trigger: ".kh-next:not([disabled])", run: "click" },
        { trigger: ".kh-summary:contains(2 幢)" },
        { trigger: ".kh-submit:not([disabled])", run: "click", expectUnloadPage: true },
        { trigger: ".kh-timeline li.now, .kh-timeline li.done" },
    ],
});

/** The clerk grants everything and approves the first of two steps. */
tours.add("kh_b2b_member_journey_forward", {
    steps: () => [
        SETTLED,
        ...GRANTS.flatMap(([field, name]) => choose(field, name)),
        { trigger: "button[name=action_approve]", run: "click" },
        {
            content: "the clerk's part is done",
            trigger: ".o_form_view:not(:has(button[name=action_approve]))",
        },
    ],
});

/** The dealer's administrator invites a buyer with a limit, on a phone. */
tours.add("kh_b2b_member_journey_invite", {
    steps: () => [
        { trigger: ".kh-company-invite summary", run: "click" },
        fill(".kh-company-invite input[name=name]", "李娜"),
        fill(".kh-company-invite input[name=email]", "journey.colleague@example.com"),
        { trigger: ".kh-company-invite input[name=role][value=buyer]", run: "click" },
        fill(".kh-company-invite input[name=order_limit]", "5000"),
        {
            trigger: ".kh-company-invite button[type=submit]",
            run: "click",
            expectUnloadPage: true,
        },
        { trigger: ".kh-people tr:contains(李娜)" },
    ],
});

/** The colleague finds what the dealer may buy, and nothing else. */
tours.add("kh_b2b_member_journey_shop", {
    steps: () => [
        { trigger: ".kh-p-catalogue:contains(KHJ-002)" },
        { trigger: ".kh-p-catalogue:not(:contains(KHJ-003)):not(:contains(KHJ-004))" },
    ],
});
