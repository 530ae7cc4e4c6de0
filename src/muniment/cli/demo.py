"""`muniment demo`: the demonstration world, from exports to reviews, with counts that reconcile."""

import shutil
import subprocess
import sys
import tempfile
import time
from contextlib import suppress
from dataclasses import asdict
from datetime import date
from pathlib import Path
from typing import Annotated, Any

import typer
from django.db import OperationalError, ProgrammingError
from django.db.models import Count
from django.utils import timezone
from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

from muniment import feeds, invention
from muniment.cli import exits, printing
from muniment.cli.intake import take_in_files
from muniment.core import access, actors, audit, places, policy_in_force
from muniment.core.actors import Actor
from muniment.core.models import AuditEvent, Controller
from muniment.objects.actions.resolve import resolve as resolve_places_and_vehicles
from muniment.people.actions import resolve, train
from muniment.records.models import Intake, Quarantine, Record, SourceRow
from muniment.retention.actions import hold, schedule
from muniment.retention.holds import presets
from muniment.retention.models import Hold, Review
from muniment.supply import recipients
from muniment.workbench import demonstration, demonstration_requests

EXAMPLES = Path(__file__).parents[3] / "examples"
SEED = 2026
ORGANISATION = EXAMPLES / "demonstration" / "organisation.yaml"
app = typer.Typer()


class DatabaseNotMade(Exception):
    """The process that makes the database failed; the message is what it said."""


@app.command()
def demo(
    persons: Annotated[int, typer.Option(help="How many people to invent.")] = 20_000,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
) -> None:
    """Make the database, invent the world, take everything in, resolve, schedule, and say what there is."""
    began = time.monotonic()
    by = actors.from_command("demo")
    with suppress(OperationalError, ProgrammingError):  # there may be no database yet; who adds users asks again
        demonstration.require()
    with Progress(
        SpinnerColumn(), TextColumn("{task.description}"), TimeElapsedColumn(), console=printing.console
    ) as bar:
        world = _stage(bar, "Making the database and inventing the world", lambda: make_ready(persons))
        taken = _stage(bar, "Taking in the exports of every system", lambda: take_everything_in(world, by))
        people = _stage(bar, "Resolving people into prime records", lambda: resolve_people(by))
        objects = _stage(bar, "Resolving places and vehicles", lambda: resolve_objects(by))
        _stage(bar, "Placing the holds", lambda: place_holds(by))
        name_recipients()
        decided = _stage(bar, "Working out retention", lambda: work_out_retention(by))
        asked = _stage(bar, "Recording the requests", lambda: demonstration_requests.record(by=by))
        sealed = _stage(bar, "Sealing the audit", audit.seal)
    facts = {
        **taken,
        **people,
        **objects,
        **decided,
        "requests_recorded": len(asked),
        "events_sealed": sealed,
        "audit_events": AuditEvent.objects.count(),
        "seconds": round(time.monotonic() - began, 1),
    }
    reconciled = reconcile()
    printing.report({**facts, **reconciled}, as_json=as_json, title="The demonstration")
    if not reconciled["counts_reconcile"]:
        raise typer.Exit(exits.CHECK_FAILED)


def _stage(bar: Progress, words: str, work: Any) -> Any:
    task = bar.add_task(words, total=1)
    done = work()
    bar.update(task, completed=1)
    return done


def make_ready(persons: int) -> Path:
    """Have the database made by a process of its owner's own while the world is invented; then add the users.

    Return the folder of the world. Raise DatabaseNotMade with what the other process said.
    """
    with tempfile.TemporaryFile("w+") as said:
        command = (sys.executable, "-m", "muniment.cli.main", "database", "init", "--organisation", str(ORGANISATION))
        owner = subprocess.Popen(command, stdout=said, stderr=subprocess.STDOUT)  # noqa: S603
        try:
            world = invent(persons)
        finally:
            failed = owner.wait() != 0
        if failed:
            said.seek(0)
            raise DatabaseNotMade(f"The database could not be made ready: {said.read().strip()}")
    demonstration.add_users()
    return world


def invent(persons: int) -> Path:
    """Write the world's exports once; the same number and seed give the same bytes, so they are kept."""
    out = places.home() / "world" / f"{persons}-{SEED}"
    if not (out / "complete").exists():
        shutil.rmtree(out, ignore_errors=True)
        out.mkdir(parents=True)
        invention.invent(persons, SEED, out)
        (out / "complete").touch()
    return out


def exports_of(world: Path, published: Path | None = None) -> list[tuple[feeds.Feed, list[Path]]]:
    """Return each feed of the demonstration with its files: those of a world, and the crimes that forces published."""
    exports = []
    for path in sorted((EXAMPLES / "demonstration" / "feeds").glob("*.yaml")):
        feed = feeds.load(path)
        own = world / feed.controller / feed.system
        folder = published if published and feed.system == "street-level" else own
        exports.append((feed, [file for file in sorted(folder.glob("*")) if feed.table_of(file)]))
    return exports


def take_everything_in(world: Path, by: Actor) -> dict[str, int]:
    """Take in the exports of the world through their feeds, and all the published crimes."""
    taken = take_in_files(exports_of(world, EXAMPLES / "police-uk"), by=by)
    access.refresh_scopes(timezone.localdate())
    return {f"rows_{name}": value for name, value in taken.numbers().items()}


def resolve_people(by: Actor) -> dict[str, int]:
    """Train once, have a second person activate, resolve."""
    if train.active() is None:
        train.activate(train.train(by=by), by=Actor("ash"))
    return asdict(resolve.resolve(by=by))


def resolve_objects(by: Actor) -> dict[str, int]:
    """Put places and vehicles together, as `muniment resolve` does after the people."""
    return resolve_places_and_vehicles(by=by).named()


def place_holds(by: Actor) -> None:
    """Adopt the national presets for the fictional forces, as their own chief officers' holds."""
    controllers = tuple(Controller.objects.filter(is_fictional=True, kind__in=["force", "joint"]))
    for preset in policy_in_force.load().holds:
        if presets.is_template(preset) or Hold.objects.filter(title=preset["title"]).exists():
            continue
        hold.place(
            hold.Proposal(
                title=preset["title"],
                authority=f"Decision of the Chief Constable (invented), following: {preset['authority']}",
                start=date.fromisoformat(str(preset["from"])),
                scope=presets.scope_of(preset),
                controllers=controllers,
                kind=preset["kind"],
                decided_by="Chief Constable (invented)",
                preset=preset["id"],
            ),
            by=by,
        )


def name_recipients() -> None:
    """Have the demonstration's invented recipient known."""
    for path in sorted((EXAMPLES / "demonstration" / "recipients").glob("*.yaml")):
        shutil.copyfile(path, recipients.folder() / path.name)


def work_out_retention(by: Actor) -> dict[str, int]:
    """Adopt the demonstration's rules for the fictional forces, then decide for everyone."""
    for path in sorted((EXAMPLES / "demonstration" / "adoptions").glob("*.yaml")):
        shutil.copyfile(path, policy_in_force.adoptions_folder() / path.name)
    counts = schedule.schedule(policy_in_force.load(), by=by, on=timezone.localdate())
    return asdict(counts)


def reconcile() -> dict[str, Any]:
    """Check that what the files said and what is held agree, row by row, over every intake."""
    last = {(i.system_id, i.table, i.file): i for i in Intake.objects.order_by("pk")}.values()
    read = sum(i.read for i in last)
    parts = sum(i.accepted + i.unchanged + i.updated + i.quarantined + i.suppressed for i in last)
    reviews = dict(Review.objects.values_list("state").annotate(Count("pk")))
    return {
        "records_held": Record.objects.count(),
        "source_rows_held": SourceRow.objects.count(),
        "quarantine_waiting": Quarantine.objects.filter(resolved_by__isnull=True).count(),
        "reviews_waiting": reviews.get("open", 0),
        "counts_reconcile": read == parts,
    }
