from odoo import api, fields, models
from odoo.exceptions import AccessError, ValidationError
from odoo.tools import SQL

from ..engine.quick_rows import clean, fold


class DealerProductCode(models.Model):
    """What a dealer calls one of our products in his own lists (经销商物料编码).

    Learnt when a dealer corrects a row of a quick order, or entered and imported by staff. How
    the code is written does not count: full-width, case and spaces are folded (`key`).
    """

    _name = "kh.dealer.product.code"
    _description = "Dealer's Item Code"
    _inherit = ["kh.data.scope.mixin"]
    _kh_scope_is_commercial = True
    _rec_name = "code"
    _order = "partner_id, code, id"

    # === FIELDS === #
    partner_id = fields.Many2one(
        "res.partner",
        "Dealer",
        required=True,
        ondelete="cascade",
        domain=[("kh_is_dealer", "=", True)],
        help="The dealer's company: all of its people share the code.",
    )
    code = fields.Char("Dealer's Code", required=True, help="As the dealer writes it.")
    key = fields.Char(compute="_compute_key", store=True, precompute=True, readonly=True)
    product_id = fields.Many2one(
        "product.product", "Product", required=True, ondelete="cascade", index=True
    )
    uom_id = fields.Many2one(
        "uom.uom",
        "Unit",
        help="In which the dealer orders with this code; empty: the product's own unit.",
    )
    factor = fields.Float(
        "Pack Factor",
        default=1.0,
        digits="Product Unit",
        help="One piece of the dealer's is so many of the unit: 24 for a box of 24.",
    )
    # one code, one product
    _code_unique = models.UniqueIndex(
        "(partner_id, key)", "This dealer uses the code for a product already."
    )
    _factor_positive = models.Constraint("CHECK (factor > 0)", "A pack has at least a bit in it.")

    # === COMPUTE METHODS === #
    @api.depends("code")
    def _compute_key(self):
        for record in self:
            record.key = fold(record.code)

    # === CONSTRAINT METHODS === #
    @api.constrains("code", "partner_id")
    def _check_code(self):
        for record in self:
            if not record.key:
                raise ValidationError(self.env._("A dealer's code needs letters or digits."))

    @api.constrains("uom_id", "product_id")
    def _check_uom(self):
        for record in self:
            product_sudo = record.product_id.sudo()  # sudo: units of a product hidden by now
            if record.uom_id and record.uom_id not in product_sudo.uom_id + product_sudo.uom_ids:
                raise ValidationError(
                    self.env._(
                        "%(product)s is not sold in %(unit)s.",
                        product=product_sudo.display_name,
                        unit=record.uom_id.name,
                    )
                )

    # === CRUD METHODS === #
    @api.model_create_multi
    def create(self, vals_list):
        return super().create([self._kh_with_company(vals) for vals in vals_list])

    def write(self, vals):
        return super().write(self._kh_with_company(vals))

    def _kh_with_company(self, vals):
        """A code given to a person is the code of the company."""
        if not vals.get("partner_id"):
            return vals
        partner = self.env["res.partner"].browse(vals["partner_id"])
        return {**vals, "partner_id": partner.commercial_partner_id.id}

    # === BUSINESS METHODS === #
    @api.model
    def _find(self, dealer, keys):
        """Return what a dealer's codes stand for, ``{key: kh.dealer.product.code}`` (sudo)."""
        # sudo: the codes of this dealer, whoever of his people or of the staff asks
        found_sudo = self.sudo().search_fetch(
            [("partner_id", "=", dealer.commercial_partner_id.id), ("key", "in", list(keys))],
            ["key", "product_id", "uom_id", "factor"],
        )
        return {record.key: record for record in found_sudo}

    @api.model
    def _learn(self, dealer, learnt):
        """Remember a dealer's codes, in one statement; a code known already is corrected.

        :param list learnt: ``(code, product_id, uom_id or None)``; products of the dealer's
            own choice, so the caller has checked that he may see them
        :raise AccessError: the current user is neither of this dealer nor may write codes
        """
        dealer = dealer.commercial_partner_id
        if self.env.user.partner_id.commercial_partner_id != dealer:
            self.check_access("create")
        if not dealer:
            raise AccessError(self.env._("Codes are learnt for a dealer."))
        rows = {fold(code): (clean(code), product, uom) for code, product, uom in learnt}
        rows.pop("", None)
        if not rows:
            return
        self.flush_model()
        self.env.execute_query(
            SQL(
                """
                INSERT INTO kh_dealer_product_code AS known
                    (partner_id, key, code, product_id, uom_id, factor,
                     create_uid, write_uid, create_date, write_date)
                SELECT %(dealer)s, v.key, v.code, v.product, v.uom, 1, %(user)s, %(user)s,
                       now() AT TIME ZONE 'UTC', now() AT TIME ZONE 'UTC'
                  FROM unnest(%(keys)s::varchar[], %(codes)s::varchar[], %(products)s::int[],
                              %(uoms)s::int[]) AS v(key, code, product, uom)
                ON CONFLICT (partner_id, key) DO UPDATE
                   SET product_id = EXCLUDED.product_id, uom_id = EXCLUDED.uom_id, factor = 1,
                       write_uid = EXCLUDED.write_uid, write_date = EXCLUDED.write_date
                 WHERE (known.product_id, known.uom_id)
                       IS DISTINCT FROM (EXCLUDED.product_id, EXCLUDED.uom_id)
                RETURNING id
                """,
                dealer=dealer.id,
                user=self.env.uid,
                keys=list(rows),
                codes=[code for code, _product, _uom in rows.values()],
                products=[product for _code, product, _uom in rows.values()],
                uoms=[uom or None for _code, _product, uom in rows.values()],
            )
        )
        self.invalidate_model()
