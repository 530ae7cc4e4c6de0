"""`muniment evaluate`: how well the parts of the product do on files whose truth is known."""

import json
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from muniment.batch.matching.evaluate import InputError, Score, Task, evaluate

BAD_INPUT = 3

app = typer.Typer(help="Measure against files whose truth is known.", no_args_is_help=True)


@app.callback()
def _group() -> None:
    """Keep `linkage` a command of its own; with one command alone Typer would swallow its name."""


@app.command()
def linkage(  # noqa: PLR0913, PLR0917 -- each is an option of the command
    file: Annotated[Path, typer.Argument(help="CSV or Parquet, one record of a person a row.")],
    identity: Annotated[str, typer.Option("--id", help="The column that tells records apart.")],
    truth: Annotated[str, typer.Option("--truth", help="The column that is the same for one person.")],
    mapping: Annotated[
        list[str], typer.Option("--map", help="field=column; field=a+b joins columns. Give one for each field.")
    ],
    second: Annotated[
        Path | None, typer.Option("--second", help="A second file: only pairs across the two count.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
) -> None:
    """Train without labels, link, and print precision, recall and F1. Needs no database."""
    task = Task(file, identity, truth, _mapping(mapping), second)
    console = Console(stderr=True)
    try:
        with console.status("Linking…"):
            model, automatic = evaluate(task)
    except InputError as error:
        typer.echo(str(error), err=True)
        raise typer.Exit(BAD_INPUT) from error
    if as_json:
        typer.echo(json.dumps(asdict(model) | {"automatic": asdict(automatic)}))
    else:
        Console().print(_table(model, automatic))


def _mapping(given: list[str]) -> dict[str, tuple[str, ...]]:
    mapping = {}
    for entry in given:
        field, sign, columns = entry.partition("=")
        names = tuple(name.strip() for name in columns.split("+") if name.strip())
        if not sign or not names:
            raise typer.BadParameter(f"'{entry}' should read field=column or field=a+b.", param_hint="--map")
        mapping[field.strip()] = names
    return mapping


def _table(model: Score, automatic: Score) -> Table:
    table = Table(title="Linkage")
    table.add_column("")
    table.add_column("model point, hard rules off", justify="right")
    table.add_column("automatic point, hard rules on", justify="right")
    for name, value in asdict(model).items():
        table.add_row(name, *(_written(number) for number in (value, getattr(automatic, name))))
    return table


def _written(value: float) -> str:
    return f"{value:,}" if isinstance(value, int) else f"{value:.4f}"
