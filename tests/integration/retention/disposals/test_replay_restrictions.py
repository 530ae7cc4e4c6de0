"""A restored copy restricts what was restricted after it was made, and no more what certainly ended since."""

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

import pytest
from django.utils import timezone

from factories import supplies
from factories.asking import decided, drafted, kept_until_next_year, sent
from factories.cast import refresh
from factories.deeds import WORKER, by, prime_of
from factories.exports import row
from integration.retention.disposals.test_replay import ledger_of
from muniment.cli import checking
from muniment.core import guards
from muniment.core.models import AuditEvent
from muniment.core.verdicts import Refused
from muniment.people.actions.attach import attach
from muniment.people.models import Belonging
from muniment.records.actions.take_in import fingerprint
from muniment.records.models import Nominal
from muniment.retention.actions import replay, replying, request_times, restricting
from muniment.retention.models import PersonRequest, Restriction
from muniment.retention.requests import letters, restrictions
from muniment.retention.requests.letters import About, Written

ENDS = Written(About.LIFTING, "The proceedings are over, and nothing is needed as evidence.")
FAR = 10**6


def restrict(life, **told):
    _, request = decided(life, "erasure_request", outcome="retain", **kept_until_next_year())
    PersonRequest.objects.filter(pk=request.pk).update(**told)
    sent(life, drafted(life, request)[0])
    return PersonRequest.objects.get(pk=request.pk)


def end(life, request):
    letter = request_times.write(request, ENDS, by=by(life, "hazel"))
    replying.look(letter, by=by(life, "ash"))
    replying.send(letter, by=by(life, "hazel"), sent_on=timezone.localdate())


def follow(deeds, **other):
    """Follow what the ledger says of deeds that the copy knows nothing of, `other` than it says where that is given."""
    lines, before = ledger_of(deeds)
    return replay.follow([replace(line, body=line.body | other) for line in lines], before, by=WORKER), lines


def nominals(*references):
    return list(Nominal.objects.filter(reference__in=references).order_by("pk").values_list("pk", flat=True))


def check(lines):
    return checking._restrictions(lines)


def test_what_is_restricted_though_its_fee_was_never_paid_is_put_back_with_what_was_asked(life):
    asked = timezone.localdate()
    done, _ = follow(lambda: restrict(life, fee=Decimal("12.50"), fee_asked_on=asked, due_on=None))
    assert (done.restrictions, done.findings) == (1, [])
    back = PersonRequest.objects.get(restriction__isnull=False)
    assert (back.fee, back.fee_asked_on, back.due_on) == (Decimal("12.50"), asked, None)


def test_what_was_restricted_since_is_restricted_before_anybody_reads_and_can_be_ended(life):
    done, lines = follow(lambda: restrict(life))
    assert (done.restrictions, done.restrictions_waiting, done.findings, done.notes) == (1, 0, [], [])
    found = Restriction.objects.get()
    assert found.prime == prime_of("P1") and not found.names.exists()
    for each in ("P1", "D1"):
        with pytest.raises(guards.UseRestricted, match="kept as evidence"):
            guards.pass_by(nominals(each), "INVESTIGATION", each)
    guards.pass_by(nominals("P1", "D1"), "PROSECUTION", "P1")
    assert (found.request.closed_on, found.request.event.closed) == (timezone.localdate(),) * 2
    assert letters.can_be_written(found.request, About.LIFTING, timezone.localdate())
    assert check(lines).holds and "1 stand, of which 0 wait" in check(lines).found
    assert AuditEvent.objects.filter(action="restriction.replay", controller="northshire").exists()
    Restriction.objects.all().delete()
    assert not check(lines).holds, "a copy without it is not right"


def test_what_certainly_ended_since_ends_and_what_is_uncertain_stands(life):
    request = restrict(life)
    done, lines = follow(lambda: end(life, request))
    assert (done.restrictions, done.restrictions_ended, done.notes) == (0, 1, [])
    tomorrow = timezone.localdate() + timedelta(days=1)
    assert restrictions.standing().exists() and not restrictions.standing(tomorrow).exists()
    assert check(lines).holds


def test_what_may_be_another_does_not_end_it(life):
    request = restrict(life)
    Restriction.objects.update(begun_on=timezone.localdate() - timedelta(days=9))
    lines, before = ledger_of(lambda: end(life, request))
    Restriction.objects.update(begun_on=timezone.localdate() - timedelta(days=8))
    done = replay.follow(lines, before, by=WORKER)
    assert (done.restrictions_ended, len(done.notes)) == (0, 1) and "not certainly" in done.notes[0]
    assert restrictions.standing(timezone.localdate() + timedelta(days=1)).exists()
    assert check(lines).holds and "1 ended by the ledger and standing" in check(lines).found


def test_somebody_who_was_made_up_otherwise_since_is_restricted_as_well(life):
    names = [["northshire", "crime", fingerprint("P1")], ["northshire", "custody", fingerprint("D1")]]
    custody = Belonging.objects.get(nominal__reference="D1", until__isnull=True)
    alone = type(prime_of("P1")).objects.create(anchor_key="as in the copy")
    lines, before = ledger_of(lambda: restrict(life))
    assert lines[-1].body["people"] == names
    Belonging.objects.filter(pk=custody.pk).update(prime=alone, start=timezone.now() - timedelta(days=30))
    replay.follow(lines, before, by=WORKER)
    assert set(guards.closed(nominals("P1", "D1"), "INVESTIGATION")) == set(nominals("P1", "D1"))
    assert [each.digest for each in Restriction.objects.get().names.all()] == [fingerprint("D1")]


def test_whom_the_copy_does_not_know_is_restricted_as_soon_as_they_come_in(own_life):
    life = own_life
    people = [["northshire", "crime", fingerprint("P9")]]
    done, lines = follow(lambda: restrict(life), prime=FAR, people=people)
    assert (done.restrictions, done.restrictions_waiting, done.findings) == (1, 1, [])
    assert "knows nobody of whom it restricts" in done.notes[0] and "of which 1 wait" in check(lines).found
    assert guards.closed(nominals("P1", "D1"), "INVESTIGATION") == {}
    assert restricting.take_up(by=WORKER) == {"restrictions_taken_up": 0}
    who = {"FORENAME": "Tansy", "SURNAME": "Quite", "BORN": "1955-11-30", "PHONE": "07700900777"}
    life.custody.send([row("CU9", "P9", POSTCODE="NH1 1AB", ADDRESS="2 Invented Street", **who)])
    life.crime.send([row("C9", "P9", POSTCODE="NH1 1AB", ADDRESS="2 Invented Street", **who)])
    restricted = Nominal.objects.get(reference="P9", system__code="crime").pk
    assert set(guards.closed(nominals("P9"), "INVESTIGATION")) == {restricted}, "that of this source alone, at once"
    attach(nominals("P9"), by=WORKER)
    assert set(guards.closed(nominals("P9"), "INVESTIGATION")) == set(nominals("P9")), "and who is one with them"
    refresh()
    supplies.agree()
    prime = Belonging.objects.get(nominal=restricted, until__isnull=True).prime
    with pytest.raises(Refused, match="Nothing of these people"):
        supplies.supply(life, life.crime.folder / "given", prime)
    assert restricting.take_up(by=WORKER) == {"restrictions_taken_up": 1}
    found = Restriction.objects.get()
    assert (found.prime, found.request.prime, found.request.event.prime) == (prime,) * 3
    assert restrictions.about(prime) == [found] and not restrictions.waiting().exists()
    assert restricting.take_up(by=WORKER) == {"restrictions_taken_up": 0}
    end(life, found.request)
    Restriction.objects.update(begun_on=timezone.localdate() - timedelta(days=3), ended_on=timezone.localdate())
    assert guards.closed(nominals("P9"), "INVESTIGATION"), "it stands on the day on which its end is told"
    Restriction.objects.update(ended_on=timezone.localdate() - timedelta(days=1))
    assert guards.closed(nominals("P9"), "INVESTIGATION") == {}
