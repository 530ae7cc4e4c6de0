"""What is checked of a copy before anybody may read it: each check with its figure, and whether it holds."""

import json
import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from django.db import connection
from django.utils import timezone

from muniment.core import access, audit, content, ledger, places, sittings
from muniment.core.models import Content, ContentKey, User
from muniment.people.models import PrimePerson
from muniment.records.models import Record
from muniment.retention.models import HeldRecord, Hold, HoldVersion
from muniment.retention.requests import restrictions

SCRIPT = Path(__file__).parents[1] / "core" / "verify_audit.py"
_SOME = 100  # texts that are opened to see that they do
_BACK = """
SELECT count(*) FROM records_tombstone t JOIN {table} h ON h.system_id = t.system_id AND {only}
    encode(sha256(convert_to(%(pepper)s || h.{column}, 'UTF8')), 'hex') = t.reference_hash
WHERE t.entity = %(entity)s
"""
# Where something that was destroyed would show: the entity of its tombstone, the table, its column of references.
_PLACES = (
    ("record", "records_record", "reference", ""),
    ("nominal", "records_nominal", "reference", ""),
    ("record", "records_quarantinename", "name", "h.kind = 'record' AND"),
)


@dataclass(frozen=True)
class Check:
    """What was checked, what was found, and whether that is as it should be."""

    what: str
    found: str
    holds: bool


def of_copy(lines: Sequence[ledger.Line], after: int, findings: Sequence[str]) -> list[Check]:
    """Check the copy that this process works on, once it has followed the ledger past a line."""
    return [
        Check("the ledger could be followed", f"{len(findings)} left to a person", not findings),
        _nothing_is_back(),
        _no_content_is_back(lines, after),
        *_texts(),
        _holds(lines),
        _restrictions(lines),
        _audit(),
    ]


def _count(query: str, **given: str) -> int:
    with connection.cursor() as cursor:
        cursor.execute(query, given)
        return int(cursor.fetchone()[0])


def _nothing_is_back() -> Check:
    """Look for what tombstones stand for wherever it would show."""
    pepper = places.derived("tombstones", "references")
    back = {
        table: _count(_BACK.format(table=table, column=column, only=only), pepper=pepper, entity=entity)
        for entity, table, column, only in _PLACES
    }
    stones = _count("SELECT count(*) FROM records_tombstone")
    said = ", ".join(f"{count} in {table}" for table, count in back.items() if count) or "none of it is here"
    return Check("what was destroyed is not here", f"{stones:,} tombstones: {said}", not any(back.values()))


def _no_content_is_back(lines: Sequence[ledger.Line], after: int) -> Check:
    owners = {owner for line in lines if line.kind == "disposal" for owner in line.body["owners"]}
    since = {
        owner for line in lines if line.kind == "disposal" and line.number > after for owner in line.body["owners"]
    }
    here = set(Content.objects.filter(owner__in=owners).values_list("owner", flat=True))
    # Something said anew of two places may have the owner of what was destroyed before the copy was made.
    texts, keys = len(here & since), ContentKey.objects.filter(owner__in=(owners - here) | since).count()
    return Check(
        "content that was destroyed cannot be read",
        f"{len(owners):,} owners in the ledger: {texts} texts and {keys} keys of theirs are here",
        not texts and not keys,
    )


def _texts() -> list[Check]:
    used = set(Content.objects.values_list("owner", flat=True).distinct())
    lost = used - set(ContentKey.objects.values_list("owner", flat=True))
    some = list(Content.objects.order_by("-pk").exclude(owner__in=list(lost)[:10_000])[:_SOME])
    shut = sum(not content.opens(each) for each in some)
    return [
        Check("every text has its key", f"{len(used):,} owners, {len(lost)} without a key", not lost),
        Check("texts open", f"{len(some) - shut} of the {len(some)} newest", not shut),
    ]


def _holds(lines: Sequence[ledger.Line]) -> Check:
    last = {line.body["hold"]: line.body["facts"]["released_at"] for line in lines if line.kind == "hold"}
    standing = set(Hold.objects.filter(released_at__isnull=True).values_list("pk", flat=True))
    missing = {key for key, released in last.items() if not released} - standing
    over = {key for key, released in last.items() if released} & standing
    told = {line.body["hold"]: len(line.body.get("versions") or ()) for line in lines if line.kind == "hold"}
    here = Counter(HoldVersion.objects.filter(hold__in=told).values_list("hold_id", flat=True))
    other = {key for key, number in told.items() if here[key] < number}
    held = HeldRecord.objects.filter(hold__in=standing).values("record").distinct().count()
    found = (
        f"{len(standing)} stand and cover {held:,} records; {len(missing)} missing, {len(over)} released and standing,"
        f" {len(other)} without all versions of their scope"
    )
    return Check("holds stand as the ledger says", found, not (missing or over or other))


def _restrictions(lines: Sequence[ledger.Line]) -> Check:
    """What the ledger last said of each is so, or stricter; each that stands is about somebody, or waits for them."""
    last = {line.body["restriction"]: line.body["facts"]["ended_on"] for line in lines if line.kind == "restriction"}
    standing = set(restrictions.standing().filter(ended_on=None).values_list("pk", flat=True))
    missing = {key for key, ended in last.items() if not ended} - standing
    over = {key for key, ended in last.items() if ended} & standing
    waits = set(restrictions.waiting().values_list("pk", flat=True))
    found = (
        f"{len(standing)} stand, of which {len(waits)} wait for people whom this copy does not know; {len(missing)}"
        f" missing, {len(over)} ended by the ledger and standing, because it is not certain that they are the same"
    )
    return Check("restrictions stand as the ledger says", found, not missing)


def _audit() -> Check:
    """Have the auditor's script compare the copy with the seals outside, as far as the copy goes."""
    sealed = _count("SELECT coalesce(max(number), 0) FROM core_auditseal")
    outside = audit.seals_file()
    if not outside.exists():
        return Check("the audit verifies", f"the file of seals {outside} is not there", not sealed)
    folder = places.spill()  # covert events are among them: where only this account reads
    folder.mkdir(mode=0o700, exist_ok=True)
    with (
        tempfile.NamedTemporaryFile("w", suffix=".jsonl", dir=folder) as file,
        tempfile.NamedTemporaryFile("w", suffix=".jsonl", dir=folder) as seals,
    ):
        said = outside.read_text().splitlines(keepends=True)
        seals.writelines(line for line in said if json.loads(line)["number"] <= sealed)
        seals.flush()
        file.writelines(
            json.dumps(line, ensure_ascii=False, sort_keys=True) + "\n" for line in audit.export(covert=True)
        )
        file.flush()
        command = [sys.executable, str(SCRIPT), file.name, "--seals", seals.name, "--key", audit.public_key()]
        done = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603 - our own script
    words = (done.stdout or done.stderr).strip().splitlines()
    return Check("the audit verifies", f"{sealed} seals: {words[-1] if words else 'no answer'}", done.returncode == 0)


def reader() -> Check:
    """See that somebody who may read finds their records and people, as their screens would."""
    access.refresh_scopes(timezone.localdate())
    for user in User.objects.filter(is_active=True, userscope__isnull=False).distinct().order_by("pk"):
        with sittings.within(user):
            records, people = Record.objects.count(), PrimePerson.objects.count()
            texts = [content.opened(each) for each in Content.objects.exclude(scope=None).order_by("-pk")[:10]]
        if records:
            opened = sum(text is not None for text in texts)
            found = (
                f"{user.username} sees {records:,} records, {people:,} people, and opens {opened} of {len(texts)} texts"
            )
            return Check("a reader can work", found, opened == len(texts))
    anything = Record.objects.exists()
    return Check("a reader can work", "nobody sees a record" if anything else "there are no records", not anything)
