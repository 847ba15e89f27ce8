from odoo import api, fields, models
from odoo.exceptions import ValidationError


class SalesArea(models.Model):
    """Where a dealer may sell: a tree of regions, provinces, cities (销售区域)."""

    _name = "kh.sales.area"
    _description = "Sales Area"
    _parent_store = True
    _order = "complete_name, id"
    _rec_names_search = ["name", "code", "complete_name"]
    _check_company_auto = True

    # === FIELDS === #
    name = fields.Char(required=True, translate=True)
    code = fields.Char(index="btree_not_null")
    complete_name = fields.Char(
        compute="_compute_complete_name", recursive=True, store=True, string="Full Name"
    )
    parent_id = fields.Many2one(
        "kh.sales.area", string="Part of", index=True, ondelete="restrict", check_company=True
    )
    parent_path = fields.Char(index=True)
    child_ids = fields.One2many("kh.sales.area", "parent_id", string="Sub-areas")
    company_id = fields.Many2one("res.company", help="Empty: for all companies.")
    active = fields.Boolean(default=True)
    dealer_count = fields.Integer(compute="_compute_dealer_count", string="Dealers")

    _code_company = models.UniqueIndex(
        "(code, COALESCE(company_id, 0)) WHERE code IS NOT NULL",
        "A sales area with this code exists already.",
    )

    # === COMPUTE METHODS === #
    @api.depends("name", "parent_id.complete_name")
    def _compute_complete_name(self):
        for area in self:
            parent = area.parent_id.complete_name
            area.complete_name = f"{parent} / {area.name}" if parent else area.name

    @api.depends("name", "parent_id")
    @api.depends_context("lang")
    def _compute_display_name(self):
        for area in self:
            names = []
            node = area
            while node:
                names.append(node.name or "")
                node = node.parent_id
            area.display_name = " / ".join(reversed(names))

    def _compute_dealer_count(self):
        """Dealers of the area and all areas below it."""
        counts = dict(
            self.env["res.partner"]._read_group(
                [("kh_is_dealer", "=", True), ("kh_sales_area_ids", "child_of", self.ids)],
                ["kh_sales_area_ids"],
                ["__count"],
            )
        )
        for area in self:
            area.dealer_count = sum(
                count
                for below, count in counts.items()
                if (below.parent_path or "").startswith(area.parent_path or "-")
            )

    # === CONSTRAINTS === #
    @api.constrains("parent_id")
    def _check_parent(self):
        if self._has_cycle():
            raise ValidationError(self.env._("A sales area cannot be a part of itself."))

    # === ACTION METHODS === #
    def action_open_dealers(self):
        self.ensure_one()
        action = self.env["ir.actions.act_window"]._for_xml_id(
            "kh_b2b_member.res_partner_action_dealer"
        )
        action["domain"] = [
            ("kh_is_dealer", "=", True),
            ("kh_sales_area_ids", "child_of", self.ids),
        ]
        return action
