"""`muniment foresee`: what falls due in ten years, and what another schedule would change."""

import csv
from dataclasses import asdict
from datetime import date
from pathlib import Path
from typing import Annotated, Any

import typer
from django.utils import timezone

from muniment.cli import exits, printing
from muniment.core import actors, policy_in_force
from muniment.core.models import BatchRun
from muniment.core.verdicts import Refused
from muniment.engine.policy import Policy, PolicyError
from muniment.retention.actions import foresee as foreseeing
from muniment.retention.foresight import counted, foresight_files, foresight_tables, foresight_workbook, workload
from muniment.retention.foresight.foresight_workbook import About
from muniment.retention.foresight.shown import Estimated, Table
from muniment.retention.schedule import other_schedules
from muniment.retention.schedule.other_schedules import Against

app = typer.Typer()


@app.command()
def foresee(
    day: Annotated[str, typer.Option(help="The day to look from, as 2026-11-22; that of the last schedule.")] = "",
    against: Annotated[
        str,
        typer.Option(
            help="Another schedule: a policy folder, a file of adoptions, or a day as 2020-01-01 whose policy is meant."
        ),
    ] = "",
    reviewers: Annotated[int | None, typer.Option(help="How many reviewers there are; else as policy has it.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
    out: Annotated[
        Path | None,
        typer.Option(help="A file to write every table to: by its ending .xlsx, .ods, .pdf, and CSV for any other."),
    ] = None,
) -> None:
    """Count what falls due month by month, keep it for the page, and change no decision."""
    look_at(out)
    try:
        on = date.fromisoformat(day) if day else None
        loaded = policy_in_force.load()
        other = other_of(loaded, against) if against else None
    except ValueError as error:
        typer.echo(
            str(error) if isinstance(error, PolicyError) else f"'{day}' is not a day: write it as 2026-11-22.", err=True
        )
        raise typer.Exit(exits.WRONG_USE) from error
    try:
        run = foreseeing.foresee(loaded, by=actors.from_command("foresee"), on=on, against=other)
    except Refused as error:
        typer.echo(str(error), err=True)
        raise typer.Exit(exits.WRONG_USE) from error
    tell(run, reviewers, as_json=as_json, out=out)


def look_at(out: Path | None) -> None:
    """End where there is no folder to write a file to, before anything is worked out."""
    if out and not out.absolute().parent.is_dir():
        typer.echo(f"There is no folder {out.absolute().parent}: make it, or name another file.", err=True)
        raise typer.Exit(exits.WRONG_USE)


def tell(run: BatchRun, reviewers: int | None, *, as_json: bool, out: Path | None) -> None:
    """Print what a run says, and write it to a file where one is named."""
    pace = workload.pace(counted.first_day(run))
    there = pace.reviewers if reviewers is None else reviewers
    made = foresight_tables.forecast(run, counted.Wanted(), there, pace)
    every = list(foresight_tables.every(made))
    if out:
        about = About(pace, there, "every force and office", "", timezone.localdate())
        write(out, run, made, about)
    if made.estimated and not as_json:
        typer.echo(foresight_tables.estimate_in_words(made.estimated))
    if as_json:
        printing.report(_facts(run, every, made), as_json=True)
        return
    for table in (made.tables[0], made.tables[1], *made.compared):
        printing.rows(table.title, table.heads, table.rows)


def other_of(loaded: Policy, name: str) -> Against:
    """Return the other schedule: a folder, a file of one controller's adoptions, or a day; PolicyError for none."""
    path = Path(name)
    if path.is_dir():
        return other_schedules.of_folder(loaded, path)
    if path.is_file():
        return other_schedules.of_file(loaded, path)
    try:
        as_on = date.fromisoformat(name)
    except ValueError as error:
        raise PolicyError(
            f"'{name}' is no policy folder, no file of adoptions and no day. Give the path of one, or a day as"
            " 2020-01-01."
        ) from error
    return other_schedules.of_day(loaded, as_on)


def _facts(run: BatchRun, tables: list[Table], made: foresight_tables.Forecast) -> dict[str, Any]:
    burnt = {
        name: {"worked_off": each.gone, "left": each.left[-1]}
        for name, each in (("slowest", made.slow), ("fastest", made.fast))
    }
    told = asdict(made.estimated) if made.estimated else None
    shown = {table.code: {key: value for key, value in asdict(table).items() if key != "code"} for table in tables}
    return {"run": run.pk, **run.versions, "decisions": made.total, "backlog": burnt, "sample": told, "tables": shown}


def write(out: Path, run: BatchRun, made: foresight_tables.Forecast, about: About) -> None:
    """Write every table to a file: as its ending says, or as CSV with every figure on a line of its own.

    There each line bears its table, row and column, so that one file holds many tables.
    """
    if (form := out.suffix.lower().removeprefix(".")) in foresight_files.KINDS:
        out.write_bytes(foresight_files.made(form, run, made, about))
        return
    with out.open("w", newline="", encoding="utf-8") as file:
        written = csv.writer(file)
        written.writerow(["Table", "Row", "Column", "Figure", "As on", "Policy", "Other schedule", "Forecast"])
        last = [run.versions["on"], run.versions["policy"], run.versions["against"], run.pk]
        for each in foresight_tables.every(made):
            table = foresight_workbook.split_out(each, Estimated)
            for name, *values in table.rows:
                for head, value in zip(table.heads[1:], values, strict=True):
                    written.writerow([table.title, name, head, value, *last])
