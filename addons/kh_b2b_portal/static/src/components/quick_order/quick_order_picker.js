import { Component, onMounted, useExternalListener, useRef, useState } from "@odoo/owl";
import { rpc } from "@web/core/network/rpc";
import { useDebounced } from "@web/core/utils/timing";

const WAIT = 250;

/** Finds the product of one row: proposals first, then whatever is searched; keyboard only will do. */
export class QuickOrderPicker extends Component {
    static template = "kh_b2b_portal.QuickOrderPicker";
    static props = { row: Object, pick: Function, close: Function };

    setup() {
        const offers = (this.props.row.pp || []).filter((offer) => offer.k === "product");
        this.state = useState({ term: "", offers, at: 0, learn: true, searched: false });
        this.input = useRef("input");
        this.search = useDebounced(this.searchNow.bind(this), WAIT);
        useExternalListener(window, "keydown", (ev) => {
            // an Escape that gives up half a pinyin word closes nothing
            if (ev.key === "Escape" && !ev.isComposing) {
                this.props.close();
            }
        });
        onMounted(() => this.input.el.focus());
    }

    onInput(ev) {
        this.state.term = ev.target.value;
        if (!ev.isComposing) {
            this.search();
        }
    }

    async searchNow() {
        const term = this.state.term.trim();
        if (!term) {
            return;
        }
        try {
            const offers = await rpc("/shop/kh/quick/search", { term }, { silent: true });
            if (term === this.state.term.trim()) {
                Object.assign(this.state, { offers, at: 0, searched: true });
            }
        } catch {
            this.state.searched = false; // offline: the proposals stay
        }
    }

    onKeydown(ev) {
        if (ev.isComposing) {
            return;
        }
        const count = this.state.offers.length;
        if (ev.key === "ArrowDown" || ev.key === "ArrowUp") {
            ev.preventDefault();
            const step = ev.key === "ArrowDown" ? 1 : -1;
            this.state.at = count ? (this.state.at + step + count) % count : 0;
        } else if (ev.key === "Enter" && count) {
            ev.preventDefault();
            this.choose(this.state.offers[this.state.at]);
        }
    }

    choose(offer) {
        this.props.pick(offer, this.state.learn);
    }
}
