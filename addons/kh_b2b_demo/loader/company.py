"""The brand company: address, chart, taxes, bank, languages, website (品牌企业)."""

import base64

from odoo import Command

from .base import Book, enable_features, make_uscc, read_bytes, translate

NAME = "杭州云岫电气有限公司"
ADDRESS = {
    "street": "滨江区聚工路 19 号云岫产业园 3 幢",
    "city": "杭州市",
    "zip": "310051",
    "phone": "+86 571 8700 6618",
    "email": "service@yunxiu-electric.example",
}
BANK_NAME = "中国工商银行杭州滨江支行"
BANK_ACCOUNT = "1202026319900088888"


def load(env):
    if Book(env).get("provider_transfer"):
        return
    _load_languages(env)
    # a company that keeps books already stays what it is
    if not env["account.move"].search_count([("company_id", "=", env.company.id)], limit=1):
        _load_company(env)
        _load_accounting(env)
    _load_stock(env)
    _load_website(env)
    _load_payment(env)


def _load_languages(env):
    """Chinese first, English second; ISO dates, weeks from Monday."""
    installed = {code for code, _name in env["res.lang"].get_installed()}
    for code in {"en_US", "zh_CN"} - installed:
        env["res.lang"]._activate_lang(code)
        modules = env["ir.module.module"].search([("state", "=", "installed")])
        modules._update_translations(code)
    lang = env["res.lang"].search([("code", "=", "zh_CN")])
    lang.write({"date_format": "%Y-%m-%d", "time_format": "%H:%M:%S", "week_start": "1"})
    env["ir.default"].set("res.partner", "lang", "zh_CN")
    env["ir.default"].set("res.partner", "tz", "Asia/Shanghai")
    people = env["res.users"].with_context(active_test=False).search([]).partner_id
    people.write({"lang": "zh_CN", "tz": "Asia/Shanghai"})


def _load_company(env):
    china = env.ref("base.cn")
    env.ref("base.CNY").active = True
    company = env.company
    company.write(
        {
            "name": NAME,
            "country_id": china.id,
            "state_id": env.ref("base.state_cn_ZJ").id,
            "currency_id": env.ref("base.CNY").id,
            "vat": make_uscc("330108", 580617),
            "logo": base64.b64encode(read_bytes("img", "logo.png")),
            "paperformat_id": env.ref("base.paperformat_euro").id,
            "external_report_layout_id": env.ref("web.external_layout_standard").id,
            "primary_color": "#0B5394",
            "secondary_color": "#495057",
            "report_header": "云岫电气 · 让用电更安心",
            **ADDRESS,
        }
    )
    company.partner_id.write({"lang": "zh_CN", "tz": "Asia/Shanghai"})
    enable_features(env, "product.group_product_variant", "uom.group_uom")


def _load_accounting(env):
    """Chinese chart; prices of sales and purchases are tax included (含税), 13 % by default."""
    company = env.company
    # The public shell of this method warns while modules are being installed; everything the
    # chart needs is a dependency of ours and loaded.
    env["account.chart.template"]._load("cn", company, install_demo=False)
    company.account_price_include = "tax_included"
    company.tax_calculation_rounding_method = "round_per_line"
    bank = env["res.bank"].create(
        {"name": BANK_NAME, "bic": "ICBKCNBJZJP", "country": env.ref("base.cn").id}
    )
    journal = env["account.journal"].search(
        [("company_id", "=", company.id), ("type", "=", "bank")], limit=1
    )
    journal.write({"bank_acc_number": BANK_ACCOUNT, "bank_id": bank.id})
    journal.bank_account_id.write({"acc_holder_name": NAME, "allow_out_payment": True})
    translate(journal, "name", ["工商银行"])


def _load_stock(env):
    warehouse = env["stock.warehouse"].search([("company_id", "=", env.company.id)], limit=1)
    warehouse.write({"name": "杭州仓", "code": "HZ"})


def _load_website(env):
    website = env["website"].search([], limit=1)
    chinese, english = (env["res.lang"]._lang_get(code) for code in ("zh_CN", "en_US"))
    website.write(
        {
            "name": "云岫电气订货商城",
            "company_id": env.company.id,
            "kh_is_b2b": True,
            "default_lang_id": chinese.id,
            "language_ids": [Command.set([chinese.id, english.id])],
            "auth_signup_uninvited": "b2b",
            "show_line_subtotals_tax_selection": "tax_included",
            "homepage_url": "/shop",
            "logo": base64.b64encode(read_bytes("img", "logo.png")),
            "social_facebook": False,
            "social_github": False,
            "social_instagram": False,
            "social_linkedin": False,
            "social_tiktok": False,
            "social_twitter": False,
            "social_youtube": False,
        }
    )
    # the brand's blue instead of Odoo's purple, as its marketing would set it in the editor
    env["website.assets"].with_context(website_id=website.id).make_scss_customization(
        "/website/static/src/scss/options/colors/user_color_palette.scss",
        {"o-color-1": "#0b5394", "o-color-2": "#e7f1fb"},
    )
    env["ir.config_parameter"].set_param("auth_signup.invitation_scope", "b2b")
    env.company.kh_registration_open = True


def _load_payment(env):
    """Bank transfer only; the other ways to pay come with their own add-ons."""
    providers = env["payment.provider"].search([("company_id", "=", env.company.id)])
    transfer = providers.filtered(lambda p: p.custom_mode == "wire_transfer")[:1]
    (providers - transfer).filtered(lambda p: p.state != "disabled").state = "disabled"
    journal = env["account.journal"].search(
        [("company_id", "=", env.company.id), ("type", "=", "bank")], limit=1
    )
    transfer.write({"state": "enabled", "is_published": True, "sequence": 1})
    transfer.journal_id = journal
    transfer.payment_method_ids.active = True
    message = (
        "<p>{intro}</p><ul><li>{name}: {company}</li><li>{bank}: {bank_name}</li>"
        "<li>{account}: {number}</li></ul><p>{note}</p>"
    )
    values = {"company": NAME, "bank_name": BANK_NAME, "number": BANK_ACCOUNT}
    transfer.with_context(lang="en_US").pending_msg = message.format(
        intro="Please transfer the amount of the order to:",
        name="Account name",
        bank="Bank",
        account="Account number",
        note="State the order number. We ship as soon as the money has arrived.",
        **values,
    )
    translate(
        transfer,
        "pending_msg",
        [
            message.format(
                intro="请将订单金额汇至以下对公账户：",
                name="户名",
                bank="开户行",
                account="账号",
                note="汇款时请备注订单号，款项到账后我们立即安排发货。",
                **values,
            )
        ],
    )
    translate(transfer, "name", ["银行转账（对公）"])
    carrier = env["delivery.carrier"].search([], limit=1)
    translate(carrier, "name", ["物流配送"])
    book = Book(env)
    book.remember({"provider_transfer": transfer, "carrier_standard": carrier})
