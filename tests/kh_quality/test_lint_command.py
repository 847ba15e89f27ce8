"""The lint command runs each linter, shows what it says, and fails when one has findings."""

import argparse
import sys

import pytest

from tools.kh import lint, lint_tools, paths, shots
from tools.kh.errors import KhError


def options(**more):
    return argparse.Namespace(**{"fix": False, "only": None, **more})


def test_exit_status_is_that_of_the_worst_linter(monkeypatch, capsys):
    said = {"one": lint.Result("one", True, ""), "two": lint.Result("two", False, "x.py:1: bad")}
    monkeypatch.setattr(lint, "LINTERS", {name: lambda fix, n=name: said[n] for name in said})
    assert lint.run(options()) == 1
    out = capsys.readouterr().out
    assert "x.py:1: bad" in out
    assert out.rstrip().endswith("Findings of: two.")
    assert lint.run(options(only=["one"])) == 0


def test_a_linter_is_content_only_when_it_exits_with_0_and_does_not_complain():
    def command(code):
        return [sys.executable, "-c", f"print('said'); raise SystemExit({code})"]

    assert lint.tool("x", [command(0)]).ok
    bad = lint.tool("x", [command(0), command(3)])
    assert not bad.ok
    assert bad.output == "said"
    assert not lint.tool("x", [command(0)], complains=lambda said: "said" in said).ok


@pytest.mark.parametrize(
    ("printed", "version"), [("v22.20.0", (22, 20)), ("v18.1.9", (18, 1)), ("", (0,))]
)
def test_version_of_node(tmp_path, printed, version):
    program = tmp_path / "node"
    program.write_text(f"#!/bin/sh\necho {printed}\n")
    program.chmod(0o755)
    assert lint_tools.node_version(program) == version
    assert lint_tools.node_version(tmp_path / "none") == (0,)


def test_a_folder_without_its_mark_is_not_made(tmp_path):
    assert not lint_tools.is_made(tmp_path, "abc")
    (tmp_path / lint_tools.MARK).write_text("abc")
    assert lint_tools.is_made(tmp_path, "abc")
    assert not lint_tools.is_made(tmp_path, "def")


def test_pictures_are_chosen_by_name():
    assert [page.name for page in shots.chosen_pages(["register"])] == [
        "02-register",
        "04-register-data",
        "05-register-resume",
    ]
    assert len(shots.chosen_pages([])) > 20
    with pytest.raises(KhError, match="No page is called nothing"):
        shots.chosen_pages(["nothing"])


def test_every_role_of_a_page_is_a_login_of_the_demo_company():
    logins = shots.demo_logins()
    assert {page.role for page in shots.chosen_pages([])} - {None} <= logins.keys()
    names = [page.name for page in shots.chosen_pages([])]
    assert len(names) == len(set(names))


def test_every_action_of_a_page_exists():
    for page in shots.chosen_pages([]):
        if page.url.startswith("action:"):
            addon, name = page.url.removeprefix("action:").split(".")
            views = (paths.ADDONS / addon).glob("*/*.xml")
            assert any(f'id="{name}"' in view.read_text() for view in views), page.url


def test_findings_of_the_browser_fail_the_command(capsys):
    finding = {"kind": "foreign host", "page": "zh_CN/1280/shop", "text": "https://fonts.example"}
    assert shots.report([finding, {**finding, "page": "zh_CN/390/shop"}]) == 1
    assert "2 ×, first on zh_CN/1280/shop" in capsys.readouterr().out
    assert shots.report([]) == 0
