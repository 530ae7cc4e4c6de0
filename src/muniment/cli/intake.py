"""`muniment intake FEED FILE...`: all files are checked before any is applied."""

import sys
from collections import deque
from collections.abc import Callable, Generator, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import closing, contextmanager, suppress
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Annotated

import typer
from django.utils import timezone
from rich.progress import track

from muniment import feeds
from muniment.cli import exits, printing
from muniment.core import access, actors, policy_in_force, statistics
from muniment.core.actors import Actor
from muniment.records import staging, touched
from muniment.records.actions import take_in
from muniment.records.staged_tables import Staged, stage
from muniment.records.touched import Touched
from muniment.workbench import arrivals, crowds

_REFUSALS = (feeds.BadFile, take_in.TooManyAbsent, take_in.UnknownSystem, take_in.TableTaken)
_AHEAD = 16 << 20  # bytes of files that are read before their turn; the next one always is
app = typer.Typer()


@app.command()
def intake(
    feed: Annotated[str, typer.Argument(help="The name of a feed, or the path of its YAML file.")],
    files: Annotated[list[Path], typer.Argument(help="Exports of that feed.")],
    absence_limit: Annotated[
        float | None, typer.Option(help="Share of known rows that a full export may lack, 0 to 1.")
    ] = None,
    follow: Annotated[
        bool, typer.Option(help="Link and decide what has come; or leave it to `muniment resolve` and `schedule`.")
    ] = True,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
) -> None:
    """Take in exports, and link and decide what they bring; nothing is applied unless every file is what its feed says.

    Of a few it is done one by one, else for everybody at once.
    """
    by = actors.from_command("intake")
    today = timezone.localdate()
    named = _Named()
    total = take_in_files(
        [(feeds.load(feeds.find(feed)), files)], by=by, absence_limit=absence_limit, today=today, then=named.add
    )
    access.refresh_scopes(today)
    followed = arrivals.follow(named.touched, by=by, patiently=True) if follow else crowds.Followed()
    if followed.waits:
        total = replace(total, notes=(*total.notes, followed.waits))
    facts = (total.told() if as_json else total.numbers()) | followed.numbers()
    printing.report(facts, as_json=as_json, title=f"Intake of {len(files)} file(s) through {feed}")
    for note in total.notes:
        typer.echo(note, err=True)
    for sentence in printing.reasons(total.reasons):
        typer.echo(sentence, err=True)
    if total.quarantined:
        raise typer.Exit(exits.WITH_QUARANTINE)


class _Named:
    """What the files of a run name, as far as anything came of them; past what is followed at once no more is added."""

    def __init__(self) -> None:
        self.touched = Touched()

    def add(self, batch: feeds.Batch, counts: take_in.Counts) -> None:
        """Add what a file that was taken in names."""
        changed = counts.accepted or counts.updated or counts.withdrawn or batch.events.num_rows
        if changed and not self.touched.are_too_many:
            self.touched |= touched.named_in(batch) | counts.before


def take_in_files(
    exports: Sequence[tuple[feeds.Feed, Sequence[Path]]],
    *,
    by: Actor,
    absence_limit: float | None = None,
    today: date | None = None,
    then: Callable[[feeds.Batch, take_in.Counts], None] | None = None,
) -> take_in.Counts:
    """Check every file of every feed, then take each in, feed by feed; return the sum.

    Raise BadFile, naming each fault, and change nothing; with `today` also where a file is of a day to come. `then` is
    told of each file that was taken in.
    """
    faults = [
        f"{file}: {fault}"
        for feed, files in exports
        for file in files
        for fault in feeds.check(feed, file, today=today)
    ]
    if faults:
        raise feeds.BadFile("\n".join([*faults, "Nothing was taken in."]))
    if absence_limit is None:
        absence_limit = policy_in_force.intake_setting("absence_share", timezone.localdate())
    total = take_in.Counts(0, 0, 0, 0, 0, 0)
    every = [(feed, file) for feed, files in exports for file in _in_order(feed, files)]
    done = 0
    with _turns_short(), closing(_read_ahead(every)) as coming:
        try:
            for staged in track(
                coming, total=len(every), description="Files", console=printing.console, transient=True
            ):
                counts = take_in.take_in_staged(staged, by=by, absence_limit=absence_limit)
                total += counts
                if then is not None:
                    then(staged.batch, counts)
                done += 1
        except _REFUSALS as refusal:
            if not done and isinstance(refusal, feeds.BadFile):
                raise feeds.BadFile(f"{refusal}\nNothing was taken in.") from refusal
            if not done:
                raise
            before = ", ".join(file.name for _, file in every[:done])
            raise type(refusal)(f"{refusal} Taken in before it, and kept: {before}.") from refusal
    statistics.refresh()
    return total


def _read_ahead(exports: Sequence[tuple[feeds.Feed, Path]]) -> Generator[Staged]:
    """Yield each file, read and staged; the next ones are while the database writes this one."""
    limits = policy_in_force.feed_limits(timezone.localdate())

    def ready(feed: feeds.Feed, file: Path) -> Staged:
        return stage(feeds.read(feed, file, limits=limits))

    with ThreadPoolExecutor(max_workers=1) as reader:
        coming: deque[tuple[int, Future[Staged]]] = deque()
        try:
            for feed, file in exports:
                coming.append((file.stat().st_size, reader.submit(ready, feed, file)))
                while len(coming) > 1 and sum(size for size, _ in coming) > _AHEAD:
                    yield from _one(coming.popleft()[1], reader)
            while coming:
                yield from _one(coming.popleft()[1], reader)
        finally:
            for _, given_up in coming:
                with suppress(Exception):  # what stopped the run is told, not what would have come after
                    if not given_up.cancel():
                        given_up.result().drop()
            reader.submit(staging.close)


@contextmanager
def _turns_short() -> Iterator[None]:
    """Have the thread that reads give way at once to the one that the database has answered.

    Measured: a fifth of the time of an intake of many files, which the writer spent waiting five milliseconds a turn.
    """
    before = sys.getswitchinterval()
    sys.setswitchinterval(0.0001)
    try:
        yield
    finally:
        sys.setswitchinterval(before)


def _one(coming: Future[Staged], reader: ThreadPoolExecutor) -> Iterator[Staged]:
    """Yield one file; what was staged of it goes while the database is at the next."""
    staged = coming.result()
    try:
        yield staged
    finally:
        reader.submit(staged.drop)


def _in_order(feed: feeds.Feed, files: Sequence[Path]) -> list[Path]:
    """Sort a feed's files: within a day records and people come before what links them, and what changes them last."""
    order = {table.name: index for index, table in enumerate(feed.tables)}
    return sorted(files, key=lambda file: (feeds.day_of(feed, file), order[feeds.table_of(feed, file).name], file.name))
