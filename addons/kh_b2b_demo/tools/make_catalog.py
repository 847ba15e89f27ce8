#!/usr/bin/env python3
"""Write data/catalog.csv from the series in catalog_*.py; run it after a change of a series.

Columns: ref, category, English name, Chinese name, market price (CNY, tax included), specification
("attribute:value=surcharge|…;attribute:…"), item number pattern, unit, weight (kg).
"""

import csv
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))

from catalog_low_voltage import low_voltage_rows  # noqa: E402  (needs the path above)
from catalog_other import other_rows  # noqa: E402

HEAD = ("ref", "category", "name_en", "name_zh", "price", "spec", "code", "uom", "weight")


def main():
    target = Path(__file__).parent.parent / "data" / "catalog.csv"
    rows = [*low_voltage_rows(), *other_rows()]
    if len({row[0] for row in rows}) != len(rows):
        raise ValueError("Two series share one reference.")
    with target.open("w", encoding="utf-8", newline="") as handle:
        writer = csv.writer(handle, lineterminator="\n")
        writer.writerow(HEAD)
        writer.writerows(rows)
    sys.stdout.write(f"{len(rows)} products\n")


if __name__ == "__main__":
    main()
