"""Nominals grouped part by part, as the workers of a cluster do it, are grouped as they are all at once."""

import random

import pyarrow as pa
import pytest

from muniment.batch.matching import joining, resolve
from muniment.batch.matching.engines import OneMachine
from muniment.batch.matching.policy import in_force
from muniment.batch.matching.spark import joining as parts
from muniment.engine.matching.grouping import Sayings


def drawn(people, model, seed):
    """Draw judgements and standing pairs for the edges of a set."""
    draw = random.Random(seed)
    edges = [(e["left"], e["right"]) for e in resolve.resolve(people, model).edges.to_pylist()]
    strangers = draw.sample(people["person_id"].to_pylist(), 60)
    apart = list(zip(strangers[:30], strangers[30:], strict=True))
    said = Sayings(
        same=tuple(draw.sample(edges, 30) + apart[:8]),
        different=tuple(draw.sample(edges, 30) + apart[8:12]),
        taken_back=tuple(draw.sample(edges, 20)),
    )
    return said, [*draw.sample(edges, 150), *apart[12:]]


def part_by_part(engine, task, count):
    """Do what the cluster does, one part after the other."""
    nominals = {row["person_id"]: row for row in engine.read("select * from persons").to_pylist()}
    edges = engine.read("select * from edges").to_pylist()
    twins = [("twins", *pair) for pair in joining.pairs(engine.read("select * from twins"))]
    said = [*task.rows(), *twins]
    ties = [pair for kind, *pair in said if kind in ("same", "shown")]
    ties += [(e["left"], e["right"]) for e in edges if e["automatic"]]
    placed = dict(zip(*parts._placed(ties, count).to_pydict().values(), strict=True))
    empty = dict.fromkeys(("weight", "automatic", "blocked_by", "nominal"))
    rows = [
        empty | {"kind": "edge"} | {k: e[k] for k in ("left", "right", "weight", "automatic", "blocked_by")}
        for e in edges
    ]
    rows += [empty | {"kind": kind, "left": one, "right": two} for kind, one, two in said]
    rows += [empty | {"kind": "nominal", "left": n, "right": n, "nominal": nominals[n]} for n in placed]
    made = []
    for number in range(count):
        mine = [row for row in rows if placed.get(row["left"]) == placed.get(row["right"]) == number]
        made += parts.group_part(pa.Table.from_pylist(mine), task.model, task.points).to_pylist()
    return [row for row in made if row["person_id"] is not None], [row for row in made if row["person_id"] is None]


def partition(rows, by):
    groups = {}
    for row in rows:
        groups.setdefault(row[by], set()).add(row["person_id"])
    return {frozenset(group) for group in groups.values() if len(group) > 1}


@pytest.mark.parametrize("count", [1, 7])
def test_part_by_part_is_as_all_at_once(fake, connection, count):
    people, model = fake
    points, (said, shown) = in_force().points, drawn(people, model, count)
    table = pa.table(list(map(list, zip(*shown, strict=True))), schema=resolve.STANDING)
    engine = OneMachine(connection)
    given = resolve.Given(people, standing=table)
    resolve.judge_pairs(engine, given, model, points)
    resolve.edges.keep(engine, model, points)
    engine.group(model, said, table, points)
    members, refused = part_by_part(engine, parts.Task(model, said, table, points), count)
    assert partition(members, "root") == partition(engine.read("select * from clustered").to_pylist(), "anchor_id")
    kept = engine.read("select * from refused").to_pylist()
    assert sorted(map(str, ({k: row[k] for k in kept[0]} for row in refused))) == sorted(map(str, kept))
    assert {row["reason"] for row in kept} >= {"judgement", "parted"} and any(row["were_one"] for row in kept)
