"""Plans of a run, kept for later runs of this process and, in a folder, of later processes.

A plan is SQL without any row of the set in it. It is found again by everything that it depends on: the policy, the
kinds of date that occur, the source of this engine, and the versions of what writes and runs the SQL.
"""

import hashlib
import json
import os
from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import astuple, dataclass, fields, is_dataclass
from functools import cache
from importlib.metadata import version
from pathlib import Path
from typing import Any

_KEPT = 8
_MADE: OrderedDict[str, tuple["Step", ...]] = OrderedDict()
_ENGINES = Path(__file__).parents[2]
_SOURCES = ("batch/retention", "engine")


@dataclass(frozen=True)
class Step:
    """One statement: a kept table, a small table made by a reader, or a result to hand back."""

    kind: str  # table | read | result
    name: str
    sql: str
    reader: str = ""


def key_of(*depends: Any) -> str:
    """Return the key of a plan that depends on some values and on the source of this engine."""
    return hashlib.sha256(repr((_ordered(depends), _made_by())).encode()).hexdigest()


def find(key: str, folder: Path | None) -> tuple[Step, ...] | None:
    """Return a plan made before, None when there is none or its file cannot be read."""
    if key in _MADE:
        _MADE.move_to_end(key)
        return _MADE[key]
    if folder is None:
        return None
    try:
        rows = json.loads(_file(folder, key).read_text())
        steps = tuple(Step(*row) for row in rows)
    except (OSError, ValueError, TypeError):
        return None
    _remember(key, steps)
    return steps


def keep(key: str, steps: tuple[Step, ...], folder: Path | None) -> None:
    """Keep a plan; in the folder only the newest few stay."""
    _remember(key, steps)
    if folder is None:
        return
    folder.mkdir(mode=0o700, exist_ok=True)
    wanted = _file(folder, key)
    partial = wanted.with_suffix(f".{os.getpid()}")
    partial.touch(mode=0o600)
    partial.write_text(json.dumps([astuple(step) for step in steps]))
    partial.replace(wanted)
    for old in sorted(folder.glob("schedule-*.json"), key=lambda path: path.stat().st_mtime)[:-_KEPT]:
        old.unlink(missing_ok=True)


def _ordered(value: Any) -> Any:
    """Return a value that reads the same in every process: sets come in no order."""
    if is_dataclass(value) and not isinstance(value, type):
        return tuple((each.name, _ordered(getattr(value, each.name))) for each in fields(value))
    if isinstance(value, Mapping):
        return tuple((name, _ordered(part)) for name, part in value.items())
    if isinstance(value, (set, frozenset)):
        return sorted(repr(part) for part in value)
    return tuple(_ordered(part) for part in value) if isinstance(value, (list, tuple)) else value


def _remember(key: str, steps: tuple[Step, ...]) -> None:
    _MADE[key] = steps
    while len(_MADE) > _KEPT:
        _MADE.popitem(last=False)


def _file(folder: Path, key: str) -> Path:
    return folder / f"schedule-{key}.json"


@cache
def _made_by() -> tuple[str, ...]:
    """Return a digest of the source that writes plans, and the versions of what it uses."""
    digest = hashlib.sha256()
    for part in _SOURCES:
        for path in sorted((_ENGINES / part).rglob("*.py")):
            digest.update(path.read_bytes())
    return (digest.hexdigest(), *(version(name) for name in ("ibis-framework", "sqlglot", "duckdb")))
