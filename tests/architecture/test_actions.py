"""Every action that writes records an audit event: seen in the source, without running it."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml

from architecture.tree import SOURCE

WRITES = {
    "create", "bulk_create", "update", "bulk_update", "save", "delete", "get_or_create", "update_or_create",
    "execute", "executemany", "store", "destroy_keys",
}  # fmt: skip
RECORDS = {"record", "record_apart"}
EXCEPTED = yaml.safe_load((Path(__file__).parent / "exceptions.yaml").read_text())["unaudited_actions"]


class Module:
    """An actions module: its functions and methods, and the other actions modules that it names."""

    def __init__(self, path: Path) -> None:
        self.name = ".".join(path.relative_to(SOURCE).with_suffix("").parts)
        tree = ast.parse(path.read_text())
        self.functions = {node.name: node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)}
        self.classes = {
            node.name: [each.name for each in node.body if isinstance(each, ast.FunctionDef)]
            for node in tree.body
            if isinstance(node, ast.ClassDef)
        }
        self.public = [
            node.name for node in tree.body if isinstance(node, ast.FunctionDef) and not node.name.startswith("_")
        ]
        self.named = {
            alias.asname or alias.name: f"{node.module.removeprefix('muniment.')}.{alias.name}"
            for node in ast.walk(tree)
            if isinstance(node, ast.ImportFrom) and node.module
            for alias in node.names
        }


MODULES = {
    module.name: module
    for module in (Module(path) for path in sorted(SOURCE.glob("*/actions/*.py")) if path.stem != "__init__")
}


def calls(node: ast.AST) -> Iterator[tuple[str, str]]:
    """Yield (what it is called on, what is called) for every call inside a node."""
    for each in ast.walk(node):
        if isinstance(each, ast.Call):
            if isinstance(each.func, ast.Attribute):
                yield ast.unparse(each.func.value), each.func.attr
            elif isinstance(each.func, ast.Name):
                yield "", each.func.id


def reached(module: Module, name: str, seen: set[tuple[str, str]]) -> Iterator[tuple[str, str]]:
    """Yield every call that a function makes, itself or through other functions of actions."""
    if (module.name, name) in seen or name not in module.functions:
        return
    seen.add((module.name, name))
    for on, called in calls(module.functions[name]):
        yield on, called
        other = MODULES.get(module.named.get(on, ""))
        if other:
            yield from reached(other, called, seen)
        elif called in module.classes:
            for method in module.classes[called]:
                yield from reached(module, method, seen)
        elif on in {"", "self"} or called in module.functions:
            yield from reached(module, called, seen)


def test_there_are_actions() -> None:
    assert len(MODULES) >= 8


@pytest.mark.parametrize(("module", "name"), [(each.name, name) for each in MODULES.values() for name in each.public])
def test_every_writing_action_is_audited(module: str, name: str) -> None:
    made = list(reached(MODULES[module], name, set()))
    writes = sorted({called for _, called in made} & WRITES)
    recorded = any(on == "audit" and called in RECORDS for on, called in made)
    if f"{module}.{name}" in EXCEPTED:
        assert writes and not recorded, "it is audited now, or writes nothing: take it off the list of exceptions"
        return
    assert recorded or not writes, f"it calls {', '.join(writes)} and never audit.record"


def test_every_exception_names_an_action() -> None:
    assert set(EXCEPTED) <= {f"{each.name}.{name}" for each in MODULES.values() for name in each.public}
