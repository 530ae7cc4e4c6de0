"""Destroyed means destroyed: every column and content of somebody is marked, and the files are searched for it."""

import json
import shutil

import pytest

from factories import markers
from factories.survival.installation import ORGANISATION, lent
from muniment.core.content import OWNERS
from muniment.retention.disposals.remaining import OWNERS_THAT_REMAIN, REMAINS

pytestmark = pytest.mark.xdist_group("gone")  # one installation for all of them
ASK = "factories.gone"
WHOLE = {
    "retention_certificate",
    "retention_certificateissue",
    "retention_trace",
    "records_tombstone",
}  # made by the destruction, so nothing in them was marked
IN_AUDIT = {"core_auditevent", "core_covertevent"}


class Course:
    """An installation in which somebody is destroyed of whom every column was marked."""

    def __init__(self, installation, folder):
        self.installation, self.folder = installation, folder
        (folder / "key").write_text("5a" * 32)
        installation.environment |= {
            "MUNIMENT_BACKUP_KEY_FILE": str(folder / "key"),
            "MUNIMENT_KEYS_BACKUP_KEY_FILE": str(folder / "keys.key"),
        }
        installation.run("database", "init", "--organisation", str(ORGANISATION))
        self.ask("begin", folder=str(folder / "exports"))
        self.ask("answered", folder=str(folder / "exports"))
        self.marked = self.ask("mark")
        self.before = self.ask("search")
        self.ask("back_up", folder=str(folder))
        self.old_keys = str(shutil.copytree(folder / "keys", folder / "keys of the day before"))
        self.left_to_do = self.ask("destroy")
        self.after, self.rows = self.ask("search"), self.ask("rows_left")
        self.ask("back_up", folder=str(folder))

    def ask(self, call, **given):
        return self.installation.ask(f"{ASK}:{call}", **given)


@pytest.fixture(scope="module")
def course(tmp_path_factory):
    with lent("gone") as installation:
        yield Course(installation, tmp_path_factory.mktemp("gone"))


def remaining(marked):
    """Return the columns that the reference lists, as far as they said their marker when it came to it."""
    for column in marked["live"]:
        table, _, name = column.partition(".")
        if table in REMAINS and name not in REMAINS[table].emptied:
            yield column


def kept(marked):
    """Return the contents and the keys of whoever the reference lists."""
    for place in marked["sealed"]:
        if place.split(":")[0].rpartition(" ")[2] in OWNERS_THAT_REMAIN:
            yield place


def test_every_column_is_marked_and_found_before(course):
    assert set(course.marked["contents"]) == set(OWNERS), "a kind of content that the test does not write"
    assert set(course.before) == {*course.marked["columns"], *course.marked["sealed"]}
    statistics = {place for place, files in course.before.items() if "pg_statistic" in files}
    log = {place for place, files in course.before.items() if any("pg_wal" in file for file in files)}
    assert "records_nominal.surname" in statistics & log
    # A table of keys alone holds nothing that could be told.
    assert course.marked["bare"] == ["people_heldchange", "retention_heldrecord", "retention_holdcontroller"]


def test_nothing_is_in_any_file_but_what_is_listed(course):
    assert course.left_to_do == []
    assert set(course.after) == {*remaining(course.marked), *kept(course.marked)}


def test_no_row_is_left_but_what_is_listed(course):
    assert course.rows.keys() | WHOLE | {"core_contentkey"} == REMAINS.keys()


def test_the_log_and_the_statistics_hold_no_more_than_the_tables(course):
    for place, files in course.after.items():
        assert place.split(".")[0] in REMAINS or place in set(kept(course.marked)), (place, files)


def test_an_older_copy_of_the_keys_opens_nothing_and_no_copy_says_anything_in_clear(course):
    assert "a newer copy took its place" in course.ask("open_keys", folder=course.old_keys)
    assert course.ask("open_keys", folder=str(course.folder / "keys")) == ""
    copies = [path for path in course.folder.rglob("*") if path.is_file() and "exports" not in path.parts]
    assert copies and not any(markers.WORDS.search(path.read_bytes()) for path in copies)


def test_of_the_audit_nothing_is_left_once_its_time_is_over(course):
    assert course.ask("expire_the_audit") == []
    assert set(course.ask("search")) == {
        place for place in {*remaining(course.marked), *kept(course.marked)} if place.split(".")[0] not in IN_AUDIT
    }


def test_keys_that_are_wrapped_anew_leave_no_file_with_what_the_earlier_master_key_opens(course):
    said = json.loads(course.installation.run("keys", "rotate", "--new", "--json").splitlines()[-1])
    assert said["wrapped_anew"] > 0 and said["left_in_files"] == []
    assert not {place for place in course.ask("search") if place.startswith("key of")}
