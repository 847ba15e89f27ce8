from odoo import api, fields, models


class Website(models.Model):
    _inherit = "website"

    # === FIELDS === #
    # The shop's own policy, for everybody: what the settings page offers of `kh.stock.policy`.
    kh_stock_is_exact = fields.Boolean(
        "Show Exact Stock",
        compute="_compute_kh_stock",
        inverse="_inverse_kh_stock",
        help="Dealers see the number of pieces instead of a word.",
    )
    kh_stock_few_quantity = fields.Float(
        "Few Left Below",
        compute="_compute_kh_stock",
        inverse="_inverse_kh_stock",
        help="At or below this quantity the shop says that only a few are left.",
    )

    # === COMPUTE METHODS === #
    def _compute_kh_stock(self):
        policies = self._kh_find_own_policies()
        default = self.env["kh.stock.policy"].default_get(["few_quantity"])["few_quantity"]
        for website in self:
            policy = policies.get(website.id)
            website.kh_stock_is_exact = policy.display == "exact" if policy else False
            website.kh_stock_few_quantity = policy.few_quantity if policy else default

    def _inverse_kh_stock(self):
        policies = self._kh_find_own_policies()
        for website in self:
            vals = website._kh_prepare_own_policy_vals(policies.get(website.id))
            if website.id in policies:
                policies[website.id].write(vals)
            else:
                # sudo: whoever keeps the shop's settings keeps its policy
                self.env["kh.stock.policy"].sudo().create(vals)

    # === BUSINESS METHODS - STOCK === #
    def _kh_find_own_policies(self):
        """Return the policy for everybody of each website, ``{website id: policy}``."""
        # sudo: see `_inverse_kh_stock`
        policies = self.env["kh.stock.policy"].sudo()
        policies = policies.search([("website_id", "in", self.ids), ("audience", "=", "all")])
        return {policy.website_id.id: policy for policy in reversed(policies)}

    def _kh_prepare_own_policy_vals(self, policy):
        self.ensure_one()
        vals = {"few_quantity": self.kh_stock_few_quantity}
        if self.kh_stock_is_exact:
            vals["display"] = "exact"
        elif not policy or policy.display == "exact":
            vals["display"] = "band"
        if not policy:
            vals.update(
                name=self.name,
                website_id=self.id,
                company_id=self.company_id.id,
                audience="all",
            )
        return vals

    def _kh_has_stock_policy(self, partner):
        """Extend: a B2B shop tells stock in words even where no policy was made."""
        return self.kh_is_b2b or super()._kh_has_stock_policy(partner)

    # === BUSINESS METHODS - SHARING === #
    def _kh_offers_sharing(self):
        """Extend: whoever is logged in to a B2B shop passes products on."""
        return super()._kh_offers_sharing() or (self.kh_is_b2b and not self.env.user._is_public())

    # === BUSINESS METHODS - LIMITS === #
    @api.model
    def _kh_limit_text(self, limits):
        """Say in a few words which quantities may be ordered; empty: all."""
        _ = self.env._
        parts = []
        if limits.minimum:
            parts.append(_("from %s", f"{limits.minimum:g}"))
        if limits.multiple:
            parts.append(_("by %s", f"{limits.multiple:g}"))
        highest = limits.told_highest
        if highest is not None:
            parts.append(_("up to %s", f"{highest:g}"))
        return " · ".join(parts)
