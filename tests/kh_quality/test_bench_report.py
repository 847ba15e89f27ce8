"""A bench compares medians with the bar and says which bar was missed."""

import pytest

from tools.kh import bench_report
from tools.kh.bench_report import Measured

CASE = {"case": "price 20 products", "bar": 0.5, "limits": {"queries": 3, "memory": 2.0}}


def row(ours=(1.0, 1.2, 9.0), peer=(4.0, 4.0, 4.0), queries=2, memory=1.0, case=CASE):
    mine = Measured(list(ours), [queries] * len(ours), memory)
    other = Measured(list(peer), [10] * len(peer), 1.0)
    return bench_report.judge("price", case, mine, other)


def test_bar_is_met_by_the_median_not_the_mean():
    found = row()
    assert found.ok
    assert found.ratio == 0.3
    assert (found.ours, found.peer, found.unit) == (1200.0, 4000.0, "ms")


@pytest.mark.parametrize(
    ("change", "why"),
    [
        ({"ours": (3.0, 3.0, 3.0)}, "ratio 0.75 > 0.5"),
        ({"queries": 4}, "queries 4 > 3"),
        ({"memory": 2.5}, "memory 2.5 > 2"),
        ({"case": {**CASE, "limits": {"seconds": 1.0}}}, "seconds 1.2 > 1"),
    ],
)
def test_each_missed_bar_is_named(change, why):
    found = row(**change)
    assert not found.ok
    assert found.missed == [why]
    assert "MISSED: " + why in bench_report.table([found])


def test_a_figure_of_its_own_unit_is_what_the_call_returned():
    case = {"case": "storage", "bar": 1.0, "unit": "B/price"}
    mine, other = Measured(), Measured()
    for side, value in ((mine, 190.0), (other, 200.0)):
        side.add({"seconds": 9.0, "queries": 1, "value": value})
    found = bench_report.judge("price", case, mine, other)
    assert found.ok
    assert (found.ours, found.peer, found.unit, found.ratio) == (190.0, 200.0, "B/price", 0.95)
    assert "190.0 B/price" in bench_report.table([found])


def test_without_peer_the_limits_decide():
    case = {"case": "activate", "limits": {"seconds": 1.0}}
    mine = Measured([2.0], [1])
    found = bench_report.judge("price", case, mine, None)
    assert (found.peer, found.ratio, found.bar) == (None, None, None)
    assert found.missed == ["seconds 2 > 1"]
    assert "–" in bench_report.table([found])


def test_json_has_the_promised_keys():
    promised = {"bench", "case", "ours", "peer", "unit", "ratio", "bar", "ok"}
    extra = {"ours_queries", "peer_queries", "ours_memory_mb", "peer_memory_mb"}
    assert promised | extra <= row().as_json().keys()


def test_table_is_aligned():
    lines = bench_report.table([row(), row(ours=(0.001,) * 3)]).splitlines()
    assert len(lines) == 3
    assert lines[0].index("ratio") + len("ratio") == lines[1].index("0.3 ") + 3
