"""Figures of a bench: from rounds to rows, from rows to a table. No input or output here."""

from __future__ import annotations

import statistics
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any


@dataclass
class Measured:
    """What one side of one case took, round by round."""

    seconds: list[float] = field(default_factory=list)
    queries: list[int] = field(default_factory=list)
    memory: float = 0.0
    #: figures in the unit of the case, where it does not measure time
    values: list[float] = field(default_factory=list)

    @property
    def median(self) -> float:
        return statistics.median(self.seconds)

    def add(self, answer: dict[str, Any]) -> None:
        """Take in one round as the worker answered it."""
        self.seconds.append(answer["seconds"])
        self.queries.append(answer["queries"])
        if answer.get("value") is not None:
            self.values.append(answer["value"])

    def figure(self, unit: str) -> float:
        """The median in `unit`: milliseconds of the call, or what the call returned."""
        return self.median * 1000 if unit == "ms" else statistics.median(self.values)


@dataclass
class Row:
    """One line of the table, one object of the JSON file.

    `peer` and `ratio` are None for a case without a peer, `bar` for one with absolute limits
    only.
    """

    bench: str
    case: str
    ours: float
    peer: float | None
    unit: str
    ratio: float | None
    bar: float | None
    ok: bool
    ours_queries: int
    peer_queries: int | None
    ours_memory_mb: float
    peer_memory_mb: float | None
    rounds: int
    limits: dict[str, float]
    missed: list[str]

    def as_json(self) -> dict[str, Any]:
        return asdict(self)


def judge(bench: str, case: dict[str, Any], ours: Measured, peer: Measured | None) -> Row:
    """Compare the medians with the bar, and our side with its absolute limits."""
    unit, bar = case.get("unit", "ms"), case.get("bar")
    mine = ours.figure(unit)
    theirs = peer.figure(unit) if peer else None
    ratio = None if theirs is None else mine / theirs if theirs else float("inf")
    limits = dict(case.get("limits", {}))
    return Row(
        bench=bench,
        case=case["case"],
        ours=round(mine, 3),
        peer=None if theirs is None else round(theirs, 3),
        unit=unit,
        ratio=None if ratio is None else round(ratio, 4),
        bar=bar,
        ok=not (missed := _missed(ratio, bar, limits, ours)),
        ours_queries=_queries(ours),
        peer_queries=_queries(peer) if peer else None,
        ours_memory_mb=round(ours.memory, 2),
        peer_memory_mb=round(peer.memory, 2) if peer else None,
        rounds=len(ours.seconds),
        limits=limits,
        missed=missed,
    )


def _queries(side: Measured) -> int:
    return int(statistics.median(side.queries))


def _missed(
    ratio: float | None, bar: float | None, limits: dict[str, float], ours: Measured
) -> list[str]:
    """Each bar that was missed, in words."""
    found = {"seconds": ours.median, "queries": _queries(ours), "memory": ours.memory}
    if ours.values:
        found["value"] = statistics.median(ours.values)
    missed = [f"ratio {ratio:.3g} > {bar:g}"] if None not in (ratio, bar) and ratio > bar else []
    return missed + [
        f"{name} {found[name]:.3g} > {limit:g}"
        for name, limit in limits.items()
        if found[name] > limit
    ]


def table(rows: Sequence[Row]) -> str:
    """The rows as aligned text."""
    head = ("case", "ours", "peer", "ratio", "bar", "queries", "peak MB", "")
    lines = [head] + [
        (
            f"{row.bench}: {row.case}",
            _cell(row.ours, ",.1f", row.unit),
            _cell(row.peer, ",.1f", row.unit),
            _cell(row.ratio, ".3g"),
            _cell(row.bar, "g"),
            f"{row.ours_queries} / {_cell(row.peer_queries, 'd')}",
            f"{row.ours_memory_mb:.1f} / {_cell(row.peer_memory_mb, '.1f')}",
            "met" if row.ok else "MISSED: " + "; ".join(row.missed),
        )
        for row in rows
    ]
    widths = [max(len(line[column]) for line in lines) for column in range(len(head))]
    return "\n".join(_aligned(line, widths) for line in lines)


def _cell(value: float | None, form: str, unit: str = "") -> str:
    return "–" if value is None else f"{value:{form}} {unit}".rstrip()


def _aligned(cells: Iterable[str], widths: Sequence[int]) -> str:
    first, *numbers, verdict = cells
    padded = [cell.rjust(width) for cell, width in zip(numbers, widths[1:-1], strict=True)]
    return "  ".join([first.ljust(widths[0]), *padded, verdict]).rstrip()
