"""Proves that every step of a flow has somebody who can act (流程体检).

Plain Python, no database: the flow hands over what it knows of its steps and people, and gets
the weak places back. The rules of the engine that make it provable:

- whoever asked for an approval, or wrote the document, has no voice, and nobody has in their
  name;
- where a step has nobody (left), the approval managers decide, never the requester;
- somebody who is away keeps the step waiting, unless a substitute or an escalation helps.
"""

from typing import NamedTuple

ERROR, WARNING, INFO = "error", "warning", "info"
# Dead ends whatever the document and whoever asks: such a flow is not saved. Other errors hang
# on who asks or whom a document names: the flow is saved, and its form shows them in red.
CERTAIN = frozenset({"nobody", "too_few"})


class StepFacts(NamedTuple):
    """What the check knows of one step, in one company."""

    name: str
    people: frozenset  # ids of those who may decide whatever the document is
    mode: str = "any"  # "any", "all" or "count"
    minimum: int = 1
    covered: frozenset = frozenset()  # of `people`: somebody stands in for them
    is_open: bool = False  # the document names more people (field, dealer)
    escalates_to: frozenset | None = None  # None: the step has no time limit
    is_conditional: bool = False


class Finding(NamedTuple):
    """One weak place: `code` says which, `step` and `person` (an id) where."""

    level: str
    code: str
    step: str
    person: int | None = None


def check_steps(steps, managers):
    """Return the weak places of a flow.

    :param list[StepFacts] steps: in order
    :param frozenset managers: ids of the approval managers
    :rtype: list[Finding]
    """
    findings = []
    for step in steps:
        findings += _check_step(step, frozenset(managers))
    if steps and all(step.is_conditional for step in steps):
        findings.append(Finding(WARNING, "all_conditional", ""))
    return findings


def _check_step(step, managers):
    if not step.people:
        return _check_without_people(step, managers)
    if step.mode == "count" and len(step.people) < step.minimum and not step.is_open:
        return [Finding(ERROR, "too_few", step.name)]
    own = _check_own(step, managers)
    return (own or _check_pair(step, managers)) + _check_away(step)


def _check_without_people(step, managers):
    if not step.is_open:
        return [Finding(ERROR, "nobody", step.name)]
    if not managers:
        return [Finding(ERROR, "open_nobody", step.name)]
    findings = [Finding(INFO, "open_managers", step.name)]
    if step.escalates_to is None:
        findings.append(Finding(WARNING, "open_away", step.name))
    return findings


def _check_own(step, managers):
    """Whoever may decide asks for the approval: is somebody left?"""
    findings = []
    needed = step.minimum if step.mode == "count" else 1
    for person in sorted(step.people):
        rest = step.people - {person}
        if len(rest) >= needed:
            continue
        stand_ins = managers - rest - {person}
        if len(rest) + len(stand_ins) < needed:
            findings.append(Finding(ERROR, "own_nobody", step.name, person))
        else:
            findings.append(Finding(INFO, "own_managers", step.name, person))
    return findings


def _check_pair(step, managers):
    """One of two people asks for what the other one wrote: is somebody left?"""
    if len(step.people) != 2 or step.is_open or managers - step.people:
        return []
    return [Finding(ERROR, "pair_nobody", step.name)]


def _check_away(step):
    """One person is away: does the step go on?"""
    return [
        Finding(WARNING, "away", step.name, person)
        for person in sorted(step.people - step.covered)
        if _waits_for(step, person) and not _is_escalated_past(step, person)
    ]


def _waits_for(step, person):
    if step.mode == "all":
        return True
    rest = step.people - {person}
    if step.mode == "count":
        return len(rest) < step.minimum and not step.is_open
    return not rest and not step.is_open


def _is_escalated_past(step, person):
    return step.escalates_to is not None and bool(step.escalates_to - {person})


def merge_companies(findings_by_company, without_managers=()):
    """Return `{company: findings}` with errors that not all companies share as warnings.

    A flow for all companies is a dead end only if it is one in every company; where a company
    has nobody, its documents go to the approval managers. Where there are none either
    (`without_managers`), it stays an error; the flow can be saved, being right elsewhere.
    """
    if len(findings_by_company) <= 1:
        return findings_by_company
    shared = set.intersection(
        *({(f.code, f.step) for f in findings} for findings in findings_by_company.values())
    )

    def soften(finding, company):
        if finding.level != ERROR or (finding.code, finding.step) in shared:
            return finding
        if company in without_managers:
            code = "nobody_here" if finding.code == "nobody" else finding.code
            return finding._replace(code=code)
        return finding._replace(level=WARNING)

    return {
        company: [soften(finding, company) for finding in findings]
        for company, findings in findings_by_company.items()
    }
