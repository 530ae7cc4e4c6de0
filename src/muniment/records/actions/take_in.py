"""Take a batch in: decide each row's fate, then write records, people and what hangs on them, in one transaction.

Killed at any moment, the database is as if the intake had not been; run again, nothing is added twice.
"""

import hashlib
import json
from collections import Counter
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import asdict, dataclass, field, fields, replace
from datetime import date
from typing import Any

from django.db import connection, transaction

from muniment.core import audit, content, master, places, planned, scratch, turns
from muniment.core.actors import Actor
from muniment.engine.values.sharing import NUMBERED, parted
from muniment.feeds.canonical import QUARANTINE, Batch
from muniment.feeds.rows import refused
from muniment.feeds.rows.numbering import as_held, shared
from muniment.records import (
    comeback_sql,
    event_sql,
    intake_sql,
    object_sql,
    restriction_sql,
    staging,
    touched,
    withdrawal_sql,
)
from muniment.records.models import Intake, SourceRow, SourceSystem
from muniment.records.quarantine import Quarantine
from muniment.records.staged_tables import Staged, stage
from muniment.records.touched import Touched

_INTAKE_LOCK = 7_130_002
_LARGE = 2000  # rows
_FATES = ("accepted", "unchanged", "updated", "suppressed")


class TooManyAbsent(Exception):
    """A full export lacks so many known rows that it is more likely cut short than right."""


class UnknownSystem(Exception):
    """The feed names a controller or system that is not registered."""


class TableTaken(Exception):
    """Another feed fills the table of this system, so that each full export would withdraw what the other brought."""


@dataclass(frozen=True)
class Counts:
    """What became of the rows of one file, or of several; the first is the sum of the next five."""

    read: int
    accepted: int
    unchanged: int
    updated: int
    quarantined: int
    suppressed: int
    withdrawn: int = 0
    older: int = 0  # of the unchanged, those that say something else than what is held, which is newer
    never_seen: tuple[str, ...] = ()  # mapped columns that no row has
    notes: tuple[str, ...] = ()  # what its reader should know besides, as sentences
    reasons: Mapping[str, int] = field(default_factory=dict)  # why rows went to quarantine; a row may have several
    before: Touched = field(default_factory=Touched)  # what updated rows told of until now

    def __add__(self, other: "Counts") -> "Counts":
        """Return what became of the rows of both."""
        plain = [each.name for each in fields(self) if each.name not in ("reasons", "before")]
        sums = Counts(**{name: getattr(self, name) + getattr(other, name) for name in plain})
        reasons = dict((Counter(self.reasons) + Counter(other.reasons)).most_common())
        return replace(sums, never_seen=tuple(dict.fromkeys(sums.never_seen)), reasons=reasons)

    def told(self) -> dict[str, object]:
        """Return the counts and what is said in words, by name."""
        return {name: value for name, value in asdict(self).items() if name != "before"}

    def numbers(self) -> dict[str, int]:
        """Return the counts by name, without what is said in words."""
        return {name: value for name, value in asdict(self).items() if isinstance(value, int)}


def fingerprint(text: str) -> str:
    """Return a keyed hash that means nothing outside this installation; for references that must be forgotten."""
    pepper = places.derived("tombstones", "references")
    return hashlib.sha256((pepper + text).encode("utf-8", "surrogatepass")).hexdigest()


def take_in(batch: Batch, *, by: Actor, absence_limit: float) -> Counts:
    """Take in one file's batch, as `take_in_staged` does."""
    staged = stage(batch)
    try:
        return take_in_staged(staged, by=by, absence_limit=absence_limit)
    finally:
        staged.drop()


def take_in_staged(staged: Staged, *, by: Actor, absence_limit: float) -> Counts:
    """Take in a batch that lies ready.

    `absence_limit` is the share (0 to 1) of known rows that a full export may lack. Raise TooManyAbsent past it,
    UnknownSystem when nobody has registered the system, and TableTaken when another feed fills the table with full
    exports; nothing is changed then.
    """
    batch = staged.batch
    system = SourceSystem.objects.filter(controller__code=batch.controller, code=batch.system).first()
    if system is None:
        raise UnknownSystem(
            f"No system '{batch.system}' of controller '{batch.controller}' is registered: add both to the"
            " organisation file and load it with `muniment database init --organisation FILE`."
        )
    # A full export is about whatever its source has held, however little is in it.
    begun = planned.for_few if staged.is_small and batch.kind == "delta" else transaction.atomic
    with ExitStack() as after, begun(), connection.cursor() as cursor:
        turns.beside_others()
        cursor.execute("SELECT pg_advisory_xact_lock(%s, %s)", [_INTAKE_LOCK, system.pk])
        _refuse_taken(batch, system)
        numbered = _as_held(staged, system)
        intake = Intake.objects.create(
            system=system,
            feed=batch.feed,
            table=batch.table,
            file=batch.file[-255:],
            digest=batch.digest,
            kind=batch.kind,
            as_of=batch.as_of,
            terms=dict(batch.terms),
        )
        if numbered is not staged:
            after.callback(numbered.drop)
        counts = _Work(numbered, system, intake, cursor).do(absence_limit)
        for name, value in counts.numbers().items():
            setattr(intake, name, value)
        intake.save()
        audit.record(
            by,
            "records.take_in",
            controller=batch.controller,
            subject=f"intake {intake.pk}",
            detail={
                "feed": batch.feed,
                "table": batch.table,
                "digest": batch.digest,
                **counts.numbers(),
            },
        )
    return counts


def _as_held(staged: Staged, system: SourceSystem) -> Staged:
    """Return the batch with records that share a reference under the numbers by which they are held.

    What is held is known only when it is this file's turn: the next files are read while this one is written.
    """
    batch = staged.batch
    if not batch.keeps_both:
        return staged
    rows = SourceRow.objects.filter(system=system, table=batch.table)
    held = dict(rows.filter(key__contains="#", key__regex=NUMBERED).values_list("key", "hash"))
    firsts = {parted(key)[0] for key in [*held, *shared(batch)]}
    held |= dict(rows.filter(key__in=firsts).values_list("key", "hash"))
    numbered = as_held(batch, held)
    return staged if numbered is batch else stage(numbered)


def _refuse_taken(batch: Batch, system: SourceSystem) -> None:
    if batch.kind != "full":
        return
    filled = Intake.objects.filter(system=system, table=batch.table, kind="full")
    if other := filled.exclude(feed=batch.feed).values_list("feed", flat=True).first():
        raise TableTaken(
            f"The feed {other} fills the table '{batch.table}' of the system '{batch.system}' already: what is not in"
            f" {batch.file} would seem withdrawn. Nothing was changed. Give the table in the feed {batch.feed} a name"
            " of its own; or, if this is the same feed, give it back its id."
        )


class _Work:
    """One intake in progress: a batch, staged, inside its transaction."""

    def __init__(self, staged: Staged, system: SourceSystem, intake: Intake, cursor: Any) -> None:
        batch = staged.batch
        self.batch, self.staged, self.system, self.intake, self.cursor = batch, staged, system, intake, cursor
        self.notes: list[str] = [batch.doubt] if batch.doubt else []
        self.restricted = False
        self.before = Touched()
        if batch.never_seen:
            self.notes.append(
                f"{batch.file}: no row has {', '.join(batch.never_seen)}, which the feed maps: see whether the source"
                " renamed it."
            )
        self.parameters: dict[str, Any] = {
            "system": system.pk,
            "controller": system.controller_id,
            "table": batch.table,
            "as_of": batch.as_of,
            "intake": intake.pk,
            "digest": batch.digest,
            "in_order": batch.kind == "delta",  # the rows of a full export come in no order that means anything
            "partition": batch.partition,
            "area": batch.area,
            "marking": batch.marking,
            "pepper": places.derived("tombstones", "references"),
            **staged.handed.rows,
        }

    def run(self, statement: str, **more: Any) -> None:
        self.cursor.execute(statement.format(**self.staged.handed.names), {**self.parameters, **more})

    def run_each(self, *statements: str) -> None:
        for statement in statements:
            self.run(statement)

    def do(self, absence_limit: float) -> Counts:
        if self.batch.rows_read > _LARGE:
            # The planner's figures are those of before this load: row by row it would never end.
            self.cursor.execute("SET LOCAL enable_nestloop = off")
        scratch.ready(self.cursor, intake_sql.SCRATCH | (object_sql.SCRATCH if self.batch.objects.num_rows else {}))
        self._know_what_is_held()
        self.run(intake_sql.FATE)
        self._count("fate (row, fate)")
        if self.batch.events.num_rows:
            self.run(event_sql.TOLD_ANEW)
        dangling = self._set_aside_dangling()
        fates = self._fates()
        if fates["suppressed"]:
            self.run(comeback_sql.CAME_BACK)
        self._make_scopes()
        if fates["updated"]:
            self._keep_told_before()
        self._write_rows(fates)
        if fates["accepted"] or fates["updated"]:
            self._write(changed=fates["updated"] > 0)
        self._follow_events()
        self._follow_newer()
        waiting = [*self.batch.quarantine.select(QUARANTINE.names).to_pylist(), *dangling]
        Quarantine(self.batch, self.parameters, self.cursor).settle(waiting)
        withdrawn = self._withdraw(absence_limit) if self.batch.kind == "full" else 0
        return Counts(
            read=self.batch.rows_read,
            quarantined=len(waiting),
            withdrawn=withdrawn,
            older=fates["older"],
            never_seen=self.batch.never_seen,
            before=self.before,
            notes=tuple(self.notes),
            reasons=dict(Counter(reason["code"] for line in waiting for reason in line["reasons"]).most_common()),
            **{fate: fates[fate] for fate in _FATES},
        )

    def _know_what_is_held(self) -> None:
        held = (True, True, True)  # a few rows are looked up whatever is held
        if not self.staged.is_small:
            self.run(intake_sql.HOLDS)
            held = self.cursor.fetchone()
        self.parameters |= dict(zip(("has_rows", "has_records", "has_nominals"), held, strict=True))

    def _count(self, table: str) -> None:
        """Tell PostgreSQL how much is in a table, which it takes for little; of little all is looked up anyway."""
        if not self.staged.is_small:
            self.cursor.execute(f"ANALYZE {table}")

    def _restrict_by_link(self) -> None:
        if not self.staged.is_small:
            self.run(restriction_sql.BY_LINK)
            return
        self.run(restriction_sql.LINKED)
        linked = dict(self.cursor.fetchall())
        told = json.loads(self.parameters["nominals_rows"])
        lines = [line | {"restriction": linked.get(line["row"], line["restriction"])} for line in told]
        self.parameters["nominals_rows"] = staging.as_json(lines)

    def _make_scopes(self) -> None:
        """Make the scopes of what the file tells, and know whether any of the controller's is restricted."""
        batch = self.batch
        self.run(intake_sql.SCOPES)
        self.run(restriction_sql.RESTRICTED)
        self.restricted = self.cursor.fetchone()[0]
        if self.restricted and batch.nominals.num_rows and not batch.records.num_rows:
            self._restrict_by_link()
            self.run(intake_sql.SCOPES)
        if self.restricted:
            scratch.ready(self.cursor, restriction_sql.SCRATCH)

    def _write_rows(self, fates: Mapping[str, int]) -> None:
        """Write which rows are new, have changed, or are seen again with all that they tell of."""
        self.run_each(
            *([intake_sql.SOURCE_ROWS.new] if fates["accepted"] else []),
            *([intake_sql.SOURCE_ROWS.changed] if fates["updated"] else []),
            *(intake_sql.SEEN_AGAIN if fates["unchanged"] else []),
        )

    def _write(self, *, changed: bool) -> None:
        """Write what rows tell that are new or have changed, with all that hangs on it."""
        people = self.batch.nominals.num_rows > 0
        for name, statement in intake_sql.KEYS.items():
            self.run(statement)
            self._count(name)
        self.run_each(
            *intake_sql.RECORDS,
            *([intake_sql.NOMINALS.new] if people else []),
            *([restriction_sql.TOUCHED] if self.restricted else []),
            *(intake_sql.SAID_BEFORE if changed else []),
        )
        with ThreadPoolExecutor(max_workers=1) as beside:
            sealing = beside.submit(content.seal_all, self._texts(), master.ring())
            self._write_hanging()
            # Who is restricted decides who may say more of whom, and on which records they are decides that.
            self.run_each(*([restriction_sql.CHANGES, *restriction_sql.FOLLOWED] if self.restricted else []))
            if people:
                self.run_each(
                    intake_sql.NOMINALS.changed, *([intake_sql.NOMINALS_STILL_TOLD] if self.restricted else [])
                )
                self._hold_anew()
            content.keep_all(sealing.result(), self.cursor)

    def _keep_told_before(self) -> None:
        self.run(touched.TOLD_BEFORE)
        self.before = touched.before(self.cursor.fetchall())

    def _write_hanging(self) -> None:
        batch = self.batch
        self.run_each(
            intake_sql.RECORD_DATES,
            *([intake_sql.FLAGS] if batch.flags.num_rows else []),
            *([intake_sql.INVOLVEMENTS] if batch.involvements.num_rows else []),
            *(object_sql.WRITTEN if batch.objects.num_rows else []),
        )

    def _hold_anew(self) -> None:
        self.run(intake_sql.HELD_ANEW)
        if number := self.cursor.rowcount:
            self.run(comeback_sql.HELD_ANEW)
            self.notes.append(
                f"{self.batch.file}: {number:,} {'person' if number == 1 else 'people'} who"
                f" {'was' if number == 1 else 'were'} destroyed here {'is' if number == 1 else 'are'} on a record that"
                " was not, and held anew for it. What was destroyed stays away."
            )

    def _follow_events(self) -> None:
        """Do what this file's events say, and what earlier ones said of what came with it."""
        self.run(event_sql.SEALING)
        if self.cursor.rowcount:
            self.run_each(*event_sql.SEALED)
        if self.batch.events.num_rows:
            self.run_each(*event_sql.EVENTS)
            self._tell_of_events_in_vain()
        if self.batch.events.num_rows or self.batch.nominals.num_rows:
            self.run(event_sql.MERGES)

    def _fates(self) -> Counter[str]:
        """Return how many rows have each fate, and how many are left because what is held of them is newer."""
        self.cursor.execute("SELECT fate, count(*), count(*) FILTER (WHERE older) FROM fate GROUP BY fate")
        told = self.cursor.fetchall()
        older = sum(number for _, _, number in told)
        if older:
            self.notes.append(
                f"{self.batch.file}: {older:,} {'row says' if older == 1 else 'rows say'} something else than what is"
                f" held, which is newer than {self.batch.as_of}; they were left as they are held."
            )
        return Counter({"older": older} | {fate: number for fate, number, _ in told})

    def _set_aside_dangling(self) -> list[dict[str, Any]]:
        """Take links to what is not held here out of the batch; return them as quarantine rows."""
        self.run(intake_sql.DANGLING)
        dangling = self.cursor.fetchall()
        if self.batch.objects.num_rows:
            self.run(object_sql.DANGLING)
            dangling += self.cursor.fetchall()
        found: dict[int, dict[str, Any]] = {}
        for row, key, record, nominal, role, lacks_record in dangling:
            missing, field = (record, "record") if lacks_record else (nominal, "nominal")
            link = json.dumps({"record": record, "nominal": nominal, "role": role})
            found[row] = {
                "row": row,
                "reference": key,
                "reasons": [
                    {
                        "code": "unknown_reference",
                        "field": field,
                        "message": f"It links to {field} '{missing}', which this system has not sent: send that first.",
                    }
                ],
                "original": link,
                "known_by": link,
            }
        if found:
            self.cursor.execute("UPDATE fate SET fate = 'quarantined' WHERE row = ANY(%(rows)s)", {"rows": list(found)})
        return [line | more for line, more in zip(found.values(), self._told_of(found), strict=True)]

    def _told_of(self, rows: Mapping[int, Any]) -> list[dict[str, Any]]:
        """Return what each of these rows names and where it waits, as `canonical.QUARANTINE` has it."""
        batch = self.batch
        tables = {
            name: getattr(batch, name) for name in ("records", "nominals", "flags", "involvements", "objects", "events")
        }
        names = refused.named(tables, rows)
        places = refused.places(tables, rows, batch.partition, batch.area)
        return [{"names": refused.as_lines(names.get(row, ()))} | asdict(places[row]) for row in rows]

    def _texts(self) -> list[content.Text]:
        """Return the narratives of what is written, each under a key of its record and row."""
        if not self.batch.texts.num_rows:
            return []
        self.run(intake_sql.PLACES)
        places_of = {row: (row_id, key, scope) for row, row_id, key, scope in self.cursor.fetchall()}
        said = zip(*(self.batch.texts[name].to_pylist() for name in ("row", "kind", "text")), strict=True)
        return [
            content.Text(f"record:{key}:{row_id}:{self.intake.pk}", kind, text, scope)
            for row, kind, text in said
            if row in places_of
            for row_id, key, scope in [places_of[row]]
        ]

    def _tell_of_events_in_vain(self) -> None:
        self.run(event_sql.NAMED_IN_VAIN)
        if number := self.cursor.fetchone()[0]:
            self.notes.append(
                f"{self.batch.file}: {number:,} of its deletions, merges or seals name what is not held. A merge or a"
                " seal applies when what it names comes, a deletion to what an older file brings."
            )

    def _follow_newer(self) -> None:
        """Let newer files that were taken in before say what has gone since this one."""
        self.run(withdrawal_sql.NEWER)
        is_older, gone_on = self.cursor.fetchone()
        if gone_on is not None:
            self.run(withdrawal_sql.GONE_SINCE)
            rows = [row for (row,) in self.cursor.fetchall()]
            self._mark_withdrawn(rows, gone_on)
            if rows:
                self.notes.append(
                    f"{self.batch.file}: {len(rows):,} of its rows are in no newer file of the table. They are marked"
                    f" as withdrawn at source on {gone_on}, the day of the full export that lacked them."
                )
        if is_older:
            for statement in withdrawal_sql.DELETED_SINCE:
                self.run(statement)

    def _mark_withdrawn(self, rows: list[int], on: date) -> None:
        for statement in withdrawal_sql.WITHDRAWN if rows else ():
            self.cursor.execute(statement, {**self.parameters, "absent": rows, "gone_on": on})

    def _withdraw(self, limit: float) -> int:
        """Mark what a full export no longer has as withdrawn at source; past the limit stop the run."""
        # What waits in quarantine is still at its source; a row without a reference may be any that seems absent.
        references = self.batch.quarantine["reference"].to_pylist()
        absent = self._absent([reference for reference in references if reference])
        fresh = sum(not known for known in absent.values())
        if not absent:
            return 0
        nameless = sum(not reference for reference in references)
        self._refuse_many(fresh - nameless, limit)
        if nameless:
            self.notes.append(
                f"{self.batch.file}: {nameless:,} {'row' if nameless == 1 else 'rows'} could not be read, so nothing"
                " was marked as withdrawn. Have the source mend them; until then what it deleted stays as it is here."
            )
            return 0
        self._mark_withdrawn(list(absent), self.batch.as_of)
        return fresh

    def _absent(self, quarantined: list[str]) -> dict[int, bool]:
        """Return the rows that a full export lacks, and whether a newer one lacked them already."""
        self.run(withdrawal_sql.ABSENT, quarantined=quarantined)
        absent: dict[int, bool] = dict(self.cursor.fetchall())
        if absent and quarantined:
            self.run(withdrawal_sql.SPARED, quarantined=quarantined, absent=list(absent))
            for (row,) in self.cursor.fetchall():
                absent.pop(row, None)
        return absent

    def _refuse_many(self, absent: int, limit: float) -> None:
        self.cursor.execute(
            "SELECT count(*) FROM records_sourcerow"
            ' WHERE system_id = %(system)s AND "table" = %(table)s AND withdrawn_on IS NULL',
            self.parameters,
        )
        known = self.cursor.fetchone()[0]
        if absent > limit * known:
            raise TooManyAbsent(
                f"{self.batch.file} lacks {absent} of the {known} rows known from this source; at most"
                f" {limit:.0%} may be absent. Nothing of this file was taken in. If the source really deleted them, ask"
                " its owner to confirm and run again with --absence-limit."
            )
