"""Backed up, destroyed, restored: by the command line, on an installation of its own, whose databases come and go."""

import json
import shutil
from pathlib import Path

import psycopg
import pytest

from factories.survival.installation import ORGANISATION, lent

pytestmark = pytest.mark.xdist_group("backup")  # one installation for all of them
ASK = "factories.backups"


class Course:
    """An installation with a backup of its first day, of which somebody was destroyed afterwards."""

    def __init__(self, installation, folder):
        self.installation, self.folder = installation, folder
        (folder / "key").write_text("5a" * 32)
        installation.environment |= {
            "MUNIMENT_BACKUP_KEY_FILE": str(folder / "key"),
            "MUNIMENT_KEYS_BACKUP_KEY_FILE": str(folder / "keys.key"),
        }
        self.exports = str(folder / "exports")
        installation.run("database", "init", "--organisation", str(ORGANISATION))
        self.walls = installation.ask("walls")
        self.ask("begin", folder=self.exports)
        self.records, self.keys = str(folder / "records"), str(folder / "keys")
        self.said = json.loads(self.run("database", "backup", self.records, "--keys-to", self.keys, "--json"))
        self.marked = self.ask("marked_tables")
        self.certificate = self.ask("destroy", folder=self.exports)
        self.hold = self.ask("hold_who_stays", folder=self.exports)
        self.restricted = self.ask("restrict_who_stays", folder=self.exports)
        self.adoption = self.ask("adopt")
        self.ask("work")
        self.ledger = str(shutil.copy(installation.home / "ledger.jsonl", folder / "ledger.jsonl"))
        self.hold_on_all = self.ask("hold_everything", folder=self.exports)
        self.run("work")

    def ask(self, call, **given):
        return self.installation.ask(f"{ASK}:{call}", **given)

    def run(self, *words, code=0):
        return self.installation.run(*words, code=code)

    def rehearse(self, *more, code=0):
        words = ("database", "rehearse", self.records, *more, "--ledger", self.ledger, "--json")
        return json.loads(self.run(*words, code=code).splitlines()[-1])

    def vacate(self):
        """Take both databases away, as when the server was lost."""
        self.ask("let_go")
        with self.installation.watching("postgres") as admin:
            for name in ("muniment", "muniment_keys"):
                admin.execute(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")

    def databases(self):
        with self.installation.watching("postgres") as admin:
            return {name for (name,) in admin.execute("SELECT datname FROM pg_database").fetchall()}

    def restored_tables(self):
        """Return the marked tables of the database under its own name."""
        return self.ask("marked_tables") if "muniment" in self.databases() else []

    def web_may_enter(self, dbname):
        try:
            psycopg.connect(self.ask("web_address", dbname=dbname)).close()
        except psycopg.OperationalError:
            return False
        return True


@pytest.fixture(scope="module")
def course(tmp_path_factory):
    with lent("backup") as installation:
        yield Course(installation, tmp_path_factory.mktemp("backups"))


def failed(report):
    return [each["what"] for each in report["checks"] if not each["holds"]]


def test_a_backup_is_private_and_whole(course):
    for path in (Path(course.records), Path(course.keys)):
        assert path.stat().st_mode & 0o777 == 0o700
        assert {each.stat().st_mode & 0o777 for each in path.iterdir()} == {0o600}
    assert course.said["rows"] and course.said["keys"] and course.marked
    course.run("database", "verify-backup", course.records, "--keys-from", course.keys)
    changed = Path(course.folder / "changed")
    shutil.copytree(course.records, changed)
    with (changed / "records.dump").open("r+b") as file:
        file.seek(5000)
        byte = file.read(1)
        file.seek(5000)
        file.write(bytes([byte[0] ^ 1]))
    assert "changed or cut short" in course.run("database", "verify-backup", str(changed), code=6)


def test_a_rehearsal_proves_the_copy_and_takes_it_away(course):
    before = course.databases()
    report = course.rehearse("--keys-from", course.keys)
    assert failed(report) == [], report
    followed = next(each["found"] for each in report["checks"] if each["what"] == "the ledger was followed")
    assert "1 restrictions put back, 0 ended" in followed and report["notes"] == []
    assert course.databases() == before
    # The live keys lack what was destroyed, and one that was not: a text that stays cannot be opened any more.
    with course.installation.watching("muniment_keys") as keys:
        one = "SELECT owner FROM core_contentkey WHERE owner LIKE 'record:%' ORDER BY 1 DESC LIMIT 1"
        wrapped = keys.execute(f"DELETE FROM core_contentkey WHERE owner = ({one}) RETURNING owner, wrapped").fetchone()
        assert failed(course.rehearse(code=6)) == ["every text has its key", "a reader can work"]
        keys.execute("INSERT INTO core_contentkey (owner, wrapped, made_at) VALUES (%s, %s, now())", wrapped)


def test_nothing_is_taken_with_a_wrong_key_or_a_ledger_that_is_cut_short(course):
    def why(**other):
        asked = {"folder": course.records, "keys": course.keys, "ledger": course.ledger, **other}
        return course.ask("refused", **asked)

    def file(name, text):
        path = course.folder / name
        path.write_text(text)
        return str(path)

    assert why() == ""
    wrong = file("wrong", "6b" * 32)
    assert "this is not the key" in why(MUNIMENT_BACKUP_KEY_FILE=wrong)
    assert "64 hexadecimal digits" in why(MUNIMENT_BACKUP_KEY_FILE=file("half", "5a" * 16))
    assert "is missing" in why(MUNIMENT_BACKUP_KEY_FILE=str(course.folder / "nowhere"))
    assert "a newer copy took its place" in why(MUNIMENT_KEYS_BACKUP_KEY_FILE=file("newer", f"other {'6b' * 32}\n"))
    own = Path(course.folder / "keys.key").read_text().split()[0]
    assert "not the key" in why(MUNIMENT_KEYS_BACKUP_KEY_FILE=file("exchanged", f"{own} {'6b' * 32}\n"))
    lines = Path(course.ledger).read_text().splitlines(keepends=True)
    later = str(course.folder / "later")
    assert course.ask("back_up", folder=later) >= len(lines) > 1
    assert "was cut short" in why(folder=later, ledger=file("cut", "".join(lines[:1])))
    assert "Lines were taken out" in why(ledger=file("gap", "".join(lines[:1] + lines[2:])))
    assert "is not a line of a ledger" in why(ledger=file("torn", "".join(lines)[:-20]))
    assert "There is no ledger" in why(ledger=str(course.folder / "nowhere"))


def test_a_copy_whose_master_key_is_another_stays_shut(course):
    path = course.folder / "another master"
    path.write_text("6b" * 32)
    course.installation.environment["MUNIMENT_MASTER_FILE"] = str(path)
    try:
        assert "texts open" in failed(course.rehearse("--keys-from", course.keys, code=6))
    finally:
        del course.installation.environment["MUNIMENT_MASTER_FILE"]


def test_a_database_in_use_is_never_written_over(course):
    assert "is in use" in course.run("database", "restore", course.records, code=5)


def test_what_the_ledger_cannot_do_keeps_the_copy_shut_until_somebody_says_why(course):
    course.vacate()
    words = ("database", "restore", course.records, "--keys-from", course.keys)
    said = course.run(*words, "--json", code=6)
    assert course.hold_on_all in said and "it is not destroyed again" in said
    assert "muniment" not in course.databases()
    assert not course.web_may_enter("muniment_restoring")
    course.run(*words, "--open-anyway", "The inquiry asked for it in writing.")
    assert course.web_may_enter("muniment")
    assert course.ask("held", reference=course.hold_on_all) == ["C1", "C9"]
    course.run("work")
    course.run("audit", "verify")  # the seals that went further were put aside, and a new file was begun
    assert len(list(course.installation.home.glob("seals.jsonl.before-restore-*"))) == 1
    audited = "SELECT detail->>'reason' FROM core_auditevent WHERE action = 'database.open_anyway'"
    assert course.installation.sql(audited) == [["The inquiry asked for it in writing."]]


# Where a restore is killed: the databases are shut to everybody until the last, after which they are right.
STEPS = (
    ("after", "muniment.core.backup.programs:load"),
    ("before", "muniment.core.walls:raise_walls"),
    ("after", "muniment.retention.actions.replay:_destroy_again"),
    ("before", "muniment.cli.checking:of_copy"),
    ("after", "muniment.retention.actions.rewrite:rewrite"),
    ("before", "muniment.core.database:let_in"),
)


def test_killed_at_every_step_it_is_shut_and_run_again_what_was_destroyed_stays_destroyed(course):
    course.vacate()
    words = ("database", "restore", course.records, "--keys-from", course.keys, "--ledger", course.ledger)
    for when, step in STEPS:
        course.installation.run_killed(when, step, *words)
        assert not course.web_may_enter("muniment") and not course.web_may_enter("muniment_restoring"), step
        assert course.restored_tables() == [], f"{step}: nobody reads before it is right, by whichever name"
    # A ledger that was cut before the backup, or changed, opens nothing.
    short = course.folder / "short.jsonl"
    short.write_text(Path(course.ledger).read_text().replace('"kind": "hold"', '"kind": "hole"'))
    assert "was changed" in course.run(*words[:-1], str(short), code=6)
    course.run(*words)
    assert course.web_may_enter("muniment") and "muniment_restoring" not in course.databases()
    assert course.installation.ask("walls") == course.walls
    assert course.marked and course.ask("marked_tables") == []
    assert course.ask("held", reference=course.hold) == ["C9"]
    stands = "SELECT count(*) FROM retention_restriction WHERE ended_on IS NULL"
    assert course.installation.sql(stands) == [[1]], "what was restricted since is restricted"
    assert course.ask("adopted") == [course.adoption], "what was adopted or ended since stands as it did"
    certificates = course.installation.sql("SELECT count(*) FROM retention_certificate")
    stones = course.installation.sql("SELECT entity FROM records_tombstone ORDER BY 1")
    assert (certificates, stones) == ([[1]], [["nominal"], ["record"]])
    # The whole ledger goes further than this copy of it: nothing is destroyed until that is cleared up.
    assert "older copy" in course.run("work", code=6)
