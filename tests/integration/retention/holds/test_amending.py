"""Changing what a hold covers: wider at once, narrower by two, and every version counts for its own time."""

from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils import timezone

from factories.cast import sign_in
from factories.deeds import WORKER, answered, by, carried_out, place, prime_of, propose
from muniment.core.models import AuditEvent, Controller
from muniment.core.verdicts import Refused
from muniment.retention.actions import amending, destruction, held_narratives, held_records
from muniment.retention.actions import hold as holding
from muniment.retention.disposals import gate
from muniment.retention.holds import held_words, hold_reports, previews
from muniment.retention.models import Hold, LetGoRecord

pytestmark = pytest.mark.django_db(databases="__all__")


def amend(life, hold, name="hazel", codes=("northshire",), **scope):
    bound = tuple(Controller.objects.filter(code__in=codes))
    letter = "Second letter of the inquiry, 3 June 2026"
    proposal = amending.Amendment(scope, bound, letter, "Chief Constable", "The inquiry has written again.")
    return amending.amend(hold, proposal, by=by(life, name))


def agree(life, hold, name="ash"):
    amending.agree(Hold.objects.get(pk=hold.pk), by=by(life, name))


def covered(hold):
    return sorted(hold.held.values_list("record__reference", flat=True))


def names(those):
    return sorted(each.item.reference for each in those)


def look(hold):
    return hold_reports.report(Hold.objects.get(pk=hold.pk), timezone.localdate() - timedelta(days=30))


def test_one_person_widens_a_hold_and_what_it_newly_covers_is_held_at_once(life):
    hold = place(life, areas=["CUSTODY"])
    Hold.objects.update(expanded_at=timezone.now())
    order = propose_of_crime(life)
    done = amend(life, hold, areas=["CUSTODY", "CRIME"])
    order.refresh_from_db()
    assert (covered(hold), done.records, done.orders_stopped, order.state) == (["C1", "CU1"], 1, 1, "stopped")
    hold.refresh_from_db()
    assert hold.expanded_at is None, "the worker looks through what its reader may not see before anything else is done"
    first, second = hold.versions.all()
    assert (first.until, second.until) == (second.since, None)
    assert (second.asked_by, second.paper[:13], second.reason[:11]) == ("hazel", "Second letter", "The inquiry")
    assert AuditEvent.objects.get(action="hold.widen").detail["records"] == 1


def propose_of_crime(life):
    from factories.deeds import decide
    from muniment.records.models import Record
    from muniment.retention.actions import disposal

    done = decide(life)
    records = tuple(Record.objects.filter(reference="C1").values_list("pk", flat=True))
    return disposal.propose(disposal.Proposal(done.prime, done.controller, records, done), by=by(life, "rowan"))


def test_two_narrow_it_and_what_it_covers_no_more_comes_back_to_a_person(life):
    order = propose(life)
    hold = place(life)
    amend(life, hold, areas=["CUSTODY"])
    held_records.expand_all(by=WORKER)
    assert covered(hold) == ["C1", "CU1"], "both are covered until someone else has agreed"
    with pytest.raises(Refused, match="someone else"):
        agree(life, hold, "hazel")
    with pytest.raises(Refused, match="waits for a second person"):
        amend(life, hold, areas=["CRIME"])
    agree(life, hold)
    destruction.work(by=WORKER)
    assert covered(hold) == ["CU1"]
    assert [each.record.reference for each in LetGoRecord.objects.all()] == ["C1"]
    order.refresh_from_db()
    assert order.state == "stopped", "it holds what is covered still"
    amend(life, hold, areas=["CUSTODY"], systems=["nowhere"], match="all")
    agree(life, hold)
    destruction.work(by=WORKER)
    order.refresh_from_db()
    assert (covered(hold), order.state) == ([], "undone")
    assert "covers these records no more" in order.note


def test_what_is_neither_wider_nor_narrower_covers_both_until_it_is_sent_back(life):
    hold = place(life, areas=["CUSTODY"])
    done = amend(life, hold, areas=["CRIME"])
    assert (done.version.is_wider, covered(hold)) == (False, ["C1", "CU1"])
    assert not previews.covered_on(hold, timezone.localdate() - timedelta(days=1)).versions
    assert previews.covered_on(hold, timezone.localdate()).records == 2
    amending.send_back(hold, by=by(life, "hazel"), reason="It was a slip: the letter says custody.")
    held_records.expand_all(by=WORKER)
    hold.refresh_from_db()
    assert (covered(hold), hold.scope) == (["CU1"], {"areas": ["CUSTODY"]})


def test_who_may_not_release_a_hold_does_not_narrow_it(life):
    hold = place(life, areas=["CUSTODY"])
    with pytest.raises(Refused):
        amend(life, hold, "wren", areas=["CUSTODY", "CRIME"])
    with pytest.raises(Refused):
        amend(life, hold, codes=("northshire", "westvale"), areas=["CUSTODY"])
    amend(life, hold, areas=["CRIME"])
    with pytest.raises(Refused):
        agree(life, hold, "wren")
    holding.ask_release(hold, by=by(life, "hazel"), reason="Inquest closed, letter of 2 June")
    holding.release(hold, by=by(life, "ash"))
    with pytest.raises(Refused, match="released"):
        agree(life, hold)


def test_what_went_counts_against_the_scope_as_it_stood_then(life):
    hold = place(life, areas=["CUSTODY"], keywords=["a word that is nowhere"])
    carried_out(life, life.review, ["C1"])
    assert look(hold).is_clear
    done = amend(life, hold, areas=["CUSTODY", "CRIME"], keywords=["a word that is nowhere"])
    assert [each.item.reference for each in done.too_late] == ["C1"]
    report = look(hold)
    assert (names(report.went), report.while_it_stood, report.unknown) == (["C1"], (), ())
    assert all(check.agrees for check in report.checks)
    again = amend(life, hold, areas=["CUSTODY", "CRIME"], keywords=["a word that is nowhere"], systems=["crime"])
    assert again.too_late == (), "what it came too late for is told once"


def test_of_a_word_that_came_by_a_later_version_nobody_can_say(life):
    hold = place(life, keywords=["a word that is nowhere"])
    carried_out(life, life.review, ["C1", "CU1"])
    amend(life, hold, keywords=["a word that is nowhere"], people=[10**9])
    assert look(hold).is_clear, "for its words they were looked through before they went"
    amend(life, hold, keywords=["a word that is nowhere", "another"], people=[10**9])
    report = look(hold)
    assert names(report.unknown) == ["C1", "CU1"]


def test_what_went_after_a_narrowing_is_no_breach(life):
    hold = place(life)
    amend(life, hold, systems=["nowhere"])
    agree(life, hold)
    destruction.work(by=WORKER)
    carried_out(life, life.review, ["C1", "CU1"])
    report = look(hold)
    assert (names(report.let_go), report.went, report.is_clear) == (["C1", "CU1"], (), True)
    assert "2 records went that had been in scope, after it had been narrowed." in report.verdict


def test_other_words_are_looked_for_though_the_worker_was_reading_for_the_old_ones(life, monkeypatch):
    hold, take, changed = place(life, keywords=["narrative of c1"]), held_words.take, []

    def then(*given):
        take(*given)
        if not changed:
            changed.append(amend(life, hold, keywords=["narrative of c1", "narrative of cu1"]))

    monkeypatch.setattr(held_words, "take", then)
    held_narratives.read(by=WORKER)
    held_narratives.read(by=WORKER)
    assert covered(hold) == ["C1", "CU1"]
    amend(life, hold, keywords=["narrative of cu1"])
    agree(life, hold)
    held_records.expand_all(by=WORKER)
    assert "CU1" in covered(hold), "not for a moment is let go what has a word that stays"
    held_narratives.read(by=WORKER)
    assert covered(hold) == ["CU1"]
    assert [each.record.reference for each in LetGoRecord.objects.all()] == ["C1"]


def test_people_who_were_named_before_are_meant_as_they_were_made_up_then(life):
    prime = prime_of("P1")
    hold = place(life, people=[prime.pk])
    done = amend(life, hold, people=[prime.pk, 10**9])
    assert done.version.is_wider
    hold.refresh_from_db()
    from muniment.retention.deciding import doubt

    assert doubt.of_hold(hold) is None
    assert covered(hold) == ["C1", "CU1"]


def test_the_pages_say_what_would_change_and_what_has(life):
    hold = place(life, areas=["CUSTODY"], people=[prime_of("P1").pk])
    reference = hold.versions.get().hold.reference
    client = sign_in(life.cast["hazel"])
    address = reverse("amend_hold", args=[reference])
    page = client.get(address).text
    assert "CUSTODY" in page and 'value="P0' in page
    given = {
        "paper": "Second letter of the inquiry, 3 June 2026",
        "decided_by": "Chief Constable",
        "why": "The inquiry has written again.",
        "controllers": [Controller.objects.get(code="northshire").pk],
        "areas": "custody",
    }
    page = client.post(address, given | {"do": "preview"}).text
    assert "Someone else would have to agree" in page and "no more" in page
    assert hold.versions.count() == 1
    assert "Nothing of the scope" not in page
    page = client.post(address, given | {"do": "amend"}, follow=True).text
    assert "A change of what it covers waits for a second person" in page and "You asked for it" in page
    other = sign_in(life.cast["ash"])
    assert "hold with a change to agree to" in other.get(reverse("home")).text
    assert "Agree to the change" in other.get(reverse("hold", args=[reference])).text
    page = other.post(reverse("agree_amendment", args=[reference]), follow=True).text
    assert "changed by two" in page and "The inquiry has written again." in page
    page = other.get(reverse("hold", args=[reference]), {"on": timezone.localdate().strftime("%d %m %Y")}).text
    assert "version 2 stood" in page
    assert AuditEvent.objects.filter(action="hold.covered_on").exists()
    page = client.post(address, given | {"paper": "", "do": "amend", "areas": "crime, custody"}).text
    assert "Name the letter, order or decision that changes it" in page


@pytest.mark.django_db(transaction=True, databases="__all__")
def test_what_was_let_go_is_reviewed_and_never_goes_by_the_clock(own_life):
    from muniment.retention.models import DisposalOrder, RecordDecision

    hold = place(own_life)
    amend(own_life, hold, systems=["nowhere"])
    agree(own_life, hold)
    held_records.expand_all(by=WORKER)
    LetGoRecord.objects.update(at=timezone.now() - timedelta(days=30))
    own_life.run()
    assert set(RecordDecision.objects.values_list("outcome", flat=True)) <= {"review"}
    assert any("hold_released" in each for each in RecordDecision.objects.values_list("because", flat=True))
    assert own_life.review.state == "open"
    assert not DisposalOrder.objects.exists()


def test_an_amendment_that_waited_for_a_destruction_is_told_what_had_gone(life, monkeypatch):
    hold, order, pass_alone, waited = place(life, systems=["nowhere"]), answered(life), gate.pass_alone, []

    def then():
        if not waited:
            waited.append(order)
            destruction.destroy(order, by=WORKER)
        pass_alone()

    monkeypatch.setattr(gate, "pass_alone", then)
    done = amend(life, hold, systems=["nowhere", "crime"])
    assert [each.item.reference for each in done.too_late] == ["C1"]
    report = look(hold)
    assert (names(report.went), report.while_it_stood) == (["C1"], ())


@pytest.mark.parametrize("rounds", [("read", "expand"), ("expand", "read")])
def test_everything_is_let_go_by_name_whichever_the_worker_does_first(life, rounds):
    hold = place(life, keywords=["narrative of c1"], areas=["CUSTODY"])
    held_narratives.read(by=WORKER)
    held_records.expand_all(by=WORKER)
    assert covered(hold) == ["C1", "CU1"]
    amend(life, hold, keywords=["another word"], systems=["nowhere"])
    agree(life, hold)
    for each in rounds:
        held_narratives.read(by=WORKER) if each == "read" else held_records.expand_all(by=WORKER)
    assert covered(hold) == []
    assert sorted(each.record.reference for each in LetGoRecord.objects.all()) == ["C1", "CU1"]
    hold.refresh_from_db()
    assert hold.narrowed_at is None
