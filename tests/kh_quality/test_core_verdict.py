"""A failure of Odoo's own tests is ours only when plain Odoo does not have it."""

from types import SimpleNamespace

import pytest

from tools.kh import core_tests
from tools.kh.errors import KhError
from tools.kh.results import Listed, Outcome


def outcome(**tests):
    found = Outcome()
    found.tests.update(tests)
    return found


@pytest.mark.parametrize(
    ("again", "plain", "where", "exit_code"),
    [
        ("failed", "passed", "ours", 1),
        ("error", "skipped", "ours", 1),
        ("failed", "failed", "both", 0),
        ("passed", "passed", "unstable", 0),
        ("passed", "failed", "unstable", 0),
        (None, "passed", "ours", 1),
        ("failed", None, "both", 0),
    ],
)
def test_failures_are_sorted_by_the_second_run(again, plain, where, exit_code):
    verdict = core_tests.classify(
        ["a"],
        outcome(**({"a": again} if again else {})),
        outcome(**({"a": plain} if plain else {})),
    )
    assert getattr(verdict, where) == ["a"]
    assert verdict.exit_code == exit_code


def test_report_prints_with_and_without_and_the_known(capsys):
    verdict = core_tests.Verdict(ours=["x.test_a::A::test_1"], both=["x.test_b::B::test_2"])
    core_tests.report(verdict, [Listed("x.test_c::C::test_3", "the editor")], Outcome())
    said = capsys.readouterr().out
    assert "pass without them: 1\n  x.test_a::A::test_1" in said
    assert "with and without our add-ons (list them, with the reason): 1" in said
    assert "not run: 1\n  x.test_c::C::test_3\n      the editor" in said


def test_one_test_is_named_by_its_file():
    found = Outcome()
    found.places["sale.tests.test_x::A::test_1"] = "/odoo/addons/sale/tests/test_x.py"
    assert (
        core_tests.target(found, "sale.tests.test_x::A::test_1")
        == "/odoo/addons/sale/tests/test_x.py::A::test_1"
    )


def test_unknown_core_module_is_refused(tmp_path):
    (tmp_path / "sale" / "tests").mkdir(parents=True)
    env = SimpleNamespace(addons_path=[tmp_path])
    assert core_tests.test_folders(env, ["sale"]) == [str(tmp_path / "sale" / "tests")]
    with pytest.raises(KhError, match="no module sales"):
        core_tests.test_folders(env, ["sales"])


def test_known_failures_all_have_reasons():
    assert all(entry.reason for entry in core_tests.read_listed(core_tests.KNOWN_FAILURES))
