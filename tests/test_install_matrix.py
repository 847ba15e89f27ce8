"""Each add-on alone with what it depends on, then uninstalled again: no warning, no residue.

The add-ons are taken from the lowest up. An add-on's database has the core modules and those of
ours that it declares, and nothing else, so that a dependency which is used but not declared shows.
Before it is installed a snapshot is taken, and after it is uninstalled another one; they must be
equal by name: columns, indexes, rows of every core table. In between the add-on is used: a script
in `tests/uninstall` makes real documents with it. What it made in core tables may stay, but not
where a row would point to a model that is gone, nor where the script says that it must go.
Databases are copied, not rebuilt.
"""

import contextlib
import subprocess
from dataclasses import dataclass

import psycopg2
import pytest

from tools.kh import databases, paths, process, residue
from tools.kh.addons import DEMO, Addons
from tools.kh.results import read_listed, unexpected_warnings, warnings_of_log

pytestmark = pytest.mark.needs_odoo

ALLOWED = read_listed(paths.ROOT / "tests" / "allowed_log_warnings.txt")
OWN = Addons([paths.ADDONS])
INSTALL_SECONDS = 600
ONCE = ("--no-http", "--stop-after-init")
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


@dataclass
class Stage:
    """A database and what was installed into it by name."""

    database: str
    modules: frozenset


class Matrix:
    """Databases of the matrix; those of lower add-ons are the base of the higher ones."""

    def __init__(self, env):
        self.env = env
        self.addons = Addons(self.env.addons_path)
        self.stages = []
        self.stack = contextlib.ExitStack()

    def base_for(self, name):
        """A copy that has all that `name` declares, from the stage that lacks least."""
        needed = self.addons.closure([name]) - {name}
        fitting = [stage for stage in self.stages if stage.modules <= needed]
        best = max(fitting, key=lambda stage: len(stage.modules), default=None)
        if best is None:
            best = Stage(self.core_template(name), frozenset(self.core_of(name)))
        database = self.copy(best.database, f"m{name[7:]}")
        missing = sorted({*OWN.manifest(name)["depends"]} - best.modules)
        if missing:
            # bridges of ours would come with what they stand on
            alone = ("-i", ",".join(missing), "--skip-auto-install", *ONCE)
            self.odoo(*alone, database=database)
            self.stages.append(Stage(self.copy(database, f"b{name[7:]}"), frozenset(needed)))
        return database, needed

    def core_of(self, name):
        return {n for n in self.addons.closure([name]) if not self.addons.is_own(n)}

    def core_template(self, name):
        """Only the core modules that `name` and those below it declare."""
        below = [n for n in self.addons.closure([name]) if self.addons.is_own(n)]
        direct = {d for n in below for d in self.addons.depends(n) if not self.addons.is_own(d)}
        return databases.ensure_template(self.env, sorted(direct), name_hint="matrix")

    def copy(self, source, hint):
        return self.stack.enter_context(databases.scratch(self.env, source, hint))

    def odoo(self, *arguments, database):
        """Run Odoo once; its log as text."""
        log = paths.folder("test", "matrix") / f"{database}.log"
        log.unlink(missing_ok=True)
        command = [str(self.env.python), "-m", "odoo", *arguments]
        command += ["-c", str(self.env.config), "-d", database]
        code = process.run(command, log=log, env=self.env.odoo_env(), timeout=INSTALL_SECONDS)
        text = log.read_text(encoding="utf-8", errors="replace")
        assert code == 0, text[-3000:]
        return text

    def use(self, name, database):
        """Make documents with the add-on, as `tests/uninstall/<add-on>.py` says; whether it does.

        The script ends with a commit and a line of its own, without which it has failed.
        """
        script = USES / f"{name}.py"
        if not script.exists():
            return False
        command = [str(self.env.python), "-m", "odoo", "shell", "-c", str(self.env.config)]
        command += ["-d", database, "--no-http", "--log-level", "warn"]
        done = subprocess.run(
            command,
            input=script.read_text(encoding="utf-8") + '\nenv.cr.commit()\nprint("used")\n',
            env=self.env.odoo_env(),
            capture_output=True,
            text=True,
            timeout=INSTALL_SECONDS,
            check=False,
        )
        assert "used" in done.stdout.split(), done.stdout[-1000:] + done.stderr[-3000:]
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
    database, needed = matrix.base_for(name)
    before = matrix.snapshot(database)
    log = matrix.odoo("-i", name, *ONCE, database=database)
    matrix.stages.append(Stage(matrix.copy(database, f"n{name[7:]}"), frozenset({*needed, name})))
    installed = matrix.snapshot(database)
    xmlids = set(installed.xmlids.values()) - set(before.xmlids.values())
    assert any(xmlid.startswith(f"{name}.") for xmlid in xmlids), f"{name} brought nothing"
    used = {}
    if matrix.use(name, database):
        used = residue.created(installed, matrix.snapshot(database))
        assert any(used.values()), f"tests/uninstall/{name}.py made nothing"
    log += matrix.odoo("module", "uninstall", name, database=database)
    found = unexpected_warnings(warnings_of_log(log, name), ALLOWED)
    assert not found, f"warnings while {name} is installed and uninstalled: {sorted(found)}"
    allowed = {table: keys for table, keys in used.items() if table not in MUST_GO}
    left = residue.compare(before, matrix.snapshot(database), allowed)
    with matrix.cursor(database) as cursor:
        left += residue.orphans(cursor)
    assert not left, f"{name} leaves behind:\n" + "\n".join(left)
