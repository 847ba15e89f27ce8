from odoo import api, fields, models
from odoo.exceptions import UserError, ValidationError
from odoo.fields import Domain

VERSION_FIELDS = {"version", "origin_id", "date_ended", "line_revision"}


class PriceContract(models.Model):
    """Versions of a contract: a family is the first one and all that were made from it."""

    _inherit = "kh.price.contract"

    # === FIELDS === #
    origin_id = fields.Many2one(
        "kh.price.contract",
        "First version",
        readonly=True,
        copy=False,
        index="btree_not_null",
        ondelete="restrict",
        check_company=True,
        help="Empty on the first version itself.",
    )
    version_count = fields.Integer("Versions", compute="_compute_version_count")
    date_ended = fields.Datetime(
        "Ended on", readonly=True, copy=False, help="When it was terminated or found expired."
    )

    _version_unique = models.UniqueIndex(
        "(origin_id, version) WHERE origin_id IS NOT NULL",
        "Somebody else has just made this version of the price contract. Open that one.",
    )

    # === COMPUTE METHODS === #

    def _compute_version_count(self):
        roots = self.origin_id | self.filtered(lambda contract: not contract.origin_id)
        counts = dict(
            self.with_context(active_test=False)._read_group(
                [("origin_id", "in", roots.ids)], ["origin_id"], ["__count"]
            )
        )
        for contract in self:
            root = contract.origin_id or contract._origin
            contract.version_count = 1 + counts.get(root, 0)

    # === CONSTRAINT METHODS === #

    @api.constrains("supersedes_id", "partner_id", "pricelist_id", "company_id")
    def _check_supersedes(self):
        """What is replaced, and the first version, bind the same dealer and pricelist."""
        for contract in self:
            # sudo: compared only
            for other in (contract.supersedes_id | contract.origin_id).sudo():
                same = all(
                    contract[name] == other[name].with_env(contract.env)
                    for name in ("partner_id", "pricelist_id", "company_id")
                )
                if not same or other == contract:
                    raise ValidationError(
                        self.env._(
                            "Price contract %(contract)s can only follow one of the same dealer,"
                            " pricelist and company; %(other)s is none.",
                            contract=contract.name,
                            other=other.name,
                        )
                    )

    # === ONCHANGE METHODS === #

    @api.onchange("partner_id", "pricelist_id")
    def _onchange_partner_supersedes(self):
        other = self.supersedes_id
        if other and (other.partner_id, other.pricelist_id) != (self.partner_id, self.pricelist_id):
            self.supersedes_id = False

    # === CRUD METHODS === #

    @api.model_create_multi
    def create(self, vals_list):
        return super().create(
            [
                {name: value for name, value in vals.items() if name not in VERSION_FIELDS}
                for vals in vals_list
            ]
        )

    def write(self, vals):
        if vals.keys() & VERSION_FIELDS:
            raise UserError(self.env._("Versions of price contracts are made by their button."))
        return super().write(vals)

    # === ACTION METHODS === #

    def action_new_version(self):
        """Make the next version of contracts in force as drafts, with all their lines.

        A version that waits already is opened instead of a second one.
        """
        self.check_access("write")
        versions = self.browse()
        for contract in self:
            versions |= contract._get_next_version() or contract._make_next_version()
        return versions._open_versions()

    def action_view_versions(self):
        self.ensure_one()
        self.check_access("read")
        action = self.env["ir.actions.act_window"]._for_xml_id(
            "kh_b2b_pricing.kh_price_contract_action"
        )
        return {
            **action,
            "domain": list(self._get_family_domain()),
            "context": {"active_test": False, "create": False},
        }

    def _open_versions(self):
        action = self.env["ir.actions.act_window"]._for_xml_id(
            "kh_b2b_pricing.kh_price_contract_action"
        )
        if len(self) == 1:
            return {**action, "views": [(False, "form")], "res_id": self.id}
        return {**action, "domain": [("id", "in", self.ids)]}

    # === BUSINESS METHODS === #

    def _get_family_domain(self):
        self.ensure_one()
        root_id = self.origin_id.id or self.id
        return Domain("id", "=", root_id) | Domain("origin_id", "=", root_id)

    def _get_next_version(self):
        """Return the version of this contract that is being prepared, if there is one."""
        waiting = Domain("state", "in", ("draft", "review"))
        return self.search(self._get_family_domain() & waiting, limit=1, order="version desc")

    def _make_next_version(self):
        """Create the next version, lines copied by one statement.

        :raise UserError: unless this contract is in force
        """
        self.ensure_one()
        if self.state != "active":
            raise UserError(
                self.env._(
                    "Price contract %(contract)s is not in force; a new version follows one that"
                    " is. Copy it to a new contract instead.",
                    contract=self.name,
                )
            )
        root = self.origin_id or self
        # sudo: the next number, also after versions the user may not see
        family_sudo = self.sudo().with_context(active_test=False)
        number = max(family_sudo.search(self._get_family_domain()).mapped("version")) + 1
        today = self._today()
        start = max(today, self.date_start)
        version = self.create(
            {
                "name": f"{root.name}-V{number}",
                "reference": self.reference,
                "partner_id": self.partner_id.id,
                "with_branches": self.with_branches,
                "company_id": self.company_id.id,
                "pricelist_id": self.pricelist_id.id,
                "user_id": self.user_id.id,
                "date_start": start,
                "date_end": self.date_end,
                "supersedes_id": self.id,
            }
        )
        version._move({"version": number, "origin_id": root.id})
        version.flush_recordset()
        version._copy_lines_from(self)
        return version
