"""The audit: every look, change and refusal, written in the same transaction, then sealed.

Events are plain inserts. The sealer numbers committed events without gaps, hashes each with its own salt, builds a
Merkle tree over a run of them, signs its root and writes the line outside the database as well, so that nobody who
can rewrite the database can rewrite what was sealed. `verify_audit.py` checks an export without this package.

Covert enquiries have a compartment of their own: tables that covert auditors alone read, numbered by themselves. Each
seal carries one salted digest of the covert run beside it, whether or not anything was covert, so that an export
without the covert audit verifies and does not say whether there is any.
"""

import hashlib
import json
import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import psycopg
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from django.db import connection, transaction
from django.db.backends.utils import CursorWrapper

from muniment.core import database, places
from muniment.core.actors import Actor


@dataclass(frozen=True)
class Compartment:
    """A part of the audit that is numbered and read by itself: its code and its tables."""

    code: str
    events: str
    leaves: str


ORDINARY = Compartment("ordinary", "core_auditevent", "core_auditleaf")
COVERT = Compartment("covert", "core_covertevent", "core_covertleaf")
EXPIRE = "audit.expire"


@dataclass(frozen=True)
class Seals:
    """The seals of a compartment: their table, and its columns in the order in which they are told."""

    table: str
    columns: tuple[str, ...]


_SEALED = ("number", "first_leaf", "last_leaf", "root")
ORDINARY_SEALS = Seals("core_auditseal", (*_SEALED, "covert", "sealed_at", "signature"))
COVERT_SEALS = Seals("core_covertseal", (*_SEALED, "salt"))
# A seal is due after this time even when nothing happened, so that a covert event is sealed without showing by it.
BEAT = timedelta(hours=1)
BODY_COLUMNS = (
    "id",
    "at",
    "actor_id",
    "actor",
    "action",
    "outcome",
    "controller",
    "subject",
    "purpose",
    "recipient",
    "detail",
    "compartment",
    "concerns",
)
_INSERT = (
    "INSERT INTO {} (actor_id, actor, action, outcome, controller, subject, purpose, recipient,"
    " detail, salt, compartment, concerns)"
    " VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, muniment.concerned(%s, %s))"
)
_DOCUMENT = b"muniment document\n"
_SEAL_LOCK = 7_130_001
_TAIL_BYTES = 4096  # more than one line of the file of seals


def _insert(by: Actor, action: str, outcome: str, facts: dict[str, Any]) -> tuple[str, list[Any]]:
    """Return the statement that writes an event into its compartment, and its values."""
    covert = by.enquiry or facts.get("covert")
    compartment = COVERT if covert else ORDINARY
    detail = facts.get("detail", {}) | ({"enquiry": by.enquiry} if by.enquiry else {})
    return _INSERT.format(compartment.events), [
        by.key,
        by.name,
        action,
        outcome,
        facts.get("controller", ""),
        str(facts.get("subject", ""))[:200],
        by.purpose,
        facts.get("recipient", ""),
        json.dumps(detail),
        os.urandom(16),
        compartment.code,
        facts.get("whose", by.key),
        facts.get("controller", ""),
    ]


def record(by: Actor, action: str, **facts: Any) -> None:
    """Write an event in the current transaction.

    `facts` may be controller (code), subject (a reference), recipient, detail (identifiers and counts only, never a
    row's values), whose (the key of a user whom it is about and who did not do it) and covert (true: of the covert
    audit itself; what is done in a covert enquiry is covert by its actor). There is no RETURNING: who writes an event
    need not be able to read it.
    """
    statement, values = _insert(by, action, "done", facts)
    with connection.cursor() as cursor:
        cursor.execute(statement, values)


def record_apart(by: Actor, action: str, outcome: str, **facts: Any) -> None:
    """Write a refusal or a failure on a connection of its own, so that no rollback takes it away."""
    role = connection.settings_dict["USER"].removeprefix("muniment_")
    statement, values = _insert(by, action, outcome, facts)
    with psycopg.connect(database.uri(role, dbname=connection.settings_dict["NAME"]), autocommit=True) as own:
        own.execute(statement.encode(), values)


def canonical(event: dict[str, Any]) -> bytes:
    """Return the one byte form of an event that is hashed: JSON, keys sorted, no spaces, times in UTC."""
    return json.dumps(event, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()


def digest(event: dict[str, Any], salt: bytes) -> bytes:
    """Return the salted SHA-256 of an event."""
    return hashlib.sha256(salt + canonical(event)).digest()


def merkle_root(leaves: Sequence[bytes]) -> bytes:
    """Return the root of a Merkle tree; leaves and nodes are hashed under different prefixes (RFC 6962)."""
    level = [hashlib.sha256(b"\x00" + leaf).digest() for leaf in leaves] or [hashlib.sha256().digest()]
    while len(level) > 1:
        paired = [
            hashlib.sha256(b"\x01" + level[index] + level[index + 1]).digest() for index in range(0, len(level) - 1, 2)
        ]
        level = paired + ([level[-1]] if len(level) % 2 else [])
    return level[0]


def _signing_key() -> Ed25519PrivateKey:
    return Ed25519PrivateKey.from_private_bytes(places.secret("seal"))


def public_key() -> str:
    """Return the public half of the signing key, hexadecimal, for whoever checks."""
    return _signing_key().public_key().public_bytes(Encoding.Raw, PublicFormat.Raw).hex()


def sign(document: bytes) -> str:
    """Return the signature, hexadecimal, by the key of seals over a document that leaves the system.

    What is signed begins with words of its own, so that no document can pass for a seal.
    """
    return _signing_key().sign(_DOCUMENT + document).hex()


def is_signed(document: bytes, signature: str) -> bool:
    """Whether a document bears our signature."""
    try:
        _signing_key().public_key().verify(bytes.fromhex(signature), _DOCUMENT + document)
    except (InvalidSignature, ValueError):
        return False
    return True


def seals_file() -> Path:
    """Return the file outside the database that each seal is appended to."""
    chosen = os.environ.get("MUNIMENT_SEALS_FILE")
    return Path(chosen) if chosen else places.home() / "seals.jsonl"


def seals_file_is_chosen() -> bool:
    """Whether this installation names the file itself, where it may be appended to and nothing else."""
    return bool(os.environ.get("MUNIMENT_SEALS_FILE"))


def number_of(line: str) -> int:
    """Return the number of a seal from its line in the file outside."""
    return int(json.loads(line)["number"])


def _event(row: tuple[Any, ...]) -> dict[str, Any]:
    event = dict(zip(BODY_COLUMNS, row, strict=True))
    event["at"] = event["at"].astimezone(UTC).isoformat()
    if isinstance(event["detail"], str):
        event["detail"] = json.loads(event["detail"])
    return event


class SealsAhead(Exception):
    """The file outside holds seals that the database does not: something was taken out of the database."""


@dataclass(frozen=True)
class _Run:
    """A run of leaves that is sealed together; an empty one ends before it begins."""

    first_leaf: int
    last_leaf: int
    root: bytes

    def body(self) -> dict[str, Any]:
        """Return what a seal says of the run."""
        return {"first_leaf": self.first_leaf, "last_leaf": self.last_leaf, "root": self.root.hex()}


def seal() -> int:
    """Seal every committed event that is not sealed; return how many there were in the ordinary audit.

    The seal is committed first and written outside after: killed between the two, the file lacks the last seal, and
    the next run writes it. So the file is never ahead of the database, unless seals were taken out of that, or an older
    copy of it was restored. Raise SealsAhead then, and seal nothing, because a new seal would hide it. Covert events
    wait for the next seal that would be made without them.
    """
    count = _seal_events()
    _write_outside()
    return count


def _seal_events() -> int:
    with transaction.atomic(durable=True), connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [_SEAL_LOCK])
        _outside(cursor)
        waiting = _unsealed(cursor, ORDINARY)
        if not waiting and not _is_time(cursor):
            return 0
        run, covert, salt = _add_leaves(cursor, ORDINARY, waiting), _close_covert(cursor), os.urandom(32)
        cursor.execute("SELECT coalesce(max(number), 0) + 1 FROM core_auditseal")
        number = cursor.fetchone()[0]
        line = {
            "number": number,
            **run.body(),
            "covert": digest(covert.body(), salt).hex(),
            "sealed_at": datetime.now(UTC).isoformat(),
        }
        cursor.execute(
            "INSERT INTO core_auditseal (number, first_leaf, last_leaf, root, covert, sealed_at, signature)"
            " VALUES (%s, %s, %s, %s, %s, %s, %s)",
            [
                number,
                run.first_leaf,
                run.last_leaf,
                run.root,
                bytes.fromhex(line["covert"]),
                line["sealed_at"],
                _signing_key().sign(canonical(line)),
            ],
        )
        cursor.execute(
            "INSERT INTO core_covertseal (number, first_leaf, last_leaf, root, salt) VALUES (%s, %s, %s, %s, %s)",
            [number, covert.first_leaf, covert.last_leaf, covert.root, salt],
        )
    return len(waiting)


def _write_outside() -> None:
    """Append the seals that the file lacks, each after its commit."""
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [_SEAL_LOCK])
        last, begun = _outside(cursor)
        lacking = "".join(
            json.dumps(line, sort_keys=True) + "\n" for line in _seal_lines(cursor, ORDINARY_SEALS, after=last)
        )
        if not lacking.startswith(begun):
            raise SealsAhead(f"The file of seals {seals_file()} ends in half a line that is no seal of the database.")
        if lacking:
            # Only ever appended to, because it may lie where nothing else is allowed.
            with seals_file().open("a") as file:
                file.write(lacking.removeprefix(begun))
                file.flush()
                os.fsync(file.fileno())


def _outside(cursor: Any) -> tuple[int, str]:
    """Return the number of the last seal in the file outside, 0 for none, and what a machine that stopped began after.

    Raise SealsAhead when the database does not go so far.
    """
    outside, begun = 0, ""
    if seals_file().exists():
        with seals_file().open("rb") as file:
            file.seek(max(0, file.seek(0, os.SEEK_END) - _TAIL_BYTES))
            whole, _, begun = file.read().decode(errors="replace").rpartition("\n")
        if whole:
            outside = int(json.loads(whole.rpartition("\n")[2])["number"])
    cursor.execute("SELECT coalesce(max(number), 0) FROM core_auditseal")
    inside: int = cursor.fetchone()[0]
    if outside > inside:
        raise SealsAhead(
            f"The file of seals {seals_file()} goes up to seal {outside}, the database to {inside}: seals were taken"
            " out of the database, or an older copy of it was restored. Nothing is sealed until this is cleared up:"
            " keep the file, find out which it was, and if a copy was restored begin a new file."
        )
    return outside, begun


def _unsealed(cursor: CursorWrapper, part: Compartment) -> list[tuple[Any, ...]]:
    cursor.execute(
        f"SELECT {', '.join(f'e.{column}' for column in BODY_COLUMNS)}, e.salt FROM {part.events} e"  # noqa: S608
        f" LEFT JOIN {part.leaves} l ON l.event_id = e.id WHERE l.number IS NULL ORDER BY e.id"
    )
    return list(cursor.fetchall())


def _is_time(cursor: CursorWrapper) -> bool:
    """Whether a seal is due though the ordinary audit is quiet."""
    cursor.execute("SELECT sealed_at FROM core_auditseal ORDER BY number DESC LIMIT 1")
    last = cursor.fetchone()
    return last is not None and datetime.now(UTC) - datetime.fromisoformat(last[0]) >= BEAT


def _add_leaves(cursor: CursorWrapper, part: Compartment, rows: Sequence[tuple[Any, ...]]) -> _Run:
    cursor.execute(f"SELECT coalesce(max(number), 0) FROM {part.leaves}")  # noqa: S608
    last = cursor.fetchone()[0]
    digests = [digest(_event(row[:-1]), bytes(row[-1])) for row in rows]
    cursor.executemany(
        f"INSERT INTO {part.leaves} (number, event_id, digest) VALUES (%s, %s, %s)",  # noqa: S608
        [(last + 1 + index, row[0], leaf) for index, (row, leaf) in enumerate(zip(rows, digests, strict=True))],
    )
    return _Run(last + 1, last + len(rows), merkle_root(digests))


def _close_covert(cursor: CursorWrapper) -> _Run:
    return _add_leaves(cursor, COVERT, _unsealed(cursor, COVERT))


def export(*, covert: bool = False) -> Iterator[dict[str, Any]]:
    """Yield the lines of an export: the public key, then every event with salt and leaf, then every seal.

    With `covert` the covert events follow, and what opens the covert digest of each seal; without it nothing says
    whether there are any.
    """
    yield {"line": "key", "public_key": public_key()}
    with connection.cursor() as cursor:
        yield from _event_lines(cursor, ORDINARY, "event")
        yield from ({"line": "seal", **line} for line in _seal_lines(cursor, ORDINARY_SEALS))
        if covert:
            yield from _event_lines(cursor, COVERT, "covert event")
            yield from ({"line": "covert seal", **line} for line in _seal_lines(cursor, COVERT_SEALS))


def _event_lines(cursor: CursorWrapper, part: Compartment, name: str) -> Iterator[dict[str, Any]]:
    """Yield a line for each event, and for each leaf whose event has expired, without a body."""
    cursor.execute(
        f"SELECT {', '.join(f'e.{column}' for column in BODY_COLUMNS)}, e.salt, l.number, l.digest"  # noqa: S608
        f" FROM {part.events} e FULL JOIN {part.leaves} l ON l.event_id = e.id ORDER BY l.number, e.id"
    )
    for row in cursor:
        *body, salt, number, leaf = row
        yield {
            "line": name,
            "leaf": number,
            "digest": bytes(leaf).hex() if leaf else None,
            "salt": bytes(salt).hex() if salt else None,
            "event": _event(tuple(body)) if salt else None,
        }


def _seal_lines(cursor: CursorWrapper, seals: Seals, after: int = 0) -> Iterator[dict[str, Any]]:
    """Yield the seals past a number, each with what proves it; the ordinary ones as the file outside has them."""
    cursor.execute(
        f"SELECT {', '.join(seals.columns)} FROM {seals.table} WHERE number > %s ORDER BY number",  # noqa: S608
        [after],
    )
    for row in cursor.fetchall():
        yield {
            column: bytes(value).hex() if isinstance(value, bytes | memoryview) else value
            for column, value in zip(seals.columns, row, strict=True)
        }
