"""`muniment uprn`: where properties lie, from the file that the Ordnance Survey publishes."""

from pathlib import Path
from typing import Annotated

import typer

from muniment.cli import printing
from muniment.core import actors
from muniment.objects.actions.load_points import load_points

app = typer.Typer()


@app.command()
def uprn(
    file: Annotated[Path, typer.Argument(help="The CSV of OS Open UPRN, unpacked.")],
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
) -> None:
    """Load where properties lie; a place whose source gives its UPRN then shows it."""
    printing.report({"properties": load_points(file, by=actors.from_command("uprn"))}, as_json=as_json, title="UPRN")
