"""Linkage end to end on small invented sets: the numbers agree, the rules hold, the order does not matter."""

import math
from collections import Counter
from dataclasses import replace
from datetime import date, timedelta
from itertools import pairwise
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest
from small_set import FAKE, NAMESAKE, are_joined, nominals, one

from muniment.batch.matching import blocking, engines, scoring
from muniment.batch.matching.conditions import CONDITIONS
from muniment.batch.matching.engines import OneMachine, one_machine
from muniment.batch.matching.evaluate import InputError, Task, evaluate
from muniment.batch.matching.keys import keys_of
from muniment.batch.matching.policy import in_force
from muniment.batch.matching.resolve import DOUBTFUL, JUDGEMENTS, STANDING, resolve
from muniment.batch.matching.standardise import STANDARDISED, standardise
from muniment.batch.matching.train import train
from muniment.engine.matching.features import FEATURES
from muniment.engine.matching.model import Model, compare

TODAY = date(2026, 11, 22)


@pytest.mark.parametrize(
    ("full_name", "apart"),
    [
        (
            "O'NEILL-TESTNAME, Seán Patrick",
            {"forename": "Seán", "middle_names": "Patrick", "surname": "O'Neill-Testname"},
        ),
        ("TESTNAME, Mary Ann", {"forename": "Mary", "middle_names": "Ann", "surname": "Testname"}),
        ("TESTNAME, John, Jr", {"forename": "John", "surname": "Testname"}),
        ("VAN DYKE, Mr", {"surname": "Van Dyke"}),
        ("UNKNOWN, John", {"forename": "John"}),
        ("John Testname", {"forename": "John", "surname": "Testname"}),
    ],
)
def test_a_full_name_means_what_its_parts_mean(full_name, apart):
    whole, parts = standardise(nominals({"full_name": full_name}, apart)).sort_by("person_id").to_pylist()
    told = {"forename", "surname", "family", "others", "initials", "names", "sounds", "roots"}
    assert {name: whole[name] for name in told} == {name: parts[name] for name in told}


def test_a_name_at_birth_is_another_name_and_not_the_surname():
    row = standardise(nominals({"full_name": "TESTNAME (nee EXAMPLE), Mary"})).to_pylist()[0]
    assert (row["forename"], row["surname"], row["others"]) == ("MARY", "TESTNAME", ["EXAMPLE"])


def test_standardised_table_has_its_schema():
    people = standardise(
        nominals(
            {"forename": "Zoë", "surname": "O'Test-Name", "born": "1990", "pncid": "2001/0171310S"},
            {"full_name": "Mr Alan B Testname", "postcode": "nf1 1nf", "born": "1900-01-01"},
        )
    )
    assert people.schema.equals(STANDARDISED)
    first, second = sorted(people.to_pylist(), key=lambda row: row["person_id"])
    assert (first["forename"], first["surname"], first["family"]) == ("ZOE", "OTESTNAME", ["OTEST", "NAME"])
    assert (first["born"], first["born_from"], first["born_until"]) == (
        "19900000",
        date(1990, 1, 1),
        date(1990, 12, 31),
    )
    assert first["pncid"] is None
    assert (second["forename"], second["surname"], second["others"]) == ("ALAN", "TESTNAME", ["B"])
    assert (second["postcode"], second["born"]) == (None, None)


def test_a_sex_is_the_same_in_the_codes_of_any_source():
    said = ["M", "Male", " male ", "1", "F", "2", "FEMALE", "U", "0", "9", "Not known", "Unknown", "X", "Intersex"]
    people = standardise(nominals(*({"sex": each} for each in said))).sort_by("person_id")
    assert people["sex"].to_pylist() == ["MALE"] * 4 + ["FEMALE"] * 3 + [None] * 6 + ["INTERSEX"]


def test_aliases_are_names_too():
    people = standardise(
        pa.table(
            {
                "person_id": pa.array([1, 2, 3], pa.int64()),
                "source_key": ["a|b|1", "a|b|2", "a|b|3"],
                "partition": ["policing"] * 3,
                "forename": ["Alan", "Alan", "Alan"],
                "aliases": pa.array([["Big Al", "Al Other"], [], None], pa.list_(pa.string())),
            }
        )
    )
    names = {row["person_id"]: row["names"] for row in people.to_pylist()}
    assert names == {1: ["AL", "ALAN", "BIG", "OTHER"], 2: ["ALAN"], 3: ["ALAN"]}


def test_every_feature_has_its_conditions():
    assert set(CONDITIONS) == {feature.name for feature in FEATURES}
    for feature in FEATURES:
        assert len(CONDITIONS[feature.name]) == len(feature.tests) == len(feature.levels) - 1
        assert math.isclose(sum(level.expected for level in feature.levels), 1.0)


def test_batch_and_explanation_give_the_same_numbers(fake):
    people, model = fake
    rows = {row["person_id"]: row for row in people.to_pylist()}
    with one_machine() as engine:
        engine.give("persons", people)
        blocking.find_candidates(engine, "persons", model)
        scoring.prepare_people(engine, "persons", model)
        scored = scoring.score(engine, model, scoring.Pairs("candidates"), least=-8.0)
        found = engine.read(f"select * from {scored}").to_pylist()
    assert len(found) > 1000
    for pair in found:
        explained = compare(rows[pair["person_id_l"]], rows[pair["person_id_r"]], model)
        assert math.isclose(explained.weight, pair["match_weight"], abs_tol=1e-6)
        assert {c.feature: round(c.weight, 6) for c in explained.contributions} == {
            name: round(pair[f"bits_{name}"] or 0.0, 6) for name in model.weights if pair[f"level_{name}"] is not None
        }


def test_comparing_is_the_same_in_both_directions(fake):
    people, model = fake
    rows = people.to_pylist()
    for left, right in pairwise(rows[:200]):
        assert math.isclose(compare(left, right, model).weight, compare(right, left, model).weight)


def test_model_survives_json_and_training_is_repeatable(fake):
    people, model = fake
    assert Model.from_json(model.to_json()) == model
    assert train(people).to_json() == model.to_json()
    with pytest.raises(ValueError, match="not a model"):
        Model.from_json("{}")


def test_resolution_does_not_depend_on_the_order_of_rows(fake):
    people, model = fake
    first, second = resolve(people, model), resolve(people.slice(500).take(list(range(499, -1, -1))), model)
    assert second.clusters.num_rows == 500
    backwards = people.take(list(range(people.num_rows - 1, -1, -1)))
    assert resolve(backwards, model).clusters.equals(first.clusters)


def test_namesakes_born_on_one_day_are_left_to_a_person(namesakes):
    people = standardise(nominals(NAMESAKE, NAMESAKE))
    resolution = one(people, namesakes)
    assert not are_joined(resolution, 1, 2)
    assert resolution.doubtful["reason"].to_pylist() == ["support"]


def test_one_more_telling_fact_joins_them(namesakes):
    people = standardise(nominals({**NAMESAKE, "email": "al@example.org"}, {**NAMESAKE, "email": "al@example.org"}))
    assert are_joined(one(people, namesakes), 1, 2)


def test_a_person_is_believed_over_the_model(namesakes):
    known = {**NAMESAKE, "email": "al@example.org"}
    people = standardise(nominals(known, known, {"forename": "Zelda", "surname": "Otherwise"}))
    different = pa.table({"left": [1], "right": [2], "verdict": ["different"]}, JUDGEMENTS)
    kept_apart = one(people, namesakes, judgements=different)
    assert not are_joined(kept_apart, 1, 2)
    assert kept_apart.doubtful["reason"].to_pylist() == ["judgement"]
    same = pa.table({"left": [1], "right": [3], "verdict": ["same"]}, JUDGEMENTS)
    assert are_joined(one(people, namesakes, judgements=same), 1, 2, 3)


def test_different_holds_through_others(namesakes):
    known = {**NAMESAKE, "email": "al@example.org"}
    people = standardise(nominals(known, known, known))
    different = pa.table({"left": [1], "right": [3], "verdict": ["different"]}, JUDGEMENTS)
    assert not are_joined(one(people, namesakes, judgements=different), 1, 3)


def test_standing_edges_stay_unless_a_person_objects(namesakes):
    people = standardise(nominals(NAMESAKE, NAMESAKE))
    standing = pa.table({"left": [1], "right": [2]}, STANDING)
    assert are_joined(one(people, namesakes, standing=standing), 1, 2)
    different = pa.table({"left": [1], "right": [2], "verdict": ["different"]}, JUDGEMENTS)
    assert not are_joined(one(people, namesakes, standing=standing, judgements=different), 1, 2)


def star(*others):
    """Return what was shown as one: the first nominal and each of the others."""
    return pa.table({"left": [1] * len(others), "right": list(others)}, STANDING)


def asked(resolution):
    rows = resolution.doubtful.to_pylist()
    return [(row["left"], row["right"], row["reason"]) for row in rows if row["were_one"]]


ANOTHER = {"forename": "Barnaby", "surname": "Quite", "born": "1955-11-30"}


def test_what_evidence_joins_still_is_asked_of_nobody(namesakes):
    people = standardise(nominals(*[{**NAMESAKE, "email": "a@example.org"}] * 3))
    resolution = one(people, namesakes, standing=star(2, 3))
    assert are_joined(resolution, 1, 2, 3)
    assert resolution.doubtful.num_rows == 0


def test_each_part_that_nothing_joins_is_asked_about_once(namesakes):
    known = {**NAMESAKE, "email": "a@example.org"}
    people = standardise(nominals(NAMESAKE, known, known, NAMESAKE))
    resolution = one(people, namesakes, standing=star(2, 3, 4))
    assert are_joined(resolution, 1, 2, 3, 4)
    assert asked(resolution) == [(1, 2, "support"), (1, 4, "support")]


def test_a_part_that_a_person_cuts_off_stays_whole(namesakes):
    known = {**NAMESAKE, "email": "a@example.org"}
    people = standardise(nominals(NAMESAKE, known, known))
    different = pa.table({"left": [1], "right": [2], "verdict": ["different"]}, JUDGEMENTS)
    resolution = one(people, namesakes, standing=star(2, 3), judgements=different)
    assert are_joined(resolution, 2, 3)
    assert not are_joined(resolution, 1, 2)
    assert asked(resolution) == []


def test_the_rest_stay_together_when_the_first_tells_of_somebody_else(namesakes):
    people = standardise(nominals(ANOTHER, NAMESAKE, NAMESAKE))
    resolution = one(people, namesakes, standing=star(2, 3))
    assert are_joined(resolution, 2, 3)
    assert not are_joined(resolution, 1, 2)
    assert sorted(asked(resolution)) == [(1, 2, "parted"), (1, 3, "parted"), (2, 3, "support")]


def test_an_alias_that_a_person_joined_parts_nobody_else(namesakes):
    people = standardise(nominals(ANOTHER, NAMESAKE, NAMESAKE))
    same = pa.table({"left": [1], "right": [2], "verdict": ["same"]}, JUDGEMENTS)
    resolution = one(people, namesakes, standing=star(2, 3), judgements=same)
    assert are_joined(resolution, 1, 2, 3)
    assert asked(resolution) == [(2, 3, "support")]


def test_a_merge_that_its_source_took_back_stands_no_more(namesakes):
    people = standardise(nominals(NAMESAKE, NAMESAKE))
    back = pa.table({"left": [1], "right": [2], "verdict": ["taken-back"]}, JUDGEMENTS)
    resolution = one(people, namesakes, standing=star(2), judgements=back)
    assert not are_joined(resolution, 1, 2)
    assert asked(resolution) == []


@pytest.mark.parametrize("partition", ["sealed", "corporate"])
def test_partitions_never_meet(namesakes, partition):
    known = {**NAMESAKE, "email": "al@example.org"}
    people = standardise(nominals(known, {**known, "partition": partition}))
    resolution = one(people, namesakes)
    assert not are_joined(resolution, 1, 2)
    assert resolution.edges.num_rows == 0
    assert resolution.doubtful.schema.equals(DOUBTFUL)


def test_corporate_people_are_joined_by_identifier_alone(namesakes):
    staff = {"partition": "corporate", "forename": "Alan", "surname": "Testname", "born": "1990-05-17"}
    people = standardise(
        nominals(staff, {**staff, "email": "a@example.org"}, {"partition": "corporate", "email": "A@example.org"})
    )
    resolution = one(people, namesakes)
    assert are_joined(resolution, 2, 3)
    assert not are_joined(resolution, 1, 2)


def test_sealed_people_are_matched_inside_the_enclave(namesakes):
    known = {**NAMESAKE, "email": "al@example.org", "partition": "sealed"}
    assert are_joined(one(standardise(nominals(known, known)), namesakes), 1, 2)


def test_a_model_of_another_standard_is_refused(fake):
    people, model = fake
    with pytest.raises(ValueError, match="standardise them again"):
        resolve(people, replace(model, standard="0"))


def test_two_fields_are_enough_to_train_on():
    # Twenty surnames that all begin alike: no pair of them is at the level "different".
    rows = [
        {"surname": f"Test{chr(97 + n % 20)}{chr(97 + n % 7)}", "born": f"19{50 + n % 40}-02-{1 + n % 28:02d}"}
        for n in range(60)
    ]
    people = standardise(nominals(*rows, *rows[:10]))
    model = train(people)
    assert set(model.weights) == {"surname", "born"}
    assert 0 < model.prior < 0.2
    for weights in model.weights.values():
        assert weights.bits(0) > 1e-6 > weights.bits(len(weights.m) - 1)


@pytest.mark.parametrize("rows", [[{"surname": "Testname"}], [{"sex": None}, {"sex": None}]])
def test_too_little_to_train_on_says_so(rows):
    with pytest.raises(ValueError, match=r"at least two|nothing to compare"):
        train(standardise(nominals(*rows)))


def test_chunks_give_the_same_edges(fake, monkeypatch):
    people, model = fake
    whole = resolve(people, model)
    monkeypatch.setattr(engines, "PORTION", 4000)
    assert resolve(people, model).edges.equals(whole.edges)


def test_keys_that_a_model_stops_bring_no_pair(fake, connection):
    _, model = fake
    people = standardise(nominals(NAMESAKE, NAMESAKE))
    engine = OneMachine(connection)
    engine.give("persons", people)
    keys = keys_of(people.to_pylist()[0])

    def found(stopped):
        blocking.find_candidates(engine, "persons", replace(model, stop_keys=frozenset(stopped)))
        return connection.sql("select join_key_l, join_key_r from candidates").fetchall()

    assert found([]) == found(keys[1:]) == [(1, 2)]
    assert found(keys) == []


def test_evaluation_counts_implied_pairs():
    found = evaluate(FAKE, today=TODAY)
    model, automatic = found.model, found.automatic
    assert model.records == automatic.records == 1000
    assert model.pairs_true == 2031
    assert model.f1 > 0.9
    assert automatic.precision == 1.0
    assert automatic.recall < model.recall


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"identity": "nobody"}, "has no column 'nobody'"),
        ({"identity": "surname"}, "does not tell every record apart"),
        ({"mapping": {"surnam": ("surname",)}}, "not a person field"),
        ({"mapping": {"surname": ("surnme",)}}, "has no column 'surnme'"),
        ({"file": Path("nowhere.csv")}, "There is no file"),
    ],
)
def test_bad_input_is_named(changed, message):
    with pytest.raises(InputError, match=message):
        evaluate(replace(FAKE, **changed), today=TODAY)


def test_the_model_depends_on_the_nominals_and_not_on_their_keys_or_order(fake):
    people, model = fake
    keys = people["person_id"].to_pylist()
    other = pa.array([7 * (len(keys) - key) + 5 for key in keys], pa.int64())
    shuffled = people.set_column(people.column_names.index("person_id"), "person_id", other).sort_by("person_id")
    assert train(shuffled).to_json() == model.to_json()


def test_namesakes_of_a_community_are_not_learned_from_as_matches():
    """Where forenames and surnames go together, more strangers share both than chance would have it."""
    draw = np.random.default_rng(7)
    names = [[f"{letter}{first}" for first in ["abel", "anan", "oris", "ulla"]] for letter in "BCDFGHKLMN"]
    rows, truth = [], []
    for person in range(3000):
        community = names[draw.integers(len(names))]
        born = date(1940, 1, 1) + timedelta(days=int(draw.integers(25_000)))
        one = {
            "forename": community[draw.integers(4)],
            "surname": community[draw.integers(4)] + "son",
            "born": str(born),
        }
        for _ in range(1 + person % 3 // 2):
            rows.append(one)
            truth.append(person)
    people = standardise(nominals(*rows))
    model = train(people)
    born = model.weights["born"]
    assert born.m[0] > 0.8, "the date of birth of matches agrees"
    found = resolve(people, model, points=replace(in_force().points, automatic=0, hard_rules=False)).clusters
    groups = Counter(
        zip(found["anchor_id"].to_pylist(), (truth[at - 1] for at in found["person_id"].to_pylist()), strict=True)
    )
    both = sum(n * (n - 1) // 2 for n in groups.values())
    joined = sum(n * (n - 1) // 2 for n in Counter(found["anchor_id"].to_pylist()).values())
    assert both > 0.9 * 1000
    assert both > 0.8 * joined


def test_evaluation_reads_text_of_windows(tmp_path):
    path = tmp_path / "people.csv"
    people = "".join(f"{n};{n // 2};Siân O’Hara{n // 2};1980-01-{n // 2 + 1:02d}\n" for n in range(20))
    path.write_bytes(f"id;who;name;dob\n{people}".encode("cp1252"))
    model = evaluate(Task(path, "id", "who", {"full_name": ("name",), "born": ("dob",)}), today=TODAY).model
    assert (model.records, model.pairs_true) == (20, 10)


def written(tmp_path, write):
    path, first = tmp_path / "people.csv", date(1941, 1, 1)
    born = [f"{first + timedelta(days=211 * (n // 2)):{write}}" for n in range(200)]
    names = [
        f"{a}{b}a {b}{a}son"
        for a in "bdfghklmnp"
        for b in ("ar", "el", "in", "or", "un", "ash", "eck", "ill", "ost", "uff")
    ]
    rows = (f"{n},{n // 2},{names[n // 2]},{born[n]}\n" for n in range(200))
    path.write_text("id,who,name,dob\n" + "".join(rows))
    return evaluate(Task(path, "id", "who", {"full_name": ("name",), "born": ("dob",)}), today=TODAY)


def test_evaluation_reads_years_of_two_digits_and_counts_what_it_cannot_read(tmp_path):
    in_full, short = written(tmp_path, "%d/%m/%Y"), written(tmp_path, "%d/%m/%y")
    assert short.model.f1 == in_full.model.f1 > 0
    assert (in_full.births_unread, short.births_unread) == (0, 0)
    assert written(tmp_path, "born in %Y").births_unread == 200


def test_no_pairs_to_find_and_none_found_is_a_full_score(tmp_path):
    path = tmp_path / "people.csv"
    path.write_text("id,who,name,dob\n" + "".join(f"{n},{n},Ann{n} Bee{n},19{n:02d}-01-02\n" for n in range(10, 60)))
    model = evaluate(Task(path, "id", "who", {"full_name": ("name",), "born": ("dob",)}), today=TODAY).model
    assert (model.pairs_true, model.pairs_found, model.f1) == (0, 0, 1.0)
