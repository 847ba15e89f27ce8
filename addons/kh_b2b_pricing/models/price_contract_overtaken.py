from typing import NamedTuple

from markupsafe import Markup

from odoo import api, fields, models
from odoo.fields import Domain
from odoo.tools import SQL

from .price_contract_lines import KEY

WAITING = ("draft", "review")
# A list that people read; the rest is a number.
LISTED = 40


class Overtaken(NamedTuple):
    """A price of the replaced contract that has changed since the version's was copied.

    All are single ``product.pricelist.item``; ``former`` and ``own`` may be empty.
    """

    version_id: int
    new: models.BaseModel
    former: models.BaseModel
    own: models.BaseModel


class PriceContract(models.Model):
    """A version in preparation, and prices that change meanwhile in the one it replaces (M-45).

    A draft follows an adjustment wherever its line still is the copy of the adjusted one. What
    approvers decide by, and a price that was set for the new version, never changes by itself:
    there, form, chatter and approvers are told.
    """

    _inherit = "kh.price.contract"

    # === FIELDS === #
    overtaken_count = fields.Integer("Prices changed since", compute="_compute_overtaken")
    overtaken_note = fields.Html(
        "Prices changed in the replaced contract since",
        compute="_compute_overtaken",
        sanitize=False,  # made here, all parts escaped
    )

    # === COMPUTE METHODS === #

    @api.depends("state", "supersedes_id", "date_start", "item_ids.fixed_price")
    def _compute_overtaken(self):
        by_version = {}
        for one in self._origin._get_overtaken():
            by_version.setdefault(one.version_id, []).append(one)
        for contract in self:
            overtaken = by_version.get(contract._origin.id, [])
            contract.overtaken_count = len(overtaken)
            contract.overtaken_note = self._overtaken_html(overtaken) if overtaken else False

    # === BUSINESS METHODS - FOLLOWING === #

    def _get_waiting_versions(self):
        """Return the contracts that wait to replace these, or begin on a later day."""
        # sudo: they hear of the change, whoever may see them
        return (
            self.sudo()
            .with_context(active_test=False)
            .search(
                Domain("supersedes_id", "in", self.ids)
                & Domain("state", "in", (*WAITING, "active")),
                order="id",
            )
        )

    def _follow_adjustment(self, adjustment):
        """Let drafts follow an applied adjustment of the contract they replace.

        A line follows that has target, minimum, price and unit of the adjusted one, for the
        time of the new price. Constant number of statements. The caller holds the dealers'
        locks; the drafts are marked, so that who submits one at the same moment is retried.

        :return: ``{contract id: number of lines}``
        """
        drafts = self.filtered(lambda contract: contract.state == "draft")
        drafts._touch_lines()
        items = self.env["product.pricelist.item"]
        rows = drafts and self.env.execute_query(drafts._sql_following(adjustment))
        if not rows:
            return {}
        before = [(item_id, start) for _id, item_id, _new, start, _end in rows if start]
        after = [(item_id, end) for _id, item_id, _new, _start, end in rows if end]
        for parts, column, moment in (
            (before, "date_end", SQL("p.moment - interval '1 second'")),
            (after, "date_start", SQL("p.moment + interval '1 second'")),
        ):
            if parts:
                source = SQL(
                    "unnest(%s::int[], %s::timestamp[]) AS p(id, moment)",
                    *map(list, zip(*parts, strict=True)),
                )
                items._kh_copy_rows(
                    SQL("i.id = p.id"),
                    source=source,
                    create_date=SQL("i.create_date"),
                    **{column: moment},
                )
        self.env.execute_query(
            SQL(
                """UPDATE product_pricelist_item i
                      SET fixed_price = n.fixed_price, kh_uom_price = n.kh_uom_price,
                          min_quantity = n.min_quantity,
                          date_start = COALESCE(p.date_start, i.date_start),
                          date_end = COALESCE(p.date_end, i.date_end),
                          write_uid = %s, write_date = now() AT TIME ZONE 'UTC'
                     FROM unnest(%s::int[], %s::int[], %s::timestamp[], %s::timestamp[])
                               AS p(id, new_id, date_start, date_end)
                     JOIN product_pricelist_item n ON n.id = p.new_id
                    WHERE i.id = p.id
                RETURNING i.id""",
                self.env.uid,
                *([row[place] for row in rows] for place in range(1, 5)),
            )
        )
        items.invalidate_model()
        followed = {}
        for version_id, *_rest in rows:
            followed[version_id] = followed.get(version_id, 0) + 1
        return followed

    def _sql_terms(self):
        """Rows ``(id, start, last)``: this contract begins, the replaced one ends on its own."""
        terms = [
            (contract.id, contract._term_utc()[0], contract.supersedes_id._last_moment())
            for contract in self
            if contract.supersedes_id
        ]
        return SQL(
            "unnest(%s::int[], %s::timestamp[], %s::timestamp[]) AS t(id, start, last)",
            *([term[place] for term in terms] for place in range(3)),
        )

    def _sql_following(self, adjustment):
        """Select ``(contract, line, new row, start, end)`` of lines that follow.

        Start and end are set where the line keeps its price before or after.
        """
        i, n, o = (SQL.identifier(alias) for alias in "ino")
        return SQL(
            """SELECT DISTINCT ON (o.id) v.id, o.id, n.id,
                      CASE WHEN n.date_start > GREATEST(%(now)s, t.start, o.date_start)
                           THEN n.date_start END,
                      CASE WHEN e.date_end < COALESCE(o.date_end, 'infinity') THEN e.date_end END
                 FROM kh_price_adjustment_line l
                 JOIN product_pricelist_item i ON i.id = l.item_id
                 JOIN product_pricelist_item n ON n.id = l.new_item_id
                 JOIN kh_price_contract v ON v.supersedes_id = i.kh_contract_id
                 JOIN %(terms)s ON t.id = v.id
           CROSS JOIN LATERAL (SELECT CASE WHEN n.date_end < COALESCE(t.last, 'infinity')
                                           THEN n.date_end END AS date_end) e
                 JOIN product_pricelist_item o
                      ON o.kh_contract_id = v.id AND (%(key_o)s) = (%(key_i)s)
                WHERE l.adjustment_id = %(adjustment)s
                  AND o.kh_is_past IS NOT TRUE AND o.compute_price = 'fixed'
                  AND o.kh_uom_id IS NOT DISTINCT FROM i.kh_uom_id
                  AND abs(CASE WHEN o.kh_uom_id IS NULL THEN o.fixed_price
                               ELSE o.kh_uom_price END - l.old_price) < 0.0000005
                  AND COALESCE(e.date_end, 'infinity') >= GREATEST(t.start, o.date_start)
                  AND COALESCE(o.date_end, 'infinity') >= n.date_start
                  AND (n.min_quantity = i.min_quantity OR NOT EXISTS (
                       SELECT FROM product_pricelist_item x
                        WHERE x.kh_contract_id = v.id AND x.kh_is_past IS NOT TRUE
                          AND (%(key_x)s) = (%(key_n)s)))
             ORDER BY o.id, l.id""",
            now=fields.Datetime.now(),
            terms=self._sql_terms(),
            adjustment=adjustment.id,
            key_i=SQL(KEY, alias=i),
            key_n=SQL(KEY, alias=n),
            key_o=SQL(KEY, alias=o),
            key_x=SQL(KEY, alias=SQL.identifier("x")),
        )

    # === BUSINESS METHODS - TELLING === #

    def _get_overtaken(self, adjustment=None):
        """Return what has changed in the replaced contracts and is not in these, in one query.

        :param adjustment: only its prices
        :return: list of :class:`Overtaken`, of those that wait or begin on a later day

        Prices that came into a version after the change were set with it in sight, and count
        as decided. Reads past record rules: the replaced contract is one of the same dealer.
        """
        waiting = self.sudo().filtered(  # sudo: see above
            lambda contract: (
                contract.supersedes_id
                and (
                    contract.state in WAITING
                    or (contract.state == "active" and contract.date_start > contract._today())
                )
            )
        )
        if not waiting:
            return []
        items = self.env["product.pricelist.item"].sudo()  # sudo: see above
        items.flush_model()
        waiting.flush_model()
        self.env["kh.price.adjustment.line"].flush_model()
        rows = self.env.execute_query(waiting._sql_overtaken(adjustment))
        ids = {item_id for _version, *found in rows for item_id in found if item_id}
        known = {item.id: item for item in items.browse(sorted(ids))}
        return [
            Overtaken(version_id, *(known.get(item_id, items.browse()) for item_id in found))
            for version_id, *found in rows
        ]

    def _sql_overtaken(self, adjustment):
        """Select ``(contract, new row, former row, own line)``; rows that are back are none."""
        n, o = SQL.identifier("n"), SQL.identifier("o")
        return SQL(
            """SELECT DISTINCT ON (v.id, n.id) v.id, n.id, COALESCE(l.item_id, f.id), o.id
                 FROM kh_price_contract v
                 JOIN %(terms)s ON t.id = v.id
                 JOIN product_pricelist_item n ON n.kh_contract_id = v.supersedes_id
            LEFT JOIN kh_price_adjustment a ON a.id = n.kh_adjustment_id
            LEFT JOIN kh_price_adjustment_line l
                      ON l.adjustment_id = a.id AND l.new_item_id = n.id
            LEFT JOIN product_pricelist_item f
                      ON a.id IS NULL AND f.kh_contract_id = n.kh_contract_id
                     AND f.date_end = n.date_start - interval '1 second'
                     AND f.applied_on = n.applied_on
                     AND f.product_id IS NOT DISTINCT FROM n.product_id
                     AND f.product_tmpl_id IS NOT DISTINCT FROM n.product_tmpl_id
                     AND f.categ_id IS NOT DISTINCT FROM n.categ_id
                     AND f.kh_is_past
            LEFT JOIN product_pricelist_item o
                      ON o.kh_contract_id = v.id AND o.kh_is_past IS NOT TRUE
                     AND (%(key_o)s) = (%(key_n)s)
                     AND COALESCE(o.date_start, '-infinity') <= GREATEST(n.date_start, t.start)
                     AND COALESCE(o.date_end, 'infinity') >= GREATEST(n.date_start, t.start)
                WHERE n.kh_is_past IS NOT TRUE
                  AND (a.id IS NULL AND n.kh_changed_uid IS NOT NULL OR l.id IS NOT NULL)
                  AND %(only)s
                  AND (n.date_end IS NULL OR n.date_end >= COALESCE(t.last, 'infinity')
                       OR n.date_end >= GREATEST(%(now)s, t.start))
                  AND date_trunc('second', COALESCE(o.create_date, v.create_date))
                      <= COALESCE(a.date_applied, n.date_start)
                  AND (o.id IS NULL OR o.compute_price <> n.compute_price
                       OR CASE WHEN n.compute_price <> 'fixed'
                               THEN (n.base, n.percent_price, n.price_discount,
                                     n.price_surcharge)
                                    IS DISTINCT FROM
                                    (o.base, o.percent_price, o.price_discount,
                                     o.price_surcharge)
                               WHEN n.kh_uom_id = o.kh_uom_id
                               THEN abs(n.kh_uom_price - o.kh_uom_price) > 0.0000005
                               ELSE abs(n.fixed_price - o.fixed_price) > 0.0000005 END)
             ORDER BY v.id, n.id, o.date_start DESC NULLS LAST, o.id, f.id""",
            terms=self._sql_terms(),
            only=SQL("a.id = %s", adjustment.id) if adjustment else SQL("TRUE"),
            now=fields.Datetime.now(),
            key_n=SQL(KEY, alias=n),
            key_o=SQL(KEY, alias=o),
        )

    @api.model
    def _overtaken_texts(self, overtaken):
        """Return a text for each price, in the language of the environment."""
        texts = []
        for one in overtaken[:LISTED]:
            new, former, own = (item.with_env(self.env).sudo() for item in one[1:])  # sudo: as read
            minimum = self.env._(", from %(minimum)g", minimum=new.min_quantity)
            texts.append(
                self.env._(
                    "%(product)s%(minimum)s: %(old)s → %(new)s; in this version %(own)s",
                    product=new._kh_target().display_name or new.name,
                    minimum=minimum if new.min_quantity else "",
                    old=former.price or "–",
                    new=new.price,
                    own=own.price or self.env._("no price"),
                )
            )
        if len(overtaken) > LISTED:
            texts.append(self.env._("and %(count)s more", count=len(overtaken) - LISTED))
        return texts

    @api.model
    def _overtaken_html(self, overtaken):
        lines = Markup("").join(
            Markup("<li>%s</li>") % text for text in self._overtaken_texts(overtaken)
        )
        return Markup('<ul class="mb-0">%s</ul>') % lines

    def _post_overtaken(self, text, overtaken):
        """Tell the chatter of one contract which prices it does not take over."""
        self.ensure_one()
        self.message_post(body=Markup("<p>%s</p>%s") % (text, self._overtaken_html(overtaken)))

    # === HOOKS - COPYING, APPROVAL === #

    def _copy_lines_from(self, source, *args, **kwargs):
        """Extend: an adjustment of the same moment is either in the copy or finds it.

        The dealer's row decides, as in `_apply`: who comes second is retried.
        """
        if source == self.supersedes_id:
            source._lock_dealers()
        return super()._copy_lines_from(source, *args, **kwargs)

    def action_submit(self):
        """Extend: the dealers' rows come before the contracts', as when prices are adjusted."""
        self.check_access("write")
        followers = self.filtered(lambda c: c.state == "draft" and c.supersedes_id)
        if followers:
            followers._lock_dealers()
        return super().action_submit()

    def _activate(self):
        """Extend: keep in the chatter which changed prices end with the replaced contract."""
        followers = self.filtered("supersedes_id")
        if followers:
            followers._lock_dealers()
        for contract in followers:
            if overtaken := contract._get_overtaken():
                contract._post_overtaken(
                    self.env._(
                        "In force with other prices than those that were changed in"
                        " %(contract)s since:",
                        contract=contract.sudo().supersedes_id.name,  # sudo: its number only
                    ),
                    overtaken,
                )
        return super()._activate()

    def _approval_summary(self):
        rows = super()._approval_summary()
        if overtaken := self._get_overtaken():
            label = self.env._("Changed since in the replaced contract")
            rows.append((label, "; ".join(self._overtaken_texts(overtaken))))
        return rows


class PriceAdjustment(models.Model):
    _inherit = "kh.price.adjustment"

    # === BUSINESS METHODS === #

    def _update_versions(self):
        """Carry an applied adjustment to the versions that wait, or tell them."""
        self.ensure_one()
        versions = self.contract_id._get_waiting_versions()
        followed = versions._follow_adjustment(self)
        overtaken = {}
        for one in versions._get_overtaken(self):
            overtaken.setdefault(one.version_id, []).append(one)
        for version in versions:
            if count := followed.get(version.id):
                version.message_post(
                    body=self.env._(
                        "%(count)s prices follow price adjustment %(adjustment)s of %(contract)s.",
                        count=count,
                        adjustment=self.name,
                        contract=self.contract_id.name,
                    )
                )
            if missed := overtaken.get(version.id):
                version._post_overtaken(
                    self.env._(
                        "Price adjustment %(adjustment)s of %(contract)s is not in this version:",
                        adjustment=self.name,
                        contract=self.contract_id.name,
                    ),
                    missed,
                )
