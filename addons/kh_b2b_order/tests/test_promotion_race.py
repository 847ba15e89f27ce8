from psycopg2.errors import SerializationFailure

from odoo import SUPERUSER_ID, Command, api
from odoo.modules.registry import Registry
from odoo.tests import BaseCase, get_db_name, tagged
from odoo.tools import mute_logger


@tagged("post_install", "-at_install")
class TestPromotionRace(BaseCase):
    """A product is accepted while its promotion ends, on committed rows that are deleted again."""

    def setUp(self):
        super().setUp()
        self.registry = Registry(get_db_name())
        with self.registry.cursor() as cr:
            env = api.Environment(cr, SUPERUSER_ID, {"tracking_disable": True})
            product = env["product.product"].create({"name": "Race Pump", "list_price": 100.0})
            pricelist = env["product.pricelist"].create(
                {"name": "Race B2B", "kh_is_b2b": True, "company_id": env.company.id}
            )
            promotion = env["kh.promotion"].create(
                {
                    "name": "Race clearance",
                    "pricelist_id": pricelist.id,
                    "discount": 20,
                    "line_ids": [Command.create({"product_id": product.id})],
                }
            )
            promotion.action_start()
            self.ids = (promotion.id, pricelist.id, product.id)
        self.addCleanup(self._delete)

    def _delete(self):
        with self.registry.cursor() as cr:
            promotion, pricelist, product = self._records(cr)
            if promotion.state == "running":
                promotion.action_close()
            promotion.unlink()
            pricelist.unlink()
            product.unlink()

    def _records(self, cr):
        env = api.Environment(cr, SUPERUSER_ID, {"tracking_disable": True})
        models = ("kh.promotion", "product.pricelist", "product.product")
        return [env[model].browse(key) for model, key in zip(models, self.ids, strict=True)]

    def _race(self, first, second):
        """Let `second` begin before `first` is committed; it must be repeated."""
        with self.registry.cursor() as late:
            waiting = self._records(late)[0]
            self.assertEqual((waiting.state, waiting.line_ids.state), ("running", "proposed"))
            with self.registry.cursor() as early:
                first(self._records(early)[0])
            with mute_logger("odoo.sql_db"), self.assertRaises(SerializationFailure):
                second(waiting)
            late.rollback()
        with self.registry.cursor() as cr:
            return bool(self._records(cr)[0].line_ids.item_ids)

    def test_nothing_is_accepted_into_what_ended_meanwhile(self):
        has_prices = self._race(
            lambda promotion: promotion.action_close(),
            lambda promotion: promotion.action_accept_all(),
        )
        self.assertFalse(has_prices)

    def test_what_was_accepted_meanwhile_is_seen_before_it_ends(self):
        has_prices = self._race(
            lambda promotion: promotion.action_accept_all(),
            lambda promotion: promotion.action_close(),
        )
        self.assertTrue(has_prices, "the first took place; the second is repeated")

    def test_a_price_entered_meanwhile_does_not_outlive_the_promotion(self):
        def enter(promotion):
            promotion.line_ids.price = 70.0

        has_prices = self._race(lambda promotion: promotion.action_close(), enter)
        self.assertFalse(has_prices)
