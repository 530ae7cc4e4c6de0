"""A set of few people decided by the reference, from the tables of a run to the tables of a run.

A set engine plans for seconds before it computes, whatever the size; whoever waits for one record is answered by the
reference, which says exactly the same.
"""

from collections.abc import Iterable, Iterator
from datetime import date
from itertools import groupby
from operator import itemgetter
from typing import Any

import pyarrow as pa

from muniment.batch.retention import tables as schemas
from muniment.batch.retention.lookups import asked_kinds
from muniment.batch.retention.tables import Schedule, Tables
from muniment.engine.policy.model import Policy
from muniment.engine.retention.facts import Event, Flag, Hold, Involvement, Offence, Person, PossibleMatch, Sentence
from muniment.engine.retention.together import Decided, Life, Other, Together, Told
from muniment.engine.values.dates import PartialDate

Rows = list[dict[str, Any]]


def schedule_few(tables: Tables, policy: Policy, *, asked_on: date) -> Schedule:
    """Decide every person and record of a small set on one day, as `schedule` does of a large one.

    The tables are Arrow tables. Raises ValueError for a role that no policy knows, and for an involvement of somebody
    who is not given.
    """
    rows = {name: _rows(getattr(tables, name)) for name in vars(tables)}
    few = Few(rows, policy, asked_on)
    return few.decided(few.together.decide(few.holds))


class Few:
    """The rows of a small set, by the names of the tables of a run and in their columns, ready to be decided."""

    def __init__(self, rows: dict[str, Rows], policy: Policy, asked_on: date, others: Iterable[Other] = ()) -> None:
        """Measure; raises as `schedule_few` does."""
        kinds = asked_kinds(policy.on(asked_on))
        self._records = dict(_records(rows["records"], rows["record_dates"], kinds))
        lives = dict(_lives(rows))
        unknown = {row["role"] for row in rows["involvements"]} - policy.codes.roles.keys()
        if unknown:
            names = ", ".join(sorted(map(str, unknown)))
            raise ValueError(f"The involvements name roles that the policy does not know: {names}. Map them first.")
        if missing := {row["person_id"] for row in rows["involvements"]} - lives.keys():
            raise ValueError(f"{len(missing)} persons of involvements are not in the persons table. Add them.")
        self.together = Together(lives, self._records, policy, asked_on, others)
        self.holds = list(_holds(rows, lives))

    def decided(self, made: Decided) -> Schedule:
        """Return decisions as the tables of a run."""
        return Schedule(_persons(made), _decided_records(made, self._records))


def _rows(source: schemas.Source) -> Rows:
    if not isinstance(source, pa.Table):
        raise TypeError("A small set is given as Arrow tables.")
    found: Rows = source.to_pylist()
    return found


def _records(rows: Rows, dates: Rows, kinds: frozenset[str]) -> Iterator[tuple[int, Told]]:
    days: dict[int, dict[str, PartialDate]] = {}
    for row in dates:
        if row["kind"] in kinds:
            own, day = days.setdefault(row["record_id"], {}), PartialDate(row["earliest"], row["latest"])
            before = own.get(row["kind"], day)
            own[row["kind"]] = PartialDate(min(before.earliest, day.earliest), max(before.latest, day.latest))
    for row in rows:
        yield (
            row["record_id"],
            Told(
                controller=row["controller"] or "",
                record_class=row["class_id"],
                outcome=row["outcome"],
                offence=Offence(row["cjs"], row["ho_class"]),
                dates=days.get(row["record_id"], {}),
                others_retained=row["others_retained"],
            ),
        )


def _lives(rows: dict[str, Rows]) -> Iterator[tuple[int, Life]]:
    of = {name: _by_person(rows[name]) for name in ("involvements", "flags", "events", "reviews")}
    for row in rows["persons"]:
        number = row["person_id"]
        match = PossibleMatch(row["possible_group"], row["possible_clear_from"])
        person = Person(
            born=_partial(row["born_earliest"], row["born_latest"]),
            flags=tuple(Flag(each["flag"], each["start"], each["until"]) for each in of["flags"].get(number, ())),
            possible_match=match,
        )
        yield (
            number,
            Life(
                person=person,
                involvements=tuple(_involvement(each) for each in of["involvements"].get(number, ())),
                events=tuple(
                    Event(each["kind"], each["dated"], each["closed"]) for each in of["events"].get(number, ())
                ),
                reviews={
                    each["controller"] or "": (each["last_review"], each["next_review"])
                    for each in of["reviews"].get(number, ())
                },
            ),
        )


def _by_person(rows: Rows) -> dict[int, Rows]:
    key = itemgetter("person_id")
    return {number: list(those) for number, those in groupby(sorted(rows, key=key), key)}


def _involvement(row: dict[str, Any]) -> Involvement:
    return Involvement(
        role=row["role"],
        id=row["involvement_id"],
        record=row["record_id"],
        controller=row["controller"] or "",
        offence=Offence(row["cjs"], row["ho_class"], row["max_penalty_years"]),
        happened=_partial(row["happened_earliest"], row["happened_latest"]),
        dated=row["dated"],
        result=row["result"],
        sentence=Sentence(row["sentence_custodial"], row["sentence_months"], row["released"]),
    )


def _partial(earliest: date | None, latest: date | None) -> PartialDate | None:
    return PartialDate(earliest, latest) if earliest is not None and latest is not None else None


def _holds(rows: dict[str, Rows], lives: dict[int, Life]) -> Iterator[tuple[Hold, int]]:
    """Return each hold with every record that it covers; one over a person covers what they are on."""
    for row in rows["holds"]:
        hold = Hold(row["hold_id"], row["from"], row["until"])
        if row["record_id"] is not None:
            yield hold, row["record_id"]
        if row["person_id"] is not None and row["person_id"] in lives:
            yield from ((hold, item.record) for item in lives[row["person_id"]].involvements)


def _persons(decided: Decided) -> pa.Table:
    return pa.Table.from_pylist(
        [
            {
                "person_id": number,
                "controller": controller,
                "group": each.group,
                "clear_from": each.clear_from,
                "due": each.due,
                "outcome": each.outcome,
                "rule": each.rule,
                "driving_involvement": each.driving_involvement,
                "driving_record": each.driving_record,
                "missing": list(each.missing),
                "because": list(each.because),
                "kept_until": decided.kept[number, controller],
            }
            for (number, controller), each in decided.persons.items()
        ],
        schemas.PERSON_DECISIONS,
    )


def _decided_records(decided: Decided, records: dict[int, Told]) -> pa.Table:
    return pa.Table.from_pylist(
        [
            {
                "record_id": number,
                "controller": records[number].controller,
                "class_id": each.class_id,
                "due": each.due,
                "outcome": each.outcome,
                "rule": each.rule,
                "driving_person": decided.driving[number],
                "missing": list(each.missing),
                "because": list(each.because),
            }
            for number, each in decided.records.items()
        ],
        schemas.RECORD_DECISIONS,
    )
