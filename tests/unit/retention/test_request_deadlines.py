"""When a request for deletion or erasure is to be answered, and that its policy names what there is."""

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


def test_what_the_policy_of_requests_names_is_known():
    rules = HELD.on(ON)
    assert set(SAID.kinds) <= set(rules.settings["events"]["kinds"]), "while it is open it has to stop disposals"
    assert set(SAID.databases) <= {each.code for each in elsewhere.on(ON, HELD).national}
    regimes = {code for kind in SAID.kinds.values() for code in kind.regimes}
    assert set(SAID.rights) == regimes
    assert {code for each in SAID.keeping for code in each["regimes"]} <= regimes
    assert set(SAID.presumptions) == {each for each in HELD.classes if SAID.is_image(each)}
    assert set(SAID.told.roles) <= set(HELD.codes.roles)
