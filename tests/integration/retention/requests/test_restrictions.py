"""What is restricted instead of erased opens as evidence and for vital interests alone, until whoever asked is told."""

from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils import timezone

from factories import supplies
from factories.asking import decided, drafted, kept_until_next_year, sent
from factories.cast import sign_in
from factories.deeds import WORKER, by, prime_of
from factories.lives import ORGANISATION
from muniment.cli import explain
from muniment.core import purposes
from muniment.core.guards import UseRestricted
from muniment.core.models import AuditEvent
from muniment.core.verdicts import Refused
from muniment.people.models import PrimePerson
from muniment.people.shown import finding
from muniment.records.models import Record
from muniment.retention.actions import replying, request_times, restricting
from muniment.retention.actions import requests as requesting
from muniment.retention.models import PersonDecision, PersonRequest, RecordDecision, Restriction
from muniment.retention.requests import attached, restrictions
from muniment.retention.requests.letters import About, Written
from muniment.supply.models import Given, Notice

pytestmark = pytest.mark.django_db(databases="__all__")

ENDS = Written(About.LIFTING, "The proceedings are over, and nothing is needed as evidence.")


def restricted(life):
    _, request = decided(life, "erasure_request", outcome="retain", **kept_until_next_year())
    assert not Restriction.objects.exists(), "until it is told, nothing is restricted"
    sent(life, drafted(life, request)[0])
    return PersonRequest.objects.get(pk=request.pk)


def ended(life, request):
    letter = request_times.write(request, ENDS, by=by(life, "hazel"))
    replying.look(letter, by=by(life, "ash"))
    return replying.send(letter, by=by(life, "hazel"), sent_on=timezone.localdate())


@pytest.mark.django_db(transaction=True, databases="__all__")
def test_what_is_restricted_opens_for_evidence_and_vital_interests_alone(own_life):
    life = own_life
    request = restricted(life)
    prime, record = prime_of("P1"), Record.objects.order_by("pk").first()
    pages = [reverse("person", args=[prime.reference]), reverse("record", args=[record.pk])]
    pages += [reverse("person_facts", args=[prime.reference]), reverse("person_history", args=[prime.reference])]
    review = reverse("review", args=[request.review.reference])
    other = sign_in(life.cast["rowan"], purpose="INVESTIGATION")
    for page in [*pages, review]:
        answer = other.get(page)
        assert answer.status_code == 403, page
        assert "it has to be kept as evidence (s.47)" in answer.text and "Protecting a person at risk" in answer.text
        assert record.reference not in answer.text
    refused = AuditEvent.objects.filter(action="access.restricted", actor="rowan")
    assert refused.count() == len(pages) + 1 and refused.first().purpose == "INVESTIGATION"
    assert not AuditEvent.objects.filter(action="record.view", actor="rowan", purpose="INVESTIGATION").exists()
    for explained in (
        lambda: explain.person(prime.reference, "rowan", "INVESTIGATION", as_json=True),
        lambda: explain.record(record.reference, "rowan", "INVESTIGATION", as_json=True),
    ):
        with pytest.raises(UseRestricted, match="does not open"):
            explained()
    assert refused.count() == len(pages) + 3
    explain.person(prime.reference, "rowan", "PROSECUTION", as_json=True)
    open_to = sign_in(life.cast["rowan"], purpose="PROSECUTION")
    for page in pages:
        assert open_to.get(page).status_code == 200, page
    assert AuditEvent.objects.filter(action="record.view", actor="rowan", purpose="PROSECUTION").exists()
    assert "restricted the use" in open_to.get(pages[0]).text
    found = other.get(reverse("find"), {"q": prime.reference}).text
    assert "Use restricted" in found and "kept as evidence" in found

    ended(life, request)
    assert other.get(pages[0]).status_code == 403, "it stands on the day on which its end is told"
    Restriction.objects.update(begun_on=_days_ago(3), ended_on=_days_ago(1))
    assert {other.get(page).status_code for page in [*pages, review]} == {200}
    assert "Use restricted" not in other.get(reverse("find"), {"q": prime.reference}).text


def _days_ago(number):
    return timezone.localdate() - timedelta(days=number)


def test_a_restriction_follows_the_person_and_stays_with_its_controller(life):
    request = restricted(life)
    prime = prime_of("P1")
    nominals = list(prime.belongings.values_list("nominal_id", flat=True))
    assert restrictions.guard(nominals, request.controller_id, "") is not None
    assert restrictions.guard(nominals, request.controller_id + 1, "") is None
    assert restrictions.guard([0], request.controller_id, "") is None
    other = PrimePerson.objects.create(anchor_key="another")
    prime.belongings.update(prime=other)
    assert restrictions.guard(nominals, None, "") is None, "it is not about whoever they never were"
    prime.belongings.update(prime=prime)


def test_it_is_looked_at_again_and_ends_once_whoever_asked_is_told(life):
    request = restricted(life)
    found = Restriction.objects.get()
    assert (found.ground, found.begun_on) == ("evidence", timezone.localdate())
    assert not restrictions.to_look_at().exists()
    Restriction.objects.update(begun_on=_days_ago(9), review_on=_days_ago(1))
    assert list(restrictions.to_look_at()) == [request]
    hazel = sign_in(life.cast["hazel"])
    address = reverse("request", args=[request.reference])
    assert "to look at again" in hazel.get(reverse("home")).text
    shown = hazel.get(address).text
    assert "It keeps nothing beyond the schedule" in shown
    assert "these purposes alone (not verified)" in shown and purposes.words("PROSECUTION") in shown
    hazel.post(reverse("keep_restriction", args=[request.reference]))
    assert not restrictions.to_look_at().exists()
    assert hazel.post(reverse("write_letter", args=[request.reference, "lifting"]), {"words": ""}).status_code == 422
    hazel.post(reverse("write_letter", args=[request.reference, "lifting"]), {"words": ENDS.words})
    letter = request.replies.get(sent_on=None)
    assert list(attached.to_look_at()) == [request]
    with pytest.raises(Refused, match="look at it first"):
        replying.send(letter, by=by(life, "hazel"), sent_on=timezone.localdate())
    assert Restriction.objects.get().ended_on is None
    replying.look(letter, by=by(life, "ash"))
    replying.send(letter, by=by(life, "hazel"), sent_on=timezone.localdate())
    assert Restriction.objects.get().ended_on == timezone.localdate()
    assert "That ends with" in hazel.get(address).text
    for again in (lambda: restricting.keep(request, by=by(life, "hazel")), lambda: ended(life, request)):
        with pytest.raises(Refused, match="No restriction stands"):
            again()


def test_a_restriction_changes_nothing_of_what_the_schedule_says(life):
    before = [list(model.objects.order_by("pk").values_list("due", "outcome", "rule")) for model in _DECIDED]
    restricted(life)
    assert before == [list(model.objects.order_by("pk").values_list("due", "outcome", "rule")) for model in _DECIDED]


_DECIDED = (PersonDecision, RecordDecision)


def test_its_file_stays_until_it_has_ended(life, time_machine, monkeypatch):
    request = restricted(life)
    monkeypatch.setenv("MUNIMENT_ADOPTIONS", str(ORGANISATION.parent / "adoptions"))
    time_machine.move_to(timezone.now() + timedelta(days=4 * 366), tick=False)
    assert requesting.forget(by=WORKER) == {"requests_forgotten": 0}
    ended(life, request)
    assert requesting.forget(by=WORKER) == {"requests_forgotten": 1}


def test_what_is_restricted_is_not_given_and_whoever_has_it_takes_it_out(life, tmp_path):
    supplies.agree()
    given = supplies.supply(life, tmp_path / "first", prime_of("P1"))
    assert Given.objects.filter(what="person", is_current=True).exists() and given
    assert supplies.send_corrections(life, tmp_path / "nothing") is None
    request = restricted(life)
    supplies.send_corrections(life, tmp_path / "corrected")
    acts = set(Notice.objects.values_list("what", "act"))
    assert ("person", "withdraw") in acts and ("event", "withdraw") in acts
    ended(life, request)
    Restriction.objects.update(begun_on=_days_ago(3), ended_on=_days_ago(1))
    again = supplies.supply(life, tmp_path / "again", prime_of("P1"))
    assert again.pk != given.pk and Given.objects.filter(what="person", is_current=True).exists()


def test_finding_nobody_restricted_marks_nobody(life):
    assert finding.search(finding.ask(prime_of("P1").reference))[0].mark == ""
