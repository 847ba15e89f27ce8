import { moveFocus } from "./kh_quantity";

/** Cells of a specification grid, as in a spreadsheet: which input is where. */
function readGrid(grid) {
    return [...grid.querySelectorAll("tbody tr")].map((row) =>
        [...row.querySelectorAll("td")].map((cell) => cell.querySelector("[data-kh-qty]"))
    );
}

function locate(cells, input) {
    const row = cells.findIndex((line) => line.includes(input));
    return { row, column: row < 0 ? -1 : cells[row].indexOf(input) };
}

/** Whether the cursor is where an arrow leaves the text; a whole selection counts for both. */
function isAtEdge(input, step) {
    const { selectionStart: start, selectionEnd: end, value } = input;
    const isAll = start === 0 && end === value.length;
    return isAll || (start === end && (step < 0 ? start === 0 : end === value.length));
}

function findAlong(cells, { row, column }, step, isVertical) {
    if (isVertical) {
        for (let next = row + step; cells[next]; next += step) {
            if (cells[next][column]) {
                return cells[next][column];
            }
        }
        return null;
    }
    const flat = cells.flat().filter(Boolean);
    return flat[flat.indexOf(cells[row][column]) + step];
}

/**
 * Moves from quantity to quantity: in a grid Enter and → to the right, ← to the left, ↑ ↓ in the
 * column; in a list as `moveFocus` does.
 *
 * @returns {boolean} whether the key was one of these
 */
export function moveInGrid(ev, root) {
    const grid = ev.target.closest("[data-kh-grid]");
    if (!grid) {
        return moveFocus(ev, root);
    }
    const across = { Enter: ev.shiftKey ? -1 : 1, ArrowRight: 1, ArrowLeft: -1 }[ev.key];
    const down = { ArrowDown: 1, ArrowUp: -1 }[ev.key];
    const isArrow = ev.key === "ArrowLeft" || ev.key === "ArrowRight";
    if ((!across && !down) || (isArrow && !isAtEdge(ev.target, across))) {
        return false;
    }
    ev.preventDefault();
    const cells = readGrid(grid);
    findAlong(cells, locate(cells, ev.target), across || down, Boolean(down))?.focus();
    return true;
}

/** A block copied from a spreadsheet: rows of texts; null for a single value. */
export function readBlock(text) {
    const rows = text
        .replace(/\r/g, "")
        .replace(/\n+$/, "")
        .split("\n")
        .map((line) => line.split("\t"));
    return rows.length > 1 || rows[0].length > 1 ? rows : null;
}

/**
 * Spreads a pasted block from one quantity on: over a grid by rows and columns, down a list by its
 * first column. Empty texts leave their cell as it is.
 *
 * @param {HTMLElement} root
 * @param {HTMLInputElement} input where it was pasted
 * @param {string[][]} block
 * @param {(input: HTMLInputElement, text: string) => void} put
 * @returns {number} how many texts found no cell
 */
export function spreadBlock(root, input, block, put) {
    const grid = input.closest("[data-kh-grid]");
    const cells = grid
        ? readGrid(grid)
        : [...root.querySelectorAll("[data-kh-qty]")].map((one) => [one]);
    const from = locate(cells, input);
    let lost = 0;
    block.forEach((texts, down) => {
        const kept = grid ? texts : texts.slice(0, 1);
        kept.forEach((text, across) => {
            const cell = cells[from.row + down]?.[from.column + across];
            if (!text.trim()) {
                return;
            }
            if (cell) {
                put(cell, text);
            } else {
                lost++;
            }
        });
    });
    return lost;
}
