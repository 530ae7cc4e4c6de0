"""The one module that writes and opens content: narratives, originals, reasons.

Every owner (a record, a quarantined row, a review) has a key of its own, wrapped by the master key and kept in a
database of its own. Destroying the key makes every copy of the content unreadable, in old backups too.
"""

import os
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any, Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from django.db import connection, connections, transaction
from django.db.models import Q
from django.utils import timezone

from muniment.core import master, planned, scratch
from muniment.core.models import Content, ContentKey

# Whose content there is, by the first part of an owner, and what it is.
OWNERS: Final = {
    "record": "narratives and other texts of a record",
    "quarantine": "rows as they came that could not be taken in",
    "judgement": "why two nominals were judged to be the same or not, and why that was taken back",
    "place": "why two places were judged to be the same or not, and why that was taken back",
    "vehicle": "why two vehicles were judged to be the same or not, and why that was taken back",
    "request": "what was decided of requests for deletion and erasure, and the replies to them",
    "review": "what reviewers gave as reasons, decided or in a draft",
    "check": "why an automatic decision was said to be wrong",
    "manual": "why people decided by hand as they did, and how a difference was settled",
    "run": "why a run of linkage that waited was released",
}
NONCE_BYTES = 12
_LOST = "What was written here was lost with the master key"
_KEYS_LOCK = 7_130_006


class Destroyed(Exception):
    """The key is gone: what was here was destroyed."""


class Tampered(Exception):
    """The content does not fit its key: it was altered outside this system."""


_SHUT = (Destroyed, Tampered, master.NoMaster)


@dataclass(frozen=True)
class Text:
    """A text to be kept: whose it is, of what kind, and who may see it."""

    owner: str
    kind: str
    text: str
    scope_id: int


@dataclass(frozen=True)
class Sealed:
    """Texts encrypted and not yet kept: wrapped keys by owner, and the rows of content."""

    keys: dict[str, bytes]
    rows: list[tuple[str, str, bytes, bytes, int]]  # owner, kind, nonce, ciphertext, scope


_COLUMNS = {"owner": "varchar", "kind": "varchar", "nonce": "bytea", "ciphertext": "bytea", "scope_id": "int8"}
_KEEP = f"""
WITH kept AS (
    INSERT INTO core_content ({", ".join(_COLUMNS)}) SELECT {", ".join(_COLUMNS)} FROM fresh_content RETURNING owner, id
) SELECT owner, min(id) FROM kept GROUP BY owner
"""  # noqa: S608


def _key(owner: str, *, make: bool) -> bytes:
    held = ContentKey.objects.filter(owner=owner).first()
    if held is None:
        if not make:
            raise Destroyed(f"The key of {owner} is gone: this content was destroyed.")
        fresh = AESGCM.generate_key(256)
        # Two writers may both make one: the first stays, both use it.
        ContentKey.objects.bulk_create(
            [ContentKey(owner=owner, wrapped=master.ring().wrap(owner, fresh))], ignore_conflicts=True
        )
        held = ContentKey.objects.get(owner=owner)
    opened = master.ring().unwrap(owner, bytes(held.wrapped))
    if opened is None:
        raise Tampered(f"The key of {owner} was altered, or another master key made it.")
    return opened[1]


def _encrypt(key: bytes, owner: str, text: str) -> tuple[bytes, bytes]:
    """Return (nonce, ciphertext) of a text under a key, bound to its owner."""
    if owner.partition(":")[0] not in OWNERS:
        raise ValueError(f"Nobody has said what the content of {owner} is: add it to OWNERS.")
    nonce = os.urandom(NONCE_BYTES)
    return nonce, AESGCM(key).encrypt(nonce, text.encode("utf-8", "surrogatepass"), owner.encode())


def store(owner: str, kind: str, text: str, *, scope_id: int | None = None) -> Content:
    """Encrypt a text under its owner's key and keep it."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock_shared(%s)", [_KEYS_LOCK])
    nonce, ciphertext = _encrypt(_key(owner, make=True), owner, text)
    return Content.objects.create(owner=owner, kind=kind, nonce=nonce, ciphertext=ciphertext, scope_id=scope_id)


def seal_all(texts: Iterable[Text], ring: master.Ring) -> Sealed:
    """Encrypt texts of owners that have no key yet, under the key in use of a ring.

    Nothing is written and no database is asked, so this may run in a thread beside the database's work.
    """
    keys, sealed = dict[str, bytes](), Sealed({}, [])
    for text in texts:
        key = keys.get(text.owner)
        if key is None:
            key = keys[text.owner] = AESGCM.generate_key(256)
            sealed.keys[text.owner] = ring.wrap(text.owner, key)
        sealed.rows.append((text.owner, text.kind, *_encrypt(key, text.owner, text.text), text.scope_id))
    return sealed


def keep_all(sealed: Sealed, cursor: Any) -> dict[str, int]:
    """Keep sealed texts within the cursor's transaction; return the first content's key (id) by owner.

    The keys are committed first, in their own database: killed between the two, keys without content remain, which
    open nothing (`sweep_orphans`).
    """
    if not sealed.rows:
        return {}
    with (
        connections["keys"].cursor() as keys,
        keys.copy("COPY core_contentkey (owner, wrapped) FROM STDIN (FORMAT binary)") as copy,
    ):
        copy.set_types(["varchar", "bytea"])
        for wrapped in sealed.keys.items():
            copy.write_row(wrapped)
    # COPY into a table under row-level security is refused: so by way of one that is gone with the transaction.
    scratch.ready(cursor, {"fresh_content": ", ".join(f"{name} {kind}" for name, kind in _COLUMNS.items())})
    with cursor.copy("COPY fresh_content FROM STDIN (FORMAT binary)") as copy:
        copy.set_types(list(_COLUMNS.values()))
        for row in sealed.rows:
            copy.write_row(row)
    cursor.execute(_KEEP)
    return dict(cursor.fetchall())


def of_record(record: int) -> Q:
    """Match the owners of what is kept of a record: of content, and of keys.

    By a range and not by LIKE, which is not leakproof: under row-level security it would read the whole table.
    """
    return Q(owner__gte=f"record:{record}:", owner__lt=f"record:{record};")  # ; comes next after :


# Bounds are given and not made of keys here: nothing but a comparison passes row-level security to the index.
_OF_RECORDS = """
SELECT kept.id, kept.owner, kept.kind, kept.nonce, kept.ciphertext, kept.scope_id
FROM unnest(%(first)s::text[], %(after)s::text[]) AS own (first, after)
JOIN core_content kept ON kept.owner >= own.first COLLATE "C" AND kept.owner < own.after COLLATE "C"
"""


def of_records(records: Iterable[int]) -> list[Content]:
    """Return what is kept of some records, as far as the reader sees it, as it came."""
    keys = list(records)
    given = {"first": [f"record:{key}:" for key in keys], "after": [f"record:{key};" for key in keys]}
    # Sorted here: asked for in an order, PostgreSQL goes through all that is kept.
    return sorted((Content(**row) for row in planned.rows(_OF_RECORDS, given)), key=lambda each: each.pk)


def record_of(owner: str) -> int | None:
    """Return the key of the record whose content an owner is, or None."""
    kind, _, rest = owner.partition(":")
    return int(rest.partition(":")[0]) if kind == "record" else None


def read(content: Content) -> str:
    """Return the text. Raise Destroyed when the key is gone, Tampered when it was altered."""
    return _decrypt(content, _key(content.owner, make=False))


def _decrypt(content: Content, key: bytes) -> str:
    try:
        plain = AESGCM(key).decrypt(bytes(content.nonce), bytes(content.ciphertext), content.owner.encode())
    except InvalidTag as error:
        raise Tampered(f"Content {content.pk} of {content.owner} was altered.") from error
    return plain.decode("utf-8", "surrogatepass")


def opened(content: Content) -> str | None:
    """Return the text, or None when it cannot be opened or was lost with the master key."""
    try:
        return _unless_lost(read(content))
    except _SHUT:
        return None


def _unless_lost(said: str) -> str | None:
    return None if said.startswith(_LOST) else said


def opens(content: Content) -> bool:
    """Whether there is something to read, be it that the text is lost."""
    try:
        read(content)
    except _SHUT:
        return False
    return True


@dataclass(frozen=True)
class FreshKey:
    """A key that nothing was written under yet."""

    plain: bytes
    wrapped: bytes


def fresh_keys(owners: Iterable[str]) -> dict[str, FreshKey]:
    """Return a fresh key for each owner, which is not kept yet."""
    ring, found = master.ring(), dict[str, FreshKey]()
    for owner in owners:
        plain = AESGCM.generate_key(256)
        found[owner] = FreshKey(plain, ring.wrap(owner, plain))
    return found


def lost(owner: str, key: bytes, on: date) -> tuple[bytes, bytes]:
    """Return (nonce, ciphertext) of what stands where a text was that nobody can open any more."""
    return _encrypt(key, owner, f"{_LOST} on {on.isoformat()}; what its source tells again takes its place.")


def opened_all(contents: Sequence[Content]) -> list[str | None]:
    """Return the texts of many, None for what cannot be opened or was lost; their keys are fetched at once.

    Raise NoMaster where the master key is missing: nothing could be opened, which is not the same as nothing said.
    """
    ring, owners = master.ring(), {each.owner for each in contents}
    wrapped = dict(ContentKey.objects.filter(owner__in=owners).values_list("owner", "wrapped"))
    keys = {owner: ring.unwrap(owner, bytes(key)) for owner, key in wrapped.items()}
    return [_opened(each, keys.get(each.owner)) for each in contents]


def _opened(content: Content, key: tuple[int, bytes] | None) -> str | None:
    try:
        return _unless_lost(_decrypt(content, key[1])) if key else None
    except Tampered:
        return None


def shown(content: Content | None) -> str:
    """Return the text as a page shows it: where it cannot be opened, why; nothing where there is none."""
    try:
        return read(content) if content else ""
    except master.NoMaster:
        return "The master key is missing: no text can be opened until whoever runs the server has put it back."
    except (Destroyed, Tampered) as fault:
        return str(fault)


def destroy_keys(owners: Iterable[str]) -> int:
    """Delete the keys of owners; return how many there were. Only the worker's role may."""
    return ContentKey.objects.filter(owner__in=list(owners)).delete()[0]


def sweep_orphans(*, older_than: timedelta = timedelta(days=1)) -> int:
    """Delete keys that belong to no content: what a kill between the two databases left behind.

    Keys are written before their content, so young ones are left alone. An old one may be about to be used again, by a
    writer whose content is not committed: while anybody writes under an owner's key, nothing is swept.
    """
    before = timezone.now() - older_than
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_xact_lock(%s)", [_KEYS_LOCK])
        if not cursor.fetchone()[0]:
            return 0
        candidates = set(ContentKey.objects.filter(made_at__lt=before).values_list("owner", flat=True))
        used = set(Content.objects.values_list("owner", flat=True).distinct())
        return destroy_keys(candidates - used) if candidates - used else 0
