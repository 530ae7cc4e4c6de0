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
)
_INSERT = (
    "INSERT INTO {} (actor_id, actor, action, outcome, controller, subject, purpose, recipient,"
    " detail, salt, compartment) VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s)"
)
_SEAL_LOCK = 7_130_001


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
    ]


def record(by: Actor, action: str, **facts: Any) -> None:
    """Write an event in the current transaction.

    `facts` may be controller (code), subject (a reference), recipient, detail (identifiers and counts only, never a
    row's values) and covert (true: of the covert audit itself; what is done in a covert enquiry is covert by its
    actor). There is no RETURNING: who writes an event need not be able to read it.
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


def seals_file() -> Path:
    """Return the file outside the database that each seal is appended to."""
    chosen = os.environ.get("MUNIMENT_SEALS_FILE")
    return Path(chosen) if chosen else places.home() / "seals.jsonl"


def _event(row: tuple[Any, ...]) -> dict[str, Any]:
    event = dict(zip(BODY_COLUMNS, row, strict=True))
    event["at"] = event["at"].astimezone(UTC).isoformat()
    if isinstance(event["detail"], str):
        event["detail"] = json.loads(event["detail"])
    return event


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

    The line is written outside the database before the commit: after a kill between the two, the next run finds the
    line ahead of the database and seals the same leaves again under the same number. Covert events wait for the next
    seal that would be made without them.
    """
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [_SEAL_LOCK])
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
        signature = _signing_key().sign(canonical(line))
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
                signature,
            ],
        )
        cursor.execute(
            "INSERT INTO core_covertseal (number, first_leaf, last_leaf, root, salt) VALUES (%s, %s, %s, %s, %s)",
            [number, covert.first_leaf, covert.last_leaf, covert.root, salt],
        )
        with seals_file().open("a") as file:
            file.write(json.dumps({**line, "signature": signature.hex()}, sort_keys=True) + "\n")
            file.flush()
            os.fsync(file.fileno())
    return len(waiting)


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
        yield from _seal_lines(
            cursor, "core_auditseal", "seal", ("number", "first_leaf", "last_leaf", "root", "covert", "sealed_at")
        )
        if covert:
            yield from _event_lines(cursor, COVERT, "covert event")
            yield from _seal_lines(
                cursor, "core_covertseal", "covert seal", ("number", "first_leaf", "last_leaf", "root")
            )


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


def _seal_lines(cursor: CursorWrapper, table: str, name: str, body: Sequence[str]) -> Iterator[dict[str, Any]]:
    """Yield a line for each seal: its body, and what proves it (a signature, or the salt of its digest)."""
    proof = "signature" if table == "core_auditseal" else "salt"
    columns = (*body, proof)
    cursor.execute(f"SELECT {', '.join(columns)} FROM {table} ORDER BY number")  # noqa: S608
    for row in cursor:
        yield {"line": name} | {
            column: bytes(value).hex() if isinstance(value, bytes | memoryview) else value
            for column, value in zip(columns, row, strict=True)
        }
