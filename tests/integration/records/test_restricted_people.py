"""A person is as restricted as what tells of them: known from restricted records alone, they are found by no other."""

from itertools import permutations

import pytest
from django.urls import reverse

from factories.cast import refresh, sign_in
from factories.exports import LINK, LINKS, Source, apart, row
from muniment.core.actors import Actor
from muniment.people.actions.resolve import resolve
from muniment.records.models import Nominal, Record

pytestmark = pytest.mark.django_db(transaction=True, databases="__all__")

MAPPED = ("      outcome: OUTCOME\n", "      outcome: OUTCOME\n      restriction: INTO\n")
HIDDEN = {"INTO": "PROTECTED", "ADDRESS": "7 Hidden Lane", "SURNAME": "Zeugma"}
PLAIN = {"ADDRESS": "1 Known Street", "SURNAME": "Zeugma"}
WHO = {"surname": "SURNAME", "address": "ADDRESS"}
APART = (
    apart("parties", key="[REF, PERSON]", **LINK, **WHO),
    apart("persons", **WHO),
    LINKS,
)


@pytest.fixture
def source(controllers, tmp_path):
    return Source(tmp_path, kind="delta", duplicates="same_record").amend(MAPPED).beside(*APART)


def told(reference="P9"):
    held = Nominal.objects.get(reference=reference)
    return held.scope.restriction, held.address


SECRET, OPEN = ("PROTECTED", "7 Hidden Lane"), ("", "1 Known Street")


def test_someone_known_from_a_restricted_record_alone_is_not_found(source, cast, activated):
    source.send([row("R1", "P9", FORENAME="Ottoline", **HIDDEN), row("C1", "P1")])
    resolve(by=Actor("tests"))
    refresh()
    assert told() == SECRET
    page = sign_in(cast["rowan"]).get(reverse("find"), {"q": "Ottoline Zeugma"}).text
    assert "P0" not in page and "Hidden" not in page
    assert "P0" in sign_in(cast["rowan"]).get(reverse("find"), {"q": "Marlow Fictional"}).text


@pytest.fixture
def activated(db):
    from factories.linkage import activate_model

    activate_model()


@pytest.mark.parametrize("order", list(permutations(range(2))))
def test_rows_of_one_file_open_whom_any_of_them_tells_of_openly(source, order):
    rows = [row("R1", "P9", **HIDDEN), row("C1", "P9", **PLAIN)]
    source.send([rows[which] for which in order])
    assert told() == OPEN


@pytest.mark.parametrize("order", list(permutations(range(3))))
def test_files_in_any_order_open_whom_any_of_them_tells_of_openly(source, order):
    files = [[row("R1", "P9", **HIDDEN)], [row("C1", "P9", **PLAIN)], [row("R2", "P9", **HIDDEN)]]
    for which in order:
        source.send(files[which], on=f"2026-06-0{which + 1}")
    assert told() == OPEN


def test_what_restricts_a_record_restricts_whoever_is_known_from_it_alone(source):
    source.send([row("R1", "P9", **PLAIN), row("R2", "P8", **PLAIN), row("C1", "P8", **PLAIN)])
    source.send([row("R1", "P9", **HIDDEN), row("R2", "P8", **HIDDEN)], on="2026-06-02")
    assert told("P9") == SECRET
    assert told("P8") == OPEN, "an unrestricted record names them still, and does not give away the other address"
    source.send([row("R1", "P9", **PLAIN)], on="2026-06-03")
    assert told("P9") == OPEN, "the restriction was lifted at source"


def test_who_is_named_openly_no_more_is_restricted(source):
    source.send([row("R1", "P9", **HIDDEN), row("C1", "P9", **PLAIN)])
    assert source.send([row("C1", "P2", **PLAIN)], on="2026-06-02").accepted == 1
    assert told() == OPEN, "another row of the record"


def test_who_was_named_by_mistake_is_restricted_when_it_is_mended(controllers, tmp_path):
    source = Source(tmp_path, kind="delta").amend(MAPPED)
    source.send([row("R1", "P9", **HIDDEN), row("C1", "P9", **PLAIN)])
    source.send([row("C1", "P2", **PLAIN)], on="2026-06-02")
    assert told()[0] == "PROTECTED"
    source.send([row("R1", "P9", **HIDDEN, TITLE="Changed")], on="2026-06-03")
    assert told() == SECRET


def test_a_row_of_people_is_as_restricted_as_the_record_that_it_links_them_to(source):
    source.send([row("R1", INTO="PROTECTED"), row("C1")])
    party = {"ROLE": "WITNESS"}
    source.send([row("R1", "P9", **HIDDEN, **party)], on="2026-06-02", name="parties")
    assert told() == SECRET
    source.send([row("R1", INTO="")], on="2026-06-03")
    assert told() == ("", "7 Hidden Lane")
    source.send([row("R1", INTO="COVERT")], on="2026-06-04")
    assert told() == ("COVERT", "7 Hidden Lane")
    source.send([row("R1", INTO="PROTECTED")], on="2026-06-04")
    assert told() == SECRET
    source.send([row("C1", "P9", **PLAIN, **party)], on="2026-06-05", name="parties")
    assert told() == OPEN
    source.send([row("R1", "P9", **HIDDEN, **party, PHONE="07")], on="2026-06-06", name="parties")
    assert told() == OPEN


def test_a_list_of_people_opens_whom_it_tells_of(source):
    source.send([row("R1", "P9", **HIDDEN)])
    source.send([row("", "P9", **PLAIN)], on="2026-05-01", name="persons")
    assert told() == OPEN
    source.send([row("R1", "P9", **HIDDEN, TITLE="Changed")], on="2026-06-02")
    assert told() == OPEN


def test_a_link_alone_opens_nobody(source):
    source.send([row("R1", "P9", **HIDDEN), row("C1")])
    source.send([row("C1", "P9", ROLE="WITNESS")], on="2026-06-02", name="links")
    assert told() == SECRET


def test_someone_stays_restricted_when_the_record_is_withdrawn(source):
    source.send([row("R1", "P9", **HIDDEN)])
    source.send([row("R1", ACTION="D", ENTITY="record", REPORTED="")], on="2026-06-02")
    assert Record.objects.get().withdrawn_on is not None
    assert told() == SECRET


def test_someone_withdrawn_is_there_again_by_a_restricted_row_that_adds_nothing_else(source):
    source.send([row("C1", "P9", **PLAIN)])
    source.send([row("P9", ACTION="D", ENTITY="nominal", REPORTED="")], on="2026-06-02")
    assert Nominal.objects.get().withdrawn_on is not None
    source.send([row("R1", "P9", **HIDDEN)], on="2026-06-03")
    assert Nominal.objects.get().withdrawn_on is None
    assert told() == OPEN


def test_the_sealed_stay_sealed_and_follow_what_tells_of_them(source):
    source.send([row("R1", "P9", **PLAIN)])
    source.send([row("P9", ACTION="S", ENTITY="nominal")], on="2026-06-02")
    source.send([row("R1", "P9", **HIDDEN)], on="2026-06-03")
    assert Nominal.objects.get().scope.partition == "sealed"
    assert told() == SECRET
    source.send([row("C1", "P9", **PLAIN)], on="2026-06-04")
    assert Nominal.objects.get().scope.partition == "sealed"
    assert told()[1] == "1 Known Street"
