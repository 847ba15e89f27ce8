"""Files of JSON lines, by which a test run tells the command what happened."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

RESULTS = "results.jsonl"
WARNINGS = "warnings.jsonl"


def append_json(path: Path, row: dict[str, Any]) -> None:
    """Add `row` as one line, whole even when several processes write."""
    line = json.dumps(row, ensure_ascii=False) + "\n"
    descriptor = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o644)
    try:
        os.write(descriptor, line.encode())
    finally:
        os.close(descriptor)


def read_json_lines(path: Path) -> list[dict[str, Any]]:
    """Rows of a file of JSON lines; none when it does not exist."""
    if not path.exists():
        return []
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines() if line]
