"""The time of a request begins when it is known who asked, is extended once, and each is told by a letter."""

from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils import timezone

from factories.asking import WORDS, asks, decided, drafted, kept_until_next_year, sent
from factories.cast import sign_in
from factories.deeds import WORKER, by
from muniment.core.models import AuditEvent
from muniment.core.verdicts import Refused
from muniment.retention.actions import replying, request_times
from muniment.retention.actions import requests as requesting
from muniment.retention.models import PersonRequest, RequestReply, SubjectEvent
from muniment.retention.policies import request_policy
from muniment.retention.requests import attached, deadlines, replies
from muniment.retention.requests.letters import About, Written

pytestmark = pytest.mark.django_db(databases="__all__")

PASSPORT = Written(About.IDENTITY, "A copy of your passport, please.")
MORE = Written(About.EXTENSION, "There are many records to be gone through.", "complexity")


def days_ago(number):
    return timezone.localdate() - timedelta(days=number)


def posted(life, request, written, *, looked=True):
    draft = request_times.write(request, written, by=by(life, "hazel"))
    if looked and written.about == About.EXTENSION:
        replying.look(draft, by=by(life, "ash"))
    replying.send(draft, by=by(life, "hazel"), sent_on=timezone.localdate())
    request.refresh_from_db()
    return draft


def test_nothing_runs_or_is_told_until_it_is_known_who_asked(life):
    _, request = decided(life, "erasure_request", outcome="retain", **kept_until_next_year())
    PersonRequest.objects.filter(pk=request.pk).update(received_on=days_ago(10))
    letter = posted(life, request, PASSPORT)
    assert request.due_on is None and request.waits_for_identity
    assert list(attached.waiting_for_identity()) == [request] and not attached.late().exists()
    said = " ".join(replies.body_of(letter)["sentences"])
    assert "begins on the day on which it arrives" in said and "record" not in said
    with pytest.raises(Refused, match="not established who asked"):
        replying.draft(request, WORDS, by=by(life, "hazel"))
    posted(life, request, Written(About.IDENTITY, "We still need a copy of your passport."))
    assert request.identity_asked_on == timezone.localdate()
    PersonRequest.objects.filter(pk=request.pk).update(identity_asked_on=days_ago(8))
    with pytest.raises(Refused, match="lies between"):
        request_times.establish(request, by=by(life, "hazel"), received_on=days_ago(9))
    held = request_times.establish(request, by=by(life, "hazel"), received_on=days_ago(3))
    regime, said = "le", request_policy.on(timezone.localdate())
    assert held.due_on == deadlines.due(days_ago(3), said.kinds[held.kind].regimes[regime], said.holidays)
    with pytest.raises(Refused, match="established who asked"):
        request_times.write(held, PASSPORT, by=by(life, "hazel"))
    sent(life, drafted(life, held)[0])
    held.refresh_from_db()
    assert held.closed_on == timezone.localdate()
    assert AuditEvent.objects.filter(action="request.establish", subject=held.reference).count() == 1


def test_what_never_arrives_lets_a_request_lapse_after_the_days_of_policy(life):
    request = asks(life, "erasure_request")
    with pytest.raises(Refused, match="Nothing is waited for"):
        request_times.lapse(request, by=by(life, "hazel"))
    posted(life, request, PASSPORT)
    with pytest.raises(Refused, match="waited for until"):
        request_times.lapse(request, by=by(life, "hazel"))
    PersonRequest.objects.update(received_on=days_ago(62), identity_asked_on=days_ago(61))
    request_times.lapse(request, by=by(life, "hazel"))
    request.refresh_from_db()
    assert request.has_lapsed and not attached.unanswered().exists()
    assert attached.standing(request, request.replies.all()) == "Closed: it was not established who asked"
    assert SubjectEvent.objects.get().closed == timezone.localdate()


def test_more_time_is_told_in_the_first_month_with_its_reason_and_once(life):
    request = asks(life, "erasure_request", received_on=days_ago(10))
    first = request.due_on
    with pytest.raises(Refused, match="Choose the reason"):
        request_times.write(request, Written(About.EXTENSION, MORE.words, "busy"), by=by(life, "hazel"))
    with pytest.raises(Refused, match="intelligence"):
        request_times.write(
            request, Written(About.EXTENSION, "There is much intelligence here.", "complexity"), by=by(life, "hazel")
        )
    draft = request_times.write(request, MORE, by=by(life, "hazel"))
    request.refresh_from_db()
    assert request.due_on == first, "a draft moves nothing"
    for who, waits in (("ash", True), ("hazel", False)):
        assert ("to look at" in sign_in(life.cast[who]).get(reverse("home")).text) is waits
    with pytest.raises(Refused, match="look at it first"):
        replying.send(draft, by=by(life, "hazel"), sent_on=timezone.localdate())
    replying.look(draft, by=by(life, "ash"))
    replying.send(draft, by=by(life, "hazel"), sent_on=timezone.localdate())
    request.refresh_from_db()
    assert (request.extended_on, request.extension_reason) == (timezone.localdate(), "complexity")
    assert first + timedelta(days=50) < request.due_on < first + timedelta(days=70)
    assert not request.closed_on and list(attached.unanswered()) == [request], "a letter is no reply"
    with pytest.raises(Refused, match="once"):
        request_times.write(request, MORE, by=by(life, "hazel"))
    assert request_times.recount(by=WORKER) == {"requests_recounted": 0}


def test_a_time_that_has_ended_is_not_extended_even_by_a_letter_drafted_before(life, time_machine):
    request = asks(life, "erasure_request", received_on=days_ago(10))
    draft = request_times.write(request, MORE, by=by(life, "hazel"))
    replying.look(draft, by=by(life, "ash"))
    after = request.due_on + timedelta(days=1)
    time_machine.move_to(timezone.now() + (after - timezone.localdate()), tick=False)
    with pytest.raises(Refused, match="extended until then"):
        replying.send(draft, by=by(life, "hazel"), sent_on=after)
    with pytest.raises(Refused, match="extended until then"):
        request_times.write(request, MORE, by=by(life, "hazel"))
    with pytest.raises(Refused, match="run out"):
        request_times.write(request, PASSPORT, by=by(life, "hazel"))
    assert list(attached.late()) == [request]


@pytest.mark.parametrize(("kind", "about"), [("acro_deletion", PASSPORT), ("image_deletion", MORE)])
def test_no_letter_goes_for_which_there_is_no_rule(life, kind, about):
    request = asks(life, kind)
    with pytest.raises(Refused, match=r"cannot be extended|not established here"):
        request_times.write(request, about, by=by(life, "hazel"))


def test_a_deadline_follows_a_holiday_that_comes_later(life):
    request = asks(life, "erasure_request")
    right = request.due_on
    PersonRequest.objects.update(due_on=right + timedelta(days=1))
    assert request_times.recount(by=WORKER) == {"requests_recounted": 1}
    request.refresh_from_db()
    assert request.due_on == right
    told = AuditEvent.objects.get(action="request.recount")
    assert told.detail == {"from": (right + timedelta(days=1)).isoformat(), "to": right.isoformat()}


def test_the_page_asks_who_they_are_and_extends(life):
    hazel, ash = (sign_in(life.cast[name]) for name in ("hazel", "ash"))
    request = asks(life, "erasure_request", received_on=days_ago(9))
    address = reverse("request", args=[request.reference])
    letters = {about: reverse("write_letter", args=[request.reference, about]) for about in About.values[1:]}
    today = timezone.localdate()
    day = f"{today.day} {today.month} {today.year}"
    shown = hazel.get(address).text
    assert "which is day 0" in shown
    assert shown.count('id="identity_words"') == shown.count('id="extension_words"') == 1
    refused = hazel.post(letters["identity"], {"words": "?"})
    assert refused.status_code == 422 and "Name what they are to send" in refused.text
    assert hazel.post(letters["reply"] if "reply" in letters else address + "letters/reply/", {}).status_code == 404
    hazel.post(letters["identity"], {"words": PASSPORT.words})
    hazel.post(reverse("send_reply", args=[request.reference]), {"sent_on": day})
    shown = hazel.get(address).text
    assert "Its time has not begun" in shown and "Record that it arrived" in shown
    assert "Not begun" in hazel.get(reverse("requests"), {"which": "identity"}).text
    letter = RequestReply.objects.get()
    assert hazel.get(reverse("reply_file", args=[request.reference, letter.pk, "pdf"])).content.startswith(b"%PDF")
    assert hazel.get(reverse("reply_file", args=[request.reference, letter.pk, "json"])).status_code == 404
    hazel.post(reverse("establish_identity", args=[request.reference]), {"received_on": day})
    hazel.post(letters["extension"], {"words": MORE.words, "reason": "number"})
    ash.post(reverse("look_at_reply", args=[request.reference]))
    hazel.post(reverse("send_reply", args=[request.reference]), {"sent_on": day})
    shown = hazel.get(address).text
    assert "Extended by 2 months" in shown and "Extend the time" not in shown
    rowan = sign_in(life.cast["rowan"])
    assert requesting.withdraw(PersonRequest.objects.get(), by=by(life, "hazel")).closed_on == today
    assert RequestReply.objects.filter(sent_on__isnull=False).count() == 2, "what was sent stays on the file"
    assert "Withdrawn" in rowan.get(address).text
