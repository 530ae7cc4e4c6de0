"""`muniment schedule`: work out retention for every person and record."""

from dataclasses import asdict
from datetime import date
from typing import Annotated

import typer
from django.utils import timezone

from muniment.cli import exits, printing
from muniment.core import actors, policy_in_force
from muniment.retention.actions import schedule as scheduling

app = typer.Typer()


@app.command()
def schedule(
    day: Annotated[str, typer.Option(help="The day to decide for, as 2026-11-22; today when left out.")] = "",
    engine: Annotated[str, typer.Option(help="duckdb, or spark when one machine is outgrown.")] = "duckdb",
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
) -> None:
    """Decide for everyone as on a day, publish what changed, open the reviews that fall due."""
    if engine != "duckdb":
        typer.echo(f"The engine '{engine}' is not available for schedule: use duckdb.", err=True)
        raise typer.Exit(exits.WRONG_USE)
    try:
        on = date.fromisoformat(day) if day else timezone.localdate()
    except ValueError as error:
        typer.echo(f"'{day}' is not a day: write it as 2026-11-22.", err=True)
        raise typer.Exit(exits.WRONG_USE) from error
    counts = scheduling.schedule(policy_in_force.load(), by=actors.from_command("schedule"), on=on)
    printing.report(asdict(counts), as_json=as_json, title=f"Schedule on {on}")
