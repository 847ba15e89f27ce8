"""Compiling the bundles of pages: what Odoo is asked for, and a failure as a sentence."""

import pytest

from tools.kh import page_assets
from tools.kh.errors import KhError


class FakeEnvironment:
    def odoo_argv(self, *args):
        return ["odoo", *args]

    def odoo_env(self):
        return {}


def test_odoo_compiles_in_the_named_database(monkeypatch, tmp_path):
    asked = {}

    def run(argv, **kwargs):
        asked.update(kwargs, argv=argv)
        return 0

    monkeypatch.setattr(page_assets.process, "run", run)
    monkeypatch.setattr(page_assets.paths, "log_file", lambda name: tmp_path / f"{name}.log")
    page_assets.compile_bundles(FakeEnvironment(), "kh_t_all_1_building", "db-all")
    assert asked["argv"][:4] == ["odoo", "shell", "-d", "kh_t_all_1_building"]
    assert asked["log"] == tmp_path / "db-all.log"
    compile(asked["feed"], "script", "exec")
    assert "web.assets_frontend_lazy" in asked["feed"]


def test_a_failure_names_the_log(monkeypatch, tmp_path):
    monkeypatch.setattr(page_assets.process, "run", lambda *args, **kwargs: 1)
    monkeypatch.setattr(page_assets.paths, "log_file", lambda name: tmp_path / f"{name}.log")
    with pytest.raises(KhError, match=r"could not compile .*db-all\.log says why"):
        page_assets.compile_bundles(FakeEnvironment(), "kh_t_all_1_building", "db-all")
