"""Other programs: their output, their end, and no orphans."""

import sys
import time

import pytest
from conftest import start_python

from tools.kh import process
from tools.kh.errors import KhError


def test_output_and_exit_code(tmp_path):
    log = tmp_path / "log"
    code = process.run([sys.executable, "-c", "print('hello'); exit(3)"], log=log)
    assert code == 3
    assert "hello" in log.read_text()


def test_too_slow_is_a_sentence_and_the_whole_group_ends(tmp_path):
    marker = tmp_path / "still-there"
    script = f"(sleep 3; touch {marker}) & sleep 30"
    with pytest.raises(KhError, match="did not finish within 0 seconds|within"):
        process.run(["sh", "-c", script], log=tmp_path / "log", timeout=0.3)
    time.sleep(0.2)
    assert not marker.exists()


def test_a_missing_program_is_a_sentence(tmp_path):
    with pytest.raises(KhError, match="no-such-program-at-all is missing"):
        process.run(["no-such-program-at-all"], log=tmp_path / "log")


def test_a_full_disk_in_another_program_is_a_sentence(tmp_path, kh_home):
    argv = ["sh", "-c", "echo 'write error: No space left on device'; exit 1"]
    with pytest.raises(KhError, match=r"disk .* is full; free some space"):
        process.run(argv, log=tmp_path / "log")


def test_a_child_dies_with_a_killed_parent(tmp_path):
    code = f"""
    from pathlib import Path
    from tools.kh import process
    process.run(["sh", "-c", "echo $$ > {tmp_path}/pid; exec sleep 60"], log=Path("{tmp_path}/log"))
    """
    parent = start_python(code)
    pid_file = tmp_path / "pid"
    wait_for(lambda: pid_file.exists() and pid_file.read_text().strip())
    pid = int(pid_file.read_text())
    assert process.is_alive(pid)
    parent.kill()
    parent.wait()
    wait_for(lambda: not process.is_alive(pid))


def test_start_time_names_one_process():
    assert process.start_time(1) is not None
    assert process.start_time(2**22 + 1) is None


def wait_for(condition, seconds=10):
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "waited in vain"
        time.sleep(0.02)


def test_a_program_reads_what_it_is_fed(tmp_path):
    log = tmp_path / "cat.log"
    assert process.run(["cat"], log=log, feed="one\ntwo\n") == 0
    assert log.read_text() == "$ cat\none\ntwo\n"
    assert process.run(["cat"], log=log) == 0
    assert log.read_text() == "$ cat\none\ntwo\n$ cat\n"
