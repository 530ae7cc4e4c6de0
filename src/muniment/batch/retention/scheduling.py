"""Runs the retention of a whole set on DuckDB: registers tables, computes in steps, hands back Arrow."""

from collections import OrderedDict
from dataclasses import fields
from datetime import date
from functools import partial
from pathlib import Path
from typing import Any

import duckdb
import ibis
import pyarrow as pa

from muniment.batch.connecting import connect
from muniment.batch.retention import links as linking
from muniment.batch.retention import lookups, persons, profiles, records
from muniment.batch.retention import tables as schemas
from muniment.batch.retention.expressions import Table, either
from muniment.batch.retention.links import Sources
from muniment.batch.retention.lookups import Lookups
from muniment.batch.retention.session import Session, Step
from muniment.batch.retention.tables import Schedule, Tables
from muniment.batch.retention.wording import spell, spelled, with_lists
from muniment.engine.policy.model import Policy, Rules

_SCHEMAS = {
    "persons": schemas.PERSONS,
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
_OFFENCE = ("the_cjs", "the_ho", "penalty", "era", "asked_era")
_PLANS: OrderedDict[tuple[Any, ...], tuple[Step, ...]] = OrderedDict()
_PLANS_KEPT = 8


def schedule(
    tables: Tables, policy: Policy, *, asked_on: date, connection: duckdb.DuckDBPyConnection | None = None
) -> Schedule:
    """Decide every person and record of a set on one day, in exact agreement with `engine.retention.decide`.

    Each controller decides for its own records under its own overlay, with every force's facts and a shared
    clock. Rows come in no order; a person on no record has one row, with an empty controller. Raises ValueError,
    saying what to do, when a column is missing, a role is unknown, or an involvement names a person not given.
    """
    session = Session(connection or connect(preserve_insertion_order="false"), {})
    try:
        run = _Run(session, policy, asked_on)
        run.register(tables)
        run.compute()
        return Schedule(
            persons=session.results["persons"].cast(schemas.PERSON_DECISIONS),
            records=session.results["records"].cast(schemas.RECORD_DECISIONS),
        )
    finally:
        session.clear()


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
        self.kinds = frozenset(kind for (kind,) in self._rows("SELECT DISTINCT kind FROM rt_record_dates") if kind)
        self.session.readers |= {
            "offences": partial(lookups.offences, lookups=self.looked_up),
            "because": partial(spell, name="because"),
            "missing": partial(spell, name="missing"),
        }
        self._check()

    def compute(self) -> None:
        """Replay the plan of an earlier run, or make one."""
        key = self._plan_key()
        if key in _PLANS:
            _PLANS.move_to_end(key)
            for step in _PLANS[key]:
                self.session.run(step)
            return
        self._decide(Sources(**self.given, lookups=self.lookups, kinds=self.kinds))
        _PLANS[key] = tuple(self.session.steps)
        while len(_PLANS) > _PLANS_KEPT:
            _PLANS.popitem(last=False)

    def _plan_key(self) -> tuple[Any, ...]:
        """Return everything that the text of the statements depends on."""
        rules = self.rules
        own_days = tuple(ASKED_ON in self.given[name].columns for name in DECIDED)
        policy = (rules.version, tuple(rules.classes), repr(rules.settings), repr(rules.families))
        return (*policy, self.looked_up.offence_days, self.kinds, own_days, None if all(own_days) else self.asked_on)

    def _decide(self, sources: Sources) -> None:
        session = self.session
        sources = self._dated(sources)
        base = session.keep("rt_base", linking.base_links(sources, self.rules, self.looked_up.offence_days))
        own = self._record_keys(sources)
        distinct = base.select("key", *_OFFENCE).union(own.select("key", *_OFFENCE)).distinct()
        offences = session.read("rt_offences", distinct, "offences")
        links = session.keep("rt_links", linking.measured(base, offences, self.rules, session.name))
        found = session.keep("rt_profiles", profiles.profiles(sources, links))
        alone = found.filter(found.links.isnull()).select("person_id", controller=ibis.literal(NO_CONTROLLER))
        pairs = links.select("person_id", "controller").distinct().union(alone)
        paired = session.name(persons.paired(found, pairs, sources.lookups["lk_controllers"]))
        standings = session.keep("rt_standings", persons.standings(paired, self.rules, session.name))
        session.result("persons", self._persons(links, standings))
        here = session.keep("rt_here", records.on_record(links, standings, found, self.rules))
        own_groups = own.left_join(offences, "key").select("record_id", record_group="offence_group")
        rows = sources.records.left_join(here, "record_id").drop("record_id_right")
        rows = session.name(rows.left_join(own_groups, "record_id").drop("record_id_right"))
        session.result("records", self._records(sources, links, rows))

    def _persons(self, links: Table, standings: Table) -> Table:
        session = self.session
        rows = standings.left_join(_others_retained(links, standings), ["person_id", "controller"])
        rows = rows.drop("person_id_right", "controller_right")
        rows = rows.mutate(others_retained=either(rows.others_named, rows.others_computed))
        rows = persons.decisions(session.name(rows), session.name)
        rows = session.keep("rt_person_codes", rows.drop("rule").rename(group="own_group", rule="due_rule"))
        rows = self._spelled(rows, (), ())
        rows = rows.mutate(
            because=with_lists(rows.because, rows.held_by, rows.shown_flags, rows.shown_events, rows.shown_setting)
        )
        driving = links.select(driving_involvement="involvement_id", driving_record="record_id")
        return rows.left_join(driving, "driving_involvement").select(*schemas.PERSON_DECISIONS.names)

    def _records(self, sources: Sources, links: Table, rows: Table) -> Table:
        session = self.session
        rows = records.resolved(sources, rows, self.rules, session.name)
        rows = session.name(rows.mutate(is_family=rows.declared.isin(list(self.rules.families)).fill_null(False)))
        rows = session.name(records.with_terms(rows, sources, self.rules, session.name))
        holds = profiles.holds_by(sources, links, "record_id", "person_id")
        rows = rows.left_join(holds, "record_id").drop("record_id_right")
        rows = session.name(rows.mutate(is_held=rows.held_by.length().fill_null(0) > 0))
        rows = session.name(records.class_due(rows, session.name))
        rows = session.name(records.floors(rows, session.name))
        rows = session.keep("rt_record_codes", records.decisions(rows, session.name))
        rows = self._spelled(rows, ("resolved_class", "rule"), ("critical_word",))
        rows = rows.mutate(because=with_lists(rows.because, rows.held_by, rows.shown_flags, rows.shown_events))
        return rows.select(*schemas.RECORD_DECISIONS.names)

    def _spelled(self, rows: Table, because: tuple[str, ...], missing: tuple[str, ...]) -> Table:
        """Turn the codes of because and missing into lists of words."""

        def words(name: str, distinct: Table) -> Table:
            return self.session.read(f"{name}_{len(self.session.steps)}", distinct, name.removeprefix("rt_words_"))

        rows = spelled(rows, "because", because, "because_code", words)
        return spelled(self.session.name(rows), "missing", missing, "missing_code", words)

    def _record_keys(self, sources: Sources) -> Table:
        own = sources.records.filter(either(sources.records.cjs != "", sources.records.ho_class != ""))
        own = own.mutate(
            the_cjs=own.cjs,
            the_ho=own.ho_class,
            penalty=ibis.null("float64"),
            era=ibis.null("int32"),
            asked_era=linking.era_of(own.asked_on, self.looked_up.offence_days),
        )
        return own.select("record_id", *_OFFENCE, key=linking.offence_key(own))

    def _source(self, name: str, source: pa.Table | Path) -> Table:
        schema = _SCHEMAS[name]
        if isinstance(source, Path):
            return self.session.scan(f"rt_{name}", source)
        missing = sorted(set(schema.names) - set(source.column_names))
        if missing:
            raise ValueError(f"The table {name} lacks the columns {', '.join(missing)}.")
        extra = [ASKED_ON] if name in DECIDED and ASKED_ON in source.column_names else []
        wanted = pa.schema([*schema, *[(column, pa.date32()) for column in extra]])
        return self.session.register(f"rt_{name}", source.select(wanted.names).cast(wanted))

    def _dated(self, sources: Sources) -> Sources:
        """Give persons and records the day they are asked about, where they do not bring one of their own."""
        dated = {
            name: table.mutate(**{ASKED_ON: ibis.literal(self.asked_on)})
            for name in DECIDED
            if ASKED_ON not in (table := self.given[name]).columns
        }
        return Sources(**{**self.given, **dated}, lookups=sources.lookups, kinds=sources.kinds)

    def _rows(self, sql: str) -> list[tuple[Any, ...]]:
        return list(self.session.raw.sql(sql).fetchall())

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


def _others_retained(links: Table, standings: Table) -> Table:
    """Return, for each person and controller, whether someone else on a record of theirs is inside retention."""
    kept = standings.mutate(
        is_retained=standings.is_offender
        & (
            standings.is_critical
            | standings.floor.isnull()
            | (standings.floor > standings.asked_on)
            | standings.own_group.isin([1, 2]).fill_null(False)
        )
    ).select("person_id", "controller", "is_retained")
    off = links.filter(links.is_offender).select("record_id", "person_id", "controller").distinct()
    off = off.left_join(kept, ["person_id", "controller"])
    off = off.mutate(one=off.is_retained.fill_null(False).cast("int64"))
    counted = off.mutate(total=off.one.sum().over(group_by="record_id"))
    counted = counted.mutate(others=(counted.total - counted.one) > 0)
    return counted.group_by(["person_id", "controller"]).aggregate(others_computed=counted.others.any())
