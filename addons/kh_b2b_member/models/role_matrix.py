from collections import defaultdict

from odoo import api, models
from odoo.exceptions import AccessError
from odoo.fields import Domain

from .role_scope import SALESPERSON, SUPERVISOR

OPERATIONS = ("read", "write", "create", "unlink")
# Tables of core whose rights matter for selling to dealers; beside all of ours.
MAIN_MODELS = (
    "res.partner",
    "sale.order",
    "product.template",
    "product.pricelist",
    "product.pricelist.item",
    "stock.picking",
    "account.move",
    "account.payment",
    "payment.transaction",
    "res.users",
    "res.users.role",
)
ALWAYS = ("", "[]", "[(1,'=',1)]")


class RoleMatrix(models.AbstractModel):
    """What roles, or one user by which role, may do (权限矩阵).

    Columns are sets of groups: roles, or for one user the effective rights, each role and what
    was given by hand. Rows are modules, functions, approval steps, data rights and objects.
    All is computed in a fixed number of queries from menus, access rights, record rules and
    approval flows, so it cannot differ from what is in force.
    """

    _name = "kh.role.matrix"
    _description = "Rights Matrix"

    # === BUSINESS METHODS === #
    @api.model
    def get_matrix(self, role_ids=None, user_id=None, is_complete=False):
        """Return columns and sections with rows and cells, ready to show.

        :param list role_ids: roles to compare; empty: all
        :param int user_id: show the rights of this user instead
        :param bool is_complete: all objects and menus, not only those of B2B
        :rtype: dict
        """
        if user_id:
            user = self.env["res.users"].browse(int(user_id))
            user._kh_ensure_can_see_rights()
            columns = self._get_user_columns(user)
            title = self.env._("Rights of %(user)s", user=user.name)
        else:
            self._ensure_can_see_roles()
            user = self.env["res.users"]
            columns = self._get_role_columns(role_ids)
            title = self.env._("Rights Matrix")
        # sudo: menus, access rights and rules are read as they are in force, names only
        matrix = self.sudo()
        access = matrix._get_access(is_complete)
        sections = [
            ("module", self.env._("Modules"), matrix._get_module_rows(columns)),
            ("function", self.env._("Functions"), matrix._get_function_rows(columns, is_complete)),
            ("approval", self.env._("Approval"), matrix._get_approval_rows(columns, user)),
            ("data", self.env._("Data"), matrix._get_data_rows(columns, user, access)),
            ("object", self.env._("Read and Write"), matrix._get_object_rows(columns, access)),
        ]
        return {
            "title": title,
            "user": self._describe_user(user),
            "columns": [{k: v for k, v in column.items() if k != "groups"} for column in columns],
            "sections": [{"key": k, "name": name, "rows": rows} for k, name, rows in sections],
        }

    @api.model
    def _ensure_can_see_roles(self):
        if not self.env.user.has_groups(
            "kh_b2b_member.group_b2b_administrator,base.group_erp_manager"
        ):
            raise AccessError(self.env._("Only administrators see the rights of roles."))

    @api.model
    def _get_id(self, xmlid):
        """Return the id of a group, from the cache; `env.ref` would ask each time."""
        return self.env["ir.model.data"]._xmlid_to_res_id(xmlid, raise_if_not_found=True)

    @api.model
    def _describe_user(self, user):
        """Return what is to know of the user beside rights, as (label, value)."""
        if not user:
            return []
        # sudo: departments, areas and supervisor of the user the caller may see
        user_sudo = user.sudo()
        facts = [
            (self.env._("Login"), user_sudo.login),
            (self.env._("Companies"), ", ".join(user_sudo.company_ids.mapped("name"))),
            (
                self.env._("Departments"),
                ", ".join(user_sudo.kh_department_ids.mapped("display_name")),
            ),
            (self.env._("Supervisor"), user_sudo.kh_supervisor_id.name),
            (
                self.env._("Data Areas"),
                ", ".join(user_sudo.kh_data_area_ids.mapped("display_name")),
            ),
        ]
        return [{"label": label, "value": value} for label, value in facts if value]

    # === BUSINESS METHODS - COLUMNS === #
    @api.model
    def _get_role_columns(self, role_ids):
        # sudo: the caller may see roles; their groups are read whole
        roles = self.env["res.users.role"].sudo()
        domain = Domain("id", "in", [int(role) for role in role_ids]) if role_ids else Domain.TRUE
        return [
            self._prepare_column(role, ", ".join(role.kh_department_ids.mapped("display_name")))
            for role in roles.search(domain)
        ]

    @api.model
    def _prepare_column(self, role, note, is_valid=True):
        return {
            "key": f"role_{role.id}",
            "role_id": role.id,
            "name": role.name,
            "note": note,
            "groups": role.group_id._kh_get_closure() if is_valid else set(),
        }

    @api.model
    def _get_user_columns(self, user):
        """Return the effective rights, each role of the user and what comes from no role."""
        user_sudo = user.sudo()  # sudo: the caller was checked; roles are for administrators
        columns = []
        by_roles = set()
        for line in user_sudo.with_context(active_test=False).role_line_ids:
            columns.append(
                self._prepare_column(line.role_id, self._describe_validity(line), line.is_enabled)
            )
            by_roles |= columns[-1]["groups"]
        by_hand = user_sudo.group_ids._kh_get_closure() - by_roles
        effective = {
            "key": "effective",
            "role_id": False,
            "name": self.env._("May do"),
            "note": "" if user_sudo.active else self.env._("Archived: cannot log in"),
            "groups": set(user_sudo._get_group_ids()),
        }
        if by_hand:
            hand = {
                "key": "hand",
                "role_id": False,
                "name": self.env._("Without a role"),
                "note": self.env._("given by hand, or to everybody"),
                "groups": by_hand,
            }
            columns.append(hand)
        return [effective, *columns]

    @api.model
    def _describe_validity(self, line):
        if not line.is_enabled:
            return self.env._("Not valid today")
        parts = []
        if line.date_from:
            parts.append(self.env._("from %(date)s", date=line.date_from.isoformat()))
        if line.date_to:
            parts.append(self.env._("until %(date)s", date=line.date_to.isoformat()))
        return " ".join(parts)

    # === BUSINESS METHODS - ROWS === #
    @api.model
    def _prepare_row(self, key, name, cells, note=""):
        return {"key": key, "name": name, "note": note or "", "cells": cells}

    @api.model
    def _prepare_cell(self, is_yes, text="", title=""):
        return {"yes": bool(is_yes), "text": text, "title": title}

    @api.model
    def _get_menus(self):
        """Return all menus with what is needed to know who sees them.

        :return: menus in order, and `{menu id: model its action reads}` of those with an action
        """
        menus = self.env["ir.ui.menu"].search_fetch([], ["name", "parent_id", "action"])
        model_fields = {
            "ir.actions.act_window": "res_model",
            "ir.actions.report": "model",
            "ir.actions.server": "model_name",
        }
        by_type = defaultdict(set)
        for menu in menus.filtered("action"):
            by_type[menu.action._name].add(menu.action.id)
        known = {}
        for name, ids in by_type.items():
            actions = self.env[name].browse(ids).exists()
            fname = model_fields.get(name)
            known |= {(name, action.id): action[fname] if fname else "" for action in actions}
        targets = {}
        for menu in menus.filtered("action"):
            key = (menu.action._name, menu.action.id)
            if key in known:
                targets[menu.id] = known[key]
        return menus, targets

    @api.model
    def _get_visible_menus(self, columns):
        """Return menus, and for each column the ids of those it shows, as core decides it."""
        menus, targets = self._get_menus()
        readable = self._get_model_rights([name for name in targets.values() if name], columns)
        debug = self._get_id("base.group_no_one")
        visible = []
        for index, column in enumerate(columns):
            groups = column["groups"] - {debug}
            allowed = {
                menu.id for menu in menus if not menu.group_ids or groups & set(menu.group_ids.ids)
            }
            shown = set()
            for menu in menus if groups else ():
                target = targets.get(menu.id)
                if target is None or (target and "read" not in readable[target][index]):
                    continue
                node = menu
                while node.id in allowed and node.id not in shown:
                    shown.add(node.id)
                    node = node.parent_id
            internal = self._get_id("base.group_user") in groups
            visible.append(shown if internal else set())
        return menus, targets, visible

    @api.model
    def _get_module_rows(self, columns):
        menus, _targets, visible = self._get_visible_menus(columns)
        roots = menus.filtered(lambda m: not m.parent_id and any(m.id in ids for ids in visible))
        rows = []
        for menu in roots:
            cells = [self._prepare_cell(menu.id in ids) for ids in visible]
            rows.append(self._prepare_row(f"menu_{menu.id}", menu.name, cells))
        return rows

    @api.model
    def _get_function_rows(self, columns, is_complete):
        """Return the groups of the suite, then its menus (all menus if complete)."""
        category = self.env.ref("kh_b2b_member.module_category_b2b")
        staff = self.env.ref("kh_b2b_member.group_b2b_user")
        groups = self.env["res.groups"]._kh_get_delegable()
        groups = groups.filtered(
            lambda g: not g.kh_is_delegable and g != staff and not g.role_id
        ).sorted(lambda g: (g.privilege_id.category_id != category, g.privilege_id.sequence, g.id))
        rows = [
            self._prepare_row(
                f"group_{group.id}",
                group.full_name,
                [self._prepare_cell(group.id in column["groups"]) for column in columns],
                group.comment,
            )
            for group in groups
        ]
        menus, targets, visible = self._get_visible_menus(columns)
        root = self.env.ref("kh_b2b_member.menu_b2b_root")
        path = (root.parent_path or f"{root.id}/") if not is_complete else ""
        for menu in menus:
            if menu.id not in targets or not (menu.parent_path or "").startswith(path):
                continue
            cells = [self._prepare_cell(menu.id in ids) for ids in visible]
            if any(cell["yes"] for cell in cells):
                rows.append(self._prepare_row(f"menu_{menu.id}", menu.display_name, cells))
        return rows

    @api.model
    def _get_approval_rows(self, columns, user):
        """Return who decides which step: by role, by group or by name."""
        steps = self.env["kh.approval.step"].search([("flow_id.active", "=", True)])
        rows = []
        for step in steps:
            cells = []
            for column in columns:
                by_role = column["role_id"] in step.role_ids.ids and column["groups"]
                by_group = step.group_id.id in column["groups"]
                by_name = column["key"] == "effective" and user in step._get_approvers()
                cells.append(self._prepare_cell(by_role or by_group or by_name))
            name = f"{step.flow_id.name} / {step.name}"
            note = step.flow_id.company_id.name
            rows.append(self._prepare_row(f"step_{step.id}", name, cells, note))
        return rows

    # === BUSINESS METHODS - OBJECTS === #
    @api.model
    def _get_access(self, is_complete):
        """Return the models to show, as `ir.model` records in order of their names."""
        domain = Domain("transient", "=", False) & Domain("abstract", "=", False)
        if not is_complete:
            domain &= Domain("model", "in", self._get_main_models()) | Domain(
                "model", "=like", "kh.%"
            )
        return self.env["ir.model"].search_fetch(domain, ["name", "model"], order="name")

    @api.model
    def _get_main_models(self):
        """Return the tables of core to show; add-ons add theirs."""
        return list(MAIN_MODELS)

    @api.model
    def _get_model_rights(self, names, columns):
        """Return `{model: [operations allowed, for each column]}`, in one query."""
        rights = {name: [set() for _column in columns] for name in names}
        rows = self.env["ir.model.access"].search_fetch(
            [("model_id.model", "in", list(rights))],
            ["model_id", "group_id", *(f"perm_{operation}" for operation in OPERATIONS)],
        )
        for row in rows:
            operations = {o for o in OPERATIONS if row[f"perm_{o}"]}
            cells = rights[row.model_id.model]
            for index, column in enumerate(columns):
                everybody = not row.group_id and column["groups"]
                if everybody or row.group_id.id in column["groups"]:
                    cells[index] |= operations
        return rights

    @api.model
    def _get_object_rows(self, columns, ir_models):
        rights = self._get_model_rights(ir_models.mapped("model"), columns)
        rows = []
        for ir_model in ir_models:
            cells = [
                {**self._prepare_cell(operations), "operations": sorted(operations)}
                for operations in rights[ir_model.model]
            ]
            if any(cell["yes"] for cell in cells):
                row = self._prepare_row(ir_model.model, ir_model.name, cells, ir_model.model)
                rows.append(row)
        return rows

    @api.model
    def _get_data_rows(self, columns, user, ir_models):
        """Return which dealers, then for each object the record rules that hold."""
        labels = [self._get_scope_label(column, user) for column in columns]
        first = self._prepare_row(
            "scope",
            self.env._("Dealers, their orders, prices and applications"),
            [self._prepare_cell(label, label) for label in labels],
        )
        rights = self._get_model_rights(ir_models.mapped("model"), columns)
        rules = self.env["ir.rule"].search_fetch(
            [("model_id", "in", ir_models.ids), ("perm_read", "=", True)],
            ["name", "model_id", "groups", "domain_force"],
        )
        rows = [first]
        for ir_model, model_rules in rules.grouped("model_id").items():
            shared = model_rules.filtered(lambda r: not r.groups)
            cells = [
                self._prepare_rule_cell(
                    model_rules - shared, column, "read" in rights[ir_model.model][index]
                )
                for index, column in enumerate(columns)
            ]
            if any(cell["yes"] for cell in cells):
                note = ", ".join(shared.mapped("name"))
                rows.append(self._prepare_row(f"rule_{ir_model.model}", ir_model.name, cells, note))
        return [first, *sorted(rows[1:], key=lambda row: row["name"])]

    @api.model
    def _prepare_rule_cell(self, rules, column, is_readable):
        """Rules of groups add up: one that allows all records beats the others."""
        if not is_readable:
            return self._prepare_cell(False)
        mine = rules.filtered(lambda r: column["groups"] & set(r.groups.ids))
        is_all = not mine or any(
            (rule.domain_force or "").replace(" ", "").replace('"', "'") in ALWAYS for rule in mine
        )
        text = self.env._("All records") if is_all else self.env._("Some records")
        return self._prepare_cell(True, text, ", ".join(mine.mapped("name")))

    @api.model
    def _get_scope_label(self, column, user):
        """Return which dealers these groups, or this user, may see."""
        groups = column["groups"]
        if self._get_id("base.group_portal") in groups:
            return self.env._("Own company")
        if self._get_id("kh_b2b_member.group_b2b_user") not in groups:
            return ""
        is_effective = column["key"] == "effective"
        areas = user.kh_data_area_ids if is_effective else self.env["kh.sales.area"]
        wide = {self._get_id(name) for name in self.env["res.users"]._kh_get_wide_groups()}
        is_sales = self._get_id(SALESPERSON) in groups
        if not areas and (groups & wide or not is_sales):
            return self.env._("All")
        parts = []
        if is_sales:
            has_team = self._get_id(SUPERVISOR) in groups
            parts.append(self.env._("Own and team's") if has_team else self.env._("Own"))
        parts += areas.mapped("display_name")
        return ", ".join(parts)
