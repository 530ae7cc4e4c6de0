"""Load a copy, have it follow the ledger, check it, and open it; or look at it and take it away again."""

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

import psycopg
from django.apps import apps
from django.contrib.sessions.models import Session
from django.db import connection, transaction
from django.utils import timezone

from muniment.cli import checking
from muniment.core import access, actors, audit, database, integrity, ledger, rewriting, walls
from muniment.core.actors import Actor
from muniment.core.backup import BadBackup, loading, seats, taking
from muniment.core.models import Sitting
from muniment.core.verdicts import refused, unless
from muniment.retention.actions import replay, rewrite

LEAST_REASON = 10


@dataclass
class Restored:
    """What became of a copy: what following the ledger did, and every check."""

    followed: replay.Followed
    checks: list[checking.Check]
    rows: int
    kept_files: list[str] = field(default_factory=list)
    seals_aside: Path | None = None

    @property
    def holds(self) -> bool:
        """Whether every check holds."""
        return all(each.holds for each in self.checks)


@dataclass(frozen=True)
class Given:
    """What a restore or a rehearsal is given: the copy, that of the keys (None: those that are here), the ledger."""

    records: loading.Copy
    keys: loading.Copy | None
    lines: list[ledger.Line]

    @classmethod
    def of(cls, folder: Path, keys_from: Path | None, ledger_file: Path | None) -> "Given":
        """Read and check all of it, to the last byte. Raise BadBackup, BadLedger or NoKey."""
        given = cls(
            loading.records(folder),
            loading.content_keys(keys_from) if keys_from else None,
            _ledger(ledger_file or ledger.file()),
        )
        for copy in (given.records, given.keys):
            if copy is not None:
                copy.check()
                _reaches(given.lines, copy)
        return given


def _ledger(path: Path) -> list[ledger.Line]:
    if not path.exists():
        raise ledger.BadLedger(
            f"There is no ledger at {path}: without it what was destroyed since the backup would be here again. Fetch"
            " the file that MUNIMENT_LEDGER_FILE named, and give it with --ledger."
        )
    return list(ledger.read(path))


def _reaches(lines: Sequence[ledger.Line], copy: loading.Copy) -> None:
    """Raise BadLedger unless the ledger is the copy's own and goes as far at least."""
    at = copy.position
    if at.number and (at.number > len(lines) or ledger.digest(lines[at.number - 1].text) != at.digest):
        raise ledger.BadLedger(
            f"The ledger ends with entry {len(lines)}, and the backup in {copy.folder} was made after entry"
            f" {at.number}: it was cut short, or it is another database's. Fetch the whole one."
        )


def restore(given: Given, *, anyway: str, by: Actor) -> Restored:
    """Load a copy, have it follow the ledger, check it and open it under the database's own name.

    Where something is left to a person, it is not opened unless `anyway` says why. Raise Refused then, and where the
    databases are in use.
    """
    unless(not anyway or len(anyway.strip()) >= LEAST_REASON, "Say in a sentence why it is to be opened.").require()
    place = seats.restoring()
    with seats.alone() as admin:
        _is_free(admin, given)
        _seals_may_move(given.records)
        done = _load(admin, place, given, by=by, keys_too=True)
        if not done.holds and not anyway:
            return done  # what is there keeps its other name, and nobody but the owner is let in
        _make_ready(given, done, anyway=anyway, by=by)
        if done.followed.has_destroyed:  # it was loaded, and lies in files until they are written anew
            rewrite.rewrite(by=by)
        done.kept_files = loading.put_files_back(given.records)[1]
        seats.open_up(admin, place, keys_too=given.keys is not None)
        # Last: killed before it, the worker seals nothing and says why.
        done.seals_aside = _put_seals_aside(given.records)
    return done


def rehearse(given: Given, *, by: Actor) -> Restored:
    """Do all that a restore does on a copy that nobody is let into, see that a reader could work, and take it away."""
    place = seats.rehearsal()
    with seats.alone() as admin:
        try:
            done = _load(admin, place, given, by=by, keys_too=given.keys is not None)
            done.checks.append(checking.reader())
        finally:
            seats.look_into(*database.names())
            seats.drop(admin, place.main)
            seats.drop(admin, place.keys)
            rewriting.leave_the_log()
    return done


def _is_free(admin: psycopg.Connection, given: Given) -> None:
    """Raise Refused where a database would be written over, or where keys are wanting."""
    main, keys = database.names()
    unless(
        seats.is_unused(admin, main),
        f"The database {main} is in use: a backup is restored into an empty one only. Rename it"
        f' (`ALTER DATABASE "{main}" RENAME TO "{main}_before"`) once the site and the worker are stopped, and run this'
        " again; drop it when the restored one has proved right.",
    ).require()
    if given.keys is not None:
        unless(
            seats.is_unused(admin, keys),
            f"The database of keys {keys} is in use: leave out --keys-from, and the keys that are there are used, which"
            " lack those that were destroyed.",
        ).require()
    else:
        unless(
            not seats.is_unused(admin, keys),
            f"There are no keys of content in {keys}: give the newest copy of them with --keys-from.",
        ).require()


def _load(admin: psycopg.Connection, place: seats.Seats, given: Given, *, by: Actor, keys_too: bool) -> Restored:
    """Load a copy into its seat, have it follow the ledger, and check it."""
    keys = place.keys if given.keys is not None else database.names()[1]
    seats.make(admin, place.main)
    database.add_extensions(place.main)
    database.let_rewrite(place.main)
    counts = given.records.load(taking.RECORDS, place.main)
    if given.keys is not None:
        seats.make(admin, place.keys)
        given.keys.load(taking.KEYS, place.keys)
        database.let_rewrite(place.keys)
    seats.look_into(place.main, keys, keys_read_only=not keys_too)
    _fits()
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")  # a copy knows nothing yet of what it holds, and would plan blindly
    walls.raise_walls()
    integrity.raise_checks()
    if given.keys is not None:
        walls.raise_key_walls()
    after = given.records.position.number
    followed = replay.follow(given.lines, after, by=by, keys_too=keys_too)
    rows = sum(counts.values())
    loaded = checking.Check("rows are those of the manifest", f"{rows:,} rows in {len(counts)} tables", True)
    went = (
        f"{len(given.lines)} entries, {len(given.lines) - after} since the backup:"
        f" {followed.adoptions} adoptions, {followed.modes} changes of mode, {followed.holds} holds,"
        f" {followed.restrictions} restrictions put back, {followed.restrictions_ended} ended,"
        f" {followed.disposals} disposals, {followed.records} records, {followed.nominals} nominals"
    )
    checks = [loaded, checking.Check("the ledger was followed", went, True)]
    return Restored(followed, checks + checking.of_copy(given.lines, after, followed.findings), rows)


def _fits() -> None:
    """Raise BadBackup where the tables of a copy are not those of this version of the program."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT table_name, column_name FROM information_schema.columns WHERE table_schema = 'public'")
        held = set(cursor.fetchall())
    wanted = {
        (model._meta.db_table, column.column)
        for model in apps.get_models(include_auto_created=True)
        if model._meta.managed and model._meta.label_lower != "core.contentkey"
        for column in model._meta.concrete_fields
    }
    if lacking := sorted(wanted - held):
        raise BadBackup(
            f"The copy was made by another version of the program (it lacks {lacking[0][0]}.{lacking[0][1]}): restore"
            " it with that version, then bring it up with `muniment database init`."
        )


def _make_ready(given: Given, done: Restored, *, anyway: str, by: Actor) -> None:
    """Do what has to be true from the first moment: nobody signed in, no number given out twice, all in the audit."""
    with transaction.atomic():
        Sitting.objects.all().delete()
        Session.objects.all().delete()
        access.refresh_scopes(timezone.localdate())
        _number_ahead()
        detail = {
            "made_at": given.records.said["at"],
            "rows": done.rows,
            "ledger_from": given.records.position.number,
            "ledger_to": len(given.lines),
            "seal": given.records.said["seal"]["number"],
            "seals_outside": _outside(),
            "records_destroyed_again": done.followed.records,
            "nominals_destroyed_again": done.followed.nominals,
            "keys_destroyed_again": done.followed.keys,
            "holds_followed": done.followed.holds,
            "restrictions_put_back": done.followed.restrictions,
            "restrictions_ended": done.followed.restrictions_ended,
            "restrictions_waiting": done.followed.restrictions_waiting,
            "findings": len(done.followed.findings),
        }
        audit.record(by, "database.restore", detail=detail)
        if not done.holds:
            failed = [each.what for each in done.checks if not each.holds]
            audit.record(by, "database.open_anyway", detail={"reason": anyway.strip(), "failed": failed})


def _number_ahead() -> None:
    """Go on numbering well past the copy: what was given out since it was made is on paper, and names keys of content.

    Half as many again as there are, and a hundred thousand: nobody can know how many there were.
    """
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT quote_ident(table_name), quote_ident(column_name) FROM information_schema.columns"
            " WHERE table_schema = 'public' AND is_identity = 'YES'"
        )
        for table, column in cursor.fetchall():
            cursor.execute(
                f"SELECT setval(own, (greatest(pg_sequence_last_value(own), (SELECT max({column}) FROM {table}), 0)"  # noqa: S608
                " * 3 / 2 + 100000)) FROM (SELECT pg_get_serial_sequence(%s, %s)::regclass AS own) sequence",
                [table, column],
            )


def _outside() -> int:
    """Return the number of the last seal in the file outside."""
    path = audit.seals_file()
    lines = path.read_text().splitlines() if path.exists() else []
    return audit.number_of(lines[-1]) if lines else 0


def _seals_may_move(copy: loading.Copy) -> None:
    """Raise Refused where the file of seals goes further than the copy and lies where it is appended to alone."""
    if audit.seals_file_is_chosen() and _outside() > copy.said["seal"]["number"]:
        refused(
            f"The seals in {audit.seals_file()} go further than the backup. Keep that file for the auditors, name a new"
            " one in MUNIMENT_SEALS_FILE with a copy of its first"
            f" {copy.said['seal']['number']} lines in it, and run this again."
        ).require()


def _put_seals_aside(copy: loading.Copy) -> Path | None:
    """Keep seals that go further than the copy under another name, which is returned; the worker begins a new file."""
    path, number = audit.seals_file(), copy.said["seal"]["number"]
    if _outside() <= number:
        return None
    aside = path.with_name(f"{path.name}.before-restore-{timezone.now():%Y%m%dT%H%M%S}")
    with suppress(FileNotFoundError):
        path.rename(aside)
    return aside


def actor(command: str) -> Actor:
    """Return who restores or rehearses."""
    return actors.from_command(f"database {command}")
