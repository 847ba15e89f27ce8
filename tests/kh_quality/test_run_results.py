"""What a run said is counted once, exceptions need reasons, and the last line is pytest's."""

from collections import Counter
from types import SimpleNamespace

import pytest

from tools.kh import paths, results, testing
from tools.kh.errors import KhError
from tools.kh.results import Outcome


def row(key, outcome="passed", when="call", seconds=1.0, text=""):
    return {
        "key": key,
        "outcome": outcome,
        "when": when,
        "seconds": seconds,
        "path": f"{key}.py",
        "text": text,
    }


def test_the_worst_word_about_a_test_counts():
    outcome = Outcome()
    outcome.add([row("a"), row("b", "failed", text="no"), row("b"), row("c", "failed", "teardown")])
    outcome.add([row("c"), row("d", "skipped", "setup")])
    assert outcome.counts == Counter(passed=1, failed=1, error=1, skipped=1)
    assert outcome.bad == ["b", "c"]
    assert outcome.texts["b"] == "no"
    assert outcome.file_seconds()["b.py"] == 2.0


@pytest.mark.parametrize(
    ("counts", "words"),
    [
        ({"passed": 3}, "3 passed in 1.50s"),
        ({"passed": 3, "failed": 1}, "1 failed, 3 passed in 1.50s"),
        ({"passed": 3, "error": 2, "skipped": 1}, "3 passed, 1 skipped, 2 errors in 1.50s"),
        ({}, "no tests ran in 1.50s"),
    ],
)
def test_summary_line_is_pytests(counts, words):
    line = results.summary_line(Counter(counts), 1.5)
    assert line.strip("= ") == words
    assert line.startswith("=")


def test_exceptions_need_a_reason(tmp_path):
    listed = tmp_path / "list.txt"
    listed.write_text("# comment\n\nfirst thing  # because of it\n")
    assert results.read_listed(listed) == [results.Listed("first thing", "because of it")]
    listed.write_text("first thing\n")
    with pytest.raises(KhError, match=r"list.txt, line 1"):
        results.read_listed(listed)
    assert results.read_listed(tmp_path / "none.txt") == []


def warning(message, logger="odoo.tools.config"):
    return {"level": "WARNING", "logger": logger, "message": message, "test": "a::b"}


def test_a_warning_that_nobody_allowed_is_told_with_its_test():
    allowed = [results.Listed(r"WARNING odoo\.tools\.config: option", "core's own")]
    rows = [warning("option x"), warning("ours\nmore", "odoo.addons.kh_x"), warning("ours", "kh")]
    assert results.unexpected_warnings(rows, allowed) == {
        "WARNING odoo.addons.kh_x: ours": ["a::b"],
        "WARNING kh: ours": ["a::b"],
    }


LOG = """$ python -m odoo -d kh_t_all_1_building -i x
2026-11-22 10:00:00,000 7 WARNING kh_t_all_1_building odoo.old: long ago
$ python -m odoo -d kh_t_all_2_building -i x
2026-11-22 10:00:00,000 7 INFO kh_t_all_2_building odoo.modules: loading
2026-11-22 10:00:00,000 7 WARNING kh_t_all_2_building odoo.models: no access rules
2026-11-22 10:00:00,000 7 ERROR kh_t_all_2_building odoo.fields: no string
$ python -m odoo shell -d kh_t_all_2_building --no-http
2026-11-22 10:00:00,000 7 WARNING kh_t_all_2_building odoo.assets: no such file
"""


def test_warnings_of_an_installation_are_those_of_its_own_run(tmp_path):
    log = tmp_path / "db-all.log"
    log.write_text(LOG)
    found = results.install_warnings(log, "kh_t_all_2")
    assert [r["message"] for r in found] == ["no access rules", "no string", "no such file"]
    assert found[0]["logger"] == "odoo.models"
    assert results.install_warnings(log, "kh_t_all_3") == []
    assert results.install_warnings(tmp_path / "none.log", "kh_t_all_2") == []


def test_a_log_warning_fails_a_run_in_which_all_tests_passed(capsys, monkeypatch, tmp_path):
    monkeypatch.setattr(testing, "ALLOWED_WARNINGS", tmp_path / "none.txt")
    outcome = Outcome()
    outcome.add([row("a")])
    assert testing.finish(outcome, [], 1.0) == 0
    assert capsys.readouterr().out.splitlines()[-1].strip("= ") == "1 passed in 1.00s"
    assert testing.finish(outcome, [warning("ours")], 1.0) == 1
    said = capsys.readouterr().out
    assert said.splitlines()[-1].strip("= ") == "1 passed, 1 error in 1.00s"
    assert "WARNING odoo.tools.config: ours" in said


def test_failed_tests_are_named_before_the_last_line(capsys):
    outcome = Outcome()
    outcome.add([row("a"), row("b", "failed")])
    assert testing.finish(outcome, [], 1.0) == 1
    assert "failed  b" in capsys.readouterr().out
    assert testing.finish(Outcome(), [], 1.0) == 5


def test_a_crashed_pytest_is_an_error():
    outcome = Outcome()
    outcome.add([row("a"), testing.crash_row(SimpleNamespace(name="product", exit_code=3))])
    assert outcome.counts["error"] == 1


def test_paths_are_sorted_by_what_they_need(monkeypatch):
    monkeypatch.chdir(paths.ROOT)
    chosen = testing.split_targets(
        ["tests/conftest.py", "addons/kh_b2b_pricing", "addons/kh_b2b_demo", "tests"]
    )
    assert chosen["plain"] == [str(paths.ROOT / "tests/conftest.py"), str(paths.ROOT / "tests")]
    assert chosen["product"] == [str(paths.ROOT / "addons/kh_b2b_pricing")]
    assert chosen["demo"] == [str(paths.ROOT / "addons/kh_b2b_demo")]
    everything = testing.split_targets([])
    assert "tests" in everything["product"]
    assert not any("demo" in path for path in everything["product"])
    with pytest.raises(KhError, match="no tests/nothing.py"):
        testing.split_targets(["tests/nothing.py"])
