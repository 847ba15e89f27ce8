"""The condition under which a product may be sold to a viewer, as SQL over its keys.

A product that anything restricts has a row in `kh_product_key`: `kh_assortment_keys`,
`kh_area_keys` (areas that may buy it), `kh_deny_area_keys` (areas that may not), `kh_is_timed`.
Two keys are no ids: `OPEN` means that nothing restricts the product in this respect, and
``-company`` that nothing does in that company (its assortments or areas belong to others).
Where companies have different nearest areas, an area for all companies counts in one of them
as the pair ``company * PAIR + area``. A viewer brings keys of his own; sets that overlap match.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple

from odoo.fields import Domain
from odoo.tools import SQL, Query

OPEN = 0
PAIR = 2**32


class Restrictions(NamedTuple):
    """Which kinds of restriction exist at all in the database."""

    assortment: bool
    area: bool
    deny_area: bool
    listing: bool


class Viewer(NamedTuple):
    """Who looks, where: a dealer (empty: a visitor), a website (empty: no shop), a company."""

    partner: Any
    website: Any
    company: Any


@dataclass(frozen=True)
class SaleableCondition:
    """What one viewer may buy at one moment; ``None`` where nothing is restricted.

    An instance is the `to_sql` of a domain on `product.template`. Two instances with the same
    values are equal, so that a domain which holds the condition twice keeps it once.
    """

    assortment_keys: tuple[int, ...] | None
    area_keys: tuple[int, ...] | None
    deny_area_keys: tuple[int, ...] | None
    moment: datetime | None
    website_id: int | None

    def is_open(self):
        return (self.assortment_keys, self.area_keys, self.deny_area_keys, self.moment) == (
            None, None, None, None,
        )  # fmt: skip

    def __call__(self, model, alias, query):
        return self.get_sql(SQL.identifier(alias, "id"))

    def get_sql(self, product_id):
        """Return the condition on a product that is given as SQL; without a product it holds."""
        return SQL(
            "NOT EXISTS (SELECT FROM kh_product_key k WHERE k.product_tmpl_id = %s AND NOT (%s))",
            product_id,
            SQL(" AND ").join(self.get_parts("k").values()),
        )

    def get_parts(self, alias):
        """Return the conditions that apply to a row of keys, the cheap ones first.

        :rtype: dict[str, SQL]
        """
        parts = {}
        if self.assortment_keys is not None:
            column = SQL.identifier(alias, "kh_assortment_keys")
            parts["assortment"] = _overlap(column, self.assortment_keys)
        if self.area_keys is not None:
            parts["area"] = SQL(
                "%s && %s::bigint[]", SQL.identifier(alias, "kh_area_keys"), list(self.area_keys)
            )
        if self.deny_area_keys is not None:
            column = SQL.identifier(alias, "kh_deny_area_keys")
            parts["deny_area"] = SQL("NOT %s", _overlap(column, self.deny_area_keys))
        if self.moment is not None:
            parts["listing"] = self._get_listing_sql(alias)
        return parts

    def get_next_listing_sql(self, alias):
        """Return when the product will next be listed; NULL: never, or that is no reason."""
        if self.moment is None:
            return SQL("NULL::timestamp")
        return SQL(
            """
            (SELECT min(date_from) FROM kh_product_listing
              WHERE product_tmpl_id = %s AND date_from > %s
                AND (website_id IS NULL OR website_id = %s))
            """,
            SQL.identifier(alias, "product_tmpl_id"),
            self.moment,
            self.website_id,
        )

    def _get_listing_sql(self, alias):
        """Listed now: a channel that has windows of its own ignores those for all channels."""
        return SQL(
            """
            (NOT %(is_timed)s OR COALESCE((
                SELECT bool_or((l.date_from IS NULL OR l.date_from <= %(moment)s)
                               AND (l.date_to IS NULL OR l.date_to > %(moment)s))
                  FROM kh_product_listing l
                 WHERE l.product_tmpl_id = %(id)s
                   AND (l.website_id IS NULL OR l.website_id = %(website)s)
                 GROUP BY l.website_id IS NULL
                 ORDER BY l.website_id IS NULL
                 LIMIT 1
            ), TRUE))
            """,
            is_timed=SQL.identifier(alias, "kh_is_timed"),
            id=SQL.identifier(alias, "product_tmpl_id"),
            moment=self.moment,
            website=self.website_id,
        )


@dataclass(frozen=True)
class BelongingCondition:
    """What belongs to a saleable product, or to none, as a condition on another model.

    Asked row by row: a condition by ``IN`` would look at the whole catalogue for a few rows.
    `kind` is the domain of the kinds of product that are sold.
    """

    saleable: SaleableCondition
    kind: Domain
    column: str

    def __call__(self, model, alias, query):
        field = model._fields[self.column]
        product_id = SQL.identifier(alias, self.column, to_flush=field)
        if field.comodel_name == "product.product":
            product_id = SQL(
                "(SELECT v.product_tmpl_id FROM product_product v WHERE v.id = %s)", product_id
            )
        parts = []
        if not self.saleable.is_open():
            parts.append(self.saleable.get_sql(product_id))
        if not self.kind.is_true():
            # sudo: the kind alone is asked, beside the condition on the viewer
            parts.append(self._get_kind_sql(model.env["product.template"].sudo(), product_id))
        return SQL(" AND ").join(parts) if parts else SQL("TRUE")

    def _get_kind_sql(self, products_sudo, product_id):
        unsold = (~self.kind).optimize_full(products_sudo)
        table = Query(products_sudo.env, "kh_unsold", SQL.identifier("product_template"))
        return SQL(
            "NOT EXISTS (SELECT FROM %s WHERE %s = %s AND (%s))",
            table.from_clause,
            SQL.identifier("kh_unsold", "id"),
            product_id,
            unsold._to_sql(products_sudo, "kh_unsold", table),
        )


@dataclass(frozen=True)
class AssortmentCondition:
    """Products of one assortment, as a condition on `product.template` and its variants."""

    assortment_id: int

    def __call__(self, model, alias, query):
        name = "id" if model._name == "product.template" else "product_tmpl_id"
        return SQL(
            "%s IN (SELECT product_tmpl_id FROM kh_catalog_assortment_product_rel"
            " WHERE assortment_id = %s)",
            SQL.identifier(alias, name),
            self.assortment_id,
        )


def _overlap(column, keys):
    return SQL("%s && %s::int[]", column, list(keys))
