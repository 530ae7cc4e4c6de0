"""Imports go one way, the engine has no clock, and every package that is imported is declared."""

import ast
import importlib.metadata
import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from architecture.tree import ROOT, SOURCE

CLOCKS = {"today", "now", "utcnow", "localdate", "time", "time_ns", "perf_counter", "monotonic"}


def test_import_contracts_hold() -> None:
    command = [str(Path(sys.executable).with_name("lint-imports")), "--no-cache"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize("path", sorted((SOURCE / "engine").rglob("*.py")), ids=lambda path: path.stem)
def test_the_engine_asks_no_clock(path: Path) -> None:
    asked = [
        f"line {node.lineno}: {ast.unparse(node)}"
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in CLOCKS
    ]
    assert asked == []


def declared() -> dict[str, list[str]]:
    """Return the packages that pyproject.toml declares: for the product, for extras, and for development."""
    content = tomllib.loads((ROOT / "pyproject.toml").read_text())
    lists = {"product": content["project"]["dependencies"], **content["project"]["optional-dependencies"]}
    lists["dev"] = content["dependency-groups"]["dev"]
    return {name: [re.split(r"[\[<>=~! ]", each)[0].lower() for each in given] for name, given in lists.items()}


def test_every_import_is_declared() -> None:
    known = set(declared()["product"]) | set(declared()["spark"])
    provided = importlib.metadata.packages_distributions()
    missing = set()
    for path in SOURCE.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            names = [each.name for each in node.names] if isinstance(node, ast.Import) else []
            if isinstance(node, ast.ImportFrom) and node.module and not node.level:
                names = [node.module]
            for top in {name.split(".")[0] for name in names} - sys.stdlib_module_names - {"muniment"}:
                if not {each.lower() for each in provided.get(top, [top])} & known:
                    missing.add(f"{top} (in {path.relative_to(SOURCE)})")
    assert sorted(missing) == []


def test_every_dependency_has_its_reason() -> None:
    text = (ROOT / "pyproject.toml").read_text()
    names = [name for given in declared().values() for name in given]
    bare = [name for name in names if not re.search(rf'^\s*"{re.escape(name)}[^"]*",?\s*#\s*\S', text, re.M | re.I)]
    assert bare == []


def test_only_evaluation_reads_the_truth_of_an_invented_world() -> None:
    """Import contracts keep it above what decides; here, that nobody else knows where the truth lies."""
    found = {path.relative_to(SOURCE).as_posix() for path in SOURCE.rglob("*.py") if '/ "truth"' in path.read_text()}
    assert found == {"evaluation/world.py", "invention/truth.py"}
