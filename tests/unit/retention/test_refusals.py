"""What a request can be refused or charged for is policy, and a fee begins the time where the law says so."""

from dataclasses import replace
from datetime import date
from decimal import Decimal

import pytest

from muniment.engine import policy
from muniment.retention.models import PersonRequest
from muniment.retention.policies import request_policy
from muniment.retention.requests import deadlines, refusals

ON = date(2026, 11, 29)
SAID = request_policy.on(ON, policy.load())
LE = SAID.kinds["erasure_request"].regimes["le"]
REGIMES = {code: each for kind in SAID.kinds.values() for code, each in kind.regimes.items()}


def request(**more):
    said = {"kind": "erasure_request", "regime": "le", "asker": "person", "received_on": date(2026, 11, 2)}
    return PersonRequest(**{**said, "due_on": date(2026, 12, 2), **more})


def test_every_reason_has_its_authority_and_says_what_is_to_be_shown():
    for each in SAID.refusals.values():
        assert each.shows and each.told and set(each.authority) <= set(REGIMES)
        assert all(each.authority.values()) and set(each.authority) <= set(SAID.refusal_rights)
        if each.is_charged:
            assert all(REGIMES[code].fee and each.cite[code] for code in each.authority)
    told = " ".join(SAID.refusal_rights["le"])
    assert "Information Commissioner" in told and "court" in told and "look at this again" in told
    assert LE.fee.verified and not LE.fee.most_verified, "no most was found in regulations"


@pytest.mark.parametrize(
    ("more", "codes"),
    [
        ({}, {"unfounded", "excessive", "not_held"}),
        ({"asker": "representative"}, {"unfounded", "excessive", "not_held", "no_authority"}),
        ({"identity_asked_on": date(2026, 11, 3)}, {"not_established"}),
        (
            {"identity_asked_on": date(2026, 11, 3), "identity_received_on": date(2026, 11, 9)},
            {"unfounded", "excessive", "not_held"},
        ),
        ({"fee_asked_on": date(2026, 11, 3), "fee_paid_on": date(2026, 11, 9)}, {"not_held"}),
        ({"kind": "image_deletion", "regime": "cir"}, {"not_held"}),
        ({"kind": "acro_deletion", "regime": "rdp", "asker": "acro"}, set()),
    ],
)
def test_what_a_request_can_be_refused_for_goes_by_its_regime_its_asker_and_its_state(more, codes):
    assert set(refusals.possible(request(**more), SAID)) == codes


def test_a_fee_is_asked_for_once_within_the_time_and_within_what_policy_allows():
    assert refusals.can_be_charged(request(), SAID, date(2026, 12, 2))
    assert not refusals.can_be_charged(request(), SAID, date(2026, 12, 3))
    assert not refusals.can_be_charged(request(fee_asked_on=ON), SAID, ON)
    assert not refusals.can_be_charged(request(kind="image_deletion", regime="cir"), SAID, ON)
    for amount in ("0.01", "12.50", str(LE.fee.most)):
        assert refusals.is_reasonable(Decimal(amount), LE.fee)
    for amount in (None, Decimal(0), Decimal("-1"), Decimal("1.005"), LE.fee.most + Decimal("0.01")):
        assert f"£{LE.fee.most} at most" in refusals.is_reasonable(amount, LE.fee).reasons[0]


def test_each_thing_that_shows_a_reason_has_to_be_said():
    why = SAID.refusals["excessive"]
    said = dict.fromkeys(why.shows, "It repeats the request of 3 October word for word.")
    assert refusals.is_shown(why, said)
    for code in why.shows:
        assert len(refusals.is_shown(why, {**said, code: "yes"}).reasons) == 1


def test_the_time_begins_when_the_fee_is_paid():
    times = deadlines.Times(date(2026, 9, 3), fee_asked=date(2026, 9, 10))
    waits = deadlines.clock(times, LE, SAID)
    assert (
        waits.due is None and "when the fee is paid (Data Protection Act 2018 ss.53(1)(a), 54(3)(c))." in waits.why[0]
    )
    begun = deadlines.clock(replace(times, fee_paid=date(2026, 9, 17)), LE, SAID)
    assert begun.due == date(2026, 10, 19)  # 17 October is a Saturday
    assert begun.why[0].startswith("It runs from 17 September 2026, day 0, when the fee was paid")
    both = replace(times, identity_asked=date(2026, 9, 4), fee_paid=date(2026, 9, 17))
    assert deadlines.clock(both, LE, SAID).due is None
    later = deadlines.clock(replace(both, identity_received=date(2026, 9, 21)), LE, SAID)
    assert later.why[0].startswith("It runs from 21 September 2026, day 0, when what establishes who asked arrived")
    assert [line.partition(" was asked")[0] for line in later.why[1:3]] == ["What establishes who asked", "The fee"]


def test_where_the_law_does_not_say_so_a_fee_stops_no_time_and_the_page_says_that():
    runs = replace(LE, fee=replace(LE.fee, time_waits=False, verified=False))
    clock = deadlines.clock(deadlines.Times(date(2026, 9, 3), fee_asked=date(2026, 9, 10)), runs, SAID)
    assert clock.due == date(2026, 10, 5)
    assert any("That does not stop the time" in line and "(not verified)" in line for line in clock.why)
