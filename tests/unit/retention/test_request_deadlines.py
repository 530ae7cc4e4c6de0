"""When a request for deletion or erasure is to be answered, and that its policy names what there is."""

from dataclasses import replace
from datetime import date

import pytest

from muniment.engine import policy
from muniment.retention.policies import elsewhere, request_policy
from muniment.retention.requests import deadlines

ON = date(2026, 11, 29)
HELD = policy.load()
SAID = request_policy.on(ON, HELD)


@pytest.mark.parametrize(
    ("kind", "regime", "received", "due"),
    [
        ("acro_deletion", "rdp", date(2026, 11, 29), date(2026, 12, 27)),  # every day counts, and nothing rolls on
        ("image_deletion", "cir", date(2026, 11, 20), date(2026, 12, 18)),
        (
            "image_deletion",
            "cir",
            date(2026, 12, 21),
            date(2027, 1, 21),
        ),  # Christmas, Boxing Day's substitute, New Year
        ("erasure_request", "le", date(2026, 9, 3), date(2026, 10, 5)),  # a Saturday rolls on to Monday
        ("erasure_request", "le", date(2027, 1, 31), date(2027, 3, 1)),  # no 31 February: the 28th, a Sunday
        ("erasure_request", "gdpr", date(2026, 11, 25), date(2026, 12, 29)),  # Christmas, a weekend, a substitute day
    ],
)
def test_a_request_is_due_by_the_clock_of_its_regime(kind, regime, received, due):
    assert deadlines.due(received, SAID.kinds[kind].regimes[regime], SAID.holidays) == due


LE = SAID.kinds["erasure_request"].regimes["le"]


def test_the_time_begins_when_what_was_asked_for_arrives():
    times = deadlines.Times(date(2026, 9, 3), identity_asked=date(2026, 9, 10))
    waits = deadlines.clock(times, LE, SAID)
    assert (waits.first_end, waits.due, waits.target) == (None, None, None)
    assert "has not begun" in waits.why[0] and "54(3)(b)" in waits.why[0]
    assert waits.why[1] == "That was asked for on 10 September 2026, 7 days after receipt."
    begun = deadlines.clock(replace(times, identity_received=date(2026, 9, 17)), LE, SAID)
    assert (begun.due, begun.target) == (date(2026, 10, 19), date(2026, 10, 18))  # 17 October is a Saturday
    assert begun.why[0].startswith("It runs from 17 September 2026, day 0,")


@pytest.mark.parametrize(
    ("received", "first", "last"),
    [
        (date(2026, 9, 3), date(2026, 10, 5), date(2026, 12, 3)),  # from the day itself, not from the Monday
        (date(2026, 11, 30), date(2026, 12, 30), date(2027, 3, 1)),  # no 30 February: the 28th, a Sunday
        (date(2026, 10, 31), date(2026, 11, 30), date(2027, 2, 1)),  # 31 January is a Sunday
    ],
)
def test_two_further_months_are_counted_from_the_beginning(received, first, last):
    times = deadlines.Times(received, extended=received)
    clock = deadlines.clock(times, LE, SAID)
    assert (clock.first_end, clock.due) == (first, last)
    assert any(line.startswith("Extended by 2 months") for line in clock.why)


def test_a_deadline_says_which_bank_holidays_it_leaves_out_and_what_is_not_verified():
    images = SAID.kinds["image_deletion"].regimes["cir"]
    why = deadlines.clock(deadlines.Times(date(2026, 12, 21)), images, SAID).why
    assert why[0] == "It runs from 21 December 2026, the day of receipt, which is day 0."
    assert "(25 December 2026, 28 December 2026, 1 January 2027)" in why[1] and "not verified" in why[1]
    why = deadlines.clock(deadlines.Times(date(2026, 9, 3)), LE, SAID).why
    assert why[1] == "1 calendar month."
    assert why[2] == (
        "3 October 2026 falls on a weekend: it moves on to 5 October 2026, by the bank holidays of England and Wales"
        " (not verified)."
    )


def test_what_the_policy_of_requests_names_is_known():
    rules = HELD.on(ON)
    assert set(SAID.kinds) <= set(rules.settings["events"]["kinds"]), "while it is open it has to stop disposals"
    assert set(SAID.databases) <= {each.code for each in elsewhere.on(ON, HELD).national}
    regimes = {code for kind in SAID.kinds.values() for code in kind.regimes}
    assert set(SAID.rights) == regimes
    assert {code for each in SAID.keeping for code in each["regimes"]} <= regimes
    assert set(SAID.presumptions) == {each for each in HELD.classes if SAID.is_image(each)}
    assert set(SAID.told.roles) <= set(HELD.codes.roles)
