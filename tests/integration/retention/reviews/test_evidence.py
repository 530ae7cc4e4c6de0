"""Evidence beside the questions: found by offence, class and mark and not by words alone, and for the right people."""

import pytest

from factories.cast import sign_in
from factories.exports import row
from muniment.people.models import PrimePerson
from muniment.people.shown.chronology import chronology
from muniment.retention.reviews import assessment, evidence

pytestmark = pytest.mark.django_db(transaction=True, databases="__all__")

HOME = {"POSTCODE": "NH1 1AA", "PHONE": "07700900123", "ADDRESS": "1 Invented Street"}


@pytest.fixture
def told(own_life):
    """Return a function that takes in records of the person and returns what stands beside each question."""

    def tell(*rows, on="2026-07-01"):
        own_life.crime.send([row(f"E{at}", "P1", **HOME | each) for at, each in enumerate(rows)], on=on)
        own_life.run()
        return beside()

    def beside():
        prime = PrimePerson.objects.get(retired_at__isnull=True)
        return {
            each.key: each
            for each in evidence.beside_criteria(chronology(prime), prime, assessment.asked(prime.pk).values())
        }

    return tell


def named(beside):
    return [each.entry.record.reference for each in beside.entries]


SUSPECT = {"ROLE": "SUSPECT", "RESULT": "nfa", "OUTCOME": "NFA", "TITLE": "Report"}


@pytest.mark.parametrize(
    "cjs",
    [
        pytest.param("SX03001", id="rape of a child"),
        pytest.param("PK78001", id="indecent images"),
        pytest.param("OF61014", id="threats to kill"),
        pytest.param("PH97008", id="stalking"),
        pytest.param("PH97006", id="stalking without fear"),
        pytest.param("SC15004", id="controlling behaviour"),
        pytest.param("SC15005", id="strangulation"),
    ],
)
def test_grave_offences_are_found_by_their_code(told, cjs):
    assert "E0" in named(told(SUSPECT | {"CJS": cjs})["serious_harm"])


@pytest.mark.parametrize("cjs", ["SX03001", "PK78001", "SC15004", "SC15005"])
def test_harm_to_children_and_partners_bears_on_the_vulnerable(told, cjs):
    assert "E0" in named(told(SUSPECT | {"CJS": cjs})["vulnerable"])


def test_who_was_a_child_when_it_happened_is_evidence(told):
    assert "E0" in named(told(SUSPECT | {"REPORTED": "1995-03-01"})["vulnerable"])


def test_what_was_done_to_someone_is_not_evidence_of_their_own_capacity(told):
    beside = told(
        {"ROLE": "VICTIM", "RESULT": "", "CJS": "OF61014"}, {"ROLE": "WITNESS", "RESULT": "", "CJS": "OF61014"}
    )
    assert named(beside["serious_harm"]) == []


def test_a_word_inside_another_is_no_evidence(told):
    beside = told(SUSPECT | {"TITLE": "Theft from a pharmacy and a drapery", "CJS": "TH68010"})
    assert "E0" not in named(beside["serious_harm"])


def test_convictions_come_first_and_all_can_be_reached(told, own_life):
    newer = [SUSPECT | {"CJS": "OF61014", "REPORTED": f"201{year}-03-01"} for year in range(5)]
    older = {"CJS": "OF61014", "ROLE": "SUSPECT", "RESULT": "convicted", "REPORTED": "2001-03-01"}
    beside = told(*newer, older)["serious_harm"]
    assert named(beside)[:2] == ["E5", "E4"]
    assert (len(beside.shown), len(beside.rest)) == (4, 2)
    assert beside.entries[0].parts == ("suspect, convicted",)
    assert beside.entries[1].parts == ("suspect, no further action",)
    page = sign_in(own_life.cast["rowan"]).get(f"/reviews/{own_life.review.reference}/").text
    at = page.index("Show 2 more")
    rest = page[at : page.index("</details>", at)]
    assert rest.count("/records/") == 2
