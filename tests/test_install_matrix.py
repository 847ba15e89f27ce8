"""Each add-on alone with what it depends on, then uninstalled again: no warning, no residue.

The add-ons are taken from the lowest up. An add-on's database has the core modules and those of
ours that it declares, and nothing else, so that a dependency which is used but not declared shows.
Before it is installed a snapshot is taken, and after it is uninstalled another one; they must be
equal by name: columns, indexes, rows of every core table. In between the add-on is used: a script
in `tests/uninstall` makes real documents with it. What it made in core tables may stay, but not
where a row would point to a model that is gone, nor where the script says that it must go.
Databases are copied, not rebuilt, and one process with Odoo takes all steps of an add-on.
"""

import contextlib
from dataclasses import dataclass

import psycopg2
import pytest

from tools.kh import databases, paths, residue
from tools.kh.addons import DEMO, Addons
from tools.kh.odoo_worker import OdooWorker
from tools.kh.results import read_listed, unexpected_warnings, warnings_of_log

pytestmark = pytest.mark.needs_odoo

ALLOWED = read_listed(paths.ROOT / "tests" / "allowed_log_warnings.txt")
OWN = Addons([paths.ADDONS])
USES = paths.ROOT / "tests" / "uninstall"
#: Rows in these tables mean something else without our columns: none may stay.
MUST_GO = frozenset({"product_pricelist_item", "mail_activity", "website_checkout_step"})


def own_depends(name):
    return [needed for needed in OWN.manifest(name)["depends"] if OWN.is_own(needed)]


def lowest_first():
    """Our add-ons in the order of their dependencies; the demo company is data, not product.

    Among those that can come next, by what they declare: `website_sale` before
    `website_sale_stock`, so that the base of one serves the next.
    """
    done = []
    todo = [name for name in OWN.own_names() if name != DEMO]
    while todo:
        ready = [name for name in todo if set(own_depends(name)) <= set(done)]
        assert ready, f"add-ons depend on each other in a circle: {todo}"
        done += sorted(ready, key=lambda name: sorted(OWN.manifest(name)["depends"]))
        todo = [name for name in todo if name not in ready]
    return done


def before(name):
    """Label of the stage with what an add-on needs, without the add-on."""
    return f"b{name[7:]}"


def after(name):
    """Label of the stage with the add-on on top."""
    return f"n{name[7:]}"


@dataclass(frozen=True)
class Stage:
    """A database of the matrix: its label and the add-ons in it; the core template has no label."""

    label: str
    modules: frozenset


class Matrix:
    """Databases of the matrix; those of lower add-ons are the base of the higher ones."""

    def __init__(self, env):
        self.env = env
        self.addons = Addons(self.env.addons_path)
        self.stack = contextlib.ExitStack()
        self.kept = {}
        self.bases = self.plan()

    def plan(self):
        """The stage that each add-on starts from: the one that lacks least of what it needs."""
        stages, bases = [], {}
        for name in lowest_first():
            needed = self.addons.closure([name]) - {name}
            fitting = [stage for stage in stages if stage.modules <= needed]
            core = Stage("", frozenset(self.core_of(name)))
            bases[name] = max(fitting, key=lambda stage: len(stage.modules), default=core)
            if self.missing(name, bases[name]):
                stages.append(Stage(before(name), frozenset(needed)))
            stages.append(Stage(after(name), frozenset({*needed, name})))
        return bases

    def missing(self, name, base):
        return sorted({*OWN.manifest(name)["depends"]} - base.modules)

    def base_for(self, name):
        """A copy of the stage that `name` starts from, and what it needs and the stage lacks."""
        base = self.bases[name]
        source = self.kept[base.label] if base.label else self.core_template(name)
        return self.copy(source, f"m{name[7:]}"), self.missing(name, base)

    def keep(self, database, label):
        """Keep a copy of the database as it is now, if another add-on starts from it."""
        if any(base.label == label for base in self.bases.values()):
            self.kept[label] = self.copy(database, label)

    def core_of(self, name):
        return {n for n in self.addons.closure([name]) if not self.addons.is_own(n)}

    def core_template(self, name):
        """Only the core modules that `name` and those below it declare."""
        below = [n for n in self.addons.closure([name]) if self.addons.is_own(n)]
        direct = {d for n in below for d in self.addons.depends(n) if not self.addons.is_own(d)}
        return databases.ensure_template(self.env, sorted(direct), name_hint="matrix")

    def copy(self, source, hint):
        return self.stack.enter_context(databases.scratch(self.env, source, hint))

    @contextlib.contextmanager
    def worker(self, database):
        """A process with Odoo for the steps of one add-on, and its log."""
        log = paths.folder("test", "matrix") / f"{database}.log"
        log.unlink(missing_ok=True)
        worker = OdooWorker(self.env, "tools.kh.install_worker", ["-d", database], log)
        try:
            yield worker
        finally:
            worker.close()

    def use(self, worker, name):
        """Make documents with the add-on as its script in `tests/uninstall` says; false without."""
        script = USES / f"{name}.py"
        if not script.exists():
            return False
        worker.ask({"do": "use", "script": str(script)})
        return True

    @contextlib.contextmanager
    def cursor(self, database):
        db = self.env.db
        connection = psycopg2.connect(
            host=db.host or None,
            port=db.port,
            user=db.user,
            password=db.password or None,
            dbname=database,
        )
        with contextlib.closing(connection), connection.cursor() as cursor:
            yield cursor

    def snapshot(self, database):
        with self.cursor(database) as cursor:
            return residue.take(cursor)


@pytest.fixture(scope="module")
def matrix(kh_environment):
    found = Matrix(kh_environment)
    with found.stack:
        yield found


@pytest.mark.parametrize("name", lowest_first())
def test_installs_alone_and_leaves_nothing(matrix, name):
    database, missing = matrix.base_for(name)
    with matrix.worker(database) as worker:
        if missing:
            # bridges of ours would come with what they stand on
            worker.ask({"do": "install", "names": missing, "bridges": False})
            matrix.keep(database, before(name))
        start = worker.log.stat().st_size
        bare = matrix.snapshot(database)
        worker.ask({"do": "install", "names": [name], "bridges": True})
        matrix.keep(database, after(name))
        installed = matrix.snapshot(database)
        xmlids = set(installed.xmlids.values()) - set(bare.xmlids.values())
        assert any(xmlid.startswith(f"{name}.") for xmlid in xmlids), f"{name} brought nothing"
        used = {}
        if matrix.use(worker, name):
            used = residue.created(installed, matrix.snapshot(database))
            assert any(used.values()), f"tests/uninstall/{name}.py made nothing"
        worker.ask({"do": "uninstall", "name": name})
    log = worker.log.read_bytes()[start:].decode(errors="replace")
    found = unexpected_warnings(warnings_of_log(log, name), ALLOWED)
    assert not found, f"warnings while {name} is installed and uninstalled: {sorted(found)}"
    allowed = {table: keys for table, keys in used.items() if table not in MUST_GO}
    left = residue.compare(bare, matrix.snapshot(database), allowed)
    with matrix.cursor(database) as cursor:
        left += residue.orphans(cursor)
    assert not left, f"{name} leaves behind:\n" + "\n".join(left)
