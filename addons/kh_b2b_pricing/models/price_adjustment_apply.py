from datetime import datetime, time

import pytz

from odoo import Command, api, fields, models
from odoo.exceptions import AccessError, UserError
from odoo.tools import SQL, float_compare

from ..engine.figures import Change, PriceLine, summarise
from .price_contract_workflow import SECOND


class PriceAdjustment(models.Model):
    _inherit = "kh.price.adjustment"

    # === BUSINESS METHODS - STATE === #

    def _set_state(self, allowed_states, target):
        """Move adjustments to ``target``; those already there are left alone.

        :raise UserError: if the state of an adjustment does not allow the step
        """
        todo = self.filtered(lambda adjustment: adjustment.state in allowed_states)
        refused = (self - todo).filtered(lambda adjustment: adjustment.state != target)
        if refused:
            labels = dict(self._fields["state"]._description_selection(self.env))
            raise UserError(
                self.env._(
                    "Price adjustment %(adjustment)s is %(state)s; this step is not possible.",
                    adjustment=refused[0].name,
                    state=labels[refused[0].state],
                )
            )
        if todo:
            todo._move({"state": target})
        return todo

    def _get_moment(self):
        """Return when the new prices begin: now, or the first moment of a later day (UTC)."""
        self.ensure_one()
        contract = self.contract_id
        if self.date_start <= contract._today():
            return fields.Datetime.now()
        local = contract._timezone().localize(datetime.combine(self.date_start, time.min))
        return local.astimezone(pytz.utc).replace(tzinfo=None)

    def _apply(self):
        """Put new prices beside the old ones, which end; all under the dealers' locks."""
        self.contract_id._lock_dealers()
        for adjustment in self:
            moment = adjustment._get_moment()
            lines = adjustment.line_ids
            lines._ensure_can_apply(moment)
            adjustment._set_state(("review",), "applied")
            adjustment._move({"date_applied": fields.Datetime.now()})
            lines._make_new_items(moment)
            adjustment._update_versions()
            adjustment.contract_id.message_post(
                body=self.env._(
                    "Price adjustment %(adjustment)s: %(count)s new prices from %(start)s."
                    " %(reason)s",
                    adjustment=adjustment.name,
                    count=len(lines),
                    start=adjustment.date_start,
                    reason=adjustment.reason,
                )
            )

    def _store_figures(self):
        """Compute what approvers decide by and keep it with the adjustments."""
        for adjustment in self:
            changes = []
            lines = adjustment.line_ids
            measured = self._measure(
                [line._to_price_line() for line in lines],
                adjustment.pricelist_id,
                adjustment.company_id,
            )
            for line, new in zip(lines, measured, strict=True):
                old = new._replace(price=line._in_product_unit(line.old_price))
                changes.append(Change("up" if new.price > old.price else "down", new, old))
            # sudo: margins are written for approvers, also by who may not read them
            adjustment.sudo()._move(self._prepare_figures_vals(summarise(changes)))

    # === HOOKS - APPROVAL === #

    def action_request_approval(self):
        """Extend: only by submission, with the figures of that moment."""
        self.check_access("write")
        for adjustment in self:
            if adjustment.state != "review":
                raise UserError(
                    self.env._(
                        "Submit price adjustment %(adjustment)s to have it approved.",
                        adjustment=adjustment.name,
                    )
                )
        self._store_figures()
        return super().action_request_approval()

    def _approval_granted(self):
        result = super()._approval_granted()
        if any(adjustment.kh_approval_state != "approved" for adjustment in self):
            self.contract_id._ensure_may_decide()
        self._apply()
        return result

    def _approval_refused(self, reason):
        result = super()._approval_refused(reason)
        self._set_state(("review",), "refused")
        return result

    def _approval_returned(self, reason):
        result = super()._approval_returned(reason)
        self._set_state(("review",), "draft")
        return result

    def _approval_withdrawn(self):
        result = super()._approval_withdrawn()
        self._set_state(("review",), "draft")
        return result

    def _approval_writable_fields(self):
        return super()._approval_writable_fields() | {"state", "date_applied"}


class PriceAdjustmentLine(models.Model):
    _inherit = "kh.price.adjustment.line"

    # === BUSINESS METHODS === #

    def _is_change(self):
        self.ensure_one()
        return bool(
            self.date_end
            or float_compare(self.new_price, self.old_price, precision_digits=6)
            or float_compare(self.min_quantity, self.item_id.min_quantity, precision_digits=6)
        )

    def _ensure_can_apply(self, moment):
        """Raise unless every line still is what it was when it was proposed.

        :param datetime moment: when the new prices begin, UTC
        """
        for line in self:
            item, problem = line.item_id, ""
            if item.kh_contract_id.state != "active":
                problem = self.env._("the contract is not in force")
            elif float_compare(item._kh_agreed_price(), line.old_price, precision_digits=6):
                problem = self.env._("the price has changed meanwhile")
            elif item.kh_is_past or (item.date_end and item.date_end < moment):
                problem = self.env._("the price ends before the new one begins")
            elif item.date_start and item.date_start >= moment:
                problem = self.env._("the price begins only later")
            elif line.date_end and line._get_end() < moment:
                problem = self.env._("the new price ends before it begins")
            if problem:
                raise UserError(
                    self.env._(
                        "Price adjustment %(adjustment)s, %(product)s: %(problem)s.",
                        adjustment=line.adjustment_id.name,
                        product=item.display_name,
                        problem=problem,
                    )
                )

    def _get_end(self):
        self.ensure_one()
        if not self.date_end:
            return None
        zone = self.contract_id._timezone()
        local = zone.localize(datetime.combine(self.date_end, time(23, 59, 59)))
        return local.astimezone(pytz.utc).replace(tzinfo=None)

    def _make_new_items(self, moment):
        """End the old rows and insert the new ones, in a constant number of statements.

        After a price with a last day, the former one holds again, to its own end.
        """
        items = self.env["product.pricelist.item"]
        self.flush_recordset()
        adjustment = self.adjustment_id
        adjustment.ensure_one()
        ends = [(line.item_id.id, line._get_end()) for line in self]
        proposal = SQL(
            """(SELECT l.new_price, l.min_quantity, e.date_end
                  FROM kh_price_adjustment_line l
                  JOIN unnest(%s::int[], %s::timestamp[]) AS e(item_id, date_end)
                    ON e.item_id = l.item_id
                 WHERE l.adjustment_id = %s AND l.item_id = i.id)""",
            [item_id for item_id, _end in ends],
            [end for _item_id, end in ends],
            adjustment.id,
        )
        new_price = SQL("(SELECT p.new_price FROM %s p)", proposal)
        items._kh_copy_rows(
            SQL("i.id = ANY(%s)", self.item_id.ids),
            **items._kh_sql_follow_price(new_price, new_price),
            min_quantity=SQL("(SELECT p.min_quantity FROM %s p)", proposal),
            date_start=SQL("%s::timestamp", moment),
            date_end=SQL("LEAST(i.date_end, (SELECT p.date_end FROM %s p))", proposal),
            kh_adjustment_id=SQL("%s", adjustment.id),
            kh_changed_uid=SQL("%s", adjustment.user_id.id),
        )
        self._link_new_items()
        end = SQL("(SELECT p.date_end FROM %s p)", proposal)
        items._kh_copy_rows(
            SQL("i.id = ANY(%s) AND COALESCE(i.date_end, 'infinity') > %s", self.item_id.ids, end),
            date_start=SQL("%s + interval '1 second'", end),
            kh_adjustment_id=SQL("%s", adjustment.id),
            kh_changed_uid=SQL("%s", adjustment.user_id.id),
        )
        self.env.execute_query(
            SQL(
                "UPDATE product_pricelist_item SET date_end = %s, kh_is_past = %s"
                " WHERE id = ANY(%s) RETURNING id",
                moment - SECOND,
                moment <= fields.Datetime.now(),
                self.item_id.ids,
            )
        )
        items.invalidate_model()

    def _link_new_items(self):
        """Note on each line the row it has made: the one of its price and quantity."""
        adjustment = self.adjustment_id
        self.env.execute_query(
            SQL(
                """UPDATE kh_price_adjustment_line l SET new_item_id = n.id
                     FROM product_pricelist_item i, product_pricelist_item n
                    WHERE l.adjustment_id = %(adjustment)s AND i.id = l.item_id
                      AND n.kh_adjustment_id = %(adjustment)s
                      AND n.product_id IS NOT DISTINCT FROM i.product_id
                      AND n.product_tmpl_id IS NOT DISTINCT FROM i.product_tmpl_id
                      AND n.categ_id IS NOT DISTINCT FROM i.categ_id
                      AND n.min_quantity = l.min_quantity
                      AND CASE WHEN n.kh_uom_id IS NULL THEN n.fixed_price
                               ELSE n.kh_uom_price END = l.new_price
                RETURNING l.id""",
                adjustment=adjustment.id,
            )
        )
        self.invalidate_recordset(["new_item_id"])

    def _to_price_line(self):
        self.ensure_one()
        *target, _minimum = self.item_id._kh_key()
        price = self._in_product_unit(self.new_price)
        return PriceLine(self.item_id.id, (*target, self.min_quantity), price)

    def _in_product_unit(self, price):
        """Convert a price of this line, which is per agreed unit where there is one."""
        own = self.item_id._kh_target().uom_id
        return self.uom_id._compute_price(price, own) if self.uom_id and own else price


class PriceContract(models.Model):
    _inherit = "kh.price.contract"

    # === FIELDS === #
    adjustment_count = fields.Integer("Adjustments", compute="_compute_adjustment_count")

    # === COMPUTE METHODS === #

    def _compute_adjustment_count(self):
        counts = dict(
            self.env["kh.price.adjustment"]._read_group(
                [("contract_id", "in", self.ids)], ["contract_id"], ["__count"]
            )
        )
        for contract in self:
            contract.adjustment_count = counts.get(contract._origin, 0)

    # === ACTION METHODS === #

    def action_adjust(self):
        """Start an adjustment of this contract; its lines are chosen in the form."""
        return self._open_adjustment(self.env["product.pricelist.item"])

    def action_view_adjustments(self):
        self.ensure_one()
        action = self.env["ir.actions.act_window"]._for_xml_id(
            "kh_b2b_pricing.kh_price_adjustment_action"
        )
        return {
            **action,
            "domain": [("contract_id", "=", self.id)],
            "context": {"default_contract_id": self.id},
        }

    # === BUSINESS METHODS === #

    @api.model
    def _prepare_adjustment_lines(self, items):
        return [Command.create({"item_id": item.id}) for item in items]

    def _open_adjustment(self, items):
        """Open the form of a new adjustment with these lines.

        :raise UserError: unless all lines are of one contract in force
        :raise AccessError: if the user may not propose prices for it
        """
        if len(self) != 1 or self.state != "active":
            raise UserError(self.env._("Choose lines of one price contract that is in force."))
        adjustments = self.env["kh.price.adjustment"]
        adjustments.check_access("create")
        self.check_access("read")
        if not self.has_access("write"):
            raise AccessError(
                self.env._(
                    "You cannot propose prices for contract %(contract)s: it is not of your"
                    " dealers.",
                    contract=self.name,
                )
            )
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("Adjust prices"),
            "res_model": adjustments._name,
            "view_mode": "form",
            "context": {
                "default_contract_id": self.id,
                "default_line_ids": self._prepare_adjustment_lines(items),
            },
        }

    # === CRON === #

    def _cron_expire(self):
        """Extend: prices that were replaced from a later day on become former prices."""
        result = super()._cron_expire()
        self.env["product.pricelist.item"].flush_model()
        rows = self.env.execute_query(
            SQL(
                """UPDATE product_pricelist_item i SET kh_is_past = TRUE
                     FROM kh_price_contract c, product_pricelist_item n
                    WHERE c.id = i.kh_contract_id AND c.state = 'active'
                      AND i.kh_is_past IS NOT TRUE AND i.date_end < %s
                      AND n.kh_contract_id = i.kh_contract_id AND n.kh_changed_uid IS NOT NULL
                      AND n.date_start = i.date_end + interval '1 second'
                      AND n.product_id IS NOT DISTINCT FROM i.product_id
                      AND n.product_tmpl_id IS NOT DISTINCT FROM i.product_tmpl_id
                RETURNING i.id""",
                fields.Datetime.now(),
            )
        )
        if rows:
            self.env["product.pricelist.item"].invalidate_model(["kh_is_past"])
            self.invalidate_model(["item_ids", "item_count"])
        return result
