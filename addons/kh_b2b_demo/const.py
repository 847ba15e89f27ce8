"""Logins of the demo company: passwords equal the logins, for demonstration only."""

# (role, login, password, where to start)
LOGINS = [
    ("Stranger (no login)", "", "", "/shop"),
    ("Stranger who wants to become a dealer", "", "", "/b2b/register"),
    ("Dealer, owner (diamond level, price contract)", "dealer1", "dealer1", "/my"),
    ("Dealer, buyer of the same company", "buyer1", "buyer1", "/shop"),
    ("Dealer, approver of the same company", "approver1", "approver1", "/my/approvals"),
    ("Dealer in South China (diamond level)", "dealer2", "dealer2", "/my"),
    ("Dealer without contract (silver level)", "dealer3", "dealer3", "/shop"),
    ("General manager", "gm", "gm", "/odoo"),
    ("Product manager", "product", "product", "/odoo"),
    ("Admission clerk", "admission", "admission", "/odoo"),
    ("Order clerk", "order", "order", "/odoo"),
    ("Finance", "finance", "finance", "/odoo"),
    ("After-sale clerk", "aftersale", "aftersale", "/odoo"),
    ("Sales director", "director", "director", "/odoo"),
    ("Sales supervisor", "supervisor", "supervisor", "/odoo"),
    ("Salesperson, East China", "sales1", "sales1", "/odoo"),
    ("Salesperson, South and North China", "sales2", "sales2", "/odoo"),
    ("IT administrator", "it", "it", "/odoo"),
    ("Odoo administrator", "admin", "admin", "/odoo"),
]
# Short logins of dealers' people: login -> reference of the dealer in data/dealers.csv.
DEALER_LOGINS = {"dealer1": "huarui", "dealer2": "yuehua", "dealer3": "sulian"}
COLLEAGUE_LOGINS = {
    "buyer1": ("huarui", "张丽", "采购员", "13800001131", "zhangli@huaruida.example"),
    "approver1": ("huarui", "周国强", "采购经理", "13800001132", "zhouguoqiang@huaruida.example"),
}
