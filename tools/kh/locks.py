"""Locks between processes: two runs of kh at once wait for each other instead of colliding.

A lock is an `flock` on a file below `.kh/locks`; the kernel drops it when its holder dies.
"""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tools.kh import console, paths

_held: dict[str, int] = {}


def lock_path(name: str) -> Path:
    return paths.below("locks", f"{name}.lock")


def _open(name: str) -> int:
    return os.open(lock_path(name), os.O_RDWR | os.O_CREAT, 0o644)


def _try(descriptor: int) -> bool:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _sign(descriptor: int) -> None:
    os.ftruncate(descriptor, 0)
    os.pwrite(descriptor, str(os.getpid()).encode(), 0)


@contextmanager
def exclusive(name: str) -> Iterator[None]:
    """Hold the lock `name`; wait (and say so) while another process holds it. Re-entrant."""
    if name in _held:
        _held[name] += 1
        try:
            yield
        finally:
            _held[name] -= 1
        return
    descriptor = _open(name)
    try:
        if not _try(descriptor):
            holder = os.pread(descriptor, 20, 0).decode() or "?"
            console.say(f"  waiting for another kh (process {holder}) to finish: {name}")
            fcntl.flock(descriptor, fcntl.LOCK_EX)
        _sign(descriptor)
        _held[name] = 1
        try:
            yield
        finally:
            del _held[name]
    finally:
        os.close(descriptor)


@contextmanager
def attempt(name: str) -> Iterator[bool]:
    """Hold the lock `name` if it is free now: yields whether it is held."""
    if name in _held:
        yield False
        return
    descriptor = _open(name)
    try:
        free = _try(descriptor)
        if free:
            _sign(descriptor)
            _held[name] = 1
        try:
            yield free
        finally:
            if free:
                del _held[name]
    finally:
        os.close(descriptor)
