"""`muniment evaluate`: how well the parts of the product do on files whose truth is known."""

import json
from collections.abc import Iterator
from dataclasses import asdict
from datetime import date
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.table import Table

from muniment.batch.matching.evaluate import InputError, Score, Task, evaluate
from muniment.cli import exits
from muniment.cli.preparing import prepare

app = typer.Typer(help="Measure against files whose truth is known.", no_args_is_help=True)


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
            found = evaluate(task, today=date.today())  # noqa: DTZ011 -- the century of a year of two digits
    except InputError as error:
        typer.echo(str(error), err=True)
        raise typer.Exit(exits.BAD_INPUT) from error
    if found.births_unread:
        console.print(
            f"{found.births_unread:,} dates of birth could not be read and were not compared: write them as 27/03/1980"
            " or 1980-03-27."
        )
    if not found.model.pairs_found:
        console.print("Nothing was joined: map more fields, such as forename, surname, born and postcode.")
    if as_json:
        said = asdict(found.model) | {"automatic": asdict(found.automatic), "births_unread": found.births_unread}
        typer.echo(json.dumps(said))
    else:
        Console().print(_table(found.model, found.automatic))


@app.command()
def world(
    folder: Annotated[Path, typer.Argument(help="The folder of an invented world, or of its truth.")],
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
) -> None:
    """Compare the people, places and vehicles resolved in the database with the truth of the world they are from."""
    prepare("batch")
    from muniment.core import actors
    from muniment.evaluation import published, things
    from muniment.evaluation import world as truth

    try:
        known = truth.read_truth(folder)
        by = actors.from_command("evaluate")
        scores = truth.measure(known, published.read_published(by=by))
        objects = [asdict(each) for each in things.measure(folder, by=by)]
    except truth.NoTruth as error:
        typer.echo(str(error), err=True)
        raise typer.Exit(exits.BAD_INPUT) from error
    if as_json:
        typer.echo(json.dumps({**asdict(scores), "objects": objects}))
        return
    for table in _world_tables({**asdict(scores), "objects": objects}):
        Console().print(table)


def _world_tables(scores: dict[str, Any]) -> Iterator[Table]:
    """Return the report: pairs of nominals line by line, then pairs of people who look alike."""
    pairs = Table(
        title=f"Pairs joined among {scores['nominals']:,} nominals of this world",
        caption="* Lower end of the exact 95 % interval of the precision; --json gives both.",
    )
    columns = ("pairs that touch", "joined", "false", "precision", "at least*", "true pairs", "recall")
    for number, column in enumerate(columns):
        pairs.add_column(column, justify="right" if number else "left", no_wrap=bool(number), overflow="fold")
    parts = ("by_look_alike", "by_ethnicity", "by_origin")
    groups = ([scores["overall"], scores["look_alikes_alone"]], *(scores[part] for part in parts), scores["objects"])
    for lines in groups:
        for line in lines:
            pairs.add_row(
                line["of"],
                f"{line['joined']:,}",
                f"{line['false_joins']:,}",
                _share(line["precision"], 5),
                f"{line['lower']:.5f}",
                f"{line['true_pairs']:,}",
                _share(line["recall"], 4),
            )
        pairs.add_section()
    yield pairs
    alike = Table(title="Pairs of people who look alike and are two")
    for number, column in enumerate(("why", "pairs", "both held", "joined wrongly", "wait for a person")):
        alike.add_column(column, justify="right" if number else "left")
    for line in scores["look_alikes"]:
        alike.add_row(line["why"], *(f"{line[name]:,}" for name in ("pairs", "held", "joined", "waiting")))
    yield alike


def _share(value: float | None, digits: int) -> str:
    return "-" if value is None else f"{value:.{digits}f}"


def _mapping(given: list[str]) -> dict[str, tuple[str, ...]]:
    mapping: dict[str, tuple[str, ...]] = {}
    for entry in given:
        field, sign, columns = entry.partition("=")
        names = tuple(name.strip() for name in columns.split("+") if name.strip())
        if not sign or not names:
            raise typer.BadParameter(f"'{entry}' should read field=column or field=a+b.", param_hint="--map")
        if field.strip() in mapping:
            raise typer.BadParameter(
                f"'{field.strip()}' is given twice; join its columns as {field.strip()}=a+b.", param_hint="--map"
            )
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
