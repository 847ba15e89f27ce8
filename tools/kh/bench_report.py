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

    @property
    def median(self) -> float:
        return statistics.median(self.seconds)


@dataclass
class Row:
    """One line of the table, one object of the JSON file."""

    bench: str
    case: str
    ours: float
    peer: float
    unit: str
    ratio: float
    bar: float
    ok: bool
    ours_queries: int
    peer_queries: int
    ours_memory_mb: float
    peer_memory_mb: float
    rounds: int
    limits: dict[str, float]
    missed: list[str]

    def as_json(self) -> dict[str, Any]:
        return asdict(self)


def judge(bench: str, case: dict[str, Any], ours: Measured, peer: Measured) -> Row:
    """Compare the medians with the bar, and our side with its absolute limits."""
    ratio = ours.median / peer.median if peer.median else float("inf")
    limits = dict(case.get("limits", {}))
    queries = int(statistics.median(ours.queries))
    found = {"seconds": ours.median, "queries": queries, "memory": ours.memory}
    missed = [f"ratio {ratio:.3g} > {case['bar']:g}"] if ratio > case["bar"] else []
    missed += [
        f"{name} {found[name]:.3g} > {limit:g}"
        for name, limit in limits.items()
        if found[name] > limit
    ]
    return Row(
        bench=bench,
        case=case["case"],
        ours=round(ours.median * 1000, 3),
        peer=round(peer.median * 1000, 3),
        unit="ms",
        ratio=round(ratio, 4),
        bar=case["bar"],
        ok=not missed,
        ours_queries=queries,
        peer_queries=int(statistics.median(peer.queries)),
        ours_memory_mb=round(ours.memory, 2),
        peer_memory_mb=round(peer.memory, 2),
        rounds=len(ours.seconds),
        limits=limits,
        missed=missed,
    )


def table(rows: Sequence[Row]) -> str:
    """The rows as aligned text."""
    head = ("case", "ours", "peer", "ratio", "bar", "queries", "peak MB", "")
    lines = [head] + [
        (
            f"{row.bench}: {row.case}",
            f"{row.ours:,.1f} {row.unit}",
            f"{row.peer:,.1f} {row.unit}",
            f"{row.ratio:.3g}",
            f"{row.bar:g}",
            f"{row.ours_queries} / {row.peer_queries}",
            f"{row.ours_memory_mb:.1f} / {row.peer_memory_mb:.1f}",
            "met" if row.ok else "MISSED: " + "; ".join(row.missed),
        )
        for row in rows
    ]
    widths = [max(len(line[column]) for line in lines) for column in range(len(head))]
    return "\n".join(_aligned(line, widths) for line in lines)


def _aligned(cells: Iterable[str], widths: Sequence[int]) -> str:
    first, *numbers, verdict = cells
    padded = [cell.rjust(width) for cell, width in zip(numbers, widths[1:-1], strict=True)]
    return "  ".join([first.ljust(widths[0]), *padded, verdict]).rstrip()
