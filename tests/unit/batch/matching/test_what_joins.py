"""What is evidence that two nominals are one person, and what is not though both have it."""

from dataclasses import replace

import pyarrow as pa
import pytest
import yaml
from small_set import NAMESAKE, ROOT, are_joined, nominals, one

from muniment.batch.matching.policy import in_force
from muniment.batch.matching.resolve import JUDGEMENTS
from muniment.batch.matching.standardise import standardise
from muniment.batch.matching.train import train
from muniment.engine.matching.model import Weights


@pytest.mark.parametrize("way", [{"email": "none@example.org"}, {"phone": "01632 960099"}])
@pytest.mark.parametrize(("people", "joined"), [(40, False), (1, True)])
def test_what_is_written_for_everybody_is_no_evidence_of_a_person(namesakes, way, people, joined):
    """The number of a hostel, and what is typed where an address must stand; one person may have it forty times."""
    others = [
        way | {"forename": f"F{n % people}X", "surname": f"S{n % people}Y", "born": f"19{50 + n % people}-03-17"}
        for n in range(40)
    ]
    crowded = train(standardise(nominals(*others))).crowded
    model = replace(namesakes, crowded=crowded, weights=namesakes.weights | {"phone": namesakes.weights["email"]})
    resolution = one(standardise(nominals(NAMESAKE | way, NAMESAKE | way)), model)
    assert are_joined(resolution, 1, 2) is joined
    assert resolution.doubtful["reason"].to_pylist() == ([] if joined else ["support"])


@pytest.mark.parametrize(("middle", "joined"), [("Kaur", False), ("Ann", False), ("Zebedee", True)])
def test_a_middle_name_that_many_bear_is_no_evidence_of_a_person(namesakes, middle, joined):
    """Kaur is in no list of forenames, and few are named Ann today."""
    days = [f"19{50 + n}-0{1 + n % 9}-17" for n in range(40)]
    many = [
        {"forename": f"F{n}X", "surname": "Gill", "middle_names": "Kaur Ann", "born": day} for n, day in enumerate(days)
    ]
    prolific = [{"forename": "Owen", "surname": "Gill", "middle_names": "Zebedee", "born": "1971-02-03"}] * 40
    common = train(standardise(nominals(*many, *prolific))).common_names
    person = NAMESAKE | {"middle_names": middle}
    resolution = one(standardise(nominals(person, person)), replace(namesakes, common_names=common))
    assert are_joined(resolution, 1, 2) is joined
    assert resolution.doubtful["reason"].to_pylist() == ([] if joined else ["support"])


@pytest.mark.parametrize(
    "born", ["99/99/9999", "2999-12-31", "1911-11-11", "11/11/1911 00:00", "1899-12-30", "31/02/1990"]
)
def test_a_day_that_can_be_nobodys_birthday_joins_no_father_and_son_in_one_home(namesakes, born):
    known = {**NAMESAKE, "phone": "01632 960011"}
    model = replace(namesakes, weights=namesakes.weights | {"phone": namesakes.weights["email"]})
    unknown = one(standardise(nominals(*[known | {"born": born}] * 2)), model)
    assert not are_joined(unknown, 1, 2)
    assert unknown.doubtful["reason"].to_pylist() == ["born"]
    assert are_joined(one(standardise(nominals(known, known)), model), 1, 2)


@pytest.mark.parametrize(
    ("other", "joined"),
    [
        ({"forename": "Jaydne"}, True),
        ({"forename": "Jaydon"}, False),
        ({"forename": "Kayden"}, False),
        ({"forename": "Jaydne", "sex": ""}, False),
    ],
)
def test_twins_named_alike_are_not_one_for_the_home_that_they_share(namesakes, other, joined):
    child = {"forename": "Jayden", "surname": "Testname", "born": "2010-05-17", "sex": "M", "phone": "01632 960011"}
    seen = {"phone": namesakes.weights["email"], "sex": Weights((0.99, 0.01), (0.5, 0.5))}
    model = replace(namesakes, weights=namesakes.weights | seen)
    resolution = one(standardise(nominals(child, child | other)), model)
    assert are_joined(resolution, 1, 2) is joined
    assert resolution.doubtful["reason"].to_pylist() == ([] if joined else ["family"])


@pytest.mark.parametrize("written", ["{} 1", "{} Two", "{} A"])
@pytest.mark.parametrize("word", ["Twin", "Triplet", "Baby"])
def test_the_newborn_of_one_birth_who_bear_no_names_yet_are_not_one(namesakes, word, written):
    other = {"1": "2", "Two": "One", "A": "B"}[written.removeprefix("{} ")]
    home = {"surname": "Testname", "born": "2025-05-17", "email": "mother@example.org"}
    people = [home | {"forename": written.format(word)}, home | {"forename": f"{word} {other}"}]
    assert not are_joined(one(standardise(nominals(*people)), namesakes), 1, 2)


def test_no_birth_that_intake_takes_for_unknown_is_evidence_of_a_person():
    (setting, *others) = yaml.safe_load((ROOT / "policy" / "intake.yaml").read_text())["values"]
    assert not others
    assert {day.isoformat() for day in setting["born_defaults"]} <= in_force().born_placeholders


@pytest.mark.parametrize(
    ("other", "joined"),
    [
        ({"forename": "Berta", "surname": "Example"}, False),
        ({"forename": "Alan", "surname": "Example", "born": "1971-02-03"}, False),
        ({"forename": "Al", "surname": "Testname", "born": "1990-05-18"}, True),
        ({"forename": "Alan", "surname": "Married", "born": "1990-05-17"}, True),
    ],
)
def test_two_of_a_team_with_one_mailbox_are_not_one(namesakes, other, joined):
    mailbox = {"partition": "corporate", "email": "desk@example.org"}
    resolution = one(standardise(nominals(NAMESAKE | mailbox, other | mailbox)), namesakes)
    assert are_joined(resolution, 1, 2) is joined
    assert resolution.doubtful["reason"].to_pylist() == ([] if joined else ["name"])


@pytest.mark.parametrize(
    ("more", "other", "joined"),
    [({}, {}, False), ({"email": "alan@example.org"}, {"email": "stranger@example.net"}, True)],
)
def test_who_may_be_either_of_two_who_were_judged_apart_is_asked_about_unless_one_is_far_likelier(
    namesakes, more, other, joined
):
    home = NAMESAKE | {"phone": "01632 960011"}
    model = replace(namesakes, weights=namesakes.weights | {"phone": namesakes.weights["email"]})
    said = pa.Table.from_pylist([{"left": 1, "right": 2, "verdict": "different"}], JUDGEMENTS)
    people = standardise(nominals(home | more, home | other, home | more))
    resolution = one(people, model, judgements=said)
    assert are_joined(resolution, 1, 3) is joined
    assert not are_joined(resolution, 2, 3)
    asked = {(row["left"], row["right"], row["reason"]) for row in resolution.doubtful.to_pylist()}
    assert (2, 3, "contested") in asked
    assert ((1, 3, "contested") in asked) is not joined
