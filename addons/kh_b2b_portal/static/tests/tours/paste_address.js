import { registry } from "@web/core/registry";

const box = "[data-kh-paste-address] textarea";
const fill = "[data-kh-paste-fill]";

/** A whole address is pasted, taken back, pasted again and saved. */
registry.category("web_tour.tours").add("kh_b2b_portal_paste_address", {
    steps: () => [
        { trigger: "input[name=name]", run: "edit 李雷" },
        { trigger: "select[name=state_id]", run: "selectByLabel 上海市" },
        { trigger: "[data-kh-paste-address] summary", run: "click" },
        {
            trigger: box,
            run: "edit 王芳 １３８１２３４５６７８，浙江省杭州市滨江区江南大道3888号",
        },
        { trigger: fill, run: "click" },
        {
            content: "What was there before is said",
            trigger: "[data-kh-paste-result]:contains(李雷 → 王芳)",
        },
        { trigger: "input[name=city]:value(杭州市)" },
        {
            content: "Take it back",
            trigger: "[data-kh-paste-undo]:visible",
            run: "click",
        },
        { trigger: "input[name=name]:value(李雷)" },
        { trigger: "select[name=state_id]:has(option:checked:contains(上海市))" },
        { trigger: fill, run: "click" },
        { trigger: "input[name=street]:value(滨江区江南大道3888号)" },
        { trigger: "[data-kh-paste-result]:contains(上海市 → 浙江省)" },
        {
            content: "Whoever receives goods in China needs neither e-mail nor postcode",
            trigger: "[name=website_sale_main_button]:visible",
            run: "click",
            expectUnloadPage: true,
        },
        { trigger: "body:contains(王芳)" },
    ],
});
