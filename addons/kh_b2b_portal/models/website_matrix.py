from typing import NamedTuple

from odoo import models

# A grid wider than this is laid on its side, if that makes it narrower.
MAX_COLUMNS = 10


class MatrixLine(NamedTuple):
    """One row of a grid: the value that the row is for, a variant or None for each column."""

    label: str
    cells: tuple  # of CatalogueRow or None


class VariantMatrix(NamedTuple):
    """The specifications of a product as a grid of two attributes (多规格矩阵)."""

    row_label: str
    column_label: str
    columns: tuple
    lines: tuple


class Website(models.Model):
    _inherit = "website"

    # === BUSINESS METHODS - MATRIX === #
    def _kh_variant_matrix(self, template, rows):
        """Lay the variants of a product out as a grid (M-67); None: a list says it better.

        A grid needs two attributes that make variants; fixed attributes do not count.

        :param list rows: the `CatalogueRow` of each variant the reader sees
        :rtype: VariantMatrix or None
        """
        # sudo: names of the values of a product that the user was found to see
        template_sudo = template.sudo()
        lines = template_sudo.valid_product_template_attribute_line_ids.filtered(
            lambda line: len(line.product_template_value_ids._only_active()) > 1
        )
        if len(lines) != 2 or "no_variant" in lines.attribute_id.mapped("create_variant"):
            return None
        if not all(row.can_add for row in rows):
            return None  # something is to be said about a variant before it is ordered
        down, across = lines
        heights, widths = (len(line.product_template_value_ids) for line in (down, across))
        if widths > MAX_COLUMNS and heights < widths:
            down, across = across, down
        by_id = {row.product_id: row for row in rows}
        cells = {}
        for variant_sudo in template_sudo.product_variant_ids:
            row = by_id.get(variant_sudo.id)
            if row:
                values = variant_sudo.product_template_attribute_value_ids
                cells[frozenset((values & (down + across).product_template_value_ids).ids)] = row
        return self._kh_build_matrix(down, across, cells)

    def _kh_build_matrix(self, down, across, cells):
        """Order the cells by the values of two attribute lines; empty lines are left out.

        :param dict cells: ``{frozenset of two value ids: CatalogueRow}``
        """
        used = set().union(*cells) if cells else set()
        columns = across.product_template_value_ids.filtered(lambda value: value.id in used)
        lines = down.product_template_value_ids.filtered(lambda value: value.id in used)
        return VariantMatrix(
            down.attribute_id.name,
            across.attribute_id.name,
            tuple(columns.mapped("name")),
            tuple(
                MatrixLine(
                    line.name,
                    tuple(cells.get(frozenset((line.id, column.id))) for column in columns),
                )
                for line in lines
            ),
        )
