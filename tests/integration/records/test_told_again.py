"""Undated events that a source tells again after it told the contrary: they are followed, each time."""

from itertools import permutations, product

import pytest

from factories.exports import Source, row
from muniment.records.models import Nominal, Record, SourceEvent

pytestmark = pytest.mark.django_db(transaction=True)

GONE = {"ACTION": "D", "ENTITY": "record", "REPORTED": ""}
DAYS = ("2026-07-01", "2026-07-02", "2026-07-03")


def told_of(person, action):
    """Return the row by which the source merges a person into P1 (M) or takes them apart again (X)."""
    return row(person, ACTION=action, ENTITY="nominal", INTO="P1", REPORTED="")


def merged(reference):
    return Nominal.objects.get(reference=reference).merged_into


@pytest.fixture
def source(controllers, tmp_path):
    source = Source(tmp_path, kind="delta")
    source.send([row("C1", "P1"), row("C2", "P2")])
    return source


@pytest.mark.parametrize(("told", "ends"), [("MXM", "P1"), ("XMX", ""), ("MXMX", ""), ("MMXXM", "P1")])
def test_a_merge_may_be_told_again_after_its_contrary(source, told, ends):
    for day, action in enumerate(told, 1):
        source.send([told_of("P2", action)], on=f"2026-07-{day:02}")
    assert merged("P2") == ends


@pytest.mark.parametrize(("told", "ends", "events"), [("MXM", "P1", 3), ("XMX", "", 3), ("MMXXX", "", 2)])
def test_within_one_file_only_an_immediate_repeat_is_silent(source, told, ends, events):
    source.send([told_of("P2", action) for action in told], on="2026-07-01")
    assert (merged("P2"), SourceEvent.objects.count()) == (ends, events)
    again = source.send([told_of("P2", action) for action in told], on="2026-07-01")
    assert (again.unchanged, again.accepted) == (len(told), 0)
    source.send([told_of("P2", action) for action in told], on="2026-07-02")
    assert merged("P2") == ends


def test_two_files_of_one_day_are_followed_in_the_order_in_which_they_came(source):
    for action, more in (("M", "C3"), ("X", "C4"), ("M", "C5"), ("X", "C6")):
        source.send([told_of("P2", action), row(more)], on="2026-07-01")
    assert merged("P2") == ""


def test_a_file_taken_in_again_tells_nothing_anew(source):
    for day, action in zip(DAYS, "MXM", strict=True):
        source.send([told_of("P2", action)], on=day)
    for day, action in zip(DAYS, "MXM", strict=True):
        counts = source.send([told_of("P2", action)], on=day)
        assert (counts.unchanged, counts.accepted) == (1, 0)
    assert (merged("P2"), SourceEvent.objects.count()) == ("P1", 3)


def test_what_is_deleted_sent_again_and_deleted_again_is_gone(source):
    record = Record.objects.filter(reference="C1")
    for day, (values, gone) in enumerate([(GONE, True), ({"TITLE": "Again"}, False), (GONE, True), ({}, False)], 1):
        source.send([row("C1", "" if gone else "P1", **values)], on=f"2026-07-{day:02}")
        assert (record.get().withdrawn_on is not None) == gone, day
    counts = source.send([row("C1", **GONE)], on="2026-07-03")
    assert (counts.unchanged, record.get().withdrawn_on) == (1, None)


def test_what_is_deleted_sent_and_deleted_in_one_file_is_gone(source):
    source.send([row("C1", **GONE), row("C1", "P1", TITLE="Again"), row("C1", **GONE)], on="2026-07-01")
    assert Record.objects.get(reference="C1").withdrawn_on is not None
    source.send([row("C1", "P1", TITLE="Changed"), row("C1", **GONE)], on="2026-07-02")
    assert Record.objects.get(reference="C1").withdrawn_on is not None


def test_a_deletion_told_twice_keeps_its_day(source):
    for day in DAYS:
        source.send([row("C1", **GONE)], on=day)
    assert Record.objects.get(reference="C1").withdrawn_on.isoformat() == DAYS[0]
    assert SourceEvent.objects.count() == 1


@pytest.mark.parametrize("order", list(permutations(range(3))))
def test_what_was_told_last_holds_in_whatever_order_the_files_came(source, order):
    merges = {f"M{number:02}": told for number, told in enumerate(product([None, "M", "X"], repeat=3))}
    records = {f"R{number:02}": told for number, told in enumerate(product([None, "D", "Theft", "Arson"], repeat=3))}
    source.send([row(f"C{person}", person) for person in merges] + [row(reference) for reference in records])
    for day in order:
        events = [told_of(person, told[day]) for person, told in merges.items() if told[day]]
        for reference, told in records.items():
            if told[day]:
                events.append(row(reference, **(GONE if told[day] == "D" else {"TITLE": told[day]})))
        source.send(events, on=DAYS[day])
    last = {reference: [each for each in told if each] for reference, told in (merges | records).items()}
    people = Nominal.objects.filter(reference__in=merges).values_list("reference", "merged_into")
    assert dict(people) == {person: "P1" if last[person] and last[person][-1] == "M" else "" for person in merges}
    gone = Record.objects.filter(reference__in=records, withdrawn_on__isnull=False)
    assert sorted(gone.values_list("reference", flat=True)) == sorted(
        reference for reference in records if last[reference] and last[reference][-1] == "D"
    )
