"""The command line of ./kh: finds the subcommand, runs it, turns errors into one sentence.

A subcommand is a module of this package with `register(subparsers)`, which adds its parser and
sets its default `run`, and `run(args) -> int`, the exit status. Heavy imports belong into `run`.
"""

from __future__ import annotations

import argparse
import importlib
import importlib.util
import signal
import sys
from collections.abc import Sequence

from tools.kh import paths
from tools.kh.errors import KhError, from_os_error

PACKAGE = __package__
COMMANDS = ("server", "testing", "bench", "lint", "shell", "db_command", "i18n", "shots", "doctor")


def build_parser() -> argparse.ArgumentParser:
    """The parser with all subcommands whose modules are there."""
    parser = argparse.ArgumentParser(
        prog="./kh",
        description="KH B2B on Odoo 19. Everything that this command makes lies below .kh/.",
    )
    subparsers = parser.add_subparsers(dest="command", metavar="COMMAND")
    for name in COMMANDS:
        if importlib.util.find_spec(f"{PACKAGE}.{name}") is not None:
            importlib.import_module(f"{PACKAGE}.{name}").register(subparsers)
    return parser


def main(argv: Sequence[str] | None = None) -> int:
    """Run one subcommand; return the exit status (0 fine, 1 failed, 2 wrong use, 130 Ctrl-C)."""
    parser = build_parser()
    args = parser.parse_args(argv)
    if not args.command:
        parser.print_help()
        return 2
    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, _interrupt)
    try:
        return int(args.run(args) or 0)
    except KhError as error:
        print(f"kh: {error}", file=sys.stderr)
    except BrokenPipeError:
        return 1
    except OSError as error:
        print(f"kh: {from_os_error(error, paths.KH)}", file=sys.stderr)
    except KeyboardInterrupt:
        print("kh: stopped; the same command goes on where it was.", file=sys.stderr)
        return 130
    return 1


def _interrupt(_number: int, _frame: object) -> None:
    """Let SIGTERM and SIGHUP end us as Ctrl-C does: children first."""
    raise KeyboardInterrupt
