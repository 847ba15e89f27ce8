"""`./kh test --core`: Odoo's own tests, on a database with all our add-ons.

What fails there is run once more by itself, with our add-ons and on plain Odoo: only a test that
fails twice with them and passes without them is a failure of ours. Tests that are known to fail on
plain Odoo on this platform are listed, with the reason, in `tests/core_known_failures.txt`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from tools.kh import console, databases, environment, paths
from tools.kh.addons import Addons
from tools.kh.environment import Environment
from tools.kh.errors import KhError
from tools.kh.pytest_run import PytestRun, remember_durations, worker_copies
from tools.kh.results import Listed, Outcome, read_listed, summary_line

KNOWN_FAILURES = paths.ROOT / "tests" / "core_known_failures.txt"


@dataclass
class Verdict:
    """Failures with our add-ons, sorted by what plain Odoo does with the same tests."""

    ours: list[str] = field(default_factory=list)
    both: list[str] = field(default_factory=list)
    unstable: list[str] = field(default_factory=list)

    @property
    def exit_code(self) -> int:
        return 1 if self.ours else 0


def classify(failed: Sequence[str], again: Outcome, plain: Outcome) -> Verdict:
    """Sort what failed in the big run by how it went alone, with and without our add-ons.

    A test that did not run the second time (a crash) counts as failed there: in doubt it is ours.
    """
    verdict = Verdict()
    for key in failed:
        passes_again = again.tests.get(key) in ("passed", "skipped")
        passes_plain = plain.tests.get(key) in ("passed", "skipped")
        if passes_again:
            verdict.unstable.append(key)
        elif passes_plain:
            verdict.ours.append(key)
        else:
            verdict.both.append(key)
    return verdict


def test_folders(env: Environment, modules: Sequence[str]) -> list[str]:
    """Folders with the tests of core modules.

    :raise KhError: when a module is not among Odoo's own, or has no tests
    """
    folders = []
    for name in modules:
        found = [path / name / "tests" for path in env.addons_path if path != paths.ADDONS]
        folder = next((path for path in found if path.is_dir()), None)
        if folder is None:
            raise KhError(f"Odoo has no module {name} with tests; correct --core.")
        folders.append(str(folder))
    return folders


def with_dependencies(env: Environment, modules: Sequence[str], own: Sequence[str]) -> list[str]:
    """`modules` and those that our add-ons need: plain Odoo is to be the same but for us."""
    addons = Addons(env.addons_path)
    needed = {name for mine in own for name in addons.closure([mine]) if not addons.is_own(name)}
    return sorted({*modules, *needed})


def run(modules: Sequence[str], workers: int, expression: str | None) -> int:
    from tools.kh.testing import product_addons

    env = environment.prepare(dev=True)
    folders = test_folders(env, modules)
    known = read_listed(KNOWN_FAILURES)
    own = product_addons()
    core = with_dependencies(env, modules, own)
    console.say(f"Core tests of {', '.join(modules)}; twenty minutes or more on two cores.")
    with_ours = databases.ensure_template(env, [*core, *own], name_hint="coreours")
    options = ["-k", expression] if expression else []
    first = on_copy(env, with_ours, "corewith", folders, workers, options, known)
    outcome = Outcome()
    outcome.add(first.results())
    remember_durations(outcome.file_seconds())
    verdict = Verdict()
    if outcome.bad:
        targets = [target(outcome, key) for key in outcome.bad]
        console.say(f"{len(targets)} failed; running them again, with and without our add-ons.")
        again, plain = Outcome(), Outcome()
        again.add(on_copy(env, with_ours, "coreagain", targets, 1).results())
        without = databases.ensure_template(env, core, name_hint="coreplain")
        plain.add(on_copy(env, without, "coreplain", targets, 1).results())
        verdict = classify(outcome.bad, again, plain)
    if first.exit_code not in (0, 1):
        verdict.ours.append(f"pytest ended with exit code {first.exit_code}; see its output above")
    report(verdict, known, outcome)
    total = sum(outcome.seconds.values())
    console.out(summary_line(outcome.counts, total))
    return verdict.exit_code


def on_copy(
    env: Environment,
    template: str,
    name: str,
    targets: Sequence[str],
    workers: int,
    options: Sequence[str] = (),
    exclude: Sequence[Listed] = (),
) -> PytestRun:
    keys = [entry.text for entry in exclude]
    with databases.scratch(env, template, name) as database, worker_copies(env, database):
        done = PytestRun(env, name, targets, database, workers, options, keys)
        done.go()
    return done


def target(outcome: Outcome, key: str) -> str:
    """How pytest is told to run one test: its file, class and method."""
    file = Path(outcome.places[key])
    absolute = file if file.is_absolute() else paths.ROOT / file
    return "::".join([str(absolute.resolve()), *key.split("::")[1:]])


def report(verdict: Verdict, known: Sequence[Listed], outcome: Outcome) -> None:
    """Print what failed with and without our add-ons."""
    sections = (
        ("Fail with our add-ons and pass without them", verdict.ours),
        ("Fail with and without our add-ons (list them, with the reason)", verdict.both),
        ("Failed among the others, passed when run alone with our add-ons", verdict.unstable),
    )
    for title, keys in sections:
        console.out(f"\n{title}: {len(keys)}")
        for key in keys:
            console.out(f"  {key}")
    console.out(f"\nListed as failing on plain Odoo here, not run: {len(known)}")
    for entry in known:
        console.out(f"  {entry.text}\n      {entry.reason}")
    console.out()
