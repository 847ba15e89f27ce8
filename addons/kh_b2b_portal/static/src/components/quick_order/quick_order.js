import { Component, markRaw, onMounted, useExternalListener, useRef, useState } from "@odoo/owl";
import { _t } from "@web/core/l10n/translation";
import { rpc } from "@web/core/network/rpc";
import { registry } from "@web/core/registry";
import { useVirtualGrid } from "@web/core/virtual_grid_hook";
import {
    errorText,
    formatAmount,
    formatQuantity,
    makeKey,
    parseQuantity,
    showTotals,
} from "../../interactions/kh_quantity";
import { QuickOrderPicker } from "./quick_order_picker";

const PHONE = "(max-width: 767px)";
// heights of a row, without and with a problem below it
const HEIGHTS = { desk: [44, 84], phone: [96, 168] };

/**
 * The dealer's own list, matched row by row (W4). The server keeps the draft; what it has not
 * received yet is kept on this device, and sent again under the same key.
 */
export class QuickOrder extends Component {
    static template = "kh_b2b_portal.QuickOrder";
    static components = { QuickOrderPicker };
    static props = { start: Object, store: Number };

    setup() {
        this.storeKey = `kh_quick_${this.props.store}`;
        const kept = this.load();
        this.state = useState({
            rows: [],
            text: kept.text || "",
            columns: [],
            labels: {},
            skipped: 0,
            onlyBad: false,
            busy: "",
            message: "",
            isError: false,
            picking: null,
            saved: "",
            pending: kept.pending || {},
            showColumns: false,
            isPhone: window.matchMedia(PHONE).matches,
        });
        this.sent = kept.sent || {};
        this.pendingVersion = kept.version;
        this.scroller = useRef("scroller");
        this.grid = useVirtualGrid({ scrollableRef: this.scroller, bufferCoef: 0.5 });
        this.take(this.props.start, true);
        window.matchMedia(PHONE).addEventListener("change", (ev) => {
            this.state.isPhone = ev.matches;
            this.setHeights();
        });
        useExternalListener(window, "online", () => this.flush());
        onMounted(() => {
            if (Object.keys(this.state.pending).length) {
                this.flush();
            }
        });
    }

    // --- kept on the device -----------------------------------------------------------------

    load() {
        try {
            return JSON.parse(localStorage.getItem(this.storeKey)) || {};
        } catch {
            return {}; // storage is switched off or broken: the page works without it
        }
    }

    keep() {
        const { text, pending } = this.state;
        try {
            localStorage.setItem(
                this.storeKey,
                JSON.stringify({ text, pending, sent: this.sent, version: this.pendingVersion })
            );
        } catch {
            // storage is switched off or full: it lives as long as the page
        }
    }

    /** The key of a request: the same for the same content until an answer came. */
    claimKey(name, body) {
        if (this.sent[name]?.body !== body) {
            this.sent[name] = { body, key: makeKey() };
            this.keep();
        }
        return this.sent[name].key;
    }

    // --- what the server says ---------------------------------------------------------------

    take(page, isWhole) {
        if (isWhole) {
            this.setRows(page.rows);
            this.state.columns = page.columns;
            this.state.labels = page.labels;
            this.symbol = page.money.replace(/[\d.,]+/, "");
            this.digits = page.digits;
            this.state.onlyBad = page.rows.some((row) => row.st !== "ok");
        } else {
            const fresh = new Map(page.rows.map((row) => [row.n, row]));
            this.setRows(this.state.rows.map((row) => fresh.get(row.n) || row));
        }
        this.state.skipped = page.skipped;
        this.version = page.version;
        this.state.saved = new Date().toTimeString().slice(0, 5);
        this.setHeights();
    }

    /** Rows are replaced, not observed: watching thousands of them costs each key 0.1 s. */
    setRows(rows) {
        this.state.rows = markRaw(rows);
    }

    setHeights() {
        const [plain, tall] = HEIGHTS[this.state.isPhone ? "phone" : "desk"];
        this.heights = this.shown.map((row) => (this.problem(row) ? tall : plain));
        this.grid.setRowsHeights(this.heights);
    }

    async ask(route, params, what) {
        this.state.busy = what;
        this.say("");
        try {
            return await rpc(`/shop/kh/quick/${route}`, params, { silent: true });
        } catch (error) {
            this.say(
                errorText(error, _t("The connection failed. Everything is kept; try again.")),
                true
            );
            if (error?.data?.message) {
                this.failed = true; // the server answered: another try is another request
            }
            return null;
        } finally {
            this.state.busy = "";
        }
    }

    say(text, isError = false) {
        this.state.message = text;
        this.state.isError = isError;
    }

    // --- figures ----------------------------------------------------------------------------

    get shown() {
        return this.state.onlyBad
            ? this.state.rows.filter((row) => this.problem(row) || row.wasBad)
            : this.state.rows;
    }

    get visible() {
        const shown = this.shown;
        const [first, last] = this.grid.rowsIndexes || [0, 0];
        return shown.slice(first, last + 1).map((row, index) => ({ row, index: first + index }));
    }

    get offsets() {
        const [first, last] = this.grid.rowsIndexes || [0, -1];
        const sum = (list) => list.reduce((total, height) => total + height, 0);
        return {
            before: sum(this.heights.slice(0, first)),
            after: sum(this.heights.slice(last + 1)),
        };
    }

    get counts() {
        const counts = { all: this.state.rows.length, ok: 0, fix: 0, none: 0 };
        for (const row of this.state.rows) {
            counts[row.st === "choose" ? "fix" : row.st] += 1;
        }
        return counts;
    }

    get goodRows() {
        return this.state.rows.filter((row) => row.st === "ok");
    }

    get total() {
        const sum = this.goodRows.reduce((total, row) => total + row.sub, 0);
        return Math.round(sum * 10 ** this.digits) / 10 ** this.digits;
    }

    get totalText() {
        return this.symbol + formatAmount(this.total, this.digits);
    }

    get pieces() {
        return formatQuantity(this.goodRows.reduce((sum, row) => sum + row.q, 0));
    }

    get proposable() {
        return this.state.rows.filter((row) => row.st === "fix" && row.pp?.[0]?.k === "quantity");
    }

    get pendingCount() {
        return Object.keys(this.state.pending).length;
    }

    get addLabel() {
        return _t("Add %s good rows to cart", this.counts.ok);
    }

    /** What the row says below itself: why the server refused a change, or what is wrong. */
    problem(row) {
        return row.refused || (row.st === "ok" ? "" : row.why || " ");
    }

    quantity(row) {
        return formatQuantity(row.q);
    }

    offer(proposal) {
        if (proposal.k === "quantity") {
            return _t("Change to %s", formatQuantity(proposal.v));
        }
        if (proposal.k === "uom") {
            return _t("In %s", proposal.name);
        }
        return [proposal.code, proposal.name, proposal.spec].filter(Boolean).join(" ");
    }

    // --- taking a list over -----------------------------------------------------------------

    onText(ev) {
        this.state.text = ev.target.value;
        this.keep();
    }

    onPaste(ev) {
        const text = ev.clipboardData?.getData("text/plain") || "";
        if (text.includes("\n") && !this.state.text.trim()) {
            ev.preventDefault();
            this.state.text = text;
            this.keep();
            this.check(text, "");
        }
    }

    async check(text, file) {
        await this.flush(); // rows get other numbers
        if (this.state.busy || this.pendingCount) {
            return;
        }
        const key = this.claimKey("check", `${text}|${file.length}|${file.slice(-80)}`);
        this.failed = false;
        const page = await this.ask("check", { key, text, file }, "check");
        if (page || this.failed) {
            delete this.sent.check;
        }
        if (page) {
            this.state.text = "";
            this.take(page, true);
        }
        this.keep();
    }

    async onFile(ev) {
        const file = ev.target.files[0];
        ev.target.value = "";
        if (!file) {
            return;
        }
        const url = await new Promise((resolve) => {
            const reader = new FileReader();
            reader.onload = () => resolve(reader.result);
            reader.readAsDataURL(file);
        });
        await this.check("", String(url).split(",")[1] || "");
    }

    async onColumn(index, ev) {
        const columns = this.state.columns.map(([name], place) => {
            if (place === index) {
                return ev.target.value;
            }
            return name === ev.target.value ? "" : name;
        });
        const page = await this.ask("columns", { columns }, "check");
        if (page) {
            this.take(page, true);
        }
    }

    async onClear() {
        const page = await this.ask("clear", {}, "check");
        if (page) {
            this.state.pending = {};
            this.take(page, true);
            this.keep();
        }
    }

    // --- correcting rows --------------------------------------------------------------------

    async change(changes) {
        if (!this.pendingCount) {
            this.pendingVersion = this.version;
        }
        for (const [number, change] of Object.entries(changes)) {
            this.state.pending[number] = { ...this.state.pending[number], ...change };
        }
        this.keep();
        await this.flush();
    }

    /** Sends what was corrected; until the answer comes it stays on this device. */
    async flush() {
        const changes = { ...this.state.pending };
        if (!Object.keys(changes).length || this.state.busy) {
            return;
        }
        this.failed = false;
        const page = await this.ask("edit", { changes, version: this.pendingVersion }, "edit");
        if (page || this.failed) {
            for (const number of Object.keys(changes)) {
                if (
                    JSON.stringify(this.state.pending[number]) === JSON.stringify(changes[number])
                ) {
                    delete this.state.pending[number];
                    if (!page) {
                        this.refuse(Number(number));
                    }
                }
            }
            this.keep();
        }
        if (page) {
            for (const row of page.rows) {
                row.wasBad = Boolean(changes[row.n]); // stays in sight after it was corrected
            }
            const gone = new Set(
                Object.keys(changes)
                    .filter((number) => changes[number].skip)
                    .map(Number)
            );
            this.setRows(this.state.rows.filter((row) => !gone.has(row.n)));
            this.take(page, false);
        }
        if (page && this.pendingCount) {
            await this.flush(); // corrected while the answer was on its way
        }
    }

    /** The row shows again what the server has, and why it stays so. */
    refuse(number) {
        const row = this.state.rows.find((one) => one.n === number);
        if (row) {
            Object.assign(row, row.held, { held: null, refused: this.state.message });
            this.setHeights();
        }
    }

    onQuantity(row, ev) {
        const quantity = parseQuantity(ev.target.value);
        ev.target.classList.toggle("is-invalid", quantity === null);
        if (quantity !== null && quantity !== row.q) {
            row.held = { q: row.q, u: row.u, ...row.held };
            row.q = quantity;
            this.change({ [row.n]: { quantity } });
        }
    }

    onUom(row, ev) {
        row.held = { q: row.q, u: row.u, ...row.held };
        row.u = Number(ev.target.value);
        this.change({ [row.n]: { uom: Number(ev.target.value) } });
    }

    onOffer(row, proposal) {
        const change = {
            quantity: { quantity: proposal.v },
            uom: { uom: proposal.v, product: row.id },
            product: { product: proposal.id },
        }[proposal.k];
        return this.change({ [row.n]: change });
    }

    onTakeAll() {
        const changes = {};
        for (const row of this.proposable) {
            changes[row.n] = { quantity: row.pp[0].v };
        }
        this.change(changes);
    }

    onSkip(row) {
        this.change({ [row.n]: { skip: true } });
    }

    onPick(row) {
        this.state.picking = row;
    }

    async onPicked(product, learn) {
        const row = this.state.picking;
        this.state.picking = null;
        await this.change({ [row.n]: { product: product.id, learn } });
        const next = this.state.rows.find(
            (other) => other.n > row.n && ["none", "choose"].includes(other.st)
        );
        this.focus(next ? next.n : row.n, next ? "[data-kh-pick]" : "[data-kh-qty]");
    }

    onClosePicker() {
        const number = this.state.picking.n;
        this.state.picking = null;
        this.focus(number, "[data-kh-pick]");
    }

    focus(number, what) {
        setTimeout(() => {
            this.scroller.el?.querySelector(`[data-kh-row="${number}"] ${what}`)?.focus();
        });
    }

    onKeydown(row, ev) {
        if (ev.isComposing) {
            return;
        }
        if (ev.key === "Escape") {
            ev.target.value = formatQuantity(row.q);
            ev.target.select();
            return;
        }
        const step = { Enter: ev.shiftKey ? -1 : 1, ArrowDown: 1, ArrowUp: -1 }[ev.key];
        if (step) {
            ev.preventDefault();
            const inputs = [...this.scroller.el.querySelectorAll("[data-kh-qty]")];
            const next = inputs[inputs.indexOf(ev.target) + step];
            next?.focus();
            next?.scrollIntoView({ block: "nearest" });
        }
    }

    onFilter() {
        this.state.onlyBad = !this.state.onlyBad;
        for (const row of this.state.rows) {
            delete row.wasBad;
        }
        this.setHeights();
        if (this.scroller.el) {
            this.scroller.el.scrollTop = 0;
        }
    }

    // --- into the cart ----------------------------------------------------------------------

    async onAdd() {
        if (this.state.busy) {
            return;
        }
        const total = this.total;
        const numbers = this.goodRows.map((row) => row.n).join();
        const key = this.claimKey("add", `${numbers}|${total}`);
        this.failed = false;
        const answer = await this.ask("add", { key, total }, "add");
        if (answer || this.failed) {
            delete this.sent.add;
            this.keep();
        }
        if (!answer) {
            return;
        }
        this.take(answer.page, true);
        if (answer.stale) {
            this.say(_t("Prices or stock changed. Look at the marked rows, then add them."), true);
            return;
        }
        showTotals(answer.totals);
        const left = this.counts.all;
        this.say(
            left
                ? _t("%(kept)s row(s) are in the cart, %(left)s are left to correct.", {
                      kept: answer.kept,
                      left,
                  })
                : _t("All %s row(s) are in the cart.", answer.kept)
        );
    }
}

registry.category("public_components").add("kh_b2b_portal.quick_order", QuickOrder);
