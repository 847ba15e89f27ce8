import { registry } from "@web/core/registry";

const cell = (row, column) =>
    `[data-kh-grid] tbody tr:nth-child(${row}) td:nth-of-type(${column}) [data-kh-qty]`;

/** The quantity with the cursor must be this cell. */
function expectFocus(row, column) {
    if (document.activeElement !== document.querySelector(cell(row, column))) {
        throw new Error(`The cursor is not in row ${row}, column ${column}`);
    }
}

/** Hands a text over as Ctrl+V does: the event carries it, the script may take it. */
function paste(input, text) {
    const clipboardData = new DataTransfer();
    clipboardData.setData("text/plain", text);
    input.dispatchEvent(
        new ClipboardEvent("paste", { clipboardData, bubbles: true, cancelable: true })
    );
}

/** Specifications are filled in with the keyboard alone and put into the cart at once. */
registry.category("web_tour.tours").add("kh_b2b_portal_matrix", {
    steps: () => [
        { trigger: cell(1, 1), run: "edit 5" },
        {
            trigger: cell(1, 1),
            async run(helpers) {
                await helpers.press("Enter");
                expectFocus(1, 2);
                await helpers.press("ArrowDown");
                expectFocus(2, 2);
                await helpers.press("ArrowLeft");
                expectFocus(2, 1);
                await helpers.press("ArrowUp");
                expectFocus(1, 1);
                await helpers.press("ArrowRight");
                expectFocus(1, 2);
            },
        },
        {
            content: "A block of two rows; its last column has no place",
            trigger: cell(1, 2),
            run: () => paste(document.querySelector(cell(1, 2)), "１０\t20\t30\r\n\t40\r\n"),
        },
        { trigger: "[data-kh-message].kh-p-is-error:contains('1 pasted')" },
        { trigger: "[data-kh-sum=kinds]:contains(4)" },
        { trigger: "[data-kh-add]", run: "click" },
        { trigger: "[data-kh-cart-kinds]:contains(4)" },
    ],
});
