"""What an installation is asked, to mark every column of somebody, to destroy them and to search its files."""

import pickle
from datetime import date
from pathlib import Path

from django.contrib.sessions.models import Session
from django.utils import timezone

from factories import filled, markers
from factories.cast import make_cast
from factories.deeds import NO, WORKER, by, keys_of, say
from factories.linkage import activate_model
from factories.lives import BY, NOW, Life
from muniment.core import audit, database, places, postgres
from muniment.core.backup import BadBackup, loading, taking
from muniment.core.models import Content, ContentKey, Controller, User
from muniment.engine import policy
from muniment.engine.policy.model import Adoption, Length, Overlay
from muniment.people.queries import life_digest
from muniment.retention.actions import audit_expiry, destruction, disposal, rewrite
from muniment.retention.actions import review as reviewing
from muniment.retention.actions.schedule import schedule
from muniment.retention.models import DisposalOrder

RECORDS = ["C1", "CU1"]


def _life(folder):
    return Life(Path(folder), {each.username: each for each in User.objects.all()})


def begin(folder: str) -> None:
    """Take in somebody whom two systems know."""
    make_cast({each.code: each for each in Controller.objects.all()})
    activate_model()
    life = _life(folder)
    life.take_in()
    say("P1", "D1", "same", by=by(life, "sorrel"))
    with _admin() as admin:
        _loosen(admin)
        filled.fill(
            admin,
            but=(
                "retention_disposal",
                "retention_source",
                "retention_review",
                "retention_agreement",
                "retention_duty",
                "retention_certificateissue",
                "supply",
                "core",
                "django",
            ),
        )
    schedule(policy.load(), by=BY, on=NOW)


def answered(folder: str) -> None:
    """Have it decided, approved and deleted by every source that all of it goes."""
    life = _life(folder)
    review = life.review
    conclusion = reviewing.Conclusion("dispose", "No longer necessary for any policing purpose.")
    done = reviewing.decide(
        review, reviewing.Answers(NO, seen=life_digest(review.prime_id)), conclusion, by=by(life, "rowan")
    )
    proposal = disposal.Proposal(done.prime, done.controller, keys_of(RECORDS), done)
    order = disposal.approve(disposal.propose(proposal, by=by(life, "rowan")), by=by(life, "ash"))
    destruction.work(by=WORKER)
    order.refresh_from_db()
    assert order.state == "instructed", order.stopped_by
    for instruction in order.instructions.all():
        disposal.answer(instruction, by=by(life, "rowan"), said="done", note="")


def _admin(name: str = ""):
    admin = database.admin_connection(name or database.names()[0])
    admin.execute("SET session_replication_role = replica")  # no trigger and no reference is asked
    return admin


def _loosen(admin) -> None:
    """Let any column take a marker: no checks, no limits of length, nothing compressed."""
    checks = "SELECT conrelid::regclass::text, conname FROM pg_constraint WHERE contype = 'c'"
    for table, name in admin.execute(f"{checks} AND connamespace = 'public'::regnamespace").fetchall():
        admin.execute(f'ALTER TABLE {table} DROP CONSTRAINT "{name}"')
    admin.execute("SET allow_system_table_mods = on")
    ours = "attrelid IN (SELECT oid FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relkind = 'r')"
    of_words = "atttypid IN ('varchar'::regtype, 'varchar[]'::regtype)"
    admin.execute(f"UPDATE pg_attribute SET atttypmod = -1 WHERE {ours} AND {of_words}")
    admin.execute(f"UPDATE pg_attribute SET attstorage = 'e' WHERE {ours} AND attstorage = 'x' AND attnum > 0")


def mark() -> dict:
    """Mark every column; return what was added, and what no column of could be marked."""
    with _admin() as admin:
        filled.fill(admin)
        planted = markers.plant(admin)
        admin.execute("ANALYZE")
    for each in Content.objects.all():
        kind = f"content of {each.owner.split(':')[0]}: {each.kind}"
        planted.sealed.setdefault(kind, []).extend([bytes(each.nonce), bytes(each.ciphertext)[:16]])
    for key in ContentKey.objects.all():
        planted.sealed.setdefault(f"key of {key.owner.split(':')[0]}", []).append(bytes(key.wrapped)[:16])
    _kept().write_bytes(pickle.dumps(planted))
    return {
        "columns": sorted(planted.columns.values()),
        "live": sorted(planted.live),
        "bare": planted.bare,
        "contents": sorted({each.owner.split(":")[0] for each in Content.objects.all()}),
        "sealed": sorted(planted.sealed),
    }


def _kept() -> Path:
    return Path(__file__).parents[2] / "build" / f"markers-{places.home().name}.pickle"


def search() -> dict:
    """Return the columns and contents that are still found in a file of the installation, with the files."""
    planted = pickle.loads(_kept().read_bytes())
    for name in database.names():
        with database.admin_connection(name) as admin:
            admin.execute("CHECKPOINT")
    cluster = postgres._seat()[0]
    files = _files()
    folders = [places.home()] + ([] if cluster.is_relative_to(places.home()) else [cluster])
    seen = markers.found(planted, folders)
    return {place: sorted({_named(each, files) for each in at}) for place, at in seen.items()}


def _files() -> dict[str, str]:
    """Return the tables and indexes of both databases by the files in which they lie."""
    asked = "SELECT pg_relation_filepath(oid), relname FROM pg_class WHERE pg_relation_filepath(oid) IS NOT NULL"
    found = {}
    for name in database.names():
        with database.admin_connection(name) as admin:
            found |= dict(admin.execute(asked).fetchall())
    return found


def _named(path: str, files: dict[str, str]) -> str:
    return next((name for file, name in files.items() if path.endswith(file)), path)


def rows_left() -> dict:
    """Return how many of the rows that were marked are there still, by table."""
    planted = pickle.loads(_kept().read_bytes())
    left = {}
    with database.admin_connection(database.names()[0]) as admin:
        for model in markers.tables():
            table = model._meta.db_table
            key = ", ".join(each.column for each in model._meta.pk_fields)
            if table in planted.rows:
                now = {row for (row,) in admin.execute(f"SELECT ({key})::text FROM {table}").fetchall()}
                left[table] = len(now & set(planted.rows[table]))
    return {table: count for table, count in left.items() if count}


def destroy() -> list:
    """Carry the order out as the worker does, and have the tables written anew; return what is left to do."""
    destruction.work(by=WORKER)
    assert [each.state for each in DisposalOrder.objects.all()] == ["certified"]
    Session.objects.filter(expire_date__lt=timezone.now()).delete()
    return rewrite.rewrite(by=WORKER).counts["left"]


def back_up(folder: str) -> None:
    """Take a copy of the records into a new folder, and of the keys in place of the copy before."""
    taking.records(Path(folder) / f"records-{timezone.now():%H%M%S%f}")
    taking.content_keys(Path(folder) / "keys")


def open_keys(folder: str) -> str:
    """Return why a copy of the keys cannot be opened."""
    try:
        loading.content_keys(Path(folder))
    except BadBackup as why:
        return str(why)
    return ""


def expire_the_audit() -> list:
    """Have every event expire, as when its time is over for everybody, and the tables written anew."""
    audit.seal()
    with _admin() as admin:
        admin.execute("UPDATE core_auditseal SET sealed_at = '2001-01-01T00:00:00+00:00'")
        admin.execute("UPDATE core_controller SET mode = 'live'")
    told = Adoption("IG-LOG", date(2020, 1, 1), Length(months=72), "Schedule, row 9", ("A. One", "B. Two"))
    everywhere = [Overlay(each.code, (told,)) for each in Controller.objects.all()]
    audit_expiry.expire(policy.load().adopting(everywhere), by=WORKER, on=timezone.localdate())
    return rewrite.rewrite(by=WORKER).counts["left"]
