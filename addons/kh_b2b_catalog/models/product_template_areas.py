from odoo import models
from odoo.tools import SQL

RELATIONS = {
    "kh_area_include_ids": "kh_product_area_include_rel",
    "kh_area_exclude_ids": "kh_product_area_exclude_rel",
}


class ProductTemplate(models.Model):
    _inherit = "product.template"

    # === BUSINESS METHODS - AREAS IN BULK === #
    def _kh_set_areas(self, field_name, areas):
        """Replace the areas in which many products are sold, or not sold, by SQL.

        :param str field_name: ``kh_area_include_ids`` or ``kh_area_exclude_ids``
        :param areas: kh.sales.area; empty: as for the category
        """
        self.check_access("write")
        areas.check_access("read")
        relation = SQL.identifier(RELATIONS[field_name])
        self.flush_model([field_name])
        self.env.cr.execute(
            SQL(
                "DELETE FROM %s WHERE product_tmpl_id = ANY(%s) AND area_id <> ALL(%s::int[])",
                relation,
                self.ids,
                areas.ids,
            )
        )
        self.env.cr.execute(
            SQL(
                """
                INSERT INTO %s (product_tmpl_id, area_id)
                SELECT p, a FROM unnest(%s::int[]) AS p, unnest(%s::int[]) AS a
                ON CONFLICT DO NOTHING
                """,
                relation,
                self.ids,
                areas.ids,
            )
        )
        self.invalidate_recordset([field_name], flush=False)
        self._kh_refresh_keys(self.ids)
