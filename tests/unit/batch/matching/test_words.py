"""The statements of linkage in Spark's words, and the measures that the workers are given."""

import re

import pyarrow as pa
import pytest

from muniment.batch.matching.conditions import CONDITIONS
from muniment.batch.matching.spark import sameness
from muniment.batch.matching.spark.likeness import MEASURES, measure
from muniment.batch.matching.spark.words import say
from muniment.engine.matching.features import likeness

OURS_ALONE = re.compile(r"\blist_|jaro_winkler_similarity|jaro_similarity|jarowinkler|array_length|&&|::", re.I)


@pytest.mark.parametrize("condition", [each for given in CONDITIONS.values() for each in given])
def test_no_condition_keeps_a_word_that_only_duckdb_has(condition):
    assert not OURS_ALONE.search(say(condition))


@pytest.mark.parametrize(
    ("ours", "theirs"),
    [
        ("list_has_any(a, b)", "ARRAYS_OVERLAP(a, b)"),
        ("array_length(list_intersect(a, b)) >= 2", "SIZE(ARRAY_INTERSECT(a, b)) >= 2"),
        ("hash(a, b)", "XXHASH64(a, b)"),
        ("list_filter(a, lambda w: regexp_matches(w, '[0-9]'))", "FILTER(a, w -> w RLIKE '[0-9]')"),
    ],
)
def test_each_word_has_its_like(ours, theirs):
    assert say(ours) == theirs


def test_what_the_jar_leaves_in_doubt_is_measured_as_the_engine_does():
    said = say("jaro_winkler_similarity(a, b) >= 0.92")
    assert "JARO_WINKLER(a, b) >= 0.920000001" in said
    assert re.search(r"LIKENESS\(CASE WHEN .* THEN a END, b\) >= 0\.92\)$", said)


def test_measures_pass_over_what_is_not_known():
    one, two = pa.array(["MARTHA", None, "DWAYNE", "Ю"]), pa.array(["MARHTA", "A", None, "Ю"])
    assert measure(one, two, MEASURES["likeness"]).to_pylist() == [likeness("MARTHA", "MARHTA"), None, None, 1.0]
    assert measure(pa.nulls(2, pa.string()), pa.nulls(2, pa.string()), MEASURES["edits"]).to_pylist() == [None, None]


def test_a_worker_with_another_program_refuses():
    sameness.check(sameness.program())
    with pytest.raises(RuntimeError, match="install the same"):
        sameness.check("of another version")
