"""Work that gives the same result all through a run of tests, done once in each process.

Odoo clears its caches after every test. Views, prices and rules must be read anew then; the code
that a template's text becomes, and the files of a bundle, must not: they depend on the text and on
the disk alone. What is remembered here is remembered by its whole input, and failures never are.
"""

from __future__ import annotations

import builtins
import functools
from typing import Any


def remember_all() -> None:
    """Let Odoo's compiler of templates and its search for the files of bundles work once."""
    from odoo.addons.base.models import ir_asset, ir_qweb

    ir_qweb.compile = functools.cache(builtins.compile)
    ir_qweb.IrQweb._compile_expr = by_text(ir_qweb.IrQweb._compile_expr)
    glob = functools.cache(ir_asset._glob_static_file)
    ir_asset._glob_static_file = lambda pattern: list(glob(pattern))


def by_text(method: Any) -> Any:
    """A method whose result depends on its arguments, not on its model, asked once for each."""
    known: dict[tuple[Any, ...], Any] = {}

    @functools.wraps(method)
    def compiled(self: Any, expr: Any, raise_on_missing: bool = False) -> Any:
        key = (expr, raise_on_missing)
        if key not in known:
            known[key] = method(self, expr, raise_on_missing)
        return known[key]

    return compiled
