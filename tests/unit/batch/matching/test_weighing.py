"""A pair comes to the same by itself as among a million: weight, what forbids it, twins."""

from itertools import combinations

import pyarrow as pa
import pytest
from small_set import nominals

from muniment.batch.matching import blocking, contested, edges, part
from muniment.batch.matching.engines import OneMachine
from muniment.batch.matching.policy import in_force, today
from muniment.batch.matching.standardise import standardise
from muniment.engine.matching.weighing import Scales, Weighed
from muniment.engine.matching.weighing import contested as together

HOME = {"postcode": "NH1 1AA", "address": "1 Invented Street", "phone": "07700900123"}


def scales_of(model):
    return Scales(model, in_force(), in_force().points, today())


def by_itself(people, model):
    scales = scales_of(model)
    rows = {row["person_id"]: row for row in people.to_pylist()}
    return lambda pair: scales.weigh(rows[pair[0]], rows[pair[1]])


def among_all(people, model, connection):
    engine = OneMachine(connection)
    engine.give("persons", people)
    blocking.find_candidates(engine, "persons", model)
    edges.judge(engine, scales_of(model))
    edges.keep(engine, model, in_force().points)
    contested.ask(engine, [], in_force().points.automatic)
    pairs = connection.sql("select join_key_l, join_key_r from candidates").fetchall()
    pairs += connection.sql(
        "select l.person_id, r.person_id from persons l join persons r on l.person_id < r.person_id "
        "where l.partition = 'corporate' and r.partition = 'corporate'"
    ).fetchall()
    found = connection.sql('select "left", "right", weight, automatic, blocked_by from edges').fetchall()
    twins = set(connection.sql('select "left", "right" from twins').fetchall())
    return pairs, {(each[0], each[1]): each[2:] for each in found}, twins


def as_a_part(people, model, pairs):
    columns = {"left": [min(pair) for pair in pairs], "right": [max(pair) for pair in pairs]}
    found = part.weigh(people, pa.table(columns, part.PAIRS), scales_of(model)).to_pylist()
    return [Weighed(**each) for each in found]


def assert_the_same(people, model, connection):
    pairs, kept, twins = among_all(people, model, connection)
    weigh = by_itself(people, model)
    weighed = [each for pair in pairs if (each := weigh(pair))]
    assert_are_as_weighed(as_a_part(people, model, pairs), weighed)
    rows = {row["person_id"]: row for row in people.to_pylist()}
    found = {(each.left, each.right): each for each in together(weighed, rows, [], in_force().points.automatic)}
    speak = {
        pair: (each.weight, each.automatic, each.blocked_by) for pair, each in found.items() if each and each.speaks
    }
    assert speak.keys() == kept.keys()
    for pair, (weight, *verdict) in kept.items():
        assert speak[pair][0] == pytest.approx(weight, abs=2e-6)
        assert list(speak[pair][1:]) == verdict
    assert {pair for pair, each in found.items() if each and each.twins} == twins
    return kept


def assert_are_as_weighed(part_of, weighed):
    one, two = ({(each.left, each.right): each for each in found} for found in (part_of, weighed))
    assert one.keys() == two.keys()
    for pair, each in one.items():
        assert each.weight == pytest.approx(two[pair].weight, abs=2e-6)
        assert each._replace(weight=0.0) == two[pair]._replace(weight=0.0)


def test_in_a_file_of_a_thousand(fake, connection):
    people, model = fake
    assert len(assert_the_same(people, model, connection)) > 500


def test_among_families_namesakes_and_staff(fake, connection):
    _, model = fake
    name = {"forename": "Alan", "surname": "Testname", "born": "1990-05-17"}
    staff = {"partition": "corporate", "email": "team@example.test"}
    people = standardise(
        nominals(
            {**name, **HOME},
            {**name, **HOME, "forename": "Beatrice"},
            {**name, **HOME, "forename": "Testname", "surname": "Alan"},
            {**name, **HOME, "born": "1990-01-01"},
            {**name, **HOME, "middle_names": "Zephyrine"},
            {**name, "middle_names": "Zephyrine", "postcode": "WV1 1AA"},
            {**name, **HOME, "pncid": "2001/171310S"},
            {**name, "pncid": "2001/171310S"},
            {**name, "born": "2090-05-17", **HOME},
            {**name, **HOME, "pncid": "1997/9000008T"},
            {**name, **HOME, "forename": "Alana"},
            {**name, **HOME, "forename": "Al"},
            {**name, **HOME, "forename": "Julia"},
            {**name, **HOME, "forename": "Julie", "address": "2 Invented Street"},
            {**name, **staff},
            {**name, **staff, "forename": "Alun"},
            {**staff, "forename": "Wilma", "surname": "Elsewhere", "born": "1971-02-03"},
            {**staff, "ni_number": "AB123456C", "email": None},
            {**name, **staff, "ni_number": "AB123456C"},
            {**staff, "forename": "Wilma", "surname": "Other", "born": "1971-02-03", "ni_number": "AB123456C"},
        )
    )
    assert len(assert_the_same(people, model, connection)) > 10


def test_in_both_directions(fake, connection):
    people, model = fake
    weigh = by_itself(people, model)
    numbers = people["person_id"].to_pylist()[:40]
    for one, two in combinations(numbers, 2):
        assert weigh((one, two)) == weigh((two, one))
