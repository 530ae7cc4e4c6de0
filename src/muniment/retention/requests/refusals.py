"""What a request can be refused for, or charged for, before its review is decided, and what has to be shown for it."""

from collections.abc import Iterator, Mapping
from datetime import date
from decimal import Decimal

from muniment.core import reasons, words
from muniment.core.verdicts import ALLOWED, Verdict, unless
from muniment.retention.models import PersonRequest, RequestReply, Review
from muniment.retention.policies.request_policy import Fee, Refusal, RequestPolicy

About = RequestReply.About
NEITHER = "This letter neither confirms nor denies that anything is held about anybody."


def possible(request: PersonRequest, said: RequestPolicy) -> dict[str, Refusal]:
    """Return what a request can be refused for today, by code: what its regime, its asker and its state allow."""
    return {code: each for code, each in said.refusals.items() if _fits(each, request)}


def _fits(each: Refusal, request: PersonRequest) -> bool:
    if request.regime not in each.authority or (each.askers and request.asker not in each.askers):
        return False
    if each.is_charged and (request.fee_paid_on is not None or _is_decided(request)):
        return False
    if each.asked_who:
        return request.waits_for_identity
    return each.unknown or not request.waits_for_identity


def _is_decided(request: PersonRequest) -> bool:
    return request.review is not None and request.review.state == Review.State.DECIDED


def fee_of(request: PersonRequest, said: RequestPolicy) -> Fee | None:
    """Return what policy says of a fee for a request; none where there is none."""
    return said.kinds[request.kind].regimes[request.regime].fee


def can_be_refused(request: PersonRequest, said: RequestPolicy) -> Verdict:
    """Say whether there is anything that a request, which is open and not answered, can be refused for."""
    return unless(
        bool(possible(request, said)), "Such a request is not refused: the decision of its review answers it."
    )


def can_be_charged(request: PersonRequest, said: RequestPolicy, on: date) -> Verdict:
    """Say whether a fee can be asked for on a day (Data Protection Act 2018 s.53(1)(a), UK GDPR Article 12(5)).

    Once, within the time: a fee that is asked for later does not start it anew.
    """
    charged = [each for each in possible(request, said).values() if each.is_charged]
    verdict = unless(bool(charged) and fee_of(request, said) is not None, "No fee can be asked for such a request.")
    verdict &= unless(request.fee_asked_on is None, "A fee has been asked for already.")
    return verdict & unless(
        request.due_on is None or on <= request.due_on, "Its time has run out: a fee now does not start it anew."
    )


def is_shown(refusal: Refusal | None, shown: Mapping[str, str]) -> Verdict:
    """Say whether each thing is given that the force has to be able to show."""
    if refusal is None:
        return unless(False, "Choose why the request is refused.")
    verdict = ALLOWED
    for code, label in refusal.shows.items():
        verdict &= reasons.is_given(shown.get(code, ""), f"Say this: {label[:1].lower()}{label[1:]}")
    return verdict


def is_reasonable(amount: Decimal | None, fee: Fee | None) -> Verdict:
    """Say whether a fee lies within what policy lets a force charge: some pence or more, and no part of a penny."""
    if fee is None:
        return unless(False, "No fee can be asked for such a request.")
    is_whole = amount is not None and amount == round(amount, 2)
    return unless(
        amount is not None and is_whole and 0 < amount <= fee.most,
        f"Enter a fee in pounds and pence, of {pounds(fee.most)} at most.",
    )


def pounds(amount: Decimal) -> str:
    """Write an amount: £12.50, £25."""
    return f"£{amount:,.0f}" if amount == amount.to_integral_value() else f"£{amount:,.2f}"


def sentences(request: PersonRequest, refusal: Refusal, amount: Decimal | None, said: RequestPolicy) -> Iterator[str]:
    """Return what a letter that refuses, or asks for a fee, says after its first sentence; it tells of nothing held."""
    cited = refusal.cite.get(request.regime, "")
    because = f"{refusal.told}{f' ({cited})' if cited else ''}"
    fee = fee_of(request, said)
    if amount is None or fee is None:
        yield f"We do not act on it, because {because}."
        yield NEITHER
        return
    yield f"Before we deal with it we ask for a fee, because {because}."
    yield f"The fee is {pounds(amount)}."
    yield (
        "The time within which we answer begins on the day on which it is paid."
        if fee.time_waits
        else "Asking for it does not stop the time within which we answer."
    )
    yield f"If it is not paid within {said.waiting.lapses_after_days} days, we may close the request."
    yield NEITHER


def in_words(request: PersonRequest, said: RequestPolicy) -> str:
    """Say why a request was refused, by what authority and whether that is verified; nothing where it was not."""
    found = said.refusals.get(request.refused_because)
    if found is None:
        return request.refused_because
    unsure = "" if found.verified.get(request.regime) else " (not verified)"
    return f"{found.label}. {found.authority.get(request.regime, '')}{unsure}"


def fee_in_words(request: PersonRequest) -> str:
    """Say what was asked for and what became of it, with its days and who recorded that."""
    if request.fee is None or request.fee_asked_on is None:
        return ""
    asked = f"{pounds(request.fee)}, asked for on {words.day(request.fee_asked_on)}"
    if request.fee_paid_on:
        return f"{asked}, paid on {words.day(request.fee_paid_on)} (recorded by {request.fee_settled_by})"
    if request.fee_settled_by:
        return f"{asked}, not paid (recorded by {request.fee_settled_by})"
    return f"{asked}, not paid{'' if request.closed_on else ' yet'}"
