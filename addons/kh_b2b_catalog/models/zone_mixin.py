from odoo import api, fields, models
from odoo.exceptions import ValidationError
from odoo.fields import Domain


class ZoneMixin(models.AbstractModel):
    """What every zone of the shop has: a term, a banner and a key for addresses (M-61, M-05)."""

    _name = "kh.zone.mixin"
    _description = "Zone of the Shop"
    _inherit = ["mail.thread"]

    # === FIELDS === #
    zone_from = fields.Datetime(
        "Zone From", tracking=True, help="When the zone opens in the shop; empty: at once."
    )
    zone_to = fields.Datetime(
        "Zone Until", tracking=True, help="When the zone closes in the shop; empty: never."
    )
    banner_image = fields.Image(
        max_width=1920, max_height=640, help="Wide picture above the products of the zone."
    )
    banner_title = fields.Char(translate=True)
    banner_text = fields.Text(translate=True)

    # === CONSTRAINT METHODS === #
    @api.constrains("zone_from", "zone_to")
    def _check_zone_term(self):
        for zone in self:
            if zone.zone_from and zone.zone_to and zone.zone_to <= zone.zone_from:
                raise ValidationError(
                    self.env._("“%s”: the zone must close after it opens.", zone.display_name)
                )

    # === BUSINESS METHODS - ZONES === #
    def _kh_is_zone_open(self):
        """Answer whether the zone's term is running."""
        self.ensure_one()
        now = fields.Datetime.now()
        return (not self.zone_from or self.zone_from <= now) and (
            not self.zone_to or self.zone_to > now
        )

    def _kh_zone_key(self):
        """Return what stands for the zone in an address: ``/shop?kh_zone=<key>`` (hook)."""
        self.ensure_one()
        return str(self.id)

    def _kh_zone_domain(self):
        """Return the domain of the zone's products; holds for templates and variants (hook).

        A zone shows nothing until its model says what.

        :rtype: Domain
        """
        return Domain.FALSE
