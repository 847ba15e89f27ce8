from odoo import api, models
from odoo.tools import SQL

# Models of core, named because each also takes a mixin: their access rows are core's.


class ResPartner(models.Model):
    """A dealer and its contacts follow the dealer; everybody else is not under data rights."""

    _name = "res.partner"
    _inherit = ["res.partner", "kh.data.scope.mixin"]
    _kh_scope_field = "commercial_partner_id"
    _kh_scope_is_commercial = True

    def write(self, vals):
        result = super().write(vals)
        names = {"user_id", "kh_sales_area_ids", "kh_is_dealer", "parent_id"}
        if not names.isdisjoint(vals):
            self._kh_forget_scope()
        return result


class SalesArea(models.Model):
    _inherit = "kh.sales.area"

    def write(self, vals):
        result = super().write(vals)
        if "parent_id" in vals:
            self.env["kh.data.scope.mixin"]._kh_forget_scope()
        return result


class ResPartnerBank(models.Model):
    _name = "res.partner.bank"
    _inherit = ["res.partner.bank", "kh.data.scope.mixin"]


class SaleOrder(models.Model):
    _name = "sale.order"
    _inherit = ["sale.order", "kh.data.scope.mixin"]


class SaleOrderLine(models.Model):
    _name = "sale.order.line"
    _inherit = ["sale.order.line", "kh.data.scope.mixin"]
    _kh_scope_field = "order_partner_id"


class SaleReport(models.Model):
    _name = "sale.report"
    _inherit = ["sale.report", "kh.data.scope.mixin"]
    _kh_scope_field = "commercial_partner_id"
    _kh_scope_is_commercial = True


class AccountMove(models.Model):
    _name = "account.move"
    _inherit = ["account.move", "kh.data.scope.mixin"]
    _kh_scope_field = "commercial_partner_id"
    _kh_scope_is_commercial = True


class AccountInvoiceReport(models.Model):
    _name = "account.invoice.report"
    _inherit = ["account.invoice.report", "kh.data.scope.mixin"]
    _kh_scope_field = "commercial_partner_id"
    _kh_scope_is_commercial = True


class AccountMoveLine(models.Model):
    _name = "account.move.line"
    _inherit = ["account.move.line", "kh.data.scope.mixin"]


class AccountPayment(models.Model):
    _name = "account.payment"
    _inherit = ["account.payment", "kh.data.scope.mixin"]


class PaymentToken(models.Model):
    _name = "payment.token"
    _inherit = ["payment.token", "kh.data.scope.mixin"]


class PaymentTransaction(models.Model):
    _name = "payment.transaction"
    _inherit = ["payment.transaction", "kh.data.scope.mixin"]


class MemberGrant(models.Model):
    _name = "kh.member.grant"
    _inherit = ["kh.member.grant", "kh.data.scope.mixin"]


class MemberApplication(models.Model):
    """An application has no dealer yet: its own salesperson and areas decide."""

    _name = "kh.member.application"
    _inherit = ["kh.member.application", "kh.data.scope.mixin"]

    @api.model
    def _kh_get_scope_depends(self):
        return ["salesperson_id", "sales_area_ids"]

    @api.model
    def _kh_scope_to_sql(self, scope, model, alias, query):
        salesperson = model._field_to_sql(alias, "salesperson_id", query)
        relation = SQL("kh_member_application_sales_area_rel")
        record = SQL("%s.id", SQL.identifier(alias))
        rows = SQL("r.application_id = %s", record)
        conditions = [
            self._kh_scope_user_sql(scope, salesperson),
            self._kh_scope_area_sql(scope, relation, rows),
        ]
        if not scope.user_id:
            # whoever works for areas takes in what has none yet
            conditions.append(SQL("NOT EXISTS (SELECT 1 FROM %s r WHERE %s)", relation, rows))
        return SQL(
            "COALESCE(%s, FALSE)",
            SQL(" OR ").join(conditions),
            to_flush=self._fields["sales_area_ids"],
        )
