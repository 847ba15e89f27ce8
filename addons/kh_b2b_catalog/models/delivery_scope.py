from odoo import api, models
from odoo.tools import SQL

# Models of core, named because each also takes a mixin: their access rows are core's.
#
# Stock moves have no such rule: the forecast quantities of products are summed over them with
# the rights of whoever looks, so each salesperson would see another stock.


class StockPicking(models.Model):
    """A delivery is of the dealer who ordered, wherever it goes (M-130 to M-134)."""

    _name = "stock.picking"
    _inherit = ["stock.picking", "kh.data.scope.mixin"]

    @api.model
    def _kh_get_scope_depends(self):
        return ["partner_id", "sale_id.partner_id"]

    @api.model
    def _kh_scope_partner_sql(self, model, alias, query):
        order = self.env["sale.order"]._fields["partner_id"]
        return SQL(
            "COALESCE((SELECT o.partner_id FROM sale_order o WHERE o.id = %s), %s)",
            model._field_to_sql(alias, "sale_id", query),
            model._field_to_sql(alias, "partner_id", query),
            to_flush=order,
        )


class StockMoveLine(models.Model):
    """What was delivered, and from which lot, follows its delivery."""

    _name = "stock.move.line"
    _inherit = ["stock.move.line", "kh.data.scope.mixin"]

    @api.model
    def _kh_get_scope_depends(self):
        return ["picking_id.partner_id", "picking_id.sale_id.partner_id"]

    @api.model
    def _kh_scope_partner_sql(self, model, alias, query):
        fields_of = (
            ("stock.picking", "partner_id"),
            ("stock.picking", "sale_id"),
            ("sale.order", "partner_id"),
        )
        return SQL(
            "(SELECT COALESCE(o.partner_id, t.partner_id) FROM stock_picking t"
            " LEFT JOIN sale_order o ON o.id = t.sale_id WHERE t.id = %s)",
            model._field_to_sql(alias, "picking_id", query),
            to_flush=[self.env[name]._fields[field] for name, field in fields_of],
        )
