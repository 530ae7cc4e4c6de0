"""Files in any order end in the same state: what was told when decides, and not what came when."""

from itertools import permutations, product

import pytest

from factories.exports import Source, row
from muniment.records.models import Involvement, Nominal, Record, SourceRow

pytestmark = pytest.mark.django_db(transaction=True)

DAYS = ("2026-06-01", "2026-06-02", "2026-06-03")
# All that three exports can say of one record: on each day nothing, one title or another.
LIVES = {f"{number:02}": titles for number, titles in enumerate(product(["", "Theft", "Arson"], repeat=3))}


def told(day):
    """Return the export of a day."""
    return [
        row(f"C{number}", f"P{number}", TITLE=titles[day], FORENAME=titles[day])
        for number, titles in LIVES.items()
        if titles[day]
    ]


def ends():
    """Return how each record has to end: its last title, and the day of the first export after it that lacks it."""
    for number, titles in LIVES.items():
        last = max((day for day in range(3) if titles[day]), default=None)
        if last is not None:
            yield number, titles[last], DAYS[last + 1] if last < 2 else None


@pytest.mark.parametrize("order", list(permutations(range(3))))
def test_three_full_exports_end_alike_in_any_order(controllers, tmp_path, order):
    source = Source(tmp_path)
    for day in order:
        source.send(told(day), on=DAYS[day], absence_limit=1)
    expected = [(number, title, gone) for number, title, gone in ends()]
    for model, said, letter in ((Record, "title", "C"), (Nominal, "forename", "P")):
        held = model.objects.order_by("reference").values_list("reference", said, "withdrawn_on")
        assert [(name, text, gone and gone.isoformat()) for name, text, gone in held] == [
            (f"{letter}{number}", title, gone) for number, title, gone in expected
        ]
    rows = SourceRow.objects.order_by("key").values_list("key", "withdrawn_on")
    assert [gone and gone.isoformat() for _, gone in rows] == [gone for _, _, gone in expected]


def state():
    """Return what is held, without what tells only when it came."""
    rows = SourceRow.objects.values_list("key", "withdrawn_on", "last_intake__as_of")
    records = Record.objects.values_list("reference", "title", "withdrawn_on")
    return sorted(rows), sorted(records), sorted(Nominal.objects.values_list("reference", "withdrawn_on"))


def test_an_older_export_sent_again_does_not_bring_back_what_a_newer_one_lacks(controllers, tmp_path):
    source = Source(tmp_path)
    rows = [row(f"C{n}", f"P{n}") for n in range(30)]
    source.send(rows, on=DAYS[0])
    source.send(rows[1:], on=DAYS[1])
    before = state()
    counts = source.send(rows, on=DAYS[0])
    assert "1 of its rows are in no newer file" in counts.notes[0]
    assert state() == before
    assert Record.objects.get(reference="C0").withdrawn_on.isoformat() == DAYS[1]


def test_an_older_delta_brings_back_nothing_that_a_newer_export_lacks(controllers, tmp_path):
    source, changes = Source(tmp_path), Source(tmp_path / "delta", kind="delta")
    rows = [row(f"C{n}", f"P{n}") for n in range(30)]
    source.send(rows, on=DAYS[0])
    source.send(rows[1:], on=DAYS[2])
    changes.send([row("C0", "P0", TITLE="Changed"), row("C99", "P99")], on=DAYS[1])
    held = {record.reference: record for record in Record.objects.filter(reference__in=["C0", "C99"])}
    assert held["C0"].title == "Changed"
    assert {record.withdrawn_on.isoformat() for record in held.values()} == {DAYS[2]}
    assert {each.withdrawn_on.isoformat() for each in Nominal.objects.filter(reference__in=["P0", "P99"])} == {DAYS[2]}


def test_what_a_newer_export_could_not_read_may_be_there(controllers, tmp_path):
    source = Source(tmp_path)
    rows = [row(f"C{n}") for n in range(30)]
    source.send([*rows[1:], row("C0", OUTCOME="BANANA")], on=DAYS[1])
    source.send(rows, on=DAYS[0])
    assert Record.objects.get(reference="C0").withdrawn_on is None


def test_what_was_deleted_in_a_newer_file_stays_so(controllers, tmp_path):
    source = Source(tmp_path, kind="delta")
    source.send([row("C1", "P1")], on=DAYS[0])
    gone = {"ACTION": "D", "ENTITY": "record", "REPORTED": ""}
    source.send([row("C1", **gone), row("C2", **gone)], on=DAYS[2])
    source.send([row("C1", "P1", TITLE="Changed"), row("C2", "P2")], on=DAYS[1])
    assert {each.withdrawn_on.isoformat() for each in Record.objects.all()} == {DAYS[2]}
    source.send([row("C2", "P2", TITLE="Back")], on="2026-06-04")
    assert Record.objects.get(reference="C2").withdrawn_on is None


ORDERS = ([0, 1], [1, 0])


@pytest.mark.parametrize("order", ORDERS)
def test_a_person_is_as_the_newest_row_says_whichever_record_it_is_of(controllers, tmp_path, order):
    source = Source(tmp_path, kind="delta")
    files = [[row("C2", "P2", SURNAME="Oldname", PHONE="07700900111")], [row("C3", "P2", SURNAME="Newname")]]
    for which in order:
        source.send(files[which], on=DAYS[which])
    told = Nominal.objects.get()
    assert (told.surname, told.phone, told.row.key) == ("Newname", "", "C3")
    assert Involvement.objects.count() == 2, "the link of the older row stands as well"


@pytest.mark.parametrize("order", ORDERS)
def test_a_shared_record_is_as_the_newest_row_says(controllers, tmp_path, order):
    source = Source(tmp_path, kind="delta", duplicates="same_record")
    files = [
        [row("C1", "P1", TITLE="Theft from a shop", REPORTED="2015-03-01")],
        [row("C1", "P2", TITLE="Murder", CJS="CL67001", REPORTED="2015-04-01")],
    ]
    for which in order:
        source.send(files[which], on=DAYS[which])
    record = Record.objects.get()
    assert (record.title, record.cjs, record.row.key) == ("Murder", "CL67001", "C1/P2")
    assert record.seen_last.isoformat() == DAYS[1]
    assert record.dates["reported_date"].latest.isoformat() == "2015-04-01"
    assert record.dates["reported_date"].earliest.isoformat() == "2015-03-01"
    assert set(record.involvements.values_list("nominal__reference", flat=True)) == {"P1", "P2"}


def test_a_row_seen_again_holds_against_what_is_older_than_that(controllers, tmp_path):
    source, changes = Source(tmp_path), Source(tmp_path / "delta", kind="delta")
    source.send([row("C1", "P1", SURNAME="Newname")], on=DAYS[0])
    source.send([row("C1", "P1", SURNAME="Newname")], on=DAYS[2])
    changes.send([row("C2", "P1", SURNAME="Oldname")], on=DAYS[1])
    assert Nominal.objects.get().surname == "Newname"
    changes.send([row("C3", "P1", SURNAME="Latest")], on=DAYS[2])
    assert Nominal.objects.get().surname == "Latest"


@pytest.mark.parametrize("kind", ["full", "delta"])
def test_records_that_share_a_reference_stay_who_they_are_in_another_order(controllers, tmp_path, kind):
    source = Source(tmp_path, kind=kind, duplicates="keep_both")
    theft, arson, fraud = (row("C1", f"P{n}", TITLE=title) for n, title in enumerate(("Theft", "Arson", "Fraud")))
    source.send([theft, arson], on=DAYS[0])
    keys = dict(Record.objects.values_list("title", "pk"))
    again = source.send([arson, theft], on=DAYS[1])
    assert (again.unchanged, again.updated) == (2, 0)
    later = source.send([fraud, arson, theft], on=DAYS[2])
    assert (later.accepted, later.unchanged, later.updated) == (1, 2, 0)
    held = {record.title: record for record in Record.objects.all()}
    assert {title: held[title].pk for title in keys} == keys
    assert {title: record.reference for title, record in held.items()} == {
        "Theft": "C1",
        "Arson": "C1#2",
        "Fraud": "C1#3",
    }
    assert held["Fraud"].attributes["shares_reference_with"] == "C1"
    on = Involvement.objects.values_list("record__title", "nominal__reference")
    assert set(on) == {("Theft", "P0"), ("Arson", "P1"), ("Fraud", "P2")}
