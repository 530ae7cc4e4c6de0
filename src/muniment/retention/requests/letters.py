"""What is written to whoever asked besides the reply: who they are is asked, more time is needed, it is refused."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from decimal import Decimal
from typing import Any

from muniment.core import words
from muniment.core.verdicts import Verdict, unless
from muniment.retention.models import PersonRequest, RequestReply, Restriction
from muniment.retention.policies import request_policy
from muniment.retention.policies.request_policy import RequestPolicy
from muniment.retention.requests import attached, deadlines, refusals, replies
from muniment.retention.requests.replies import Body

About = RequestReply.About


def can_be_written(request: PersonRequest, about: str, on: date) -> Verdict:
    """Say whether a letter that is no reply can be written, or sent, on a day."""
    said = request_policy.on(on)
    verdict = unless(about in said.letters, "Choose what the letter is about.")
    if about == About.LIFTING:
        stands = Restriction.objects.filter(request=request, ended_on=None).exists()
        return verdict & unless(stands, "No restriction stands on this request.")
    verdict &= unless(request.closed_on is None, "This request is over.")
    answered = attached.sent_replies().filter(request=request).exists()
    verdict &= unless(not answered, "It has been answered already.")
    if not verdict:
        return verdict
    if about == About.REFUSAL:
        return refusals.can_be_refused(request, said)
    if about == About.FEE:
        return refusals.can_be_charged(request, said, on)
    return _can_ask_who(request, said, on) if about == About.IDENTITY else can_be_extended(request, said, on)


def _can_ask_who(request: PersonRequest, said: RequestPolicy, on: date) -> Verdict:
    regime = said.kinds[request.kind].regimes[request.regime]
    verdict = unless(regime.identity is not None, "Who asked is not established here for such a request.")
    verdict &= unless(request.identity_received_on is None, "It is established who asked.")
    return verdict & unless(
        request.due_on is None or on <= request.due_on, "Its time has run out: asking now does not start it anew."
    )


def can_be_extended(request: PersonRequest, said: RequestPolicy, on: date) -> Verdict:
    """Say whether the time of a request can be extended by a letter that goes on a day: once, within the first time."""
    rule = said.kinds[request.kind].regimes[request.regime].extension
    if rule is None or on < rule.since:
        return unless(False, "The time of such a request cannot be extended.")
    verdict = unless(request.extended_on is None, "Its time has been extended already: that can be done once.")
    verdict &= unless(request.due_on is not None, "Its time has not begun: there is nothing to extend yet.")
    first = deadlines.of(request, said).first_end
    return verdict & unless(
        first is None or on <= first,
        f"Its time ended on {words.day(first) if first else ''}: it can be extended until then, and no more.",
    )


def needs_second_person(reply: RequestReply, said: RequestPolicy) -> bool:
    """Whether somebody else has to look at a letter before it goes."""
    if reply.about == About.REPLY:
        return said.kinds[reply.request.kind].second_person
    return said.letters[reply.about].second_person


@dataclass(frozen=True)
class Written:
    """What somebody writes: what the letter is, their words, and the code of its reason where it has one.

    Of a refusal and of a fee `shown` is what shows that reason, by code, which stays inside; `amount` is in pounds.
    """

    about: str
    words: str
    reason: str = ""
    amount: Decimal | None = None
    shown: Mapping[str, str] = field(default_factory=dict)


def is_refusing(about: str) -> bool:
    """Whether a letter refuses a request, or asks for a fee instead."""
    return about in {About.REFUSAL, About.FEE}


def compose(request: PersonRequest, written: Written, on: date) -> Body:
    """Return the body of a letter on a day. It says nothing of what is held, nor whether anything is."""
    said = request_policy.on(on)
    letter, kind = said.letters[written.about], said.kinds[request.kind]
    rights = said.refusal_rights.get(request.regime, ()) if is_refusing(written.about) else letter.rights
    return {
        "about": written.about,
        "reference": request.reference,
        "their_reference": request.their_reference,
        "title": letter.title,
        "regime": kind.regimes[request.regime].title,
        "to": kind.recipient,
        "controller": request.controller.name,
        "received": request.received_on.isoformat(),
        "drafted": on.isoformat(),
        "reason": written.reason,
        "sentences": list(_sentences(request, written, said)),
        "words": written.words.strip(),
        "rights": list(rights),
        **(_inside(written, said) if is_refusing(written.about) else {}),
    }


def _inside(written: Written, said: RequestPolicy) -> dict[str, Any]:
    """Return what no letter says, but whoever looks at it reads: the amount, and what shows its reason."""
    asked = said.refusals[written.reason].shows
    shown = [[code, label, written.shown.get(code, "").strip()] for code, label in asked.items()]
    return {"amount": str(written.amount or ""), "shown": shown}


def _sentences(request: PersonRequest, written: Written, said: RequestPolicy) -> Iterator[str]:
    received = words.day(request.received_on)
    theirs = f" (your reference {request.their_reference})" if request.their_reference else ""
    regime = said.kinds[request.kind].regimes[request.regime]
    yield f"{request.controller.name} received your request on {received}{theirs}: {regime.title}."
    if is_refusing(written.about):
        yield from refusals.sentences(request, said.refusals[written.reason], written.amount, said)
        return
    if written.about == About.LIFTING:
        begun = Restriction.objects.get(request=request).begun_on
        yield f"Since {words.day(begun)} the use of what is kept has been restricted, as we told you."
        yield "The restriction ends with the day on which this letter is sent, for the reason below."
        return
    if written.about == About.IDENTITY:
        yield "Before it is considered we have to establish who asks. Please send us what is named below."
        yield "The time within which we answer begins on the day on which it arrives."
        return
    first = deadlines.of(request, said)
    more = deadlines.clock(replace(deadlines.times_of(request), extended=request.received_on), regime, said)
    assert first.due and more.due and regime.extension
    yield f"It was to be answered by {words.day(first.due)}. We need {regime.extension.months} further months."
    reason = said.extension_reasons[written.reason]
    yield f"The reason: {reason[:1].lower()}{reason[1:]}."
    yield f"We will answer it as soon as we can, and by {words.day(more.due)} at the latest."


def is_still_so(reply: RequestReply, on: date | None = None) -> Verdict:
    """Say whether a drafted letter, or reply, says what would be said now, and can go on a day.

    A letter that is left out of days is asked about the day of its draft: it may have gone then.
    """
    if reply.about == About.REPLY:
        return replies.is_still_so(reply)
    body: Any = replies.body_of(reply)
    if body is None:
        return unless(False, "This draft can be opened no more: draft it again.")
    drafted = date.fromisoformat(body["drafted"])
    verdict = can_be_written(reply.request, reply.about, on or drafted)
    if not verdict:
        return verdict
    if is_refusing(reply.about) and body["reason"] not in refusals.possible(reply.request, request_policy.on(drafted)):
        return unless(False, "It cannot be said any more for this reason: draft it again.")
    now = compose(reply.request, written_of(reply.about, body), drafted)
    return unless(
        replies.digest(now) == reply.digest, "What it says has changed since this was drafted: draft it again."
    )


def written_of(about: str, body: Body) -> Written:
    """Return what somebody wrote, of the body of their letter."""
    shown = {code: text for code, _, text in body.get("shown", ())}
    amount = Decimal(body["amount"]) if body.get("amount") else None
    return Written(about, body["words"], body["reason"], amount, shown)
