"""Groups: what the set engine settles at once is what the engine's rules come to, pair by pair, over everybody."""

from dataclasses import replace
from itertools import combinations
from random import Random

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from muniment.batch.connecting import connect
from muniment.batch.matching import components
from muniment.batch.matching.grouping import group_all
from muniment.batch.matching.policy import in_force
from muniment.engine.matching.grouping import Evidence, Sayings, group

PERSONS = range(1, 13)
EVERY = tuple(combinations(PERSONS, 2))
FEW = st.sampled_from([-1, components.FEW])  # all are many, or all are few


def tables(connection, edges, twins, borne, shown):
    persons = pa.table(
        {
            "person_id": pa.array(PERSONS, pa.int64()),
            # The order of references is not that of numbers.
            "source_key": [f"testshire|custody|{number * 7 % 13:02d}" for number in PERSONS],
            "partition": ["policing"] * len(PERSONS),
            "pncid": pa.array([borne.get(number) for number in PERSONS], pa.string()),
            "cro": pa.nulls(len(PERSONS), pa.string()),
        }
    )
    kinds = {"left": pa.int64(), "right": pa.int64(), "weight": pa.float64(), "automatic": pa.bool_()}
    weighed = [(*pair, weight, weight >= 10) for pair, weight in edges.items()]
    columns = list(zip(*weighed, strict=True)) or [()] * 4
    found = pa.table(
        {name: pa.array(column, kind) for (name, kind), column in zip(kinds.items(), columns, strict=True)}
    ).append_column("blocked_by", pa.nulls(len(weighed), pa.string()))
    for name, table in {"persons": persons, "edges": found, "twins": of(twins), "shown": of(shown)}.items():
        connection.register(name, table)


def of(pairs):
    left, right = zip(*pairs, strict=True) if pairs else ((), ())
    return pa.table({"left": pa.array(left, pa.int64()), "right": pa.array(right, pa.int64())})


def by_the_engine(edges, twins, borne, said, points):
    key = {number: number * 7 % 13 for number in PERSONS}
    joining = [(*pair, weight) for pair, weight in edges.items() if weight >= points.automatic]
    joining.sort(key=lambda each: (-each[2], key[each[0]], key[each[1]]))
    evidence = Evidence(list(edges), lambda: joining, twins, {"pncid": borne}, known=lambda _: None)
    made = group(evidence, said, [], points)
    groups = {}
    for number in PERSONS:
        groups.setdefault(made.groups.find(number), []).append(number)
    asked = {tuple(sorted(each[:2])) + each[3:4] for each in made.refused if made.is_asked(each)}
    return {number: min(group, key=key.get) for group in groups.values() for number in group}, asked


@settings(max_examples=60, deadline=None)
@given(
    seed=st.integers(0, 2**32),
    share=st.sampled_from([0.1, 0.2, 0.4, 0.7]),
    speaking_twice=st.sampled_from([0.0, 0.3]),
    least_links=st.sampled_from([0.0, 0.25, 0.4]),
    apart=st.sampled_from(["nothing", "twins", "identifiers", "same", "different"]),
    few=FEW,
)
def test_groups_are_those_of_the_engine(seed, share, speaking_twice, least_links, apart, few):
    draw = Random(seed)
    edges = {
        pair: 4.0 if draw.random() < speaking_twice else draw.choice([11.0, 12.0, 15.0])
        for pair in EVERY
        if draw.random() < share
    }
    twins = draw.sample(EVERY, 2) if apart == "twins" else []
    borne = {one: draw.choice("AB") for one in draw.sample(PERSONS, 3)} if apart == "identifiers" else {}
    said = Sayings(**{apart: tuple(draw.sample(EVERY, 4))} if apart in {"same", "different"} else {})
    points = replace(in_force().points, least_links=least_links)
    with connect() as connection, pytest.MonkeyPatch.context() as patch:
        patch.setattr(components, "FEW", few)
        tables(connection, edges, twins, borne, [])
        asked = group_all(connection, None, said, points)
        found = dict(connection.sql("select person_id, anchor_id from clustered").fetchall())
    groups, refused = by_the_engine(edges, twins, borne, said, points)
    assert found == groups
    assert {tuple(sorted(each[:2])) + each[3:4] for each in asked} == refused


@pytest.mark.parametrize("few", [-1, components.FEW])
@pytest.mark.parametrize(
    ("shown", "left"),
    [
        ([], set()),
        ([(1, 2)], set()),  # evidence joins them still
        ([(1, 3)], {1, 2, 3}),  # only another joins them: a person is asked
        ([(1, 9)], {1, 2, 3, 9}),  # nothing does
    ],
)
def test_who_were_one_are_left_to_the_engine_unless_evidence_joins_them_still(shown, left, few, monkeypatch):
    monkeypatch.setattr(components, "FEW", few)
    edges = {(1, 2): 12.0, (2, 3): 12.0, (4, 5): 12.0}
    with connect() as connection:
        tables(connection, edges, [], {}, shown)
        components.find(connection, Sayings(), in_force().points)
        assert {key for (key,) in connection.sql("from unsettled").fetchall()} == left
        assert {4, 5} <= {key for (key,) in connection.sql("select person_id from settled").fetchall()}
