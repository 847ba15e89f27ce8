"""The harness asks both sides in turn and its exit status tells whether every bar was met."""

import json

import pytest

from tools.kh import bench
from tools.kh.errors import KhError

CASE = {"case": "add", "bar": 0.5, "limits": {"queries": 3}}


class Side:
    """A side of a bench that answers what it was told to answer."""

    def __init__(self, name, seconds, log, queries=2):
        self.name, self.seconds, self.log, self.queries = name, seconds, log, queries

    def ask(self, command):
        if command.get("memory"):
            return {"memory": 1.5}
        self.log.append(self.name)
        return {"seconds": self.seconds, "queries": self.queries}


def measured(ours=0.1, peer=1.0, rounds=3, queries=2):
    log = []
    asks = {
        "ours": Side("ours", ours, log, queries).ask,
        "peer": Side("peer", peer, log).ask,
    }
    return bench.measure("price", 0, CASE, asks, rounds), log


def test_sides_take_turns_and_the_first_round_only_warms_up():
    row, log = measured(rounds=3)
    assert len(log) == 8
    assert all(
        {one, other} == {"ours", "peer"} for one, other in zip(log[::2], log[1::2], strict=True)
    )
    assert log[0] != log[2]
    assert row.rounds == 3
    assert row.ok


@pytest.mark.parametrize("fault", [{"ours": 0.9}, {"queries": 4}])
def test_a_missed_bar_gives_exit_status_1(fault, tmp_path, capsys):
    row, _log = measured(**fault)
    target = tmp_path / "rows.json"
    assert bench.finish([row], target) == 1
    assert "MISSED" in capsys.readouterr().out
    (found,) = json.loads(target.read_text())
    assert found["ok"] is False
    assert found["bench"] == "price"
    assert bench.finish([measured()[0]], None) == 0


def test_a_case_may_seat_its_peer_in_our_database_as_another_role():
    asked = []

    def ours(command):
        asked.append((command["role"], command.get("memory", False)))
        return {"memory": 1.0} if command.get("memory") else {"seconds": 0.1, "queries": 1}

    case = {"case": "engine", "bar": 3.0, "peer": ["ours", "raw"]}
    row = bench.measure("price", 0, case, {"ours": ours}, 2)
    assert row.ok and row.ratio == 1.0
    assert sorted(set(asked)) == [("ours", False), ("ours", True), ("raw", False), ("raw", True)]


def test_a_case_without_peer_has_limits_only(tmp_path):
    case = {"case": "activate", "peer": None, "limits": {"seconds": 0.5}}
    asks = {"ours": Side("ours", 0.1, []).ask}
    row = bench.measure("price", 0, case, asks, 2)
    assert row.ok
    assert (row.peer, row.ratio, row.bar) == (None, None, None)
    slow = bench.measure("price", 0, case, {"ours": Side("ours", 0.6, []).ask}, 2)
    assert slow.missed == ["seconds 0.6 > 0.5"]
    assert bench.finish([row], tmp_path / "rows.json") == 0


def test_a_long_case_runs_once_and_is_judged_by_its_own_figure():
    log = []

    def ours(command):
        log.append(command)
        return {"seconds": 60.0, "queries": 1, "value": 2.5}

    case = {"case": "load", "peer": None, "unit": "s", "once": True, "limits": {"value": 2.0}}
    row = bench.measure("load", 0, case, {"ours": ours}, 5)
    assert len(log) == 1
    assert (row.ours, row.unit, row.missed) == (2.5, "s", ["value 2.5 > 2"])


def test_sides_with_the_same_add_ons_share_a_template(monkeypatch):
    made = []

    def ensure_template(_env, modules, *, lang, name_hint):
        made.append(name_hint)
        return f"template_{name_hint}"

    monkeypatch.setattr(bench.databases, "ensure_template", ensure_template)
    monkeypatch.setattr(bench.databases, "layers", lambda _env, _modules: ["sale"])
    found = bench.templates(None, {"ours": ["x"], "peer": None, "grown": ["x"]})
    assert found == {"ours": "template_all", "peer": "template_core", "grown": "template_all"}
    assert made == ["all", "core"]


def test_every_bench_says_what_it_needs():
    assert {"price", "order", "shop"} <= set(bench.names())
    for name in bench.names():
        about = bench.constants(bench.BENCHES / f"{name}.py")
        sides = set(about["SIDES"])
        assert "ours" in sides
        # what core has no equal of needs no database of core's
        assert "peer" in sides or '"peer": None' in (bench.BENCHES / f"{name}.py").read_text()


def test_an_incomplete_bench_is_named(tmp_path):
    broken = tmp_path / "thing.py"
    broken.write_text("TITLE = 'x'\n")
    with pytest.raises(KhError, match="thing.py does not set SCALE, SIDES"):
        bench.constants(broken)


def test_data_are_made_anew_when_code_or_size_change():
    one = bench.database_digest("kh_t_x_1", "price", 1000)
    assert one == bench.database_digest("kh_t_x_1", "price", 1000)
    assert one != bench.database_digest("kh_t_x_2", "price", 1000)
    assert one != bench.database_digest("kh_t_x_1", "price", 2000)
