from odoo import api, models


class StockMove(models.Model):
    _inherit = "stock.move"

    @api.model
    def _prepare_merge_negative_moves_excluded_distinct_fields(self):
        """Extend: what goes to another order comes off the open shipment, whatever its date.

        Core would book a return of goods that never left if the order's date was changed.
        """
        names = super()._prepare_merge_negative_moves_excluded_distinct_fields()
        if self.env.context.get("kh_take_off"):
            names = [*names, "date_deadline"]
        return names
