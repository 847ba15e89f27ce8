"""Two runs at once wait for each other; a dead one blocks nobody."""

import time

import pytest
from conftest import start_python

from tools.kh import locks

HOLD = """
import time
from tools.kh import locks
with locks.exclusive("set-up"):
    print("held", flush=True)
    time.sleep({seconds})
"""


def test_a_killed_holder_frees_the_lock(kh_home):
    holder = start_python(HOLD.format(seconds=60))
    assert holder.stdout.readline().strip() == "held"
    with locks.attempt("set-up") as free:
        assert not free
    holder.kill()
    holder.wait()
    with locks.attempt("set-up") as free:
        assert free


def test_the_second_waits_and_says_for_whom(kh_home, capsys):
    holder = start_python(HOLD.format(seconds=0.6))
    assert holder.stdout.readline().strip() == "held"
    started = time.monotonic()
    with locks.exclusive("set-up"):
        waited = time.monotonic() - started
    assert waited > 0.2
    assert str(holder.pid) in capsys.readouterr().err
    holder.wait()


def test_eight_processes_never_hold_it_together(kh_home, tmp_path):
    file = tmp_path / "count"
    file.write_text("0")
    code = f"""
    import time
    from pathlib import Path
    from tools.kh import locks
    for _ in range(5):
        with locks.exclusive("count"):
            value = int(Path({str(file)!r}).read_text())
            time.sleep(0.002)
            Path({str(file)!r}).write_text(str(value + 1))
    """
    children = [start_python(code) for _ in range(8)]
    assert [child.wait() for child in children] == [0] * 8
    assert file.read_text() == "40"


def test_a_lock_is_reentrant_and_freed_after_an_error(kh_home):
    with pytest.raises(ValueError, match="inside"), locks.exclusive("a"), locks.exclusive("a"):
        raise ValueError("inside")
    with locks.attempt("a") as free:
        assert free
