from odoo import Command
from odoo.tests import new_test_user

from odoo.addons.kh_b2b_approval.tests.common import create_users
from odoo.addons.product.tests.common import ProductCommon


class OrderCommon(ProductCommon):
    """A shop, two dealers with people, stocked products, a wire transfer.

    In the company of the database, which has its chart of accounts; core's common class for
    invoices would make much more that no test of orders needs.
    """

    @classmethod
    def setup_independent_company(cls, **kwargs):
        return cls.env.ref("base.main_company")

    @classmethod
    def setup_independent_user(cls):
        return new_test_user(
            cls.env,
            login="kh_o_accountant",
            group_ids=cls.get_default_groups().ids,
            company_id=cls.env.company.id,
        )

    @classmethod
    def get_default_groups(cls):
        names = (
            "account.group_account_manager",
            "account.group_account_user",
            "stock.group_stock_manager",
            "sales_team.group_sale_manager",
            "kh_b2b_member.group_b2b_order_clerk",
            "base.group_system",
        )
        return super().get_default_groups().union(*map(cls.env.ref, names))

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.env = cls.env(context={**cls.env.context, "tracking_disable": True})
        cls.env["res.company"].browse(cls.company.id)._create_per_company_locations()
        cls.warehouse = cls.env["stock.warehouse"].search(
            [("company_id", "=", cls.company.id)], limit=1
        ) or cls.env["stock.warehouse"].create(
            {"name": "Test", "code": "KHT", "company_id": cls.company.id}
        )
        cls.website = cls.env["website"].create(
            {"name": "B2B Shop", "company_id": cls.company.id, "kh_is_b2b": True}
        )
        cls.product, cls.product_2, cls.product_3 = (
            cls._create_goods(f"Breaker {n}", f"KH-O-{n}") for n in (1, 2, 3)
        )
        cls.service = cls._create_goods("Training", "KH-O-S", type="service", is_storable=False)
        cls.dealer, cls.other_dealer = cls.env["res.partner"].create(
            [
                {"name": "Huarui Electric", "is_company": True, "email": "a@huarui.example.com"},
                {"name": "Other Dealer", "is_company": True, "email": "b@other.example.com"},
            ]
        )
        cls.buyer, cls.colleague, cls.foreigner = cls._create_portal_users(
            {
                "kh_o_buyer": cls.dealer,
                "kh_o_colleague": cls.dealer,
                "kh_o_foreigner": cls.other_dealer,
            }
        )
        cls.provider = cls._create_transfer_provider()

    @classmethod
    def _set_up_shop(cls):
        """Let the website that answers on the test's address be the B2B shop, in English."""
        websites = cls.env["website"].search([])
        websites.domain = False
        cls.shop = websites.sorted(lambda site: (site.sequence, site.id))[0]
        english = cls.env["res.lang"]._activate_lang("en_US")
        cls.shop.write(
            {
                "company_id": cls.company.id,
                "kh_is_b2b": True,
                "language_ids": [Command.set(english.ids)],
                "default_lang_id": english.id,
            }
        )
        (websites - cls.shop).sequence = 1000

    @classmethod
    def _create_goods(cls, name, code, **vals):
        product = cls.env["product.product"].create(
            {
                "name": name,
                "default_code": code,
                "list_price": 100.0,
                "taxes_id": [Command.clear()],
                "type": "consu",
                "is_storable": True,
                "is_published": True,
                "allow_out_of_stock_order": True,
                "invoice_policy": "order",
                **vals,
            }
        )
        if product.is_storable:
            cls.env["stock.quant"]._update_available_quantity(
                product, cls.warehouse.lot_stock_id, 1000.0
            )
        return product

    @classmethod
    def _create_portal_user(cls, login, company):
        return cls._create_portal_users({login: company})

    @classmethod
    def _create_portal_users(cls, companies):
        """Make a buyer for each login, in the dealer's company that stands with it."""
        shared = {
            "groups": "kh_b2b_member.group_b2b_dealer_buyer",
            "company_id": cls.company.id,
            "company_ids": [Command.set(cls.company.ids)],
            "tz": "Asia/Shanghai",
        }
        users = create_users(cls.env, *({"login": login, **shared} for login in companies))
        for user, company in zip(users, companies.values(), strict=True):
            user.partner_id.write({"parent_id": company.id, "name": f"Person {user.login}"})
        return users

    @classmethod
    def _create_staff(cls, login, *groups):
        return new_test_user(
            cls.env,
            login=login,
            groups=",".join(("base.group_user", *groups)),
            company_id=cls.company.id,
            company_ids=[Command.set(cls.company.ids)],
        )

    @classmethod
    def _create_transfer_provider(cls):
        method = cls.env.ref("payment_custom.payment_method_wire_transfer")
        journal = cls.env["account.journal"].search(
            [("type", "=", "bank"), ("company_id", "=", cls.company.id)], limit=1
        )
        provider = cls.env["payment.provider"].create(
            {
                "name": "Bank transfer",
                "code": "custom",
                "custom_mode": "wire_transfer",
                "state": "enabled",
                "is_published": True,
                "company_id": cls.company.id,
                "journal_id": journal.id,
                "redirect_form_view_id": cls.env.ref("payment_custom.redirect_form").id,
                "payment_method_ids": [Command.set(method.ids)],
            }
        )
        method.active = True
        return provider

    @classmethod
    def _create_order(cls, quantities=None, **vals):
        """Create an order of products with quantities, `{product: quantity}`."""
        quantities = quantities or {cls.product: 10.0}
        return cls.env["sale.order"].create(
            {
                "partner_id": cls.buyer.partner_id.id,
                "company_id": cls.company.id,
                "order_line": [
                    Command.create({"product_id": product.id, "product_uom_qty": quantity})
                    for product, quantity in quantities.items()
                ],
                **vals,
            }
        )

    @classmethod
    def _announce_transfer(cls, order, amount=None):
        """Let the dealer announce a bank transfer, as the shop does."""
        transaction = cls.env["payment.transaction"].create(
            {
                "provider_id": cls.provider.id,
                "payment_method_id": cls.provider.payment_method_ids.id,
                "amount": order.amount_total if amount is None else amount,
                "currency_id": order.currency_id.id,
                "partner_id": order.partner_id.id,
                "reference": f"{order.name}-{len(order.transaction_ids) + 1}",
                "operation": "online_redirect",
                "sale_order_ids": [Command.set(order.ids)],
            }
        )
        transaction._set_pending()
        transaction._post_process()
        return transaction

    @classmethod
    def _ship(cls, order, quantities=None):
        """Ship the order's open shipments, `{product: quantity}` or everything."""
        for picking in order.picking_ids.filtered(lambda p: p.state not in ("done", "cancel")):
            for move in picking.move_ids:
                quantity = move.product_uom_qty
                if quantities is not None:
                    quantity = quantities.get(move.product_id, 0.0)
                move.quantity = quantity
                move.picked = bool(quantity)
            picking.with_context(skip_backorder=True, skip_sms=True).button_validate()

    @classmethod
    def _return_all(cls, order):
        picking = order.picking_ids.filtered(lambda p: p.state == "done")[:1]
        wizard = (
            cls.env["stock.return.picking"]
            .with_context(active_model="stock.picking", active_id=picking.id)
            .create({})
        )
        action = wizard.action_create_returns_all()
        returned = cls.env["stock.picking"].browse(action["res_id"])
        for move in returned.move_ids:
            move.quantity = move.product_uom_qty
            move.picked = True
        returned.with_context(skip_backorder=True, skip_sms=True).button_validate()
        return returned
