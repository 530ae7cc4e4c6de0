"""Pairs counted against a truth: a tiny one made by hand, and the same by listing every pair."""

from itertools import combinations

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from muniment.evaluation.world import NoTruth, Published, measure, read_truth

PEOPLE = {0: ("W1", "british"), 1: ("W1", "british"), 2: ("A1", "south_asian"), 3: ("B1", "african")}
LOOK_ALIKES = [(0, 1, "twins"), (2, 1, "namesakes born on one day"), (0, 3, "twins")]


def truth(persons):
    return {
        "nominals": pa.table(
            {
                "controller": ["north"] * len(persons),
                "system": ["crime"] * len(persons),
                "reference": [f"N{number}" for number in range(len(persons))],
                "person": pa.array(persons, pa.int64()),
            }
        ),
        "people": pa.table(
            {
                "person": list(PEOPLE),
                "ethnicity": [ethnicity for ethnicity, _ in PEOPLE.values()],
                "origin": [origin for _, origin in PEOPLE.values()],
            }
        ),
        "look_alikes": pa.table(
            {
                "person_a": [one for one, _, _ in LOOK_ALIKES],
                "person_b": [two for _, two, _ in LOOK_ALIKES],
                "why": [why for _, _, why in LOOK_ALIKES],
            }
        ),
    }


def published(primes, waiting=(), partitions=None, first=0):
    return Published(
        pa.table(
            {
                "controller": ["north"] * len(primes),
                "system": ["crime"] * len(primes),
                "reference": [f"N{first + number}" for number in range(len(primes))],
                "partition": partitions or ["policing"] * len(primes),
                "prime": pa.array(primes, pa.int64()),
            }
        ),
        pa.table(
            {
                "left": pa.array([left for left, _ in waiting], pa.int64()),
                "right": pa.array([right for _, right in waiting], pa.int64()),
            }
        ),
    )


def test_a_wrong_join_between_twins_is_seen_everywhere_it_counts():
    # Nominals 0, 1, 2 of person 0; 3 of person 1, joined to them; 4 and 5 of person 2, left apart.
    scores = measure(truth([0, 0, 0, 1, 2, 2]), published([7, 7, 7, 7, 8, 9], waiting=[(3, 4)]))
    assert (scores.overall.joined, scores.overall.false_joins, scores.overall.true_pairs) == (6, 3, 4)
    assert scores.overall.precision == 0.5
    assert scores.overall.recall == 0.75
    assert scores.overall.lower < 0.5 < scores.overall.upper
    kinds = {line.why: line for line in scores.look_alikes}
    twins, namesakes = kinds["twins"], kinds["namesakes born on one day"]
    assert (twins.pairs, twins.held, twins.joined, twins.waiting) == (2, 1, 1, 0)
    assert (namesakes.pairs, namesakes.held, namesakes.joined, namesakes.waiting) == (1, 1, 0, 1)
    british = next(line for line in scores.by_origin if line.of == "british")
    assert (british.joined, british.false_joins) == (6, 3)
    african = next(line for line in scores.by_origin if line.of == "african")
    assert (african.joined, african.precision, african.recall) == (0, None, None)


def test_two_partitions_are_never_a_pair():
    scores = measure(truth([0, 0, 1]), published([7, 8, 8], partitions=["policing", "corporate", "sealed"]))
    assert (scores.overall.joined, scores.overall.true_pairs) == (0, 0)


def test_nominals_of_elsewhere_are_counted_apart():
    scores = measure(truth([0, 0]), published([7, 7, 7]))
    assert (scores.nominals, scores.unknown_nominals, scores.overall.joined) == (2, 1, 1)


def test_another_world_is_refused():
    with pytest.raises(NoTruth, match="None of the nominals"):
        measure(truth([0, 0]), published([7, 7], first=100))


lives = st.lists(st.tuples(st.integers(0, 3), st.integers(0, 3)), min_size=1, max_size=14)


@settings(deadline=None, max_examples=50)
@given(lives)
def test_counting_groups_is_listing_pairs(life):
    persons, primes = [person for person, _ in life], [prime for _, prime in life]
    scores = measure(truth(persons), published(primes))
    for line, within in [
        (scores.overall, set(PEOPLE)),
        *((each, {who for who, said in PEOPLE.items() if said[0] == each.of}) for each in scores.by_ethnicity),
        *((each, {who for one, two, why in LOOK_ALIKES if why == each.of for who in (one, two)})
          for each in scores.by_look_alike),
    ]:  # fmt: skip
        pairs = [
            (one[0] == two[0], one[1] == two[1])
            for one, two in combinations(life, 2)
            if one[0] in within or two[0] in within
        ]
        joined = [same for same, together in pairs if together]
        assert (line.joined, line.false_joins) == (len(joined), joined.count(False))
        assert line.true_pairs == sum(same for same, _ in pairs)


def test_truth_is_read_from_a_world_or_its_truth_and_missing_or_old_truth_is_refused(tmp_path):
    with pytest.raises(NoTruth, match="muniment invent"):
        read_truth(tmp_path)
    folder = tmp_path / "truth"
    folder.mkdir()
    for name, table in truth([0, 1]).items():
        pq.write_table(table, folder / f"{name}.parquet")
    assert read_truth(tmp_path) == read_truth(folder)
    pq.write_table(truth([0])["people"].drop_columns(["origin"]), folder / "people.parquet")
    with pytest.raises(NoTruth, match="lacks origin"):
        read_truth(tmp_path)
