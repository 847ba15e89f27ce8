/** Quantities as people type them: full-width digits, "20个", thousands commas. */

const FULL_WIDTH_ZERO = 0xff10;
const MAX_QUANTITY = 1e9; // the server takes less than that

/**
 * @param {string} text
 * @returns {number|null} null when there is no quantity in the text, or more than any order
 *      holds; 0 when it is empty
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
    const quantity = match ? parseFloat(match[1]) : null;
    return quantity < MAX_QUANTITY ? quantity : null;
}

/** @param {number} quantity */
export function formatQuantity(quantity) {
    return String(Math.round(quantity * 1000) / 1000);
}

const EPSILON = 1e-6;

/**
 * Which quantities of a row may be ordered; the server decides in the end.
 *
 * @param {HTMLElement} row with data-kh-minimum, data-kh-multiple, data-kh-highest
 */
export function readLimits(row) {
    const { khMinimum, khMultiple, khHighest } = row.dataset;
    return {
        minimum: parseFloat(khMinimum) || 0,
        multiple: parseFloat(khMultiple) || 0,
        highest: khHighest === undefined ? Infinity : parseFloat(khHighest),
    };
}

/** The nearest quantity that may be ordered: up, else down; 0 when there is none. */
export function fitQuantity(quantity, { minimum, multiple, highest }) {
    const round = (value, rounder) =>
        multiple
            ? rounder(value / multiple + (rounder === Math.ceil ? -1 : 1) * EPSILON) * multiple
            : value;
    const up = round(Math.max(quantity, minimum), Math.ceil);
    if (up <= highest + EPSILON) {
        return up;
    }
    const down = round(highest, Math.floor);
    return down > EPSILON && down >= minimum - EPSILON ? down : 0;
}

/** The next quantity of a stepper: by multiples, from nothing to the minimum and back. */
export function stepQuantity(quantity, direction, limits) {
    const step = limits.multiple || 1;
    const next = quantity + direction * step;
    if (direction > 0) {
        return Math.max(fitQuantity(next, limits), quantity);
    }
    const least = fitQuantity(EPSILON, { ...limits, highest: Infinity });
    return next < Math.max(least, EPSILON) - EPSILON && limits.minimum + limits.multiple
        ? 0
        : Math.max(next, 0);
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
