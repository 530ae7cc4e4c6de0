"""`muniment work`: what nobody waits for: instructions, destruction, certificates, seals, orphaned keys."""

import time
from typing import Annotated

import typer

from muniment.cli import printing
from muniment.core import actors, audit, content
from muniment.retention.actions import destruction

app = typer.Typer()


@app.command()
def work(
    every: Annotated[int, typer.Option(help="Seconds between rounds; one round only when 0.")] = 0,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
) -> None:
    """Carry out what is due, once or for ever."""
    by = actors.from_command("work")
    while True:
        done = destruction.work(by=by)
        done["keys_swept"] = content.sweep_orphans()
        done["events_sealed"] = audit.seal()
        if not every:
            printing.report(done, as_json=as_json, title="Work done")
            return
        time.sleep(every)
