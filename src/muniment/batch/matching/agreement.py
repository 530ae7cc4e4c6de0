"""Whether two engines resolve the same nominals alike: every pair that they weigh otherwise, with what each saw."""

import time
from collections.abc import Mapping
from contextlib import ExitStack
from dataclasses import dataclass

import duckdb
import pyarrow as pa

from muniment.batch.matching import resolve as linkage
from muniment.batch.matching import scoring
from muniment.batch.matching.engines import Engine, Opening
from muniment.batch.matching.policy import in_force
from muniment.engine.matching.features import FEATURES
from muniment.engine.matching.model import Model, Points

# Weights are kept to a millionth of a bit; the last figure may differ by the logarithms of two languages.
_NEAR = 2e-6
_LEVELS = {feature.name: [level.name for level in feature.levels] for feature in FEATURES}
_ASKED = pa.schema([("join_key_l", pa.int64()), ("join_key_r", pa.int64())])


@dataclass(frozen=True)
class Difference:
    """A pair that two engines weigh or judge otherwise: by engine its weight in bits, and what forbids a join.

    `features` gives the levels that differ, by engine; where none does, the engines do not compare the same pairs or
    do not reckon alike.
    """

    left: int
    right: int
    weights: Mapping[str, float]
    blocked_by: Mapping[str, str | None]
    features: Mapping[str, Mapping[str, str | None]]


@dataclass(frozen=True)
class Agreement:
    """How two engines resolved the same nominals.

    `pairs` is how many either kept in view: those down to the lowest weight that a rule looks at. `apart` are the
    nominals whose group is not the same, `asked` the pairs that a person is asked about by one alone, or for another
    reason; `seconds` is what each engine took from nominals to groups.
    """

    nominals: int
    pairs: int
    differences: tuple[Difference, ...]
    apart: tuple[int, ...]
    asked: tuple[tuple[int, int], ...]
    seconds: Mapping[str, float]


def compare(
    openings: tuple[Opening, Opening], given: linkage.Given, model: Model, points: Points | None = None
) -> Agreement:
    """Resolve nominals on two engines, and lay side by side what they made. They are a table: a stream is read once."""
    points = points or in_force().points
    with ExitStack() as stack:
        engines = [stack.enter_context(opening) for opening in openings]
        runs = [_Run.of(engine, given, model, points) for engine in engines]
        count, pairs = _differing(runs[0].judged, runs[1].judged, tuple(model.weights))
        sides = [_seen(engine, run, pairs, model) for engine, run in zip(engines, runs, strict=True)]
    names = [engine.name for engine in engines]
    differences = tuple(_difference(pair, dict(zip(names, sides, strict=True)), tuple(model.weights)) for pair in pairs)
    anchors = [run.anchors for run in runs]
    return Agreement(
        nominals=len(anchors[0]),
        pairs=count,
        differences=differences,
        apart=tuple(sorted(person for person in anchors[0] if anchors[0][person] != anchors[1][person])),
        asked=tuple(sorted({(left, right) for left, right, _ in runs[0].asked ^ runs[1].asked})),
        seconds={name: run.seconds for name, run in zip(names, runs, strict=True)},
    )


@dataclass(frozen=True)
class _Run:
    judged: pa.Table
    anchors: dict[int, int]
    asked: frozenset[tuple[int, int, str]]
    seconds: float

    @classmethod
    def of(cls, engine: Engine, given: linkage.Given, model: Model, points: Points) -> "_Run":
        began = time.perf_counter()
        overgrown = linkage.judge_pairs(engine, given, model, points)
        took = time.perf_counter() - began
        levels = ", ".join(f"level_{name}" for name in model.weights)
        judged = engine.read(
            f"select person_id_l, person_id_r, match_weight, blocked_by, twins, {levels} from judged"  # noqa: S608
        )
        began = time.perf_counter()
        made = linkage.group_judged(engine, given, model, points, overgrown)
        took += time.perf_counter() - began
        anchors = dict(zip(*(made.clusters[name].to_pylist() for name in ("person_id", "anchor_id")), strict=True))
        asked = zip(*(made.doubtful[name].to_pylist() for name in ("left", "right", "reason")), strict=True)
        return cls(judged, anchors, frozenset(asked), round(took, 1))


def _differing(one: pa.Table, two: pa.Table, names: tuple[str, ...]) -> tuple[int, list[tuple[int, int]]]:
    """Return how many pairs either has, and those that are not the same in both."""
    kept = [*(f"level_{name}" for name in names), "blocked_by", "twins"]
    other = " or ".join(f"one.{column} is distinct from two.{column}" for column in kept)
    with duckdb.connect() as connection:
        connection.register("one", one)
        connection.register("two", two)
        joined = "one full join two using (person_id_l, person_id_r)"
        count = connection.sql(f"select count(*) from {joined}").fetchall()[0][0]  # noqa: S608
        found = connection.sql(
            f"select person_id_l, person_id_r from {joined} "  # noqa: S608
            f"where coalesce(abs(one.match_weight - two.match_weight) > {_NEAR}, true) or {other} order by all"
        ).fetchall()
    return count, found


Seen = dict[tuple[int, int], dict[str, object]]


def _seen(engine: Engine, run: _Run, pairs: list[tuple[int, int]], model: Model) -> Seen:
    """Return what an engine saw of some pairs; those that it had not in view it weighs now."""
    if not pairs:
        return {}
    asked = pa.table([list(keys) for keys in zip(*pairs, strict=True)], schema=_ASKED)
    with duckdb.connect() as connection:
        connection.register("judged", run.judged)
        connection.register("asked", asked)
        rows = connection.sql(
            "select j.* from judged j semi join asked on join_key_l = person_id_l and join_key_r = person_id_r"
        ).to_arrow_table()
    found: Seen = {(row["person_id_l"], row["person_id_r"]): row for row in rows.to_pylist()}
    if len(found) < len(pairs):
        scoring.prepare_people(engine, "persons", model)
        engine.give("asked", asked)
        scored = scoring.score(engine, model, scoring.Pairs("asked"))
        for row in engine.read(f"select * from {scored}").to_pylist():  # noqa: S608
            found.setdefault((row["person_id_l"], row["person_id_r"]), row | {"blocked_by": None})
    return found


def _difference(pair: tuple[int, int], sides: Mapping[str, Seen], names: tuple[str, ...]) -> Difference:
    rows = {engine: seen[pair] for engine, seen in sides.items()}
    levels = {name: {engine: _level(name, row) for engine, row in rows.items()} for name in names}
    return Difference(
        *pair,
        weights={engine: round(float(str(row["match_weight"])), 6) for engine, row in rows.items()},
        blocked_by={
            engine: None if row["blocked_by"] is None else str(row["blocked_by"]) for engine, row in rows.items()
        },
        features={name: each for name, each in levels.items() if len(set(each.values())) > 1},
    )


def _level(name: str, row: Mapping[str, object]) -> str | None:
    level = row[f"level_{name}"]
    return _LEVELS[name][level] if isinstance(level, int) else None
