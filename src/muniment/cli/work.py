"""`muniment work`: what nobody waits for: instructions, destruction, certificates, seals, orphaned keys."""

import math
import os
import sys
import time
from collections.abc import Callable
from typing import Annotated

import typer
from django.contrib.sessions.models import Session
from django.db import connections
from django.utils import timezone

from muniment.cli import printing
from muniment.core import access, actors, audit, content, ledger, postgres
from muniment.core.actors import Actor
from muniment.retention.actions import (
    batching,
    beside,
    destruction,
    effects,
    escalating,
    foresee,
    held_narratives,
    request_times,
    requests,
    restricting,
    rewrite,
)
from muniment.supply.actions import correct
from muniment.workbench import arrivals, crowds

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
        done = [_try(duty) for duty in _duties(by, sweep=sweeps)]
        if sweeps and all(done):
            swept, day = time.monotonic(), timezone.localdate()
        time.sleep(every)


def _round(by: Actor) -> dict[str, int]:
    return {name: count for duty in _duties(by, sweep=True, once=True) for name, count in duty().items()}


def _duties(by: Actor, *, sweep: bool, once: bool = False) -> list[Callable[[], dict[str, int]]]:
    """Return what is to be done in a round, in its order."""
    duties: list[Callable[[], dict[str, int]]] = [
        lambda: {"crowds_followed": int(crowds.follow(by=by) is not None)},
        lambda: arrivals.follow_judgements(by=by),
        lambda: {"held_by_words": held_narratives.read(by=by)},
        lambda: arrivals.follow_events(by=by),
        lambda: batching.carry_out(by=by),
        lambda: destruction.work(by=by),
        lambda: restricting.take_up(by=by),
        lambda: requests.close_events(by=by),
        lambda: foresee.keep_up(by=by),
        lambda: beside.carry_out(by=by),
        lambda: {"adoptions_foreseen": effects.work_out(by=by)},
    ]
    if sweep:
        duties.insert(0, _open_what_begins)
        duties.append(lambda: {"reviews_escalated": escalating.escalate(by=by, on=timezone.localdate())})
        duties.append(lambda: correct.look_everywhere(by=by, again=once))
        duties.append(lambda: {"keys_swept": content.sweep_orphans()})
        duties.append(lambda: request_times.recount(by=by))
        duties.append(lambda: requests.forget(by=by))
        duties.append(_forget_sessions)
        duties.append(lambda: rewrite.when_due(by=by))
    return [*duties, lambda: {"ledger_lines": ledger.write_outside(), "events_sealed": audit.seal()}]


def _forget_sessions() -> dict[str, int]:
    """Delete what is kept of sessions that are over: it may name who was looked at."""
    return {"sessions_forgotten": Session.objects.filter(expire_date__lt=timezone.now()).delete()[0]}


def _open_what_begins() -> dict[str, int]:
    access.refresh_scopes(timezone.localdate())  # a role that begins today opens what it is for
    return {}


def _try(duty: Callable[[], dict[str, int]]) -> bool:
    """Do one duty; return whether it was done. Other duties do not wait for one that fails."""
    try:
        duty()
    except (postgres.ServerError, audit.SealsAhead, ledger.BadLedger) as error:
        sys.stderr.write(f"The worker could not end its round: {error}\n")
    except Exception as error:  # noqa: BLE001 - a worker that has ended does nothing; the next round may go well
        # Its words may hold a row's values: they do not go into a log.
        sys.stderr.write(f"The worker could not end its round: {type(error).__name__}.\n")
    else:
        return True
    _recover()
    return False


def _recover() -> None:
    """Drop broken connections, and start the embedded server again if it was killed."""
    connections.close_all()
    try:
        postgres.start()
    except postgres.ServerError as error:
        sys.stderr.write(f"{error}\n")
