"""Rows without an id, references that occur twice, records told over several rows."""

import json

import pytest
from small_feed import GOOD, reasons

from muniment import feeds


def test_equal_rows_without_an_id_are_separate_and_numbered(load, small, write):
    small["tables"]["crimes"]["record"]["reference"] = {"from": "REF", "made_from": ["OUTCOME"]}
    feed, nameless = load(small), GOOD.replace("C1", "")
    batch = feeds.read(feed, write(nameless, nameless, GOOD))
    first, second, third = batch.rows["key"].to_pylist()
    assert first.startswith("NFA/") and first.endswith("/1")
    assert second == first[:-1] + "2"
    assert third == "C1"
    assert feeds.read(feed, write(GOOD, nameless)).rows["key"].to_pylist() == ["C1", first]


def test_a_repeated_row_is_known_and_says_nothing_new(load, small, write):
    batch = feeds.read(load(small), write(GOOD, GOOD))
    assert batch.rows["key"].to_pylist() == ["C1", "C1#2"]
    assert batch.records["row"].to_pylist() == [1]


def test_a_conflicting_reference_is_quarantined_after_the_first(load, small, write):
    other = GOOD.replace("NFA", "CHG")
    batch = feeds.read(load(small), write(GOOD, other))
    assert reasons(batch) == {2: ["conflict"]}
    assert batch.quarantine["original"].to_pylist() == [other]
    assert batch.records["outcome"].to_pylist() == ["NFA"]
    assert batch.involvements["row"].to_pylist() == [1]


def test_a_conflicting_reference_can_be_kept_and_marked(load, small, write):
    small["tables"]["crimes"]["duplicates"] = "keep_both"
    batch = feeds.read(load(small), write(GOOD, GOOD.replace("NFA", "CHG")))
    assert batch.records["reference"].to_pylist() == ["C1", "C1#2"]
    assert batch.records["attributes"].to_pylist() == [None, '{"shares_reference_with": "C1"}']
    assert batch.involvements["record"].to_pylist() == ["C1", "C1#2"]
    assert batch.record_dates["reference"].to_pylist() == ["C1", "C1#2"]


@pytest.mark.parametrize("key", [(), ("REF", "PURPOSE")])
def test_people_without_numbers_go_with_the_record_that_is_kept_under_another_reference(load, small, write, key):
    crimes = small["tables"]["crimes"]
    crimes |= {"duplicates": "keep_both"} | ({"key": list(key)} if key else {})
    del crimes["persons"][0]["reference"]
    crimes["persons"][0]["flags"] = [{"flag": {"value": "protected"}}]
    batch = feeds.read(load(small), write(GOOD, GOOD.replace("Ashdown", "Beech")))
    assert batch.records["reference"].to_pylist() == ["C1", "C1#2"]
    people = dict(zip(batch.nominals["reference"].to_pylist(), batch.nominals["surname"].to_pylist(), strict=True))
    assert people == {"C1:suspect": "Ashdown", "C1#2:suspect": "Beech"}
    assert batch.involvements.select(["record", "nominal"]).to_pylist() == [
        {"record": "C1", "nominal": "C1:suspect"},
        {"record": "C1#2", "nominal": "C1#2:suspect"},
    ]
    assert batch.flags["reference"].to_pylist() == ["C1:suspect", "C1#2:suspect"]


def test_several_rows_tell_one_record(load, small, write):
    small["tables"]["crimes"]["duplicates"] = "same_record"
    second = GOOD.replace("N1,Ashdown", "N2,Beech")
    torn = GOOD.replace("N1,Ashdown", "N3,Cedar").replace("NFA", "CHG")
    batch = feeds.read(load(small), write(GOOD, second, torn))
    assert batch.rows["key"].to_pylist() == ["C1/N1", "C1/N2"]
    assert set(batch.records["reference"].to_pylist()) == {"C1"}
    assert batch.involvements["nominal"].to_pylist() == ["N1", "N2"]
    assert reasons(batch) == {3: ["conflict"]}


def test_a_person_in_two_roles_over_two_rows_needs_a_key_and_is_told_so(load, small, write):
    crimes = small["tables"]["crimes"]
    crimes["duplicates"] = "same_record"
    crimes["persons"][0]["role"] = {"from": "PLACE"}
    rows = [GOOD.replace('"12 High Street, Norbridge"', role) for role in ("SUSPECT", "WITNESS")]
    del crimes["record"]["location"]
    batch = feeds.read(load(small), write(*rows))
    assert reasons(batch) == {2: ["conflict"]}
    assert "under key" in batch.quarantine["reasons"][0][0]["message"].as_py()
    crimes["key"] = ["REF", "SUS_ID", "PLACE"]
    assert feeds.read(load(small), write(*rows)).involvements["role"].to_pylist() == ["SUSPECT", "WITNESS"]


def test_people_without_numbers_are_named_by_the_record_and_their_place(load, small, write):
    del small["tables"]["crimes"]["persons"][0]["reference"]
    small["tables"]["crimes"]["persons"][0]["when"] = "SUS_SURNAME"
    batch = feeds.read(load(small), write(GOOD, GOOD.replace("C1", "C2").replace("Ashdown", "")))
    assert batch.nominals["reference"].to_pylist() == ["C1:suspect"]
    assert batch.involvements["nominal"].to_pylist() == ["C1:suspect"]


@pytest.fixture
def told(load, small, tmp_path):
    """Return a function that reads a row with a list of people."""
    crimes = small["tables"]["crimes"]
    person = {"reference": "id", "surname": "name", "born": "dob", "phone": "tel", "aliases": "aka"}
    sealed = {"from": "protected", "map": {"Y": "sealed"}, "unknown": "blank"}
    crimes |= {"format": "jsonl", "files": "crimes_*", "kind": "delta"}
    crimes["persons"] = [person | {"each": "people", "role": {"from": "role"}, "partition": sealed}]
    path = tmp_path / "crimes_2026-11-08"

    def read(*people):
        path.write_text(json.dumps({"REF": "C1", "REPORTED": "2019-01-31", "PURPOSE": "4", "people": people}))
        return feeds.read(load(small), path)

    return read


def test_a_person_named_twice_in_a_row_is_all_that_it_says_of_them(told):
    known = {"id": "P1", "role": "VICTIM", "name": "Ashdown", "dob": "1990-05-01", "aka": "Ash", "protected": "Y"}
    batch = told({"id": "P1", "role": "WITNESS", "name": "ASHDOWN", "tel": "01632 960001", "aka": "Dow"}, known)
    (person,) = batch.nominals.to_pylist()
    assert [person[name] for name in ("surname", "born", "phone")] == ["ASHDOWN", "1990-05-01", "01632 960001"]
    assert (person["aliases"], person["partition"]) == (["Dow", "Ash"], "sealed")
    assert batch.involvements["role"].to_pylist() == ["WITNESS", "VICTIM"]


def test_two_people_under_one_reference_in_a_row_are_not_taken_for_one(told):
    ash, oak = {"id": 0, "role": "SUSPECT", "name": "Ash"}, {"id": 0, "role": "VICTIM", "name": "Oak", "tel": "1"}
    batch = told(ash, oak)
    assert (reasons(batch), batch.nominals.num_rows) == ({1: ["conflict"]}, 0)
    assert "the person 0 in two places and otherwise: surname" in batch.quarantine["reasons"][0][0]["message"].as_py()
    assert reasons(told(ash, {"id": 0, "role": "WITNESS", "tel": "1"})) == {}


def test_a_reference_that_stands_for_several_people_is_told(load, small, write):
    lines = [
        GOOD.replace("C1", f"C{n}").replace("N1,Ashdown,1990", said)
        for n, said in enumerate(["0,Ash,1990", "0,Oak,1991", "N1,Ash,1990", "N1,Ash,1991", "N2,ASH,", "N2,Oak,1991"])
    ]
    batch = feeds.read(load(small), write(*lines))
    assert batch.of_several == ("0",)
    assert "1 reference of people is given two names and two dates of birth (0)" in batch.doubt
    small["tables"]["crimes"]["persons"][0]["partition"] = {"value": "sealed"}
    assert feeds.read(load(small), write(*lines)).doubt == ""


def test_a_corrected_telephone_makes_nobody_of_a_list_somebody_else(load, small, told):
    del small["tables"]["crimes"]["persons"][0]["reference"]
    ash, dow = ({"role": "VICTIM", "name": name, "dob": "1990-05-01", "tel": "1"} for name in ("Ash", "Dow"))
    first = told(ash, dow).nominals["reference"].to_pylist()
    assert told(ash | {"tel": "2"}, dow).nominals["reference"].to_pylist() == first
    assert told(ash | {"dob": "1990-05-02"}, dow).nominals["reference"].to_pylist()[0] != first[0]


def test_two_of_one_name_in_a_list_are_two_unless_their_birth_says_otherwise(load, small, told):
    del small["tables"]["crimes"]["persons"][0]["reference"]
    ash, other = ({"role": "VICTIM", "name": "Ash", "tel": number} for number in ("1", "2"))
    assert told(ash, other).nominals.num_rows == 2
    born = {"dob": "1990-05-01"}
    assert told(ash | born, other | born).nominals["phone"].to_pylist() == ["1"]
