from functools import partial
from typing import NamedTuple

from odoo import api, fields, models
from odoo.fields import Domain
from odoo.tools import SQL

# Ladder of the sales hierarchy; who has only these sees the dealers of their own people.
SALESPERSON = "kh_b2b_member.group_b2b_salesperson"
SUPERVISOR = "kh_b2b_member.group_b2b_supervisor"


class DataScope(NamedTuple):
    """Which dealers a user may see (数据范围): all of them, or those of people and areas.

    `user_id` is the salesperson whose dealers count, 0 for nobody; with `has_team` also the
    dealers of everybody below. `area_ids` count with the areas below them.
    """

    is_everything: bool
    user_id: int = 0
    has_team: bool = False
    area_ids: tuple[int, ...] = ()


class DataScopeMixin(models.AbstractModel):
    """Documents that name a dealer and follow the data rights on dealers (数据权限).

    A model inherits this mixin, says which field holds the partner and gets a global record
    rule `[("kh_in_scope", "=", True)]`. The field has a search method, so the rule is evaluated
    for each query and is no part of the SQL for users without a limit.
    """

    _name = "kh.data.scope.mixin"
    _description = "Documents under Data Rights"

    # Name of the many2one to the partner; True below if it is always the commercial partner.
    _kh_scope_field = "partner_id"
    _kh_scope_is_commercial = False

    kh_in_scope = fields.Boolean(
        compute="_compute_kh_in_scope",
        search="_search_kh_in_scope",
        export_string_translation=False,
        string="In My Data Range",
    )

    # === COMPUTE METHODS === #
    @api.depends(lambda self: self._kh_get_scope_depends())
    @api.depends_context("uid")
    def _compute_kh_in_scope(self):
        self.kh_in_scope = True
        domain = self._kh_get_scope_domain()
        stored = self.filtered("id")
        if domain.is_true() or not stored:
            return
        # sudo: this is what the record rule asks; the domain holds the user's own limits
        records = self.sudo().with_context(active_test=False)
        visible = set(records._search(domain & Domain("id", "in", stored.ids)).get_result_ids())
        for record in stored:
            record.kh_in_scope = record.id in visible

    @api.model
    def _search_kh_in_scope(self, operator, value):
        if operator != "in" or set(value) != {True}:
            return NotImplemented
        return self._kh_get_scope_domain()

    # === BUSINESS METHODS === #
    @api.model
    def _kh_get_scope_depends(self):
        """Return the fields of the document that say whose it is; dealers see below."""
        return [self._kh_scope_field] if self._kh_scope_field in self._fields else []

    @api.model
    def _kh_forget_scope(self):
        """Ask anew who sees what: a dealer, an area or the range of a user has changed."""
        for name in self.env.registry.descendants(["kh.data.scope.mixin"], "_inherit"):
            if not self.env[name]._abstract:
                self.env[name].invalidate_model(["kh_in_scope"], flush=False)

    @api.model
    def _kh_get_scope_domain(self):
        """Return the documents of dealers the current user may see, and of everybody else.

        :rtype: Domain
        """
        scope = self.env.user._kh_get_data_scope()
        if scope.is_everything:
            return Domain.TRUE
        return Domain.custom(to_sql=partial(self._kh_scope_to_sql, scope))

    @api.model
    def _kh_scope_to_sql(self, scope, model, alias, query):
        """Return the condition "not of a dealer out of scope", one anti-join."""
        partner = self._kh_scope_partner_sql(model, alias, query)
        if self._kh_scope_is_commercial:
            dealer = SQL("FROM res_partner d WHERE d.id = %s", partner)
        else:
            dealer = SQL(
                "FROM res_partner p JOIN res_partner d ON d.id = p.commercial_partner_id"
                " WHERE p.id = %s",
                partner,
            )
        partner_fields = self.env["res.partner"]._fields
        names = ("commercial_partner_id", "kh_is_dealer", "user_id", "kh_sales_area_ids")
        return SQL(
            "NOT EXISTS (SELECT 1 %s AND d.kh_is_dealer AND NOT COALESCE(%s, FALSE))",
            dealer,
            self._kh_scope_dealer_sql(scope, SQL("d.user_id"), SQL("d.id")),
            to_flush=[partner_fields[name] for name in names],
        )

    @api.model
    def _kh_scope_partner_sql(self, model, alias, query):
        """Return whose document it is (hook): by default the partner in `_kh_scope_field`."""
        return model._field_to_sql(alias, self._kh_scope_field, query)

    @api.model
    def _kh_scope_dealer_sql(self, scope, user_sql, dealer_sql):
        """Return whether a dealer is in scope, by its salesperson or by its areas."""
        return SQL(
            "(%s OR %s)",
            self._kh_scope_user_sql(scope, user_sql),
            self._kh_scope_area_sql(
                scope, SQL("kh_sales_area_res_partner_rel"), SQL("r.partner_id = %s", dealer_sql)
            ),
        )

    @api.model
    def _kh_scope_user_sql(self, scope, user_sql):
        """Return whether the salesperson is the user or, for supervisors, one of the team."""
        if not scope.user_id:
            return SQL("FALSE")
        if not scope.has_team:
            return SQL("%s = %s", user_sql, scope.user_id)
        supervisor = self.env["res.users"]._fields["kh_supervisor_id"]
        return SQL(
            "%s IN (WITH RECURSIVE team AS (SELECT %s AS id UNION SELECT u.id FROM res_users u"
            " JOIN team ON u.kh_supervisor_id = team.id) SELECT id FROM team)",
            user_sql,
            scope.user_id,
            to_flush=supervisor,
        )

    @api.model
    def _kh_scope_area_sql(self, scope, relation, condition):
        """Return whether one of the record's areas lies in the areas of the scope.

        :param SQL relation: many2many table, known as `r`, with a column `area_id`
        :param SQL condition: which of its rows belong to the record
        """
        if not scope.area_ids:
            return SQL("FALSE")
        path = self.env["kh.sales.area"]._fields["parent_path"]
        return SQL(
            "EXISTS (SELECT 1 FROM %s r JOIN kh_sales_area a ON a.id = r.area_id"
            " JOIN kh_sales_area top ON starts_with(a.parent_path, top.parent_path)"
            " WHERE %s AND top.id IN %s)",
            relation,
            condition,
            scope.area_ids,
            to_flush=path,
        )
