from odoo.tests import new_test_user


class PeopleMixin:
    """Two dealers with people; mix it into a test case class."""

    @classmethod
    def _set_up_people(cls):
        cls.dealer, cls.other_dealer = cls.env["res.partner"].create(
            [
                {"name": f"KH people {name}", "is_company": True, "kh_is_dealer": True}
                for name in ("Huarui", "Hengli")
            ]
        )
        cls.boss = cls._create_person("kh_boss", cls.dealer, "admin")
        cls.buyer = cls._create_person("kh_buyer", cls.dealer, "buyer")
        cls.approver = cls._create_person("kh_approver", cls.dealer, "approver")
        cls.accountant = cls._create_person("kh_accountant", cls.dealer, "finance")
        cls.foreign_boss = cls._create_person("kh_foreign_boss", cls.other_dealer, "admin")

    @classmethod
    def _create_person(cls, login, dealer, role):
        user = new_test_user(
            cls.env,
            login,
            "kh_b2b_member.group_b2b_dealer",
            password=login,
            email=f"{login}@kh-people.example.com",
            name=login.removeprefix("kh_").replace("_", " ").title(),
        )
        user.partner_id.parent_id = dealer
        user.partner_id.kh_dealer_role = role
        return user

    def _as(self, user):
        """Return the dealer of `user`, as that user sees it."""
        return user.with_user(user).partner_id.commercial_partner_id

    @staticmethod
    def _prepare_invitation(**values):
        return {
            "name": "New Colleague",
            "email": "new@kh-people.example.com",
            "phone": "13812345678",
            "role": "buyer",
            "lang": "en_US",
            "order_limit": 5000.0,
            **values,
        }
