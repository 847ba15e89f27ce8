import { registry } from "@web/core/registry";
import { attachFile, fill } from "./journey_helpers";

/** A stranger looks at the shop and applies as a dealer, with the licence. */
registry.category("web_tour.tours").add("kh_b2b_journey_apply", {
    steps: () => [
        {
            content: "the stranger sees market prices and is asked to log in for their own",
            trigger: ".kh-p-catalogue[data-kh-visitor] .kh-p-login-price",
            run: () => {
                window.location.assign("/b2b/register");
            },
            expectUnloadPage: true,
        },
        attachFile("#kh-license_file", "/kh_journey/licence.png", "licence.png"),
        {
            trigger: ".kh-upload-name:contains(licence.png)",
        },
        { trigger: ".kh-next", run: "click" },
        fill("#kh-name", "杭州旅程机电有限公司"),
        fill("#kh-vat", "91330108MA2J0URN1M"),
        {
            trigger: "#kh-state_id",
            run: "selectByIndex 11",
        },
        fill("#kh-city", "杭州市"),
        fill("#kh-street", "江南大道 3888 号"),
        { trigger: ".kh-next:not([disabled])", run: "click" },
        fill("#kh-manager_name", "王芳"),
        fill("#kh-manager_phone", "13800138000"),
        fill("#kh-manager_email", "journey.dealer@example.com"),
        { trigger: ".kh-next:not([disabled])", run: "click" },
        fill("#kh-bank_name", "中国工商银行杭州滨江支行"),
        fill("#kh-bank_account", "6222021202041701419"),
        { trigger: ".kh-next:not([disabled])", run: "click" },
        {
            content: "what was filled in is shown before it is sent",
            trigger: ".kh-summary:contains(杭州旅程机电有限公司)",
        },
        { trigger: ".kh-submit:not([disabled])", run: "click", expectUnloadPage: true },
        {
            content: "the page says that the application is with the reviewers",
            trigger: ".kh-timeline li.now, .kh-timeline li.done",
        },
    ],
});

/** The invitation leads to a password, and from there into the shop. */
registry.category("web_tour.tours").add("kh_b2b_journey_password", {
    steps: () => [
        fill(
            "form.oe_signup_form #password, form.oe_reset_password_form #password",
            "Journey-2026"
        ),
        fill(
            "form.oe_signup_form #confirm_password, form.oe_reset_password_form #confirm_password",
            "Journey-2026"
        ),
        {
            trigger:
                "form.oe_signup_form button[type=submit], form.oe_reset_password_form button[type=submit]",
            run: "click",
            expectUnloadPage: true,
        },
        {
            content: "the new dealer is logged in",
            trigger: "body:not(:has(form.oe_signup_form, form.oe_reset_password_form))",
        },
    ],
});
