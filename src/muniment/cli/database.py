"""`muniment database`: make, back up, restore and stop the database."""

from pathlib import Path
from typing import Annotated

import typer
from django.core.management import call_command
from django.db import connection
from rich.console import Console

from muniment.cli import backup, exits, printing
from muniment.core import access, actors, database, integrity, places, postgres, walls
from muniment.records.actions.organise import load_organisation
from muniment.retention.actions import rewrite as rewriting

app = typer.Typer(no_args_is_help=True)
backup.add_to(app)
console = Console(stderr=True)


@app.callback()
def _group() -> None:
    """Make, back up, restore and stop the database."""


@app.command()
def init(
    organisation: Annotated[
        list[Path] | None, typer.Option(help="An organisation file to register; may be given more than once.")
    ] = None,
) -> None:
    """Make the roles, both databases, tables, walls and functions; change nothing that is right already."""
    initialise()
    for path in organisation or []:
        load_organisation(path, by=actors.from_command("database init"))
    console.print(f"The database is ready ({places.home()}).")


def initialise() -> None:
    """Bring the database to this version of the program."""
    database.create_roles_and_databases()
    call_command("migrate", verbosity=0, interactive=False)
    call_command("migrate", "core", database="keys", verbosity=0, interactive=False)  # nothing else lies there
    walls.raise_walls()
    integrity.raise_checks()
    walls.raise_key_walls()
    access.declaration()


@app.command()
def rewrite(as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False) -> None:
    """Write the tables of both databases anew, so that no file of the server holds what was destroyed."""
    run = rewriting.rewrite(by=actors.from_command("database rewrite"))
    left = run.counts["left"]
    printing.report({"run": run.pk, **run.counts}, as_json=as_json, title="Rewritten")
    if left:
        raise typer.Exit(exits.CHECK_FAILED)


@app.command()
def stop() -> None:
    """Stop the embedded server, whoever else uses it."""
    connection.close()
    postgres.stop(force=True)


@app.command()
def shell(role: Annotated[str, typer.Option(help="owner, web, batch or worker")] = "web") -> None:
    """Print the connection string of a role, for psql."""
    typer.echo(database.uri(role))
