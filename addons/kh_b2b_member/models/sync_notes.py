from collections import defaultdict

from odoo import models


class SyncNotes:
    """Notes on dealers that are kept back, to be written together.

    Core logs each new bank account on its partner by a message of its own, which was a quarter
    of the time of a sync. An object of this class in the context cannot come from a client.
    """

    def __init__(self):
        self.bodies = defaultdict(list)  # {partner id: notes in their order}

    def post(self, partners):
        """Write what was kept back: one statement for the first note of all, and so on."""
        while waiting := {key: bodies.pop(0) for key, bodies in self.bodies.items() if bodies}:
            partners.browse(waiting)._message_log_batch(waiting)


class ResPartner(models.Model):
    _inherit = "res.partner"

    def _message_log(self, *, body="", **kwargs):
        """Extend `mail`: plain notes of a sync wait for the end of its batch."""
        notes = self.env.context.get("kh_sync_notes")
        if isinstance(notes, SyncNotes) and not any(kwargs.values()):
            notes.bodies[self.id].append(body)
            return self.env["mail.message"]
        return super()._message_log(body=body, **kwargs)
