"""What changes after it was given is put right at the recipient: amended, withdrawn, merged, split, and confirmed."""

import pytest
from django.urls import reverse

from factories.cast import refresh, sign_in
from factories.deeds import WORKER, by, carried_out, prime_of, say
from factories.exports import row
from factories.lives import begin
from factories.supplies import agree, answer, everything, notices, rows, send_corrections, supply
from muniment.core.models import AuditEvent
from muniment.core.verdicts import Refused
from muniment.retention.actions import destruction
from muniment.retention.disposals.certificates import as_pdf
from muniment.retention.models import Review
from muniment.supply.actions import correct
from muniment.supply.models import Given, Notice

pytestmark = [
    pytest.mark.django_db(transaction=True, databases="__all__"),
    pytest.mark.xdist_group("supply"),
]
HOME = {"POSTCODE": "NH1 1AA", "PHONE": "07700900123", "ADDRESS": "1 Invented Street"}
TANSY = {"FORENAME": "Tansy", "SURNAME": "Other", "BORN": "1979-01-02", "ROLE": "VICTIM", "RESULT": ""}
HERS = {"POSTCODE": "NH2 2AA", "PHONE": "07700900124", "ADDRESS": "2 Invented Street"}
UNA = {"FORENAME": "Una", "SURNAME": "Alone", "BORN": "1966-09-09", "ROLE": "VICTIM", "RESULT": ""}
LATER = {"POSTCODE": "NH3 3AA", "PHONE": "07700900125", "ADDRESS": "3 Invented Street"}


def rows_of_all():
    return [row("C5", "T1", **TANSY, **HERS), row("C6", "T2", **TANSY, **LATER), row("C7", "U1", **UNA)]


@pytest.fixture
def life(db, tmp_path, settings):
    """Marlow, Una, and Tansy as two, whom no run joins: of other addresses."""
    settings.COOLING_OFF_MINUTES = 0
    life = begin(tmp_path)
    life.crime.send(rows_of_all(), on="2026-06-03")
    life.run()
    agree()
    supply(life, tmp_path / "given")
    return life


def given_now(what="person"):
    return set(Given.objects.filter(what=what, is_current=True).values_list("reference", flat=True))


def test_a_changed_nominal_is_amended_once_and_stays_listed_until_it_is_confirmed(life, tmp_path):
    una = prime_of("U1").reference
    life.crime.send(rows_of_all(), on="2026-07-02")
    life.run()
    assert send_corrections(life, tmp_path / "none") is None, "it was seen again, and has not changed"
    assert not (tmp_path / "none").exists() and not Notice.objects.exists()
    life.crime.send([row("C7", "U1", **{**UNA, "SURNAME": "Corrected"})], on="2026-07-03")
    life.run()
    assert correct.look_everywhere(by=WORKER)["corrections_due"] == 1
    assert correct.look_everywhere(by=WORKER)["corrections_due"] == 0, "once a day is enough"
    delivery = send_corrections(life, tmp_path / "out")
    assert notices(tmp_path / "out") == {una: ("amend", ())}
    (person,) = rows(tmp_path / "out", "person")
    assert (person["id"], person["parts"][0]["surname"]) == (una, "Corrected")
    assert "Marlow" not in everything(tmp_path / "out"), "who has not changed is not sent again"
    assert send_corrections(life, tmp_path / "again") is None
    (notice,) = delivery.notices.all()
    with pytest.raises(Refused, match="Say why the recipient cannot do it"):
        answer(life, notice, "cannot")
    answer(life, notice, "cannot", "Their system is down until Monday.")
    assert Notice.objects.exclude(answer="done").exists()
    answer(life, notice)
    with pytest.raises(Refused, match="It is confirmed already"):
        answer(life, notice)
    assert not Notice.objects.exclude(answer="done").exists()
    event = AuditEvent.objects.get(action="export.correct")
    assert event.recipient == "Invented Index (index)" and event.detail["counts"] == {"notice": 1, "person": 1}


def test_a_judgement_that_joins_two_and_its_withdrawal_follow(life, tmp_path):
    sorrel = by(life, "sorrel")
    one, two = prime_of("T1").reference, prime_of("T2").reference
    say("T1", "T2", "same", by=sorrel)
    life.run()
    merged = prime_of("T1").reference
    assert merged == prime_of("T2").reference
    gone = two if merged == one else one
    send_corrections(life, tmp_path / "merged")
    told = notices(tmp_path / "merged")
    assert told[gone] == ("merged", (merged,)) and told[merged] == ("amend", ())
    (person,) = rows(tmp_path / "merged", "person")
    assert (person["id"], person["linkage"]["confidence"], len(person["parts"])) == (merged, "judged", 2)
    assert {each["from_id"] for each in rows(tmp_path / "merged", "link")} == {merged}, "the links come with them"
    assert given_now() == {prime_of("P1").reference, prime_of("U1").reference, merged}
    say("T1", "T2", "different", by=sorrel)
    life.run()
    send_corrections(life, tmp_path / "split")
    assert prime_of("T1") != prime_of("T2")
    told = notices(tmp_path / "split")
    assert told[merged] == ("split", (merged, gone)) and told[gone] == ("amend", ())
    parts = {each["id"]: [part["reference"] for part in each["parts"]] for each in rows(tmp_path / "split", "person")}
    assert parts == {prime_of("T1").reference: ["T1"], prime_of("T2").reference: ["T2"]}
    assert send_corrections(life, tmp_path / "none") is None
    ends = {each["from_id"] for each in rows(tmp_path / "split", "link") if each["to_type"] == "event"}
    assert ends == {gone}, "the links of who stayed are as they were"


def test_a_destruction_is_not_proven_before_the_copy_is_withdrawn(life, tmp_path):
    marlow = prime_of("P1")
    review = Review.objects.get(prime=marlow, controller__code="northshire", state="open")
    order = carried_out(life, review, ["C1", "CU1"])
    assert order.certificate.is_provisional and as_pdf(order.certificate).startswith(b"%PDF")
    assert {each["holder"] for each in order.certificate.body["copies"]} == {"Invented Index"}
    page = sign_in(life.cast["ash"]).get(reverse("disposal", args=[order.reference])).text
    assert "Invented Index" in page and "northshire/crime/C1" in page
    delivery = send_corrections(life, tmp_path / "out")
    told = notices(tmp_path / "out")
    assert told[marlow.reference] == ("withdraw", ())
    assert told["northshire/crime/C1"] == told["northshire/custody/CU1"] == ("withdraw", ())
    said = everything(tmp_path / "out")
    assert "Marlow" not in said and "Fictional" not in said.replace("Police (fictional)", "")
    destruction.work(by=WORKER)
    order.certificate.refresh_from_db()
    assert order.certificate.is_provisional, "sent is not done"
    for notice in delivery.notices.all():
        answer(life, notice)
    destruction.work(by=WORKER)
    order.certificate.refresh_from_db()
    assert not order.certificate.is_provisional
    left = Given.objects.filter(is_current=False, what__in=["person", "nominal", "event", "link"])
    assert left.exists() and set(left.values_list("reference", "digest")) == {("", "")}
    assert prime_of("T1").reference in given_now()


def test_of_the_sealed_the_recipient_and_the_sender_learn_only_that_it_goes(life, tmp_path):
    una = prime_of("U1").reference
    events = [row("U1", ACTION="S", ENTITY="nominal"), row("C7", ACTION="S", ENTITY="record")]
    life.crime.send(events, on="2026-07-03")
    life.run()
    refresh()
    delivery = send_corrections(life, tmp_path / "out")
    assert notices(tmp_path / "out") == {una: ("withdraw", ()), "northshire/crime/C7": ("withdraw", ())}
    said = everything(tmp_path / "out").lower()
    assert [word for word in ("una", "alone", "seal", "protected", "restrict") if word in said] == []
    page = sign_in(life.cast["sedge"]).get(reverse("supply", args=[delivery.reference])).text.lower()
    assert una.lower() in page and "seal" not in page and "alone" not in page
