from operator import attrgetter, itemgetter

from odoo import fields, models
from odoo.tools import SQL, groupby

from ..engine.replay import Replay, Totals
from .price_simulation_pricing import Pricing
from .price_simulation_rules import DealerRules, Shelf


class PriceSimulation(models.Model):
    """The replay: batches of order lines through the engine, sums into the result."""

    _inherit = "kh.price.simulation"

    # === BUSINESS METHODS - REPLAY === #

    def _run(self):
        """Replay the scenario and store what it comes to.

        Takes as many queries as there are dealers the scenario concerns, whatever the number
        of their lines. Writes the result and nothing else.

        :raise UserError: for rules which cannot be replayed
        """
        self.ensure_one()
        totals = self._read_totals()
        keys = {"dealer": [], "product": []}
        for kind, key in totals:
            keys[kind].append(key)
        # sudo: dealers' prices and products of the orders the user's range allows
        mine_sudo = self.sudo()
        products_sudo = mine_sudo.env["product.product"].browse(keys["product"])
        facts = mine_sudo.env["product.pricelist"]._kh_get_facts(products_sudo)
        template_ids = list({fact.template_id for fact in facts.values()})
        scenario = self._prepare_scenario(template_ids)
        pricing = Pricing(mine_sudo, scenario, keys["dealer"], facts)
        replay = Replay(
            price=pricing.price,
            amount=pricing.amount,
            is_relative=pricing.is_relative,
            is_shown=pricing.is_shown,
            rounded=pricing.rounded,
        )
        kept_count = 0
        for batch in self._fetch_lines(SQL(" OR ").join(scenario.conditions)):
            lines = [(pricelist, grade, sold) for pricelist, grade, kept, sold in batch if not kept]
            kept_count += len(batch) - len(lines)
            self._replay_batch(replay, pricing, scenario, lines)
        self._store_result(totals, replay, kept_count)

    def _replay_batch(self, replay, pricing, scenario, lines):
        """Replay lines that come sorted by pricelist, level, dealer and product."""
        for (pricelist_id, grade_id), shelf_lines in groupby(lines, itemgetter(0, 1)):
            pricelist = pricing.pricelist(pricelist_id)
            sold_lines = map(itemgetter(2), shelf_lines)
            for dealer_id, dealer_lines in groupby(sold_lines, attrgetter("dealer_id")):
                dealer = pricing.dealer(dealer_id)
                shelf = pricing.shelf(
                    (pricelist_id, grade_id),
                    lambda p=pricelist, d=dealer: Shelf(p, d, pricing.template_ids, scenario),
                )
                by_product = [
                    (pricing.facts[product_id], list(product_lines))
                    for product_id, product_lines in groupby(dealer_lines, attrgetter("product_id"))
                ]
                template_ids = list({facts.template_id for facts, _lines in by_product})
                rules = DealerRules(pricelist, dealer, template_ids, scenario)
                self._replay_dealer(replay, pricing, shelf, rules, by_product)

    def _replay_dealer(self, replay, pricing, shelf, rules, by_product):
        """Replay the lines of one dealer on one pricelist.

        :param list by_product: ``[(Facts, [Sold])]``
        """
        pricing.expect(rules.ratios)
        for facts, sold_lines in by_product:
            shared, shared_scenario = shelf.options(facts)
            change_rate = pricing.change_rate(rules.pricelist, rules.dealer, facts)
            if not rules.is_touched and not change_rate and shared == shared_scenario:
                continue
            own, own_scenario = rules.options(facts)
            pairs = [
                (sold, pricing.pieces(sold, facts), pricing.moment(sold)) for sold in sold_lines
            ]
            replay.add(pairs, own + shared, own_scenario + shared_scenario, change_rate)

    # === BUSINESS METHODS - RESULT === #

    def _store_result(self, totals, replay, kept_count):
        """Write one row for each dealer and for each product, and the sums."""
        touched = {"dealer": replay.by_dealer, "product": replay.by_product}
        untouched = Totals()
        rows = [
            self._prepare_result_vals(kind, key, figures, touched[kind].get(key, untouched))
            for (kind, key), figures in totals.items()
        ]
        self._fill_result_groups(rows)
        # sudo: nobody may write results, so that they are what was replayed
        results_sudo = self.env["kh.price.simulation.result"].sudo()
        results_sudo.search([("simulation_id", "=", self.id)]).unlink()
        results_sudo.create(rows)
        dealers = [row for row in rows if row["kind"] == "dealer"]
        names = ("amount_actual", "amount_present", "amount_scenario", "amount_change")
        names += ("margin_present", "margin_scenario")
        currency = self.company_id.currency_id
        figures = {name: currency.round(sum(row[name] for row in dealers)) for name in names}
        # sudo: margins are stored for whoever may see them
        self.sudo()._move(
            {
                **figures,
                "state": "done",
                "error": False,
                "run_date": fields.Datetime.now(),
                "dealer_count": len(dealers),
                "product_count": len(rows) - len(dealers),
                "line_count": sum(row["line_count"] for row in dealers),
                "touched_count": sum(row["touched_count"] for row in dealers),
                "kept_count": kept_count,
            }
        )

    def _prepare_result_vals(self, kind, key, figures, touched):
        """Return the row of one dealer or product.

        :param figures: lines, quantity, amount as ordered and cost of all its lines
        :param Totals touched: of the lines the scenario touches
        """
        line_count, quantity, actual, cost = figures
        currency = self.company_id.currency_id
        present = currency.round(actual - touched.actual + touched.present)
        scenario = currency.round(actual - touched.actual + touched.scenario)
        change = currency.round(scenario - present)
        return {
            "simulation_id": self.id,
            "company_id": self.company_id.id,
            "kind": kind,
            "partner_id" if kind == "dealer" else "product_id": key,
            "line_count": line_count,
            "touched_count": touched.lines,
            "quantity": quantity,
            "amount_actual": actual,
            "amount_present": present,
            "amount_scenario": scenario,
            "amount_change": change,
            "change_rate": change / present if present else 0.0,
            "outcome": "down" if change < 0 else "up" if change > 0 else "same",
            "amount_cost": cost,
            "margin_present": currency.round(present - cost),
            "margin_scenario": currency.round(scenario - cost),
        }

    def _fill_result_groups(self, rows):
        """Add level and category as they are now, for grouping."""
        # sudo: level and category of dealers and products that are in the result
        simulation_sudo = self.sudo()
        dealers = simulation_sudo.env["res.partner"].browse(
            [row["partner_id"] for row in rows if row["kind"] == "dealer"]
        )
        products = simulation_sudo.env["product.product"].browse(
            [row["product_id"] for row in rows if row["kind"] == "product"]
        )
        grade_of = {dealer.id: dealer.grade_id.id for dealer in dealers}
        category_of = {product.id: product.categ_id.id for product in products}
        for row in rows:
            if row["kind"] == "dealer":
                row.update(grade_id=grade_of[row["partner_id"]], categ_id=False)
            else:
                row.update(grade_id=False, categ_id=category_of[row["product_id"]])
