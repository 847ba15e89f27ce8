"""What is remembered all through a run of tests: by its whole input, failures never."""

import pytest

from tools.kh.remember import by_text


class Compiler:
    def __init__(self):
        self.asked = []

    def compile(self, expr, raise_on_missing=False):
        self.asked.append((expr, raise_on_missing))
        if expr == "(":
            raise ValueError(expr)
        return f"<{expr}>"


def test_asked_once_for_each_input(monkeypatch):
    monkeypatch.setattr(Compiler, "compile", by_text(Compiler.compile))
    first, second = Compiler(), Compiler()
    assert first.compile("a") == second.compile("a") == "<a>"
    assert second.compile("a", True) == "<a>"
    assert first.compile(None) == second.compile("None") == "<None>"
    assert first.asked == [("a", False), (None, False)]
    assert second.asked == [("a", True), ("None", False)]


def test_a_failure_is_found_again(monkeypatch):
    monkeypatch.setattr(Compiler, "compile", by_text(Compiler.compile))
    compiler = Compiler()
    for _ in range(2):
        with pytest.raises(ValueError, match=r"\("):
            compiler.compile("(")
    assert len(compiler.asked) == 2
