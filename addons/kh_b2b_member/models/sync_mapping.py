from datetime import datetime

from odoo import api, fields, models
from odoo.exceptions import ValidationError

from ..engine import sync_rows
from .sync_source import POLICIES

TRANSFORMS = [
    ("none", "As it is"),
    ("map", "Translate values"),
    ("constant", "Always this value"),
    ("upper", "Capitals"),
    ("lower", "Small letters"),
    ("digits", "Digits only"),
    ("date", "Date"),
]


class SyncMapping(models.Model):
    """Where in a row of the ERP one of our fields is found (字段映射)."""

    _name = "kh.sync.mapping"
    _description = "ERP Field Mapping"
    _order = "sequence, id"

    source_id = fields.Many2one("kh.sync.source", required=True, ondelete="cascade", index=True)
    company_id = fields.Many2one(related="source_id.company_id", store=True)
    sequence = fields.Integer(default=10)
    path = fields.Char(
        string="In the ERP",
        help="Name or path, e.g. cust_no or address.city; for files the header.",
    )
    target = fields.Selection(selection="_selection_target", string="Our Field", required=True)
    transform = fields.Selection(TRANSFORMS, required=True, default="none")
    argument = fields.Text(
        string="Rule",
        help="Translate values: one “theirs = ours” per line, “* = x” for all others. Date: its "
        "form, e.g. %Y/%m/%d; empty for ISO dates. Always this value: the value.",
    )
    policy = fields.Selection(
        POLICIES, string="Changed on Both Sides", help="Empty: as the source says."
    )

    _target_once = models.UniqueIndex(
        "(source_id, target)", "Each of our fields can be mapped once only."
    )

    @api.model
    def _selection_target(self):
        labels = self._get_target_labels()
        return [
            (name, labels.get(name, name)) for name in self.env["kh.sync.engine"]._get_targets()
        ]

    @api.model
    def _get_target_labels(self):
        """Return `{target: label}`; add-ons with targets of their own add theirs."""
        _ = self.env._
        return {
            "code": _("ERP Code"), "version": _("Version of the Row"),
            "portal": _("Open Portal Account"), "name": _("Name"),
            "vat": _("Unified Social Credit Code"), "member_type": _("Member Type"),
            "phone": _("Phone"), "email": _("E-mail"), "country": _("Country"),
            "state": _("Province"), "city": _("City"), "street": _("Street"),
            "street2": _("District"), "zip": _("ZIP"), "level": _("Member Level"),
            "areas": _("Sales Areas"), "salesperson": _("Salesperson"),
            "invoice_title": _("Invoice Title"), "invoice_address": _("Invoice Address"),
            "invoice_phone": _("Invoice Phone"), "manager_name": _("Manager"),
            "manager_phone": _("Manager's Phone"), "manager_email": _("Manager's E-mail"),
            "manager_function": _("Manager's Position"), "bank_name": _("Bank"),
            "bank_account": _("Bank Account"), "active": _("Active"),
        }  # fmt: skip

    @api.constrains("path", "transform", "argument")
    def _check_rule(self):
        for line in self:
            if line.transform != "constant" and not line.path:
                raise ValidationError(self.env._("Say where in the ERP the field is found."))
            if line.transform == "map" and not sync_rows.parse_value_map(line.argument):
                raise ValidationError(
                    self.env._("Write the values as “theirs = ours”, one a line.")
                )
            if line.transform == "date" and line.argument and not self._is_date_form(line.argument):
                raise ValidationError(
                    self.env._("“%(form)s” is no form of a date.", form=line.argument)
                )

    @api.model
    def _is_date_form(self, form):
        moment = datetime(2026, 11, 22, 10, 30)
        try:
            return datetime.strptime(moment.strftime(form), form).year == moment.year
        except ValueError:
            return False
