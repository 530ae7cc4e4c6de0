"""`muniment work`: what nobody waits for: instructions, destruction, certificates, seals, orphaned keys."""

import math
import os
import sys
import time
from typing import Annotated

import typer
from django.db import DatabaseError, connections
from django.utils import timezone

from muniment.cli import printing
from muniment.core import access, actors, audit, content, postgres
from muniment.core.actors import Actor
from muniment.retention.actions import destruction

app = typer.Typer()
_SWEEP_EVERY_S = 3600  # it compares all owners of keys with all owners of content


@app.command()
def work(
    every: Annotated[int, typer.Option(help="Seconds between rounds; one round only when 0.")] = 0,
    beside: Annotated[int, typer.Option(help="End when the process that started this one, of this number, ends.")] = 0,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
) -> None:
    """Carry out what is due, once or for ever."""
    by = actors.from_command("work")
    if not every:
        printing.report(_round(by), as_json=as_json, title="Work done")
        return
    swept, day = -math.inf, None
    while not beside or os.getppid() == beside:
        sweeps = time.monotonic() - swept > _SWEEP_EVERY_S or day != timezone.localdate()
        try:
            _round(by, sweep=sweeps)
            swept, day = (time.monotonic() if sweeps else swept), timezone.localdate()
        except (postgres.ServerError, audit.SealsAhead) as error:
            # The next round may find the server back, and other duties do not wait for one that fails.
            sys.stderr.write(f"The worker could not end its round: {error}\n")
            _recover()
        except DatabaseError as error:
            # Its words may hold a row's values: they do not go into a log.
            sys.stderr.write(f"The worker could not end its round: {type(error).__name__}.\n")
            _recover()
        time.sleep(every)


def _round(by: Actor, *, sweep: bool = True) -> dict[str, int]:
    if sweep:
        access.refresh_scopes(timezone.localdate())  # a role that begins today opens what it is for
    done = destruction.work(by=by)
    if sweep:
        done["keys_swept"] = content.sweep_orphans()
    done["events_sealed"] = audit.seal()
    return done


def _recover() -> None:
    """Drop broken connections, and start the embedded server again if it was killed."""
    connections.close_all()
    try:
        postgres.start()
    except postgres.ServerError as error:
        sys.stderr.write(f"{error}\n")
