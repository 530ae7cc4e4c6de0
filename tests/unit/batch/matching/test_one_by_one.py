"""One nominal by itself is standardised as among many: every column, and every key."""

from datetime import date

import duckdb
import pyarrow as pa
from hypothesis import given, settings
from hypothesis import strategies as st
from small_set import FAKE

from muniment.batch.matching.one_by_one import standardise_one
from muniment.batch.matching.standardise import standardise
from muniment.feeds.canonical import PERSON_TEXT_FIELDS

ON = date(2026, 11, 22)
NAMES = st.sampled_from(
    [
        "Alan",
        "alan b.",
        "O'Test-Name",
        "Mr Alan Testname",
        "TESTNAME, Alan Bob",
        "VAN DYKE, Mr",
        "Seán",
        "UNKNOWN",
        "B",
        "",
        "Testname (nee Example), Mary",
        "Zoë Anne-Marie",
        "Ωmega",
        "NOT ENTERED",
        "Bob",
        "Alan Alan",
        "TESTNAME, John, Jr",
        "-",
    ]
)
VALUES = {
    "born": st.sampled_from(["1990-05-17", "17/05/1990", "1990", "05/1990", "1900-01-01", "1990-01-01", "soon"]),
    "sex": st.sampled_from(["M", "female", "9", "Intersex", "U"]),
    "postcode": st.sampled_from(["NH1 1AA", "nh11aa", "NF1 1NF", "NH1", "nowhere"]),
    "address": st.sampled_from(["1 Invented Street", "Flat 2, The Court, 1 Invented St", "NFA", "the street"]),
    "phone": st.sampled_from(["07700 900123", "+44 7700 900123", "none"]),
    "email": st.sampled_from(["a.testname@example.test", "A.Testname@Example.Test", "nobody"]),
    "pncid": st.sampled_from(["2001/0171310W", "01/171310W", "2001/0171310S"]),
    "cro": st.sampled_from(["900007/97A", "SF39/1234A", "x"]),
    "ni_number": st.sampled_from(["AB123456C", "ab 12 34 56 c", "QQ123456C"]),
    "birth_place": st.sampled_from(["Bedford", "NK", "St Neots, England"]),
    "occupation": st.sampled_from(["Baker", "unknown", "fish & chips"]),
    "ethnicity": st.sampled_from(["W1", "W2", "White - British"]),
}
NOMINAL = st.fixed_dictionaries(
    {},
    optional={
        **dict.fromkeys(("forename", "middle_names", "surname", "full_name"), NAMES),
        **VALUES,
        "aliases": st.lists(st.one_of(NAMES, st.none()), max_size=3),
    },
)


def among_many(nominals):
    columns = {
        "person_id": pa.array(range(len(nominals)), pa.int64()),
        "source_key": pa.array([f"a|b|{number}" for number in range(len(nominals))]),
        "partition": pa.array(["policing"] * len(nominals)),
        "aliases": pa.array([each.get("aliases") for each in nominals], pa.list_(pa.string())),
    }
    columns |= {name: pa.array([each.get(name) for each in nominals], pa.string()) for name in PERSON_TEXT_FIELDS}
    return standardise(pa.table(columns), on=ON).sort_by("person_id").to_pylist()


def by_itself(nominals):
    return [
        standardise_one({**each, "person_id": number, "source_key": f"a|b|{number}", "partition": "policing"}, on=ON)
        for number, each in enumerate(nominals)
    ]


def assert_the_same(nominals):
    for alone, row in zip(by_itself(nominals), among_many(nominals), strict=True):
        assert alone | {"keys": sorted(alone["keys"])} == row | {"keys": sorted(row["keys"])}


@settings(deadline=None, max_examples=60)
@given(st.lists(NOMINAL, min_size=1, max_size=25))
def test_whatever_a_source_writes(nominals):
    assert_the_same(nominals)


def test_in_a_file_of_a_thousand():
    raw = duckdb.read_csv(str(FAKE.file), header=True, all_varchar=True).to_arrow_table().to_pylist()
    assert_the_same([{field: row[names[0]] for field, names in FAKE.mapping.items()} for row in raw])


def test_an_ethnicity_is_its_whole_code():
    one, two = by_itself([{"ethnicity": "W1"}, {"ethnicity": "w2"}])
    assert (one["ethnicity"], two["ethnicity"]) == ("W1", "W2")
