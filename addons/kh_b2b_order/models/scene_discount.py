from odoo import api, fields, models
from odoo.exceptions import ValidationError
from odoo.tools import float_compare

DIGITS = "Product Unit"
# What decides whether a set is whole.
QUANTITY_FIELDS = {"product_uom_qty", "product_id", "product_uom_id", "kh_scene_id", "order_id"}


class Scene(models.Model):
    _inherit = "kh.scene"

    # === FIELDS - DISCOUNT === #
    discount = fields.Float(
        "Set Discount (%)",
        digits="Discount",
        tracking=True,
        help="For whoever buys the whole set: all products that are not optional, in the proposed "
        "quantities at least; 0: none.",
    )
    discount_from = fields.Datetime("Discount From", help="Empty: at once.")
    discount_to = fields.Datetime("Discount Until", help="Empty: without end.")
    is_discount_on_contract = fields.Boolean(
        "Also on Contract Prices",
        help="Otherwise products with a price of the dealer's own stay at that price.",
    )

    _discount_sound = models.Constraint(
        "CHECK (discount >= 0 AND discount < 100)",
        "The discount must be at least 0 and below 100 percent.",
    )

    # === CONSTRAINT METHODS === #
    @api.constrains("discount_from", "discount_to")
    def _check_discount_term(self):
        for scene in self:
            if (
                scene.discount_from
                and scene.discount_to
                and scene.discount_to <= scene.discount_from
            ):
                raise ValidationError(
                    self.env._("“%s”: the discount must end after it begins.", scene.name)
                )

    # === BUSINESS METHODS - DISCOUNT === #
    def _kh_get_discount(self):
        """Return the percent that the whole set earns now; 0 where there is none."""
        self.ensure_one()
        now = fields.Datetime.now()
        if (self.discount_from and self.discount_from > now) or (
            self.discount_to and self.discount_to <= now
        ):
            return 0.0
        return self.discount

    def _kh_is_complete(self, quantities):
        """Answer whether quantities make the whole set.

        :param dict quantities: `{product id: quantity in the product's unit}`
        """
        self.ensure_one()
        digits = self.env["decimal.precision"].precision_get(DIGITS)
        # sudo: lines are hidden from dealers; only yes or no comes out
        needed_sudo = self.sudo().line_ids.filtered(lambda line: not line.is_optional)
        return bool(needed_sudo) and all(
            float_compare(
                quantities.get(line.product_id.id, 0.0), line.quantity, precision_digits=digits
            )
            >= 0
            for line in needed_sudo
        )


class SaleOrder(models.Model):
    _inherit = "sale.order"

    # === BUSINESS METHODS - SCENES === #
    def _recompute_prices(self):
        """Extend `sale`: discounts are computed anew, those of scenes with them."""
        super()._recompute_prices()
        self._kh_refresh_scene_discounts()

    def _kh_set_scene(self, scene, product_ids):
        """Note that goods of the order were bought as a set (M-62)."""
        lines = self.order_line.filtered(
            lambda line: line.product_id.id in product_ids and line._kh_can_merge()
        )
        lines.write({"kh_scene_id": scene.id})

    def _kh_refresh_scene_discounts(self):
        """Give lines of complete sets the scene's discount, take it from others (M-62).

        Only until an order is placed. A line with another discount, one by hand for instance,
        keeps that and gets none beside it.
        """
        targets = {}
        for order in self.filtered(lambda order: order.state in ("draft", "sent")):
            lines = order.order_line.filtered(
                lambda line: line.kh_scene_id or line.kh_scene_discount
            )
            # sudo: dealers may not read a scene that was taken from the website meanwhile
            for scene_sudo, own in lines.grouped(lambda line: line.kh_scene_id.sudo()).items():
                earned = order._kh_get_scene_discount(scene_sudo, own) if scene_sudo else 0.0
                for line in own:
                    rate = earned if line._kh_takes_scene_discount(scene_sudo) else 0.0
                    if line._kh_is_scene_discount_due(rate):
                        targets.setdefault(rate, self.env["sale.order.line"])
                        targets[rate] |= line
        for rate, lines in targets.items():
            lines.write({"discount": rate, "kh_scene_discount": rate})

    def _kh_get_scene_discount(self, scene_sudo, lines):
        """Return what the set earns in this order, in percent."""
        discount = scene_sudo._kh_get_discount()
        if not discount:
            return 0.0
        quantities = {}
        for line in lines:
            quantity = line.product_uom_id._compute_quantity(
                line.product_uom_qty, line.product_id.uom_id, round=False
            )
            quantities[line.product_id.id] = quantities.get(line.product_id.id, 0.0) + quantity
        return discount if scene_sudo._kh_is_complete(quantities) else 0.0


class SaleOrderLine(models.Model):
    _inherit = "sale.order.line"

    # === FIELDS === #
    # Neither default nor compute: the columns are added to tables of a million rows.
    kh_scene_id = fields.Many2one(
        "kh.scene", "Scene", copy=False, index="btree_not_null", help="Bought as part of this set."
    )
    kh_scene_discount = fields.Float(
        "Set Discount",
        digits="Discount",
        readonly=True,
        copy=False,
        help="The part of the discount that the whole set earned, in percent.",
    )

    # === CRUD METHODS === #
    def write(self, vals):
        if self._kh_keeps_set() or not vals.keys() & QUANTITY_FIELDS:
            return super().write(vals)
        orders = self.filtered("kh_scene_id").order_id
        result = super().write(vals)
        orders |= self.filtered("kh_scene_id").order_id
        orders._kh_refresh_scene_discounts()
        return result

    def unlink(self):
        if self._kh_keeps_set():
            return super().unlink()
        orders = self.filtered("kh_scene_id").order_id
        result = super().unlink()
        orders.exists()._kh_refresh_scene_discounts()
        return result

    def copy_data(self, default=None):
        """Extend: a copy is not of the set, so what the set earned is left out."""
        vals_list = super().copy_data(default)
        if "discount" in (default or {}):
            return vals_list
        for line, vals in zip(self, vals_list, strict=True):
            earned = line.kh_scene_discount
            if vals and earned and line._kh_is_same_discount(vals.get("discount", 0.0), earned):
                del vals["discount"]
        return vals_list

    # === BUSINESS METHODS - SCENES === #
    @api.model
    def _kh_keeps_set(self):
        """Answer whether goods only move between orders: prices, sets' with them, stay."""
        return bool(self.env.context.get("kh_keep_set"))

    def _kh_takes_scene_discount(self, scene_sudo):
        """Answer whether the price of the line may be discounted as part of a set (hook)."""
        self.ensure_one()
        if self.product_id not in scene_sudo.line_ids.product_id:
            return False
        # sudo: whose price it is, of the order's own dealer
        return scene_sudo.is_discount_on_contract or not self.sudo().pricelist_item_id.kh_partner_id

    def _kh_is_scene_discount_due(self, rate):
        """Answer whether the line's discount is ours to set, and not what it should be."""
        self.ensure_one()
        is_same = self._kh_is_same_discount
        if self.discount and not is_same(self.discount, self.kh_scene_discount):
            return False
        return not is_same(self.discount, rate) or not is_same(self.kh_scene_discount, rate)

    @api.model
    def _kh_is_same_discount(self, one, other):
        digits = self.env["decimal.precision"].precision_get("Discount")
        return float_compare(one, other, precision_digits=digits) == 0
