#!/usr/bin/env python3
"""Write the sample price contracts in static/xlsx from data/catalog.csv; run it by hand.

`price_contract_600_lines.xlsx` imports cleanly; the other one has six rows to correct: unknown
item number, duplicate, negative, missing and unreadable price, end before start.
"""

import csv
import itertools
from pathlib import Path

import xlsxwriter

ROOT = Path(__file__).parent.parent
HEAD = ("货号", "商品名称", "起订量", "单价", "生效日期", "失效日期")
LINES = 600


def expand(row):
    """Yield `(item number, market price)` of all specifications of a series."""
    names, choices = [], []
    for part in filter(None, row["spec"].split(";")):
        name, values = part.split(":", 1)
        names.append(name)
        choices.append([value.split("=") for value in values.split("|")])
    for combination in itertools.product(*choices):
        texts = {name: value for name, (value, _extra) in zip(names, combination, strict=True)}
        price = float(row["price"]) + sum(float(extra) for _value, extra in combination)
        yield row["code"].format(**texts).replace("mm²", ""), price


def read_lines():
    with (ROOT / "data" / "catalog.csv").open(encoding="utf-8", newline="") as handle:
        for row in csv.DictReader(handle):
            for index, (code, price) in enumerate(expand(row)):
                ratio = 0.76 + (index * 7 % 11) / 100
                yield [code, row["name_zh"], 1, round(price * ratio, 2), "", ""]


def write(name, lines):
    path = ROOT / "static" / "xlsx" / name
    with xlsxwriter.Workbook(str(path)) as book:
        sheet = book.add_worksheet("价格明细")
        text = book.add_format({"num_format": "@"})
        sheet.set_column(0, 0, 22, text)
        sheet.set_column(1, 1, 40)
        sheet.write_row(0, 0, HEAD, book.add_format({"bold": True}))
        for number, line in enumerate(lines, 1):
            sheet.write_string(number, 0, line[0])
            sheet.write_row(number, 1, line[1:])


def main():
    lines = list(read_lines())[:LINES]
    write("price_contract_600_lines.xlsx", lines)
    faulty = [list(line) for line in lines[:40]]
    faulty[4][0] = "NO-SUCH-ITEM"
    faulty[9][0] = faulty[8][0]
    faulty[14][3] = -12.5
    faulty[19][3] = ""
    faulty[24][3] = "面议"
    faulty[29][4:] = ["2027-06-30", "2027-01-01"]
    write("price_contract_with_errors.xlsx", faulty)


if __name__ == "__main__":
    main()
