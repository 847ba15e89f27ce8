/** Quantities as people type them: full-width digits, "20个", thousands commas. */

const FULL_WIDTH_ZERO = 0xff10;

/**
 * @param {string} text
 * @returns {number|null} null when there is no quantity in the text; 0 when it is empty
 */
export function parseQuantity(text) {
    const folded = (text || "")
        .replace(/[\uff10-\uff19]/g, (c) => String(c.charCodeAt(0) - FULL_WIDTH_ZERO))
        .replace(/[\uff0e\u3002]/g, ".")
        .replace(/[,\uff0c\s\u3000]/g, "")
        .replace(/^[x×*]/i, "");
    if (!folded) {
        return 0;
    }
    const match = folded.match(/^(\d+(?:\.\d*)?|\.\d+)\D*$/);
    return match ? parseFloat(match[1]) : null;
}

/** @param {number} quantity */
export function formatQuantity(quantity) {
    return String(Math.round(quantity * 1000) / 1000);
}

/** @param {number} amount @param {number} digits */
export function formatAmount(amount, digits = 2) {
    return amount.toLocaleString("en-US", {
        minimumFractionDigits: digits,
        maximumFractionDigits: digits,
    });
}

/** A key under which the server does a thing once, however often it is asked. */
export function makeKey() {
    const bytes = crypto.getRandomValues(new Uint8Array(16));
    return Array.from(bytes, (b) => b.toString(16).padStart(2, "0")).join("");
}

/** The server's sentence for the user, or one of ours when the connection failed. */
export function errorText(error, fallback) {
    return error?.data?.message || fallback;
}

/**
 * Moves from one quantity to the next as a spreadsheet does: Enter and ↓ forward, ↑ back.
 *
 * @param {KeyboardEvent} ev
 * @param {HTMLElement} root
 * @returns {boolean} whether the key was one of these
 */
export function moveFocus(ev, root) {
    const step = { Enter: ev.shiftKey ? -1 : 1, ArrowDown: 1, ArrowUp: -1 }[ev.key];
    if (!step) {
        return false;
    }
    ev.preventDefault();
    const inputs = [...root.querySelectorAll("[data-kh-qty]")].filter((el) => el.offsetParent);
    inputs[inputs.indexOf(ev.target) + step]?.focus();
    return true;
}

/** Writes totals wherever the page shows them, and the badge of the bar. */
export function showTotals(totals) {
    for (const [name, value] of Object.entries(totals)) {
        for (const el of document.querySelectorAll(`[data-kh-total="${name}"]`)) {
            el.textContent = value;
        }
    }
    for (const el of document.querySelectorAll("[data-kh-cart-kinds]")) {
        el.textContent = totals.kinds;
        el.classList.toggle("d-none", !totals.kinds);
    }
}
