from typing import Any, NamedTuple

from odoo import models
from odoo.exceptions import UserError
from odoo.fields import Domain
from odoo.tools import plaintext2html

MAX_QUESTION = 1000  # characters
MAX_OPEN_QUESTIONS = 5  # of one person on one scene


class SceneRow(NamedTuple):
    """One product of a scene as one viewer sees it; quantities in the product's unit.

    `price` is the viewer's for this quantity (the market price for visitors), `amount` is
    price × quantity, rounded by the website's currency, taxed as the website shows prices.
    """

    product: Any  # CatalogueRow
    section: str
    is_optional: bool
    minimum: float
    quantity: float
    price: float
    amount: float
    market_amount: float


class SceneTotals(NamedTuple):
    """What a set costs; `payable` and `discount` are None for visitors, who see the market's."""

    kinds: int
    market: float
    discount: float | None
    payable: float | None


class Scene(models.Model):
    _inherit = "kh.scene"

    # === BUSINESS METHODS - PAGE === #
    def _kh_find_shown(self, website):
        """Find the scenes of the website in which the current user may buy something (M-62).

        :return: `{scene: lines in sudo that he may see}`; scenes without any are absent
        """
        scenes = self.search(
            Domain("website_published", "=", True) & Domain(website.website_domain())
        )
        return scenes._kh_shown_lines(website)

    def _kh_shown_lines(self, website):
        """As `_kh_find_shown`, for the scenes given."""
        # sudo: lines name products; what the viewer may not see is taken out right here
        lines_sudo = self.sudo().line_ids
        visible = set(
            self.env["product.product"]
            .search([("id", "in", lines_sudo.product_id.ids), *website.sale_product_domain()])
            .ids
        )
        shown_sudo = lines_sudo.filtered(lambda line: line.product_id.id in visible)
        by_scene = shown_sudo.grouped(lambda line: line.scene_id.id)
        return {scene: by_scene[scene.id] for scene in self if scene.id in by_scene}

    def _kh_rows(self, website, lines_sudo, quantities=None, order=None):
        """Say what the scene's products cost the viewer, in a constant number of queries.

        :param lines_sudo: what `_kh_shown_lines` returned for the scene
        :param dict quantities: `{product id: quantity}` of a changed set; None: as proposed
        :param order: the viewer's cart, for "in the cart"
        :rtype: list[SceneRow]
        """
        self.ensure_one()
        products = self.env["product.product"].browse(lines_sudo.product_id.ids)
        rows = {row.product_id: row for row in website._kh_catalogue_rows(products, order)}
        result = []
        for line in lines_sudo.sorted(lambda line: (line.sequence, line.id)):
            row = rows[line.product_id.id]
            proposed = 0.0 if line.is_optional or not row.can_add else line.quantity
            quantity = proposed if quantities is None else quantities.get(row.product_id, 0.0)
            price = self._kh_price_for(row.price, quantity)
            result.append(
                SceneRow(
                    product=row,
                    section=line.section or "",
                    is_optional=line.is_optional,
                    minimum=line.minimum,
                    quantity=quantity,
                    price=price,
                    amount=website.currency_id.round(price * quantity),
                    market_amount=website.currency_id.round(row.price.market * quantity),
                )
            )
        return result

    @staticmethod
    def _kh_price_for(price, quantity):
        """The viewer's unit price for a quantity: the last step of the ladder it reaches."""
        reached = [step for minimum, step in price.ladder if quantity >= minimum]
        return reached[-1] if reached and price.own is not None else price.price

    def _kh_totals(self, rows):
        """Add up what `_kh_rows` returned.

        :rtype: SceneTotals
        """
        chosen = [row for row in rows if row.quantity]
        market = sum(row.market_amount for row in chosen)
        if any(row.product.price.own is None for row in rows):
            return SceneTotals(len(chosen), market, None, None)
        payable = sum(row.amount for row in chosen)
        return SceneTotals(len(chosen), market, market - payable, payable)

    def _kh_ensure_complete(self, rows):
        """Refuse a set that lacks what makes it one.

        :param rows: what `_kh_rows` returned for the quantities asked
        :raise UserError: if a product is below its minimum
        """
        for row in rows:
            left_out = row.is_optional and not row.quantity
            if row.product.can_add and not left_out and row.quantity < row.minimum:
                raise UserError(
                    self.env._(
                        "“%(product)s”: the set needs at least %(minimum)g.",
                        product=row.product.name,
                        minimum=row.minimum,
                    )
                )

    # === BUSINESS METHODS - EXPERT === #
    def _kh_ask_expert(self, text):
        """Put a question of the current user on the expert's list of activities.

        :raise UserError: without a question or an expert, or with too many questions open
        """
        self.ensure_one()
        text = (text or "").strip()[:MAX_QUESTION]
        scene_sudo = self.sudo()  # sudo: dealers have no activities; theirs is this one
        expert = scene_sudo.expert_id
        if not text or not expert:
            raise UserError(self.env._("Write down your question first."))
        mine = [
            ("res_model", "=", self._name),
            ("res_id", "=", self.id),
            ("create_uid", "=", self.env.uid),
        ]
        Activity = self.env["mail.activity"].sudo()  # sudo: as above, the person's own are counted
        if Activity.search_count(mine) >= MAX_OPEN_QUESTIONS:
            raise UserError(self.env._("Your questions are being answered. Call us if it hurries."))
        partner = self.env.user.partner_id
        scene_sudo = scene_sudo.with_context(lang=expert.lang)
        scene_sudo.activity_schedule(
            "mail.mail_activity_data_todo",
            user_id=expert.id,
            summary=scene_sudo.env._(
                "Question of %(who)s about “%(scene)s”",
                who=partner.display_name,
                scene=scene_sudo.name,
            ),
            note=plaintext2html(text),
        )
