"""What commands print: one JSON object on standard output with --json, a small table otherwise."""

import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import typer
from rich.console import Console
from rich.table import Table

from muniment.feeds import REASONS

console = Console(stderr=True)


def report(facts: Mapping[str, Any], *, as_json: bool, title: str = "") -> None:
    """Print facts once: as a JSON object, or as a table with thousands marked."""
    if as_json:
        typer.echo(json.dumps(facts, default=str))
        return
    table = Table(title=title or None, show_header=False, title_justify="left")
    for name, value in facts.items():
        shown = f"{value:,}" if isinstance(value, int) and not isinstance(value, bool) else str(value)
        table.add_row(name.replace("_", " "), shown)
    Console().print(table)


def rows(title: str, heads: Sequence[str], lines: Iterable[Sequence[object]]) -> None:
    """Print a table with a line for each row: the first column names it, numbers stand to the right."""
    table = Table(title=title, title_justify="left")
    for at, head in enumerate(heads):
        table.add_column(head, justify="right" if at else "left")
    for line in lines:
        table.add_row(*(f"{value:,}" if isinstance(value, int) else str(value) for value in line))
    Console().print(table)


def reasons(counts: Mapping[str, int]) -> list[str]:
    """Return a line for each reason why rows went to quarantine, with how often it was given."""
    return [f"{count:,} × {code}: {REASONS[code]}" for code, count in counts.items()]
