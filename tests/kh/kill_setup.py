"""Kills `./kh run` with SIGKILL at random moments of a first set-up; the next run must succeed.

    python tests/kh/kill_setup.py --home FOLDER [--rounds 10] [--modules A,B] [--port N] [--seed N]

Each round removes what a phase of the set-up made (Odoo, environment, database server, all or
some databases), starts `./kh run`, kills it after a random time, and runs it again to the end:
READY must appear and the shop's log-in page must answer. No pytest: a round takes minutes.
"""

from __future__ import annotations

import argparse
import os
import random
import shutil
import signal
import subprocess
import sys
import time
import urllib.request
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


def command(args: argparse.Namespace, name: str, *more: str) -> list[str]:
    extra = ["--port", str(args.port), "--detach"] if name == "run" else []
    if name == "run" and args.modules:
        extra += ["--modules", args.modules]
    return [str(ROOT / "kh"), name, *extra, *more]


def forget(args: argparse.Namespace, phase: str, env: dict[str, str]) -> None:
    """Put the folder back to the state before a phase."""
    home = Path(args.home)
    subprocess.run(command(args, "stop"), env=env, capture_output=True, check=False)
    doomed = {
        "everything": ["odoo", "venv*", "pg", "data", "run", "apt", "downloads"],
        "odoo": ["odoo"],
        "environment": ["venv*", "pg", "data"],
        "databases": ["pg", "data"],
    }[phase]
    for pattern in doomed:
        for path in home.glob(pattern):
            if path.is_symlink():
                path.unlink()
            else:
                shutil.rmtree(path)


def kill_once(args: argparse.Namespace, seconds: float, env: dict[str, str], log: Path) -> str:
    """Start a run, kill it after `seconds`; return what it was doing."""
    with log.open("wb") as output:
        child = subprocess.Popen(
            command(args, "run"), env=env, stdout=output, stderr=subprocess.STDOUT
        )
        try:
            child.wait(seconds)
            return "it had ended before"
        except subprocess.TimeoutExpired:
            os.kill(child.pid, signal.SIGKILL)
            child.wait()
    lines = [line for line in log.read_text(errors="replace").splitlines() if line.strip()]
    return lines[-1].strip() if lines else "it had said nothing yet"


def run_to_the_end(args: argparse.Namespace, env: dict[str, str], log: Path) -> bool:
    """Whether `./kh run` ends well and the server answers."""
    with log.open("wb") as output:
        code = subprocess.run(
            command(args, "run"), env=env, stdout=output, stderr=subprocess.STDOUT, check=False
        ).returncode
    if code or "READY http://" not in log.read_text(errors="replace"):
        return False
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    with opener.open(f"http://127.0.0.1:{args.port}/web/login", timeout=60) as answer:
        return bool(answer.status == 200)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--home", required=True, help="folder to use as KH_HOME; it is emptied")
    parser.add_argument("--rounds", type=int, default=10)
    parser.add_argument("--modules", help="only these add-ons, to save time")
    parser.add_argument("--port", type=int, default=8970)
    parser.add_argument("--seed", type=int, default=None)
    parser.add_argument("--longest", type=float, default=240, help="latest moment, in seconds")
    parser.add_argument(
        "--phase", choices=("everything", "odoo", "environment", "databases"), default="everything"
    )
    args = parser.parse_args()
    seed = args.seed if args.seed is not None else int(time.time())
    print(f"seed {seed}", flush=True)
    moments = random.Random(seed)
    env = {**os.environ, "KH_HOME": args.home}
    Path(args.home).mkdir(parents=True, exist_ok=True)
    failures = 0
    for number in range(1, args.rounds + 1):
        forget(args, args.phase, env)
        seconds = moments.uniform(0.2, args.longest)
        doing = kill_once(args, seconds, env, Path(args.home, "killed.log"))
        started = time.monotonic()
        log = Path(args.home, f"after-kill-{number}.log")
        good = run_to_the_end(args, env, log)
        failures += not good
        took = time.monotonic() - started
        verdict = "READY" if good else f"FAILED, see {log}"
        print(f"{number:>2}. killed after {seconds:6.1f} s ({doing}): {verdict} in {took:.0f} s")
        sys.stdout.flush()
    subprocess.run(command(args, "stop"), env=env, capture_output=True, check=False)
    print(f"{args.rounds - failures} of {args.rounds} runs succeeded after a kill")
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
