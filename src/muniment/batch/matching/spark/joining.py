"""Nominals joined on a cluster: components by components, each by the engine's own grouping.

Who becomes one person with whom depends only on the component of pairs that may join: judgements, standing pairs and
automatic edges. The components are found by the program that asks, from the numbers of those pairs; the grouping itself
is done by the workers, some whole components at a time.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pyarrow as pa

from muniment.batch.matching.conditions import COLUMNS
from muniment.batch.matching.joining import REFUSED, pairs, refusals
from muniment.batch.matching.spark import sameness
from muniment.batch.quiet import without_pandas
from muniment.engine.matching import standing as stands
from muniment.engine.matching.grouping import Evidence, Pair, Sayings, group
from muniment.engine.matching.model import Model, Points
from muniment.engine.matching.rules import UNIQUE_IDENTIFIERS

if TYPE_CHECKING:
    from muniment.batch.matching.spark.engine import OnCluster

MEMBERS = pa.schema([("person_id", pa.int64()), ("root", pa.int64())])
_SAID = pa.schema([("kind", pa.string()), ("left", pa.int64()), ("right", pa.int64())])
_PLACED = pa.schema([("person_id", pa.int64()), ("bucket", pa.int64())])
# What the workers return: rows of `MEMBERS` and of `REFUSED`, with nulls in the columns of the other.
_MADE = pa.schema([*MEMBERS, *REFUSED])
_SHARE = 4  # parts for each that runs at once, so that one large component keeps nobody waiting for long

# Everything that the grouping of a component looks at, each row with the bucket of its component.
_MATTER = """
select l.bucket, 'edge' as kind, e.left, e.right, e.weight, e.automatic, e.blocked_by,
    cast(null as {nominal}) as nominal
from edges e join placed l on l.person_id = e.left join placed r on r.person_id = e.right where l.bucket = r.bucket
union all
select l.bucket, s.kind, s.left, s.right, null, null, null, null
from (select kind, left, right from said union all select 'twins', left, right from twins) s
join placed l on l.person_id = s.left join placed r on r.person_id = s.right where l.bucket = r.bucket
union all
select l.bucket, 'nominal', p.person_id, null, null, null, null, struct({columns})
from persons p join placed l on l.person_id = p.person_id
"""


# Who is in no component is alone; the first of a group by its source anchors it.
_CLUSTERED = """
select p.person_id, first_value(p.person_id) over (
    partition by coalesce(m.root, p.person_id) order by p.source_key, p.person_id
) as anchor_id
from persons p
left join (select person_id, root from grouped where person_id is not null) m on m.person_id = p.person_id
"""


@dataclass(frozen=True)
class Task:
    """What nominals are grouped by, besides their edges."""

    model: Model
    said: Sayings
    shown: pa.Table | None
    points: Points

    def rows(self) -> Iterator[tuple[str, int, int]]:
        """Give what was said and shown, pair by pair."""
        said = {"same": self.said.same, "different": self.said.different, stands.TAKEN_BACK: self.said.taken_back}
        for kind, given in (said | {"shown": pairs(self.shown)}).items():
            for one, two in given:
                yield kind, one, two


def group_on_cluster(engine: "OnCluster", task: Task) -> None:
    """Make tables `clustered` and `refused` from tables `persons`, `edges` and `twins`."""
    said = list(task.rows())
    engine.give("said", pa.table([list(column) for column in zip(*said, strict=True)] or [[], [], []], schema=_SAID))
    joining = [(one, two) for kind, one, two in said if kind in ("same", "shown")]
    joining += pairs(engine.read('select "left", "right" from edges where automatic'))
    engine.give("placed", _placed(joining, engine.session.sparkContext.defaultParallelism * _SHARE))
    columns = ", ".join(f"p.{name}" for name in ("person_id", "source_key", "partition", *COLUMNS))
    kind = engine.session.sql(f"select struct({columns}) as nominal from persons p").schema["nominal"].dataType  # noqa: S608
    matter = engine.session.sql(_MATTER.format(columns=columns, nominal=kind.simpleString()))
    model, points = engine.session.sparkContext.broadcast(task.model), task.points
    program = sameness.program()

    def grouped(part: pa.Table) -> pa.Table:
        sameness.check(program)
        return group_part(part, model.value, points)

    with without_pandas():
        found = matter.groupBy("bucket").applyInArrow(grouped, _ddl(_MADE))
    engine.lay_down("grouped", found)
    engine.make("clustered", _CLUSTERED)
    engine.make("refused", 'select "left", "right", weight, reason, were_one from grouped where person_id is null')
    engine.drop("said", "placed", "grouped")


def _placed(joining: Iterable[Pair], parts: int) -> pa.Table:
    """Give everybody of a component of pairs the bucket of the component; who is alone has none."""
    components = stands.shown(joining)
    numbers: dict[int, int] = {}
    placed = {
        nominal: numbers.setdefault(components.find(nominal), len(numbers)) % parts
        for nominal in sorted({nominal for pair in joining for nominal in pair})
    }
    return pa.table([list(placed), list(placed.values())], schema=_PLACED)


def _ddl(schema: pa.Schema) -> str:
    words = {pa.int64(): "bigint", pa.float64(): "double", pa.string(): "string", pa.bool_(): "boolean"}
    return ", ".join(f"`{field.name}` {words[field.type]}" for field in schema)


def group_part(part: pa.Table, model: Model, points: Points) -> pa.Table:
    """Group the nominals of some whole components; runs on a worker."""
    rows: dict[str, list[dict[str, Any]]] = defaultdict(list)
    for row in part.to_pylist():
        rows[row["kind"]].append(row)
    nominals = {row["left"]: row["nominal"] for row in rows["nominal"]}
    evidence = Evidence(
        speak=_pairs(rows["edge"]),
        automatic=lambda: iter(_automatic(rows["edge"], nominals)),
        twins=_pairs(rows["twins"]),
        identifiers=_identifiers(nominals) if points.hard_rules else {},
        known=lambda asked: stands.Known(model, {number: nominals[number] for number in asked}, _blocked(rows["edge"])),
    )
    said = Sayings(*(tuple(_pairs(rows[kind])) for kind in ("same", "different", stands.TAKEN_BACK)))
    made = group(evidence, said, _pairs(rows["shown"]), points)
    roots = [made.groups.find(number) for number in nominals]
    members = pa.table({"person_id": list(nominals), "root": roots}, MEMBERS)
    asked = refusals(pair for pair in made.refused if made.is_asked(pair))
    return pa.concat_tables([members, asked], promote_options="default").select(_MADE.names).cast(_MADE)


def _blocked(edges: Iterable[Mapping[str, Any]]) -> dict[Pair, str]:
    found = (row for row in edges if row["blocked_by"] is not None)
    return {(min(row["left"], row["right"]), max(row["left"], row["right"])): row["blocked_by"] for row in found}


def _pairs(rows: Iterable[Mapping[str, Any]]) -> list[Pair]:
    return [(row["left"], row["right"]) for row in rows]


def _automatic(
    edges: Iterable[Mapping[str, Any]], nominals: Mapping[int, Mapping[str, Any]]
) -> list[tuple[int, int, float]]:
    """Return the edges that join without a person: the strongest first, ties by source reference."""
    found = [(row["left"], row["right"], row["weight"]) for row in edges if row["automatic"]]
    return sorted(found, key=lambda e: (-e[2], nominals[e[0]]["source_key"], nominals[e[1]]["source_key"]))


def _identifiers(nominals: Mapping[int, Mapping[str, Any]]) -> dict[str, dict[int, str]]:
    return {
        kind: {
            number: nominal[kind]
            for number, nominal in nominals.items()
            if nominal[kind] is not None and nominal["partition"] != "corporate"
        }
        for kind in UNIQUE_IDENTIFIERS
    }
