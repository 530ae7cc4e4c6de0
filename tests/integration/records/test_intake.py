"""Every row read is accepted, unchanged, updated, quarantined or suppressed, and they add up."""

from dataclasses import replace

import pyarrow as pa
import pytest
from django.db import connection
from django.urls import reverse

from factories.cast import refresh, sign_in
from factories.exports import Source, day, row
from muniment import feeds
from muniment.core import content
from muniment.core.actors import Actor
from muniment.core.models import AuditEvent, Content, ContentKey
from muniment.engine.values.dates import PartialDate
from muniment.records.actions.take_in import TableTaken, TooManyAbsent, UnknownSystem, fingerprint, take_in
from muniment.records.models import (
    Intake,
    Involvement,
    Nominal,
    Quarantine,
    Record,
    RecordDates,
    SourceRow,
    Tombstone,
)

pytestmark = pytest.mark.django_db(transaction=True)

TABLES = (Record, Nominal, Involvement, RecordDates, SourceRow, Quarantine, Content)


@pytest.fixture
def source(controllers, tmp_path):
    return Source(tmp_path)


def held():
    return {model.__name__: model.objects.count() for model in TABLES}


def test_new_rows_are_accepted_with_everything_they_say(source):
    counts = source.send([row("C1", "P1"), row("C2")])
    assert (counts.read, counts.accepted, counts.quarantined) == (2, 2, 0)
    record = Record.objects.get(reference="C1")
    assert record.purposes == ["PP4"]
    assert record.purpose_from == "declaration"
    assert Nominal.objects.get(reference="P1").born_earliest.isoformat() == "1980-05-12"
    assert Involvement.objects.get().role == "CAUTIONED"
    text = Content.objects.get(owner__startswith=f"record:{record.pk}:")
    assert content.read(text) == "Narrative of C1"
    assert b"Narrative" not in bytes(text.ciphertext)


def test_the_same_file_again_adds_a_run_and_an_event_and_nothing_else(source):
    rows = [row("C1", "P1"), row("C2"), row("", "P3")]
    first = source.send(rows)
    before, events = held(), AuditEvent.objects.count()
    again = source.send(rows)
    assert held() == before
    assert (first.accepted, first.quarantined) == (2, 1)
    assert (again.unchanged, again.quarantined, again.accepted) == (2, 1, 0)
    assert Intake.objects.count() == 2
    assert AuditEvent.objects.count() == events + 1


def test_a_changed_row_replaces_all_that_it_said(source):
    source.send([row("C1", "P1")])
    counts = source.send([row("C1", "P2", TITLE="Robbery", TEXT="Another story")], on="2026-06-02")
    assert counts.updated == 1
    record = Record.objects.get()
    assert record.title == "Robbery"
    assert [each.nominal.reference for each in Involvement.objects.all()] == ["P2"]
    texts = Content.objects.filter(owner__startswith=f"record:{record.pk}:")
    assert [content.read(each) for each in texts] == ["Another story"]


def test_an_older_file_never_overwrites_a_newer(source):
    source.send([row("C1", TITLE="New")], on="2026-06-02")
    counts = source.send([row("C1", TITLE="Old"), row("C2")], on="2026-06-01")
    assert (counts.unchanged, counts.accepted, counts.older) == (1, 1, 1)
    assert "1 row says something else than what is held, which is newer than 2026-06-01" in " ".join(counts.notes)
    assert source.send([row("C1", TITLE="New")], on="2026-05-31").older == 0
    assert Record.objects.get(reference="C1").title == "New"


def test_absence_from_a_full_export_withdraws_and_return_brings_back(source):
    rows = [row("C0", "P0"), *(row(f"C{n}") for n in range(1, 30))]
    source.send(rows)
    counts = source.send(rows[1:], on="2026-06-02")
    assert counts.withdrawn == 1
    assert Record.objects.get(reference="C0").withdrawn_on.isoformat() == "2026-06-02"
    assert Nominal.objects.get(reference="P0").withdrawn_on.isoformat() == "2026-06-02"
    assert Involvement.objects.get(nominal__reference="P0").withdrawn_on.isoformat() == "2026-06-02"
    source.send(rows, on="2026-06-03")
    for model in (SourceRow, Record, Nominal, Involvement):
        assert not model.objects.exclude(withdrawn_on=None).exists()


def test_a_person_whom_another_row_tells_of_is_still_there(source):
    rows = [row("C0", "P0"), *(row(f"C{n}") for n in range(1, 30)), row("C30", "P0")]
    source.send(rows)
    source.send(rows[:-1], on="2026-06-02")
    assert Record.objects.get(reference="C30").withdrawn_on is not None
    assert Nominal.objects.get(reference="P0").withdrawn_on is None
    gone = Involvement.objects.filter(nominal__reference="P0").exclude(withdrawn_on=None)
    assert [link.record.reference for link in gone] == ["C30"]
    source.send(rows[1:-1], on="2026-06-03")
    assert Nominal.objects.get(reference="P0").withdrawn_on is not None
    source.send(rows[:-1], on="2026-06-04")
    assert Nominal.objects.get(reference="P0").withdrawn_on is None


def test_what_left_its_table_does_not_come_back_by_a_link_of_another(source, tmp_path):
    rows = [row("C0", "P0"), *(row(f"C{n}") for n in range(1, 30))]
    source.send(rows)
    links = Source(tmp_path / "links")

    def link(on):
        said = feeds.read(links.feed, links.write([row("C1", "P0", TEXT="")], on))
        alone = replace(said, table="links", kind="delta", nominals=said.nominals[:0], records=said.records[:0])
        return take_in(alone, by=Actor("tests"), absence_limit=1)

    link("2026-06-01")
    source.send(rows[1:], on="2026-06-02")
    assert Nominal.objects.get(reference="P0").withdrawn_on is not None
    assert link("2026-06-03").unchanged == 1
    assert Nominal.objects.get(reference="P0").withdrawn_on is not None


def test_a_link_that_a_row_tells_twice_is_written_once_and_two_offences_of_a_code_are_two(source):
    said = feeds.read(source.feed, source.write([row("C1", "P1", CJS=""), row("C2", "P2")], "2026-06-01"))
    links = said.involvements
    other = links.set_column(links.column_names.index("result"), "result", pa.array(["acquitted"] * 2))
    twice = replace(said, involvements=pa.concat_tables([links, links, other]))
    take_in(twice, by=Actor("tests"), absence_limit=1)
    told = Involvement.objects.order_by("record__reference", "result").values_list("record__reference", "result")
    assert list(told) == [("C1", "acquitted"), ("C1", "cautioned"), ("C2", "acquitted"), ("C2", "cautioned")]


def test_a_narrative_that_its_source_took_out_is_gone(controllers, tmp_path):
    source = Source(tmp_path, kind="delta")
    source.send([row("C1")])
    source.send([row("C1", TEXT="")], on="2026-06-02")
    assert texts_of(Record.objects.get()) == []


def texts_of(record):
    owned = Content.objects.filter(content.of_record(record.pk)).order_by("pk")
    return [content.read(each) for each in owned]


def test_each_row_of_one_record_keeps_what_it_says(controllers, tmp_path):
    source = Source(tmp_path, duplicates="same_record")
    others = [row(f"C{n}") for n in range(2, 30)]
    first, second = (
        row("C1", "P1", TEXT="As one tells it"),
        row("C1", "P2", TEXT="As another does", REPORTED="2015-05-02"),
    )
    source.send([first, second, *others])
    record = Record.objects.get(reference="C1")
    assert texts_of(record) == ["As one tells it", "As another does"]
    assert record.dates["reported_date"] == PartialDate(day("2015-03-01"), day("2015-05-02"))

    source.send([first | {"TEXT": "As one tells it now"}, second, *others], on="2026-06-02")
    assert sorted(texts_of(record)) == ["As another does", "As one tells it now"]
    source.send([first | {"TEXT": "As one tells it now"}, *others], on="2026-06-03")
    record.refresh_from_db()
    assert record.withdrawn_on is None
    source.send(others, on="2026-06-04")
    record.refresh_from_db()
    assert record.withdrawn_on is not None


def test_what_a_source_deleted_is_back_only_with_a_newer_file(source):
    source.send([row("C0"), row("C1")])
    source.send([row("C0", ACTION="D", ENTITY="record"), row("C0"), row("C1")], on="2026-06-02")
    assert Record.objects.get(reference="C0").withdrawn_on is not None
    source.send([row("C0"), row("C1", TITLE="Robbery")], on="2026-06-02")
    assert Record.objects.get(reference="C0").withdrawn_on is not None
    source.send([row("C0"), row("C1"), row("C0", ACTION="D", ENTITY="record")], on="2026-06-03")
    assert Record.objects.get(reference="C0").withdrawn_on is not None
    source.send([row("C0"), row("C1")], on="2026-06-04")
    assert Record.objects.get(reference="C0").withdrawn_on is None


def test_what_is_deleted_and_sent_again_in_one_file_is_there(controllers, tmp_path):
    source = Source(tmp_path, kind="delta")
    source.send([row("C1"), row("C2")])
    gone = {"ACTION": "D", "ENTITY": "record"}
    source.send([row("C1", **gone), row("C1"), row("C2"), row("C2", **gone)], on="2026-06-02")
    assert Record.objects.get(reference="C1").withdrawn_on is None
    assert Record.objects.get(reference="C2").withdrawn_on is not None


def test_of_merge_and_unmerge_in_one_file_the_last_holds(controllers, tmp_path):
    source = Source(tmp_path, kind="delta")
    source.send([row("C1", "P1"), row("C2", "P2")])
    merge, unmerge = ({"ACTION": action, "ENTITY": "nominal", "INTO": "P1"} for action in "MX")
    source.send([row("P2", **merge), row("P2", **unmerge)], on="2026-06-02")
    assert Nominal.objects.get(reference="P2").merged_into == ""
    source.send(
        [row("P2", **unmerge, REPORTED="2020-01-01"), row("P2", **merge, REPORTED="2020-01-01")], on="2026-06-03"
    )
    assert Nominal.objects.get(reference="P2").merged_into == "P1"


def test_too_many_absences_stop_the_run_and_change_nothing(source):
    source.send([row(f"C{n}") for n in range(10)])
    before = held()
    with pytest.raises(TooManyAbsent, match="lacks 5 of the 10 rows"):
        source.send([row(f"C{n}") for n in range(5)], on="2026-06-02")
    assert held() == before
    assert not Record.objects.filter(withdrawn_on__isnull=False).exists()
    assert Intake.objects.count() == 1


def test_a_second_feed_cannot_withdraw_what_the_first_brought(source, tmp_path):
    source.send([row("C1")])
    before = held()
    other = Source(tmp_path / "other")
    other.feed = replace(other.feed, id="other-feed")
    with pytest.raises(TableTaken, match="north-crime fills the table 'crimes'"):
        other.send([row(f"D{n}") for n in range(50)], on="2026-06-02", absence_limit=1.0)
    assert held() == before


def test_a_quarantined_row_is_not_absent_and_comes_back_in_when_mended(source):
    source.send([row(f"C{n}") for n in range(5)])
    bad = [*(row(f"C{n}") for n in range(4)), row("C4", OUTCOME="BANANA")]
    counts = source.send(bad, on="2026-06-02")
    assert (counts.quarantined, counts.withdrawn) == (1, 0)
    waiting = Quarantine.objects.get()
    assert waiting.reference == "C4"
    assert "BANANA" in content.read(waiting.original)
    source.send([*(row(f"C{n}") for n in range(4)), row("C4", TITLE="Mended")], on="2026-06-03")
    waiting.refresh_from_db()
    assert waiting.resolved_by is not None


def test_a_row_that_says_again_what_it_said_before_it_went_wrong_waits_no_more(source):
    good = [row("C1"), row("C2")]
    source.send(good)
    source.send([good[0], row("C2", OUTCOME="BANANA")], on="2026-06-03")
    source.send(good, on="2026-06-02")
    assert Quarantine.objects.get().resolved_by is None, "an older file says nothing of a newer row"
    source.send(good, on="2026-06-04")
    assert Quarantine.objects.get().resolved_by is not None


def test_a_conflict_waits_while_the_row_beside_it_is_accepted(source):
    both = [row("C1"), row("C1", TITLE="Robbery")]
    for day_, first in (("2026-06-01", "Theft"), ("2026-06-02", "Arson")):
        source.send([row("C1", TITLE=first), both[1]], on=day_)
        assert [each.resolved_by for each in Quarantine.objects.all()] == [None], day_
    source.send([both[1]], on="2026-06-03")
    assert Quarantine.objects.get().resolved_by is not None


def test_a_row_that_stays_wrong_waits_once_and_is_done_when_it_is_gone(source):
    wrong = row("", TITLE="Nobody's", REPORTED="2050-01-01")
    for day_ in ("2026-06-01", "2026-06-02", "2026-06-03"):
        source.send([row("C1"), wrong], on=day_)
    assert Quarantine.objects.get().resolved_by is None
    source.send([row("C1")], on="2026-06-04")
    assert Quarantine.objects.get().resolved_by is not None


def test_rows_above_the_tier_wait_each_and_without_their_text(controllers, tmp_path):
    source = Source(tmp_path)
    feed = source.folder / "feed.yaml"
    feed.write_text(feed.read_text().replace("      title: TITLE\n", "      title: TITLE\n      marking: ADDRESS\n"))
    source.feed = feeds.load(feed)
    rows = [row(f"C{n}", ADDRESS="SECRET", REPORTED="Tuesday") for n in range(3)]
    for day_ in ("2026-06-01", "2026-06-02"):
        assert source.send(rows, on=day_).quarantined == 3
        assert sorted(Quarantine.objects.values_list("reference", flat=True)) == ["C0", "C1", "C2"]
    for waiting in Quarantine.objects.all():
        assert "Narrative" not in content.read(waiting.original)
        assert "Tuesday" not in str(waiting.reasons)


def waiting_rows():
    return set(Quarantine.objects.filter(resolved_by=None).values_list("reference", "row", "intake__as_of"))


def test_a_row_that_goes_wrong_again_waits_again(source):
    good, bad = [row("C1"), row("C2")], [row("C1"), row("C2", OUTCOME="BANANA")]
    source.send(bad, on="2026-06-01")
    source.send(good, on="2026-06-03")
    source.send(bad, on="2026-06-02")
    assert waiting_rows() == set(), "an older file says nothing of what was mended since"
    source.send([*bad[1:], bad[0]], on="2026-06-04")
    assert waiting_rows() == {("C2", 1, day("2026-06-04"))}
    source.send(good, on="2026-06-03")
    assert waiting_rows() == {("C2", 1, day("2026-06-04"))}
    assert Quarantine.objects.count() == 1


def test_what_an_older_file_has_wrong_does_not_wait_when_a_newer_one_has_it_right(source):
    source.send([row("C1"), row("C2")], on="2026-06-03")
    wrong = [row("C2", OUTCOME="BANANA"), row("", OUTCOME="BANANA"), row("C3", OUTCOME="BANANA")]
    assert source.send([row("C1"), *wrong], on="2026-06-02").quarantined == 3
    assert waiting_rows() == set()


def test_a_row_that_its_source_dropped_waits_no_more(source):
    source.send([row("C1"), row("C2", OUTCOME="BANANA")], on="2026-06-01")
    source.send([row("C1")], on="2026-06-02")
    assert waiting_rows() == set()


def test_an_original_that_was_altered_is_told_as_such(source, cast):
    source.send([row("C4", OUTCOME="BANANA")])
    refresh()
    page = reverse("quarantined", args=[Quarantine.objects.get().pk])
    client = sign_in(cast["sorrel"])
    assert "BANANA" in client.get(page).text
    Content.objects.update(ciphertext=b"x" * 40)
    assert "was altered" in client.get(page).text


def broken(source, on, *rows):
    """Write an export of whose rows some have lost most of their fields; the first field is what is left of them."""
    path = source.write([each for each in rows if isinstance(each, dict)], on)
    with path.open("a") as file:
        file.writelines(f'"{each}","Theft"\n' for each in rows if isinstance(each, str))
    return take_in(feeds.read(source.feed, path), by=Actor("tests"), absence_limit=0.05)


def test_a_row_that_cannot_be_read_may_be_any_that_seems_absent(source):
    rows = [row(f"C{n}") for n in range(30)]
    source.send(rows)
    counts = broken(source, "2026-06-02", *rows[1:], "C0")
    assert (counts.quarantined, counts.withdrawn) == (1, 0)
    assert "1 row could not be read, so nothing was marked as withdrawn" in counts.notes[0]
    assert not Record.objects.filter(withdrawn_on__isnull=False).exists()
    with pytest.raises(TooManyAbsent, match="lacks 9 of the 30"):
        broken(source, "2026-06-03", *rows[:20], "C20")
    counts = source.send(rows[1:], on="2026-06-04")
    assert (counts.withdrawn, counts.notes) == (1, ())


def test_a_row_in_quarantine_stands_for_all_that_its_record_was_told_by(controllers, tmp_path):
    source = Source(tmp_path, duplicates="same_record")
    others = [row(f"C{n}") for n in range(2, 60)]
    source.send([row("C1", "P1"), row("C1", "P2"), *others])
    counts = source.send([row("C1", "P1"), row("C1", "", ROLE="BANANA", SURNAME="Nobody"), *others], on="2026-06-02")
    assert (counts.quarantined, counts.withdrawn) == (1, 0)
    assert Nominal.objects.get(reference="P2").withdrawn_on is None


def test_a_delta_says_nothing_by_absence(controllers, tmp_path):
    source = Source(tmp_path, kind="delta")
    source.send([row("C1"), row("C2")])
    assert source.send([row("C3")], on="2026-06-02").withdrawn == 0


def test_deletion_and_merge_at_source_are_followed(source):
    source.send([row("C1", "P1"), row("C2", "P2")])
    told = [
        row("C1", "P1"),
        row("C2", "P2"),
        row("C1", ACTION="D", ENTITY="record"),
        row("P2", ACTION="M", ENTITY="nominal", INTO="P1"),
    ]
    source.send(told, on="2026-06-02")
    assert Record.objects.get(reference="C1").withdrawn_on is not None
    assert Nominal.objects.get(reference="P2").merged_into == "P1"


def test_a_seal_at_source_moves_the_person_into_the_enclave(source):
    source.send([row("C1", "P1")])
    source.send([row("C1", "P1"), row("P1", ACTION="S", ENTITY="nominal")], on="2026-06-02")
    assert Nominal.objects.get().scope.partition == "sealed"
    source.send([row("C1", "P1", FORENAME="Other")], on="2026-06-03", absence_limit=1)
    assert Nominal.objects.get().scope.partition == "sealed"


def test_what_was_destroyed_does_not_come_back(source):
    source.send([row("C1", "P1")])
    Tombstone.objects.create(system=Record.objects.get().system, entity="record", reference_hash=fingerprint("C9"))
    counts = source.send([row("C1", "P1"), row("C9", "P9")], on="2026-06-02")
    assert counts.suppressed == 1
    assert not Record.objects.filter(reference="C9").exists()
    assert not Nominal.objects.filter(reference="P9").exists()


def test_a_system_that_nobody_registered_is_refused(controllers, tmp_path):
    source = Source(tmp_path, system="unheard-of")
    with pytest.raises(UnknownSystem, match="is registered"):
        source.send([row("C1")])
    assert not Intake.objects.exists()


def test_a_file_that_is_not_what_its_feed_says_is_refused_whole(source):
    path = source.folder / "crimes-2026-06-01.csv"
    path.write_text("A,B\n1,2\n")
    with pytest.raises(feeds.BadFile, match="REF"):
        feeds.read(source.feed, path)


def test_nothing_is_left_in_the_staging_schema(source):
    source.send([row("C1", "P1")])
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM pg_tables WHERE schemaname = 'staging'")
        assert cursor.fetchone()[0] == 0


def test_hostile_values_are_kept_as_text(source):
    nasty = "=cmd|' /C calc'!A0"
    source.send([row("C1", "P1", TITLE=nasty, SURNAME="O''Brien <script>")])
    assert Record.objects.get().title == nasty
    assert Nominal.objects.get().surname == "O''Brien <script>"


def test_keys_without_content_are_swept_but_not_young_ones(source):
    source.send([row("C1")])
    ContentKey.objects.create(owner="record:999:1:1", wrapped=b"x")
    assert content.sweep_orphans() == 0
    from datetime import timedelta

    assert content.sweep_orphans(older_than=timedelta(seconds=-1)) == 1
    assert content.read(Content.objects.get()) == "Narrative of C1"


@pytest.mark.parametrize("born", ["1900-01-01", "1970-01-01", "1799-05-05", "2031-01-01", "not a day"])
def test_a_day_that_is_no_date_of_birth_is_kept_as_written_and_dates_nobody(born, tmp_path, controllers):
    source = Source(tmp_path)
    assert source.send([row("C1", "P1", BORN=born)]).accepted == 1
    nominal = Nominal.objects.get()
    assert nominal.born == born
    assert (nominal.born_earliest, nominal.born_latest) == (None, None)


def merged(ref, into, action="M", **more):
    return row(ref, ACTION=action, ENTITY="nominal", INTO=into, REPORTED="", **more)


def test_a_merge_of_somebody_who_is_not_held_yet_applies_when_they_come(controllers, tmp_path):
    source = Source(tmp_path, kind="delta")
    counts = source.send([merged("P2", "P1")])
    assert counts.accepted == 1
    assert "1 of its deletions, merges or seals name what is not held" in counts.notes[0]
    source.send([row("C1", "P1"), row("C2", "P2")], on="2026-06-02")
    assert Nominal.objects.get(reference="P2").merged_into == "P1"
    assert Nominal.objects.get(reference="P1").merged_into == ""


def test_of_merge_and_unmerge_the_one_of_the_newer_file_holds(controllers, tmp_path):
    source = Source(tmp_path, kind="delta")
    source.send([row("C1", "P1"), row("C2", "P2")])
    source.send([merged("P2", "P1", "X")], on="2026-06-03")
    source.send([merged("P2", "P1")], on="2026-06-02")
    assert Nominal.objects.get(reference="P2").merged_into == ""


def test_an_event_that_makes_no_sense_waits_with_its_reason(source):
    source.send([row("C1", "P1")])
    itself, of_record = merged("P1", "P1"), merged("C1", "C2") | {"ENTITY": "record"}
    assert source.send([row("C1", "P1"), itself, of_record], on="2026-06-02").quarantined == 2
    said = {reason["message"] for each in Quarantine.objects.all() for reason in each.reasons}
    assert "It would be merged into itself." in said
    assert any(message.startswith("Only people are merged here") for message in said)
