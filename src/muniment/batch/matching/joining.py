"""Nominals joined into groups by the engine, from what a set engine has found of their pairs."""

from collections.abc import Iterable, Iterator
from functools import partial
from typing import Any, NamedTuple, Protocol

import pyarrow as pa
import pyarrow.compute as pc

from muniment.engine.matching import standing as stands
from muniment.engine.matching.grouping import Evidence, Grouped, Pair, Sayings, group
from muniment.engine.matching.model import Model, Points
from muniment.engine.matching.rules import UNIQUE_IDENTIFIERS

MEMBERS = pa.schema([("person_id", pa.int64()), ("root", pa.int64())])
REFUSED = pa.schema(
    [
        ("left", pa.int64()),
        ("right", pa.int64()),
        ("weight", pa.float64()),
        ("reason", pa.string()),
        ("were_one", pa.bool_()),  # shown as one before, and nothing joins them now
    ]
)


class Tables(Protocol):
    """Tables that queries read."""

    def give(self, name: str, table: pa.Table) -> None:
        """Make a table of one in memory."""

    def read(self, query: str) -> pa.Table:
        """Return what a query finds."""


class Made(NamedTuple):
    """Who is in which group (schema `MEMBERS`), and of what refused pairs a person is asked (schema `REFUSED`)."""

    members: pa.Table
    refused: pa.Table


def pairs(table: pa.Table | None, verdict: str | None = None) -> list[Pair]:
    """Return the pairs of a table; with a verdict, those that bear it."""
    if table is None:
        return []
    if verdict is not None:
        table = table.filter(pc.equal(table["verdict"], verdict))
    return list(zip(table["left"].to_pylist(), table["right"].to_pylist(), strict=True))


def sayings(judgements: pa.Table | None) -> Sayings:
    """Return what people and sources have said; verdicts that say nothing here are passed over."""
    return Sayings(*(tuple(pairs(judgements, verdict)) for verdict in ("same", "different", stands.TAKEN_BACK)))


def as_tables(made: Grouped, persons: Iterable[int]) -> Made:
    """Return what was made of some persons."""
    numbers = list(persons)
    asked = [row for row in made.refused if made.is_asked(row)]
    columns = zip(*asked, strict=True) if asked else ((),) * len(REFUSED)
    return Made(
        pa.table({"person_id": numbers, "root": [made.groups.find(number) for number in numbers]}, MEMBERS),
        pa.table(dict(zip(REFUSED.names, map(list, columns), strict=True)), REFUSED),
    )


def group_here(tables: Tables, model: Model, said: Sayings, shown: pa.Table | None, points: Points) -> Made:
    """Group everybody of table `persons` in this process, by tables `edges` and `twins`."""
    evidence = Evidence(
        speak=pairs(tables.read('select "left", "right" from edges')),
        automatic=partial(_automatic, tables),
        twins=pairs(tables.read('select "left", "right" from twins')),
        identifiers=_identifiers(tables) if points.hard_rules else {},
        known=partial(_known, tables, model),
    )
    made = group(evidence, said, pairs(shown), points)
    return as_tables(made, tables.read("select person_id from persons")["person_id"].to_pylist())


def _automatic(tables: Tables) -> Iterator[tuple[int, int, float]]:
    found = tables.read(
        'select "left", "right", weight from edges where automatic order by weight desc, left_key, right_key'
    )
    for batch in found.to_batches(max_chunksize=100_000):
        yield from zip(*(column.to_pylist() for column in batch.columns), strict=True)


def _identifiers(tables: Tables) -> dict[str, dict[int, str]]:
    found = {}
    for kind in UNIQUE_IDENTIFIERS:
        borne = tables.read(
            f"select person_id, {kind} from persons where {kind} is not null and partition <> 'corporate'"  # noqa: S608
        )
        found[kind] = dict(zip(borne["person_id"].to_pylist(), borne[kind].to_pylist(), strict=True))
    return found


def _known(tables: Tables, model: Model, nominals: Iterable[int]) -> stands.Known:
    """Return what is known of some nominals."""
    tables.give("asked", pa.table({"person_id": pa.array(sorted(nominals), pa.int64())}))
    rows: list[dict[str, Any]] = tables.read("select * from persons semi join asked using (person_id)").to_pylist()
    blocked = tables.read(
        'select "left", "right", blocked_by from edges where blocked_by is not null '
        'and "left" in (from asked) and "right" in (from asked)'
    ).to_pylist()
    return known(model, rows, blocked)


def known(model: Model, rows: Iterable[dict[str, Any]], blocked: Iterable[dict[str, Any]]) -> stands.Known:
    """Return what is known of nominals, by their standardised rows and by the edges that a rule blocks."""
    rules = {(min(e["left"], e["right"]), max(e["left"], e["right"])): e["blocked_by"] for e in blocked}
    return stands.Known(model, {row["person_id"]: row for row in rows}, rules)
