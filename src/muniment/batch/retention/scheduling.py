"""Runs the retention of a whole set in a set engine: registers tables, computes in steps, hands back Arrow."""

from dataclasses import dataclass, fields
from datetime import date
from functools import partial
from pathlib import Path
from typing import Any

import ibis
import pyarrow as pa

from muniment.batch.retention import class_due, lookups, on_record, persons, plans, profiles, records, resolving
from muniment.batch.retention import links as linking
from muniment.batch.retention import tables as schemas
from muniment.batch.retention.engines import OneMachine, SetEngine
from muniment.batch.retention.expressions import Table
from muniment.batch.retention.links import Sources
from muniment.batch.retention.lookup_rows import marker_ends
from muniment.batch.retention.lookups import Lookups
from muniment.batch.retention.session import Session
from muniment.batch.retention.tables import Schedule, Tables
from muniment.batch.retention.wording import BIT, EMPTY, spell, with_lists
from muniment.engine.policy.model import Policy, Rules

_SCHEMAS = {
    "persons": schemas.PERSONS,
    "reviews": schemas.REVIEWS,
    "flags": schemas.FLAGS,
    "involvements": schemas.INVOLVEMENTS,
    "records": schemas.RECORDS,
    "record_dates": schemas.RECORD_DATES,
    "events": schemas.EVENTS,
    "holds": schemas.HOLDS,
}
NO_CONTROLLER = ""  # of a person on no record at all, who is decided under the base policy
ASKED_ON = "asked_on"  # cases bring a day of their own; it must lie in the same era of the policy
DECIDED = ("persons", "records")
_SMALL = 5000  # records up to which a plan for every kind of date costs less than making one of the set's own


def schedule(
    tables: Tables,
    policy: Policy,
    *,
    asked_on: date,
    engine: SetEngine | None = None,
    plans_in: Path | None = None,
) -> Schedule:
    """Decide every person and record of a set on one day, in exact agreement with `engine.retention.decide`.

    Each controller decides for its own records under its own overlay, with every force's facts and a shared
    clock. `engine` is DuckDB in this process when left out. `plans_in` is a folder that only this user may write to,
    where the statements are kept for later processes.
    Rows come in no order; a person on no record has one row, with an empty controller. Raises ValueError,
    saying what to do, when a column is missing, a role is unknown, or an involvement names a person not given.
    """
    session = Session(engine or OneMachine(), {})
    try:
        run = _Run(session, policy, asked_on)
        run.register(tables)
        run.compute(plans_in)
        return Schedule(
            persons=session.results["persons"].cast(schemas.PERSON_DECISIONS),
            records=session.results["records"].cast(schemas.RECORD_DECISIONS),
        )
    finally:
        session.engine.clear()


@dataclass(frozen=True)
class _Kept:
    """The tables of a run that more than one later step reads."""

    links: Table
    dated: Table  # records with their days
    found: Table  # the profiles of persons
    marked: Table  # persons with a flag, an event or a hold
    standings: Table  # of persons with each controller that holds a record of theirs
    here: Table  # the people on each record


class _Run:
    """One run: its tables, its policy as small tables, and the steps from the one to the other."""

    def __init__(self, session: Session, policy: Policy, asked_on: date) -> None:
        self.session, self.policy, self.asked_on = session, policy, asked_on
        self.given: dict[str, Table] = {}
        self.looked_up: Lookups

    @property
    def rules(self) -> Rules:
        return self.looked_up.base

    def register(self, tables: Tables) -> None:
        for entry in fields(tables):
            self.given[entry.name] = self._source(entry.name, getattr(tables, entry.name))
        self.looked_up = lookups.build(self.policy, self.asked_on, self._controllers())
        self.lookups = {name: self.session.register(name, table) for name, table in self.looked_up.tables.items()}
        self.kinds = self._kinds()
        numbers = self.looked_up.numbers
        self.session.readers |= {
            "numbers": partial(lookups.number_offences, lookups=self.looked_up),
            "offences": partial(lookups.place_offences, lookups=self.looked_up),
            "words": partial(spell, rules=numbers.rules, triggers=numbers.triggers),
        }
        self._check()

    def compute(self, plans_in: Path | None) -> None:
        """Replay the plan of an earlier run, or make one."""
        given = tuple(tuple(table.schema().items()) for table in self.given.values())
        key = plans.key_of(self._written(), self.kinds, given, self.session.engine.name)
        if steps := plans.find(key, plans_in):
            for step in steps:
                self.session.run(step)
            return
        self._decide(Sources(**self.given, lookups=self.lookups, looked_up=self.looked_up, kinds=self.kinds))
        plans.keep(key, tuple(self.session.steps), plans_in)

    def _written(self) -> tuple[Any, ...]:
        """Return what may be written into the statements: the files of the policy, and what of it an adoption changes.

        What controllers adopt besides is looked up in small tables, so that a draft of adoptions takes the plan of the
        schedule in force. Of the files everything counts, whatever the statements hold of it today.
        """
        rules = self.rules
        files = rules.version.partition("+")[0]
        graver = tuple((entry.id, entry.if_group_1) for entry in rules.classes.values())
        settings = (rules.settings, rules.families, marker_ends(rules))
        return (files, self.looked_up.numbers, *settings, graver, self.looked_up.offence_days)

    def _decide(self, sources: Sources) -> None:
        session, known = self.session, self.lookups
        known["rt_offence_numbers"] = session.read("rt_offence_numbers", linking.offences(sources), "numbers")
        known["rt_offences"] = session.read("rt_offences", linking.asked_eras(sources), "offences")
        dated = session.keep("rt_dated", linking.dated_records(sources))
        links = session.keep("rt_links", linking.measured(sources, dated, session.name))
        marked = session.keep("rt_marked", profiles.marks(sources, links))
        found = session.keep("rt_profiles", profiles.profiles(sources, links, marked))
        controllers = known["lk_controllers"].drop("controller")
        people = links.select("person_id", "controller_no").distinct().join(controllers, "controller_no")
        alone = known["lk_controllers"].filter(known["lk_controllers"].controller == NO_CONTROLLER)
        alone = found.filter(found.is_alone).select("person_id").cross_join(alone.drop("controller"))
        pairs = session.name(profiles.by_controller(sources, people.union(alone)))
        paired = session.name(persons.paired(found, pairs, known["lk_variants"]))
        standings = session.keep("rt_standings", persons.standings(paired, self.rules, session.name))
        here = session.keep("rt_here", on_record.on_record(links, standings))
        kept = _Kept(links, dated, found, marked, standings, here)
        self._persons(kept)
        self._records(sources, kept)

    def _persons(self, kept: "_Kept") -> None:
        session, links, standings, marked = self.session, kept.links, kept.standings, kept.marked
        code = standings.select(rule_no=standings.due_rule.fill_null(-1), **_codes(standings))
        others = code.mutate(because_code=code.because_code | BIT["others_retained"])
        words = session.read("rt_person_words", code.union(others, distinct=True), "words")
        computed = on_record.others_retained(links, kept.here)
        rows = standings.left_join(computed, ["person_id", "controller_no"])
        rows = rows.drop("person_id_right", "controller_no_right")
        told = ibis.ifelse(rows.others & rows.is_told, ibis.literal(BIT["others_retained"], type="int64"), 0)
        rows = rows.mutate(
            outcome=ibis.ifelse(rows.others, rows.outcome_others, rows.outcome),
            because_code=rows.because_code | told,
            rule_no=rows.due_rule.fill_null(-1),
        )
        rows = rows.left_join(words, ["rule_no", "because_code", "missing_code"])
        rows = rows.left_join(profiles.driven(links, kept.found), "person_id").drop("person_id_right")
        lists = marked.filter(marked.has_lists | marked.is_held | marked.sets_flags)
        rows = rows.left_join(lists.select("person_id", *profiles.LISTS), "person_id").drop("person_id_right")
        rows = session.name(rows.left_join(self.lookups["lk_controllers"].drop("variant"), "controller_no"))
        rows = rows.mutate(
            group=rows.own_group,
            because=with_lists(
                rows.because,
                rows.held_by,
                ibis.ifelse(rows.is_told, rows.flags_blocking, EMPTY),
                ibis.ifelse(rows.is_told, rows.events_blocking, EMPTY),
                ibis.ifelse(rows.is_1, rows.setting, EMPTY),
            ),
        )
        session.result("persons", rows.select(*schemas.PERSON_DECISIONS.names))

    def _records(self, sources: Sources, kept: "_Kept") -> None:
        session, links = self.session, kept.links
        held = profiles.holds_by(sources, links, "record_id", "person_id")
        lists = session.keep("rt_record_lists", on_record.marked_records(sources, links, kept.marked, held))
        rows = kept.dated.left_join(kept.here.drop("lo", "hi", "last_person"), "record_id").drop("record_id_right")
        rows = session.name(self._own_group(rows))
        rows = session.keep("rt_resolved", resolving.resolved(sources, rows, session.name))
        asked = rows.filter(rows.asks).select("record_id", "trigger_no")
        more = session.keep("rt_asked", on_record.asked_for(asked, links, kept.standings, sources))
        rows = session.name(resolving.with_terms(rows.drop("trigger_no", "asks"), sources))
        rows = rows.left_join(more, "record_id").drop("record_id_right")
        truths = ("is_held", "has_flags", "has_events")
        rows = rows.left_join(lists.select("record_id", "hold_released", *truths), "record_id").drop("record_id_right")
        rows = session.name(rows.mutate(**{name: rows[name].fill_null(False) for name in truths}))
        rows = session.name(class_due.triggered(rows, sources, session.name))
        rows = session.name(class_due.class_due(rows, session.name))
        rows = session.name(records.floors(rows, session.name))
        rows = session.keep("rt_record_codes", records.decisions(rows, session.name))
        code = rows.select(rule_no=rows.rule_no, class_no=rows.class_no, trigger_no=rows.trigger_no, **_codes(rows))
        words = session.read("rt_record_words", code.distinct(), "words")
        rows = rows.left_join(words, ["rule_no", "class_no", "trigger_no", "because_code", "missing_code"])
        rows = rows.left_join(lists.drop(*truths, "hold_released"), "record_id").drop("record_id_right")
        rows = session.name(rows)
        rows = rows.mutate(
            class_id=rows.class_word.fill_null(rows.declared),
            because=with_lists(
                rows.because,
                rows.held_by,
                ibis.ifelse(rows.shows_flags, rows.p_flags, EMPTY),
                ibis.ifelse(rows.shows_events, rows.p_events, EMPTY),
            ),
        )
        session.result("records", rows.select(*schemas.RECORD_DECISIONS.names))

    def _own_group(self, rows: Table) -> Table:
        """Add the group of a record's own offence, which places a record with nobody on it."""
        days = self.looked_up.offence_days
        key = lookups.offence_key(rows.offence_no, -1, linking.era_of(rows.asked_on, days), len(days))
        rows = rows.mutate(offence_key=key.cast("int32"), declared=rows.class_id)
        groups = self.lookups["rt_offences"].select("offence_key", record_group="offence_group")
        return rows.left_join(groups, "offence_key").drop("offence_key_right", "offence_key", "offence_no", "class_id")

    def _source(self, name: str, source: pa.Table | Path) -> Table:
        schema = _SCHEMAS[name]
        day = f", DATE '{self.asked_on.isoformat()}' AS {ASKED_ON}" if name in DECIDED else ""
        if isinstance(source, Path):
            return self.session.scan(f"rt_{name}", source, day)
        missing = sorted(set(schema.names) - set(source.column_names))
        if missing:
            raise ValueError(f"The table {name} lacks the columns {', '.join(missing)}.")
        extra = [ASKED_ON] if name in DECIDED and ASKED_ON in source.column_names else []
        wanted = pa.schema([*schema, *[(column, pa.date32()) for column in extra]])
        return self.session.scan(f"rt_{name}", source.select(wanted.names).cast(wanted), "" if extra else day)

    def _kinds(self) -> tuple[str, ...]:
        """Return the kinds of record date that something hangs on; in a larger set, those of them that occur.

        Small sets, such as the people on the records of one order, thereby share one plan.
        """
        asked = lookups.asked_kinds(self.rules)
        if self._rows("SELECT count(*) FROM rt_records")[0][0] <= _SMALL:
            return tuple(sorted(asked))
        found = {kind for (kind,) in self._rows("SELECT DISTINCT kind FROM rt_record_dates")}
        return tuple(sorted(found & asked))

    def _rows(self, sql: str) -> list[tuple[Any, ...]]:
        found = self.session.engine.read(sql)
        return list(zip(*(column.to_pylist() for column in found.columns), strict=True))

    def _controllers(self) -> list[str]:
        sql = "SELECT DISTINCT controller FROM rt_records UNION SELECT DISTINCT controller FROM rt_involvements"
        return sorted({NO_CONTROLLER, *(name for (name,) in self._rows(sql) if name is not None)})

    def _check(self) -> None:
        known = "SELECT role FROM lk_roles"
        sql = f"SELECT DISTINCT role FROM rt_involvements WHERE role IS NULL OR role NOT IN ({known})"  # noqa: S608
        if found := self._rows(sql):
            names = ", ".join(sorted(str(name) for (name,) in found))
            raise ValueError(f"The involvements name roles that the policy does not know: {names}. Map them first.")
        ((count,),) = self._rows("SELECT count(*) FROM rt_involvements ANTI JOIN rt_persons USING (person_id)")
        if count:
            raise ValueError(f"{count} involvements name a person that the persons table does not hold. Add them.")


def _codes(rows: Table) -> dict[str, Any]:
    return {name: rows[name] for name in ("because_code", "missing_code")}
