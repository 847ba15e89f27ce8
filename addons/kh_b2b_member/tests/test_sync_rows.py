import random

from odoo.tests import BaseCase, tagged

from ..engine import sync_http, sync_rows
from ..engine.sync_rows import Rule
from .common import make_code


@tagged("post_install", "-at_install")
class TestSyncRows(BaseCase):
    def _parse(self, row, *rules):
        return sync_rows.parse_row(0, row, [Rule(*rule) for rule in rules])

    def test_paths_and_transformations(self):
        row = {
            "no": " ｋ1 ",
            "info": {"tax": make_code(1).lower(), "phones": ["0571-1", "2"]},
            "grade": "A",
            "a.b": "dotted",
            "day": "2026/03/01",
            "blocked": "Y",
        }
        incoming = self._parse(
            row,
            ("no", "code", "upper"),
            ("info.tax", "vat"),
            ("info.phones.1", "phone"),
            ("info.nothing", "email"),
            ("grade", "level", "map", "A = Gold\nB = Silver"),
            ("a.b", "name"),
            ("day", "version", "date", "%Y/%m/%d"),
            ("blocked", "active", "map", "Y = no\n* = yes"),
            ("", "member_type", "constant", "company"),
        )
        self.assertIsNone(incoming.error)
        self.assertEqual(incoming.code, "K1")
        self.assertEqual(incoming.version, "2026-03-01T00:00:00")
        self.assertEqual(
            incoming.values,
            {
                "vat": make_code(1),
                "phone": "2",
                "level": "Gold",
                "name": "dotted",
                "active": False,
                "member_type": "company",
            },
        )

    def test_wrong_values_are_named(self):
        for reason, values in (
            ("vat", {"vat": "91330108"}),
            ("email", {"email": "a@b"}),
            ("account", {"bank_account": "12"}),
            ("flag", {"active": "perhaps"}),
            ("choice", {"member_type": "gold"}),
            ("too_long", {"name": "x" * 501}),
            ("not_simple", {"name": {"first": "x"}}),
            ("unknown_names", {"nmae": "x"}),
        ):
            error = self._parse({"code": "K1", **values}).error
            self.assertEqual(error and error.reason, reason)
        self.assertEqual(self._parse({"name": "x"}).error.reason, "no_code")
        self.assertEqual(self._parse(["K1"]).error.reason, "not_a_row")

    def test_foreign_tax_numbers_are_not_checked(self):
        self.assertIsNone(self._parse({"code": "1", "vat": "DE123", "country": "DE"}).error)

    def test_digest_does_not_depend_on_spelling(self):
        one = self._parse({"code": "K1", "name": "A ", "areas": ["B", "A"], "zip": 310000.0})
        two = self._parse({"zip": "310000", "areas": "A、B", "code": "K1", "name": "Ａ"})
        other = self._parse({"zip": "310001", "areas": "A、B", "code": "K1", "name": "A"})
        self.assertEqual(one.digest, two.digest)
        self.assertNotEqual(one.digest, other.digest)

    def test_merge(self):
        never = object()
        cases = (
            # base, ours, theirs -> written, known after, clash
            ("a", "a", "a", never, "a", False),
            ("a", "a", "b", "b", "b", False),
            ("a", "b", "a", never, "a", False),  # changed here only: stays
            ("a", "b", "b", never, "b", False),  # both the same
            ("a", "b", "c", never, "a", True),
            ("a", "b", None, never, "a", True),
            ("a", "a", None, None, None, False),
            (never, None, "b", "b", "b", False),
            (never, "a", None, never, None, False),  # silence of the ERP wins nothing
            (never, "a", "b", never, never, True),
        )
        for base, ours, theirs, written, known, clash in cases:
            base_values = {} if base is never else {"x": base}
            result = sync_rows.merge(base_values, {"x": ours}, {"x": theirs})
            case = (base, ours, theirs)
            self.assertEqual(result.write, {} if written is never else {"x": written}, case)
            self.assertEqual(result.base, {} if known is never else {"x": known}, case)
            self.assertEqual(result.clashes, ["x"] if clash else [], case)

    def test_merge_policies(self):
        values = {"x": "a"}, {"x": "b"}, {"x": "c"}
        result = sync_rows.merge(*values, {"x": "theirs"})
        self.assertEqual((result.write, result.base, result.clashes), ({"x": "c"}, {"x": "c"}, []))
        result = sync_rows.merge(*values, default="ours")
        self.assertEqual((result.write, result.base, result.clashes), ({}, {"x": "c"}, []))

    def test_merge_never_loses_what_a_person_wrote(self):
        """Random edits on both sides: ours changes only where we had not touched it."""
        dice = random.Random(7)
        base, ours = {}, {}
        for _step in range(2000):
            name = dice.choice("abc")
            if dice.random() < 0.4:
                ours[name] = dice.choice([None, 1, 2, 3])
            theirs = {key: dice.choice([None, 1, 2, 3]) for key in dice.sample("abc", 2)}
            result = sync_rows.merge(base, ours, theirs)
            for key in result.write:
                self.assertTrue(ours.get(key) is None or ours[key] == base[key])
            ours.update(result.write)
            again = sync_rows.merge(result.base, ours, theirs)
            self.assertFalse(again.write, "the same row twice writes nothing")
            self.assertEqual(again.clashes, result.clashes)
            base = result.base

    def test_order_of_versions(self):
        self.assertTrue(sync_rows.is_older("9", 5, "10", 1))
        self.assertFalse(sync_rows.is_older("11", 1, "10", 5))
        self.assertTrue(sync_rows.is_older("2026-01-01", 5, "2026-02-01", 1))
        self.assertTrue(sync_rows.is_older("", 1, "10", 5))
        self.assertFalse(sync_rows.is_older("", 5, "", 5))

    def test_waves_keep_the_order(self):
        rows = [sync_rows.Incoming(i, code) for i, code in enumerate("abaca")]
        waves = sync_rows.split_waves(rows)
        self.assertEqual([[row.index for row in wave] for wave in waves], [[0, 1, 3], [2], [4]])

    # === GUARD === #
    def _refuse(self, reason, url, **values):
        endpoint = sync_http.Endpoint(values.pop("home", url), **values)
        with self.assertRaises(sync_http.FetchError) as caught:
            sync_http.check_url(endpoint, url)
        self.assertEqual(caught.exception.reason, reason)

    def test_addresses_that_are_refused(self):
        self._refuse("needs_https", "http://127.0.0.1/")
        self._refuse("private_address", "https://127.0.0.1/")
        self._refuse("private_address", "https://10.0.0.1/")
        self._refuse("private_address", "https://[::1]/")
        self._refuse("private_address", "https://[::ffff:127.0.0.1]/")
        self._refuse("bad_address", "https://169.254.169.254/", allow_private=True)
        self._refuse("bad_address", "https://0.0.0.0/", allow_private=True)
        self._refuse("bad_url", "file:///etc/passwd")
        self._refuse("bad_url", "ftp://127.0.0.1/", allow_http=True, allow_private=True)
        local = {"allow_private": True, "allow_http": True}
        self._refuse("other_host", "https://127.0.0.2/", home="https://127.0.0.1/", **local)
        self._refuse("other_host", "http://127.0.0.1/", home="https://127.0.0.1/", **local)
        for home, url in (
            ("https://127.0.0.1/", "https://127.0.0.1/x"),
            ("https://127.0.0.1/", "https://127.0.0.1:443/x"),
            ("http://127.0.0.1:8080/", "http://127.0.0.1:8080/x"),
        ):
            sync_http.check_url(sync_http.Endpoint(home, **local), url)

    def test_other_ports_and_schemes_are_other_places(self):
        local = {"allow_private": True, "allow_http": True}
        for home, url in (
            ("https://127.0.0.1/", "https://127.0.0.1:8443/"),
            ("https://127.0.0.1:8443/", "https://127.0.0.1/"),
            ("http://127.0.0.1:8080/", "http://127.0.0.1:6379/"),
            ("http://127.0.0.1/", "https://127.0.0.1/"),
            ("http://127.0.0.1:443/", "https://127.0.0.1/"),
        ):
            self._refuse("other_host", url, home=home, **local)
        self._refuse("bad_url", "https://127.0.0.1:99999/", **local)

    def test_endpoint_does_not_show_its_secret(self):
        self.assertNotIn("s3cret", repr(sync_http.Endpoint("https://x", secret="s3cret")))
