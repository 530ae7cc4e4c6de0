"""What one scope of a hold is shown to contain: any doubt counts as narrower."""

from itertools import product

import pytest

from muniment.retention.holds.containing import contains

LISTS = {"areas": [["A"], ["A", "B"]], "systems": [["x"]], "cjs": [["C1"], ["C1", "C2"]]}
EVERY = {"match": "all"}


@pytest.mark.parametrize(
    ("wide", "narrow", "is_shown"),
    [
        ({}, {"areas": ["A"]}, True),
        ({"areas": ["A"]}, {}, False),
        ({"people": [1, 2]}, {"people": [1]}, True),
        ({"people": [2]}, {"people": [1]}, False),
        ({"people": [1], "areas": ["A"]}, {"people": [1]}, True),
        ({"people": [1], "areas": ["A"]} | EVERY, {"people": [1]}, False),
        ({"people": [1]}, {"people": [1], "areas": ["A"]} | EVERY, True),
        ({"people": [1], "systems": ["x"]}, {"people": [1], "areas": ["A"]} | EVERY, True),
        ({"people": [1], "until": "2024-12-31"}, {"people": [1], "until": "2020-12-31"}, True),
        ({"people": [1], "until": "2020-12-31"}, {"people": [1]}, False),
        ({"people": [1], "from": "2021-01-01"}, {"people": [1], "from": "2020-01-01"}, False),
        ({"cjs": ["C1"], "ho_classes": ["046"]}, {"cjs": ["C1"]}, True),
        ({"cjs": ["C1"]}, {"cjs": ["C1"], "ho_classes": ["046"]}, False),
        ({"keywords": [" ORGREAVE "]}, {"keywords": ["orgreave"]}, True),
        ({"keywords": ["straße"]}, {"keywords": ["strasse"]}, False),
        # A list of classes may name the audit: leaving it out of those that all have to fit would let the audit go.
        ({"areas": ["A"]} | EVERY, {"areas": ["A"], "classes": ["IG-LOG"]} | EVERY, False),
    ],
)
def test_what_is_shown(wide, narrow, is_shown):
    assert contains(wide, narrow, [1], [1]) == is_shown


def test_of_fewer_controllers_nothing_is_shown():
    assert contains({}, {}, [1, 2], [1])
    assert not contains({}, {}, [1], [1, 2])


def test_whatever_is_shown_to_be_contained_is():
    """Asked of every record that lists can tell apart."""
    scopes = [
        {key: given for key, given in zip(LISTS, chosen, strict=True) if given} | match | days
        for chosen in product(*([None, *lists] for lists in LISTS.values()))
        for match in ({}, EVERY)
        for days in ({}, {"until": "2020"}, {"from": "2010", "until": "2021"})
    ]
    records = list(product("ABZ", "xz", ["C1", "C2", "C9"], ["2009", "2020", "2022"]))
    fitting = [frozenset(record for record in records if _fits(scope, record)) for scope in scopes]
    shown = 0
    for one, wide in zip(fitting, scopes, strict=True):
        for other, narrow in zip(fitting, scopes, strict=True):
            if contains(wide, narrow, [1], [1]):
                shown += 1
                assert other <= one, (wide, narrow)
    assert shown > len(scopes), "and more is shown than that each contains itself"


def _fits(scope, record):
    *said, day = record
    fits = [value in scope[key] for key, value in zip(LISTS, said, strict=True) if key in scope]
    listed = not fits or (all(fits) if scope.get("match") else any(fits))
    return listed and scope.get("from", "") <= day <= scope.get("until", "9999")
