"""Files are read and staged before their turn; what stops a run leaves nothing staged behind."""

import json

import pytest
from django.db import connection
from typer.testing import CliRunner

from factories.exports import Source, row
from factories.linkage import activate_model
from muniment import feeds
from muniment.cli import exits, intake
from muniment.core.actors import Actor
from muniment.people.models import Belonging
from muniment.records import touched
from muniment.records.actions.take_in import TooManyAbsent
from muniment.records.models import Intake, Record

pytestmark = pytest.mark.django_db(transaction=True)

BY = Actor("tests")


def staged():
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM pg_tables WHERE schemaname = 'staging'")
        return cursor.fetchone()[0]


@pytest.fixture
def files(controllers, tmp_path):
    source = Source(tmp_path)
    full, short = [row(f"C{n}") for n in range(10)], [row("C0")]
    return source.feed, [source.write(rows, f"2026-06-0{day}") for day, rows in enumerate([full, short, full, full], 1)]


def test_a_run_that_stops_drops_what_was_read_ahead(files):
    feed, paths = files
    with pytest.raises(TooManyAbsent):
        intake.take_in_files([(feed, paths)], by=BY, absence_limit=0.05)
    assert Intake.objects.count() == 1
    assert staged() == 0


def test_a_file_that_cannot_be_read_in_full_stops_the_run_at_its_turn(files, monkeypatch):
    feed, paths = files
    read = feeds.read

    def failing(feed, file, **more):
        if file == paths[2]:
            raise OSError("The disk went away.")
        return read(feed, file, **more)

    monkeypatch.setattr(feeds, "read", failing)
    with pytest.raises(OSError, match="went away"):
        intake.take_in_files([(feed, paths)], by=BY, absence_limit=1.0)
    assert Intake.objects.count() == 2
    assert staged() == 0


@pytest.mark.parametrize("ahead", [0, 1 << 30])
def test_files_come_in_their_order_however_many_are_read_ahead(files, monkeypatch, ahead):
    feed, paths = files
    monkeypatch.setattr(intake, "_AHEAD", ahead)
    counts = intake.take_in_files([(feed, paths[::-1])], by=BY, absence_limit=1.0)
    assert (counts.read, counts.accepted, counts.withdrawn) == (31, 10, 9)
    assert not Record.objects.filter(withdrawn_on__isnull=False).exists()
    assert staged() == 0


def test_a_file_that_is_cut_off_is_found_before_any_is_applied(files):
    feed, paths = files
    paths[2].write_text(paths[2].read_text().rstrip()[:-30])
    with pytest.raises(feeds.BadFile, match=r"(?s)middle of a row.*Nothing was taken in"):
        intake.take_in_files([(feed, paths)], by=BY, absence_limit=1.0)
    assert not Intake.objects.exists()


def test_why_rows_went_to_quarantine_is_told(controllers, tmp_path):
    source = Source(tmp_path, kind="delta")
    good, bad, without = row("C1"), row("C2", REPORTED="Tuesday"), row("", REPORTED="2015-03-01")
    files = [str(source.write(rows, f"2026-06-0{day}")) for day, rows in enumerate([[good, bad], [bad, without]], 1)]
    told = CliRunner().invoke(intake.app, [str(source.feed.path), *files, "--json"])
    assert told.exit_code == exits.WITH_QUARANTINE
    reasons = json.loads(told.stdout.splitlines()[-1])["reasons"]
    assert list(reasons) == ["bad_date", "required"]
    lines = [f"{count:,} × {code}: {feeds.REASONS[code]}" for code, count in reasons.items()]
    assert [line for line in lines if line not in told.stderr] == []


def test_many_are_followed_by_runs_over_everybody_unless_they_are_left_to_these(controllers, tmp_path, monkeypatch):
    activate_model()
    source = Source(tmp_path, kind="delta")
    monkeypatch.setattr(touched, "AT_ONCE", 1)

    def take_in(day, *references, options=()):
        file = source.write([row(f"C{name}", f"P{name}") for name in references], day)
        told = CliRunner().invoke(intake.app, [str(source.feed.path), str(file), "--json", *options])
        assert told.exit_code == 0
        return json.loads(told.stdout.splitlines()[-1])

    told = take_in("2026-06-01", "1", "2", "3")
    assert (told["nominals_attached"], told["records_decided"], told["notes"]) == (3, 3, [])
    assert take_in("2026-06-02", "4", "5", options=["--no-follow"])["nominals_attached"] == 0
    assert not Belonging.objects.filter(nominal__reference="P4").exists()
