import { _t } from "@web/core/l10n/translation";
import { rpc } from "@web/core/network/rpc";
import { makeKey } from "./kh_quantity";

/**
 * Writing over a connection that comes and goes: a request whose answer got lost is sent again
 * under the same key, so that the server does it once; the reader sees what is not sent yet.
 */

/** Pauses before another try, in ms; afterwards it waits for the network or for the reader. */
export const PAUSES = [800, 2000, 5000, 10000, 20000];

const waiting = new Map(); // what is not sent yet: name of the sender → number of changes
let bar = null;

/** Tells the reader how many changes of one sender wait; 0: none. */
export function showUnsent(sender, count) {
    if (count) {
        waiting.set(sender, count);
    } else {
        waiting.delete(sender);
    }
    const total = [...waiting.values()].reduce((sum, one) => sum + one, 0);
    if (!bar && total) {
        bar = document.createElement("div");
        bar.className = "kh-p-offline";
        bar.setAttribute("role", "status");
        document.body.append(bar);
    }
    if (bar) {
        bar.hidden = !total;
        bar.dataset.khUnsent = total;
        bar.textContent = total ? _t("Poor connection: %s change(s) not yet sent", total) : "";
    }
}

/** The network is back, or so many milliseconds have gone. */
function pause(ms) {
    return new Promise((resolve) => {
        const done = () => {
            clearTimeout(timer);
            window.removeEventListener("online", done);
            resolve();
        };
        const timer = setTimeout(done, ms);
        window.addEventListener("online", done);
    });
}

/**
 * Sends a write until there is an answer; `params.key` makes repeats harmless.
 *
 * @param {string} sender whose changes these are
 * @param {number} count how many changes the request carries
 * @returns {Promise} the answer; fails with the server's error, or the last lost connection
 */
export async function sendSafely(sender, url, params, count = 1) {
    for (let turn = 0; ; turn++) {
        try {
            const answer = await rpc(url, params, { silent: true });
            showUnsent(sender, 0);
            return answer;
        } catch (error) {
            if (error?.data) {
                showUnsent(sender, 0); // the server said no: there is an answer
                throw error;
            }
            showUnsent(sender, count);
            if (turn >= PAUSES.length) {
                throw error;
            }
            await pause(PAUSES[turn]);
        }
    }
}

/** Something kept on this device, for one user of one shop; nothing breaks without storage. */
export class DeviceStore {
    constructor(name) {
        this.name = name;
    }

    load(fallback) {
        try {
            return JSON.parse(localStorage.getItem(this.name)) || this.kept || fallback;
        } catch {
            return this.kept || fallback; // storage is switched off or broken
        }
    }

    save(value) {
        this.kept = null;
        try {
            localStorage.setItem(this.name, JSON.stringify(value));
        } catch {
            this.kept = value; // storage is switched off or full: it lives as long as the page
        }
    }
}

/**
 * Adding lines to the cart, once each. A request without an answer is kept on this device; before
 * anything else is sent, the server says what became of it: what is in the cart is not sent
 * again, and what did not arrive never will.
 */
export class CartSender {
    /**
     * @param {string} name of the sender, as in `sendSafely`
     * @param {string} storeName where the unanswered request is kept
     */
    constructor(name, storeName) {
        this.name = name;
        this.store = new DeviceStore(storeName);
    }

    /** @returns {Promise<Object|null>} see `finish`; null when nothing waits for an answer */
    async settle() {
        const sent = this.store.load(null);
        if (!sent) {
            return null;
        }
        const lines = JSON.parse(sent.body);
        const url = "/shop/kh/cart/settle";
        const answer = await sendSafely(this.name, url, { key: sent.key }, lines.length);
        return this.finish(sent.key, lines, answer);
    }

    /** @returns {Promise<Object|null>} see `finish` */
    async send(url, params) {
        const { lines } = params;
        const key = makeKey();
        this.store.save({ key, body: JSON.stringify(lines) });
        const answer = await sendSafely(this.name, url, { ...params, key }, lines.length);
        // dropped: another tab had asked before this arrived, and keeps a request of its own now
        return answer.is_dropped ? { lines, answer } : this.finish(key, lines, answer);
    }

    /** What was sent and what came of it; null when another tab was told already. */
    finish(key, lines, answer) {
        if (this.store.load(null)?.key !== key) {
            return null;
        }
        this.store.save(null);
        return { lines, answer };
    }
}
