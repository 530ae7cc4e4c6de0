"""Connections of the set engine, and where they spill what does not fit in memory."""

from pathlib import Path
from typing import Any

import duckdb


class _Spill:
    """Where to spill; None leaves it to DuckDB, which takes the folder that the command runs in."""

    folder: Path | None = None


def spill_to(folder: Path) -> None:
    """Have every later connection of this process spill to a folder, which is made when it is needed."""
    _Spill.folder = folder


def connect(**config: Any) -> duckdb.DuckDBPyConnection:
    """Return a connection in memory."""
    if _Spill.folder is not None:
        config["temp_directory"] = str(_Spill.folder)
    return duckdb.connect(config=config)
