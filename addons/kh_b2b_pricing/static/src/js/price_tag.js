import { patch } from "@web/core/utils/patch";
import { WebsiteSale } from "@website_sale/interactions/website_sale";

/**
 * Keep the tag under the price (contract, member or market price) right when another
 * variant or quantity is chosen. The words come from the server, already translated.
 */
patch(WebsiteSale.prototype, {
    _onChangeCombination(ev, parent, combination) {
        super._onChangeCombination(...arguments);
        const note = combination.kh_source && parent.querySelector(".kh_price_note");
        const tag = note && note.querySelector(".kh_price_tag");
        if (!tag) {
            return;
        }
        tag.className = `kh_price_tag kh_price_tag_${combination.kh_source}`;
        tag.textContent = combination.kh_source_label;
        const market = note.querySelector(".kh_market_price");
        const amount = market && market.querySelector(".oe_currency_value");
        if (amount) {
            const precision = combination.currency_precision;
            amount.textContent = this._priceToStr(combination.kh_market_price, precision);
            const same = Math.abs(combination.kh_market_price - combination.price) < 0.005;
            market.classList.toggle("d-none", same);
        }
    },
});
