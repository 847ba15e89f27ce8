from datetime import timedelta

from odoo import api, fields, models
from odoo.fields import Domain
from odoo.tools import float_compare

from ..engine.promotion import SlowStock


class Promotion(models.Model):
    _inherit = "kh.promotion"

    # === BUSINESS METHODS - PROPOSALS === #
    def _kh_propose(self):
        """Look for slow-moving products; a constant number of queries for each promotion.

        What is new is proposed (accepted where the promotion publishes automatically). What
        staff added, accepted or dropped stays; proposals that no longer fit go. Callers lock the
        rows of `self`, which are written.

        :return: new lines
        """
        new = self.env["kh.promotion.line"]
        for promotion in self.filtered(lambda promotion: promotion.state != "closed"):
            new |= promotion.with_company(promotion.company_id)._kh_propose_one()
        self.date_proposed = fields.Datetime.now()
        return new

    def _kh_propose_one(self):
        self.ensure_one()
        found = {row[0]: row[1:] for row in self._kh_find_slow()}
        known = set(self.line_ids.product_id.ids)
        stale = self.line_ids.filtered(
            lambda line: (
                line.state == "proposed" and line.is_found and line.product_id.id not in found
            )
        )
        stale.unlink()
        taken = len(self.line_ids.filtered(lambda line: line.state != "dropped"))
        fresh = [key for key in found if key not in known][: max(self.max_products - taken, 0)]
        self._kh_refresh_stock(self.line_ids)
        markets = self._kh_get_market_prices(fresh)
        lines = self.env["kh.promotion.line"].create(
            [
                {
                    "promotion_id": self.id,
                    "product_id": product_id,
                    "quantity": found[product_id][0],
                    "last_out": found[product_id][1],
                    "market_price": markets[product_id],
                    "state": "accepted" if self.is_automatic else "proposed",
                    "is_found": True,
                }
                for product_id in fresh
            ]
        )
        if lines:
            self.message_post(body=self.env._("%s slow-moving products found.", len(lines)))
        if self.state == "running":
            lines._kh_renew_prices()
        return lines

    def _kh_find_slow(self):
        """Find products that fit the rule, with one statement.

        :return: rows of ``(product id, free quantity, last time goods went out or None)``
        """
        for name in ("stock.quant", "stock.move", "sale.order", "sale.order.line"):
            self.env[name].flush_model()
        query = self.env["product.product"]._search(self._kh_product_domain())
        rule = SlowStock(
            company_id=self.company_id.id,
            minimum=self.minimum_stock,
            since=fields.Datetime.now() - timedelta(days=self.idle_days),
            # what is known takes places in the answer, but not in the zone
            limit=self.max_products + len(self.line_ids),
        )
        return self.env.execute_query(rule.get_sql(query.select()))

    def _kh_product_domain(self):
        """Products that may be proposed: for sale, published, kept in stock (hook)."""
        domain = (
            Domain("sale_ok", "=", True)
            & Domain("is_published", "=", True)
            & Domain("is_storable", "=", True)
            & Domain("company_id", "in", [False, self.company_id.id])
        )
        if self.category_ids:
            domain &= Domain("categ_id", "child_of", self.category_ids.ids)
        if self.tag_ids:
            domain &= Domain("all_product_tag_ids", "in", self.tag_ids.ids)
        return domain

    def _kh_refresh_stock(self, lines):
        """Bring the free stock of known lines up to date, in one query."""
        if not lines:
            return
        # sudo: how much is free, which whoever may propose is shown; no location comes out
        rows = (
            self.env["stock.quant"]
            .sudo()
            ._read_group(
                [
                    ("product_id", "in", lines.product_id.ids),
                    ("location_id.usage", "=", "internal"),
                    ("company_id", "=", self.company_id.id),
                ],
                ["product_id"],
                ["quantity:sum", "reserved_quantity:sum"],
            )
        )
        free = {product.id: quantity - reserved for product, quantity, reserved in rows}
        for quantity, same in lines.grouped(lambda x: free.get(x.product_id.id, 0.0)).items():
            same.quantity = quantity

    def _kh_get_market_prices(self, product_ids):
        """Return what visitors pay for one, ``{product id: price}``, before taxes."""
        products = self.env["product.product"].browse(product_ids)
        if not self.pricelist_id:
            return {product.id: product.lst_price for product in products}
        return self.pricelist_id._get_products_price(
            products, 1.0, kh_partner=self.env["res.partner"]
        )

    def _kh_refresh_market_prices(self):
        """Take market prices, and their currency, from the pricelist of now.

        Where a market price differs, the promotion's price follows from it anew.
        """
        digits = self.env["decimal.precision"].precision_get("Product Price")
        for promotion in self:
            lines = promotion.line_ids
            promotion_there = promotion.with_company(promotion.company_id)
            prices = promotion_there._kh_get_market_prices(lines.product_id.ids)
            for price, same in lines.grouped(lambda x, p=prices: p[x.product_id.id]).items():
                same.filtered(
                    lambda line, new=price: float_compare(
                        line.market_price, new, precision_digits=digits
                    )
                ).market_price = price

    # === CRON === #
    @api.model
    def _cron_run_promotions(self):
        """Close what is over; look for slow-moving products in what is not.

        What running promotions are compared with changed meanwhile: their prices are written anew.
        """
        now = fields.Datetime.now()
        over = self.search([("state", "=", "running"), ("zone_to", "<=", now)])
        over.action_close()
        free = self.search([("state", "!=", "closed")]).try_lock_for_update()
        free._kh_propose()
        free.filtered(lambda p: p.state == "running").line_ids._kh_renew_prices()
