"""`muniment invent --persons N --seed S --out DIR`: the exports of an invented world."""

from pathlib import Path
from typing import Annotated

import typer
from rich.progress import Progress

from muniment.cli import printing
from muniment.feeds import BadFile
from muniment.invention import invent as make

app = typer.Typer()


@app.command()
def invent(
    persons: Annotated[int, typer.Option(min=50, help="How many people the world has.")],
    out: Annotated[Path, typer.Option(help="The folder to write to; it must be new or empty.")],
    seed: Annotated[int, typer.Option(help="The same seed gives the same bytes.")] = 1,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
) -> None:
    """Write the exports of an invented collaboration of three forces, and the truth about them apart."""
    if out.exists() and any(out.iterdir()):
        raise BadFile(f"{out} is not empty: give a new folder, so that nothing old is mixed with what is invented.")
    with Progress(console=printing.console, transient=True) as bar:
        task = bar.add_task("people", total=None)
        counts = make(
            persons,
            seed,
            out,
            progress=lambda step, done, total: bar.update(task, description=step, completed=done, total=total),
        )
    printing.report(counts, as_json=as_json, title=f"Invented world in {out}")
