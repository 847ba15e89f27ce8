from collections import defaultdict

from odoo import api, models
from odoo.fields import Domain

from ..engine.quick_rows import fold, near_codes, tokens
from .quick_order_parts import Match

# So many rows without a product get a proposal at once; the search of the row helps the others.
MAX_NEAR = 100
MAX_WORDY = 30
PROPOSALS = 5
SEARCHED = ("default_code", "barcode", "active", "product_tmpl_id")
MAX_WORDS = 6
# What people write for "one of it", whatever the unit's name.
PIECE_WORDS = frozenset(
    {"PCS", "PC", "PIECE", "PIECES", "EA", "UNIT", "UNITS", "单位", *"个只件台支条根把套块张片"}
)


class QuickOrder(models.Model):
    _inherit = "kh.quick.order"

    # === BUSINESS METHODS - FINDING PRODUCTS === #
    @api.model
    def _match_rows(self, rows, buyer, edits=None):
        """Find, price and check all rows in one pass, in a constant number of queries.

        :param list rows: `QuickRow`
        :param Buyer buyer: for whom
        :param dict edits: the user's corrections, ``{row number: {"product", "uom",
            "quantity"}}``
        :rtype: list[Match]
        """
        edits = edits or {}
        matches = [Match(row) for row in rows]
        self._find_products(matches, buyer, edits)
        self._propose_products([match for match in matches if match.state == "none"], buyer)
        found = [match for match in matches if match.product]
        self._prefetch_products(matches)
        units = {}
        for match in found:
            self._set_quantity(match, edits.get(match.row.number, {}), units)
        self._check_matches(found, buyer)
        return matches

    @api.model
    def _product_domain(self, buyer):
        """Products that whoever asks may see for this buyer (the record rules add theirs)."""
        if buyer.website:
            return Domain(
                buyer.website.with_context(website_id=buyer.website.id).sale_product_domain()
            )
        return Domain("sale_ok", "=", True) & Domain("company_id", "in", [False, buyer.company.id])

    def _find_products(self, matches, buyer, edits):
        """Match by the user's choice, the dealer's own codes, item no., bar code and name."""
        keys = {key for match in matches for key in match.row.keys}
        learnt = self.env["kh.dealer.product.code"]._find(buyer.dealer, keys) if keys else {}
        chosen = {edit["product"] for edit in edits.values() if edit.get("product")}
        wanted = chosen | {code.product_id.id for code in learnt.values()}
        visible, by_key, packs = self._search_by_codes(matches, keys, wanted, buyer)
        for match in matches:
            choice = edits.get(match.row.number, {}).get("product")
            known = next((learnt[key] for key in match.row.keys if key in learnt), None)
            if choice:
                self._set_product(match, visible.get(choice))
            elif known:
                self._set_product(match, visible.get(known.product_id.id))
                match.is_learnt = True
                match.usual_uom, match.factor = known.uom_id, known.factor
            else:
                self._set_found(match, by_key)
                match.usual_uom = next((packs[k] for k in match.row.keys if k in packs), None)
        self._find_by_name([match for match in matches if match.state == "none"], buyer)

    def _set_product(self, match, product):
        if product:
            match.product, match.state = product, "ok"
        else:
            match.reason = self.env._("The product you chose before cannot be ordered any more.")

    def _set_found(self, match, by_key):
        """Take the only product with one of the row's texts, or offer all there are."""
        for key in match.row.keys:
            products = list(by_key.get(key, {}).values())
            if len(products) == 1:
                match.product, match.state = products[0], "ok"
                return
            if products:
                match.state = "choose"
                match.reason = self.env._("%s products fit. Choose one.", len(products))
                match.proposals = [("product", product) for product in products[:PROPOSALS]]
                return

    def _search_by_codes(self, matches, keys, wanted, buyer):
        """Search item numbers and bar codes, of packs too.

        :return: ``({product id: product}, {key: {product id: product}}, {key: unit of a pack})``
        """
        texts = set(keys)
        for match in matches:
            for text in match.row.texts.values():
                if text and len(text) <= 64:
                    texts.update((text, text.lower()))
        # sudo: bar codes of packs; their products are searched as the user below
        packs_sudo = self.env["product.uom"].sudo().search([("barcode", "in", list(texts))])
        domain = (
            Domain("id", "in", list(wanted | set(packs_sudo.product_id.ids)))
            | Domain("default_code", "in", list(texts))
            | Domain("barcode", "in", list(texts))
        )
        products = self.env["product.product"].search_fetch(
            domain & self._product_domain(buyer), SEARCHED
        )
        by_key = defaultdict(dict)
        for product in products:
            for text in (product.default_code, product.barcode):
                if text:
                    by_key[fold(text)][product.id] = product
        visible = {product.id: product for product in products}
        for pack in packs_sudo:
            if pack.product_id.id in visible:
                by_key[fold(pack.barcode)][pack.product_id.id] = visible[pack.product_id.id]
        packs = {fold(pack.barcode): pack.uom_id for pack in packs_sudo}
        return visible, by_key, packs

    def _find_by_name(self, matches, buyer):
        """Match what is left by the product's exact name; the specification decides."""
        texts = {text for m in matches for c in ("name", "code") if (text := m.row.texts[c])}
        if not texts:
            return
        products = self.env["product.product"].search(
            Domain("name", "in", list(texts)) & self._product_domain(buyer), limit=2000
        )
        by_key = defaultdict(dict)
        for product in products:
            by_key[fold(product.name)][product.id] = product
        for match in matches:
            model = fold(match.row.texts["model"])
            exact = [
                product
                for key in match.row.keys
                for product in by_key.get(key, {}).values()
                if model and model == fold(product._kh_variant_words())
            ]
            if match.reason:
                continue
            if len(exact) == 1:
                self._set_product(match, exact[0])
            else:
                self._set_found(match, by_key)

    # === BUSINESS METHODS - PROPOSALS === #
    def _propose_products(self, matches, buyer):
        """Offer near codes and similar names, in one query each for all rows."""
        for match in matches:
            if not match.reason:
                match.reason = self.env._("No product has this code or name.")
            if not match.row.keys:
                match.reason = self.env._("The row names no product.")
        self._propose_near(matches, buyer)
        left = [match for match in matches if not match.proposals and match.row.own_code]
        self._propose_similar(left[:MAX_WORDY], buyer)

    def _propose_near(self, matches, buyer):
        near = defaultdict(list)
        codes = [m for m in matches if m.row.keys and 3 < len(m.row.keys[0]) <= 32][:MAX_NEAR]
        codes = [match for match in codes if match.row.keys[0].isascii()]
        for match in codes:
            for code in near_codes(match.row.keys[0]):
                near[code].append(match)
        if not near:
            return
        products = self.env["product.product"].search_fetch(
            Domain("default_code", "in", list(near)) & self._product_domain(buyer),
            SEARCHED,
            order="default_code, id",
        )
        for product in products:
            for match in near[fold(product.default_code)]:
                if len(match.proposals) < PROPOSALS:
                    match.proposals.append(("product", product))

    def _propose_similar(self, matches, buyer):
        """Offer products that contain all words of the row, wherever they stand."""
        words_of = {}
        for match in matches:
            texts = match.row.texts
            words = tokens(" ".join(filter(None, (texts[c] for c in ("code", "name", "model")))))
            words = list(dict.fromkeys(word.upper() for word in words))[:MAX_WORDS]
            if any(len(word) > 1 for word in words):
                words_of[id(match)] = words
        if not words_of:
            return
        fields_ = ("name", "default_code", "product_template_variant_value_ids.name")
        domain = Domain.OR(
            Domain.AND(Domain.OR(Domain(f, "ilike", word) for f in fields_) for word in words)
            for words in words_of.values()
        )
        products = self.env["product.product"].search(
            domain & self._product_domain(buyer), limit=40 * len(words_of)
        )
        for product in products:
            name = product.name or ""
            text = fold(f"{name} {product.default_code or ''} {product._kh_variant_words()}")
            for match in matches:
                words = words_of.get(id(match))
                if words and len(match.proposals) < PROPOSALS and all(w in text for w in words):
                    match.proposals.append(("product", product))

    # === BUSINESS METHODS - QUANTITIES AND UNITS === #
    def _prefetch_products(self, matches):
        """Read all that is shown and checked of the products at once."""
        Product = self.env["product.product"]
        offered = [p for m in matches for kind, p in m.proposals if kind == "product"]
        products = Product.union(*(m.product for m in matches if m.product), *offered)
        # sudo: facts of products that the user was found to see, without asking the rules again
        products_sudo = products.sudo()
        products_sudo.fetch(
            ["default_code", "barcode", "active", "product_tmpl_id"]
            + ["product_template_attribute_value_ids"]
        )
        templates_sudo = products_sudo.product_tmpl_id
        templates_sudo.fetch(
            ["name", "type", "sale_ok", "uom_id", "uom_ids", "taxes_id", "company_id"]
            + ["is_storable", "allow_out_of_stock_order"]
        )
        (templates_sudo.uom_id + templates_sudo.uom_ids).fetch(["name", "factor"])
        products_sudo.product_template_attribute_value_ids.fetch(["name", "is_custom"])

    def _set_quantity(self, match, edit, units):
        """Read quantity and unit of a row; what cannot be read is to be corrected.

        :param dict units: what was found for other rows, kept by the caller
        """
        uoms = self._get_uoms(match.product, units)
        match.own_uom = uoms[0]
        quantity = edit.get("quantity")
        match.quantity = match.row.quantity or 0.0 if quantity is None else quantity
        chosen = next((uom for uom in uoms if uom.id == edit.get("uom")), None)
        is_told = chosen or match.row.unit
        match.uom = chosen or self._find_uom(match.row.unit, uoms, units)
        usual = match.usual_uom if match.usual_uom in uoms else None
        is_usual = bool(usual) or match.factor != 1.0
        if is_usual and not (match.uom and is_told):
            match.uom = usual or uoms[0]
            if quantity is None:
                match.quantity *= match.factor
        if not match.uom:
            match.uom, match.state = uoms[0], "fix"
            match.reason = self.env._("This product is not sold in “%s”.", match.row.unit)
            match.proposals = [("uom", uom) for uom in uoms]
        self._check_quantity_text(match, quantity)

    def _check_quantity_text(self, match, quantity):
        text = match.row.texts["quantity"]
        if quantity is None and match.row.quantity is None:
            match.state = "fix"
            match.reason = (
                self.env._("“%s” is not a quantity.", text)
                if text
                else self.env._("Fill in a quantity.")
            )
        elif match.quantity <= 0:
            match.state = "fix"
            match.reason = self.env._("The quantity must be above zero.")

    @api.model
    def _get_uoms(self, product, units):
        """Return the units a product is sold in, a list; its own is the first."""
        template_sudo = product.sudo().product_tmpl_id  # sudo: see `_prefetch_products`
        key = (template_sudo.uom_id, template_sudo.uom_ids)
        if key not in units:
            units[key] = list(template_sudo.uom_id + template_sudo.uom_ids)
        return units[key]

    @api.model
    def _find_uom(self, text, uoms, units):
        """Return the unit that a text means, or None; without a text the product's own."""
        if not text:
            return uoms[0]
        cached = (text, tuple(uom.id for uom in uoms))
        if cached in units:
            return units[cached]
        key = fold(text)
        names = {uom: fold(uom.name) for uom in uoms}
        same = [uom for uom, name in names.items() if name == key]
        begins = same or [uom for uom, name in names.items() if name.startswith(key)]
        found = begins[0] if len(begins) == 1 else None
        if not begins and key in PIECE_WORDS:
            found = uoms[0]
        units[cached] = found
        return found


class ProductProduct(models.Model):
    _inherit = "product.product"

    def _kh_variant_words(self):
        """Specification of a variant in one line: the values of its attributes."""
        self.ensure_one()
        # sudo: names of values of a product that the user was found to see
        return " ".join(self.sudo().product_template_attribute_value_ids.mapped("name"))
