/** Step: type a text into a field. */
export function fill(trigger, text) {
    return { trigger, run: `edit ${text}` };
}

/** Step: put a file that the server offers into a file input, which may be hidden. */
export function attachFile(trigger, url, name) {
    return {
        content: `attach ${name}`,
        trigger: `:not(:visible)${trigger}, ${trigger}`,
        async run() {
            const input = document.querySelector(trigger);
            const blob = await (await fetch(url)).blob();
            const transfer = new DataTransfer();
            transfer.items.add(new File([blob], name, { type: blob.type }));
            input.files = transfer.files;
            input.dispatchEvent(new Event("change", { bubbles: true }));
        },
    };
}

/** Steps: choose a record in a many2one or tags field of a form view. */
export function choose(field, name) {
    return [
        { trigger: `.o_field_widget[name=${field}] input`, run: `edit ${name}` },
        {
            trigger: `.o-autocomplete--dropdown-item:contains(${name})`,
            run: "click",
        },
    ];
}
