from typing import NamedTuple

from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.tools import SQL

from ..engine.compare import AskedRow

SHARES = [
    ("private", "Only me"),
    ("read", "Colleagues may read"),
    ("edit", "Colleagues may change"),
]
# Who may see a list, and whose it is, is decided by its owner only.
OWNER_FIELDS = {"share", "active"}
# A list stays where it was made.
FIXED_FIELDS = {"owner_id", "partner_id"}
HISTORY_DAYS = 90
HISTORY_LIMIT = 100
KEEP_DELETED_DAYS = 30


class ListConflict(NamedTuple):
    """A quantity that a colleague changed meanwhile; `theirs` is 0 where the row is gone."""

    name: str
    mine: float
    theirs: float


class PurchaseList(models.Model):
    """Goods that a dealer buys again and again (采购清单, M-63).

    Private, or shared inside the dealer's company for reading or editing. Quantities are
    changed by compare-and-set: what a colleague saved meanwhile is never lost without a word.
    """

    _name = "kh.purchase.list"
    _description = "Purchase List"
    _inherit = ["kh.data.scope.mixin"]
    _order = "write_date desc, id desc"
    _kh_scope_is_commercial = True

    # === FIELDS === #
    name = fields.Char(required=True)
    active = fields.Boolean(default=True, copy=False)
    partner_id = fields.Many2one(
        "res.partner",
        "Dealer",
        required=True,
        ondelete="cascade",
        index=True,
        default=lambda self: self._default_partner_id(),
    )
    owner_id = fields.Many2one(
        "res.users",
        "Owner",
        required=True,
        ondelete="cascade",
        default=lambda self: self.env.user,
        copy=False,
    )
    share = fields.Selection(SHARES, "Shared", required=True, default="private", copy=False)
    line_ids = fields.One2many("kh.purchase.list.line", "list_id", "Products", copy=True)
    line_count = fields.Integer("Kinds", compute="_compute_line_count")
    version = fields.Integer(
        default=0, readonly=True, copy=False, help="Counts the changes, for those who edit it."
    )

    # === DEFAULT METHODS === #
    def _default_partner_id(self):
        return self.env.user.partner_id.commercial_partner_id

    # === COMPUTE METHODS === #
    @api.depends("line_ids")
    def _compute_line_count(self):
        counts = dict(
            self.env["kh.purchase.list.line"]._read_group(
                [("list_id", "in", self.ids)], ["list_id"], ["__count"]
            )
        )
        for purchase_list in self:
            purchase_list.line_count = counts.get(purchase_list._origin, 0)

    # === CRUD METHODS === #
    def write(self, vals):
        if not self.env.su:
            if OWNER_FIELDS & vals.keys():
                self._ensure_owner()
            if FIXED_FIELDS & vals.keys():
                raise AccessError(self.env._("A purchase list stays with its owner and company."))
        return super().write(vals)

    def copy_data(self, default=None):
        vals_list = super().copy_data(default)
        for purchase_list, vals in zip(self, vals_list, strict=True):
            if "name" not in (default or {}):
                vals["name"] = self.env._("%s (copy)", purchase_list.name)
        return vals_list

    @api.ondelete(at_uninstall=False)
    def _unlink_except_of_others(self):
        if not self.env.su:
            self._ensure_owner()

    # === BUSINESS METHODS - RIGHTS === #
    def _ensure_owner(self):
        if any(purchase_list.owner_id != self.env.user for purchase_list in self):
            raise AccessError(self.env._("Only its owner shares or deletes a purchase list."))

    # === BUSINESS METHODS - CHANGE === #
    def _kh_lock(self):
        """Lock the rows of these lists and count the change: a waiter is repeated, and sees it."""
        self.check_access("write")
        if not self.ids:
            return
        self.flush_recordset()
        self.env.execute_query(
            SQL(
                """
                UPDATE kh_purchase_list SET version = version + 1, write_uid = %s,
                       write_date = now() AT TIME ZONE 'UTC'
                 WHERE id IN (
                    SELECT id FROM kh_purchase_list WHERE id IN %s ORDER BY id FOR UPDATE
                 ) RETURNING id
                """,
                self.env.uid,
                tuple(self.ids),
            )
        )
        self.invalidate_recordset(["version", "write_date", "write_uid"])
        self.line_ids.invalidate_recordset(["quantity"])

    def _kh_add_rows(self, rows):
        """Add goods; what is on the list already in that unit gets more. Two queries for reading.

        Goods of one's own orders may be hidden by now, so rows are not checked against what
        the user sees: who takes ids from a page does that first.

        :param list rows: ``[(product, quantity, uom)]``, records or ids; an empty unit is the
            product's own
        :return: the lines that were added or changed
        :raise ValidationError: a quantity is not above zero
        """
        self.ensure_one()
        self._kh_lock()
        ids = [(self._id_of(product), qty, self._id_of(uom)) for product, qty, uom in rows]
        # sudo: the unit of products that may be hidden from the dealer by now
        products_sudo = self.env["product.product"].sudo().browse({row[0] for row in ids}).exists()
        units = {product.id: product.uom_id.id for product in products_sudo}
        wanted = {}
        for product_id, quantity, uom_id in ids:
            if product_id not in units:
                continue
            if not quantity > 0:
                raise ValidationError(self.env._("The quantity must be above zero."))
            key = (product_id, uom_id or units[product_id])
            wanted[key] = wanted.get(key, 0.0) + quantity
        lines = {(line.product_id.id, line.product_uom_id.id): line for line in self.line_ids}
        touched = self.env["kh.purchase.list.line"]
        for key, quantity in wanted.items():
            if key in lines:
                lines[key].quantity += quantity
                touched |= lines[key]
        # sudo: see above; that the user may change the list is checked with its lock
        return touched | touched.sudo().create(
            [
                {
                    "list_id": self.id,
                    "product_id": product_id,
                    "product_uom_id": uom_id,
                    "quantity": quantity,
                }
                for (product_id, uom_id), quantity in wanted.items()
                if (product_id, uom_id) not in lines
            ]
        )

    @staticmethod
    def _id_of(value):
        return value.id if isinstance(value, models.BaseModel) else value

    def _kh_set_quantities(self, changes):
        """Change quantities, row by row only where nobody else changed them meanwhile.

        :param dict changes: ``{line id: (quantity the user saw, quantity wanted)}``; 0 removes
        :rtype: list[ListConflict] rows that were left as a colleague saved them
        """
        self.ensure_one()
        self._kh_lock()
        lines = {line.id: line for line in self.line_ids}
        conflicts, gone = [], self.env["kh.purchase.list.line"]
        for line_id, (seen, wanted) in changes.items():
            line = lines.get(line_id)
            if line is None:
                if wanted and not self._is_same(seen, wanted):
                    conflicts.append(ListConflict(self.env._("A removed row"), wanted, 0.0))
                continue
            if self._is_same(line.quantity, wanted):
                continue
            if not self._is_same(line.quantity, seen):
                if not self._is_same(seen, wanted):
                    # sudo: the name of a product that may be hidden by now
                    name = line.sudo().product_id.display_name
                    conflicts.append(ListConflict(name, wanted, line.quantity))
            elif wanted > 0:
                line.quantity = wanted
            else:
                gone |= line
        gone.unlink()
        return conflicts

    @api.model
    def _is_same(self, first, second):
        return self.env["sale.order"]._kh_is_same_quantity(first, second)

    def _kh_rename(self, vals, version):
        """Change name or sharing, unless somebody changed the list since `version`.

        :param dict vals: any of "name" and "share"
        :raise UserError: the list was changed meanwhile; nothing was written
        """
        self.ensure_one()
        self._kh_lock()
        if self.version != version + 1:
            raise UserError(
                self.env._(
                    "A colleague has just changed the list “%s”. Check it and save again.",
                    self.name,
                )
            )
        self.write(vals)

    # === BUSINESS METHODS - READ === #
    def _kh_get_asked_rows(self):
        """Return the goods of the list for `sale.order._kh_compare_rows`."""
        return self.line_ids._kh_get_asked_rows()

    @api.model
    def _kh_find_history(self, partner, company, days=HISTORY_DAYS, limit=HISTORY_LIMIT):
        """Find what a dealer bought most often lately, the most frequent first; one query.

        :param partner: the dealer, whose company counts
        :return: ``[(product id, quantity of the last time, uom id)]``
        """
        self.env["sale.order.line"].flush_model()
        self.env["sale.order"].flush_model()
        since = fields.Datetime.subtract(fields.Datetime.now(), days=days)
        return self.env.execute_query(
            SQL(
                """
                SELECT l.product_id,
                       (array_agg(l.product_uom_qty::float8
                                  ORDER BY o.date_order DESC, l.id DESC))[1],
                       (array_agg(l.product_uom_id ORDER BY o.date_order DESC, l.id DESC))[1]
                  FROM sale_order_line l
                  JOIN sale_order o ON o.id = l.order_id
                  JOIN res_partner p ON p.id = o.partner_id
                  JOIN product_product product ON product.id = l.product_id
                 WHERE p.commercial_partner_id = %(dealer)s AND o.company_id = %(company)s
                   AND o.state IN ('sent', 'sale') AND o.date_order >= %(since)s
                   AND l.product_uom_qty > 0 AND l.display_type IS NULL AND product.active
                   AND l.is_delivery IS NOT TRUE AND l.is_downpayment IS NOT TRUE
                   AND l.kh_is_auxiliary IS NOT TRUE
                 GROUP BY l.product_id
                 ORDER BY COUNT(DISTINCT o.id) DESC, MAX(o.date_order) DESC, l.product_id
                 LIMIT %(limit)s
                """,
                dealer=partner.commercial_partner_id.id,
                company=company.id,
                since=since,
                limit=limit,
            )
        )

    # === CRON === #
    @api.autovacuum
    def _gc_deleted(self):
        """Forget lists that were deleted a while ago: until then deleting can be undone."""
        limit = fields.Datetime.subtract(fields.Datetime.now(), days=KEEP_DELETED_DAYS)
        self.search([("active", "=", False), ("write_date", "<", limit)], limit=1000).unlink()


class PurchaseListLine(models.Model):
    """One product of a purchase list, in one unit."""

    _name = "kh.purchase.list.line"
    _description = "Purchase List Line"
    _order = "sequence, id"

    # === FIELDS === #
    list_id = fields.Many2one("kh.purchase.list", required=True, ondelete="cascade", index=True)
    sequence = fields.Integer(default=10)
    product_id = fields.Many2one("product.product", required=True, ondelete="cascade")
    product_uom_id = fields.Many2one("uom.uom", "Unit", required=True)
    quantity = fields.Float(digits="Product Unit", required=True, default=1.0)
    note = fields.Char()
    _quantity_positive = models.Constraint(
        "CHECK (quantity > 0)", "The quantity on a purchase list must be above zero."
    )
    _product_unique = models.UniqueIndex(
        "(list_id, product_id, product_uom_id)", "The product is on this list already."
    )

    # === CRUD METHODS === #
    @api.model_create_multi
    def create(self, vals_list):
        lines = super().create(vals_list)
        lines._ensure_visible()
        return lines

    def write(self, vals):
        result = super().write(vals)
        if "list_id" in vals:
            self.list_id.check_access("write")
        if "product_id" in vals:
            self._ensure_visible()
        return result

    # === BUSINESS METHODS === #
    def _ensure_visible(self):
        """Refuse products that the user may not see: the list would tell their names."""
        self.product_id.check_access("read")

    def _kh_get_asked_rows(self):
        """Return these rows for `sale.order._kh_compare_rows`."""
        return [
            AskedRow(line.product_id.id, line.quantity, line.product_uom_id.id) for line in self
        ]
