"""Errors that a person reads: one sentence, what is wrong and what to do."""

from __future__ import annotations

import errno
from pathlib import Path

DISK_FULL_MARKS = ("No space left on device", "disk full", "ENOSPC")


class KhError(Exception):
    """Says in one sentence what is wrong and what to do; the command prints it and exits 1."""


def disk_full(where: Path | str) -> KhError:
    """The error for a full disk at `where`."""
    return KhError(
        f"The disk that holds {where} is full; free some space (a set-up needs about 4 GB) "
        "and run the same command again."
    )


def from_os_error(error: OSError, where: Path | str) -> KhError:
    """Turn an error of the operating system into a sentence."""
    path = error.filename or where
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        return disk_full(path)
    if error.errno in (errno.EACCES, errno.EPERM):
        return KhError(f"{path} may not be read or written by you; correct its owner or rights.")
    if error.errno == errno.EROFS:
        return KhError(f"{path} lies on a read-only disk; name another folder in KH_HOME.")
    return KhError(f"{path}: {error.strerror or error}; correct this and run the command again.")


def says_disk_full(text: str) -> bool:
    """Whether the output of another program complains about a full disk."""
    return any(mark in text for mark in DISK_FULL_MARKS)
