from odoo import api, models
from odoo.exceptions import AccessError


class GuardedMixin(models.AbstractModel):
    """Fields that only methods move: who may write the rest of a record cannot write these.

    What runs as superuser may; a default in the context is as good as a value and refused too.
    """

    _name = "kh.guarded.mixin"
    _description = "Fields Moved by Methods Only"

    #: names of the fields; a model that uses the mixin names its own
    _kh_guarded_fields = frozenset()

    @api.model_create_multi
    def create(self, vals_list):
        if not self.env.su:
            given = set().union(*vals_list)
            given |= {
                name.removeprefix("default_")
                for name in self.env.context
                if name.startswith("default_")
            }
            self._kh_ensure_unguarded(given)
        return super().create(vals_list)

    def write(self, vals):
        if not self.env.su:
            self._kh_ensure_unguarded(vals)
        return super().write(vals)

    @api.model
    def _kh_ensure_unguarded(self, names):
        """Raise if a guarded field is among these names.

        :raise AccessError: with the sentence of `_kh_get_guard_text`
        """
        if not self._kh_guarded_fields.isdisjoint(names):
            raise AccessError(self._kh_get_guard_text())

    @api.model
    def _kh_get_guard_text(self):
        """Say in one sentence what moves these fields; models extend it."""
        return self.env._("These fields are moved by buttons only.")
