"""Runs the retention of a whole set on DuckDB: registers tables, computes in steps, hands back Arrow."""

from dataclasses import fields
from datetime import date
from pathlib import Path
from typing import Any

import duckdb
import ibis
import pyarrow as pa

from muniment.batch.retention import links as linking
from muniment.batch.retention import lookups, persons, profiles, records
from muniment.batch.retention import tables as schemas
from muniment.batch.retention.expressions import Table, either
from muniment.batch.retention.links import Sources
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
_OFFENCE = ("the_cjs", "the_ho", "penalty", "era", "asked_era")
DECIDED = ("rt_persons", "rt_records")


def schedule(
    tables: Tables, policy: Policy, *, asked_on: date, connection: duckdb.DuckDBPyConnection | None = None
) -> Schedule:
    """Decide every person and record of a set on one day, in exact agreement with `engine.retention.decide`.

    Each controller decides for its own records under its own overlay, with every force's facts and a shared
    clock. Rows come in no order. Raises ValueError, naming the table, when a column is missing; a role that the
    policy does not know raises too.
    """
    raw = connection or duckdb.connect()
    run = _Run(raw, policy, asked_on)
    try:
        sources = run.register(tables)
        return run.compute(sources)
    finally:
        run.clear()


class _Run:
    """One run's temporary tables; everything it makes is dropped at the end."""

    def __init__(self, raw: duckdb.DuckDBPyConnection, policy: Policy, asked_on: date) -> None:
        self.raw, self.policy, self.asked_on = raw, policy, asked_on
        self.views: list[str] = []
        self.temporary: list[str] = []

    def register(self, tables: Tables) -> Sources:
        given: dict[str, Table] = {}
        for entry in fields(tables):
            source = getattr(tables, entry.name)
            given[entry.name] = self._view(f"rt_{entry.name}", source, _SCHEMAS[entry.name])
        names = self._controllers()
        self.looked_up = lookups.build(self.policy, self.asked_on, names)
        small = {name: self._register(name, table) for name, table in self.looked_up.tables.items()}
        self._check_roles()
        self._check_persons()
        kinds = self.raw.sql("SELECT DISTINCT kind FROM rt_record_dates WHERE kind IS NOT NULL").fetchall()
        return Sources(**given, lookups=small, kinds=frozenset(kind for (kind,) in kinds))

    @property
    def rules(self) -> Rules:
        return self.looked_up.base

    def compute(self, sources: Sources) -> Schedule:
        base = self._keep("rt_base", linking.base_links(sources, self.rules, self.looked_up.offence_days))
        own = self._record_keys(sources)
        offences = self._offences(base, own)
        links = self._keep("rt_links", linking.measured(base, offences, self.rules, self._name))
        found = self._keep("rt_profiles", profiles.profiles(sources, links))
        pairs = links.select("person_id", "controller").distinct()
        alone = found.filter(found.links.isnull()).select("person_id", controller=ibis.literal(NO_CONTROLLER))
        pairs = pairs.union(alone)
        paired = self._name(persons.paired(found, pairs, sources.lookups["lk_controllers"]))
        standings = self._keep("rt_standings", persons.standings(paired, self.rules, self._name))
        own_groups = own.left_join(offences, "key").select("record_id", record_group="offence_group")
        return Schedule(
            persons=self._persons(links, standings),
            records=self._records(sources, links, standings, found, own_groups),
        )

    def _persons(self, links: Table, standings: Table) -> pa.Table:
        rows = standings.left_join(_others_retained(links, standings), ["person_id", "controller"])
        rows = rows.drop("person_id_right", "controller_right")
        rows = rows.mutate(others_retained=either(rows.others_named, rows.others_computed))
        rows = persons.decisions(self._name(rows), self._name)
        rows = self._spelled(rows.drop("rule").rename(group="own_group", rule="due_rule"), (), ())
        rows = rows.mutate(
            because=with_lists(rows.because, rows.held_by, rows.shown_flags, rows.shown_events, rows.shown_setting)
        )
        driving = links.select(driving_involvement="involvement_id", driving_record="record_id")
        rows = rows.left_join(driving, "driving_involvement")
        return self._arrow(rows.select(*schemas.PERSON_DECISIONS.names), schemas.PERSON_DECISIONS)

    def _records(self, sources: Sources, links: Table, standings: Table, found: Table, own: Table) -> pa.Table:
        here = self._keep("rt_here", records.on_record(links, standings, found, self.rules))
        rows = sources.records.left_join(here, "record_id").drop("record_id_right")
        rows = self._name(rows.left_join(own, "record_id").drop("record_id_right"))
        rows = records.resolved(sources, rows, self.rules, self._name)
        rows = self._name(rows.mutate(is_family=rows.declared.isin(list(self.rules.families)).fill_null(False)))
        rows = self._keep("rt_resolved", records.with_terms(rows, sources, self.rules, self._name))
        holds = profiles.holds_by(sources, links, "record_id", "person_id")
        rows = rows.left_join(holds, "record_id").drop("record_id_right")
        rows = self._name(rows.mutate(is_held=rows.held_by.length().fill_null(0) > 0))
        rows = self._name(records.class_due(rows, self._name))
        rows = self._keep("rt_floors", records.floors(rows, self._name))
        rows = records.decisions(rows, self._name)
        rows = self._spelled(rows, ("resolved_class", "rule"), ("critical_word",))
        rows = rows.mutate(because=with_lists(rows.because, rows.held_by, rows.shown_flags, rows.shown_events))
        return self._arrow(rows.select(*schemas.RECORD_DECISIONS.names), schemas.RECORD_DECISIONS)

    def _spelled(self, rows: Table, because: tuple[str, ...], missing: tuple[str, ...]) -> Table:
        """Turn the codes of because and missing into lists of words."""
        rows = self._keep(f"rt_coded_{len(self.temporary)}", rows)
        rows = spelled(rows, "because", because, "because_code", self._words)
        return spelled(self._name(rows), "missing", missing, "missing_code", self._words)

    def _words(self, name: str, distinct: Table) -> Table:
        found = self._relation(distinct).to_arrow_table()
        column = name.removeprefix("rt_words_")
        return self._register(f"{name}_{len(self.views)}", spell(found, column))

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

    def _offences(self, base: Table, own: Table) -> Table:
        distinct = base.select("key", *_OFFENCE).union(own.select("key", *_OFFENCE)).distinct()
        rows = self._relation(distinct).to_arrow_table().to_pylist()
        return self._register("rt_offences", lookups.offences(rows, self.looked_up))

    def _controllers(self) -> list[str]:
        sql = "SELECT DISTINCT controller FROM rt_records UNION SELECT DISTINCT controller FROM rt_involvements"
        return sorted({NO_CONTROLLER, *(name for (name,) in self.raw.sql(sql).fetchall() if name is not None)})

    def _check_roles(self) -> None:
        found = self.raw.sql(
            "SELECT DISTINCT role FROM rt_involvements WHERE role IS NULL OR role NOT IN (SELECT role FROM lk_roles)"
        ).fetchall()
        if found:
            names = ", ".join(sorted(str(name) for (name,) in found))
            raise ValueError(f"The involvements name roles that the policy does not know: {names}. Map them first.")

    def _check_persons(self) -> None:
        sql = "SELECT count(*) FROM rt_involvements ANTI JOIN rt_persons USING (person_id)"
        (count,) = self.raw.sql(sql).fetchall()[0]
        if count:
            raise ValueError(
                f"{count} involvements name a person that the persons table does not hold. Add them first."
            )

    def _view(self, name: str, source: pa.Table | Path, schema: pa.Schema) -> Table:
        if isinstance(source, pa.Table):
            missing = sorted(set(schema.names) - set(source.column_names))
            if missing:
                raise ValueError(f"The table {name[3:]} lacks the columns {', '.join(missing)}.")
            extra = [ASKED_ON] if name in DECIDED and ASKED_ON in source.column_names else []
            wanted = pa.schema([*schema, *[(column, pa.date32()) for column in extra]])
            return self._dated(name, self._register(name, source.select(wanted.names).cast(wanted)))
        self.raw.sql(f"CREATE OR REPLACE TEMP VIEW {name} AS SELECT * FROM read_parquet('{_quoted(source)}')")  # noqa: S608
        self.temporary.append(f"VIEW {name}")
        return self._dated(name, self._table(name))

    def _dated(self, name: str, table: Table) -> Table:
        """Give persons and records the day they are asked about, where they do not bring one of their own."""
        if name not in DECIDED or ASKED_ON in table.columns:
            return table
        return table.mutate(**{ASKED_ON: ibis.literal(self.asked_on)})

    def _register(self, name: str, table: pa.Table) -> Table:
        self.raw.register(name, table)
        self.views.append(name)
        return self._table(name)

    def _keep(self, name: str, expression: Table) -> Table:
        """Compute a step once: later steps read it more than once."""
        self.raw.execute(f"CREATE OR REPLACE TEMP TABLE {name} AS {_sql(expression)}")
        self.temporary.append(f"TABLE {name}")
        return self._table(name)

    def _name(self, expression: Table) -> Table:
        """Make a step a view: Ibis merges chained steps and repeats their text, growing it without bound."""
        name = f"rt_step_{len(self.temporary)}"
        self.raw.execute(f"CREATE OR REPLACE TEMP VIEW {name} AS {_sql(expression)}")
        self.temporary.append(f"VIEW {name}")
        return self._table(name)

    def _table(self, name: str) -> Table:
        """Return a table of the connection as an expression, by its schema alone."""
        empty = self.raw.sql(f"SELECT * FROM {name} LIMIT 0").to_arrow_table()  # noqa: S608 - names of our own
        return ibis.table(ibis.Schema.from_pyarrow(empty.schema), name=name)

    def _relation(self, expression: Table) -> Any:
        return self.raw.sql(_sql(expression))

    def _arrow(self, expression: Table, schema: pa.Schema) -> pa.Table:
        return self._relation(expression).to_arrow_table().cast(schema)

    def clear(self) -> None:
        """Drop what the run made, so that a caller's connection is left as it was."""
        for made in reversed(self.temporary):
            self.raw.execute(f"DROP {made}")
        for name in self.views:
            self.raw.unregister(name)


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


def _sql(expression: Table) -> str:
    return str(ibis.to_sql(expression, dialect="duckdb"))


def _quoted(path: Path) -> str:
    return str(path).replace("'", "''")
