from odoo import fields
from odoo.exceptions import UserError, ValidationError
from odoo.http import request, route

from odoo.addons.website_sale.controllers.main import WebsiteSale
from odoo.addons.website_sale.controllers.payment import PaymentPortal as ShopPaymentPortal

from ..exceptions import CheckoutRefused
from .cart_json import ShopCartJson
from .shop import ShopCatalogue

NOTE_LIMIT = 1000


class ShopCheckout(WebsiteSale, ShopPaymentPortal):
    """The order on one page: address, delivery, payment, one button (W6), on B2B shops."""

    @route()
    def shop_checkout(self, try_skip_step=None, **query_params):
        if not request.website.kh_is_b2b:
            return super().shop_checkout(try_skip_step=try_skip_step, **query_params)
        order_sudo = request.cart
        request.session["sale_last_order_id"] = order_sudo.id
        if redirection := self._check_cart_and_addresses(order_sudo):
            return redirection
        self._kh_set_default_delivery(order_sudo)
        order_sudo._recompute_cart()
        return request.render(
            "kh_b2b_portal.checkout", self._kh_prepare_checkout_values(order_sudo)
        )

    @route()
    def shop_payment(self, **post):
        """Core's payment page stays for payments that need a form of their own."""
        if request.website.kh_is_b2b and not post.get("kh_form"):
            return request.redirect("/shop/checkout")
        return super().shop_payment(**post)

    @route()
    def shop_payment_confirmation(self, **post):
        if not request.website.kh_is_b2b:
            return super().shop_payment_confirmation(**post)
        order_sudo = (
            # sudo: the order just sent from this session
            request.env["sale.order"].sudo().browse(request.session.get("sale_last_order_id", 0))
        ).exists()
        if not order_sudo or order_sudo.state == "draft":
            return request.redirect("/shop/cart")
        return request.render("kh_b2b_portal.result", self._kh_prepare_result_values(order_sudo))

    @route("/shop/kh/checkout/address", type="jsonrpc", auth="user", website=True)
    def kh_checkout_address(self, partner_id, is_invoice=False, **_kwargs):
        """Deliver, or send the invoice, to another address of the company.

        The totals may follow the carrier, or the taxes.
        """
        ShopCartJson._ensure_shop()
        self.shop_update_address(partner_id, "billing" if is_invoice else "delivery")
        return request.cart._kh_cart_totals()

    @route("/shop/kh/checkout/delivery", type="jsonrpc", auth="user", website=True)
    def kh_checkout_delivery(self, carrier_id, **_kwargs):
        """Choose how the goods travel."""
        ShopCartJson._ensure_shop()
        order_sudo = request.cart
        carrier = order_sudo._get_delivery_methods().filtered(lambda c: c.id == carrier_id)
        if not carrier:
            raise CheckoutRefused(request.env._("This delivery method is not offered any more."))
        order_sudo._set_delivery_method(carrier)
        return order_sudo._kh_cart_totals()

    @route("/shop/kh/checkout/submit", type="jsonrpc", auth="user", website=True, methods=["POST"])
    def kh_checkout_submit(self, key, provider_id, method_id, amount, **wishes):
        """Send the order with a payment on account of the dealer (bank transfer).

        Twice with one key gives one order. The amount shown must be that of the order.

        :param wishes: see `_kh_take_cart`
        :return: ``{"redirect": url}``
        :raise CheckoutRefused: nothing was sent; the message says what to do
        """
        ShopCartJson._ensure_shop()
        claim, is_new = ShopCartJson._claim(key)
        if not is_new:
            return claim.result or {"redirect": "/shop/confirmation"}
        order_sudo = self._kh_take_cart(**wishes)
        method = self._kh_find_payment(order_sudo, provider_id, method_id)
        try:
            url = self._kh_pay(order_sudo, *method, amount)
        except (UserError, ValidationError) as error:
            raise CheckoutRefused(str(error)) from error
        result = {"redirect": url}
        claim.write({"order_id": order_sudo.id, "result": result})
        return result

    # === HELPERS - ADDRESS === #
    def _get_mandatory_address_fields(self, country_sudo):
        """Extend `portal`: nobody in China writes a postcode to order from a dealer's shop."""
        names = super()._get_mandatory_address_fields(country_sudo)
        return names - {"zip"} if self._kh_is_chinese_b2b(country_sudo) else names

    def _get_mandatory_delivery_address_fields(self, country_sudo):
        """Extend `portal`: whoever receives the goods needs a phone, not an e-mail address."""
        names = super()._get_mandatory_delivery_address_fields(country_sudo)
        return names - {"email"} if self._kh_is_chinese_b2b(country_sudo) else names

    @staticmethod
    def _kh_is_chinese_b2b(country_sudo):
        website = getattr(request, "website", None)
        return bool(website and website.kh_is_b2b and country_sudo.code == "CN")

    # === HELPERS - PAGE === #
    def _kh_prepare_checkout_values(self, order_sudo):
        payment = self._get_shop_payment_values(order_sudo)
        addresses = self._prepare_address_data(order_sudo.partner_id)
        return {
            "additional_title": request.env._("Check out"),
            "order": order_sudo,
            "lines": order_sudo._kh_cart_lines(),
            "totals": order_sudo._kh_cart_totals(),
            # the chosen one first
            "addresses": order_sudo.partner_shipping_id | addresses["delivery_addresses"],
            # colleagues are no further addresses: their invoices name the company, too
            "invoice_addresses": order_sudo.partner_invoice_id
            | addresses["billing_addresses"].filtered(lambda partner: partner.type != "contact"),
            "carriers": order_sudo._get_delivery_methods()
            if order_sudo._has_deliverable_products()
            else order_sudo.env["delivery.carrier"],
            "payments": self._kh_payment_choices(payment),
            "errors": payment["errors"],
            "today": fields.Date.context_today(order_sudo),
            **ShopCatalogue._kh_page_values(),
        }

    @staticmethod
    def _kh_payment_choices(payment_values):
        """Pairs of method and provider that are offered for this order, in core's order."""
        providers = payment_values["providers_sudo"]
        return [
            (method, provider)
            for method in payment_values["payment_methods_sudo"]
            for provider in (method.provider_ids & providers)[:1]
        ]

    @staticmethod
    def _kh_set_default_delivery(order_sudo):
        """Choose the delivery method core would propose, and price it, as core's page does."""
        if not order_sudo._has_deliverable_products():
            return
        carrier = order_sudo._get_preferred_delivery_method(order_sudo._get_delivery_methods())
        if not carrier:
            return
        rate = carrier.rate_shipment(order_sudo)
        is_current = order_sudo.carrier_id and order_sudo.amount_delivery == rate.get("price")
        if not is_current or not rate.get("success"):
            order_sudo._set_delivery_method(carrier, rate=rate)

    @staticmethod
    def _kh_prepare_result_values(order_sudo):
        # sudo: payments and the seller's bank account are shown to who has to pay
        transaction_sudo = order_sudo.get_portal_last_transaction().sudo()
        return {
            "additional_title": request.env._("Order sent"),
            "order": order_sudo,
            "totals": order_sudo._kh_cart_totals(),
            "transaction": transaction_sudo,
            # cash on delivery has the same provider code
            "is_transfer": bool(transaction_sudo) and transaction_sudo._kh_is_transfer(),
            "communication": transaction_sudo._get_communication() if transaction_sudo else "",
            "bank_accounts": transaction_sudo._kh_get_bank_accounts(),
        }

    # === HELPERS - SENDING === #
    def _kh_take_cart(
        self, note=None, date=None, address_id=0, invoice_id=0, carrier_id=0, **_kwargs
    ):
        """Return the cart that the page shows, with what the dealer wishes for it.

        Addresses and delivery shown must be those of the order (id 0: the page offered no
        choice).

        :raise CheckoutRefused: the cart is gone, or differs from the page
        """
        order_sudo = request.cart
        if not order_sudo or self._check_cart_and_addresses(order_sudo):
            raise CheckoutRefused(
                request.env._("This order was sent already, or its cart is empty.")
            )
        self._kh_ensure_shown_choices(order_sudo, address_id, invoice_id, carrier_id)
        self._kh_write_wishes(order_sudo, note, date)
        return order_sudo

    @staticmethod
    def _kh_ensure_shown_choices(order_sudo, address_id, invoice_id, carrier_id):
        """Raise if goods or invoice go elsewhere, or otherwise, than the page says."""
        for shown, kept in (
            (address_id, order_sudo.partner_shipping_id.id),
            (invoice_id, order_sudo.partner_invoice_id.id),
            (carrier_id, order_sudo.carrier_id.id),
        ):
            if shown and shown != kept:
                raise CheckoutRefused(
                    request.env._(
                        "Address, invoice or delivery differ from the page. Reload and check them."
                    )
                )

    @staticmethod
    def _kh_write_wishes(order_sudo, note, date):
        """Keep the dealer's delivery wish and note on the order; cleared ones go.

        None is what the page did not send: that stays as it is.
        """
        vals = {}
        try:
            wish = fields.Date.to_date(date or False)
        except ValueError as error:
            raise CheckoutRefused(
                request.env._("The desired date is not a date. Choose it from the calendar.")
            ) from error
        if wish and wish < fields.Date.context_today(order_sudo):
            raise CheckoutRefused(request.env._("The desired date is in the past."))
        if date is not None:
            vals["commitment_date"] = (
                fields.Datetime.to_datetime(wish).replace(hour=4) if wish else False
            )
        if note is not None:
            vals["kh_dealer_note"] = note.strip()[:NOTE_LIMIT] or False
        if vals:
            order_sudo.write(vals)

    def _kh_find_payment(self, order_sudo, provider_id, method_id):
        """The offered payment with these ids.

        :return: ``(payment.method, payment.provider)``
        :raise CheckoutRefused: it is not offered for this order
        """
        values = self._get_shop_payment_values(order_sudo)
        if values["errors"]:
            raise CheckoutRefused(" ".join(values["errors"][0]))
        for method, provider in self._kh_payment_choices(values):
            if (provider.id, method.id) == (provider_id, method_id):
                return method, provider
        raise CheckoutRefused(
            request.env._("This payment is not offered for the order. Choose another one.")
        )

    def _kh_pay(self, order_sudo, method, provider, amount):
        """Create core's transaction; an offline transfer is complete with it.

        :return: where the page goes next
        :raise CheckoutRefused: the page showed another total
        """
        order_sudo._kh_lock()
        if order_sudo.currency_id.compare_amounts(amount, order_sudo.amount_total):
            raise CheckoutRefused(
                request.env._("The total has changed. Reload the page and check it.")
            )
        if order_sudo.currency_id.is_zero(order_sudo.amount_total):
            return self._kh_send_free(order_sudo)
        if provider.code != "custom":
            return "/shop/payment?kh_form=1"
        self.shop_payment_transaction(
            order_sudo.id,
            order_sudo._portal_ensure_token(),
            provider_id=provider.id,
            payment_method_id=method.id,
            token_id=None,
            amount=amount,
            flow="redirect",
            tokenization_requested=False,
            landing_route="/shop/payment/validate",
        )
        # sudo: the transaction just created for this order, as core's own route does
        transaction_sudo = (
            request.env["payment.transaction"]
            .sudo()
            .browse(request.session["__website_sale_last_tx_id"])
        )
        transaction_sudo._process("custom", {"reference": transaction_sudo.reference})
        transaction_sudo._post_process()
        return self._kh_leave_cart(order_sudo)

    def _kh_send_free(self, order_sudo):
        """Send an order that costs nothing, as core does: without a payment."""
        order_sudo._check_cart_is_ready_to_be_paid()
        order_sudo._validate_order()
        return self._kh_leave_cart(order_sudo)

    @staticmethod
    def _kh_leave_cart(order_sudo):
        """Remember the order that was sent, and begin a new cart."""
        request.session["sale_last_order_id"] = order_sudo.id
        request.website.sale_reset()
        return "/shop/confirmation"
