"""Connections of the set engine: how much memory they may use, and where they spill what does not fit.

What is spilled are rows of people: it lies in a folder that only this account reads, is gone with the connection, and
what a killed process left is removed by the next.
"""

import atexit
import os
import re
import shutil
import tempfile
import threading
from contextlib import suppress
from pathlib import Path
from typing import Any, ClassVar

import duckdb

from muniment.batch import machine

# Of the memory that this process may have: the rest is for what Python and Arrow hold, and for a database beside it.
SHARE = 0.5
_UNITS = {"": 1, "K": 2**10, "M": 2**20, "G": 2**30, "T": 2**40}
_LEFT = "muniment-spill-"


class _Spill:
    """Where to spill; None is a temporary folder of this process."""

    folder: Path | None = None
    temporary: Path | None = None


def spill_to(folder: Path) -> None:
    """Have every later connection of this process spill to a folder, which is made when it is needed."""
    _Spill.folder = folder


def connect(**config: Any) -> duckdb.DuckDBPyConnection:
    """Return a connection in memory, which spills beyond what `memory` allows."""
    return duckdb.connect(config=_given() | config)


def asking() -> duckdb.DuckDBPyConnection:
    """Return a connection that makes no tables but temporary ones, and none that others see.

    All of them in a process share one database, and what it may use of memory: to open one takes longer than to ask
    about a few thousand rows.
    """
    given = _given()
    key = (os.getpid(), *given.values())
    with _Shared.lock:
        if key not in _Shared.opened:
            _Shared.opened[key] = duckdb.connect(config=given)
        return _Shared.opened[key].cursor()


class _Shared:
    """The databases that are shared, by the process and what they may use."""

    opened: ClassVar[dict[tuple[object, ...], duckdb.DuckDBPyConnection]] = {}
    lock = threading.Lock()


def _given() -> dict[str, Any]:
    return {"memory_limit": f"{memory() // 2**20}MiB", "temp_directory": str(_Spill.folder or _temporary())}


def memory() -> int:
    """Return the bytes that a connection may use before it spills: MUNIMENT_MEMORY, or half of what there is.

    What there is, is the machine's memory or that of the control group of this process, whichever is less. Raise
    ValueError when the variable is no amount of memory.
    """
    chosen = os.environ.get("MUNIMENT_MEMORY", "").strip()
    if not chosen:
        return int(SHARE * machine.memory())
    found = re.fullmatch(r"(\d+(?:\.\d+)?) ?([KMGT]?)(?:i?B)?", chosen, re.IGNORECASE)
    if found is None:
        raise ValueError(f"MUNIMENT_MEMORY is '{chosen}': give an amount of memory, such as 8GB or 512MB.")
    return int(float(found[1]) * _UNITS[found[2].upper()])


def _temporary() -> Path:
    """Return a folder of this process where no other is set; what killed processes left in theirs is removed first."""
    if _Spill.temporary is None or not _Spill.temporary.exists():
        _remove_leftovers()
        _Spill.temporary = Path(tempfile.mkdtemp(prefix=f"{_LEFT}{os.getpid()}-"))  # readable by this account alone
        atexit.register(shutil.rmtree, _Spill.temporary, ignore_errors=True)
    return _Spill.temporary


def _remove_leftovers() -> None:
    for left in Path(tempfile.gettempdir()).glob(f"{_LEFT}*"):
        process = left.name.removeprefix(_LEFT).split("-")[0]
        with suppress(FileNotFoundError):  # another process removed it first
            if process.isdigit() and left.lstat().st_uid == os.getuid() and not machine.is_alive(int(process)):
                shutil.rmtree(left, ignore_errors=True)
