"""`muniment intake FEED FILE...`: all files are checked before any is applied."""

from collections import deque
from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer
from django.utils import timezone
from rich.progress import track

from muniment import feeds
from muniment.cli import exits, printing
from muniment.core import access, actors, policy_in_force
from muniment.core.actors import Actor
from muniment.feeds.canonical import Batch
from muniment.records.actions import take_in

app = typer.Typer()


@app.command()
def intake(
    feed: Annotated[str, typer.Argument(help="The name of a feed, or the path of its YAML file.")],
    files: Annotated[list[Path], typer.Argument(help="Exports of that feed.")],
    absence_limit: Annotated[
        float | None, typer.Option(help="Share of known rows that a full export may lack, 0 to 1.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
) -> None:
    """Take in exports; nothing is applied unless every file is what its feed says."""
    by = actors.from_command("intake")
    total = take_in_files([(feeds.load(feeds.find(feed)), files)], by=by, absence_limit=absence_limit)
    access.refresh_scopes(timezone.localdate())
    printing.report(asdict(total), as_json=as_json, title=f"Intake of {len(files)} file(s) through {feed}")
    if total.quarantined:
        raise typer.Exit(exits.WITH_QUARANTINE)


def take_in_files(
    exports: Sequence[tuple[feeds.Feed, Sequence[Path]]], *, by: Actor, absence_limit: float | None = None
) -> take_in.Counts:
    """Check every file of every feed, then take each in, feed by feed; return the sum.

    Raise BadFile, naming each fault, and change nothing.
    """
    faults = [f"{file}: {fault}" for feed, files in exports for file in files for fault in feeds.check(feed, file)]
    if faults:
        raise feeds.BadFile("\n".join([*faults, "Nothing was taken in."]))
    if absence_limit is None:
        absence_limit = policy_in_force.intake_setting("absence_share", timezone.localdate())
    sums = dict.fromkeys(asdict(take_in.Counts(0, 0, 0, 0, 0, 0)), 0)
    every = [(feed, file) for feed, files in exports for file in _in_order(feed, files)]
    for batch in track(
        _read_ahead(every), total=len(every), description="Files", console=printing.console, transient=True
    ):
        counts = take_in.take_in(batch, by=by, absence_limit=absence_limit)
        for name, value in asdict(counts).items():
            sums[name] += value
    return take_in.Counts(**sums)


def _read_ahead(exports: Sequence[tuple[feeds.Feed, Path]]) -> Iterator[Batch]:
    """Yield the batch of each file; the next file is read while the database writes this one."""
    limits = policy_in_force.feed_limits(timezone.localdate())
    with ThreadPoolExecutor(max_workers=1) as reader:
        coming: deque[Future[Batch]] = deque()
        for feed, file in exports:
            coming.append(reader.submit(feeds.read, feed, file, limits=limits))
            if len(coming) > 1:
                yield coming.popleft().result()
        while coming:
            yield coming.popleft().result()


def _in_order(feed: feeds.Feed, files: Sequence[Path]) -> list[Path]:
    """Sort a feed's files: within a day records and people come before what links them, and what changes them last."""
    order = {table.name: index for index, table in enumerate(feed.tables)}
    return sorted(files, key=lambda file: (feeds.day_of(feed, file), order[feeds.table_of(feed, file).name], file.name))
