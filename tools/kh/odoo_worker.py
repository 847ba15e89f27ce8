"""A process with Odoo that answers JSON commands, a line each, through its input and output."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import traceback
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from tools.kh import paths, process
from tools.kh.environment import Environment
from tools.kh.errors import KhError


class OdooWorker:
    """The asking side: starts a module of ours in the environment's Python."""

    def __init__(self, env: Environment, module: str, options: Sequence[str], log: Path) -> None:
        self.name = module.rpartition(".")[2]
        self.log = log
        with log.open("ab") as errors:
            self.process = subprocess.Popen(
                [str(env.python), "-m", module, "-c", str(env.config), *options],
                cwd=paths.ROOT,
                env=env.odoo_env(),
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=errors,
                text=True,
                preexec_fn=process.die_with_parent(),
            )

    def ask(self, command: dict[str, Any]) -> dict[str, Any]:
        """Send a command and wait for its answer.

        :raise KhError: the worker failed; its log says where
        """
        assert self.process.stdin and self.process.stdout
        try:
            self.process.stdin.write(json.dumps(command) + "\n")
            self.process.stdin.flush()
            line = self.process.stdout.readline()
        except BrokenPipeError:
            line = ""
        answer = json.loads(line) if line else {"error": "it ended"}
        if "error" in answer:
            raise KhError(f"The {self.name} failed ({answer['error']}); see {self.log}.")
        return answer

    def close(self) -> None:
        """Let it end; kill it when it does not."""
        if self.process.stdin:
            self.process.stdin.close()
        try:
            self.process.wait(20)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()


def serve(start: Callable[[], Callable[[dict[str, Any]], dict[str, Any]]]) -> int:
    """The answering side: what `start` gives is called with each command until there are no more.

    Answers go to the true standard output; whatever prints meanwhile goes to standard error.
    """
    answers = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)
    handle = start()
    for line in sys.stdin:
        try:
            answer = handle(json.loads(line))
        except Exception as error:  # who asked must hear of it, whatever it is
            traceback.print_exc()
            answer = {"error": f"{type(error).__name__}: {error}"}
        answers.write(json.dumps(answer) + "\n")
        answers.flush()
    return 0
