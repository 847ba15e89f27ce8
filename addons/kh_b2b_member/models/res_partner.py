from odoo import api, fields, models
from odoo.exceptions import AccessError
from odoo.tools import SQL

MEMBER_TYPES = [("personal", "Personal"), ("vip", "VIP"), ("company", "Company")]
# Types of members who are no company: they show their identity in place of a licence.
PERSON_TYPES = ("personal", "vip")


class ResPartner(models.Model):
    _inherit = "res.partner"

    # A dealer (经销商) is an admitted commercial entity. Level = core `grade_id`,
    # salesperson = core `user_id`, unified social credit code = core `vat`.
    kh_is_dealer = fields.Boolean(
        string="Dealer", copy=False, index="btree_not_null", tracking=True
    )
    kh_member_type = fields.Selection(
        MEMBER_TYPES, string="Member Type", tracking=True, help="Set by the admission."
    )
    kh_sales_area_ids = fields.Many2many(
        "kh.sales.area",
        "kh_sales_area_res_partner_rel",
        "partner_id",
        "area_id",
        string="Sales Areas",
        tracking=True,
    )
    user_id = fields.Many2one(tracking=True)
    # fapiao data (开票资料)
    kh_invoice_title = fields.Char(string="Invoice Title", tracking=True)
    kh_invoice_address = fields.Char(string="Invoice Address")
    kh_invoice_phone = fields.Char(string="Invoice Phone")
    kh_application_ids = fields.One2many(
        "kh.member.application", "partner_id", string="Applications"
    )

    # === CRUD METHODS === #
    @api.model_create_multi
    def create(self, vals_list):
        default = self.env.context.get("default_kh_is_dealer")
        if any(vals.get("kh_is_dealer", default) for vals in vals_list):
            self._ensure_can_set_dealer()
        return super().create(vals_list)

    def write(self, vals):
        if "kh_is_dealer" in vals:
            is_dealer = bool(vals["kh_is_dealer"])
            if any(partner.kh_is_dealer != is_dealer for partner in self):
                self._ensure_can_set_dealer()
        return super().write(vals)

    # === BUSINESS METHODS === #
    def _kh_family_ids(self):
        """Return the ids of a partner and of all below it: what ``child_of`` finds.

        That one asks the database once for each generation, on every page of a dealer.

        :return: list of ids, archived ones too; empty for an empty recordset
        """
        self.env["res.partner"].flush_model(["parent_id"])
        rows = self.env.execute_query(
            SQL(
                """
                WITH RECURSIVE family AS (
                    SELECT id FROM res_partner WHERE id = ANY(%s)
                     UNION
                    SELECT member.id
                      FROM res_partner member JOIN family ON member.parent_id = family.id
                )
                SELECT id FROM family
                """,
                self.ids,
            )
        )
        return [row[0] for row in rows]

    def _kh_get_invoice_title(self):
        """Return the name on invoices to this address (发票抬头): its own, or its company's."""
        self.ensure_one()
        if self.type == "invoice" and self.name:
            return self.name
        # sudo: a colleague's company, whose name the reader sees on every page
        company_sudo = self.sudo().commercial_partner_id
        return company_sudo.kh_invoice_title or company_sudo.name

    def _ensure_can_set_dealer(self):
        """Raise unless the admission (as superuser) or a B2B administrator is at work."""
        if self.env.su or self.env.user.has_group("kh_b2b_member.group_b2b_administrator"):
            return
        raise AccessError(self.env._("A company becomes a dealer by its admission only."))
